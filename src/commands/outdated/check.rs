//! What there is to say about one image: from the list of its repository, and for pins from what
//! the registry answers.

use jiff::Timestamp;

use super::inputs::{Item, Unchecked};
use super::pins::{self, Pin};
use super::{Args, Failure, Lists, RepositoryKey};
use crate::commands::context::Context;
use crate::commands::image::{self, Image};
use crate::commands::options::TypeOption;
use crate::config::Resolved;
use crate::error::Error;
use crate::oci::manifest::{Content, Entry};
use crate::oci::reference::{Digest, Tag};
use crate::registry::RepositoryHandle;
use crate::tags::kind::{self, Kind, Level, Options};
use crate::tags::select::TagList;

/// The most tags of an image that are looked at for their digest or age.
const MOST: usize = 20;

/// Everything that is known of an image. Findings are independent of each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Finding {
    /// The tag in use; where a file has none, the one that is implied, told or found.
    pub tag: Option<String>,
    pub wanted: Option<String>,
    pub latest: Option<String>,
    /// From the tag to `latest`.
    pub level: Option<Level>,
    pub other_base: Option<String>,
    /// Whether the tag points elsewhere than the pin; `None`: not known.
    pub moved: Option<bool>,
    /// What the pin should be now.
    pub new_digest: Option<Digest>,
    pub is_gone: bool,
    is_newer: bool,
    is_pinned: bool,
    is_floating: bool,
    skipped: bool,
    failed: bool,
    /// Why it is skipped or failed; of a current pin, which platform's it is.
    pub reason: Option<String>,
    /// The digest of `wanted` and of the tag in use, where they were asked for to be written.
    pub written: Option<Digest>,
}

/// The one word for a finding: the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Failed,
    Skipped,
    Gone,
    Moved,
    Newer,
    Pinned,
    Floating,
    Current,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            State::Failed => "failed",
            State::Skipped => "skipped",
            State::Gone => "gone",
            State::Moved => "moved",
            State::Newer => "newer",
            State::Pinned => "pinned",
            State::Floating => "floating",
            State::Current => "current",
        }
    }
}

impl Finding {
    pub(super) fn failed(failure: &Failure) -> Self {
        Finding { failed: true, reason: Some(failure.message.clone()), ..Finding::default() }
    }

    pub(super) fn state(&self) -> State {
        let states = [
            (self.failed, State::Failed),
            (self.skipped, State::Skipped),
            (self.is_gone, State::Gone),
            (self.moved == Some(true), State::Moved),
            (self.is_newer, State::Newer),
            (self.is_pinned, State::Pinned),
            (self.is_floating, State::Floating),
        ];
        states.into_iter().find(|(holds, _)| *holds).map_or(State::Current, |(_, state)| state)
    }

    /// Whether it is a reason for exit code 10.
    pub(super) fn is_outdated(&self) -> bool {
        matches!(self.state(), State::Gone | State::Moved | State::Newer)
    }

    /// Whether there is nothing to say.
    pub(super) fn is_current(&self) -> bool {
        self.state() == State::Current && self.other_base.is_none()
    }

    pub(super) fn is_newer(&self) -> bool {
        self.is_newer
    }
}

/// Checks images; the lists are there.
pub(super) struct Checker<'a> {
    pub args: &'a Args,
    pub context: &'a Context,
    pub lists: &'a Lists,
}

