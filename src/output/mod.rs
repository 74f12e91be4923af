//! The way of rows to stdout: one trait for what a command lists, one writer for all formats.
//!
//! A command turns each of its answers into a [`Row`] and hands it to a [`Writer`]; whether that
//! prints bare lines, docker's table, JSON or a Go template is the user's choice and none of the
//! command's business. Lines, JSON and templates are written row by row; tables are collected. Foreign
//! text is sanitised here and nowhere before (see [`crate::system::terminal`]). Records are written whole,
//! and an [`io::Error`] of the stream comes back as it was.

pub mod document;
pub(crate) mod human;
pub mod json;
pub(crate) mod progress;
pub(crate) mod table;
pub(crate) mod template;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::Serialize;

pub(crate) use self::table::cut_end;
pub(crate) use self::template::{Template, TemplateError};
use crate::system::terminal::sanitize;

/// A column: a field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name in JSON and templates: `Tag`, `Digest`.
    pub key: &'static str,
    /// Its name on top of a table: `TAG`, `DIGEST`.
    pub header: &'static str,
}

/// One answer of a command. JSON and templates see what `Serialize` gives: raw numbers, RFC 3339
/// times, whole digests, under the keys of [`Row::COLUMNS`] and always all of them.
pub(crate) trait Row: Serialize {
    /// All fields, in the order of the table and of JSON.
    const COLUMNS: &'static [Column];

    /// The fields for people, one for each of [`Row::COLUMNS`]: `5.6MB`, `2 weeks ago`. Text from
    /// a server may go in as it is.
    fn cells(&self, look: &Look) -> Vec<String>;

    /// The line that stands for the row when nothing but names is asked for.
    fn plain(&self) -> Cow<'_, str>;
}

/// What the texts for people depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The time that ages are counted from.
    pub now: Timestamp,
    /// `--no-trunc`: digests in full.
    pub no_trunc: bool,
    /// The columns that a table has to fit into; `None` when nothing is to be cut.
    pub width: Option<usize>,
}

impl Look {
    /// A digest's cell: short, unless in full is asked for.
    pub(crate) fn digest(&self, digest: &str) -> String {
        human::digest(digest, self.no_trunc).to_owned()
    }

    /// A time's cell: `2 weeks ago`, or `N/A` as docker says.
    pub(crate) fn age(&self, then: Option<Timestamp>) -> String {
        then.map_or_else(|| "N/A".to_owned(), |then| human::age(self.now, then))
    }
}

/// What the rows become.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    /// One bare line each ([`Row::plain`]); also `--quiet`.
    Plain,
    /// Docker's table.
    Table,
    /// One JSON object per line.
    Json,
    /// What a Go template makes of each, and a line feed.
    Template(Template),
    /// The same in columns, with a line of headers and texts for people.
    TableTemplate(Template),
}

/// An invalid `--format`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FormatError {
    /// Neither a known word nor a template.
    Unknown(String),
    /// A template that does not parse.
    Template(TemplateError),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::Unknown(text) => write!(f, "unknown format \"{}\"", sanitize(text)),
            FormatError::Template(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FormatError {}

impl Format {
    /// Reads the text of `--format`: `table`, `json`, `TEMPLATE` or `table TEMPLATE`. Unlike
    /// docker, which would print a misspelt word once per row, this wants a template to hold `{{`.
    pub(crate) fn parse(text: &str) -> Result<Self, FormatError> {
        let text = text.trim_matches(' ');
        let in_word = |rest: &&str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let columns = text.strip_prefix("table").filter(|rest| !in_word(rest)).map(str::trim_start);
        match columns.unwrap_or(text) {
            "" if columns.is_some() => Ok(Format::Table),
            "json" if columns.is_none() => Ok(Format::Json),
            source if source.contains("{{") => {
                let template = Template::parse(source).map_err(FormatError::Template)?;
                let table = columns.is_some();
                Ok(if table { Format::TableTemplate } else { Format::Template }(template))
            }
            _ => Err(FormatError::Unknown(text.to_owned())),
        }
    }

    /// The format that a command line asks for: `--quiet` wins, then `--format` unless it is
    /// empty, then what the command prints by itself.
    pub(crate) fn choose(
        text: Option<&str>,
        quiet: bool,
        default: Format,
    ) -> Result<Self, FormatError> {
        let chosen = match text {
            Some(text) if !text.is_empty() => Format::parse(text)?,
            _ => default,
        };
        Ok(if quiet { Format::Plain } else { chosen })
    }
}

/// Why a row was not written.
#[derive(Debug)]
pub enum WriteError {
    /// The stream's own error; a closed pipe is [`io::ErrorKind::BrokenPipe`].
    Io(io::Error),
    /// The template does not fit the rows.
    Template(TemplateError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Io(error) => write!(f, "cannot write the output: {error}"),
            WriteError::Template(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            WriteError::Io(error) => Some(error),
            WriteError::Template(_) => None,
        }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        WriteError::Io(error)
    }
}

impl From<TemplateError> for WriteError {
    fn from(error: TemplateError) -> Self {
        WriteError::Template(error)
    }
}

/// Writes rows of one kind in one format. The stream should be buffered; it is flushed at the end.
pub(crate) struct Writer<'a, R: Row, W: Write> {
    out: W,
    format: &'a Format,
    look: Look,
    /// Which of [`Row::COLUMNS`] a table shows.
    shown: Vec<usize>,
    /// The lines of a table so far.
    lines: Vec<Vec<String>>,
    record: Vec<u8>,
    rows: PhantomData<fn(&R)>,
}

