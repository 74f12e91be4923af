//! Media types of registry documents, and the Accept header that asks for all manifests.

use std::fmt;

/// The value of the Accept header for manifests: one line, best kind first.
///
/// The lists must be there, or registries answer a multi-platform tag with one of its images and
/// that image's digest. There is no `*/*`, which brings schema 1 from old servers.
pub(crate) const ACCEPT_MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.v1+prettyjws, \
     application/vnd.docker.distribution.manifest.v1+json, \
     application/vnd.oci.artifact.manifest.v1+json";

macro_rules! media_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A media type. The set is open: what is not known is kept as it was written.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum MediaType {
            $($(#[$doc])* $name,)*
            /// Any other media type.
            Other(String),
        }

        impl MediaType {
            /// The media type's text.
            pub fn as_str(&self) -> &str {
                match self {
                    $(MediaType::$name => $text,)*
                    MediaType::Other(text) => text,
                }
            }
        }

        impl From<&str> for MediaType {
            fn from(text: &str) -> Self {
                match text {
                    $($text => MediaType::$name,)*
                    _ => MediaType::Other(text.to_owned()),
                }
            }
        }
    };
}

media_types! {
    /// OCI image index.
    OciIndex = "application/vnd.oci.image.index.v1+json";
    /// OCI image manifest.
    OciManifest = "application/vnd.oci.image.manifest.v1+json";
    /// OCI image config.
    OciConfig = "application/vnd.oci.image.config.v1+json";
    /// OCI artifact manifest: withdrawn from the specification, still stored.
    OciArtifactManifest = "application/vnd.oci.artifact.manifest.v1+json";
    /// The empty JSON object `{}` where an artifact needs no config.
    OciEmpty = "application/vnd.oci.empty.v1+json";
    /// Docker manifest list.
    DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// Docker image manifest, schema 2.
    DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker image config.
    DockerConfig = "application/vnd.docker.container.image.v1+json";
    /// Docker plugin config.
    DockerPluginConfig = "application/vnd.docker.plugin.v1+json";
    /// Docker image manifest, schema 1, signed.
    Schema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    /// Docker image manifest, schema 1, without signature.
    Schema1 = "application/vnd.docker.distribution.manifest.v1+json";
    /// Helm chart config.
    HelmConfig = "application/vnd.cncf.helm.config.v1+json";
    /// Helm chart.
    HelmChart = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    /// in-toto statement, the layer of an attestation.
    InToto = "application/vnd.in-toto+json";
    /// cosign signature.
    CosignSignature = "application/vnd.dev.cosign.simplesigning.v1+json";
}

impl MediaType {
    /// Reads a Content-Type header or a `mediaType` member: no parameters, lower case.
    pub fn normalized(text: &str) -> Self {
        let essence = text.split(';').next().unwrap_or_default().trim();
        MediaType::from(essence.to_ascii_lowercase().as_str())
    }

    /// Whether the type says nothing about the document, so that one has to look inside.
    pub fn is_generic(&self) -> bool {
        matches!(
            self.as_str(),
            "" | "text/plain"
                | "application/json"
                | "application/octet-stream"
                | "binary/octet-stream"
        )
    }

    /// Whether this is an OCI index or a Docker manifest list.
    pub fn is_index(&self) -> bool {
        matches!(self, MediaType::OciIndex | MediaType::DockerList)
    }

    /// Whether this is a manifest with config and layers: OCI or Docker schema 2.
    pub fn is_image_manifest(&self) -> bool {
        matches!(self, MediaType::OciManifest | MediaType::DockerManifest)
    }

    /// Whether this is the config of a container image.
    pub fn is_image_config(&self) -> bool {
        matches!(self, MediaType::OciConfig | MediaType::DockerConfig)
    }

    /// Whether this is Docker's old schema 1, signed or not.
    pub fn is_schema1(&self) -> bool {
        matches!(self, MediaType::Schema1Signed | MediaType::Schema1)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
