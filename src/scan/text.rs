//! Text that knows where it came from.
//!
//! The image of `FROM node:${V}-alpine` is put together from three places: the line itself, the
//! default of an `ARG`, the line again. A [`Text`] keeps that: what it says, where each piece
//! is in the reference, and which bytes of which file would have to change.

use std::ops::Range;

/// A file that was read, by its number in [`super::Files`].
pub(crate) type FileId = usize;

/// Why a piece of text cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fixed {
    Environment,
    Chart,
    /// Escapes or line breaks: the bytes of the file are not those of the value.
    Escaped,
    /// The new text differs in more than one of its pieces.
    Pieces,
    /// A digest without a tag, and no comment that says one.
    Untagged,
}

impl Fixed {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Fixed::Environment => "the value comes from the environment",
            Fixed::Chart => "the tag is the chart's appVersion",
            Fixed::Escaped => "the value is written with escapes or over several lines",
            Fixed::Pieces => "the change is outside the variable's default value",
            Fixed::Untagged => "the pin has no tag",
        }
    }
}

/// A run of bytes of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    len: usize,
    /// Where it is in the file of the reference: its own bytes, or the variable.
    site: Range<usize>,
    /// Where its bytes are.
    origin: Result<(FileId, usize), Fixed>,
}

impl Piece {
    fn is_literal(&self) -> bool {
        self.site.len() == self.len && self.origin.is_ok_and(|(_, at)| at == self.site.start)
    }

    fn slice(&self, skip: usize, len: usize) -> Piece {
        let origin = self.origin.map(|(file, at)| (file, at + skip));
        let start = self.site.start + skip;
        let site = if self.is_literal() { start..start + len } else { self.site.clone() };
        Piece { len, site, origin }
    }
}

/// A value with the places of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub value: String,
    pieces: Vec<Piece>,
    /// Where it begins in the file of the reference; also that of an empty one.
    start: usize,
}

/// A change of some bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edit {
    pub file: FileId,
    pub at: usize,
    /// How many bytes go.
    pub len: usize,
    pub new: String,
}

impl Text {
    /// Nothing yet, at this place.
    pub(crate) fn empty(start: usize) -> Text {
        Text { value: String::new(), pieces: Vec::new(), start }
    }

    /// Text whose bytes are those of a file.
    pub(crate) fn literal(value: &str, file: FileId, at: usize) -> Text {
        let mut text = Text::empty(at);
        text.push_literal(value, file, at);
        text
    }

    /// Text that is in these bytes, but is not made of them.
    pub(crate) fn fixed(value: &str, site: Range<usize>, why: Fixed) -> Text {
        let piece = Piece { len: value.len(), site: site.clone(), origin: Err(why) };
        Text { value: value.to_owned(), pieces: vec![piece], start: site.start }
    }

    pub(crate) fn push_literal(&mut self, value: &str, file: FileId, at: usize) {
        if value.is_empty() {
            return;
        }
        let site = at..at + value.len();
        self.value.push_str(value);
        self.pieces.push(Piece { len: value.len(), site, origin: Ok((file, at)) });
    }

    pub(crate) fn push(&mut self, other: &Text) {
        self.value.push_str(&other.value);
        self.pieces.extend(other.pieces.iter().cloned());
    }

    /// Adds the value of a variable that is named at `site`.
    pub(crate) fn push_variable(&mut self, value: &Text, site: &Range<usize>) {
        self.value.push_str(&value.value);
        let pieces = value.pieces.iter().cloned();
        self.pieces.extend(pieces.map(|piece| Piece { site: site.clone(), ..piece }));
    }

