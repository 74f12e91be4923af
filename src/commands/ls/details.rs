//! The details of tags: who tells them most cheaply, and what becomes of a list with them.
//!
//! Docker Hub's API tells all of a hundred tags in a request, Google's registries tell most of it
//! in the list of tags itself; everywhere else, and for what those leave out, manifests are asked
//! for (`fetch`). What can be chosen by name is chosen before anything is asked.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::fetch::Fetcher;
use super::needs::Needs;
use super::{Args, hub, names};
use crate::commands::context::Context;
use crate::config::Resolved;
use crate::error::Error;
use crate::oci::platform::{self, Platform};
use crate::oci::reference::Digest;
use crate::output::progress::Progress;
use crate::tags::select::{Selection, TagList};

/// What a manifest tells about what it stands for. Everything may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    /// The compressed bytes of one image: that of the wanted platform, else this machine's.
    pub(super) size: Option<u64>,
    pub(super) platforms: Option<Vec<Platform>>,
    /// When it was made; on Docker Hub, when it was pushed.
    pub(super) created: Option<Timestamp>,
}

/// A tag with its details.
#[derive(Debug, Clone)]
pub(super) struct Tagged {
    pub(super) tag: String,
    pub(super) digest: Option<Digest>,
    pub(super) about: Arc<About>,
}

/// What is to be found out about the tags of a repository.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) args: &'a Args,
    pub(super) context: &'a Context,
    pub(super) target: &'a Resolved,
    pub(super) selection: &'a Selection,
    pub(super) needs: Needs,
    /// `--platform`, in normal form.
    pub(super) platform: Option<&'a Platform>,
    /// How many requests may be under way at a time.
    pub(super) jobs: usize,
    pub(super) progress: &'a Progress,
}

/// What a list has told already.
pub(super) struct Told {
    /// The names to choose from.
    pub(super) names: TagList,
    /// What is known, by tag.
    pub(super) known: HashMap<String, Tagged>,
    /// What may be read of manifests for the tags that are known.
    pub(super) rest: Needs,
    /// What may be read of manifests for the others.
    pub(super) unknown: Needs,
}

/// The tags that are to be printed, in order, with their details.
///
/// # Errors
/// As for any request; a tag that is gone meanwhile is left out with a note.
pub(super) fn find(job: &Job<'_>) -> Result<Vec<Tagged>, Error> {
    // A limit counts what is printed: it comes last where names do not decide.
    let is_late = job.args.sorts_by_details();
    let mut by_name = job.selection.clone();
    if is_late || job.platform.is_some() {
        by_name.limit = None;
    }
    if is_late {
        (by_name.reverse, by_name.last) = (false, None);
    }
    let early = Job { selection: &by_name, ..*job };
    let mut told = match hub::tell(&early)? {
        Some(told) => told,
        None => list(&early)?,
    };
    let names = by_name.apply(std::mem::take(&mut told.names));
    let mut fetcher = Fetcher::new(&early)?;
    let mut found = Vec::new();
    let limit = job.selection.limit.unwrap_or(usize::MAX);
    let names: Vec<&str> = names.iter().collect();
    for part in names.chunks(part_size(job, is_late, names.len())) {
        let mut part = fetcher.details(part, &told)?;
        if let Some(wanted) = job.platform {
            part.retain(|tagged| has_platform(&tagged.about, wanted));
        }
        found.append(&mut part);
        if !is_late && found.len() >= limit {
            break;
        }
    }
    fetcher.note_vanished();
    if is_late {
        sort(job, &mut found);
    }
    found.truncate(limit);
    Ok(found)
}

/// How many tags are looked at together: all of them, unless a limit may end the search.
fn part_size(job: &Job<'_>, is_late: bool, all: usize) -> usize {
    match job.selection.limit {
        Some(limit) if !is_late && job.platform.is_some() => limit.max(job.jobs * 4),
        _ => all,
    }
    .max(1)
}

/// The names as the registry lists them, with what it tells beside them.
fn list(job: &Job<'_>) -> Result<Told, Error> {
    let mut listed = HashMap::new();
    let Job { args, context, target, selection, needs, .. } = job;
    let names = names::collect_with(args, context, target, selection, Some(&mut listed))?;
    let spares = needs.spare_platforms && !listed.is_empty();
    if spares {
        context.reporter.warn(&format!(
            "the list of {} tells no platforms; --platform or a template that names Platforms \
             reads the manifests",
            target.reference.registry()
        ));
    }
    let known = listed.into_iter().map(|(tag, listed)| {
        let about = About { size: listed.size, platforms: None, created: listed.created };
        let about = Arc::new(about);
        (tag.clone(), Tagged { tag, digest: Some(listed.digest), about })
    });
    let rest = Needs { platforms: needs.platforms && !spares, ..Needs::default() };
    Ok(Told { names, known: known.collect(), rest, unknown: *needs })
}

/// Whether a tag has an image for just this platform.
fn has_platform(about: &About, wanted: &Platform) -> bool {
    let platforms: Vec<Option<&Platform>> =
        about.platforms.iter().flatten().map(Option::Some).collect();
    matches!(platform::select(&platforms, wanted), platform::Selection::Found { exact: true, .. })
}

/// Sorts by date or size, the newest or largest first and the unknown last; what is equal stays
/// in the order of names. Then `--reverse` and `--last`.
fn sort(job: &Job<'_>, found: &mut Vec<Tagged>) {
    if job.args.sorts_by_created() {
        found.sort_by_key(|tagged| Reverse(tagged.about.created));
    } else {
        found.sort_by_key(|tagged| Reverse(tagged.about.size));
    }
    if job.selection.reverse {
        found.reverse();
    }
    if let Some(last) = &job.selection.last {
        let position = found.iter().position(|tagged| tagged.tag == *last);
        found.drain(..position.map_or(found.len(), |position| position + 1));
    }
}

/// Tags of one digest together, in the order of their first tags.
pub(super) fn groups(found: &[Tagged]) -> Vec<Vec<&Tagged>> {
    let mut groups: Vec<Vec<&Tagged>> = Vec::new();
    let mut places = HashMap::new();
    for tagged in found {
        let place = *places.entry(&tagged.digest).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(tagged),
            None => groups.push(vec![tagged]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tag: &str, digest: char) -> Tagged {
        let digest = format!("sha256:{}", digest.to_string().repeat(64)).parse().ok();
        Tagged { tag: tag.to_owned(), digest, about: Arc::default() }
    }

    #[test]
    fn tags_of_a_digest_come_together() {
        let found = [tagged("3", 'a'), tagged("2", 'b'), tagged("latest", 'a'), tagged("1", 'c')];
        let groups = groups(&found);
        let names: Vec<Vec<&str>> =
            groups.iter().map(|group| group.iter().map(|t| t.tag.as_str()).collect()).collect();
        assert_eq!(names, [vec!["3", "latest"], vec!["2"], vec!["1"]]);
    }

    #[test]
    fn platforms_are_matched_in_normal_form() {
        let about = |names: &[&str]| About {
            platforms: Some(names.iter().map(|name| name.parse().unwrap()).collect()),
            ..About::default()
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
                has_platform(&about(names), &wanted.parse().unwrap()),
                expected,
                "{names:?}"
            );
        }
        assert!(!has_platform(&About::default(), &"linux/amd64".parse().unwrap()));
    }
}
