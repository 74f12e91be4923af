//! Making foreign text fit for one line of a message.
//!
//! Warnings quote keys of a file and words of a helper program. Neither may break the line,
//! move the cursor or fill the screen.

/// The longest quotation, in characters.
const MAX: usize = 200;

/// The first line of `text` that is not blank, control characters written as `\u{…}`, shortened.
pub(super) fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut out = String::new();
    for (count, c) in line.chars().enumerate() {
        if count == MAX {
            out.push('…');
            break;
        }
        if is_harmful(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Control characters and those that turn the direction of writing or break a line.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}' | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{MAX, one_line};

    #[test]
    fn keeps_one_short_harmless_line() {
        let long = "x".repeat(MAX + 1);
        let shortened = format!("{}…", "x".repeat(MAX));
        for (text, expected) in [
            ("", ""),
            ("\n \n first \nsecond", "first"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\rb", "a\\u{d}b"),
            ("größe", "größe"),
            (long.as_str(), shortened.as_str()),
        ] {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }
}
