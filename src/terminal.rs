//! (placeholder: being written)
use std::borrow::Cow;
/// x
pub fn sanitize(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}
/// x
pub fn server_text(text: &str) -> String {
    text.to_owned()
}
