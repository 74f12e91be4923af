//! A layout in a tar archive (POSIX ustar, with the long names of GNU tar and pax), read in place.
//!
//! One pass over the headers notes where each file begins; blobs are then read from there. Only
//! what could be part of a layout is noted, so that the memory does not grow with the archive.
//! Written here, not taken from the crate `tar`: that one reads a long name or a pax header into
//! memory whatever its size, and follows what it finds.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Mutex;

use super::{FileError, read_limited, too_large, unreadable};
use crate::system::lock;

const BLOCK: u64 = 512;
/// The most headers that are read.
const MAX_HEADERS: usize = 1_000_000;
/// The most files that are noted.
const MAX_FILES: usize = 100_000;
/// The longest name, and the longest pax header, in bytes.
const MAX_EXTENSION: u64 = 64 * 1024;

/// Where a file of the archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Regular {
        offset: u64,
        size: u64,
    },
    /// A link, a device, a sparse file: nothing that a layout has.
    Special,
}

/// An archive whose headers were read.
pub(super) struct Archive {
    file: Mutex<File>,
    entries: HashMap<String, Entry>,
}

impl Archive {
    /// Reads the headers of an archive.
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let meta = std::fs::metadata(path).map_err(unreadable)?;
        if !meta.is_file() {
            let what = if meta.is_dir() {
                "a directory (oci: reads directories)"
            } else {
                "not a regular file"
            };
            return Err(FileError::Bad(what.to_owned()));
        }
        let file = File::open(path).map_err(unreadable)?;
        let entries = read_headers(&file, meta.len())?;
        Ok(Archive { file: Mutex::new(file), entries })
    }

    /// Reads a regular file of the archive.
    pub(super) fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, FileError> {
        match self.entries.get(path) {
            None => Err(FileError::Missing),
            Some(Entry::Special) => Err(FileError::Bad("not a regular file".to_owned())),
            Some(&Entry::Regular { offset, size }) => {
                if size > u64::try_from(limit).unwrap_or(u64::MAX) {
                    return Err(too_large(limit));
                }
                let mut file = lock(&self.file);
                file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
                let bytes = read_limited((&mut *file).take(size), limit)?;
                if u64::try_from(bytes.len()) != Ok(size) {
                    return Err(FileError::Bad("the archive is cut short".to_owned()));
                }
                Ok(bytes)
            }
        }
    }
}

/// What the header before a file may say about it.
#[derive(Default)]
struct Extension {
    name: Option<String>,
    size: Option<u64>,
}

fn read_headers(file: &File, length: u64) -> Result<HashMap<String, Entry>, FileError> {
    let mut reader = BufReader::with_capacity(4096, file);
    let mut entries = HashMap::new();
    let mut extension = Extension::default();
    let mut position = 0;
    for count in 0.. {
        if count > MAX_HEADERS {
            return Err(bad("too many files in the archive"));
        }
        let Some(header) = read_header(&mut reader, position, length)? else { break };
        let (size, kind) = (number(&header[124..136])?, header[156]);
        let data = position + BLOCK;
        match kind {
            b'L' => extension.name = Some(text(&extension_bytes(&mut reader, data, size)?)),
            b'x' => read_pax(&extension_bytes(&mut reader, data, size)?, &mut extension)?,
            // The target of a link, and what holds for the whole archive: not needed here.
            b'K' | b'g' => {}
            _ => {
                let found = std::mem::take(&mut extension);
                let name = found.name.unwrap_or_else(|| header_name(&header));
                let size = found.size.unwrap_or(size);
                note(&mut entries, &name, kind, data, size)?;
                position = after(data, size, length)?;
                continue;
            }
        }
        position = after(data, size, length)?;
    }
    Ok(entries)
}

/// The next header; `None` at the end of the archive.
fn read_header(
    reader: &mut BufReader<&File>,
    position: u64,
    length: u64,
) -> Result<Option<[u8; 512]>, FileError> {
    if position == length && position > 0 {
        return Ok(None);
    }
    if position + BLOCK > length {
        return Err(bad("not a tar archive, or cut short"));
    }
    let mut header = [0; 512];
    reader.seek(SeekFrom::Start(position)).map_err(unreadable)?;
    reader.read_exact(&mut header).map_err(unreadable)?;
    if header.iter().all(|&byte| byte == 0) {
        return Ok(None);
    }
    if position == 0 && header.starts_with(&[0x1f, 0x8b]) {
        return Err(bad("the archive is compressed: unpack it with gunzip first"));
    }
    // The checksum counts its own field as blanks.
    let sum: u64 = (0_usize..)
        .zip(header)
        .map(|(place, byte)| u64::from(if (148..156).contains(&place) { b' ' } else { byte }))
        .sum();
    if number(&header[148..156])? != sum {
        return Err(bad("not a tar archive: wrong checksum in a header"));
    }
    Ok(Some(header))
}

