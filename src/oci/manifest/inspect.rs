//! The summary of an image that `skopeo inspect` prints, key for key and in its order.
//!
//! `Tag` is there for schema 1 images only and `Variant` only when the config has one (skopeo itself
//! reads the variant and does not print it); `LayersData` is there since the skopeo that followed 1.9. Missing
//! lists and maps are `null`, the way Go writes them. For what is not an image, where skopeo fails, the result is
//! a summary with the members that can be known.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Content, Created, Descriptor, Document, ImageConfig, MediaType, Schema1};
use crate::oci::reference::Digest;

/// What Docker's configs mean when they give no time: Go's zero time.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// The summary of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Inspect {
    /// Registry and repository, in full.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The tag inside a schema 1 manifest.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// The digest of what the reference points to: of the index, for a multi-platform image.
    pub digest: String,
    /// All tags of the repository, when they were asked for.
    pub repo_tags: Vec<String>,
    /// When the image was made, RFC 3339.
    pub created: Option<String>,
    /// The version of Docker that made the image.
    pub docker_version: String,
    /// Labels, sorted by key.
    pub labels: Option<BTreeMap<String, String>>,
    /// The architecture.
    pub architecture: String,
    /// The architecture's variant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// The operating system.
    pub os: String,
    /// The layers' digests, lowest first.
    pub layers: Vec<String>,
    /// The layers with what the manifest says of each.
    pub layers_data: Vec<LayerData>,
    /// Environment, as `NAME=value`.
    pub env: Option<Vec<String>>,
}

/// One layer of an [`Inspect`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LayerData {
    /// The media type; empty when unknown.
    #[serde(rename = "MIMEType")]
    pub mime_type: String,
    /// The digest.
    pub digest: String,
    /// Compressed bytes; -1 when unknown.
    pub size: i64,
    /// Annotations, sorted by key.
    pub annotations: Option<BTreeMap<String, String>>,
}

impl Inspect {
    /// Puts the summary together.
    ///
    /// `digest` is that of the reference, `document` the image's own manifest (of an index nothing
    /// but name and digest can be told), `config` its config where it could be read; the config of a
    /// schema 1 manifest is found in the manifest itself.
    pub(crate) fn new(
        name: &str,
        digest: &Digest,
        document: &Document,
        config: Option<&ImageConfig>,
        repo_tags: Vec<String>,
    ) -> Self {
        let own_config = match &document.content {
            Content::Schema1(manifest) => manifest.config(),
            _ => None,
        };
        let config = own_config.or_else(|| config.cloned()).unwrap_or_default();
        let layers_data = layers(document);
        Inspect {
            name: name.to_owned(),
            tag: match &document.content {
                Content::Schema1(manifest) => manifest.tag.clone(),
                _ => String::new(),
            },
            digest: digest.as_str().to_owned(),
            repo_tags,
            created: created(document, config.created.as_ref()),
            docker_version: config.docker_version,
            labels: config.config.labels,
            architecture: config.architecture,
            variant: config.variant,
            os: config.os,
            layers: layers_data.iter().map(|layer| layer.digest.clone()).collect(),
            layers_data,
            env: config.config.env,
        }
    }

    /// The document as skopeo prints it: four spaces, Go's escapes, a final newline.
    pub(crate) fn to_json(&self) -> String {
        let mut bytes = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        self.serialize(&mut serializer).expect("texts and numbers can be written to memory");
        let mut json = String::from_utf8(bytes).expect("JSON is UTF-8");
        // None of these can appear outside a string. Go escapes them for use within HTML.
        for (plain, escape) in [
            ("<", "\\u003c"),
            (">", "\\u003e"),
            ("&", "\\u0026"),
            ("\u{2028}", "\\u2028"),
            ("\u{2029}", "\\u2029"),
        ] {
            json = json.replace(plain, escape);
        }
        json.push('\n');
        json
    }
}

/// The time as skopeo has it: where there is none, null, but for Docker's own formats zero.
fn created(document: &Document, created: Option<&Created>) -> Option<String> {
    let docker =
        document.media_type == MediaType::DockerManifest || document.media_type.is_schema1();
    match created {
        Some(created) => created.rfc3339(),
        None if docker => Some(ZERO_TIME.to_owned()),
        None => None,
    }
}

fn layers(document: &Document) -> Vec<LayerData> {
    match &document.content {
        Content::Image(manifest) => {
            let oci = document.media_type == MediaType::OciManifest;
            manifest.layers.iter().map(|layer| layer_data(layer, oci)).collect()
        }
        Content::Artifact(artifact) => {
            artifact.blobs.iter().map(|blob| layer_data(blob, true)).collect()
        }
        Content::Schema1(manifest) => legacy_layers(manifest),
        Content::Index(_) | Content::Unknown => Vec::new(),
    }
}

/// Docker's own manifests have no annotations, whatever the document says.
fn layer_data(layer: &Descriptor, oci: bool) -> LayerData {
    let annotations = (oci && !layer.annotations.is_empty()).then(|| layer.annotations.clone());
    LayerData {
        mime_type: layer.media_type.as_str().to_owned(),
        digest: layer.digest.as_str().to_owned(),
        size: layer.size.and_then(|size| i64::try_from(size).ok()).unwrap_or(-1),
        annotations,
    }
}

fn legacy_layers(manifest: &Schema1) -> Vec<LayerData> {
    let lowest_first = manifest.fs_layers.iter().rev();
    lowest_first
        .map(|digest| LayerData {
            mime_type: String::new(),
            digest: digest.as_str().to_owned(),
            size: -1,
            annotations: None,
        })
        .collect()
}
