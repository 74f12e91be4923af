//! The objects of the API, with the members that real answers have.

use serde_json::{Value, json};

use super::Repository;
use crate::support::http::Request;
use crate::support::image::sha256;

/// What a tag's object is made from; [`tag`] for the usual.
#[derive(Clone, Debug)]
pub struct Seed {
    /// What is in the image: the same content gives the same digests.
    pub content: String,
    pub platforms: Vec<String>,
    /// When it was pushed, RFC 3339; none gives null.
    pub pushed: Option<String>,
    /// An object as of 2021: no digest, no media type.
    pub old: bool,
}

/// The object of a tag for linux/amd64 and linux/arm64, its content being its name.
pub fn tag(name: &str) -> Value {
    let seed = Seed {
        content: name.to_owned(),
        platforms: vec!["linux/amd64".into(), "linux/arm64".into()],
        pushed: Some("2026-01-02T03:04:05.678901Z".into()),
        old: false,
    };
    seed.tag(name)
}

impl Seed {
    /// The tag's object.
    pub fn tag(&self, name: &str) -> Value {
        let images: Vec<Value> = self.platforms.iter().map(|p| self.image(p)).collect();
        let size = images.first().map_or(Value::from(0), |image| image["size"].clone());
        let mut object = json!({
            "creator": 1_156_886, "id": 1000, "images": images,
            "last_updated": self.pushed, "last_updater": 1_156_886,
            "last_updater_username": "doijanky", "name": name, "repository": 42,
            "full_size": size, "v2": true, "tag_status": "active",
            "tag_last_pulled": null, "tag_last_pushed": self.pushed,
            "media_type": "application/vnd.oci.image.index.v1+json", "content_type": "image",
            "digest": sha256(format!("index {}", self.content).as_bytes()),
        });
        if self.old {
            for gone in ["media_type", "content_type", "digest", "tag_last_pulled"] {
                object.as_object_mut().expect("it is an object").remove(gone);
            }
        }
        object
    }

    fn image(&self, platform: &str) -> Value {
        let mut parts = platform.split('/');
        let (os, architecture, variant) = (parts.next(), parts.next(), parts.next());
        let mut object = json!({
            "architecture": architecture, "features": "", "variant": variant,
            "digest": sha256(format!("{platform} {}", self.content).as_bytes()),
            "os": os, "os_features": "", "os_version": null,
            "size": 3_000_000 + 1000 * platform.len(), "status": "active",
            "last_pulled": null, "last_pushed": self.pushed,
        });
        if self.old {
            object.as_object_mut().expect("it is an object").remove("digest");
        }
        object
    }
}

/// A repository's object.
pub(super) fn repository(namespace: &str, name: &str, repository: &Repository) -> Value {
    let mut object = json!({
        "name": name, "namespace": namespace, "repository_type": "image",
        "status": 1, "status_description": "active",
        "description": format!("about {name}"), "is_private": repository.private,
        "star_count": 3, "pull_count": 12_345,
        "last_updated": "2026-01-02T03:04:05.678901Z",
        "last_modified": "2026-01-02T03:04:05.678901Z",
        "date_registered": "2020-02-03T04:05:06.789012Z", "affiliation": "",
        "media_types": ["application/vnd.oci.image.index.v1+json"],
        "content_types": ["image"], "categories": [], "storage_size": 1_000_000,
    });
    for (key, value) in repository.members.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

/// Those whose name contains the query's `name`, in the order that `ordering` asks for.
pub(super) fn named(request: &Request, all: &[Value]) -> Vec<Value> {
    let part = request.param("name").unwrap_or_default();
    let fits = |one: &&Value| one["name"].as_str().is_some_and(|name| name.contains(&part));
    let mut found: Vec<Value> = all.iter().filter(fits).cloned().collect();
    let ordering = request.param("ordering").unwrap_or_default();
    let key = ordering.trim_start_matches('-');
    if !key.is_empty() {
        found.sort_by_key(|one| one[key].to_string());
        if ordering.starts_with('-') {
            found.reverse();
        }
    }
    found
}
