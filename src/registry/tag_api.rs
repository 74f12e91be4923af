//! Details of tags from the APIs of Quay and Harbor: digest, size and date of a hundred tags a request.
//!
//! They are an addition to the list of tags, never the list itself: their pages are numbered and shift
//! while others push, and they may leave out what the registry lists. Whatever they do not tell is asked
//! of the registry as everywhere. So nothing that goes wrong here is an error.
//!
//! Sources: Quay's `endpoints/api/tag.py` and [Harbor's API](https://goharbor.io/docs/main/working-with-projects/using-api-explorer/).
//! Every member may be missing or null.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::RegistryRepository;
use crate::auth::Product;
use crate::error::Error;
use crate::http::Answer;
use crate::oci::manifest::Created;
use crate::oci::platform::Platform;
use crate::oci::reference::{Digest, Tag};

/// Tags, or artifacts, a page: the most that both give.
pub(crate) const PAGE_SIZE: usize = 100;
/// The most that is read of a page.
const MAX_PAGE: u64 = 16 << 20;
/// The most that is read of one entry. Harbor's have the whole config in them.
const MAX_ENTRY: usize = 256 * 1024;

/// What an API says of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagInfo {
    pub tag: Tag,
    pub digest: Digest,
    /// The compressed size in bytes; `None` for an index, whose sizes are sums over its images.
    pub size: Option<u64>,
    /// When the image was made, else when the tag was pushed.
    pub created: Option<Timestamp>,
    /// Unknown to Quay.
    pub platforms: Option<Vec<Platform>>,
    /// The images of an index, where they are told.
    pub images: Vec<(Platform, Digest)>,
}

/// A page of such an API.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TagPage {
    pub tags: Vec<TagInfo>,
    /// How many entries it has, whatever they are.
    pub entries: usize,
    /// How many entries there are on all pages, where the server says so.
    pub total: Option<usize>,
    pub is_last: bool,
}

impl RegistryRepository {
    /// Whether the registry has such an API.
    pub(crate) fn has_tag_api(&self) -> bool {
        self.tag_api().is_some()
    }

    fn tag_api(&self) -> Option<(Product, String)> {
        let (path, session) = (self.path().as_str(), self.registry.session());
        let product = session.product()?;
        Some((
            product,
            match product {
                Product::Quay => format!("/api/v1/repository/{path}/tag/"),
                Product::Harbor => {
                    // Slashes are escaped twice: proxies resolve them once.
                    let (project, repository) = path.split_once('/')?;
                    let repository = repository.replace('/', "%252F");
                    format!("/api/v2.0/projects/{project}/repositories/{repository}/artifacts")
                }
            },
        ))
    }

    /// A page, the first being 1. `None`: the API does not answer this caller.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(crate) fn tag_page(&self, number: usize) -> Result<Option<TagPage>, Error> {
        let Some((product, path)) = self.tag_api() else { return Ok(None) };
        let query = match product {
            Product::Quay => format!("limit={PAGE_SIZE}&page={number}&onlyActiveTags=true"),
            Product::Harbor => {
                format!("with_tag=true&q=tags%3D*&page={number}&page_size={PAGE_SIZE}")
            }
        };
        let read = |answer: &mut Answer| {
            if answer.status() != 200 {
                return Ok(None);
            }
            let bytes = answer.bytes(MAX_PAGE, "a page of the list")?;
            let total = answer.header_text("x-total-count").and_then(|text| text.parse().ok());
            let page = match product {
                Product::Quay => parse_quay(&bytes, Timestamp::now().as_second()),
                Product::Harbor => parse_harbor(&bytes),
            };
            Ok(page.map(|page| TagPage { total, ..page }))
        };
        let session = self.registry.session();
        match session.ask_product(product, &self.resource, (&path, &query), read) {
            Err(error @ Error::Interrupted) => Err(error),
            outcome => Ok(outcome.ok().flatten()),
        }
    }
}

/// `{"tags": [{"name", "manifest_digest", "size", "is_manifest_list", "last_modified", "start_ts"}],
/// "page": 1, "has_additional": false}`; `now` in seconds since 1970.
pub fn parse_quay(bytes: &[u8], now: i64) -> Option<TagPage> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        tags: Vec<&'a RawValue>,
        #[serde(default)]
        has_additional: Option<bool>,
    }
    // serde reads a list of the members as well.
    let bytes = Some(bytes).filter(|bytes| bytes.trim_ascii_start().starts_with(b"{"))?;
    let page: Page<'_> = serde_json::from_slice(bytes).ok()?;
    let entries = page.tags.len();
    let tags = page.tags.into_iter().filter_map(object).filter_map(|tag| quay_tag(&tag, now));
    let tags = tags.collect();
    Some(TagPage { tags, entries, total: None, is_last: page.has_additional != Some(true) })
}

