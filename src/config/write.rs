//! Putting the configuration on the disk so that nothing is ever lost.
//!
//! The new text goes into a fresh file beside the old one (created exclusively, mode 0600,
//! flushed to the disk), which then takes the old one's name in one step: whoever reads sees the
//! old text or the new one, and a full disk leaves the old one whole. A lock file makes writers
//! take turns. A symbolic link stays a link; its target is what is replaced.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A writer holds the lock for milliseconds; one that holds it longer hangs.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// The kernel's own limit on a chain of links.
const MAX_LINKS: usize = 40;

/// The sole right to change a file, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    target: PathBuf,
    path: PathBuf,
    // Held open: closing it gives the lock back.
    _file: File,
}

impl Lock {
    /// Takes the right to change `path`, or what it links to. Directories that do not exist yet
    /// are made, for the user alone.
    pub fn take(path: &Path) -> io::Result<Lock> {
        let target = follow(path)?;
        create_directory(directory_of(&target))?;
        let path = beside(&target, "lock")?;
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            if let Some(file) = try_lock(&path)? {
                return Ok(Lock { target, path, _file: file });
            }
            if Instant::now() >= deadline {
                let message = format!("another program holds {}", path.display());
                return Err(io::Error::new(ErrorKind::TimedOut, message));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The file that is changed: no link.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Gives the file a new content, all of it or, on an error, nothing.
    pub fn replace(&self, content: &[u8]) -> io::Result<()> {
        self.replace_with(|file| file.write_all(content))
    }

    fn replace_with(&self, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let (mut file, temporary) = create_temporary(&self.target)?;
        keep_owner(&file, &self.target)?;
        write(&mut file)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary.0, &self.target)?;
        // There is nothing left under that name to clean up.
        std::mem::forget(temporary);
        sync_directory(directory_of(&self.target));
        Ok(())
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

/// A file that is removed when writing it comes to nothing.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The lock if it is free. Not free is also one whose name its last holder has just removed.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let message = format!("{} is in the way", path.display());
        return Err(io::Error::new(ErrorKind::AlreadyExists, message));
    }
    let file = private().create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file).filter(|file| is_named(file, path))),
        Err(TryLockError::WouldBlock) => Ok(None),
        // A file system without locks: better to write than to refuse.
        Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => Ok(Some(file)),
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

/// Where a chain of links ends; the end need not exist.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(next) => {
                refuse_foreign_link(&path)?;
                path = directory_of(&path).join(next);
            }
            // Not a link, or nothing there.
            Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => {
                return Ok(path);
            }
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Anybody could have put a link into a directory that all may write to.
#[cfg(unix)]
fn refuse_foreign_link(link: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(directory_of(link))?.permissions().mode() & 0o002 == 0 {
        return Ok(());
    }
    let message = format!("{} is a link in a directory that others can write to", link.display());
    Err(io::Error::new(ErrorKind::PermissionDenied, message))
}

#[cfg(not(unix))]
fn refuse_foreign_link(_link: &Path) -> io::Result<()> {
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A hidden name in the file's directory: `config.toml` and `lock` make `.config.toml.lock`.
fn beside(target: &Path, suffix: &str) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| io::Error::other("not the path of a file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(suffix);
    Ok(directory_of(target).join(hidden))
}

fn create_temporary(target: &Path) -> io::Result<(File, Temporary)> {
    let mut tries = 0;
    loop {
        // Seeded by the system's randomness: the name cannot be guessed beforehand.
        let random = RandomState::new().build_hasher().finish();
        let path = beside(target, &format!("{random:016x}.tmp"))?;
        tries += 1;
        match private().create_new(true).open(&path) {
            Ok(file) => return Ok((file, Temporary(path))),
            Err(e) if e.kind() == ErrorKind::AlreadyExists && tries < 16 => {}
            Err(e) => return Err(e),
        }
    }
}

/// How our files are opened: for writing, and when new, for the user alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// A file that root edits for a user stays the user's; nobody else may take one over.
#[cfg(unix)]
fn keep_owner(file: &File, target: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let old = match fs::metadata(target) {
        Ok(old) => old,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    if file.metadata()?.uid() == old.uid() {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
        .map_err(|_| io::Error::new(ErrorKind::PermissionDenied, "it belongs to another user"))
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _target: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes the new name last through a crash, where the system can do that.
fn sync_directory(path: &Path) {
    if cfg!(unix)
        && let Ok(directory) = File::open(path)
    {
        let _ = directory.sync_all();
    }
}

#[cfg(test)]
mod tests;
