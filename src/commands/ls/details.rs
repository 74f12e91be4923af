//! The details of tags: who tells them most cheaply, and what becomes of a list with them.
//!
//! Docker Hub's API tells all of a hundred tags in a request, Google's registries tell most of it
//! in the list of tags itself; everywhere else, and for what those leave out, manifests are asked
//! for (`fetch`). What can be chosen by name is chosen before anything is asked.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::fetch::Fetcher;
use super::listing::{Details, Known, Listing, Lookup, TaggedImage};
use super::window::Window;
use super::{hub, names};
use crate::error::Error;
use crate::oci::platform::{self, Platform};

/// The tags that are to be printed, in order, with their details.
///
/// # Errors
/// As for any request; a tag that is gone meanwhile is left out with a note.
pub(super) fn find(lookup: &Lookup<'_>) -> Result<Vec<TaggedImage>, Error> {
    // A limit counts what is printed: it comes last where names do not decide.
    let is_late = lookup.args.sorts_by_details();
    let mut by_name = lookup.selection.clone();
    if is_late || chooses(lookup) {
        by_name.limit = None;
    }
    if is_late {
        (by_name.reverse, by_name.last) = (false, None);
    }
    let early = Lookup { selection: &by_name, ..*lookup };
    let mut listing = match hub::listing(&early)? {
        Some(listing) => listing,
        None => list(&early)?,
    };
    let names = names::choose(lookup.target, &by_name, std::mem::take(&mut listing.names))?;
    names::note_none(lookup.args, lookup.context, lookup.target, &listing.known, names.is_empty());
    let mut fetcher = Fetcher::new(&early)?;
    let mut found = Vec::new();
    let limit = lookup.selection.limit.unwrap_or(usize::MAX);
    let mut window = lookup.args.window(lookup.context.look().now);
    let names: Vec<&str> = names.iter().collect();
    for part in names.chunks(part_size(lookup, is_late, names.len())) {
        let mut part = fetcher.details(part, &mut listing)?;
        if let Some(wanted) = lookup.platform {
            part.retain(|image| has_platform(&image.details, wanted));
        }
        window.filter(&mut part);
        found.append(&mut part);
        if !is_late && found.len() >= limit {
            break;
        }
    }
    fetcher.note_vanished();
    explain(lookup, &window, found.is_empty(), names.len());
    if is_late {
        sort(lookup, &mut found)?;
    }
    found.truncate(limit);
    Ok(found)
}

/// Whether details decide which tags are printed.
fn chooses(lookup: &Lookup<'_>) -> bool {
    lookup.platform.is_some() || lookup.args.has_window()
}

/// Says which tags `--since` and `--older-than` leave out without a date, and why nothing is left
/// of the tags that were chosen by name.
fn explain(lookup: &Lookup<'_>, window: &Window<'_>, nothing: bool, listed: usize) {
    let (name, reporter) = (lookup.target.name(), &lookup.context.reporter);
    match window.undated {
        0 => {}
        1 => reporter.warn(&format!("{name}: left out 1 tag without a credible date")),
        count => reporter.warn(&format!("{name}: left out {count} tags without a credible date")),
    }
    if nothing && window.outside > 0 {
        let count = window.outside;
        reporter.warn(&format!("no tag of {name} is {window} ({count} tags)"));
    } else if let (true, 1.., Some(platform)) = (nothing, listed, lookup.platform) {
        let noun = if listed == 1 { "tag" } else { "tags" };
        reporter.warn(&format!("no tag of {name} has an image for {platform} ({listed} {noun})"));
    }
}

/// How many tags are looked at together: all of them, unless a limit may end the search.
fn part_size(lookup: &Lookup<'_>, is_late: bool, all: usize) -> usize {
    match lookup.selection.limit {
        Some(limit) if !is_late && chooses(lookup) => limit.max(lookup.jobs * 4),
        _ => all,
    }
    .max(1)
}

/// The names as the registry lists them, with what it says beside them.
pub(super) fn list(lookup: &Lookup<'_>) -> Result<Listing, Error> {
    let mut known = Known { reads_list: true, ..Known::default() };
    let Lookup { args, context, target, selection, needs, .. } = lookup;
    let names = names::collect(args, context, target, selection, &mut known)?;
    Ok(Listing { names, known, needs: *needs })
}

/// Whether a tag has an image for just this platform.
pub(super) fn has_platform(details: &Details, wanted: &Platform) -> bool {
    let platforms: Vec<Option<&Platform>> =
        details.platforms.iter().flatten().map(Option::Some).collect();
    matches!(platform::select(&platforms, wanted), platform::Selection::Found { exact: true, .. })
}

/// Sorts by date or size, the newest or largest first and the unknown last; what is equal stays
/// in the order of names. Then `--reverse` and `--last`.
fn sort(lookup: &Lookup<'_>, found: &mut Vec<TaggedImage>) -> Result<(), Error> {
    if lookup.args.sorts_by_created() {
        found.sort_by_key(|image| Reverse(image.details.created));
    } else if lookup.args.sorts_by_pulled() {
        found.sort_by_key(|image| Reverse(image.details.pulled));
    } else {
        found.sort_by_key(|image| Reverse(image.details.size));
    }
    if lookup.selection.reverse {
        found.reverse();
    }
    if let Some(last) = &lookup.selection.last {
        let position = found.iter().position(|image| *image.tag == **last);
        let position = position.ok_or_else(|| names::absent(lookup.target, last))?;
        found.drain(..=position);
    }
    Ok(())
}

/// Tags of one digest together, in the order of their first tags.
pub(super) fn groups(found: &[TaggedImage]) -> Vec<Vec<&TaggedImage>> {
    let mut groups: Vec<Vec<&TaggedImage>> = Vec::new();
    let mut places = HashMap::new();
    for image in found {
        let place = *places.entry(&image.details.digest).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(image),
            None => groups.push(vec![image]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tag: &str, digest: char) -> TaggedImage {
        let digest = format!("sha256:{}", digest.to_string().repeat(64)).parse().ok();
        TaggedImage { tag: tag.into(), details: Details { digest, ..Details::default() }.into() }
    }

    #[test]
    fn tags_of_a_digest_come_together() {
        let found = [tagged("3", 'a'), tagged("2", 'b'), tagged("latest", 'a'), tagged("1", 'c')];
        let groups = groups(&found);
        let names: Vec<Vec<&str>> =
            groups.iter().map(|group| group.iter().map(|t| &*t.tag).collect()).collect();
        assert_eq!(names, [vec!["3", "latest"], vec!["2"], vec!["1"]]);
    }

    #[test]
    fn platforms_are_matched_in_normal_form() {
        let details = |names: &[&str]| Details {
            platforms: Some(names.iter().map(|name| name.parse().unwrap()).collect()),
            ..Details::default()
        };
        let cases: [(&[&str], &str, bool); 8] = [
            (&["linux/amd64", "linux/arm64/v8"], "linux/arm64", true),
            (&["linux/amd64"], "linux/arm64", false),
            (&["linux/x86_64"], "linux/amd64", true),
            (&["linux/arm/v6"], "linux/arm/v7", false),
            (&["linux/arm/v7"], "linux/arm", true),
            (&["linux/386"], "linux/amd64", false),
            (&["unknown/unknown"], "linux/amd64", false),
            (&[], "linux/amd64", false),
        ];
        for (names, wanted, expected) in cases {
            assert_eq!(
                has_platform(&details(names), &wanted.parse().unwrap()),
                expected,
                "{names:?}"
            );
        }
        assert!(!has_platform(&Details::default(), &"linux/amd64".parse().unwrap()));
    }
}
