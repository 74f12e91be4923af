//! The newest versions of a repository, for who names no tag: `nginx`, `nginx:^1.27`,
//! `nginx:*-alpine`.

use std::collections::HashSet;

use super::{Class, Kind, read};
use crate::tags::version::{Range, newest_first};

/// Which versions are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish<'r> {
    range: Option<&'r Range>,
    /// Any of these suffixes; `None`: whatever the suffix.
    suffixes: Option<Vec<Vec<String>>>,
    pre: bool,
    any_base: bool,
}

/// Prefixes that say no more than that a version follows.
const NEUTRAL: [&str; 5] = ["release", "version", "rel", "ver", "v"];

/// From this many digits on, a lone number is the name of a build, not a version.
const LONG: usize = 7;

impl<'r> Wish<'r> {
    /// Plain versions, or those that a range means: without a suffix they are plain, too, and a
    /// suffix behind the last comparator holds for all.
    pub(crate) fn new(range: Option<&'r Range>, pre: bool, any_base: bool) -> Self {
        let mut suffixes: Vec<Vec<String>> = Vec::new();
        for operand in range.into_iter().flat_map(Range::operands) {
            let words = Kind::parse(operand).map(|kind| kind.words).unwrap_or_default();
            if !words.is_empty() {
                suffixes.push(words.into_iter().map(str::to_owned).collect());
            }
        }
        if suffixes.is_empty() {
            suffixes.push(Vec::new());
        }
        let pre = pre || range.is_some_and(Range::names_prerelease);
        Wish { range, suffixes: Some(suffixes), pre, any_base }
    }

    /// The same outside the range.
    pub(crate) fn without_range(&self) -> Self {
        Wish { range: None, ..self.clone() }
    }

    /// The same with any suffix.
    pub(crate) fn of_any_variant(&self) -> Self {
        Wish { suffixes: None, ..self.clone() }
    }

    /// Whether the suffix is wanted, and the release.
    fn has_form(&self, kind: &Kind<'_>) -> bool {
        let fits = |words: &Vec<String>| {
            let same = |(a, b): (&String, &&str)| a.eq_ignore_ascii_case(b);
            words.len() == kind.words.len() && words.iter().zip(&kind.words).all(same)
                || self.any_base && {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    !words.is_empty() && read::base(&words).eq(read::base(&kind.words))
                }
        };
        (self.pre || !kind.is_prerelease())
            && self.suffixes.as_ref().is_none_or(|suffixes| suffixes.iter().any(fits))
    }

    fn has_version(&self, kind: &Kind<'_>) -> bool {
        self.range.is_none_or(|range| kind.is_in(range, self.pre))
    }
}

/// The tags that are wanted, the newest first, each version in its most precise spelling: `1.27`
/// and `1` only stand for the newest of theirs where the list has a `1.27.3`.
pub(crate) fn matching<'l>(
    tags: impl IntoIterator<Item = &'l str>,
    wish: &Wish<'_>,
) -> Vec<&'l str> {
    let mut found: [Vec<Version<'l>>; TIERS] = Default::default();
    let mut rolling: HashSet<&str> = HashSet::new();
    let mut last = "";
    let mut has_numbers = false;
    for tag in tags {
        let Some(kind) = Kind::parse(tag) else { continue };
        let Some(tier) = tier(&kind) else { continue };
        has_numbers |= tier < DATES;
        if !wish.has_form(&kind) {
            continue;
        }
        let Kind { components, prefix, .. } = kind;
        let parent = components.rfind('.').map_or("", |dot| &components[..dot]);
        // Neighbors in a list mostly share theirs.
        if parent != last {
            rolling.insert(parent);
            rolling.extend(parent.rmatch_indices('.').map(|(dot, _)| &parent[..dot]));
            last = parent;
        }
        if wish.has_version(&kind) {
            found[tier].push(Version { tag, text: &tag[prefix.len()..], components });
        }
    }
    // Dates only where there are no other versions, unless they are asked for.
    let most = match has_numbers && !wish.range.is_some_and(Range::has_date) {
        true => DATES,
        false => TIERS,
    };
    let mut tiers = found.into_iter().take(most).map(|mut versions| {
        versions.retain(|version| !rolling.contains(version.components));
        versions
    });
    let Some(found) = tiers.find(|versions| !versions.is_empty()) else { return Vec::new() };
    let order = newest_first(found.len(), |at| found[at].text);
    let mut sorted: Vec<&Version<'l>> =
        order.into_iter().filter_map(|at| found.get(at as usize)).collect();
    let plain = |version: &Version<'l>| version.text.trim_start_matches(['v', 'V']);
    sorted.dedup_by(|next, kept| plain(kept) == plain(next));
    sorted.into_iter().map(|version| version.tag).collect()
}

/// A version that is wanted.
struct Version<'l> {
    tag: &'l str,
    /// Without the prefix.
    text: &'l str,
    components: &'l str,
}

/// Where dates begin among the tiers.
const DATES: usize = 2;
/// Plain, counted, dates, and the same behind a neutral prefix.
const TIERS: usize = 6;

/// How plain a version is: only the plainest that a list has are offered. `None`: not at all.
fn tier(kind: &Kind<'_>) -> Option<usize> {
    let is_counted = kind.revision.family != 0 || !kind.counter.is_none();
    let is_long = kind.count == 1 && kind.components.len() >= LONG;
    let neutral = kind.prefix.trim_end_matches(['-', '_', '.']);
    let by_prefix = if kind.prefix.is_empty() {
        0
    } else if NEUTRAL.iter().any(|known| known.eq_ignore_ascii_case(neutral)) {
        DATES + 1
    } else {
        return None;
    };
    let by_class = if kind.class == Class::Date || is_long { DATES } else { 0 };
    Some(by_prefix + by_class.max(usize::from(is_counted || kind.has_hash)))
}
