//! Reading files that somebody names: certificates, passwords, configurations.
//!
//! Only regular files of a bounded size are read. A FIFO, a device or a directory is an error at
//! once, whoever put it there: opening never waits for a writer, and no endless device fills the
//! memory.

use crate::system::lock;
use std::collections::HashMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The largest file that is read by name, in bytes.
pub(crate) const MAX_BYTES: u64 = 8 << 20;

/// Opens a regular file for reading.
///
/// # Errors
/// What keeps it from being opened; that it is not a regular file.
pub(crate) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "is a directory"));
    }
    if !metadata.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "is not a regular file"));
    }
    Ok((file, metadata))
}

/// The content of a regular file of at most [`MAX_BYTES`].
///
/// # Errors
/// As for [`open`]; a file that is larger.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_all(open(path)?.0, MAX_BYTES)
}

/// Like [`read`], and the process's own streams, too: `/dev/stdin`, and what a shell's `<(…)` is. They
/// give their content once; it is kept for whoever asks again.
///
/// # Errors
/// As for [`read`].
pub(crate) fn read_or_stream(path: &Path) -> io::Result<Vec<u8>> {
    static STREAMS: Mutex<Option<HashMap<PathBuf, Vec<u8>>>> = Mutex::new(None);
    if !is_stream(path) {
        return read(path);
    }
    let mut streams = lock(&STREAMS);
    let streams = streams.get_or_insert_default();
    if let Some(bytes) = streams.get(path) {
        return Ok(bytes.clone());
    }
    let bytes = read_all(File::open(path)?, MAX_BYTES)?;
    streams.insert(path.to_owned(), bytes.clone());
    Ok(bytes)
}

/// Reads to the end, up to a limit in bytes.
///
/// # Errors
/// What reading meets; more than the limit.
pub(crate) fn read_all(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("is larger than {} MiB", limit >> 20);
        return Err(io::Error::new(ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

fn is_stream(path: &Path) -> bool {
    cfg!(unix)
        && path.to_str().is_some_and(|path| {
            let number = ["/dev/fd/", "/proc/self/fd/"].iter().find_map(|p| path.strip_prefix(p));
            path == "/dev/stdin"
                || number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn streams_are_known_by_their_names() {
        for path in ["/dev/stdin", "/dev/fd/63", "/proc/self/fd/0"] {
            assert!(is_stream(Path::new(path)), "{path}");
        }
        for path in ["/dev/fd/", "/dev/fd/../null", "/dev/null", "dev/stdin", "/proc/1/fd/0", ""] {
            assert!(!is_stream(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn only_regular_files_are_read() {
        let directory =
            std::env::temp_dir().join(format!("docker-tags-read-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let fifo = directory.join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let exact = directory.join("exact");
        std::fs::write(&exact, vec![b'x'; MAX_BYTES as usize]).unwrap();
        let large = directory.join("large");
        std::fs::write(&large, vec![b'x'; MAX_BYTES as usize + 1]).unwrap();
        let error = |path: &Path| read(path).unwrap_err().to_string();
        let found = [error(&fifo), error(&directory), error(Path::new("/dev/zero")), error(&large)];
        let length = read(&exact).unwrap().len();
        let missing = read(&directory.join("none")).unwrap_err().kind();
        std::fs::remove_dir_all(&directory).unwrap();
        let special = "is not a regular file";
        assert_eq!(found, [special, "is a directory", special, "is larger than 8 MiB"]);
        assert_eq!((length, missing), (MAX_BYTES as usize, ErrorKind::NotFound));
    }
}
