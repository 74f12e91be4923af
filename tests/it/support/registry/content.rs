//! Manifests and blobs.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::ServerConfig;
use serde_json::Value;

use super::{DigestHeader, Repository, Rules, error};
use crate::support::http::{Request, Response};
use crate::support::image::{Blob, DOCKER_LIST, DOCKER_MANIFEST, Image, OCI_INDEX, OCI_MANIFEST};
use crate::support::server::Server;

/// A manifest as an answer, its digest in the header.
pub fn manifest_response(manifest: &Blob) -> Response {
    blob_response(manifest)
        .header("Docker-Content-Digest", &*manifest.digest)
        .header("Etag", format!("\"{}\"", manifest.digest))
}

/// A blob as an answer.
pub fn blob_response(blob: &Blob) -> Response {
    Response::with_body(200, &blob.media_type, blob.bytes.clone())
}

impl Rules {
    pub(super) fn manifest(&self, request: &Request, name: &str, reference: &str) -> Response {
        let head = request.method == "HEAD";
        if let Some(status) = self.head_status.filter(|_| head) {
            return Response::new(status);
        }
        let Some(repository) = self.repositories.get(name) else {
            return error(404, "NAME_UNKNOWN", "repository name not known to registry");
        };
        let unknown = || error(404, "MANIFEST_UNKNOWN", "manifest unknown");
        let Some(manifest) = repository.manifest(reference) else { return unknown() };
        let Some(manifest) = repository.acceptable(request, manifest, reference) else {
            return error(404, "MANIFEST_UNKNOWN", "accept header does not support the manifest");
        };
        let mut answer = manifest_response(&manifest);
        let hidden = match self.digest_header {
            DigestHeader::Always => false,
            DigestHeader::OnHeadOnly => !head,
            DigestHeader::OnGetOnly => head,
            DigestHeader::Never => true,
        };
        if hidden {
            answer.headers.retain(|(name, _)| name != "Docker-Content-Digest" && name != "Etag");
        }
        answer
    }

    pub(super) fn blob(&self, name: &str, digest: &str) -> Response {
        let Some(blob) = self.repositories.get(name).and_then(|known| known.blob(digest)) else {
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry");
        };
        match &self.blob_host {
            None => blob_response(&Blob { media_type: "application/octet-stream".into(), ..blob })
                .header("Docker-Content-Digest", digest),
            Some(origin) => Response::new(307)
                .header("Location", format!("{origin}/{digest}?X-Amz-Signature=canary-signature")),
        }
    }
}

impl Repository {
    /// The manifest of a tag or digest; a tag without an image of its own gets a small one.
    fn manifest(&self, reference: &str) -> Option<Blob> {
        if let Some(manifest) = self.manifests.get(reference) {
            return Some(manifest.clone());
        }
        if let Some(manifest) = self.images.get(reference) {
            return Some(manifest.clone());
        }
        if self.tags.iter().any(|tag| tag == reference) {
            return Some(small_image(reference).root);
        }
        let digest = |tag: &&String| small_image(tag).root.digest == reference;
        let plain = |tag: &&String| !self.images.contains_key(*tag);
        let found = reference.starts_with("sha256:").then(|| self.tags.iter().filter(plain));
        found?.find(digest).map(|tag| small_image(tag).root)
    }

    fn blob(&self, digest: &str) -> Option<Blob> {
        if let Some(blob) = self.blobs.get(digest) {
            return Some(blob.clone());
        }
        let plain = self.tags.iter().filter(|tag| !self.images.contains_key(*tag));
        plain.flat_map(|tag| small_image(tag).blobs).find(|blob| blob.digest == digest)
    }

    /// What distribution does when the Accept header lacks the manifest's type: of a Docker
    /// list the child for linux/amd64, of an OCI document nothing. A digest is exempt.
    fn acceptable(&self, request: &Request, manifest: Blob, reference: &str) -> Option<Blob> {
        let accepts = |media_type: &str| {
            let fields = request.header_all("accept");
            let mut types = fields.iter().flat_map(|field| field.split(','));
            types.any(|one| one.split(';').next().unwrap_or_default().trim() == media_type)
        };
        if reference.contains(':') || accepts(&manifest.media_type) {
            return Some(manifest);
        }
        match manifest.media_type.as_str() {
            OCI_INDEX | OCI_MANIFEST => None,
            DOCKER_LIST if accepts(DOCKER_MANIFEST) => self.amd64_child(&manifest),
            _ => Some(manifest),
        }
    }

    fn amd64_child(&self, list: &Blob) -> Option<Blob> {
        let list: Value = serde_json::from_slice(&list.bytes).ok()?;
        let fits = |entry: &&Value| {
            entry["platform"]["architecture"] == "amd64" && entry["platform"]["os"] == "linux"
        };
        let entry = list["manifests"].as_array()?.iter().find(fits)?;
        self.manifests.get(entry["digest"].as_str()?).cloned()
    }
}

fn small_image(tag: &str) -> Image {
    Image::oci(tag, "linux/amd64")
}

/// Another host that serves all blobs by digest, to whoever brings no Authorization.
pub(super) fn blob_host(ip: &str, rules: &Rules, tls: &Option<Arc<ServerConfig>>) -> Server {
    let mut blobs: HashMap<String, Blob> = HashMap::new();
    for repository in rules.repositories.values() {
        blobs.extend(repository.blobs.clone());
        let plain = repository.tags.iter().filter(|tag| !repository.images.contains_key(*tag));
        // Many tags would make a slow start, and nobody reads the configs of thousands.
        for blob in plain.take(100).flat_map(|tag| small_image(tag).blobs) {
            blobs.insert(blob.digest.clone(), blob);
        }
    }
    Server::start(ip, tls.clone(), move |request| {
        if request.header("authorization").is_some() {
            let text = "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>";
            return Response::with_body(400, "application/xml", text);
        }
        if request.param("X-Amz-Signature").as_deref() != Some("canary-signature") {
            return Response::with_body(403, "application/xml", "<Error/>");
        }
        match blobs.get(request.path.trim_start_matches('/')) {
            Some(blob) => blob_response(blob),
            None => Response::with_body(404, "application/xml", "<Error/>"),
        }
    })
}