fn quay_tag(tag: &Value, now: i64) -> Option<TagInfo> {
    // One that has ended is history, whatever was asked for.
    if tag.get("end_ts").and_then(Value::as_i64).is_some_and(|end| end <= now) {
        return None;
    }
    let modified = || rfc2822::parse(text(tag, "last_modified")?).ok().map(|time| time.timestamp());
    let start = || Timestamp::from_second(tag.get("start_ts")?.as_i64()?).ok();
    let is_index = tag.get("is_manifest_list").and_then(Value::as_bool) == Some(true);
    Some(TagInfo {
        tag: text(tag, "name")?.parse().ok()?,
        digest: text(tag, "manifest_digest")?.parse().ok()?,
        size: size(tag).filter(|_| !is_index),
        created: start().or_else(modified),
        platforms: None,
        images: Vec::new(),
    })
}

/// `[{"digest", "size", "push_time", "tags": [{"name", "push_time"}], "extra_attrs": {"architecture",
/// "os", "created"}, "references": [{"child_digest", "platform": {"os", "architecture", "variant"}}]}]`
pub fn parse_harbor(bytes: &[u8]) -> Option<TagPage> {
    let artifacts: Vec<&RawValue> = serde_json::from_slice(bytes).ok()?;
    let entries = artifacts.len();
    let tags = artifacts.into_iter().filter_map(object).flat_map(|artifact| harbor_tags(&artifact));
    Some(TagPage { tags: tags.collect(), entries, total: None, is_last: entries < PAGE_SIZE })
}

fn harbor_tags(artifact: &Value) -> Vec<TagInfo> {
    let list = |member: &str| artifact.get(member).and_then(Value::as_array).into_iter().flatten();
    let Some(digest) = text(artifact, "digest").and_then(|digest| digest.parse::<Digest>().ok())
    else {
        return Vec::new();
    };
    let references: Vec<&Value> = list("references").collect();
    let images: Vec<(Platform, Digest)> = references
        .iter()
        .filter_map(|reference| {
            let child = text(reference, "child_digest")?.parse().ok()?;
            Some((platform(reference.get("platform")?)?, child))
        })
        .collect();
    let attributes = artifact.get("extra_attrs");
    let platforms = match references.as_slice() {
        [] => attributes.and_then(platform).map(|platform| vec![platform]),
        _ => Some(images.iter().map(|(platform, _)| platform.clone()).collect()),
    };
    let made = attributes.and_then(|attributes| text(attributes, "created"));
    let made = made.and_then(|text| Created::new(text).credible());
    let pushed = |of: &Value| text(of, "push_time").and_then(|text| Created::new(text).credible());
    list("tags")
        .filter_map(|tag| {
            Some(TagInfo {
                tag: text(tag, "name")?.parse().ok()?,
                digest: digest.clone(),
                size: size(artifact).filter(|_| references.is_empty()),
                created: made.or_else(|| pushed(tag)).or_else(|| pushed(artifact)),
                platforms: platforms.clone().filter(|platforms| !platforms.is_empty()),
                images: images.clone(),
            })
        })
        .collect()
}

/// An entry that is small enough.
fn object(text: &RawValue) -> Option<Value> {
    serde_json::from_str(Some(text.get()).filter(|text| text.len() <= MAX_ENTRY)?).ok()
}

fn text<'a>(object: &'a Value, member: &str) -> Option<&'a str> {
    object.get(member)?.as_str().filter(|text| !text.is_empty())
}

fn size(object: &Value) -> Option<u64> {
    object.get("size")?.as_u64().filter(|size| *size > 0)
}

/// A platform; `None` for attestations, and where the API does not know.
fn platform(object: &Value) -> Option<Platform> {
    let member = |name: &str| text(object, name).map(str::to_owned);
    let platform = Platform {
        os: member("os")?,
        architecture: member("architecture")?,
        variant: member("variant").unwrap_or_default(),
        os_version: member("os.version").or_else(|| member("'os.version'")).unwrap_or_default(),
        os_features: Vec::new(),
    };
    (!platform.is_unknown()).then_some(platform)
}
