//! The last step before a terminal: foreign text made harmless, and what the terminal can do.
//!
//! Tags, labels, error messages and headers come from servers, and a terminal obeys escape
//! sequences. Everything foreign therefore passes [`sanitize`] (JSON [`sanitize_json`]) on
//! its way out, and nowhere earlier: the rest of the program works on the
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
    escape(text, is_unsafe, Form::Text)
}

/// Like [`sanitize`], for text of several lines: line feeds stay.
pub fn sanitize_lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c != '\n' && is_unsafe(c), Form::Text)
}

/// JSON, or a part of it, whose line feeds stay: unsafe characters become `\uXXXX`, which any JSON
/// reader turns back.
pub(crate) fn sanitize_json(json: &str) -> Cow<'_, str> {
    escape(json, |c| c != '\n' && is_unsafe(c), Form::Json)
}

/// How an unsafe character is written.
#[derive(Clone, Copy)]
enum Form {
    /// `\u{1b}`
    Text,
    /// `\u001b`: every unsafe character is in the basic plane, four digits are enough.
    Json,
}

/// A server's words for quoting inside our own message: one line, at most
/// [`SERVER_TEXT_LIMIT`] bytes and then `…`, white space folded, unsafe characters escaped.
pub fn server_text(text: &str) -> String {
    let mut quoted = String::new();
    for word in text.split_whitespace() {
        let space = if quoted.is_empty() { "" } else { " " };
        for c in space.chars().chain(word.chars()) {
            let before = quoted.len();
            push_escaped(&mut quoted, c, is_unsafe, Form::Text);
            if quoted.len() > SERVER_TEXT_LIMIT - '…'.len_utf8() {
                quoted.truncate(before);
                quoted.push('…');
                return quoted;
            }
        }
    }
    quoted
}

fn escape(text: &str, is_bad: impl Fn(char) -> bool + Copy, form: Form) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_escaped(&mut safe, c, is_bad, form);
    }
    Cow::Owned(safe)
}

fn push_escaped(out: &mut String, c: char, is_bad: impl Fn(char) -> bool, form: Form) {
    let code = u32::from(c);
    match form {
        _ if !is_bad(c) => out.push(c),
        Form::Text => write!(out, "\\u{{{code:x}}}").expect("writing to a String cannot fail"),
        Form::Json => write!(out, "\\u{code:04x}").expect("writing to a String cannot fail"),
    }
}

/// `--color`: when text is colored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR or CLICOLOR=0 is set
    #[default]
    Auto,
    /// Always, also in a pipe
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Whether a stream is colored. <https://no-color.org> comes before
    /// <https://bixense.com/clicolors>, and the option before both.
    fn colors(self, env: &Env, is_terminal: bool) -> bool {
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if env.os("NO_COLOR").is_some() => false,
            ColorChoice::Auto if env.text("CLICOLOR_FORCE").is_some_and(|force| force != "0") => {
                true
            }
            ColorChoice::Auto => {
                is_terminal && env.text("CLICOLOR") != Some("0") && env.text("TERM") != Some("dumb")
            }
        }
    }
}

/// What stdout and stderr are connected to. Looked up once, then passed down as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    pub stdout_terminal: bool,
    pub stderr_terminal: bool,
    /// Columns of the terminal: `COLUMNS`, else what it says, else 80.
    pub width: usize,
    /// Headings on stdout may be bold.
    pub stdout_color: bool,
    /// Labels of messages on stderr may be colored.
    pub stderr_color: bool,
}

impl Style {
    /// Asks the process's own streams, and the environment for the rest (see [`Style::new`]).
    pub(crate) fn detect(env: &Env, choice: ColorChoice) -> Self {
        let stdout = std::io::stdout();
        let stderr_terminal = std::io::stderr().is_terminal();
        // A console of Windows shows escape sequences as text until it is asked to follow them.
        #[cfg(windows)]
        let (choice, stderr_terminal) = match anstyle_query::windows::enable_ansi_colors() {
            Some(false) if choice == ColorChoice::Auto => (ColorChoice::Never, false),
            _ => (choice, stderr_terminal),
        };
        let style = Style::new(env, choice, stdout.is_terminal(), stderr_terminal);
        match terminal_size::terminal_size_of(stdout) {
            Some((width, _)) if env.text("COLUMNS").is_none() => {
                Style { width: width.0.into(), ..style }
            }
            _ => style,
        }
    }

    /// The style for streams that are or are not terminals.
    fn new(env: &Env, choice: ColorChoice, stdout_terminal: bool, stderr_terminal: bool) -> Self {
        let width = env.text("COLUMNS").and_then(|text| text.trim().parse().ok());
        Style {
            stdout_terminal,
            stderr_terminal,
            width: width.filter(|columns| (1..=10_000).contains(columns)).unwrap_or(80),
            stdout_color: choice.colors(env, stdout_terminal),
            stderr_color: choice.colors(env, stderr_terminal),
        }
    }
}

/// Text in bold or color; `sgr` is the terminal's code (`1;31` is bold red).
pub(crate) fn paint(text: &str, sgr: &str, color: bool) -> String {
    if color { format!("\x1b[{sgr}m{text}\x1b[0m") } else { text.to_owned() }
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
        use ColorChoice::{Always, Auto, Never};
        let style = |choice, pairs: &[(&str, &str)]| {
            Style::new(&Env::from_pairs(pairs.iter().copied()), choice, false, true)
        };
        assert_eq!(style(Auto, &[]).width, 80);
        assert_eq!(style(Auto, &[("COLUMNS", "132")]).width, 132);
        for bad in ["0", "-1", "x", "99999999999999999999"] {
            assert_eq!(style(Auto, &[("COLUMNS", bad)]).width, 80);
        }
        for (choice, pairs, stdout, stderr) in [
            (Auto, &[][..], false, true),
            (Auto, &[("NO_COLOR", "1")], false, false),
            (Auto, &[("NO_COLOR", "")], false, true),
            (Auto, &[("TERM", "dumb")], false, false),
            (Auto, &[("CLICOLOR", "0")], false, false),
            (Auto, &[("CLICOLOR", "1")], false, true),
            (Auto, &[("CLICOLOR_FORCE", "1")], true, true),
            (Auto, &[("CLICOLOR_FORCE", "0")], false, true),
            (Auto, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
            (Always, &[("NO_COLOR", "1")], true, true),
            (Never, &[("CLICOLOR_FORCE", "1")], false, false),
        ] {
            let style = style(choice, pairs);
            let colors = (style.stdout_color, style.stderr_color);
            assert_eq!(colors, (stdout, stderr), "{choice:?} {pairs:?}");
        }
        assert_eq!(paint("error:", "1;31", true), "\x1b[1;31merror:\x1b[0m");
        assert_eq!(paint("error:", "1;31", false), "error:");
    }
}
