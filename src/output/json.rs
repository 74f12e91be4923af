//! JSON that is safe to show: the same values, with everything a terminal might obey escaped.
//!
//! `serde_json` escapes only what JSON demands (C0, quote, backslash). The unsafe characters
//! beyond those become `\uXXXX` here, which any JSON reader turns back.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::system::terminal::sanitize_json;

/// Appends a value as one line of JSON, without the line feed. The error is that of the value's
/// own `Serialize` (a map whose keys are not strings, say).
pub fn write(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Safe);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Like [`write()`], as text.
pub fn to_string(value: &(impl Serialize + ?Sized)) -> io::Result<String> {
    let mut out = Vec::new();
    write(&mut out, value)?;
    String::from_utf8(out).map_err(io::Error::other)
}

struct Safe;

impl Formatter for Safe {
    /// As Go and JavaScript write it: `1000`, not `1000.0`.
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        match value.abs() {
            0.0 | 1e-6..1e21 => write!(writer, "{value}"),
            size if size < 1.0 => write!(writer, "{value:e}"),
            _ => writer.write_all(format!("{value:e}").replace('e', "e+").as_bytes()),
        }
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        writer.write_all(sanitize_json(fragment).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::terminal::is_unsafe;

    #[test]
    fn unsafe_characters_are_escaped_and_come_back() {
        for c in (0..=0xffffu32).filter_map(char::from_u32) {
            let value = serde_json::json!({ format!("k{c}"): [format!("ä{c}{c}b")] });
            let line = to_string(&value).unwrap();
            assert!(!line.contains(is_unsafe), "U+{:04X}: {line}", u32::from(c));
            assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
        }
    }

    #[test]
    fn the_rest_is_plain_json() {
        let line =
            to_string(&serde_json::json!({"Tag": "ü\"\\\u{202e}", "Size": 5600000})).unwrap();
        assert_eq!(line, r#"{"Size":5600000,"Tag":"ü\"\\\u202e"}"#);
    }
}
