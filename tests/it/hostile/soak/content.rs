//! What the registry of the soak holds, and its right answers.
//!
//! Everything that a command may print is known from here and from `support::image`, which
//! makes bytes and digests without the product's code.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::hostile::{BEARER, PASSWORD, USER, challenge};
use crate::support::image::Blob;
use crate::support::registry::{blob_response, error, manifest_response};
use crate::support::{Image, Request, Response};

pub(super) const AMD64: &str = "linux/amd64";
pub(super) const ARM64: &str = "linux/arm64";

/// The repository with images.
pub(super) const APP: &str = "demo/app";
/// Its tags in the registry's order, each with the place of its image.
const TAGS: [(&str, usize); 12] = [
    ("1", 2),
    ("0.5", 5),
    ("latest", 0),
    ("1.9", 2),
    ("edge", 1),
    ("2-rc1", 1),
    ("0.7", 4),
    ("v3", 0),
    ("pr-7", 3),
    ("1.10", 3),
    ("0.6", 4),
    ("2", 1),
];
/// The same, the newest version first.
pub(super) const NEWEST: [&str; 12] =
    ["v3", "2", "2-rc1", "1.10", "1.9", "1", "0.7", "0.6", "0.5", "edge", "latest", "pr-7"];
/// All repositories, by name, their tags in the registry's order and the newest first.
pub(super) const REPOSITORIES: [(&str, &[&str], &[&str]); 6] = [
    (APP, &[], &NEWEST),
    ("demo/base", &["1.0", "1.10", "1.2"], &["1.10", "1.2", "1.0"]),
    ("demo/web", &["latest", "2024"], &["2024", "latest"]),
    ("ops/backup", &["7"], &["7"]),
    ("ops/cache", &["a", "b", "c", "d", "e"], &["a", "b", "c", "d", "e"]),
    ("ops/proxy", &["v1", "v2"], &["v2", "v1"]),
];
/// Entries of a page.
const PAGE: usize = 4;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Base,
    Token,
    Tags(String),
    Catalog,
    /// `HEAD` of a manifest, by tag or digest.
    Head(String),
    Manifest(String),
    Blob(String),
    Nothing,
}

impl Ask {
    pub(super) fn of(request: &Request) -> Self {
        let path = request.path.as_str();
        let manifest = |reference: &str| match request.method.as_str() {
            "HEAD" => Ask::Head(reference.to_owned()),
            _ => Ask::Manifest(reference.to_owned()),
        };
        match request.segments()[..] {
            ["token"] => Ask::Token,
            ["v2", ""] => Ask::Base,
            ["v2", "_catalog"] => Ask::Catalog,
            ["v2", .., "tags", "list"] => {
                Ask::Tags(path["/v2/".len()..path.len() - "/tags/list".len()].to_owned())
            }
            ["v2", .., "manifests", reference] => manifest(reference),
            ["v2", .., "blobs", digest] => Ask::Blob(digest.to_owned()),
            _ => Ask::Nothing,
        }
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Ask::Tags(_) | Ask::Catalog)
    }

    /// Whether the request itself says which bytes are the right ones.
    pub(super) fn has_digest(&self) -> bool {
        match self {
            Ask::Head(reference) | Ask::Manifest(reference) => reference.contains(':'),
            ask => matches!(ask, Ask::Blob(_)),
        }
    }

    /// What a token must be for.
    fn scope(&self) -> Option<String> {
        match self {
            Ask::Base | Ask::Token | Ask::Nothing => None,
            Ask::Catalog => Some("registry:catalog:*".to_owned()),
            Ask::Tags(name) => Some(format!("repository:{name}:pull")),
            Ask::Head(_) | Ask::Manifest(_) | Ask::Blob(_) => {
                Some(format!("repository:{APP}:pull"))
            }
        }
    }
}

/// An image and what `ls -l` tells of it.
pub(super) struct Held {
    pub(super) image: Image,
    /// The bytes of a pull; null where nobody tells.
    pub(super) size: Value,
    pub(super) platforms: Value,
    pub(super) created: Value,
}

/// All that the registry holds.
pub(super) struct World {
    pub(super) held: Vec<Held>,
    pub(super) manifests: HashMap<String, Blob>,
    pub(super) blobs: HashMap<String, Blob>,
}

impl World {
    pub(super) fn new() -> Self {
        let both = [AMD64, ARM64];
        let held = vec![
            Held::index(Image::index_with_attestations("i", &both), &Image::oci("i", AMD64)),
            Held::index(Image::docker_list("l", &both), &Image::docker("l", ARM64)),
            Held::single(Image::oci("o", AMD64), AMD64),
            Held::single(Image::docker("d", ARM64), ARM64),
            Held { size: json!(size(&Image::helm("c", "1"))), ..Held::odd(Image::helm("c", "1")) },
            Held::odd(Image::schema1()),
        ];
        let (mut manifests, mut blobs) = (HashMap::new(), HashMap::new());
        for Held { image, .. } in &held {
            for manifest in image.children.iter().chain([&image.root]) {
                manifests.insert(manifest.digest.clone(), manifest.clone());
            }
            blobs.extend(image.blobs.iter().map(|blob| (blob.digest.clone(), blob.clone())));
        }
        World { held, manifests, blobs }
    }

