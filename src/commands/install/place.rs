//! A file or link that `install` creates and removes.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::system::files::{self, Readers};

/// What a copy of this program holds and nothing else does.
const MARK: &str = "docker-tags: this file is the program itself, installed or not";
/// What every text that we install says of itself.
const TEXT_MARKS: [&str; 2] =
    ["# Completion of docker-tags for ", ".\\\" Manual page of docker-tags"];
/// What another plugin of our name has in it: the path of its Go module.
const OTHER_PLUGIN: &str = "github.com/koki-develop/docker-tags";
/// The largest file that is read to see whether it is ours.
const MAX_READ: u64 = 256 << 20;

/// A file or link that is installed.
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) content: Content,
}

/// What is there when it is installed.
pub(super) enum Content {
    /// A link to the program.
    Link(PathBuf),
    /// A copy of the program.
    Copy(PathBuf),
    /// A text.
    Text(String),
}

/// What was done, or would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is new, or replaces our older one.
    Made,
    /// It was there already.
    Unchanged,
    Removed,
    /// There is nothing to remove.
    Nothing,
    /// Something else is there and stays.
    NotOurs,
}

impl Outcome {
    /// A line for people.
    pub(super) fn describe(self, place: &Place, dry_run: bool) -> String {
        let path = place.path.display();
        let (done, would) = match (self, &place.content) {
            (Outcome::Made, Content::Link(_)) => ("linked", "would link"),
            (Outcome::Made, Content::Copy(_)) => ("copied", "would copy"),
            (Outcome::Made, Content::Text(_)) => ("wrote", "would write"),
            (Outcome::Removed, _) => ("removed", "would remove"),
            (Outcome::Unchanged, _) => ("unchanged", "unchanged"),
            (Outcome::NotOurs | Outcome::Nothing, _) => ("left alone", "would leave alone"),
        };
        let word = if dry_run { would } else { done };
        let more = match (self, &place.content) {
            (Outcome::NotOurs, _) => format!(" ({}; --force replaces it)", place.owner()),
            (Outcome::Made, Content::Link(target)) => format!(" -> {}", target.display()),
            _ => String::new(),
        };
        format!("{word} {path}{more}")
    }
}

impl Place {
    /// Creates the file or link, unless another program's file is there.
    /// `force` replaces that, too, unless it is a directory.
    pub(super) fn install(&self, dry_run: bool, force: bool) -> io::Result<Outcome> {
        match self.state()? {
            State::Other if !force || self.path.is_dir() => Ok(Outcome::NotOurs),
            State::Same => Ok(Outcome::Unchanged),
            State::Missing | State::Ours | State::Other => {
                if !dry_run {
                    self.make()?;
                }
                Ok(Outcome::Made)
            }
        }
    }

    /// Whose file it is, as far as its content tells.
    fn owner(&self) -> &'static str {
        match self.bytes() {
            Ok(bytes) if contains(&bytes, OTHER_PLUGIN.as_bytes()) => {
                "the plugin koki-develop/docker-tags"
            }
            _ => "a file of another program",
        }
    }

    /// Removes what is ours, in whatever version.
    pub(super) fn remove(&self, dry_run: bool) -> io::Result<Outcome> {
        match self.state()? {
            State::Missing => Ok(Outcome::Nothing),
            State::Other => Ok(Outcome::NotOurs),
            State::Ours | State::Same => {
                if !dry_run {
                    fs::remove_file(&self.path)?;
                }
                Ok(Outcome::Removed)
            }
        }
    }

    fn state(&self) -> io::Result<State> {
        let meta = match fs::symlink_metadata(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::Missing),
            Err(error) => return Err(error),
        };
        if meta.is_symlink() {
            return self.state_of_link(&fs::read_link(&self.path)?);
        }
        if !meta.is_file() || meta.len() > MAX_READ {
            return Ok(State::Other);
        }
        let bytes = self.bytes()?;
        let ours = |mark: &str| contains(&bytes, mark.as_bytes());
        Ok(match &self.content {
            Content::Text(text) if text.as_bytes() == bytes => State::Same,
            Content::Text(_) if TEXT_MARKS.iter().any(|mark| ours(mark)) => State::Ours,
            Content::Copy(program)
                if fs::canonicalize(&self.path).ok().as_ref() == Some(program) =>
            {
                State::Same
            }
            Content::Copy(program) if fs::read(program)? == bytes => State::Same,
            // The running program itself is there: a link to it would lead to itself.
            Content::Link(program)
                if fs::canonicalize(&self.path).ok().as_ref() == Some(program) =>
            {
                State::Same
            }
            Content::Copy(_) | Content::Link(_) if ours(MARK) => State::Ours,
            _ => State::Other,
        })
    }

    /// What is at the path or where a link there leads.
    fn bytes(&self) -> io::Result<Vec<u8>> {
        // Anything but a file could keep us waiting.
        if !fs::metadata(&self.path)?.is_file() {
            return Err(ErrorKind::InvalidInput.into());
        }
        let mut bytes = Vec::new();
        fs::File::open(&self.path)?.take(MAX_READ).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A link to a program of our name is ours, even when it leads nowhere any more. Another program
    /// may have this name: what is in it tells.
    fn state_of_link(&self, target: &Path) -> io::Result<State> {
        let program = match &self.content {
            Content::Link(program) | Content::Copy(program) => program,
            Content::Text(_) => return Ok(State::Other),
        };
        if matches!(self.content, Content::Link(_)) && target == program {
            return Ok(State::Same);
        }
        let has_our_name = target.file_name() == self.path.file_name();
        let leads_elsewhere = || self.bytes().is_ok_and(|bytes| !contains(&bytes, MARK.as_bytes()));
        let ours = target == program || has_our_name && !leads_elsewhere();
        Ok(if ours { State::Ours } else { State::Other })
    }

    fn make(&self) -> io::Result<()> {
        fs::create_dir_all(files::directory_of(&self.path))?;
        match &self.content {
            Content::Link(program) => link(program, &self.path),
            Content::Copy(program) => copy(program, &self.path),
            Content::Text(text) => files::replace(&self.path, Readers::AsBefore, |file| {
                file.write_all(text.as_bytes())
            }),
        }
    }
}

/// What is at a place.
enum State {
    Missing,
    /// Exactly what belongs there.
    Same,
    /// Another version of it.
    Ours,
    Other,
}

#[cfg(unix)]
fn link(program: &Path, at: &Path) -> io::Result<()> {
    files::replace_with_link(at, program)
}

#[cfg(not(unix))]
fn link(program: &Path, at: &Path) -> io::Result<()> {
    copy(program, at)
}

/// Copies the program, its mode included.
fn copy(program: &Path, at: &Path) -> io::Result<()> {
    let mut from = fs::File::open(program)?;
    let mode = from.metadata()?.permissions();
    files::replace(at, Readers::AsBefore, |file| {
        io::copy(&mut from, file)?;
        file.set_permissions(mode)
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
