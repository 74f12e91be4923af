//! Folders: which files in them are worth reading. No link to a folder is followed.

use std::collections::HashSet;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use super::Fault;
use super::collect::MAX_FILE;
use super::kind::{self, Kind};
use crate::system::files;

/// How deep folders may be nested.
const MAX_DEPTH: usize = 100;

/// A file that may name images.
#[derive(Debug)]
pub(super) struct Candidate {
    pub path: PathBuf,
    /// What its name says; else its content tells.
    pub kind: Option<Kind>,
    /// The user gave its name: it must be readable.
    pub is_named: bool,
}

/// What a walk has found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub found: Vec<Candidate>,
    /// The `templates` of charts.
    pub templates: Vec<PathBuf>,
    pub faults: Vec<Fault>,
    seen: HashSet<FileKey>,
}

impl Walk {
    /// A file, or a folder with all below it.
    pub(super) fn path(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                // What is here is named without a `./` in front.
                let base = if path == Path::new(".") { Path::new("") } else { path };
                self.folder(base, 0);
            }
            Ok(_) => self.file(path.to_owned(), kind::by_name(&absolute(path)), true),
            Err(error) => self.fault(path, &error),
        }
    }

    fn fault(&mut self, path: &Path, error: &std::io::Error) {
        let path = if path == Path::new("") { Path::new(".") } else { path };
        let path = path.display().to_string();
        self.faults.push(Fault { path, position: None, what: files::reason(error) });
    }

    /// Adds a file, once, whatever links lead to it.
    fn file(&mut self, path: PathBuf, kind: Option<Kind>, is_named: bool) {
        if self.seen.insert(key(&path)) {
            self.found.push(Candidate { path, kind, is_named });
        }
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let name = if folder == Path::new("") { Path::new(".") } else { folder };
        let entries = match fs::read_dir(name) {
            Ok(entries) => entries,
            Err(error) => return self.fault(folder, &error),
        };
        let mut entries: Vec<DirEntry> = entries.filter_map(Result::ok).collect();
        entries.sort_by_key(DirEntry::file_name);
        let is_chart = entries.iter().any(|entry| entry.file_name() == "Chart.yaml");
        for entry in entries {
            let Ok(kind) = entry.file_type() else { continue };
            let (path, name) = (folder.join(entry.file_name()), entry.file_name());
            if kind.is_dir() {
                if is_chart && name == "templates" {
                    self.templates.push(path);
                } else if is_entered(&name.to_string_lossy()) && depth < MAX_DEPTH {
                    self.folder(&path, depth + 1);
                }
                continue;
            }
            let by_name = kind::by_name(&path);
            if by_name.is_none() && !kind::is_worth_reading(&path) {
                continue;
            }
            if kind.is_symlink() && fs::metadata(&path).is_ok_and(|target| target.is_dir()) {
                continue;
            }
            if by_name.is_none() && !fs::metadata(&path).is_ok_and(|file| is_small_file(&file)) {
                continue;
            }
            self.file(path, by_name, false);
        }
    }
}

fn is_small_file(file: &fs::Metadata) -> bool {
    file.is_file() && file.len() <= MAX_FILE
}

/// What tells files apart, whatever their names are.
#[cfg(unix)]
type FileKey = Result<(u64, u64), PathBuf>;
#[cfg(not(unix))]
type FileKey = PathBuf;

#[cfg(unix)]
fn key(path: &Path) -> FileKey {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|file| (file.dev(), file.ino())).map_err(|_| path.to_owned())
}

#[cfg(not(unix))]
fn key(path: &Path) -> FileKey {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether what is in a folder is the project's own.
fn is_entered(name: &str) -> bool {
    !matches!(name, "node_modules" | "target" | "vendor")
        && (!name.starts_with('.') || name == ".github")
}

/// A path with the names of its folders, which say what a workflow is.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
