//! What the parser reads: the file's text, some of its lines indented deeper.
//!
//! The parser holds to the letter of YAML 1.2, by which the lines of `[ … ]`, `{ … }` and of quoted
//! text must be indented deeper than the key in front. Compose, Kubernetes and GitLab do not ask
//! for that, and many files end a list with a `]` right below its key.

use std::borrow::Cow;

/// How far a line is indented that was not indented enough: deeper than anything around it.
const PAD: usize = 1024;
/// How often a text is read with another line indented, and how much text that may be in all.
const MAX_TRIES: (usize, usize) = (200, 8 * 1024 * 1024);
/// The distance in characters of the places that are remembered for finding others.
const STRIDE: usize = 256;

pub(super) struct Indented<'a> {
    original: &'a str,
    pub text: Cow<'a, str>,
    /// Where the lines begin in the file that have [`PAD`] blanks in front.
    padded: Vec<usize>,
    /// The byte of every [`STRIDE`]th character; empty where a character is a byte.
    marks: Vec<usize>,
    tries: usize,
}

impl<'a> Indented<'a> {
    pub(super) fn new(original: &'a str) -> Self {
        let tries = MAX_TRIES.0.min(MAX_TRIES.1 / original.len().max(1));
        let (text, padded) = (Cow::Borrowed(original), Vec::new());
        Indented { original, marks: marks(original), text, padded, tries }
    }

    /// From the parser's characters to the file's bytes.
    pub(super) fn byte(&self, character: usize) -> usize {
        let byte = self.byte_of_text(character);
        let mut added = 0;
        for &start in &self.padded {
            if start + added >= byte {
                break;
            }
            // Within the blanks it is the line's beginning.
            added += PAD.min(byte - added - start);
        }
        byte - added
    }

    fn byte_of_text(&self, character: usize) -> usize {
        if self.marks.is_empty() {
            return character.min(self.text.len());
        }
        let Some(&mark) = self.marks.get(character / STRIDE) else { return self.text.len() };
        let rest = &self.text[mark..];
        rest.char_indices().nth(character % STRIDE).map_or(self.text.len(), |(at, _)| mark + at)
    }

    /// Indents the lines that the parser complains about; whether it is worth another try.
    pub(super) fn repair(&mut self, at: usize, complaint: &str) -> bool {
        let known = self.padded.len();
        match complaint {
            "invalid indentation" | "invalid indentation in flow construct" => {
                let line = self.original[..at].rfind('\n').map_or(0, |end| end + 1);
                self.padded.push(line);
            }
            "invalid indentation in quoted scalar" => self.quoted(at),
            _ => return false,
        }
        self.padded.sort_unstable();
        self.padded.dedup();
        if self.padded.len() == known || self.tries == 0 {
            return false;
        }
        self.tries -= 1;
        let mut text = String::with_capacity(self.original.len() + self.padded.len() * PAD);
        let mut from = 0;
        for &start in &self.padded {
            text.push_str(&self.original[from..start]);
            text.extend(std::iter::repeat_n(' ', PAD));
            from = start;
        }
        text.push_str(&self.original[from..]);
        self.marks = marks(&text);
        self.text = Cow::Owned(text);
        true
    }

    /// The lines of the quoted text that begins at `at`, but for the first.
    fn quoted(&mut self, at: usize) {
        let mut all = self.original[at..].char_indices().peekable();
        let Some((_, quote)) = all.next() else { return };
        while let Some((index, c)) = all.next() {
            if c == '\n' {
                self.padded.push(at + index + 1);
            } else if c == quote && (quote == '"' || all.next_if(|(_, c)| *c == quote).is_none()) {
                break;
            } else if c == '\\' && quote == '"' {
                // What is escaped ends nothing; a line does end.
                all.next_if(|(_, c)| *c != '\n');
            }
        }
    }
}

fn marks(text: &str) -> Vec<usize> {
    if text.is_ascii() {
        return Vec::new();
    }
    text.char_indices().step_by(STRIDE).map(|(at, _)| at).collect()
}
