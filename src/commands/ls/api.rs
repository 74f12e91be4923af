//! Details from the APIs of Quay and Harbor, where that takes fewer requests than manifests.
//!
//! The names come from the registry. A tag that the API leaves out, or tells twice, is asked for as
//! everywhere.

use std::sync::Arc;

use super::listing::{Details, Listing, Lookup};
use crate::error::Error;
use crate::oci::platform::{self, Platform, Selection};
use crate::registry::{RegistryRepository, TAG_API_PAGE, TagInfo, TagPage};
use crate::system::parallel;

/// Adds what the API says of all tags to what is known, and says whether it was asked: its first page
/// alone, as it may not answer at all, then the others side by side.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn ask(
    lookup: &Lookup<'_>,
    repository: &RegistryRepository,
    tags: &[&str],
    listing: &mut Listing,
) -> Result<bool, Error> {
    let (known, needs) = (&mut listing.known, listing.needs);
    // A `HEAD` for each tag; its manifest and its config.
    let each = match (needs.in_manifest(), lookup.needs.digest) {
        (true, _) => 3,
        (false, true) => 1,
        (false, false) => return Ok(false),
    };
    let most = each * tags.iter().filter(|tag| known.get(tag).is_none()).count();
    if known.listed.div_ceil(TAG_API_PAGE) >= most || !repository.has_tag_api() {
        return Ok(false);
    }
    let Lookup { progress, jobs, platform, .. } = lookup;
    progress.expect(1);
    let page = |number: &usize| {
        let page = repository.tag_page(*number);
        progress.step();
        page
    };
    let Some(first) = page(&1)? else { return Ok(true) };
    let pages = first.total.unwrap_or(known.listed).div_ceil(first.entries.max(1));
    let last = if first.is_last { 1 } else { pages.min(most) };
    let mut add = |page: TagPage| {
        page.tags.into_iter().for_each(|info| {
            known.add(info.tag.as_str(), &Arc::new(details(&info, *platform)));
        });
    };
    add(first);
    let others: Vec<usize> = (2..=last).collect();
    progress.expect(others.len());
    parallel::in_order(&others, *jobs, page, |_, page| {
        page.map(|page| page.into_iter().for_each(&mut add))
    })?;
    Ok(true)
}

/// What an API says; `wanted`: for which platform.
fn details(info: &TagInfo, wanted: Option<&Platform>) -> Details {
    let platforms: Vec<Option<&Platform>> =
        info.images.iter().map(|(platform, _)| Some(platform)).collect();
    let child = wanted.and_then(|wanted| match platform::select(&platforms, wanted) {
        Selection::Found { index, exact: true } => info.images.get(index),
        _ => None,
    });
    Details {
        digest: Some(info.digest.clone()),
        size: info.size,
        platforms: info.platforms.clone(),
        created: info.created,
        child: child.map(|(_, digest)| digest.clone()),
        ..Details::default()
    }
}
