//! The `Link` header (RFC 8288), as registries bend it.
//!
//! Pages of a tag list are chained by `Link: <…>; rel="next"`. Real servers leave out quotes,
//! write `REL`, put several links into one field, or several relations into one link. This module
//! only reads; whether the target may be followed is the caller's question. Pure.

/// The longest field that is read.
const MAX_FIELD: usize = 16 * 1024;

/// The target of the first link whose `rel` names `next`, over all fields of an answer.
pub fn next<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
    fields.into_iter().find_map(|field| {
        let field = String::from_utf8_lossy(&field[..field.len().min(MAX_FIELD)]).into_owned();
        next_in_field(&field)
    })
}

fn next_in_field(field: &str) -> Option<String> {
    let mut rest = field;
    while let Some(start) = rest.find('<') {
        let (target, after) = rest[start + 1..].split_once('>')?;
        let (parameters, following) = split_at_comma(after);
        if parameters_name_next(parameters) {
            return Some(target.trim().to_owned());
        }
        rest = following;
    }
    None
}

/// Splits behind a link's parameters: at the first comma that is not inside quotes.
fn split_at_comma(text: &str) -> (&str, &str) {
    split_outside_quotes(text, ',')
}

fn parameters_name_next(parameters: &str) -> bool {
    let mut rest = parameters;
    while !rest.is_empty() {
        let (parameter, following) = split_outside_quotes(rest, ';');
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("rel")
        {
            let value = value.trim().trim_matches('"');
            // The first `rel` counts (RFC 8288 § 3.3).
            return value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"));
        }
        rest = following;
    }
    false
}

/// Splits at the first separator outside quotes; the separator belongs to neither side.
fn split_outside_quotes(text: &str, separator: char) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => {
                return (&text[..index], &text[index + character.len_utf8()..]);
            }
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn fields() {
        let cases = [
            (
                r#"</v2/a/tags/list?last=x&n=1000>; rel="next""#,
                Some("/v2/a/tags/list?last=x&n=1000"),
            ),
            (r#"<?last=x>;rel=next"#, Some("?last=x")),
            (
                r#"</l?last=w>; rel="prev", </l?last=x>; title="a,b;c"; REL="Next""#,
                Some("/l?last=x"),
            ),
            (r#"</l?last=x>; rel="first next""#, Some("/l?last=x")),
            (r#"</l?last=a,b>; rel="next""#, Some("/l?last=a,b")),
            (r#"</l>; title="\"; rel=next"; rel=prev"#, None),
            ("</l?last=x>", None),
            ("</l?last=x; rel=next", None),
            (r#"</l>; rel="nextish""#, None),
            ("", None),
        ];
        for (field, target) in cases {
            assert_eq!(next([field.as_bytes()]).as_deref(), target, "{field}");
        }
        let two = [&b"</p>; rel=prev"[..], &b"</n>; rel=next"[..]];
        assert_eq!(next(two).as_deref(), Some("/n"));
        assert_eq!(next([&b"<\xff>; rel=next"[..]]).as_deref(), Some("\u{fffd}"));
    }
}
