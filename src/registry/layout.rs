//! OCI image layouts on this machine: a directory or a tar archive, read like a repository.
//!
//! Source: the [image layout specification](https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
//! The names are skopeo's: `oci:DIR[:TAG]` and `oci-archive:FILE[:TAG]`. No request is made. Files
//! are as untrusted as a server: nothing outside of the layout is read, sizes have limits, and every
//! blob is checked against its digest.

mod archive;
mod directory;
mod referrers;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{Fetched, Head, RateLimit, Sink, Target};
use crate::error::Error;
use crate::oci::layout::{LayoutImage, LayoutKind, LayoutName};
use crate::oci::manifest::{AnyDigest, Content, Descriptor, Document, MAX_MANIFEST_BYTES, verify};
use crate::oci::reference::{Digest, Tag};
use crate::system::report::Reporter;
use crate::system::terminal::server_text;
use archive::Archive;
use directory::Directory;

/// The annotation that names an entry of `index.json`.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Why a file of a layout cannot be read.
#[derive(Debug)]
enum FileError {
    Missing,
    /// What is wrong with it, for people.
    Bad(String),
}

/// Where the files of a layout are.
enum Files {
    Directory(Directory),
    Archive(Archive),
}

/// A layout that was opened: its `index.json` was read and understood.
pub(crate) struct Layout {
    files: Files,
    /// `oci:DIR` or `oci-archive:FILE`, safe to print.
    path: String,
    /// The entries of `index.json`, in its order.
    entries: Vec<Descriptor>,
    reporter: Arc<Reporter>,
}

impl Layout {
    /// Opens a directory or an archive and reads its index.
    ///
    /// # Errors
    /// There is no such file; it is not a layout; its index is broken or larger than 8 MiB.
    pub(crate) fn open(name: &LayoutName, reporter: Arc<Reporter>) -> Result<Self, Error> {
        let path = server_text(&name.to_string());
        let opened = match name.kind {
            LayoutKind::Directory => Directory::open(&name.path).map(Files::Directory),
            LayoutKind::Archive => Archive::open(&name.path).map(Files::Archive),
        };
        let mut layout = match opened {
            Ok(files) => Layout { files, path, entries: Vec::new(), reporter },
            Err(FileError::Missing) => return Err(not_there(&path, name.kind)),
            Err(FileError::Bad(why)) => return Err(broken(&path, &why)),
        };
        layout.check_marker()?;
        let bytes = layout.file("index.json", MAX_MANIFEST_BYTES)?;
        let document = Document::parse(None, &bytes)
            .map_err(|why| broken(&layout.path, &format!("index.json: {why}")))?;
        let Content::Index(index) = document.content else {
            return Err(broken(&layout.path, "index.json is not an image index"));
        };
        layout.entries = index.manifests;
        Ok(layout)
    }

    /// The file `oci-layout` says that this is one, and which version.
    fn check_marker(&self) -> Result<(), Error> {
        let bytes = self.file("oci-layout", 4096)?;
        let value: serde_json::Value = serde_json::from_slice(&bytes)
            .map_err(|why| broken(&self.path, &format!("oci-layout: {why}")))?;
        match value.get("imageLayoutVersion").and_then(serde_json::Value::as_str) {
            Some(version) if version.starts_with("1.") => Ok(()),
            Some(version) => {
                let version = server_text(version);
                Err(broken(&self.path, &format!("layout version \"{version}\" is not supported")))
            }
            None => Err(broken(&self.path, "oci-layout has no imageLayoutVersion")),
        }
    }

    /// Passes the tags to `sink`, in the order of the index, each once. Images without a name are
    /// not listed; names that are not tags are left out with a warning.
    ///
    /// # Errors
    /// What `sink` returns.
    pub(crate) fn list(&self, sink: &mut dyn Sink) -> Result<(), Error> {
        let (mut seen, mut odd) = (HashSet::new(), 0);
        for name in self.entries.iter().filter_map(ref_name) {
            let tag = tag_of(name);
            if !Tag::is_valid(tag) {
                odd += 1;
            } else if seen.insert(tag) && sink.entry(tag)?.is_break() {
                return Ok(());
            }
        }
        if odd > 0 {
            self.reporter.warn(&format!("{}: skipped {odd} names that are not tags", self.path));
        }
        Ok(())
    }

