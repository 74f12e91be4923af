//! Details from Docker Hub's API: a hundred tags a request, with digests, sizes and dates.
//!
//! It shows only the beginning of long lists to strangers, and does not take every login. Then
//! the names come from the registry, digests from its free `HEAD`s, and what is missing is said.

use std::ops::ControlFlow;

use super::Args;
use super::listing::{Details, Known, Listing, Lookup};
use super::names;
use super::needs::Needs;
use crate::commands::subject::Subject;
use crate::error::Error;
use crate::oci::platform::{self, Platform, Selection};
use crate::oci::reference::{DOCKER_HUB, Registry, Repository, Tag};
use crate::registry::Sink;
use crate::registry::hub::{Hub, HubImage, HubTag};
use crate::system::parallel;
use crate::tags::select::TagList;

/// Up to this number of single tags are asked for rather than all pages of a long list.
const FEW: usize = 25;
/// The most that is kept of documents, in bytes: those of about 20,000 tags.
const MAX_DOCUMENTS: usize = 64 << 20;

/// Whether the API knows a repository's tags.
pub(super) fn has_api(args: &Args, target: &Subject) -> bool {
    let settings = &target.profile.settings;
    // A mirror has tags of its own, and those who use one may not reach the API at all.
    let is_reached = settings.hub_api.is_some() || settings.endpoint.is_none();
    let is_hub = target.registry().is_some_and(Registry::is_docker_hub);
    is_hub && is_reached && !args.kind.is_plugin()
}

/// What the API says of a repository's tags. `None`: this repository is not its business.
///
/// # Errors
/// As for any request; where the API shows only a part, or nothing, the registry takes over.
pub(super) fn listing(lookup: &Lookup<'_>) -> Result<Option<Listing>, Error> {
    let Some(reference) = lookup.target.reference().filter(|_| has_api(lookup.args, lookup.target))
    else {
        return Ok(None);
    };
    let hub = lookup.context.hub(&lookup.target.profile)?;
    let mut known = Known::default();
    let (names, outcome) = if lookup.selection.limit.is_some_and(|limit| limit <= FEW) {
        let names = names_of_registry(lookup, &mut known)?;
        let outcome = single_tags(lookup, &hub, reference.repository(), &names, &mut known);
        (Some(names), outcome)
    } else {
        let mut pages = Pages { lookup, names: TagList::new(), known: &mut known, bytes: 0 };
        let outcome = pages.read(&hub, reference.repository());
        (outcome.is_ok().then_some(pages.names), outcome)
    };
    match outcome {
        Ok(()) => {}
        // Nobody else has its documents.
        Err(error) if is_final(&error) || lookup.needs.document => return Err(error),
        Err(error) => say_what_is_missing(lookup, &error),
    }
    let names = match names {
        Some(names) => names,
        None => names_of_registry(lookup, &mut known)?,
    };
    Ok(Some(Listing { names, known, needs: Needs::default() }))
}

/// Whether the registry cannot help any more: it would refuse the same login, or the user interrupted the program.
fn is_final(error: &Error) -> bool {
    matches!(error, Error::LoginRefused { .. } | Error::Interrupted | Error::Io { .. })
}

fn names_of_registry(lookup: &Lookup<'_>, known: &mut Known) -> Result<TagList, Error> {
    let Lookup { args, context, target, selection, .. } = lookup;
    names::collect(args, context, target, selection, known)
}

/// Collects the whole list.
struct Pages<'a> {
    lookup: &'a Lookup<'a>,
    names: TagList,
    known: &'a mut Known,
    /// The length of the documents that are kept.
    bytes: usize,
}

impl Pages<'_> {
    fn read(&mut self, hub: &Hub, repository: &Repository) -> Result<(), Error> {
        let odd = hub.tags(repository, self.lookup.needs.document, self)?;
        if odd > 0 {
            self.lookup.context.reporter.warn(&format!(
                "{}: skipped {odd} entries of the list that are not tags",
                self.lookup.target.name()
            ));
        }
        Ok(())
    }
}

impl Sink<HubTag> for Pages<'_> {
    fn entry(&mut self, tag: &HubTag) -> Result<ControlFlow<()>, Error> {
        let name = tag.name.as_str();
        self.known.listed += 1;
        if self.lookup.selection.collects(name) {
            self.bytes += tag.text.as_ref().map_or(0, |text| text.len());
            if self.bytes > MAX_DOCUMENTS {
                let limit = format!("{} MiB; --filter takes a part", MAX_DOCUMENTS >> 20);
                return Err(Error::TooLarge {
                    host: DOCKER_HUB.to_owned(),
                    what: "the list",
                    limit,
                });
            }
            self.names.append(name);
            self.known.set(name, details(tag, self.lookup.platform));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn count(&self) -> usize {
        self.names.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.names.truncate(count);
        true
    }
}

/// Asks for those few tags that will be printed, one by one.
fn single_tags(
    lookup: &Lookup<'_>,
    hub: &Hub,
    repository: &Repository,
    names: &TagList,
    known: &mut Known,
) -> Result<(), Error> {
    let chosen = names::choose(lookup.target, lookup.selection, names.clone())?;
    let chosen: Vec<Tag> = chosen.iter().filter_map(|name| name.parse().ok()).collect();
    lookup.progress.expect(chosen.len());
    let work = |name: &Tag| {
        let tag = hub.tag(repository, name);
        lookup.progress.step();
        tag
    };
    parallel::in_order(&chosen, lookup.jobs, work, |name, tag| match tag {
        Ok(tag) => {
            known.set(name.as_str(), details(&tag, lookup.platform));
            Ok(())
        }
        // The registry has it, the API not yet: its digest at least can be had.
        Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    })
}

fn say_what_is_missing(lookup: &Lookup<'_>, error: &Error) {
    let columns = lookup.needs.columns();
    if columns.is_empty() {
        return;
    }
    lookup.context.reporter.warn(&format!(
        "{}: {error}; the names come from the registry, and {columns} may be missing{}",
        lookup.target.name(),
        if lookup.platform.is_some() { ", so that --platform leaves tags out" } else { "" },
    ));
}

fn details(tag: &HubTag, wanted: Option<&Platform>) -> Details {
    let images: Vec<(Platform, &HubImage)> =
        tag.images.iter().filter_map(|image| Some((image.platform()?, image))).collect();
    let platforms: Vec<Platform> = images.iter().map(|(platform, _)| platform.clone()).collect();
    let (mut size, mut child) = (tag.full_size, None);
    if let Some(wanted) = wanted {
        let candidates: Vec<_> = platforms.iter().map(Some).collect();
        let (image, is_exact) = match platform::select(&candidates, wanted) {
            Selection::Found { index, exact } => (images.get(index), exact),
            _ => (None, false),
        };
        size = image.and_then(|(_, image)| image.size);
        child = image.filter(|_| is_exact).and_then(|(_, image)| image.digest.clone());
    }
    Details {
        digest: tag.digest.clone(),
        size,
        platforms: Some(platforms).filter(|platforms| !platforms.is_empty()),
        created: tag.last_pushed.or(tag.last_updated),
        pulled: tag.last_pulled,
        status: tag.status.clone(),
        child,
        document: tag.text.clone(),
    }
}
