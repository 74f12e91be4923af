//! Manifests and indexes; the first byte chooses the type that the header claims.

use docker_tags::internals::Platform;
use docker_tags::internals::{Algorithm, Content, Document, ImageConfig, schema1_payload};

const TYPES: [Option<&str>; 8] = [
    None,
    Some("application/vnd.oci.image.index.v1+json"),
    Some("application/vnd.oci.image.manifest.v1+json"),
    Some("application/vnd.docker.distribution.manifest.list.v2+json"),
    Some("application/vnd.docker.distribution.manifest.v2+json"),
    Some("application/vnd.docker.distribution.manifest.v1+prettyjws"),
    Some("application/vnd.oci.artifact.manifest.v1+json"),
    Some("application/json; charset=utf-8"),
];

pub fn run(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let content_type = TYPES[usize::from(*first) % TYPES.len()];
    if let Ok(document) = Document::parse(content_type, bytes) {
        if let Ok(digest) = document.digest(bytes, Algorithm::Sha256) {
            assert!(document.verify(bytes, &digest).is_ok());
        }
        if let Content::Index(index) = &document.content {
            let wanted: Platform = "linux/arm64/v8".parse().expect("it is one");
            let _ = index.select(&wanted);
        }
    }
    let _ = schema1_payload(bytes);
    let _ = ImageConfig::parse(bytes);
}