    /// The only entry: what a name without a tag means, as for skopeo.
    ///
    /// # Errors
    /// No entry, or more than one.
    fn only(&self) -> Result<&Descriptor, Error> {
        match &self.entries[..] {
            [only] => Ok(only),
            [] => Err(broken(&self.path, "index.json lists no images")),
            several => Err(Error::usage(
                format!("{} holds {} images: choose one", self.path, several.len()),
                format!("to list them: docker tags ls {}", self.path),
            )),
        }
    }

    /// The entry of a tag: the one of exactly this name, else the one whose name is a reference
    /// with this tag.
    ///
    /// # Errors
    /// No entry of this name, or several that differ.
    fn named(&self, name: &str) -> Result<&Descriptor, Error> {
        let exact = |entry: &&Descriptor| ref_name(entry) == Some(name);
        let by_tag = |entry: &&Descriptor| ref_name(entry).is_some_and(|full| tag_of(full) == name);
        let mut found: Vec<&Descriptor> = self.entries.iter().filter(exact).collect();
        if found.is_empty() {
            found = self.entries.iter().filter(by_tag).collect();
        }
        match found.split_first() {
            None => Err(self.missing(&format!("tag \"{}\"", server_text(name)))),
            Some((first, rest)) if rest.iter().all(|other| other.digest == first.digest) => {
                Ok(first)
            }
            Some(_) => Err(broken(
                &self.path,
                &format!("index.json has several images named \"{}\"", server_text(name)),
            )),
        }
    }

    /// What an image of the layout is asked for by.
    ///
    /// # Errors
    /// As for [`Layout::named`]; no image was named, and there is not just one.
    pub(crate) fn target(&self, image: &LayoutImage) -> Result<Target, Error> {
        Ok(match image {
            LayoutImage::Digest(digest) => Target::Digest(digest.clone()),
            LayoutImage::Only => Target::Digest(self.supported(&self.only()?.digest)?.clone()),
            LayoutImage::Named(name) => match name.parse() {
                Ok(tag) => Target::Tag(tag),
                Err(_) => Target::Digest(self.supported(&self.named(name)?.digest)?.clone()),
            },
        })
    }

    /// What a tag or digest points to, without its bytes.
    ///
    /// # Errors
    /// As for [`Layout::manifest`].
    pub(crate) fn head(&self, target: &Target) -> Result<Head, Error> {
        // Without a request to save, the verified document is as cheap.
        let fetched = self.manifest(target)?;
        Ok(Head {
            size: u64::try_from(fetched.bytes.len()).ok(),
            media_type: fetched.document.media_type,
            digest: fetched.digest,
            rate_limit: RateLimit::default(),
        })
    }

    /// Reads and verifies a manifest or index.
    ///
    /// # Errors
    /// It is not in the layout; its bytes do not have the digest; it is not a manifest.
    pub(crate) fn manifest(&self, target: &Target) -> Result<Fetched, Error> {
        let digest = match target {
            Target::Digest(digest) => digest.clone(),
            Target::Tag(tag) => self.supported(&self.named(tag.as_str())?.digest)?.clone(),
        };
        let bytes = self.blob_bytes(&digest, MAX_MANIFEST_BYTES)?;
        let document = Document::parse(None, &bytes)
            .map_err(|why| broken(&self.path, &format!("{digest}: {why}")))?;
        Ok(Fetched { bytes, document, digest })
    }

