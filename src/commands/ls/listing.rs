//! What is known of the tags of a repository, and what is to be found out.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Args;
use super::needs::Needs;
use crate::commands::context::Context;
use crate::commands::subject::Subject;
use crate::error::Error;
use crate::oci::platform::Platform;
use crate::oci::reference::Digest;
use crate::output::progress::Progress;
use crate::registry::RepositoryHandle;
use crate::tags::select::{Selection, TagList};

/// What a tag points to. Everything may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Details {
    pub(super) digest: Option<Digest>,
    /// The compressed bytes of one image: that of the wanted platform, else this machine's.
    pub(super) size: Option<u64>,
    pub(super) platforms: Option<Vec<Platform>>,
    /// When it was made; on Docker Hub, when it was pushed.
    pub(super) created: Option<Timestamp>,
    /// When it was last pulled; Docker Hub tells.
    pub(super) pulled: Option<Timestamp>,
    /// `active`, `inactive`; Docker Hub tells.
    pub(super) status: Option<String>,
    /// The digest of the wanted platform's image, where a list tells it.
    pub(super) child: Option<Digest>,
    /// Docker Hub's own document, where that is asked for.
    pub(super) document: Option<Box<str>>,
}

/// A tag with its details, which tags of one manifest share.
#[derive(Debug, Clone)]
pub(super) struct TaggedImage {
    pub(super) tag: Box<str>,
    pub(super) details: Arc<Details>,
}

/// What is to be found out about the tags of a repository.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub(super) args: &'a Args,
    pub(super) context: &'a Context,
    pub(super) target: &'a Subject,
    pub(super) selection: &'a Selection,
    pub(super) needs: Needs,
    /// `--platform`, in normal form.
    pub(super) platform: Option<&'a Platform>,
    /// How many requests may be under way at a time.
    pub(super) jobs: usize,
    pub(super) progress: &'a Progress,
}

impl Lookup<'_> {
    pub(super) fn repository(&self) -> Result<RepositoryHandle, Error> {
        self.target.repository(self.context, self.args.kind.is_plugin())
    }
}

/// A repository's list, and what it says beside the names.
pub(super) struct Listing {
    /// The names to choose from.
    pub(super) names: TagList,
    pub(super) known: Known,
    /// What may be read of manifests, where the list does not tell it.
    pub(super) needs: Needs,
}

impl Listing {
    /// What is to be read of a tag's manifests.
    pub(super) fn needs_of(&self, tag: &str) -> Needs {
        self.known.get(tag).map_or(self.needs, |known| self.needs.lacking(known))
    }
}

/// Details that a list has told, by tag.
#[derive(Default)]
pub(super) struct Known {
    pub(super) details: HashMap<Box<str>, Option<Arc<Details>>>,
    /// How many tags are listed, chosen or not; more where pages were read again.
    pub(super) listed: usize,
    /// What a registry's list tells beside the names is read, too.
    pub(super) reads_list: bool,
}

impl Known {
    /// The number that is remembered, as memory is limited; the others' manifests are asked for.
    const MOST: usize = 100_000;

    /// Adds what a list says of a tag. Two different digests for one tag: somebody pushed while
    /// the list was read, and neither is trusted.
    pub(super) fn add(&mut self, tag: &str, details: &Arc<Details>) {
        if let Some(known) = self.details.get_mut(tag) {
            if known.as_ref().is_none_or(|known| known.digest == details.digest) {
                return;
            }
            *known = None;
        } else if self.details.len() < Known::MOST {
            self.details.insert(tag.into(), Some(details.clone()));
        }
    }

    /// Adds or replaces what is said of a tag.
    pub(super) fn set(&mut self, tag: &str, details: Details) {
        self.details.insert(tag.into(), Some(Arc::new(details)));
    }

    pub(super) fn get(&self, tag: &str) -> Option<&Arc<Details>> {
        self.details.get(tag)?.as_ref()
    }
}
