//! Writing files so that nothing is ever lost, and nothing of anybody else's.
//!
//! The new content goes into a fresh file beside the old one, created exclusively under a name that
//! cannot be guessed, flushed to the disk, which then takes the old one's name in one step: whoever
//! reads sees the old content or the new one, and a full disk leaves the old one whole. Whatever
//! ends the program meanwhile, the fresh file goes. Mode and owner stay. A symbolic link stays a
//! link and its target is replaced, but not where anybody could have put it.

mod read;

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::system::signals;
pub(crate) use read::{MAX_BYTES, open, read, read_all, read_or_stream};

/// The kernel's own limit on a chain of links.
const MAX_LINKS: usize = 40;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// The user alone, even if it was otherwise.
    User,
    /// Whoever could before; of a new file, whom the user's umask lets.
    AsBefore,
}

/// What the system says of a failure, as messages say it: no capital, and no number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    match error.raw_os_error() {
        Some(_) => text.to_lowercase(),
        None => text.to_owned(),
    }
}

/// Gives a file its content by `write`, all of it or, on an error, nothing. The path is taken as it
/// is: a link there is replaced (see [`follow`]).
///
/// # Errors
/// What `write` returns, and whatever keeps the file from being made; one for the user alone that
/// belongs to somebody else.
pub(crate) fn replace(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    place(path, |fresh| fill(fresh, path, readers, write)?.sync_all())?;
    sync_directory(directory_of(path));
    Ok(())
}

/// Like [`replace`] for the user alone, for what may be lost in a crash of the machine: nothing is
/// waited for.
///
/// # Errors
/// As for [`replace`].
pub(crate) fn replace_quickly(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    place(path, |fresh| fill(fresh, path, Readers::User, write).map(drop))
}

/// A fresh file with the access of the old one and its new content.
fn fill(
    fresh: &Path,
    old: &Path,
    readers: Readers,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<File> {
    let mut file = writing(readers).create_new(true).open(fresh)?;
    keep_access(&file, old, readers)?;
    write(&mut file)?;
    Ok(file)
}

/// Puts a symbolic link to `target` at `path`, in the place of what is there.
///
/// # Errors
/// Whatever keeps the link from being made.
#[cfg(unix)]
pub(crate) fn replace_with_link(path: &Path, target: &Path) -> io::Result<()> {
    place(path, |fresh| std::os::unix::fs::symlink(target, fresh))
}

/// Makes something under a fresh name and gives it the name that it is for.
fn place(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    // Seeded by the system's randomness: the name cannot be guessed beforehand.
    let random = RandomState::new().build_hasher().finish();
    let fresh = beside(path, &format!("{random:016x}.tmp"))?;
    let leftover = fresh.clone();
    // Once it has its name, there is nothing left to remove.
    let _undoing = signals::before_exit(move || drop(fs::remove_file(&leftover)));
    make(&fresh)?;
    fs::rename(&fresh, path)
}

/// Removes what writers of this file left who were killed: their fresh files, which may hold secrets.
/// Nobody may be writing meanwhile: the caller holds a lock. Files of strangers stay.
pub(crate) fn remove_leftovers(target: &Path, lock: &File) {
    let Ok(entries) = fs::read_dir(directory_of(target)) else { return };
    let Ok(start) = beside(target, "") else { return };
    let start = start.file_name().unwrap_or_default().as_encoded_bytes();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let digits = name.as_encoded_bytes().strip_prefix(start);
        let digits = digits.and_then(|rest| rest.strip_suffix(b".tmp"));
        let is_fresh = digits.is_some_and(|d| d.len() == 16 && d.iter().all(u8::is_ascii_hexdigit));
        if is_fresh
            && entry.metadata().is_ok_and(|found| found.is_file() && is_ours(&found, target, lock))
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a file belongs to this user, or to the owner of the one that is written.
#[cfg(unix)]
fn is_ours(found: &fs::Metadata, target: &Path, lock: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    [lock.metadata(), fs::metadata(target)].into_iter().flatten().any(|m| m.uid() == found.uid())
}

#[cfg(not(unix))]
fn is_ours(_found: &fs::Metadata, _target: &Path, _lock: &File) -> bool {
    true
}

/// Where a chain of links ends; the end need not exist.
///
/// # Errors
/// A chain without an end, and a link in a directory that others may write to.
pub(crate) fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                refuse_foreign_link(&path)?;
                path = directory_of(&path).join(fs::read_link(&path)?);
            }
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Anybody could have put a link into a directory that all may write to.
#[cfg(unix)]
fn refuse_foreign_link(link: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory_of(link);
    if fs::metadata(directory)?.permissions().mode() & 0o002 == 0 {
        return Ok(());
    }
    let directory = directory.display();
    let message =
        format!("links in {directory} are not followed because other users can write there");
    Err(io::Error::new(ErrorKind::PermissionDenied, message))
}

#[cfg(not(unix))]
fn refuse_foreign_link(_link: &Path) -> io::Result<()> {
    Ok(())
}

/// The directory that a file is in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A hidden name in the file's directory: `config.toml` and `lock` make `.config.toml.lock`.
pub(crate) fn beside(target: &Path, suffix: &str) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| io::Error::other("not the path of a file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(suffix);
    Ok(directory_of(target).join(hidden))
}

/// How files are opened: for writing, and when new, for their readers.
pub(crate) fn writing(readers: Readers) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    if readers == Readers::User {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    options
}

/// Makes a directory and those above it, for the user alone.
///
/// # Errors
/// What keeps it from being made.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Gives a fresh file the owner of the old one and, where that may be, its mode. A file that root
/// edits for a user stays the user's; nobody else may take over one that is somebody's alone.
#[cfg(unix)]
fn keep_access(fresh: &File, path: &Path, readers: Readers) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let old = match fs::symlink_metadata(path) {
        Ok(old) if old.is_file() => old,
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    if readers == Readers::AsBefore {
        fresh.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))?;
    }
    if fresh.metadata()?.uid() == old.uid() {
        return Ok(());
    }
    match fchown(fresh, Some(old.uid()), Some(old.gid())) {
        Err(_) if readers == Readers::User => {
            Err(io::Error::new(ErrorKind::PermissionDenied, "it belongs to another user"))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn keep_access(_fresh: &File, _path: &Path, _readers: Readers) -> io::Result<()> {
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
