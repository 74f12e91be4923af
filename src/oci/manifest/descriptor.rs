//! Descriptors: how one document of a registry points to another.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::Json;
use super::{ManifestError, MediaType, verify};
use crate::oci::platform::Platform;
use crate::oci::reference::Digest;

/// The annotation by which BuildKit says what an entry of an index is.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
/// The annotation by which BuildKit says which image an attestation is of.
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

/// A digest as a document states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyDigest {
    /// A digest that can be fetched and checked.
    Supported(Digest),
    /// Any other text: shown, never used in a URL.
    Unsupported(String),
}

impl AnyDigest {
    /// The text as it is in the document.
    pub fn as_str(&self) -> &str {
        match self {
            AnyDigest::Supported(digest) => digest.as_str(),
            AnyDigest::Unsupported(text) => text,
        }
    }

    /// The digest, when it is one that can be fetched and checked.
    pub fn supported(&self) -> Option<&Digest> {
        match self {
            AnyDigest::Supported(digest) => Some(digest),
            AnyDigest::Unsupported(_) => None,
        }
    }
}

impl From<&str> for AnyDigest {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(digest) => AnyDigest::Supported(digest),
            Err(_) => AnyDigest::Unsupported(text.to_owned()),
        }
    }
}

impl fmt::Display for AnyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A pointer to a blob or manifest.
///
/// Its `urls` member, if any, is left out on purpose: such addresses are never contacted
/// (CVE-2020-15157).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// What the bytes are said to be.
    pub media_type: MediaType,
    /// The digest of the bytes.
    pub digest: AnyDigest,
    /// The number of bytes; `None` when the document gives no sensible one.
    pub size: Option<u64>,
    /// The platform, in the entries of an index.
    pub platform: Option<Platform>,
    /// Annotations, sorted by key.
    pub annotations: BTreeMap<String, String>,
    /// The artifact type that an index repeats from the manifest.
    pub artifact_type: Option<String>,
    /// The bytes themselves, when the document carries them and they have the right digest and size.
    pub data: Option<Vec<u8>>,
}

/// What an entry of an index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An image of a platform, or of none that the index states.
    Image,
    /// Attestations (provenance, SBOM) of another entry.
    Attestation {
        /// The digest of the image; `None` when the entry names none.
        of: Option<Digest>,
    },
    /// An entry whose platform is `unknown/unknown`.
    Unknown,
}

impl Descriptor {
    /// What this entry of an index is.
    pub fn entry(&self) -> Entry {
        if self.annotations.get(REFERENCE_TYPE).is_some_and(|kind| kind == "attestation-manifest") {
            let of = self.annotations.get(REFERENCE_DIGEST).and_then(|text| text.parse().ok());
            return Entry::Attestation { of };
        }
        match &self.platform {
            Some(platform) if platform.is_unknown() => Entry::Unknown,
            _ => Entry::Image,
        }
    }

    /// Reads a descriptor. `name` is how the document calls it.
    pub(super) fn parse(json: &Json, name: &'static str) -> Result<Self, ManifestError> {
        if !json.is_object() {
            return Err(ManifestError::Malformed(name));
        }
        let text = |member| json.get(member).map(|json| json.and_then(Json::text));
        let digest = AnyDigest::from(text("digest")?.ok_or(ManifestError::Malformed(name))?);
        let size = json.get("size")?.and_then(Json::integer);
        let data = text("data")?.and_then(|data| inline(data, &digest, size));
        Ok(Descriptor {
            media_type: MediaType::from(text("mediaType")?.unwrap_or_default()),
            platform: json.get("platform")?.map(platform).transpose()?.flatten(),
            annotations: annotations(json)?,
            artifact_type: text("artifactType")?.map(str::to_owned),
            digest,
            size,
            data,
        })
    }
}

/// The annotations of a document or descriptor.
pub(super) fn annotations(json: &Json) -> Result<BTreeMap<String, String>, ManifestError> {
    Ok(json.get("annotations")?.and_then(Json::text_map).unwrap_or_default())
}

/// Inline bytes, if they are what the descriptor promises.
fn inline(data: &str, digest: &AnyDigest, size: Option<u64>) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(data).ok()?;
    let right_size = size.is_none_or(|size| u64::try_from(bytes.len()) == Ok(size));
    (right_size && verify(&bytes, digest.supported()?).is_ok()).then_some(bytes)
}

/// A platform; `None` when it names neither an operating system nor an architecture.
fn platform(json: &Json) -> Result<Option<Platform>, ManifestError> {
    let text = |member| {
        json.get(member).map(|json| json.and_then(Json::text).unwrap_or_default().to_owned())
    };
    let platform = Platform {
        os: text("os")?,
        architecture: text("architecture")?,
        variant: text("variant")?,
        os_version: text("os.version")?,
        os_features: json.get("os.features")?.and_then(Json::texts).unwrap_or_default(),
    };
    Ok((!platform.os.is_empty() || !platform.architecture.is_empty()).then_some(platform))
}
