//! Printing a registry's own document: a manifest, an index, a config.
//!
//! In a pipe the bytes are exact, so that `| sha256sum` gives the digest. On a terminal JSON is
//! indented and made harmless; a template or `--format json` picks from it under the document's
//! own names.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;

use super::context::Context;
use crate::error::Error;
use crate::oci::manifest::without_huge_numbers;
use crate::output::{Format, document};
use crate::system::files::{self, Readers};
use crate::system::terminal::sanitize_lines;

/// Where a document goes.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Destination {
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

/// How a document is printed: decided before the first request.
pub(crate) struct Printer<'a> {
    context: &'a Context,
    format: Format,
    file: Option<&'a Path>,
}

impl<'a> Printer<'a> {
    /// Reads the options.
    ///
    /// # Errors
    /// A `--format` that does not fit a document.
    pub(crate) fn new(context: &'a Context, destination: &'a Destination) -> Result<Self, Error> {
        let format = context.format(Format::Plain)?;
        if matches!(format, Format::Table | Format::TableTemplate(_)) {
            return Err(Error::usage(
                "this command prints a document and has no table format",
                "--format takes json or a Go template with the document's own names, such as \
                 '{{.mediaType}}'",
            ));
        }
        if let Some(word) = destination.output.as_deref().and_then(Path::to_str)
            && ["json", "table", "yaml"].contains(&word)
        {
            return Err(Error::usage(
                format!("-o names a file, and \"{word}\" looks like a format"),
                format!("did you mean --format json? To write a file of that name: -o ./{word}"),
            ));
        }
        let file = destination.output.as_deref().filter(|path| *path != Path::new("-"));
        Ok(Printer { context, format, file })
    }

    /// Prints a document.
    ///
    /// # Errors
    /// What cannot be written; a document that a template cannot be applied to.
    pub(crate) fn print(&self, bytes: &[u8], name: &str, out: &mut dyn Write) -> Result<(), Error> {
        let text = match &self.format {
            Format::Template(template) => Some(template.render_value(&parse(bytes, name)?)?),
            Format::Json => {
                serde_json::from_slice::<IgnoredAny>(bytes).map_err(|_| not_json(name))?;
                Some(document::compact(&String::from_utf8_lossy(bytes)))
            }
            _ => None,
        };
        let (bytes, end) = text.as_deref().map_or((bytes, ""), |text| (text.as_bytes(), "\n"));
        match self.file {
            Some(path) => write_file(path, &[bytes, end.as_bytes()])
                .map_err(|source| Error::Io { what: path.display().to_string(), source }),
            None if text.is_none() && self.is_for_reading() => {
                out.write_all(readable(bytes).as_bytes()).map_err(Error::stdout)
            }
            None => out
                .write_all(bytes)
                .and_then(|()| out.write_all(end.as_bytes()))
                .map_err(Error::stdout),
        }
    }

    fn is_for_reading(&self) -> bool {
        self.context.style.stdout_terminal && !self.context.globals.raw
    }
}

fn parse(bytes: &[u8], name: &str) -> Result<serde_json::Value, Error> {
    let known = without_huge_numbers(bytes);
    serde_json::from_slice(known.as_deref().unwrap_or(bytes)).map_err(|_| not_json(name))
}

fn not_json(name: &str) -> Error {
    Error::usage(
        format!("{name} is not JSON, so --format has nothing to pick from"),
        "leave --format out, or use --raw",
    )
}

/// A document for a terminal.
fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match serde_json::from_slice::<IgnoredAny>(bytes) {
        Ok(_) => document::indent(&text) + "\n",
        Err(_) => sanitize_lines(&text).into_owned() + "\n",
    }
}

/// Writes a file so that it is never seen half written. What is not a plain file, such as
/// `/dev/stdout`, is written to as it is.
fn write_file(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let write = |file: &mut fs::File| parts.iter().try_for_each(|part| file.write_all(part));
    match fs::metadata(path) {
        Ok(known) if !known.is_file() => write(&mut fs::OpenOptions::new().write(true).open(path)?),
        _ => files::replace(&files::follow(path)?, Readers::AsBefore, write),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_shown_as_text() {
        assert_eq!(readable(b"{\"a\":1}"), "{\n  \"a\": 1\n}\n");
        assert_eq!(readable(b"a\n\x1b[31mb"), "a\n\\u{1b}[31mb\n");
    }
}
