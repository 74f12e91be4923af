//! What a document is in words: image, plugin, chart, artifact.

use super::{Content, Document, Manifest, MediaType};

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A list of images for several platforms.
    Index,
    /// A container image.
    Image,
    /// A container image in Docker's schema 1.
    LegacyImage,
    /// A Docker plugin.
    Plugin,
    /// A Helm chart.
    HelmChart,
    /// Attestations of an image: provenance, SBOM.
    Attestation,
    /// A cosign signature.
    Signature,
    /// Any other artifact; its type, which may be empty.
    Artifact(String),
    /// A document of an unknown type; the type.
    Unknown(String),
}

impl Kind {
    /// What a document is.
    pub(crate) fn of(document: &Document) -> Self {
        match &document.content {
            Content::Index(_) => Kind::Index,
            Content::Image(manifest) => of_manifest(manifest),
            Content::Artifact(artifact) => {
                Kind::Artifact(artifact.artifact_type.clone().unwrap_or_default())
            }
            Content::Schema1(_) => Kind::LegacyImage,
            Content::Unknown => Kind::Unknown(document.media_type.as_str().to_owned()),
        }
    }

    /// A short name for people.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kind::Index => "multi-platform image",
            Kind::Image => "image",
            Kind::LegacyImage => "legacy schema 1 image",
            Kind::Plugin => "Docker plugin",
            Kind::HelmChart => "Helm chart",
            Kind::Attestation => "attestation",
            Kind::Signature => "cosign signature",
            Kind::Artifact(_) => "OCI artifact",
            Kind::Unknown(_) => "unknown document",
        }
    }
}

fn of_manifest(manifest: &Manifest) -> Kind {
    let layers_are = |media_type: MediaType| {
        let mut layers = manifest.layers.iter().peekable();
        layers.peek().is_some() && layers.all(|layer| layer.media_type == media_type)
    };
    match &manifest.config.media_type {
        MediaType::DockerPluginConfig => Kind::Plugin,
        MediaType::HelmConfig => Kind::HelmChart,
        _ if layers_are(MediaType::InToto) => Kind::Attestation,
        _ if layers_are(MediaType::CosignSignature) => Kind::Signature,
        config if config.is_image_config() => Kind::Image,
        config => {
            let stated = manifest.artifact_type.clone();
            Kind::Artifact(stated.unwrap_or_else(|| config.as_str().to_owned()))
        }
    }
}