    /// Reads and verifies a blob of at most `limit` bytes.
    ///
    /// # Errors
    /// As for [`Layout::manifest`]; another size than the descriptor says.
    pub(crate) fn blob(&self, descriptor: &Descriptor, limit: usize) -> Result<Vec<u8>, Error> {
        if let Some(bytes) = &descriptor.data {
            return Ok(bytes.clone());
        }
        let digest = self.supported(&descriptor.digest)?;
        let bytes = self.blob_bytes(digest, limit)?;
        match descriptor.size {
            Some(size) if u64::try_from(bytes.len()) != Ok(size) => {
                let count = bytes.len();
                let what = format!("blob {digest} has {count} bytes, but its manifest says {size}");
                Err(broken(&self.path, &what))
            }
            _ => Ok(bytes),
        }
    }

    fn blob_bytes(&self, digest: &Digest, limit: usize) -> Result<Vec<u8>, Error> {
        let path = format!("blobs/{}/{}", digest.algorithm(), digest.hex());
        let bytes = match self.files.read(&path, limit) {
            Ok(bytes) => bytes,
            Err(FileError::Missing) => return Err(self.missing(&format!("digest {digest}"))),
            Err(FileError::Bad(why)) => return Err(broken(&self.path, &format!("{path}: {why}"))),
        };
        verify(&bytes, digest).map_err(|mismatch| Error::WrongContent {
            object: format!("{}: {path}", self.path),
            expected: mismatch.expected.to_string(),
            computed: mismatch.computed.to_string(),
        })?;
        Ok(bytes)
    }

    fn file(&self, path: &str, limit: usize) -> Result<Vec<u8>, Error> {
        self.files.read(path, limit).map_err(|error| match error {
            FileError::Missing => broken(&self.path, &format!("{path} is missing")),
            FileError::Bad(why) => broken(&self.path, &format!("{path}: {why}")),
        })
    }

    fn supported<'a>(&self, digest: &'a AnyDigest) -> Result<&'a Digest, Error> {
        digest.supported().ok_or_else(|| {
            let text = server_text(digest.as_str());
            broken(&self.path, &format!("unsupported digest algorithm: \"{text}\""))
        })
    }

    fn missing(&self, object: &str) -> Error {
        Error::NotFoundIn {
            object: object.to_owned(),
            name: self.path.clone(),
            hint: format!("to list the available tags: docker tags ls {}", self.path),
        }
    }
}

impl Files {
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, FileError> {
        match self {
            Files::Directory(directory) => directory.read(path, limit),
            Files::Archive(archive) => archive.read(path, limit),
        }
    }
}

fn ref_name(entry: &Descriptor) -> Option<&str> {
    entry.annotations.get(REF_NAME).map(String::as_str).filter(|name| !name.is_empty())
}

/// The tag of a name: podman and others write whole references, most write the tag alone.
fn tag_of(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => tag,
        _ => name,
    }
}

/// Reads what may be `limit` bytes long, and says so when it is longer.
fn read_limited(from: impl Read, limit: usize) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    from.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

fn too_large(limit: usize) -> FileError {
    FileError::Bad(match limit >> 20 {
        0 => format!("larger than {limit} bytes"),
        mebibytes => format!("larger than {mebibytes} MiB"),
    })
}

fn unreadable(error: std::io::Error) -> FileError {
    match error.kind() {
        std::io::ErrorKind::NotFound => FileError::Missing,
        _ => FileError::Bad(error.to_string()),
    }
}

fn not_there(path: &str, kind: LayoutKind) -> Error {
    let what = match kind {
        LayoutKind::Directory => "directory",
        LayoutKind::Archive => "file",
    };
    Error::NotFound {
        object: format!("{what} \"{path}\""),
        hint: "oci:DIR[:TAG] takes a directory, oci-archive:FILE[:TAG] a tar archive".to_owned(),
    }
}

fn broken(path: &str, what: &str) -> Error {
    Error::Layout { path: path.to_owned(), what: what.to_owned() }
}

/// The parts of a path inside a layout.
fn parts(path: &str) -> Vec<&Path> {
    path.split('/').map(Path::new).collect()
}
