//! A secret string that cannot be printed by accident.
//!
//! Passwords, tokens and everything made from them live in a [`Secret`] from the moment
//! they are read: `Debug` shows `***`, there is no `Display` and no `Serialize`. The one way
//! to the text is [`Secret::expose`], a word that is easy to search for.

use std::fmt;

/// A password or token. See the module's text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself: for building a header or a form body, never for output.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_hides_the_text() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.expose(), "hunter2");
    }
}
