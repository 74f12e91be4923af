//! The last step before a terminal: foreign text made harmless, and what the terminal can do.
//!
//! Tags, labels, error messages and headers come from servers, and a terminal obeys escape
//! sequences. Everything foreign therefore passes [`sanitize`] (or its JSON sibling in
//! `output::json`) on its way out, and nowhere earlier: the rest of the program works on the
//! real bytes. It does so whether or not the output is a terminal, for a pipe often ends in one.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::IsTerminal as _;

use crate::system::env::Env;

/// The most of a server's own words that we repeat in a message, in bytes.
pub const SERVER_TEXT_LIMIT: usize = 4096;

/// Whether a character can move the cursor, change the terminal or reorder the text around it:
/// the C0 and C1 controls, DEL, the bidirectional controls, the byte order mark and the Unicode
/// line and paragraph separators.
pub(crate) fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f'
        | '\x7f'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}')
}

/// Foreign text for one place in one line: every [unsafe](is_unsafe) character, line feeds and
/// tabs included, becomes its `\u{…}` form. Text without any is lent back as it is.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    escape(text, is_unsafe)
}

/// Like [`sanitize`], for text of several lines: line feeds stay.
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c != '\n' && is_unsafe(c))
}

/// A server's words for quoting inside our own message: one line, at most
/// [`SERVER_TEXT_LIMIT`] bytes and then `…`, white space folded, unsafe characters escaped.
pub fn server_text(text: &str) -> String {
    let mut quoted = String::new();
    for word in text.split_whitespace() {
        let space = if quoted.is_empty() { "" } else { " " };
        for c in space.chars().chain(word.chars()) {
            let before = quoted.len();
            push_escaped(&mut quoted, c, is_unsafe);
            if quoted.len() > SERVER_TEXT_LIMIT - '…'.len_utf8() {
                quoted.truncate(before);
                quoted.push('…');
                return quoted;
            }
        }
    }
    quoted
}

fn escape(text: &str, is_bad: impl Fn(char) -> bool + Copy) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_escaped(&mut safe, c, is_bad);
    }
    Cow::Owned(safe)
}

fn push_escaped(out: &mut String, c: char, is_bad: impl Fn(char) -> bool) {
    if is_bad(c) {
        write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to a String cannot fail");
    } else {
        out.push(c);
    }
}

/// What stdout and stderr are connected to. Looked up once, then passed down as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Stdout is a terminal: documents are indented for reading.
    pub stdout_terminal: bool,
    /// Stderr is a terminal: progress may be drawn there.
    pub stderr_terminal: bool,
    /// How wide the terminal is, in columns: `COLUMNS`, else what it says, else 80.
    pub width: usize,
    /// Messages on stderr may be coloured.
    pub color: bool,
}

impl Style {
    /// Asks the process's own streams, and the environment for the rest (see [`Style::new`]).
    pub(crate) fn detect(env: &Env) -> Self {
        let style =
            Style::new(env, std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        match columns().filter(|_| style.stdout_terminal && env.text("COLUMNS").is_none()) {
            Some(width) => Style { width, ..style },
            None => style,
        }
    }

    /// The style for streams that are or are not terminals. The width is `COLUMNS`, else 80.
    /// Colour needs a terminal that is not `TERM=dumb`, and no `NO_COLOR` (<https://no-color.org>).
    pub(crate) fn new(env: &Env, stdout_terminal: bool, stderr_terminal: bool) -> Self {
        let width = env.text("COLUMNS").and_then(|text| text.trim().parse().ok());
        Style {
            stdout_terminal,
            stderr_terminal,
            width: width.filter(|columns| (1..=10_000).contains(columns)).unwrap_or(80),
            color: stderr_terminal
                && env.os("NO_COLOR").is_none()
                && env.text("TERM") != Some("dumb"),
        }
    }

    /// The bold red `error:`, the bold `hint:` …: a label for stderr, with its colon. `sgr` is the
    /// terminal's code for the colour (`1;31`), used only where colour is wanted.
    pub(crate) fn label(&self, word: &str, sgr: &str) -> String {
        if self.color { format!("\x1b[{sgr}m{word}:\x1b[0m") } else { format!("{word}:") }
    }
}

/// How wide the terminal says it is.
#[cfg(unix)]
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn columns() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_unsafe_character_survives() {
        for c in (0..=0xffffu32).filter_map(char::from_u32) {
            let text = format!("a{c}ü{c}");
            let safe = sanitize(&text);
            assert!(!safe.contains(is_unsafe), "U+{:04X} in {safe:?}", u32::from(c));
            assert_eq!(is_unsafe(c), safe != text, "U+{:04X}", u32::from(c));
            assert!(!sanitize_lines(&text).contains(|c| c != '\n' && is_unsafe(c)));
            assert!(!server_text(&text).contains(is_unsafe));
        }
    }

    #[test]
    fn the_list_is_the_one_of_the_threat_model() {
        let mut listed: Vec<u32> = (0..0x20).chain(0x7f..=0x9f).collect();
        listed.extend([0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0xfeff]);
        listed.extend((0x202a..=0x202e).chain(0x2066..=0x2069));
        for code in 0..=0x10ffff {
            if let Some(c) = char::from_u32(code) {
                assert_eq!(is_unsafe(c), listed.contains(&code), "U+{code:04X}");
            }
        }
    }

    #[test]
    fn escapes_are_readable() {
        for (text, safe) in [
            ("1.27-alpine", "1.27-alpine"),
            ("Größe 中文 👍", "Größe 中文 👍"),
            ("\x1b[31mred", "\\u{1b}[31mred"),
            ("a\nb\tc\r", "a\\u{a}b\\u{9}c\\u{d}"),
            ("x\u{202e}y\u{9b}z", "x\\u{202e}y\\u{9b}z"),
        ] {
            assert_eq!(sanitize(text), safe);
        }
        assert!(matches!(sanitize("Größe"), Cow::Borrowed(_)));
        assert_eq!(sanitize_lines("a\n\x1bb\n"), "a\n\\u{1b}b\n");
    }

    #[test]
    fn server_text_is_one_short_line() {
        assert_eq!(server_text("  not\r\n found\t\x07 "), "not found \\u{7}");
        assert_eq!(server_text(""), "");
        for filler in ["é", "\x1b", "word ", "👍"] {
            let quoted = server_text(&filler.repeat(5000));
            assert!(quoted.len() <= SERVER_TEXT_LIMIT, "{}", quoted.len());
            assert!(quoted.len() > SERVER_TEXT_LIMIT - 20, "{}", quoted.len());
            assert!(quoted.ends_with('…') && !quoted.contains(is_unsafe));
        }
    }

    #[test]
    fn style_follows_the_environment() {
        let style = |pairs: &[(&str, &str)]| {
            Style::new(&Env::from_pairs(pairs.iter().copied()), false, true)
        };
        assert_eq!((style(&[]).width, style(&[]).color), (80, true));
        assert_eq!(style(&[("COLUMNS", "132")]).width, 132);
        for bad in ["0", "-1", "x", "99999999999999999999"] {
            assert_eq!(style(&[("COLUMNS", bad)]).width, 80);
        }
        assert!(!style(&[("NO_COLOR", "1")]).color);
        assert!(!style(&[("TERM", "dumb")]).color);
        assert!(style(&[("NO_COLOR", "")]).color);
        assert!(!Style::new(&Env::default(), true, false).color);
        assert_eq!(style(&[("NO_COLOR", "1")]).label("error", "1;31"), "error:");
        assert_eq!(style(&[]).label("error", "1;31"), "\x1b[1;31merror:\x1b[0m");
    }
}