    /// The image of a tag of [`APP`].
    pub(super) fn tagged(&self, tag: &str) -> &Held {
        let place = TAGS.iter().find(|(name, _)| *name == tag).map(|(_, place)| *place);
        &self.held[place.expect("the tag is one of TAGS")]
    }

    /// The right answer, for whoever has the token.
    pub(super) fn right(&self, request: &Request, ask: &Ask) -> Response {
        let login = Some((USER.to_owned(), PASSWORD.to_owned()));
        match ask {
            Ask::Token if request.basic() == login => {
                return Response::json(200, &json!({"token": BEARER, "expires_in": 300}));
            }
            Ask::Token => return error(401, "UNAUTHORIZED", "no such login"),
            _ if request.bearer() != Some(BEARER) => {
                return challenge(&wanted(&format!("{}/token", request.origin()), ask));
            }
            _ => {}
        }
        match ask {
            Ask::Base => Some(Response::json(200, &json!({}))),
            Ask::Catalog => {
                let names: Vec<&str> = REPOSITORIES.iter().map(|(name, ..)| *name).collect();
                Some(page(request, "repositories", &names))
            }
            Ask::Tags(name) => listed(name).map(|tags| page(request, "tags", &tags)),
            Ask::Head(reference) | Ask::Manifest(reference) => {
                self.manifest(reference).map(manifest_response)
            }
            Ask::Blob(digest) => self.blobs.get(digest).map(blob_response),
            Ask::Token | Ask::Nothing => None,
        }
        .unwrap_or_else(|| error(404, "NAME_UNKNOWN", "there is no such thing"))
    }

    /// What a tag or digest of [`APP`] stands for.
    pub(super) fn manifest(&self, reference: &str) -> Option<&Blob> {
        let is_tag = TAGS.iter().any(|(name, _)| *name == reference);
        let tagged = || is_tag.then(|| &self.tagged(reference).image.root);
        self.manifests.get(reference).or_else(tagged)
    }
}

impl Held {
    fn single(image: Image, platform: &str) -> Self {
        let size = json!(size(&image));
        Held { size, platforms: json!([platform]), ..Held::odd(image) }.made()
    }

    /// Both images of an index are equally large, whatever this machine is.
    fn index(image: Image, one: &Image) -> Self {
        Held { size: json!(size(one)), platforms: json!([AMD64, ARM64]), ..Held::odd(image) }.made()
    }

    /// Of a chart or an old image nobody tells.
    fn odd(image: Image) -> Self {
        Held { image, size: Value::Null, platforms: Value::Null, created: Value::Null }
    }

    fn made(self) -> Self {
        Held { created: json!("2026-01-02T03:04:05.678Z"), ..self }
    }
}

/// Config and layers, compressed.
pub(super) fn size(image: &Image) -> usize {
    image.blobs.iter().map(|blob| blob.bytes.len()).sum()
}

/// The tags of a repository in the registry's order.
pub(super) fn listed(repository: &str) -> Option<Vec<&'static str>> {
    let (name, tags, _) = REPOSITORIES.iter().find(|(name, ..)| *name == repository)?;
    Some(if *name == APP { TAGS.iter().map(|(tag, _)| *tag).collect() } else { tags.to_vec() })
}

/// The challenge for what is asked.
pub(super) fn wanted(realm: &str, ask: &Ask) -> String {
    let scope = ask.scope().map(|scope| format!(",scope=\"{scope}\"")).unwrap_or_default();
    format!("Bearer realm=\"{realm}\",service=\"s\"{scope}")
}

/// A page of a list: after `last`, and at most [`PAGE`] entries.
fn page(request: &Request, member: &str, all: &[&str]) -> Response {
    let last = request.param("last");
    let place = all.iter().position(|entry| Some(*entry) == last.as_deref());
    let start = place.map_or(0, |place| place + 1);
    let size = request.param("n").and_then(|n| n.parse().ok()).unwrap_or(PAGE).min(PAGE);
    let end = (start + size).min(all.len());
    let answer = Response::json(200, &json!({member: all[start..end]}));
    match all[start..end].last().filter(|_| end < all.len()) {
        Some(last) => {
            let link = format!("<{}?last={last}&n={size}>; rel=\"next\"", request.path);
            answer.header("Link", link)
        }
        None => answer,
    }
}
