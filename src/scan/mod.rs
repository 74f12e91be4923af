//! Which images files name: Dockerfiles, compose files, Kubernetes, Helm, CI; and writing them back.
//!
//! A file is read and nothing else is done to it; [`mod@write`] alone changes one. The room knows no
//! registry and no command: it hands over what the files say, where, and which bytes would
//! have to change. Everything that it reads may be hostile: there are limits on size, depth,
//! anchors and values, and a fault names file, line and column.

mod ci;
mod collect;
mod compose;
mod dockerfile;
mod dotenv;
mod helm;
mod instructions;
mod kind;
mod kubernetes;
mod text;
mod vars;
mod walk;
pub(crate) mod write;
mod yaml;

use std::fmt;
use std::path::PathBuf;

use crate::system::env::Env;
pub(crate) use collect::Files;
pub(crate) use text::{Edit, FileId, Fixed, Position, Text};

/// A place where a file names an image.
#[derive(Debug)]
pub(crate) struct Use {
    pub file: FileId,
    /// `None`: the row stands for a folder.
    pub position: Option<Position>,
    /// As it is written, variables resolved as far as they can be.
    pub image: String,
    /// The parts of the name, or why there are none.
    pub parts: Result<Parts, Skipped>,
    /// The platform that the file wants.
    pub platform: Option<String>,
}

/// Why an image is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// Nothing can be known of it.
    Because(String),
    /// It is not the name of an image: a fault of the file.
    Invalid(String),
}

/// The parts of an image's name.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    /// Registry and repository.
    pub name: Text,
    pub tag: Option<Text>,
    pub digest: Option<Text>,
    /// A comment that says which tag a digest stands for.
    pub comment: Option<Text>,
    /// Where a digest can be added.
    pub end: Result<usize, Fixed>,
}

/// What is wrong with a file, or a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    pub path: String,
    pub position: Option<Position>,
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub files: Files,
    /// By path, line and column.
    pub uses: Vec<Use>,
    pub faults: Vec<Fault>,
}

/// Reads files, and folders with what is below them.
pub(crate) fn scan(paths: &[PathBuf], env: &Env) -> Scan {
    let mut scan = Scan::default();
    let mut walk = walk::Walk::default();
    for path in paths {
        walk.path(path);
    }
    let walk::Walk { found, templates, mut faults, .. } = walk;
    for candidate in found {
        collect::read(&candidate, env, &mut scan, &mut faults);
    }
    for folder in templates {
        let file = scan.files.add(folder, &[]);
        let reason = "templates are not rendered".to_owned();
        let parts = Err(Skipped::Because(reason));
        let image = String::new();
        scan.uses.push(Use { file, position: None, image, parts, platform: None });
    }
    let Scan { files, uses, .. } = &mut scan;
    uses.sort_by(|a, b| {
        let key = |item: &Use| (files.path(item.file).to_owned(), item.position);
        key(a).cmp(&key(b))
    });
    faults.sort();
    faults.dedup();
    scan.faults = faults;
    scan
}

/// For the fuzz target: reads a text as what a file of this name is. Gives each image with its line
/// and column, and the byte range of its tag where the tag can be written; or what is wrong.
pub fn read_text(name: &str, text: &str, env: &Env) -> Result<Vec<Named>, String> {
    collect::read_text(name, text, env).map(|uses| uses.iter().map(Named::of).collect())
}

/// An image of a text; see [`read_text`].
#[derive(Debug)]
pub struct Named {
    pub image: String,
    pub line: usize,
    pub column: usize,
    pub tag: Option<(String, std::ops::Range<usize>)>,
}

impl Named {
    fn of(item: &Use) -> Named {
        let tag = item.parts.as_ref().ok().and_then(|parts| parts.tag.as_ref());
        let edit = tag.and_then(|tag| tag.edit("\u{1}").ok().flatten().map(|edit| (tag, edit)));
        let Position { line, column } = item.position.unwrap_or(Position { line: 0, column: 0 });
        let tag = edit.map(|(tag, edit)| (tag.value.clone(), edit.at..edit.at + edit.len));
        Named { image: item.image.clone(), line, column, tag }
    }
}

#[cfg(test)]
mod tests;
