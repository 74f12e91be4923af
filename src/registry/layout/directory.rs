//! A layout in a directory. Each step down is opened without following a link, from the directory
//! above it, so that nothing outside is ever read, however the files change meanwhile.

use std::fs::File;
use std::path::Path;
#[cfg(not(unix))]
use std::path::PathBuf;

use super::{FileError, parts, read_limited, too_large, unreadable};

/// The directory of a layout.
pub(super) struct Directory {
    #[cfg(unix)]
    root: File,
    #[cfg(not(unix))]
    root: PathBuf,
}

impl Directory {
    /// Opens the directory that the user named; it may itself be a link.
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Err(FileError::Bad("not a directory (oci-archive: reads files)".to_owned()));
        }
        #[cfg(unix)]
        let root = File::open(path).map_err(unreadable)?;
        #[cfg(not(unix))]
        let root = path.to_owned();
        Ok(Directory { root })
    }

    /// Reads a regular file below the directory.
    pub(super) fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, FileError> {
        let file = self.below(path)?;
        let meta = file.metadata().map_err(unreadable)?;
        if !meta.is_file() {
            return Err(FileError::Bad("not a regular file".to_owned()));
        }
        if meta.len() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(too_large(limit));
        }
        read_limited(file, limit)
    }

    #[cfg(unix)]
    fn below(&self, path: &str) -> Result<File, FileError> {
        use rustix::fs::{Mode, OFlags, openat};
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file: Option<File> = None;
        for part in parts(path) {
            let above = file.as_ref().unwrap_or(&self.root);
            let opened =
                openat(above, part, flags, Mode::empty()).map_err(|error| match error {
                    rustix::io::Errno::LOOP => {
                        FileError::Bad("a symbolic link, which is not followed".to_owned())
                    }
                    other => unreadable(other.into()),
                })?;
            file = Some(opened.into());
        }
        file.ok_or(FileError::Missing)
    }

    #[cfg(not(unix))]
    fn below(&self, path: &str) -> Result<File, FileError> {
        let mut whole = self.root.clone();
        for part in parts(path) {
            whole.push(part);
            if std::fs::symlink_metadata(&whole).map_err(unreadable)?.is_symlink() {
                return Err(FileError::Bad("a symbolic link, which is not followed".to_owned()));
            }
        }
        File::open(whole).map_err(unreadable)
    }
}
