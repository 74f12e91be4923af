//! Documents that are about another document: signatures, SBOMs, attestations.

use std::collections::BTreeMap;

use super::{Content, Descriptor, Document, Manifest, MediaType};

impl Document {
    /// The document that this one refers to.
    pub(crate) fn subject(&self) -> Option<&Descriptor> {
        match &self.content {
            Content::Index(index) => index.subject.as_ref(),
            Content::Image(manifest) => manifest.subject.as_ref(),
            Content::Artifact(artifact) => artifact.subject.as_ref(),
            Content::Schema1(_) | Content::Unknown => None,
        }
    }

    /// Its annotations.
    pub(crate) fn annotations(&self) -> Option<&BTreeMap<String, String>> {
        match &self.content {
            Content::Index(index) => Some(&index.annotations),
            Content::Image(manifest) => Some(&manifest.annotations),
            Content::Artifact(artifact) => Some(&artifact.annotations),
            Content::Schema1(_) | Content::Unknown => None,
        }
    }

    /// The blobs with the artifact's content.
    pub(crate) fn blobs(&self) -> &[Descriptor] {
        match &self.content {
            Content::Image(manifest) => &manifest.layers,
            Content::Artifact(artifact) => &artifact.blobs,
            Content::Index(_) | Content::Schema1(_) | Content::Unknown => &[],
        }
    }

    /// The type of the artifact: the stated one, else the config's media type, else that of the
    /// first layer. The config of cosign's and BuildKit's artifacts is an image's, or empty.
    pub(crate) fn artifact_type(&self) -> Option<String> {
        match &self.content {
            Content::Index(index) => index.artifact_type.clone(),
            Content::Image(manifest) => Some(of_manifest(manifest)),
            Content::Artifact(artifact) => artifact.artifact_type.clone(),
            Content::Schema1(_) | Content::Unknown => None,
        }
    }
}

fn of_manifest(manifest: &Manifest) -> String {
    let stated = manifest.artifact_type.as_deref().filter(|text| says_something(text));
    let config = Some(manifest.config.media_type.as_str()).filter(|text| says_something(text));
    let layer = || manifest.layers.first().map(|layer| layer.media_type.as_str());
    let known = stated.or(config).or_else(layer).filter(|text| !text.is_empty());
    known.unwrap_or(manifest.config.media_type.as_str()).to_owned()
}

/// Whether an artifact's type is one: some clients write the config's type into it, whatever that
/// is.
pub(crate) fn says_something(artifact_type: &str) -> bool {
    let media_type = MediaType::from(artifact_type);
    let is_config = media_type.is_image_config() || media_type == MediaType::OciEmpty;
    let is_manifest = media_type.is_index() || media_type.is_image_manifest();
    !(artifact_type.is_empty() || is_config || is_manifest || media_type.is_generic())
}
