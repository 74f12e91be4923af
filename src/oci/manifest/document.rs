//! What a registry answers to `GET /v2/…/manifests/…`: finding out which document it is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::descriptor::annotations;
use super::json::Json;
use super::{
    Algorithm, Descriptor, Entry, MAX_ENTRIES, MAX_MANIFEST_BYTES, ManifestError, MediaType,
    Mismatch, Schema1, content_digest, schema1_payload, verify,
};
use crate::oci::platform::{self, Platform, Selection};
use crate::oci::reference::Digest;

/// A manifest or index, understood as far as its type is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The type: what the header and the document agree on, else what the members suggest.
    pub media_type: MediaType,
    /// What is inside.
    pub content: Content,
}

/// The inside of a [`Document`].
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// An OCI index or Docker manifest list.
    Index(Index),
    /// An OCI or Docker schema 2 manifest: an image, a plugin, an artifact.
    Image(Box<Manifest>),
    /// An OCI artifact manifest.
    Artifact(Artifact),
    /// A Docker schema 1 manifest.
    Schema1(Schema1),
    /// A JSON document of a type that this program does not know.
    Unknown,
}

/// A list of manifests, mostly one for each platform.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// The entries, in the order of the document.
    pub manifests: Vec<Descriptor>,
    /// Annotations, sorted by key.
    pub annotations: BTreeMap<String, String>,
    /// The type of the artifact, when the index is one.
    pub artifact_type: Option<String>,
    /// The document that this one refers to.
    pub subject: Option<Descriptor>,
}

/// A manifest with config and layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The config blob.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
    /// Annotations, sorted by key.
    pub annotations: BTreeMap<String, String>,
    /// The type of the artifact, when the manifest states one.
    pub artifact_type: Option<String>,
    /// The document that this one refers to.
    pub subject: Option<Descriptor>,
}

/// An OCI artifact manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// The blobs.
    pub blobs: Vec<Descriptor>,
    /// Annotations, sorted by key.
    pub annotations: BTreeMap<String, String>,
    /// The type of the artifact.
    pub artifact_type: Option<String>,
    /// The document that this one refers to.
    pub subject: Option<Descriptor>,
}

impl Manifest {
    /// The bytes that a pull takes: config and layers. `None` when a size is unknown.
    pub fn size(&self) -> Option<u64> {
        let mut blobs = std::iter::once(&self.config).chain(&self.layers);
        blobs.try_fold(0_u64, |sum, blob| Some(sum.saturating_add(blob.size?)))
    }
}

impl Index {
    /// Chooses the entry for a platform, see [`platform::select`]. Attestations are never chosen;
    /// an `unknown/unknown` entry is when it is the only other one.
    pub fn select(&self, wanted: &Platform) -> Selection {
        let attestation = |entry: &Descriptor| matches!(entry.entry(), Entry::Attestation { .. });
        let (positions, platforms): (Vec<usize>, Vec<Option<&Platform>>) = self
            .manifests
            .iter()
            .enumerate()
            .filter(|(_, entry)| !attestation(entry))
            .map(|(position, entry)| (position, entry.platform.as_ref()))
            .unzip();
        match platform::select(&platforms, wanted) {
            Selection::Found { index, exact } => {
                Selection::Found { index: positions[index], exact }
            }
            Selection::Ambiguous(indexes) => {
                Selection::Ambiguous(indexes.into_iter().map(|index| positions[index]).collect())
            }
            Selection::None => Selection::None,
        }
    }
}

impl Document {
    /// Reads a manifest or index.
    ///
    /// `content_type` is the header's value. The document must be a JSON object of at most
    /// [`MAX_MANIFEST_BYTES`]; one that could be read in two ways is refused, one of an unknown type
    /// is [`Content::Unknown`].
    pub fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge);
        }
        let body = Json::parse(bytes)?;
        if !body.is_object() {
            return Err(ManifestError::NotObject);
        }
        let media_type = detect(content_type, &body)?;
        check_family(&media_type, &body)?;
        let content = match &media_type {
            known if known.is_index() => Content::Index(Index {
                manifests: descriptors(&body, "manifests")?,
                annotations: annotations(&body)?,
                artifact_type: artifact_type(&body)?,
                subject: descriptor(&body, "subject")?,
            }),
            known if known.is_image_manifest() => Content::Image(Box::new(Manifest {
                config: descriptor(&body, "config")?.ok_or(ManifestError::Malformed("config"))?,
                layers: descriptors(&body, "layers")?,
                annotations: annotations(&body)?,
                artifact_type: artifact_type(&body)?,
                subject: descriptor(&body, "subject")?,
            })),
            MediaType::OciArtifactManifest => Content::Artifact(Artifact {
                blobs: descriptors(&body, "blobs")?,
                annotations: annotations(&body)?,
                artifact_type: artifact_type(&body)?,
                subject: descriptor(&body, "subject")?,
            }),
            known if known.is_schema1() => Content::Schema1(Schema1::parse(&body, bytes)?),
            _ => Content::Unknown,
        };
        Ok(Document { media_type, content })
    }

    /// The bytes that the digest is made of. `bytes` are those that were parsed.
    ///
    /// These are all of them, but for a signed schema 1 manifest, see [`schema1_payload`].
    pub fn digested<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, ManifestError> {
        match &self.content {
            Content::Schema1(manifest) if manifest.signed => schema1_payload(bytes).map(Cow::Owned),
            _ => Ok(Cow::Borrowed(bytes)),
        }
    }

    /// The content digest of the document. `bytes` are those that were parsed.
    pub fn digest(&self, bytes: &[u8], algorithm: Algorithm) -> Result<Digest, ManifestError> {
        Ok(content_digest(&self.digested(bytes)?, algorithm))
    }

    /// Checks the document against a digest. `bytes` are those that were parsed; what cannot be
    /// digested as its type asks is hashed as it is, and so fails.
    pub fn verify(&self, bytes: &[u8], expected: &Digest) -> Result<(), Mismatch> {
        match self.digested(bytes) {
            Ok(digested) => verify(&digested, expected),
            Err(_) => verify(bytes, expected),
        }
    }
}