/// Where the next header is: data is padded to whole blocks.
fn after(data: u64, size: u64, length: u64) -> Result<u64, FileError> {
    let end = size.checked_next_multiple_of(BLOCK).and_then(|size| data.checked_add(size));
    // The padding behind the last file may be missing.
    match end {
        Some(end) if end <= length => Ok(end),
        Some(end) if end - length < BLOCK && data.saturating_add(size) <= length => Ok(length),
        _ => Err(bad("the archive is cut short")),
    }
}

fn note(
    entries: &mut HashMap<String, Entry>,
    name: &str,
    kind: u8,
    offset: u64,
    size: u64,
) -> Result<(), FileError> {
    let name = name.strip_prefix("./").unwrap_or(name);
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        let name = crate::system::terminal::server_text(name);
        return Err(bad(&format!("the archive names \"{name}\", which points outside of it")));
    }
    let is_layout = name == "index.json" || name == "oci-layout" || name.starts_with("blobs/");
    if !is_layout || kind == b'5' {
        return Ok(());
    }
    let entry = match kind {
        b'0' | 0 | b'7' => Entry::Regular { offset, size },
        _ => Entry::Special,
    };
    // The later file wins when an archive is unpacked; other readers take the first.
    if entries.insert(name.to_owned(), entry).is_some() && !name.starts_with("blobs/") {
        return Err(bad(&format!("the archive contains {name} twice")));
    }
    if entries.len() > MAX_FILES {
        return Err(bad("too many files in the archive"));
    }
    Ok(())
}

fn extension_bytes(
    reader: &mut BufReader<&File>,
    offset: u64,
    size: u64,
) -> Result<Vec<u8>, FileError> {
    if size > MAX_EXTENSION {
        return Err(bad("a name in the archive is too long"));
    }
    reader.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    reader.take(size).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// A pax header: records `LENGTH KEY=VALUE\n`.
fn read_pax(mut bytes: &[u8], extension: &mut Extension) -> Result<(), FileError> {
    let wrong = || bad("the archive contains an invalid pax header");
    while !bytes.is_empty() {
        let blank = bytes.iter().position(|&byte| byte == b' ').ok_or_else(wrong)?;
        let length: usize = text(&bytes[..blank]).parse().map_err(|_| wrong())?;
        if length <= blank + 1 || length > bytes.len() {
            return Err(wrong());
        }
        let record = text(&bytes[blank + 1..length]);
        let (key, value) = record.trim_end_matches('\n').split_once('=').ok_or_else(wrong)?;
        match key {
            "path" => extension.name = Some(value.to_owned()),
            "size" => extension.size = Some(value.parse().map_err(|_| wrong())?),
            key if key.starts_with("GNU.sparse.") => {
                return Err(bad("the archive has sparse files, which are not supported"));
            }
            _ => {}
        }
        bytes = &bytes[length..];
    }
    Ok(())
}

/// The name in the header itself: the prefix of ustar, and the name.
fn header_name(header: &[u8; 512]) -> String {
    let name = text(&header[..100]);
    let is_posix = &header[257..263] == b"ustar\0";
    match text(&header[345..500]) {
        prefix if is_posix && !prefix.is_empty() => format!("{prefix}/{name}"),
        _ => name,
    }
}

/// A field's text, up to its first NUL.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// A number: octal digits, or with the first bit set a binary one.
fn number(field: &[u8]) -> Result<u64, FileError> {
    let wrong = || bad("not a tar archive: a header contains an invalid number");
    if field[0] & 0x80 != 0 {
        let (high, low) = field.split_at(field.len() - 8);
        if high[0] != 0x80 || high[1..].iter().any(|&byte| byte != 0) {
            return Err(wrong());
        }
        return low.try_into().map(u64::from_be_bytes).map_err(|_| wrong());
    }
    let digits = text(field);
    match digits.trim() {
        "" => Ok(0),
        digits => u64::from_str_radix(digits, 8).map_err(|_| wrong()),
    }
}

fn bad(what: &str) -> FileError {
    FileError::Bad(what.to_owned())
}
