//! Images as registries store them: documents and blobs with true digests, of every kind the
//! product must tell apart.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
pub const SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
pub const PLUGIN_CONFIG: &str = "application/vnd.docker.plugin.v1+json";
pub const HELM_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";

/// `sha256:` and 64 hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Bytes with their type and digest.
#[derive(Clone, Debug)]
pub struct Blob {
    pub media_type: String,
    pub digest: String,
    pub bytes: Vec<u8>,
}

impl Blob {
    /// Any bytes.
    pub fn new(media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Blob { media_type: media_type.to_owned(), digest: sha256(&bytes), bytes }
    }

    /// A JSON document.
    pub fn json(media_type: &str, document: &Value) -> Self {
        Blob::new(media_type, serde_json::to_vec_pretty(document).expect("a value is JSON"))
    }

    /// The descriptor that points here.
    pub fn descriptor(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// Something a tag can point to, with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Image {
    /// What the tag points to.
    pub root: Blob,
    /// The manifests of an index.
    pub children: Vec<Blob>,
    /// Configs and layers.
    pub blobs: Vec<Blob>,
}

impl Image {
    /// An OCI image for one platform (`linux/arm64`, `linux/arm/v7`). The seed goes into its
    /// label `seed` and its layers, so that other seeds give other digests.
    pub fn oci(seed: &str, platform: &str) -> Self {
        Image::single([OCI_MANIFEST, OCI_CONFIG, OCI_LAYER], seed, platform)
    }

    /// A Docker schema 2 image for one platform.
    pub fn docker(seed: &str, platform: &str) -> Self {
        Image::single([DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER], seed, platform)
    }

    fn single([manifest, config, layer]: [&str; 3], seed: &str, platform: &str) -> Self {
        let config = Blob::json(config, &config_document(seed, platform));
        let layers: Vec<Blob> = (1..=2)
            .map(|n| Blob::new(layer, format!("layer {n} of {seed} for {platform}").repeat(n)))
            .collect();
        Image::manifest(manifest, config, layers, &json!({}))
    }

    /// A manifest of this type over a config and layers, with extra members.
    pub fn manifest(media_type: &str, config: Blob, layers: Vec<Blob>, extra: &Value) -> Self {
        let descriptors: Vec<Value> = layers.iter().map(Blob::descriptor).collect();
        let mut document = json!({
            "schemaVersion": 2, "mediaType": media_type,
            "config": config.descriptor(), "layers": descriptors,
        });
        add(&mut document, extra);
        let mut blobs = layers;
        blobs.insert(0, config);
        Image { root: Blob::json(media_type, &document), children: Vec::new(), blobs }
    }

    /// An OCI index over one image per platform.
    pub fn index(seed: &str, platforms: &[&str]) -> Self {
        let images = platforms.iter().map(|p| (Image::oci(seed, p), platform_member(p)));
        Image::list(OCI_INDEX, images.collect())
    }

    /// The same with a build attestation per image, as buildx pushes it.
    pub fn index_with_attestations(seed: &str, platforms: &[&str]) -> Self {
        let mut entries = Vec::new();
        for platform in platforms {
            entries.push((Image::oci(seed, platform), platform_member(platform)));
        }
        for platform in platforms {
            let of = Image::oci(seed, platform).root.digest;
            entries.push((
                attestation(seed, platform),
                json!({
                    "platform": {"architecture": "unknown", "os": "unknown"},
                    "annotations": {
                        "vnd.docker.reference.type": "attestation-manifest",
                        "vnd.docker.reference.digest": of,
                    },
                }),
            ));
        }
        Image::list(OCI_INDEX, entries)
    }

    /// A Docker manifest list over one schema 2 image per platform.
    pub fn docker_list(seed: &str, platforms: &[&str]) -> Self {
        let images = platforms.iter().map(|p| (Image::docker(seed, p), platform_member(p)));
        Image::list(DOCKER_LIST, images.collect())
    }

    /// An index of this type over images, each with its descriptor's extra members.
    pub fn list(media_type: &str, images: Vec<(Image, Value)>) -> Self {
        let (mut entries, mut children, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
        for (image, extra) in images {
            let mut entry = image.root.descriptor();
            add(&mut entry, &extra);
            entries.push(entry);
            children.push(image.root);
            children.extend(image.children);
            blobs.extend(image.blobs);
        }
        let document = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries});
        Image { root: Blob::json(media_type, &document), children, blobs }
    }

