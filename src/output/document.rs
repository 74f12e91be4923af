//! A server's JSON document laid out anew: indented for reading, or on one line.
//!
//! Only the white space between tokens changes. Names, their order, numbers of any length and
//! repeated members stay as they were; characters that a terminal might obey become `\uXXXX`,
//! which any JSON reader turns back.

use std::borrow::Cow;

use crate::system::terminal::sanitize_json;

/// The document with an indentation of two spaces. The text must be JSON: of anything else only
/// this is promised, that no unsafe character comes out.
pub fn indent(json: &str) -> String {
    lay_out(json, Some(2))
}

/// The document on one line.
pub fn compact(json: &str) -> String {
    lay_out(json, None)
}

fn lay_out(json: &str, indent: Option<usize>) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut chars = json.chars().filter_map(Piece::start()).peekable();
    let line = |out: &mut String, depth: usize| {
        if let Some(width) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', depth.min(MAX_DEPTH) * width));
        }
    };
    while let Some(piece) = chars.next() {
        match piece {
            Piece::Token(open @ ('{' | '[')) => {
                out.push(open);
                depth += 1;
                if !matches!(chars.peek(), Some(Piece::Token('}' | ']'))) {
                    line(&mut out, depth);
                }
            }
            Piece::Token(close @ ('}' | ']')) => {
                depth = depth.saturating_sub(1);
                if !out.ends_with(['{', '[']) {
                    line(&mut out, depth);
                }
                out.push(close);
            }
            Piece::Token(',') => {
                out.push(',');
                line(&mut out, depth);
            }
            Piece::Token(':') if indent.is_some() => out.push_str(": "),
            Piece::Token(c) | Piece::Text(c) => out.push(c),
        }
    }
    match sanitize_json(&out) {
        Cow::Borrowed(_) => out,
        Cow::Owned(safe) => safe,
    }
}

/// Deeper documents are not indented any further.
const MAX_DEPTH: usize = 64;

/// A character of the document, white space between tokens left out.
#[derive(Clone, Copy)]
enum Piece {
    /// Outside of strings.
    Token(char),
    /// Inside of a string, its quotes included.
    Text(char),
}

impl Piece {
    /// Tells the characters of a document apart, one after the other.
    fn start() -> impl FnMut(char) -> Option<Piece> {
        let (mut inside, mut escaped) = (false, false);
        move |c| {
            if !inside {
                inside = c == '"';
                return match c {
                    '"' => Some(Piece::Text(c)),
                    ' ' | '\t' | '\n' | '\r' => None,
                    _ => Some(Piece::Token(c)),
                };
            }
            match (escaped, c) {
                (true, _) => escaped = false,
                (false, '\\') => escaped = true,
                (false, '"') => inside = false,
                (false, _) => {}
            }
            Some(Piece::Text(c))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::terminal::is_unsafe;

    #[test]
    fn documents_are_indented() {
        let json = "{\"b\":[1,2.50,{\"x\":{}}],\r\n \"a\" : \"q\\\"{,\\\\\", \"e\":[ ],\"a\":null}";
        let expected = r#"{
  "b": [
    1,
    2.50,
    {
      "x": {}
    }
  ],
  "a": "q\"{,\\",
  "e": [],
  "a": null
}"#;
        assert_eq!(indent(json), expected);
        assert_eq!(indent(expected), expected);
        assert_eq!(compact(json), r#"{"b":[1,2.50,{"x":{}}],"a":"q\"{,\\","e":[],"a":null}"#);
    }

    #[test]
    fn the_value_stays_and_nothing_unsafe_comes_out() {
        let json = "{\"\u{202e}a\": \"\u{9b}31m\u{7f}\u{feff}ü😀\", \"n\": 123456789012345678901234567890}";
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        for text in [indent(json), compact(json), sanitize_json(json).into_owned()] {
            assert!(!text.replace('\n', "").contains(is_unsafe), "{text:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
            assert!(text.contains("123456789012345678901234567890") && text.contains("ü😀"));
        }
    }

    #[test]
    fn anything_else_is_harmless() {
        for odd in ["", "}}}", "\u{1b}[31m", "\"open \u{1b}", "]\u{0}[", &"[".repeat(10_000)] {
            for text in [indent(odd), compact(odd)] {
                assert!(!text.replace('\n', "").contains(is_unsafe), "{text:?}");
            }
        }
    }
}
