//! What names do not tell: whether a tag has other bytes, an image for a platform, and an age.
//! Only a limited number is looked at, the newest first.

use jiff::Timestamp;

use super::choose::Fitting;
use super::question::Question;
use super::{Args, Needs};
use crate::commands::context::Context;
use crate::commands::image::{self, Image};
use crate::commands::options::TypeOption;
use crate::error::Error;
use crate::oci::manifest::{Content, Descriptor, Entry, Index};
use crate::oci::platform::{self, Platform, Selection};
use crate::oci::reference::Digest;
use crate::registry::hub::HubImage;

/// The most tags of a repository that are looked at.
const MOST: usize = 20;

/// A tag that passed.
pub(super) struct Looked<'l> {
    pub(super) tag: &'l str,
    pub(super) digest: Option<Digest>,
    pub(super) created: Option<Timestamp>,
}

/// What a look at a tag shows.
struct Seen {
    has_platform: bool,
    created: Option<Timestamp>,
}

/// Looks at the tags of one repository.
pub(super) struct Looker<'a> {
    pub(super) context: &'a Context,
    pub(super) args: &'a Args,
    pub(super) needs: Needs,
    pub(super) platform: Option<&'a Platform>,
    pub(super) question: &'a Question,
}

impl Looker<'_> {
    /// The newest tags that pass, at most `limit`.
    ///
    /// # Errors
    /// Failures of requests; [`Error::NothingFits`].
    pub(super) fn look<'l>(
        &self,
        fitting: &Fitting<'l>,
        limit: usize,
    ) -> Result<Vec<Looked<'l>>, Error> {
        let mut found = Vec::new();
        let (mut looks, mut undated) = (0, 0);
        let current = self.current_digest(fitting)?;
        for &tag in &fitting.tags {
            let is_current = fitting.current == Some(tag);
            // The current tag is an answer without a look, but for the platform.
            let must_look = self.platform.is_some()
                || self.needs.created
                || (self.args.update.min_age.is_some() && !is_current);
            let mut looked = Looked { tag, digest: None, created: None };
            if self.needs.digest && is_current {
                looked.digest.clone_from(&current);
            }
            let asks_digest = self.needs.digest && !is_current;
            if must_look || asks_digest {
                if looks == MOST {
                    break;
                }
                looks += 1;
            }
            if must_look {
                let Some(seen) = present(self.see(tag))? else { continue };
                let is_young = self.is_young(&seen) && !is_current;
                undated += usize::from(is_young && seen.created.is_none());
                if !seen.has_platform || is_young {
                    continue;
                }
                looked.created = seen.created;
            }
            if asks_digest {
                let Some(digest) = present(self.digest(tag))? else { continue };
                if current.as_ref() == Some(&digest) {
                    continue;
                }
                looked.digest = Some(digest);
            }
            found.push(looked);
            if found.len() == limit {
                return Ok(found);
            }
        }
        if found.is_empty() {
            return self.keep_current(fitting, looks, undated, current);
        }
        if looks == MOST && fitting.tags.len() > looks {
            self.context.reporter.warn(&format!(
                "{}: gave up after the {MOST} newest of {} tags",
                self.question.target.reference.name(),
                fitting.tags.len()
            ));
        }
        Ok(found)
    }

    /// Where nothing newer passes, what is there stays.
    fn keep_current<'l>(
        &self,
        fitting: &Fitting<'l>,
        looks: usize,
        undated: usize,
        digest: Option<Digest>,
    ) -> Result<Vec<Looked<'l>>, Error> {
        let name = self.question.target.reference.name();
        let gave_up = looks == MOST && fitting.tags.len() > looks;
        let is_there = fitting.current.filter(|tag| fitting.tags.contains(tag));
        if let Some(tag) = is_there.filter(|_| self.platform.is_none()) {
            if gave_up {
                self.context.reporter.warn(&format!(
                    "{name}: none of the {MOST} newest tags fits in place of {tag}; gave up"
                ));
            }
            return Ok(vec![Looked { tag, digest, created: None }]);
        }
        let wanted = match (self.platform, &self.args.update.min_age) {
            (Some(platform), None) => format!("has an image for {platform}"),
            (None, _) => "is old enough".to_owned(),
            (Some(platform), Some(_)) => format!("is old enough and has an image for {platform}"),
        };
        let gave_up = if gave_up { format!("; gave up after {MOST} tags") } else { String::new() };
        let dates = match undated {
            0 => String::new(),
            1 => "; 1 tag has no credible date".to_owned(),
            count => format!("; {count} tags have no credible date"),
        };
        let without = fitting.tags.first().copied().unwrap_or_default();
        Err(Error::NothingFits {
            message: format!("no tag of {name} that fits {wanted}{gave_up}{dates}"),
            hint: format!("newest without this condition: {without}"),
        })
    }

    /// What the current tag points to, where bytes are compared.
    fn current_digest(&self, fitting: &Fitting<'_>) -> Result<Option<Digest>, Error> {
        match fitting.current.filter(|tag| self.needs.digest && fitting.tags.contains(tag)) {
            Some(tag) => present(self.digest(tag)),
            None => Ok(None),
        }
    }

    fn is_young(&self, seen: &Seen) -> bool {
        let Some(least) = self.args.update.min_age else { return false };
        let now = self.context.look().now;
        seen.created.is_none_or(|created| created.duration_until(now) < least)
    }

    fn image(&self, tag: &str) -> Result<Image, Error> {
        let name = format!("{}:{tag}", self.question.target.reference.name());
        image::one(self.context, &name, &TypeOption::default())
    }

    fn digest(&self, tag: &str) -> Result<Digest, Error> {
        Ok(self.image(tag)?.head()?.digest)
    }

    fn see(&self, tag: &str) -> Result<Seen, Error> {
        if let Some(seen) = self.see_on_hub(tag) {
            return Ok(seen);
        }
        let image = self.image(tag)?;
        let root = image.root()?;
        let Content::Index(index) = &root.document.content else {
            let (platform, bytes) = image.platform_of(&root.document)?;
            let has_platform =
                self.platform.is_none_or(|wanted| is_for(&[platform.as_ref()], wanted).is_some());
            let created = created(&root.document, bytes.as_deref());
            return Ok(Seen { has_platform, created });
        };
        let entry = match self.platform {
            Some(wanted) => exact(index, wanted),
            None => any(index),
        };
        let mut seen = Seen { has_platform: entry.is_some(), created: None };
        let needs_created = self.needs.created || self.args.update.min_age.is_some();
        if let Some(entry) = entry.filter(|_| needs_created) {
            let child = image.entry(entry)?;
            let bytes = image.config_of(&child.document)?;
            seen.created = created(&child.document, bytes.as_deref());
        }
        Ok(seen)
    }

    /// Docker Hub's API tells both in one request that does not count as a pull; where it does not, manifests do.
    fn see_on_hub(&self, tag: &str) -> Option<Seen> {
        let target = &self.question.target;
        let settings = &target.profile.settings;
        let has_api = settings.hub_api.is_some() || settings.endpoint.is_none();
        if !target.reference.registry().is_docker_hub() || !has_api {
            return None;
        }
        let hub = self.context.hub(&target.profile).ok()?;
        let found = hub.tag(target.reference.repository(), &tag.parse().ok()?).ok()?;
        let platforms: Vec<Platform> = found.images.iter().filter_map(HubImage::platform).collect();
        let named: Vec<Option<&Platform>> = platforms.iter().map(Some).collect();
        let has_platform = self.platform.is_none_or(|wanted| is_for(&named, wanted).is_some());
        Some(Seen { has_platform, created: found.last_pushed.or(found.last_updated) })
    }
}

/// A tag that is gone since it was listed is passed over.
fn present<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFoundIn { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn created(document: &crate::oci::manifest::Document, config: Option<&[u8]>) -> Option<Timestamp> {
    image::image_config(document, config)?.created?.credible()
}

fn is_for(platforms: &[Option<&Platform>], wanted: &Platform) -> Option<usize> {
    match platform::select(platforms, wanted) {
        Selection::Found { index, exact: true } => Some(index),
        _ => None,
    }
}

fn exact<'i>(index: &'i Index, wanted: &Platform) -> Option<&'i Descriptor> {
    match index.select(wanted) {
        Selection::Found { index: at, exact: true } => index.manifests.get(at),
        _ => None,
    }
}

/// This machine's image, else the first.
fn any(index: &Index) -> Option<&Descriptor> {
    exact(index, &Platform::local())
        .or_else(|| index.manifests.iter().find(|entry| entry.entry() == Entry::Image))
}