    pub(crate) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.value.len()
    }

    /// A part of it. The range must lie on the boundaries of characters.
    pub(crate) fn slice(&self, range: Range<usize>) -> Text {
        let value = self.value.get(range.clone()).unwrap_or_default().to_owned();
        let mut pieces = Vec::new();
        let mut begin = 0;
        for piece in &self.pieces {
            let end = begin + piece.len;
            let (from, to) = (range.start.max(begin), range.end.min(end));
            if from < to {
                pieces.push(piece.slice(from - begin, to - from));
            }
            begin = end;
        }
        let start = pieces.first().map_or_else(|| self.site(range.start), |p| p.site.start);
        Text { value, pieces, start }
    }

    pub(crate) fn trim(&self) -> Text {
        let start = self.value.len() - self.value.trim_start().len();
        self.slice(start..start + self.value.trim().len())
    }

    /// Where the byte at `index` is in the file of the reference.
    pub(crate) fn site(&self, index: usize) -> usize {
        let mut begin = 0;
        for piece in &self.pieces {
            if index < begin + piece.len {
                let skip = if piece.is_literal() { index - begin } else { 0 };
                return piece.site.start + skip;
            }
            begin += piece.len;
        }
        self.pieces.last().map_or(self.start, |piece| piece.site.end)
    }

    /// Where it begins in the file of the reference.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Where it ends in the file of the reference.
    pub(crate) fn end(&self) -> usize {
        self.pieces.last().map_or(self.start, |piece| piece.site.end)
    }

    /// The bytes of files that it is made of.
    pub(crate) fn claims(&self) -> impl Iterator<Item = Edit> {
        let mut begin = 0;
        self.pieces.iter().filter_map(move |piece| {
            let new = self.value[begin..begin + piece.len].to_owned();
            begin += piece.len;
            let (file, at) = piece.origin.ok()?;
            Some(Edit { file, at, len: piece.len, new })
        })
    }

    pub(crate) fn is_escaped(&self) -> bool {
        self.pieces.iter().any(|piece| piece.origin == Err(Fixed::Escaped))
    }

    /// The change that makes it say something else: of one piece alone, so that no other value
    /// that a piece is shared with needs to be guessed.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn edit(&self, new: &str) -> Result<Option<Edit>, Fixed> {
        if self.value == new {
            return Ok(None);
        }
        let mut fault = None;
        let mut begin = 0;
        for piece in &self.pieces {
            let (before, after) = (&self.value[..begin], &self.value[begin + piece.len..]);
            begin += piece.len;
            let middle = new.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            let Some(middle) = middle else { continue };
            match piece.origin {
                Ok((file, at)) => {
                    let new = middle.to_owned();
                    return Ok(Some(Edit { file, at, len: piece.len, new }));
                }
                Err(why) => fault = Some(why),
            }
        }
        Err(fault.unwrap_or(Fixed::Pieces))
    }
}

/// Lines and columns of a file's bytes.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    is_ascii: bool,
}

/// How far a line is looked at behind a name.
const MAX_REST: usize = 4096;

/// A line and a column in characters, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub line: usize,
    pub column: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Lines { text, starts, is_ascii: text.is_ascii() }
    }

    /// Where a byte is. A byte order mark has no column.
    pub(crate) fn position(&self, at: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts[line.saturating_sub(1)];
        if self.is_ascii {
            return Position { line, column: at.saturating_sub(start) + 1 };
        }
        let before = self.text.get(start..at).unwrap_or_default();
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        Position { line, column: before.chars().count() + 1 }
    }

    /// The rest of the line behind a byte.
    pub(crate) fn rest(&self, at: usize) -> &'a str {
        let rest = self.text.get(at..).unwrap_or_default();
        let mut end = rest.len().min(MAX_REST);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        rest[..end].split(['\n', '\r']).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_keeps_its_places() {
        let mut text = Text::literal("node:", 0, 5);
        text.push_variable(&Text::literal("20.1", 1, 100), &(10..14));
        text.push_literal("-alpine", 0, 14);
        let tag = text.slice(5..text.len());
        assert_eq!((&*tag.value, tag.start(), tag.end()), ("20.1-alpine", 10, 21));
        assert_eq!(tag.site(5), 15);
        let edit = Edit { file: 1, at: 100, len: 4, new: "22.3".into() };
        assert_eq!(tag.edit("22.3-alpine"), Ok(Some(edit)));
        let edit = Edit { file: 0, at: 14, len: 7, new: "-slim".into() };
        assert_eq!(tag.edit("20.1-slim"), Ok(Some(edit)));
        assert_eq!(tag.edit("22-slim"), Err(Fixed::Pieces));
        assert_eq!(tag.edit("20.1-alpine"), Ok(None));
    }

    #[test]
    fn what_is_not_in_a_file_is_not_written() {
        let mut text = Text::literal("a:", 0, 0);
        let value = Text::fixed("1", 0..0, Fixed::Environment);
        text.push_variable(&value, &(2..6));
        assert_eq!(text.slice(2..3).edit("2"), Err(Fixed::Environment));
        assert_eq!(text.slice(3..3).start(), 6);
    }

    #[test]
    fn columns_are_characters_behind_the_mark() {
        let lines = Lines::new("\u{feff}é x\r\nb\n");
        assert_eq!(lines.position(6), Position { line: 1, column: 3 });
        assert_eq!(lines.position(9), Position { line: 2, column: 1 });
        assert_eq!((lines.rest(6), lines.rest(9)), ("x", "b"));
    }
}
