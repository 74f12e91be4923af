//! Changing the configuration so that two writers never undo each other's work.
//!
//! A lock file beside it makes writers take turns: reading, changing and replacing is one step to
//! all others. How a file is replaced is told in [`crate::system::files`].

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::system::files::{self, Readers};

/// A writer holds the lock for milliseconds; one that holds it longer hangs.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// The sole right to change a file, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    target: PathBuf,
    path: PathBuf,
    // Held open: closing it gives the lock back.
    file: File,
    // Not on a file system without locks.
    is_exclusive: bool,
}

impl Lock {
    /// Takes the right to change `path`, or what it links to. Directories that do not exist yet
    /// are made, for the user alone.
    pub(super) fn take(path: &Path) -> io::Result<Lock> {
        let target = files::follow(path)?;
        files::create_directory(files::directory_of(&target))?;
        let path = files::beside(&target, "lock")?;
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            if let Some((file, is_exclusive)) = try_lock(&path)? {
                return Ok(Lock { target, path, file, is_exclusive });
            }
            if Instant::now() >= deadline {
                let message = format!("another program has locked {}", path.display());
                return Err(io::Error::new(ErrorKind::TimedOut, message));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The file that is changed: no link.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Gives the file a new content, all of it or, on an error, nothing.
    pub(super) fn replace(&self, content: &[u8]) -> io::Result<()> {
        if self.is_exclusive {
            files::remove_leftovers(&self.target, &self.file);
        }
        files::replace(&self.target, Readers::User, |file| file.write_all(content))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only where a name can be removed while the file is open, and while it is still locked:
        // whoever waits for it then sees that the name is gone and starts anew.
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The lock if it is free. Not free is also one whose name its last holder has just removed.
fn try_lock(path: &Path) -> io::Result<Option<(File, bool)>> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let message = format!("{} exists and is not a lock file", path.display());
        return Err(io::Error::new(ErrorKind::AlreadyExists, message));
    }
    let file = files::writing(Readers::User).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some((file, true)).filter(|(file, _)| is_named(file, path))),
        Err(TryLockError::WouldBlock) => Ok(None),
        // A file system without locks: better to write than to refuse.
        Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {
            Ok(Some((file, false)))
        }
        Err(TryLockError::Error(e)) => Err(e),
    }
}

#[cfg(unix)]
fn is_named(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(named)) => id(ours) == id(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_named(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests;