impl Checker<'_> {
    /// Whether it takes requests to check an image.
    pub(super) fn asks(&self, item: &Item) -> bool {
        let is_listed = item.target.as_ref().is_ok_and(|target| {
            !matches!(self.lists.get(&RepositoryKey::of(target)), Some(Err(_)))
        });
        is_listed
            && (item.digest().is_some() || self.args.pin || self.args.update.min_age.is_some())
    }

    /// # Errors
    /// Failures of requests.
    pub(super) fn check(&self, item: &Item) -> Result<Finding, Error> {
        let target = match &item.target {
            Ok(target) => target,
            Err(Unchecked::Skipped(why)) => {
                let reason = Some(why.clone());
                return Ok(Finding { skipped: true, reason, ..Finding::default() });
            }
            Err(Unchecked::Failed(why)) => {
                let reason = Some(why.clone());
                return Ok(Finding { failed: true, reason, ..Finding::default() });
            }
        };
        let list = match self.lists.get(&RepositoryKey::of(target)) {
            Some(Ok(list)) => Some(list),
            Some(Err(failure)) => return Ok(Finding::failed(failure)),
            None => None,
        };
        let mut finding = Finding::default();
        let mut tag = self.tag(item, target, list);
        if tag.is_none() && self.args.resolve {
            tag = pins::resolve(self, item, target)?;
        }
        let Some(tag) = tag else {
            finding.is_pinned = true;
            finding.is_gone = !pins::exists(self, item, target)?;
            return Ok(finding);
        };
        finding.tag = Some(tag.clone());
        let is_listed = list.is_none_or(|list| list.iter().any(|listed| listed == tag));
        finding.is_gone = !is_listed;
        let mut current_digest = None;
        if item.digest().is_some() && is_listed {
            let pin = Pin { checker: self, item, target, tag: &tag };
            current_digest = pin.compare(&mut finding)?;
        }
        match (list, Kind::parse(&tag)) {
            (Some(list), Some(kind)) => {
                self.newer(item, target, list, &kind, current_digest.as_ref(), &mut finding)?;
            }
            _ => finding.is_floating = item.digest().is_none(),
        }
        if self.args.pin || item.digest().is_some() && finding.is_newer {
            finding.written = self.digest_to_write(item, target, &finding)?;
        }
        Ok(finding)
    }

    /// The tag that an image has, by itself or by its comment.
    fn tag(&self, item: &Item, target: &Resolved, list: Option<&TagList>) -> Option<String> {
        if let Some(tag) = target.reference.tag() {
            return Some(tag.to_string());
        }
        let Some(comment) = &item.comment else {
            return item.digest().is_none().then(|| Tag::latest().to_string());
        };
        let written = comment.as_str();
        let other = written.strip_prefix('v').map_or_else(|| format!("v{written}"), str::to_owned);
        let has = |tag: &str| list.is_some_and(|list| list.iter().any(|listed| listed == tag));
        Some(if !has(written) && has(&other) { other } else { written.to_owned() })
    }

    /// What the list has that is newer.
    fn newer(
        &self,
        item: &Item,
        target: &Resolved,
        list: &TagList,
        current: &Kind<'_>,
        digest: Option<&Digest>,
        finding: &mut Finding,
    ) -> Result<(), Error> {
        let update = &self.args.update;
        let options = Options {
            level: update.level(),
            pre: update.pre,
            any_base: update.any_base(),
            range: None,
        };
        let answer = kind::newest(current, list.iter(), &options);
        finding.other_base = answer.other_base.map(|newer| newer.tag.to_owned());
        let looks = update.min_age.is_some() || item.digest().is_some() && digest.is_some();
        let (wanted, latest) = if looks && answer.latest.is_some() {
            let candidates = kind::candidates(current, list.iter(), &options);
            let latest = self.look(target, &candidates, digest)?;
            let is_near = |tag: &&str| {
                Kind::parse(tag).is_some_and(|kind| current.level_to(&kind) < Level::Major)
            };
            let wanted = match latest {
                Some(latest) if is_near(&latest) => Some(latest),
                Some(_) => {
                    let near: Vec<&str> = candidates.into_iter().filter(is_near).collect();
                    self.look(target, &near, digest)?
                }
                None => None,
            };
            (wanted, latest)
        } else {
            (answer.wanted.map(|newer| newer.tag), answer.latest.map(|newer| newer.tag))
        };
        finding.is_newer = latest.is_some();
        finding.level = latest.and_then(Kind::parse).map(|latest| current.level_to(&latest));
        // What is newest itself is what is wanted; what is gone is not.
        let own = (!finding.is_gone).then_some(current.tag());
        finding.wanted = wanted.or(own).map(str::to_owned);
        finding.latest = latest.or(own).map(str::to_owned);
        Ok(())
    }

    /// The first of the candidates that is other bytes than the current tag, and old enough.
    fn look<'l>(
        &self,
        target: &Resolved,
        candidates: &[&'l str],
        current: Option<&Digest>,
    ) -> Result<Option<&'l str>, Error> {
        for &tag in candidates.iter().take(MOST) {
            if let Some(current) = current {
                match self.image(target, tag)?.head() {
                    Ok(head) if head.digest == *current => continue,
                    Ok(_) => {}
                    Err(Error::NotFoundIn { .. }) => continue,
                    Err(error) => return Err(error),
                }
            }
            if self.is_young(target, tag)? {
                continue;
            }
            return Ok(Some(tag));
        }
        if candidates.len() > MOST {
            let name = target.reference.name();
            let text = format!("{name}: gave up after the {MOST} newest tags");
            self.context.reporter.warn(&text);
        }
        Ok(None)
    }

    fn is_young(&self, target: &Resolved, tag: &str) -> Result<bool, Error> {
        let Some(least) = self.args.update.min_age else { return Ok(false) };
        let created = created(&self.image(target, tag)?)?;
        let now = self.context.look().now;
        Ok(created.is_none_or(|created| created.duration_until(now) < least))
    }

    /// The image of a tag of the repository.
    pub(super) fn image(&self, target: &Resolved, tag: &str) -> Result<Image, Error> {
        let name = format!("{}:{tag}", target.reference.name());
        image::one(self.context, &name, &TypeOption::default())
    }

    pub(super) fn repository(&self, target: &Resolved) -> Result<RepositoryHandle, Error> {
        let registry = self.context.registry(target.reference.registry(), &target.profile)?;
        Ok(RepositoryHandle::Registry(registry.repository(target.reference.repository(), false)))
    }

    /// The tag that `--write` puts into the files.
    pub(super) fn written_tag<'f>(&self, finding: &'f Finding) -> Option<&'f str> {
        written_tag(self.args, finding)
    }

    /// The digest of what is written: the same platform's where the pin was one platform's.
    fn digest_to_write(
        &self,
        item: &Item,
        target: &Resolved,
        finding: &Finding,
    ) -> Result<Option<Digest>, Error> {
        if !self.args.write && !self.args.dry_run {
            return Ok(None);
        }
        match self.written_tag(finding) {
            Some(tag) => {
                let image = self.image(target, tag)?;
                pins::same_platform(self, item, target, &image).map(Some)
            }
            // A moved pin's new digest is known; one that has not moved stays.
            None if item.digest().is_some() => Ok(finding.new_digest.clone()),
            None if finding.is_gone => Ok(None),
            None => {
                let tag = finding.tag.as_deref().unwrap_or("latest");
                Ok(Some(self.image(target, tag)?.head()?.digest))
            }
        }
    }
}

/// The tag that `--write` puts in the place of the current one.
pub(super) fn written_tag<'f>(args: &Args, finding: &'f Finding) -> Option<&'f str> {
    let is_major = args.update.level() == Some(Level::Major);
    let new = if is_major { &finding.latest } else { &finding.wanted };
    let new = new.as_deref().filter(|_| finding.is_newer());
    new.filter(|new| finding.tag.as_deref() != Some(*new))
}

/// When an image was made, by its config; that of an index by its first image.
fn created(image: &Image) -> Result<Option<Timestamp>, Error> {
    let outcome = image.root().and_then(|root| {
        let first = match &root.document.content {
            Content::Index(index) => {
                index.manifests.iter().find(|entry| entry.entry() == Entry::Image)
            }
            _ => None,
        };
        let child = first.map(|entry| image.entry(entry)).transpose()?;
        let document = &child.as_ref().unwrap_or(&root).document;
        let bytes = image.config_of(document)?;
        let config = image::image_config(document, bytes.as_deref());
        Ok(config.and_then(|config| config.created?.credible()))
    });
    match outcome {
        Err(Error::NotFoundIn { .. }) => Ok(None),
        outcome => outcome,
    }
}
