//! Pins: whether a tag still points to the digest that was written down for it.
//!
//! A HEAD tells where nothing has changed. Else the tag's index is read once, and the pinned one
//! once more, so that a change of another platform is not reported.

use super::check::{Checker, Finding};
use super::inputs::Item;
use crate::commands::image::{self, Image};
use crate::config::Resolved;
use crate::error::Error;
use crate::oci::manifest::{Content, Document, Index};
use crate::oci::platform::{Platform, Selection};
use crate::oci::reference::{Digest, Tag};
use crate::registry::{Fetched, Target};
use crate::system::parallel;
use crate::tags::kind::Kind;
use crate::tags::select::TagList;

/// The most tags that are asked for their digest to find that of a pin.
const MOST_RESOLVED: usize = 1_000;

/// A pin with its tag.
pub(super) struct Pin<'a> {
    pub checker: &'a Checker<'a>,
    pub item: &'a Item,
    pub target: &'a Resolved,
    pub tag: &'a str,
}

impl Pin<'_> {
    /// Compares the pin with its tag. The tag's digest is the result, if there is one.
    ///
    /// # Errors
    /// Failures of requests.
    pub(super) fn compare(&self, finding: &mut Finding) -> Result<Option<Digest>, Error> {
        let Some(pin) = self.item.digest() else { return Ok(None) };
        let image = self.checker.image(self.target, self.tag)?;
        let Some(head) = present(image.head())? else {
            finding.is_gone = true;
            return Ok(None);
        };
        finding.moved = Some(false);
        if head.digest == *pin {
            return Ok(Some(head.digest));
        }
        let now = manifest(&image, &head.digest)?;
        let platform = self.item.platform.as_ref().map(Platform::normalized);
        if let Some(index) = index(&now.document)
            && let Some(child) = index.manifests.iter().find(|e| e.digest.as_str() == pin.as_str())
        {
            let own = child.platform.as_ref();
            let is_wanted =
                platform.as_ref().is_none_or(|wanted| exact(index, wanted) == Some(pin));
            if is_wanted {
                let name = own.map_or_else(|| "a platform".to_owned(), Platform::to_string);
                finding.reason = Some(format!("the image for {name}"));
                return Ok(Some(head.digest));
            }
        }
        let Some(before) = present(manifest(&image, pin))? else {
            finding.is_gone = true;
            finding.moved = Some(true);
            finding.new_digest = Some(head.digest.clone());
            return Ok(Some(head.digest));
        };
        let new = self.like(&image, &before, &now, platform.as_ref())?;
        if let Some(platform) = &platform
            && let (Some(old), Some(new)) = (child(&before, platform), child(&now, platform))
            && old == new
        {
            finding.reason = Some(format!("unchanged for {platform}"));
            return Ok(Some(head.digest));
        }
        finding.moved = Some(true);
        finding.new_digest = Some(new);
        Ok(Some(head.digest))
    }

    /// What the pin becomes: the tag's own digest, or that of the same platform's image where the
    /// pin was one platform's.
    fn like(
        &self,
        image: &Image,
        before: &Fetched,
        now: &Fetched,
        platform: Option<&Platform>,
    ) -> Result<Digest, Error> {
        let Some(index) = index(&now.document).filter(|_| self::index(&before.document).is_none())
        else {
            return Ok(now.digest.clone());
        };
        let own = match platform {
            Some(platform) => Some(platform.clone()),
            None => platform_of(image, before)?,
        };
        let same = own.and_then(|own| exact(index, &own).cloned());
        Ok(same.unwrap_or_else(|| now.digest.clone()))
    }
}

/// The digest to pin a tag to: that of the same platform's image where the old pin is one.
///
/// # Errors
/// Failures of requests.
pub(super) fn same_platform(
    checker: &Checker<'_>,
    item: &Item,
    target: &Resolved,
    image: &Image,
) -> Result<Digest, Error> {
    let Some(pin) = item.digest() else { return Ok(image.head()?.digest) };
    let Some(before) = present(manifest(image, pin))? else { return Ok(image.head()?.digest) };
    if index(&before.document).is_some() {
        return Ok(image.head()?.digest);
    }
    let now = image.root()?;
    let tag = image.target.to_string();
    let pin = Pin { checker, item, target, tag: &tag };
    let platform = item.platform.as_ref().map(Platform::normalized);
    pin.like(image, &before, &now, platform.as_ref())
}

/// Whether a pin without a tag is still there.
///
/// # Errors
/// Failures of requests.
pub(super) fn exists(checker: &Checker<'_>, item: &Item, target: &Resolved) -> Result<bool, Error> {
    let Some(pin) = item.digest() else { return Ok(true) };
    let repository = checker.repository(target)?;
    Ok(present(repository.head(&Target::Digest(pin.clone())))?.is_some())
}

/// The most precise version among the tags of a pin without one, the newest first.
///
/// # Errors
/// Failures of requests.
pub(super) fn resolve(
    checker: &Checker<'_>,
    item: &Item,
    target: &Resolved,
) -> Result<Option<String>, Error> {
    let Some(pin) = item.digest() else { return Ok(None) };
    let repository = checker.repository(target)?;
    let mut tags = TagList::new();
    repository.tags(None, &mut tags)?;
    tags.retain(|tag| Kind::parse(tag).is_some());
    tags.sort_by_version();
    let jobs = checker.context.jobs(&target.profile);
    let tags: Vec<&str> = tags.iter().take(MOST_RESOLVED).collect();
    for batch in tags.chunks(jobs.max(1)) {
        let mut found: Vec<&str> = Vec::new();
        let head = |tag: &&str| match tag.parse::<Tag>() {
            Ok(tag) => present(repository.head(&Target::Tag(tag))),
            Err(_) => Ok(None),
        };
        parallel::in_order(batch, jobs, head, |tag, head| {
            if head?.is_some_and(|head| head.digest == *pin) {
                found.push(tag);
            }
            Ok::<(), Error>(())
        })?;
        let numbers = |tag: &str| tag.split('.').count();
        if let Some(best) = found.into_iter().max_by_key(|tag| numbers(tag)) {
            return Ok(Some(best.to_owned()));
        }
    }
    Ok(None)
}

/// What is not there is none; every other failure is one.
fn present<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFoundIn { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn manifest(image: &Image, digest: &Digest) -> Result<Fetched, Error> {
    let target = Target::Digest(digest.clone());
    image.repository.manifest(&target)
}

fn index(document: &Document) -> Option<&Index> {
    match &document.content {
        Content::Index(index) => Some(index),
        _ => None,
    }
}

/// The digest of an index's image for exactly this platform.
fn exact<'i>(index: &'i Index, platform: &Platform) -> Option<&'i Digest> {
    match index.select(platform) {
        Selection::Found { index: at, exact: true } => index.manifests.get(at)?.digest.supported(),
        _ => None,
    }
}

/// The digest of a document's image for a platform; a single image is its own.
fn child(fetched: &Fetched, platform: &Platform) -> Option<Digest> {
    match index(&fetched.document) {
        Some(index) => exact(index, platform).cloned(),
        None => Some(fetched.digest.clone()),
    }
}

/// The platform of a single image, by its config.
fn platform_of(image: &Image, fetched: &Fetched) -> Result<Option<Platform>, Error> {
    let bytes = image.config_of(&fetched.document)?;
    let config = image::image_config(&fetched.document, bytes.as_deref());
    Ok(config.and_then(|config| config.platform()))
}