impl<'a, R: Row, W: Write> Writer<'a, R, W> {
    /// A writer. A template that names a field which the rows do not have is an error at once,
    /// even if no row will ever come.
    pub(crate) fn new(out: W, format: &'a Format, look: Look) -> Result<Self, TemplateError> {
        if let Format::Template(template) | Format::TableTemplate(template) = format {
            template.check_fields(R::COLUMNS.iter().map(|column| column.key))?;
        }
        let shown = (0..R::COLUMNS.len()).collect();
        let (lines, record) = (Vec::new(), Vec::new());
        Ok(Writer { out, format, look, shown, lines, record, rows: PhantomData })
    }

    /// Makes a plain table show only the columns of these keys, in this order.
    pub(crate) fn with_columns(mut self, keys: &[&str]) -> Self {
        let position = |key: &&str| R::COLUMNS.iter().position(|column| column.key == *key);
        self.shown = keys.iter().filter_map(position).collect();
        self
    }

    /// Writes a row, or keeps it if it belongs to a table.
    pub(crate) fn write_row(&mut self, row: &R) -> Result<(), WriteError> {
        match self.format {
            Format::Plain => {
                let line = row.plain();
                self.record.clear();
                self.record.extend_from_slice(sanitize(&line).as_bytes());
            }
            Format::Json => {
                self.record.clear();
                json::write(&mut self.record, row)?;
            }
            Format::Template(template) => self.record = template.render(row)?.into_bytes(),
            Format::Table => {
                let cells = row.cells(&self.look);
                let cell = |&column: &usize| match cells.get(column) {
                    Some(cell) => sanitize(cell).into_owned(),
                    None => String::new(),
                };
                self.lines.push(self.shown.iter().map(cell).collect());
                return Ok(());
            }
            Format::TableTemplate(template) => {
                let keys = R::COLUMNS.iter().map(|column| column.key);
                let cells: Vec<_> = keys.zip(row.cells(&self.look)).collect();
                push_lines(&mut self.lines, &template.render_cells(row, &cells)?);
                return Ok(());
            }
        }
        self.record.push(b'\n');
        self.out.write_all(&self.record)?;
        Ok(())
    }

    /// [`Writer::finish`] after rows that may have ended in a failure: if there are none then, there
    /// are no headers either.
    ///
    /// # Errors
    /// The outcome itself, or what cannot be written.
    pub(crate) fn end<E: From<WriteError>>(self, outcome: Result<(), E>) -> Result<(), E> {
        if outcome.is_ok() || !self.lines.is_empty() {
            self.finish()?;
        }
        outcome
    }

    /// Writes what is still to be written (a table has its headers even without rows), flushes the
    /// stream and gives it back.
    pub(crate) fn finish(mut self) -> Result<W, WriteError> {
        let mut lines = Vec::new();
        match self.format {
            Format::Table => {
                let header = |&column: &usize| R::COLUMNS[column].header.to_owned();
                lines.push(self.shown.iter().map(header).collect());
            }
            Format::TableTemplate(template) => {
                let headers = R::COLUMNS.iter().map(|column| (column.key, column.header));
                push_lines(&mut lines, &template.render_header(headers));
            }
            Format::Plain | Format::Json | Format::Template(_) => {}
        }
        lines.append(&mut self.lines);
        if let Some(width) = self.look.width {
            table::fit(&mut lines, width);
        }
        table::write(&mut self.out, &lines)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn push_lines(lines: &mut Vec<Vec<String>>, text: &str) {
    lines.extend(text.split('\n').map(|line| line.split('\t').map(str::to_owned).collect()));
}

/// For the tests of commands: panics unless the row serializes to exactly the fields of its
/// columns and has one cell for each.
#[cfg(test)]
pub(crate) fn assert_fits<R: Row>(row: &R, look: &Look) {
    let line = json::to_string(row).expect("a row is JSON");
    let object: std::collections::BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&line).expect("a row is an object");
    let mut keys: Vec<&str> = R::COLUMNS.iter().map(|column| column.key).collect();
    keys.sort_unstable();
    assert_eq!(object.keys().collect::<Vec<_>>(), keys, "fields and columns");
    assert_eq!(row.cells(look).len(), keys.len(), "cells and columns");
}
