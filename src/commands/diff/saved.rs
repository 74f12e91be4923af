//! A list that was saved: what `ls --digests --format json` printed. It must be whole, and of one
//! repository.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::commands::context::Context;
use crate::error::Error;
use crate::oci::reference::{Digest, Tag};
use crate::system::files;
use crate::system::terminal::server_text;
use crate::tags::select::TagList;

/// The largest file that is read: several hundred thousand tags.
const MAX_BYTES: u64 = 128 << 20;

/// The tags of a file.
#[derive(Debug, Default)]
pub(super) struct Saved {
    pub(super) tags: TagList,
    /// All are there.
    pub(super) digests: HashMap<Box<str>, Option<Digest>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    repository: Option<String>,
    tag: String,
    digest: Option<String>,
}

impl Saved {
    /// Reads a file, or standard input for `-`. `with_digests`: each tag must have one.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub(super) fn read(file: &str, with_digests: bool, context: &Context) -> Result<Self, Error> {
        let shown = if file == "-" { "standard input" } else { file };
        let bytes = match file {
            "-" => files::read_all(io::stdin().lock(), MAX_BYTES),
            _ => open(Path::new(file)),
        };
        let fault = |what: &str| {
            Error::usage(
                format!("{}: {what}", server_text(shown)),
                "to save a list: docker tags ls --digests --format json REPO > FILE",
            )
        };
        let bytes = bytes.map_err(|error| fault(&files::reason(&error)))?;
        let saved = Saved::parse(&bytes, with_digests).map_err(|what| fault(&what))?;
        if saved.tags.is_empty() {
            context.reporter.warn(&format!("{}: this list has no tags", server_text(shown)));
        }
        Ok(saved)
    }

    fn parse(bytes: &[u8], with_digests: bool) -> Result<Self, String> {
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            return Err("the last line is cut short".to_owned());
        }
        let (mut saved, mut repository) = (Saved::default(), None);
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        for (number, text) in lines.filter(|(_, text)| !text.trim_ascii().is_empty()) {
            let fault = |what: String| format!("line {}: {what}", number + 1);
            let line: Line = serde_json::from_slice(text).map_err(|why| {
                fault(format!("not a tag as JSON: {}", server_text(&why.to_string())))
            })?;
            let tag: Tag = (line.tag.parse())
                .map_err(|_| fault(format!("\"{}\" is not a tag", server_text(&line.tag))))?;
            if *repository.get_or_insert_with(|| line.repository.clone()) != line.repository {
                return Err(fault("this tag is of another repository".to_owned()));
            }
            let digest = line.digest.as_deref().and_then(|text| text.parse::<Digest>().ok());
            if with_digests && digest.is_none() {
                return Err(fault(format!("tag \"{tag}\" has no digest")));
            }
            if !saved.tags.push(tag.as_str()) {
                return Err(fault(format!("tag \"{tag}\" is there twice")));
            }
            saved.digests.insert(tag.as_str().into(), digest);
        }
        Ok(saved)
    }
}

/// A regular file, or what a shell's `<(…)` is.
fn open(path: &Path) -> io::Result<Vec<u8>> {
    match files::open(path) {
        Ok((file, _)) => files::read_all(file, MAX_BYTES),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => files::read_or_stream(path),
        Err(error) => Err(error),
    }
}

/// The tags of a saved list in its order, with their digests; for the fuzz target.
///
/// # Errors
/// See [`Saved::read`].
pub fn parse_saved(
    bytes: &[u8],
    with_digests: bool,
) -> Result<Vec<(String, Option<String>)>, String> {
    let saved = Saved::parse(bytes, with_digests)?;
    let digest = |tag: &str| saved.digests.get(tag)?.as_ref().map(ToString::to_string);
    Ok(saved.tags.iter().map(|tag| (tag.to_owned(), digest(tag))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let row = |tag: &str| {
            format!("{{\"Repository\":\"r\",\"Tag\":\"{tag}\",\"Digest\":\"{digest}\"}}\n")
        };
        let good = row("1") + "\r\n\n" + &row("2");
        let saved = Saved::parse(good.as_bytes(), true).unwrap();
        assert_eq!(saved.tags.iter().collect::<Vec<_>>(), ["1", "2"]);
        let names = "{\"Repository\":\"r\",\"Tag\":\"1\"}\n";
        assert_eq!(Saved::parse(names.as_bytes(), false).unwrap().tags.len(), 1);
        assert!(Saved::parse(b"", true).unwrap().tags.is_empty());
        let rows = [
            (names.to_owned(), "line 1: tag \"1\" has no digest"),
            (names.replace('}', ",\"Digest\":null}"), "has no digest"),
            (row("1").replace("sha256:a", "sha256:-"), "has no digest"),
            (row("1") + &row("1"), "line 2: tag \"1\" is there twice"),
            (row("1") + &row("2").replace("\"r\"", "\"s\""), "line 2: this tag is of another"),
            (row("1") + row("2").trim_end(), "cut short"),
            (row("a b"), "is not a tag"),
            ("{\"Digest\":\"x\",\"Tags\":[\"1\"]}\n".to_owned(), "line 1: not a tag as JSON"),
            ("1.29.0\n".to_owned(), "not a tag as JSON"),
            ("[".repeat(100_000) + "\n", "not a tag as JSON"),
            ("\u{1b}[2J\n".to_owned(), "not a tag as JSON"),
        ];
        for (text, expected) in rows {
            let fault = Saved::parse(text.as_bytes(), true).unwrap_err();
            assert!(fault.contains(expected), "{text:.60}: {fault}");
        }
    }
}