    /// An OCI artifact with the empty config and one file.
    pub fn artifact(artifact_type: &str, content: &str) -> Self {
        let config = Blob::new("application/vnd.oci.empty.v1+json", "{}");
        let layers = vec![Blob::new("text/plain", content)];
        Image::manifest(OCI_MANIFEST, config, layers, &json!({"artifactType": artifact_type}))
    }

    /// A Helm chart.
    pub fn helm(name: &str, version: &str) -> Self {
        let document = json!({"name": name, "version": version, "apiVersion": "v2"});
        let config = Blob::json(HELM_CONFIG, &document);
        let chart = Blob::new("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "a chart");
        Image::manifest(OCI_MANIFEST, config, vec![chart], &json!({}))
    }

    /// A Docker plugin.
    pub fn plugin(description: &str) -> Self {
        let document = json!({
            "description": description, "documentation": "", "entrypoint": ["/plugin"],
            "interface": {"socket": "plugin.sock", "types": ["docker.volumedriver/1.0"]},
        });
        let config = Blob::json(PLUGIN_CONFIG, &document);
        Image::manifest(DOCKER_MANIFEST, config, vec![Blob::new(DOCKER_LAYER, "fs")], &json!({}))
    }

    /// A signed schema 1 image. Its digest covers the document without the signatures and is
    /// known from Docker's own code.
    pub fn schema1() -> Self {
        let text = r#"{
   "schemaVersion": 1,
   "name": "demo/old",
   "tag": "1",
   "architecture": "amd64",
   "fsLayers": [],
   "history": [],
   "signatures": [
      {
         "header": {"alg": "ES256"},
         "signature": "AA",
         "protected": "eyJmb3JtYXRMZW5ndGgiOjEyNiwiZm9ybWF0VGFpbCI6IkNuMCIsInRpbWUiOiIyMDE1LTAxLTAxVDAwOjAwOjAwWiJ9"
      }
   ]
}"#;
        let mut root = Blob::new(SCHEMA1_SIGNED, text);
        root.digest =
            "sha256:b0e094d31a2235948a532bdda3d20f3007a212dc447bad11e69e6586013be90f".into();
        Image { root, children: Vec::new(), blobs: Vec::new() }
    }

    /// The config blob of an image for one platform.
    pub fn config(&self) -> &Blob {
        self.blobs.first().expect("this kind of image has a config")
    }
}

fn attestation(seed: &str, platform: &str) -> Image {
    let config = Blob::json(OCI_CONFIG, &json!({"architecture": "unknown", "os": "unknown"}));
    let statement = format!("{{\"seed\":\"{seed}\",\"platform\":\"{platform}\"}}");
    let layer = Blob::new("application/vnd.in-toto+json", statement);
    Image::manifest(OCI_MANIFEST, config, vec![layer], &json!({}))
}

fn config_document(seed: &str, platform: &str) -> Value {
    let mut document = json!({
        "created": "2026-01-02T03:04:05.678Z",
        "docker_version": "27.0.1",
        "config": {
            "Env": ["PATH=/usr/bin:/bin", format!("SEED={seed}")],
            "Cmd": ["/bin/sh"],
            "Labels": {"seed": seed, "org.opencontainers.image.version": seed},
        },
        "rootfs": {"type": "layers", "diff_ids": [sha256(b"1"), sha256(b"2")]},
        "history": [
            {"created": "2026-01-02T03:04:05Z", "created_by": "ADD rootfs.tar.gz / # buildkit"},
            {"created": "2026-01-02T03:04:05Z", "created_by": "RUN true"},
        ],
    });
    add(&mut document, &platform_member(platform)["platform"]);
    document
}

/// `{"platform": {"os": …, "architecture": …, "variant": …}}`.
fn platform_member(platform: &str) -> Value {
    let mut parts = platform.split('/');
    let (os, architecture) = (parts.next(), parts.next());
    let mut member = json!({"architecture": architecture, "os": os});
    if let Some(variant) = parts.next() {
        member["variant"] = variant.into();
    }
    json!({ "platform": member })
}

fn add(document: &mut Value, extra: &Value) {
    for (key, value) in extra.as_object().into_iter().flatten() {
        document[key] = value.clone();
    }
}
