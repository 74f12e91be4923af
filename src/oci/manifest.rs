//! The documents that a registry keeps for an image: indexes, manifests and configs.
//!
//! Everything here is worked out from bytes alone, without I/O, so that it can be tested on bytes
//! alone. The formats are those of the
//! [OCI image specification](https://github.com/opencontainers/image-spec) and of Docker's registry
//! before it (manifest list, schema 2, schema 1). The bytes come from a server and are distrusted:
//! sizes, nesting and numbers of entries are limited, a document that two readers could understand
//! in two ways is refused, and a document of an unknown kind is described.

mod artifact;
mod config;
mod created;
mod descriptor;
mod digest;
mod document;
mod inspect;
mod json;
mod kind;
mod media_type;
mod schema1;

pub(crate) use artifact::says_something;
pub(crate) use config::History;
pub use config::ImageConfig;
pub(crate) use created::Created;
pub(crate) use descriptor::{AnyDigest, Descriptor, Entry};
pub use digest::Algorithm;
pub(crate) use digest::{Mismatch, content_digest, verify};
pub use document::{Content, Document};
pub(crate) use document::{Index, Manifest};
pub(crate) use inspect::Inspect;
pub(crate) use json::without_huge_numbers;
pub(crate) use kind::Kind;
pub(crate) use media_type::{ACCEPT_MANIFESTS, MediaType};
pub(crate) use schema1::Schema1;
pub use schema1::schema1_payload;

use std::fmt;

/// The most bytes that a manifest or index may have. Registries store 4 MiB at least.
pub(crate) const MAX_MANIFEST_BYTES: usize = 8 << 20;
/// The most bytes that a config blob may have.
pub(crate) const MAX_CONFIG_BYTES: usize = 8 << 20;
/// The most entries in one list of a document: manifests, layers, blobs, history.
pub(crate) const MAX_ENTRIES: usize = 10_000;
/// How deep indexes may point to indexes; the first one counts.
pub(crate) const MAX_INDEX_DEPTH: usize = 3;

/// Why bytes are not taken as a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestError {
    /// More bytes than [`MAX_MANIFEST_BYTES`].
    TooLarge,
    /// Not JSON, nested too deeply, or far too many values; the JSON parser's reason.
    NotJson(String),
    /// JSON, but not an object.
    NotObject,
    /// The Content-Type header and the document's own `mediaType` differ.
    TypeMismatch {
        /// What the header says.
        header: String,
        /// What the document says.
        body: String,
    },
    /// The document can be read in two ways; what makes it so.
    Ambiguous(String),
    /// One list has more than [`MAX_ENTRIES`] entries; the list's name.
    TooManyEntries(&'static str),
    /// A member that the document's type needs is missing or of the wrong type; the member's name.
    Malformed(&'static str),
    /// The signatures of a signed schema 1 manifest do not say which bytes were signed.
    Signature(&'static str),
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ManifestError::TooLarge => {
                write!(f, "manifest is larger than {} MiB", MAX_MANIFEST_BYTES >> 20)
            }
            ManifestError::NotJson(reason) => write!(f, "manifest is not valid JSON: {reason}"),
            ManifestError::NotObject => write!(f, "manifest is not a JSON object"),
            ManifestError::TypeMismatch { header, body } => write!(
                f,
                "manifest is ambiguous: Content-Type says {header:?}, the document says {body:?}"
            ),
            ManifestError::Ambiguous(what) => write!(f, "manifest is ambiguous: {what}"),
            ManifestError::TooManyEntries(list) => {
                write!(f, "manifest has more than {MAX_ENTRIES} {list}")
            }
            ManifestError::Malformed(member) => {
                write!(f, "manifest is malformed: {member:?} is missing or of the wrong type")
            }
            ManifestError::Signature(reason) => {
                write!(f, "signed schema 1 manifest is malformed: {reason}")
            }
        }
    }
}

impl std::error::Error for ManifestError {}

#[cfg(test)]
mod tests;