/// The document's type, from the header, its `mediaType` member, or its other members.
fn detect(content_type: Option<&str>, body: &Json) -> Result<MediaType, ManifestError> {
    let header = content_type.map(MediaType::normalized).filter(|header| !header.is_generic());
    let stated = match body.get("mediaType")? {
        Some(json) => {
            let text = json.text().ok_or(ManifestError::Malformed("mediaType"))?;
            Some(MediaType::normalized(text)).filter(|stated| !stated.as_str().is_empty())
        }
        None => None,
    };
    match (header, stated) {
        (Some(header), Some(stated)) if header != stated => Err(ManifestError::TypeMismatch {
            header: header.as_str().to_owned(),
            body: stated.as_str().to_owned(),
        }),
        (Some(known), _) | (None, Some(known)) => Ok(known),
        (None, None) => guess(body),
    }
}

/// The type of a document that states none.
fn guess(body: &Json) -> Result<MediaType, ManifestError> {
    let has = |member| body.get(member).map(|json| json.is_some());
    Ok(if body.get("schemaVersion")?.and_then(Json::integer) == Some(1) {
        if has("signatures")? { MediaType::Schema1Signed } else { MediaType::Schema1 }
    } else if has("manifests")? {
        MediaType::OciIndex
    } else if has("config")? && has("layers")? {
        MediaType::OciManifest
    } else {
        MediaType::Other("unknown".to_owned())
    })
}

/// The members that only one family of documents may have: index, manifest, schema 1.
const FAMILIES: [&[&str]; 3] = [&["manifests"], &["config", "layers"], &["fsLayers", "history"]];

/// Refuses a document that has members of another family than its own.
fn check_family(media_type: &MediaType, body: &Json) -> Result<(), ManifestError> {
    let own = match media_type {
        known if known.is_index() => Some(0),
        known if known.is_image_manifest() => Some(1),
        known if known.is_schema1() => Some(2),
        _ => None,
    };
    let mut seen: Option<(usize, &str)> = None;
    for (family, members) in FAMILIES.iter().enumerate() {
        for &member in *members {
            if body.get(member)?.is_none() {
                continue;
            }
            if own.is_some_and(|own| own != family) {
                let what = format!("{media_type} with {member:?}");
                return Err(ManifestError::Ambiguous(what));
            }
            match seen {
                Some((other, name)) if other != family => {
                    let what = format!("{name:?} and {member:?} in one document");
                    return Err(ManifestError::Ambiguous(what));
                }
                _ => seen = Some((family, member)),
            }
        }
    }
    Ok(())
}

fn artifact_type(body: &Json) -> Result<Option<String>, ManifestError> {
    let text = body.get("artifactType")?.and_then(Json::text);
    Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
}

fn descriptor(body: &Json, name: &'static str) -> Result<Option<Descriptor>, ManifestError> {
    body.get(name)?.map(|json| Descriptor::parse(json, name)).transpose()
}

fn descriptors(body: &Json, name: &'static str) -> Result<Vec<Descriptor>, ManifestError> {
    entries(body, name)?.iter().map(|json| Descriptor::parse(json, name)).collect()
}

/// A list of the document; a missing one is empty.
pub(super) fn entries<'a>(body: &'a Json, name: &'static str) -> Result<&'a [Json], ManifestError> {
    let Some(json) = body.get(name)? else { return Ok(&[]) };
    let list = json.list().ok_or(ManifestError::Malformed(name))?;
    if list.len() > MAX_ENTRIES {
        return Err(ManifestError::TooManyEntries(name));
    }
    Ok(list)
}
