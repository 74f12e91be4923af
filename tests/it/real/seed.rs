//! Content of every kind, put in through the registry's own HTTP API, so that the registry itself has checked it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::registry::Registry;
use super::wire::Request;

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
pub const PLUGIN_CONFIG: &str = "application/vnd.docker.plugin.v1+json";
pub const HELM_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";

/// An image or an index as it was put in.
#[derive(Debug, Clone)]
pub struct Seeded {
    pub repository: String,
    pub digest: String,
    pub media_type: &'static str,
    /// The exact bytes of the manifest.
    pub manifest: Vec<u8>,
    /// The exact bytes of the config; empty for an index.
    pub config: Vec<u8>,
    /// Digests of the layers; empty for an index.
    pub layers: Vec<String>,
    /// What an index lists, in its order.
    pub children: Vec<Seeded>,
    platform: Value,
}

/// What an image is to be like.
#[derive(Debug, Clone)]
pub struct Image {
    manifest_type: &'static str,
    config_type: &'static str,
    layer_type: &'static str,
    config: Value,
    platform: Value,
    layers: usize,
    annotations: Value,
}

impl Image {
    /// An OCI image of this architecture (`arm64/v8` has a variant) with three layers.
    pub fn oci(architecture: &str) -> Image {
        let (architecture, variant) = architecture.split_once('/').unwrap_or((architecture, ""));
        let mut platform = json!({"architecture": architecture, "os": "linux"});
        if !variant.is_empty() {
            platform["variant"] = json!(variant);
        }
        Image {
            manifest_type: OCI_MANIFEST,
            config_type: OCI_CONFIG,
            layer_type: "application/vnd.oci.image.layer.v1.tar+gzip",
            config: image_config(&platform, 3),
            platform,
            layers: 3,
            annotations: json!({}),
        }
    }

    /// The same as docker makes it: schema 2.
    pub fn docker(architecture: &str) -> Image {
        Image {
            manifest_type: DOCKER_MANIFEST,
            config_type: DOCKER_CONFIG,
            layer_type: "application/vnd.docker.image.rootfs.diff.tar.gzip",
            ..Image::oci(architecture)
        }
    }

    /// A Docker plugin.
    pub fn plugin() -> Image {
        let config = json!({
            "description": "a plugin of the tests", "entrypoint": ["/bin/plugin"],
            "interface": {"types": ["docker.volumedriver/1.0"], "socket": "plugin.sock"},
        });
        Image { config_type: PLUGIN_CONFIG, config, layers: 1, ..Image::docker("amd64") }
    }

    /// An artifact that is no image: a Helm chart.
    pub fn artifact() -> Image {
        let config = json!({"name": "chart", "version": "1.2.3", "apiVersion": "v2"});
        let layer_type = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
        Image { config_type: HELM_CONFIG, layer_type, config, layers: 1, ..Image::oci("amd64") }
    }

    /// With so many layers.
    pub fn layers(self, layers: usize) -> Image {
        Image { config: image_config(&self.platform, layers), layers, ..self }
    }

    /// With this annotation on its manifest; also a way to images that differ.
    pub fn annotation(mut self, name: &str, value: &str) -> Image {
        self.annotations[name] = json!(value);
        self
    }

    /// Puts it into a repository under a tag, or without one by its digest alone.
    #[track_caller]
    pub fn put(&self, registry: &Registry, repository: &str, tag: Option<&str>) -> Seeded {
        let config = self.config.to_string().into_bytes();
        let config_digest = put_blob(registry, repository, &config);
        let layers: Vec<(String, usize)> = (0..self.layers)
            .map(|number| {
                let content =
                    format!("layer {number} of {} {}\n", self.layers, self.platform).into_bytes();
                (put_blob(registry, repository, &content), content.len())
            })
            .collect();
        let descriptor = |(digest, size): &(String, usize)| json!({"mediaType": self.layer_type, "size": size, "digest": digest});
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": self.manifest_type,
            "config": {"mediaType": self.config_type, "size": config.len(), "digest": config_digest},
            "layers": layers.iter().map(descriptor).collect::<Vec<_>>(),
        });
        if self.annotations != json!({}) {
            manifest["annotations"] = self.annotations.clone();
        }
        let manifest = pretty(&manifest);
        let digest = put_manifest(registry, repository, tag, self.manifest_type, &manifest);
        Seeded {
            repository: repository.into(),
            digest,
            media_type: self.manifest_type,
            manifest,
            config,
            layers: layers.into_iter().map(|(digest, _)| digest).collect(),
            children: Vec::new(),
            platform: self.platform.clone(),
        }
    }
}

/// Attaches an SBOM as oras does where there is no referrers API: a manifest with a subject, and an index under the
/// tag that is made of the subject's digest. The digest of the manifest.
#[track_caller]
pub fn attach_sbom(registry: &Registry, to: &Seeded, text: &str) -> String {
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    const SPDX: &str = "application/spdx+json";
    let repository = &to.repository;
    let (config, layer) =
        (put_blob(registry, repository, b"{}"), put_blob(registry, repository, text.as_bytes()));
    let manifest = pretty(&json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": SPDX,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": config},
        "layers": [{"mediaType": SPDX, "size": text.len(), "digest": layer}],
        "subject": {"mediaType": to.media_type, "size": to.manifest.len(), "digest": to.digest},
    }));
    let digest = put_manifest(registry, repository, None, MANIFEST, &manifest);
    let index = pretty(&json!({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [{"mediaType": MANIFEST, "size": manifest.len(), "digest": digest, "artifactType": SPDX}],
    }));
    put_manifest(registry, repository, Some(&to.digest.replace(':', "-")), INDEX, &index);
    digest
}

