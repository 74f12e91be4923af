//! Details from Docker Hub's API: a hundred tags a request, with digests, sizes and dates.
//!
//! It shows only the beginning of long lists to strangers, and does not take every login. Then
//! the names come from the registry, digests from its free `HEAD`s, and what is missing is said.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::details::{About, Job, Tagged, Told};
use super::names;
use super::needs::Needs;
use crate::error::Error;
use crate::oci::platform::{self, Platform, Selection};
use crate::oci::reference::Tag;
use crate::registry::hub::{Hub, HubImage, HubTag, Ordering};
use crate::system::parallel;
use crate::tags::select::TagList;

/// So many single tags are asked for rather than all pages of a long list.
const FEW: usize = 25;

/// What the API tells of a repository's tags. `None`: this repository is not its business.
///
/// # Errors
/// As for any request; where the API shows only a part, the registry's names take over.
pub(super) fn tell(job: &Job<'_>) -> Result<Option<Told>, Error> {
    let settings = &job.target.profile.settings;
    // A mirror has tags of its own, and those who use one may not reach the API at all.
    let has_api = settings.hub_api.is_some() || settings.endpoint.is_none();
    if !job.target.reference.registry().is_docker_hub() || job.args.kind.is_plugin() || !has_api {
        return Ok(None);
    }
    let hub = job.context.hub(&job.target.profile)?;
    let mut known = HashMap::new();
    let (names, outcome) = if job.selection.limit.is_some_and(|limit| limit <= FEW) {
        let names = names_of_registry(job)?;
        let outcome = single_tags(job, &hub, &names, &mut known);
        (Some(names), outcome)
    } else {
        let mut names = TagList::new();
        let outcome = pages(job, &hub, &mut names, &mut known);
        (outcome.is_ok().then_some(names), outcome)
    };
    match outcome {
        Ok(()) => {}
        Err(error @ (Error::OffsetCap { .. } | Error::Forbidden { .. })) => {
            say_what_is_missing(job, &error);
        }
        Err(error) => return Err(error),
    }
    let names = match names {
        Some(names) => names,
        None => names_of_registry(job)?,
    };
    Ok(Some(Told { names, known, rest: Needs::default(), unknown: Needs::default() }))
}

fn names_of_registry(job: &Job<'_>) -> Result<TagList, Error> {
    names::collect(job.args, job.context, job.target, job.selection)
}

/// Reads the whole list.
fn pages(
    job: &Job<'_>,
    hub: &Hub,
    names: &mut TagList,
    known: &mut HashMap<String, Tagged>,
) -> Result<(), Error> {
    let repository = job.target.reference.repository();
    let odd = hub.tags(repository, Ordering::Server, &mut |tag| {
        let name = tag.name.as_str();
        if job.selection.collects(name) && names.push(name) {
            known.insert(name.to_owned(), tagged(&tag, job.platform));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if odd > 0 {
        job.context.reporter.warn(&format!(
            "{}: {odd} entries of the list are no tags and were left out",
            job.target.reference.name()
        ));
    }
    Ok(())
}

/// Asks for those few tags that will be printed, one by one.
fn single_tags(
    job: &Job<'_>,
    hub: &Hub,
    names: &TagList,
    known: &mut HashMap<String, Tagged>,
) -> Result<(), Error> {
    let chosen = job.selection.apply(names.clone());
    let chosen: Vec<Tag> = chosen.iter().filter_map(|name| name.parse().ok()).collect();
    let repository = job.target.reference.repository();
    job.progress.expect(chosen.len());
    let work = |name: &Tag| {
        let tag = hub.tag(repository, name);
        job.progress.step();
        tag
    };
    parallel::in_order(&chosen, job.jobs, work, |name, tag| match tag {
        Ok(tag) => {
            known.insert(name.to_string(), tagged(&tag, job.platform));
            Ok(())
        }
        // The registry has it, the API not yet: its digest at least can be had.
        Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    })
}

fn say_what_is_missing(job: &Job<'_>, error: &Error) {
    let columns = job.needs.columns();
    if columns.is_empty() {
        return;
    }
    job.context.reporter.warn(&format!(
        "{}: {error}; the names come from the registry, and {columns} may be missing{}",
        job.target.reference.name(),
        if job.platform.is_some() { ", so that --platform leaves tags out" } else { "" },
    ));
}

fn tagged(tag: &HubTag, wanted: Option<&Platform>) -> Tagged {
    let images: Vec<(Platform, &HubImage)> =
        tag.images.iter().filter_map(|image| Some((platform_of(image)?, image))).collect();
    let platforms: Vec<Platform> = images.iter().map(|(platform, _)| platform.clone()).collect();
    let size = match wanted {
        Some(wanted) => {
            let candidates: Vec<_> = platforms.iter().map(Some).collect();
            match platform::select(&candidates, wanted) {
                Selection::Found { index, .. } => images.get(index).and_then(|(_, i)| i.size),
                _ => None,
            }
        }
        None => tag.full_size,
    };
    let about = About {
        size,
        platforms: Some(platforms).filter(|platforms| !platforms.is_empty()),
        created: tag.last_pushed.or(tag.last_updated),
    };
    Tagged { tag: tag.name.to_string(), digest: tag.digest.clone(), about: Arc::new(about) }
}

/// The platform of an image; `None` for attestations, and where the API does not know.
fn platform_of(image: &HubImage) -> Option<Platform> {
    let platform = Platform {
        os: image.os.clone()?,
        architecture: image.architecture.clone()?,
        variant: image.variant.clone().unwrap_or_default(),
        os_version: image.os_version.clone().unwrap_or_default(),
        os_features: Vec::new(),
    };
    (!platform.is_unknown()).then_some(platform)
}
