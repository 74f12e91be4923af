//! Tags with their digests, for commands that compare tags. A list tells digests where it can (Docker
//! Hub, Google's registries); elsewhere each tag that is asked for costs a `HEAD`.

use std::collections::{HashMap, HashSet};

use super::details::{self, has_platform};
use super::fetch::Fetcher;
use super::listing::{Known, Listing, Lookup, TaggedImage};
use super::needs::Needs;
use super::{Args, hub, names};
use crate::commands::context::Context;
use crate::commands::subject::Subject;
use crate::error::Error;
use crate::oci::platform::Platform;
use crate::oci::reference::Digest;
use crate::output::progress::Progress;
use crate::system::parallel;
use crate::tags::select::{Selection, TagList};

/// A repository, and what is compared of it.
pub(crate) struct Scope<'a> {
    args: Args,
    pub(crate) context: &'a Context,
    pub(crate) subject: &'a Subject,
    pub(crate) selection: &'a Selection,
    /// In normal form: then images for this platform are compared.
    pub(crate) platform: Option<&'a Platform>,
    pub(crate) jobs: usize,
    pub(crate) progress: &'a Progress,
}

/// The digests of a repository's tags.
pub(crate) struct Digests<'s> {
    fetcher: Fetcher<'s>,
    listing: Listing,
    platform: Option<&'s Platform>,
    jobs: usize,
    /// The platform's images of indexes that were read; `None`: there is none.
    children: HashMap<Digest, Option<Digest>>,
}

/// Tags, and what each points to.
pub(crate) type PointedTo = Vec<(Box<str>, Option<Digest>)>;

impl<'a> Scope<'a> {
    pub(crate) fn new(
        context: &'a Context,
        subject: &'a Subject,
        selection: &'a Selection,
        platform: Option<&'a Platform>,
        progress: &'a Progress,
    ) -> Self {
        let jobs = context.jobs(&subject.profile);
        Scope { args: Args::default(), context, subject, selection, platform, jobs, progress }
    }

    fn lookup(&self) -> Lookup<'_> {
        Lookup {
            args: &self.args,
            context: self.context,
            target: self.subject,
            selection: self.selection,
            needs: Needs { digest: true, ..Needs::default() },
            platform: self.platform,
            jobs: self.jobs,
            progress: self.progress,
        }
    }

    /// The chosen tags in order, without digests.
    ///
    /// # Errors
    /// Whatever keeps the list from being whole.
    pub(crate) fn names(&self) -> Result<TagList, Error> {
        let Scope { args, context, subject, selection, .. } = self;
        let tags = names::collect(args, context, subject, selection, &mut Known::default())?;
        names::choose(subject, selection, tags)
    }

    /// The chosen tags in order, and where their digests come from.
    ///
    /// # Errors
    /// Whatever keeps the list from being whole.
    pub(crate) fn list(&self) -> Result<(TagList, Digests<'_>), Error> {
        let lookup = self.lookup();
        let mut listing = match hub::listing(&lookup)? {
            Some(listing) => listing,
            None => details::list(&lookup)?,
        };
        let listed = std::mem::take(&mut listing.names);
        let names = names::choose(self.subject, self.selection, listed)?;
        let fetcher = Fetcher::new(&lookup)?;
        let (platform, jobs, children) = (self.platform, self.jobs, HashMap::new());
        Ok((names, Digests { fetcher, listing, platform, jobs, children }))
    }
}

impl Digests<'_> {
    /// Whether the list told what a tag points to: it costs no request.
    pub(crate) fn knows(&self, tag: &str) -> bool {
        self.listing.known.get(tag).is_some_and(|details| details.digest.is_some())
    }

    /// What these tags point to: their digests, or those of the platform's images; `None` where
    /// there is no such image. Tags that are gone meanwhile are missing.
    ///
    /// # Errors
    /// As for any request.
    pub(crate) fn of(&mut self, tags: &[&str]) -> Result<PointedTo, Error> {
        let images = self.fetcher.details(tags, &mut self.listing)?;
        if let Some(wanted) = self.platform {
            self.read_children(&images, wanted)?;
        }
        Ok(images
            .into_iter()
            .map(|image| {
                let digest = image.details.digest.clone();
                let child = digest.as_ref().and_then(|digest| self.children.get(digest));
                (image.tag, child.cloned().unwrap_or(digest))
            })
            .collect())
    }

    /// What is compared of a digest, see [`Digests::of`].
    ///
    /// # Errors
    /// As for any request.
    pub(crate) fn of_digest(&self, digest: &Digest) -> Result<Option<Digest>, Error> {
        match self.platform {
            Some(wanted) => self.fetcher.child(digest, wanted),
            None => Ok(Some(digest.clone())),
        }
    }

    /// Says which tags were listed and are not there.
    pub(crate) fn note_vanished(&self) {
        self.fetcher.note_vanished();
    }

    /// Finds the platform's image of each digest, each index once.
    fn read_children(&mut self, images: &[TaggedImage], wanted: &Platform) -> Result<(), Error> {
        let (mut unknown, mut seen) = (Vec::new(), HashSet::new());
        for image in images {
            let details = &image.details;
            let Some(digest) = &details.digest else { continue };
            if self.children.contains_key(digest) || !seen.insert(digest) {
                continue;
            }
            let by_head = !self.knows(&image.tag);
            let child = match &details.child {
                Some(child) => Some(child.clone()),
                None if details.platforms.is_some() && !has_platform(details, wanted) => None,
                None if by_head && !self.fetcher.is_index(digest) => Some(digest.clone()),
                None => {
                    unknown.push(digest.clone());
                    continue;
                }
            };
            self.children.insert(digest.clone(), child);
        }
        let fetcher = &self.fetcher;
        let work = |digest: &Digest| fetcher.child(digest, wanted);
        parallel::in_order(&unknown, self.jobs, work, |digest, child| {
            self.children.insert(digest.clone(), child?);
            Ok(())
        })
    }
}