/// An OCI index over amd64 and arm64/v8 with one attestation for each, as BuildKit pushes it.
#[track_caller]
pub fn oci_index(registry: &Registry, repository: &str, tag: &str) -> Seeded {
    let images =
        ["amd64", "arm64/v8"].map(|platform| Image::oci(platform).put(registry, repository, None));
    let attestations = images.each_ref().map(|image| attestation(registry, repository, image));
    let mut entries: Vec<Value> = images.iter().map(entry).collect();
    for (image, attestation) in images.iter().zip(&attestations) {
        let mut described = entry(attestation);
        described["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image.digest,
        });
        entries.push(described);
    }
    let children = images.into_iter().chain(attestations).collect();
    put_index(registry, repository, tag, OCI_INDEX, &entries, children)
}

/// A Docker manifest list over amd64, arm/v7 and arm64/v8.
#[track_caller]
pub fn docker_list(registry: &Registry, repository: &str, tag: &str) -> Seeded {
    let put = |platform| Image::docker(platform).put(registry, repository, None);
    let children: Vec<Seeded> = ["amd64", "arm/v7", "arm64/v8"].map(put).into();
    let entries: Vec<Value> = children.iter().map(entry).collect();
    put_index(registry, repository, tag, DOCKER_LIST, &entries, children)
}

#[track_caller]
fn put_index(
    registry: &Registry,
    repository: &str,
    tag: &str,
    media_type: &'static str,
    entries: &[Value],
    children: Vec<Seeded>,
) -> Seeded {
    let manifest =
        pretty(&json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}));
    let digest = put_manifest(registry, repository, Some(tag), media_type, &manifest);
    Seeded {
        repository: repository.into(),
        digest,
        media_type,
        manifest,
        config: Vec::new(),
        layers: Vec::new(),
        children,
        platform: Value::Null,
    }
}

fn attestation(registry: &Registry, repository: &str, of: &Seeded) -> Seeded {
    let image = Image {
        layer_type: "application/vnd.in-toto+json",
        platform: json!({"architecture": "unknown", "os": "unknown"}),
        ..Image::oci("unknown")
    };
    Image { layers: 1, ..image }.annotation("for", &of.digest).put(registry, repository, None)
}

/// How an index describes a manifest.
fn entry(seeded: &Seeded) -> Value {
    json!({
        "mediaType": seeded.media_type, "size": seeded.manifest.len(), "digest": seeded.digest,
        "platform": seeded.platform,
    })
}

/// A config with everything in it that `inspect` shows.
fn image_config(platform: &Value, layers: usize) -> Value {
    let sha = |number: usize| digest_of(format!("unpacked layer {number}").as_bytes());
    let mut history = vec![json!({
        "created": "2024-01-02T03:04:05.678901234Z", "created_by": "ENV PATH=/usr/bin", "empty_layer": true,
    })];
    history.extend((0..layers).map(|number| {
        json!({"created": "2024-01-02T03:04:05.678901234Z", "created_by": format!("RUN step {number} # {}", "x".repeat(90))})
    }));
    let mut config = json!({
        "created": "2024-01-02T03:04:05.678901234Z",
        "docker_version": "20.10.23",
        "config": {
            "Env": ["PATH=/usr/bin", "GREETING=hello world"],
            "Cmd": ["--serve"], "Entrypoint": ["/app"], "WorkingDir": "/srv",
            "ExposedPorts": {"80/tcp": {}},
            "Labels": {"org.opencontainers.image.title": "app", "maintainer": "tests"},
        },
        "rootfs": {"type": "layers", "diff_ids": (0..layers).map(sha).collect::<Vec<_>>()},
        "history": history,
    });
    for (key, value) in platform.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    config
}

/// `sha256:` and the hash in hexadecimal.
pub fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::from("sha256:"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

fn pretty(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("a value can always be written")
}

#[track_caller]
fn put_blob(registry: &Registry, repository: &str, content: &[u8]) -> String {
    let digest = digest_of(content);
    let known = registry.send(&Request::new("HEAD", &format!("/v2/{repository}/blobs/{digest}")));
    if known.status == 200 {
        return digest;
    }
    let upload = registry.send(&Request::new("POST", &format!("/v2/{repository}/blobs/uploads/")));
    let location = upload.header("Location").expect("an upload has a location");
    let path = location.find("/v2/").map(|at| &location[at..]).expect("the location is in the API");
    let target = format!("{path}&digest={}", digest.replace(':', "%3A"));
    let put = Request::new("PUT", &target).with_body("application/octet-stream", content);
    let done = registry.send(&put);
    assert_eq!(done.status, 201, "{}", String::from_utf8_lossy(&done.body()));
    digest
}

#[track_caller]
fn put_manifest(
    registry: &Registry,
    repository: &str,
    tag: Option<&str>,
    media_type: &str,
    manifest: &[u8],
) -> String {
    let digest = digest_of(manifest);
    let target = format!("/v2/{repository}/manifests/{}", tag.unwrap_or(&digest));
    let put = Request::new("PUT", &target).with_body(media_type, manifest);
    let done = registry.send(&put);
    assert_eq!(done.status, 201, "{}", String::from_utf8_lossy(&done.body()));
    assert_eq!(done.header("Docker-Content-Digest"), Some(&*digest));
    digest
}
