//! The objects of Docker Hub's API, as far as they are used. Pure.
//!
//! Real answers leave members out, or set them to null, that the documentation promises; so
//! everything but a name is optional, and a member of the wrong type counts as missing.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;

use crate::oci::platform::Platform;
use crate::oci::reference::{Digest, ParseError, Repository, Tag};

/// A user or organization: the first part of a repository's path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Namespace(Repository);

impl Namespace {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Namespace {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.contains('/') {
            return Err(ParseError::InvalidFormat);
        }
        text.parse().map(Namespace)
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubRepository {
    /// Namespace and name.
    pub path: Repository,
    /// The short description.
    pub description: Option<String>,
    /// Whether only its owners see it.
    pub is_private: Option<bool>,
    /// How many users starred it.
    pub stars: Option<u64>,
    pub pulls: Option<u64>,
    /// When it was last pushed to.
    pub last_updated: Option<Timestamp>,
    /// The API's own object, where that was asked for.
    pub text: Option<Box<str>>,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubTag {
    pub name: Tag,
    /// What it points to: for several platforms the digest of the index. Old tags have none.
    pub digest: Option<Digest>,
    /// The compressed size, in bytes, of one image: not the sum over platforms.
    pub full_size: Option<u64>,
    /// When it was last pushed or otherwise changed.
    pub last_updated: Option<Timestamp>,
    /// When it was last pushed.
    pub last_pushed: Option<Timestamp>,
    pub last_pulled: Option<Timestamp>,
    /// `active`, `inactive` …
    pub status: Option<String>,
    /// The images for each platform; attestations among them, as `unknown/unknown`.
    pub images: Vec<HubImage>,
    /// The API's own object, where that was asked for.
    pub text: Option<Box<str>>,
}

/// One platform's image of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HubImage {
    pub os: Option<String>,
    pub architecture: Option<String>,
    /// Its variant, such as `v7`.
    pub variant: Option<String>,
    /// The operating system's version: Windows images have one.
    pub os_version: Option<String>,
    pub digest: Option<Digest>,
    /// The compressed size in bytes.
    pub size: Option<u64>,
}

impl HubImage {
    /// `None` for attestations, and where the API does not know.
    pub(crate) fn platform(&self) -> Option<Platform> {
        let platform = Platform {
            os: self.os.clone()?,
            architecture: self.architecture.clone()?,
            variant: self.variant.clone().unwrap_or_default(),
            os_version: self.os_version.clone().unwrap_or_default(),
            os_features: Vec::new(),
        };
        (!platform.is_unknown()).then_some(platform)
    }
}

impl HubRepository {
    /// Reads a repository's object in the list of `namespace`. `None`: it has no name.
    pub(crate) fn read(namespace: &Namespace, object: &Value) -> Option<Self> {
        let name = object.get("name")?.as_str()?;
        let path = format!("{namespace}/{name}");
        Some(HubRepository {
            path: path.parse().ok().filter(|_| !name.contains('/'))?,
            description: text(object, "description"),
            is_private: object.get("is_private").and_then(Value::as_bool),
            stars: number(object, "star_count"),
            pulls: number(object, "pull_count"),
            last_updated: time(object, "last_updated"),
            text: None,
        })
    }
}

impl HubTag {
    /// Reads a tag's object. `None`: it names no tag.
    pub(crate) fn read(object: &Value) -> Option<Self> {
        let images = object.get("images").and_then(Value::as_array);
        Some(HubTag {
            name: object.get("name")?.as_str()?.parse().ok()?,
            digest: digest(object),
            full_size: number(object, "full_size"),
            last_updated: time(object, "last_updated"),
            last_pushed: time(object, "tag_last_pushed"),
            last_pulled: time(object, "tag_last_pulled"),
            status: text(object, "tag_status").or_else(|| text(object, "status")),
            images: images.into_iter().flatten().map(HubImage::read).collect(),
            text: None,
        })
    }
}

impl HubImage {
    fn read(object: &Value) -> Self {
        HubImage {
            os: text(object, "os"),
            architecture: text(object, "architecture"),
            variant: text(object, "variant"),
            os_version: text(object, "os_version"),
            digest: digest(object),
            size: number(object, "size"),
        }
    }
}

/// A text that says something.
fn text(object: &Value, member: &str) -> Option<String> {
    object.get(member)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn number(object: &Value, member: &str) -> Option<u64> {
    object.get(member)?.as_u64()
}

fn time(object: &Value, member: &str) -> Option<Timestamp> {
    object.get(member)?.as_str()?.parse().ok()
}

fn digest(object: &Value) -> Option<Digest> {
    object.get("digest")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn namespaces() {
        for good in ["library", "acme", "a-b", "user1"] {
            assert_eq!(good.parse::<Namespace>().unwrap().as_str(), good);
        }
        for bad in ["", "a/b", "Acme", "../x", "a b", "alice@example.com"] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_member_but_the_name_may_be_missing_or_odd() {
        let namespace: Namespace = "acme".parse().unwrap();
        let bare = HubRepository::read(&namespace, &json!({"name": "api"})).unwrap();
        assert_eq!(bare.path.as_str(), "acme/api");
        let odd = json!({
            "name": "api", "description": 7, "is_private": "no", "star_count": -1,
            "pull_count": 1.5, "last_updated": "yesterday",
        });
        assert_eq!(HubRepository::read(&namespace, &odd), Some(bare));
        for none in [json!({}), json!({"name": null}), json!({"name": "a/b"}), json!({"name": "A"})]
        {
            assert_eq!(HubRepository::read(&namespace, &none), None, "{none}");
        }

        let bare = HubTag::read(&json!({"name": "1"})).unwrap();
        let odd = json!({
            "name": "1", "digest": "sha256:short", "full_size": null, "images": null,
            "last_updated": null, "media_type": "", "tag_status": null,
        });
        assert_eq!(HubTag::read(&odd), Some(bare));
        let odd = json!({"name": "1", "images": [null, 7, {"os": null, "variant": ""}]});
        assert_eq!(HubTag::read(&odd).unwrap().images, vec![HubImage::default(); 3]);
        for none in [json!(null), json!([]), json!({"name": "-x"}), json!({"name": "a b"})] {
            assert_eq!(HubTag::read(&none), None, "{none}");
        }
    }

    #[test]
    fn a_whole_tag() {
        let hex = "a".repeat(64);
        let tag = HubTag::read(&json!({
            "name": "3.20", "digest": format!("sha256:{hex}"), "full_size": 3_600_000,
            "tag_status": "active", "tag_last_pushed": "2026-01-02T03:04:05.678901Z",
            "content_type": "image",
            "images": [{"os": "linux", "architecture": "arm", "variant": "v7", "size": 5}],
        }))
        .unwrap();
        assert_eq!(tag.digest.unwrap().hex(), hex);
        assert_eq!(tag.last_pushed.unwrap().to_string(), "2026-01-02T03:04:05.678901Z");
        assert_eq!((tag.full_size, tag.status.as_deref()), (Some(3_600_000), Some("active")));
        let image = &tag.images[0];
        assert_eq!((image.variant.as_deref(), image.size), (Some("v7"), Some(5)));
    }
}
