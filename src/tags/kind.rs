//! The kind of a tag: what makes `1.29.0-alpine` a newer `1.27.1-alpine`, and `1.29.0-alpine-perl` none.
//!
//! A tag is read as *prefix*, *version*, *suffix words* and *build counter*. Two tags are of the
//! same kind when they differ in numbers of the version and of the counter alone; only such a tag
//! is ever offered in place of another. Names decide, never the order of pushes and never `latest`.
//!
//! The API, for `newest` and `outdated`:
//!
//! ```text
//! Kind::parse(tag) -> Option<Kind>        None: unversioned (latest, bookworm, a commit hash)
//! a.is_same_kind(&b), a.is_other_base(&b), a.compare(&b) -> Ordering, a.level_to(&b) -> Level
//! newest(&current, tags, &Options) -> Answer { wanted, latest, other_base }
//! candidates(&current, tags, &Options) -> Vec<&str>      all newer ones, newest first, for callers
//!                                                        that ask the registry about each
//! matching(tags, &Wish) -> Vec<&str>      the newest plain versions, or those of a range
//! ```
//!
//! `tags` is any iterator of names, such as `TagList::iter`; the answer does not depend on its
//! order. The `current` tag need not be among them.

mod choose;
mod plain;
mod read;

pub(crate) use choose::{Options, candidates, most_precise, newest, newest_of};
pub(crate) use plain::{Wish, matching};

use std::cmp::Ordering;

use super::version::{PreKind, Range, Version, compare_padded, elements};

/// A tag with a version, read. It borrows the tag's text.
#[derive(Debug, Clone)]
pub(crate) struct Kind<'a> {
    tag: &'a str,
    /// `alpine-`, `pg16-`, `RELEASE.`; without a `v`.
    prefix: &'a str,
    has_v: bool,
    class: Class,
    /// Digits and their separators; of a date with its time.
    components: &'a str,
    count: usize,
    revision: Revision<'a>,
    pre: Option<(PreKind, &'a str)>,
    words: Vec<&'a str>,
    /// `r3`, `ls257`, a time stamp.
    counter: Counter<'a>,
    /// `security-01` or `hotfix-2`, which may be missing on one side.
    fix: Counter<'a>,
    has_hash: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Number,
    /// `20240115`, `2024-01[-15]`, each with a time or without.
    Date,
}

/// `-4`, `-4.1`, `_11`, `u412-b08`, the letter of `1.1.1w`; `.1` behind a date.
#[derive(Debug, Clone, Copy, Default)]
struct Revision<'a> {
    /// The separator or the letter in lower case that begins it; 0 without a revision.
    family: u8,
    start: usize,
    numbers: &'a str,
}

/// A word that counts builds. Without one both are empty; a time stamp has no word.
#[derive(Debug, Clone, Copy, Default)]
struct Counter<'a> {
    word: &'a str,
    numbers: &'a str,
}

/// How far apart two tags of a kind are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// A later pre-release of the same numbers.
    Pre,
    /// The release of a pre-release.
    Release,
    /// A revision or a build counter.
    Build,
    Date,
    Patch,
    Minor,
    Major,
}

impl Level {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Level::Pre => "pre",
            Level::Release => "release",
            Level::Build => "build",
            Level::Date => "date",
            Level::Patch => "patch",
            Level::Minor => "minor",
            Level::Major => "major",
        }
    }
}

impl<'a> Kind<'a> {
    /// Reads a tag; `None` if it has no version.
    pub(crate) fn parse(tag: &'a str) -> Option<Self> {
        read::kind(tag)
    }

    pub(crate) fn tag(&self) -> &'a str {
        self.tag
    }

    pub(crate) fn is_date(&self) -> bool {
        self.class == Class::Date
    }

    pub(crate) fn is_prerelease(&self) -> bool {
        self.pre.is_some()
    }

    /// Whether the version is in a range, whatever the suffix. `pre`: pre-releases are, too, where
    /// the range does not name them.
    pub(crate) fn is_in(&self, range: &Range, pre: bool) -> bool {
        let version = Version::parse(&self.tag[self.prefix.len()..]);
        version.is_some_and(|version| range.contains(&version, pre))
    }

    /// Whether only numbers of version and counter differ.
    pub(crate) fn is_same_kind(&self, other: &Kind<'_>) -> bool {
        self.is_like(other) && self.is_same_suffix(other)
    }

    fn is_same_suffix(&self, other: &Kind<'_>) -> bool {
        self.words.len() == other.words.len()
            && self.words.iter().zip(&other.words).all(|(a, b)| a.eq_ignore_ascii_case(b))
    }

    /// Whether it would be of the same kind, were it not for numbers in the suffix: `alpine3.19`,
    /// `alpine3.20`, `alpine`.
    pub(crate) fn is_other_base(&self, other: &Kind<'_>) -> bool {
        !(self.words.is_empty() && other.words.is_empty())
            && self.is_like(other)
            && read::base(&self.words).eq(read::base(&other.words))
            && !self.is_same_kind(other)
    }

    /// Whether this can be newer than `current`, by the text before the suffix.
    fn may_follow(&self, current: &Kind<'_>) -> bool {
        self.class == current.class
            && self.prefix == current.prefix
            && self.count.abs_diff(current.count) <= 1
            && padded(self.components, current.components).is_ge()
    }

    /// Whether all but the suffix words is of the same kind.
    fn is_like(&self, other: &Kind<'_>) -> bool {
        self.class == other.class
            && self.prefix == other.prefix
            && self.has_components_like(other)
            && self.revision.is_like(&other.revision)
            && self.counter.is_like(&other.counter)
            && (self.fix.is_none() || other.fix.is_none() || self.fix.is_like(&other.fix))
    }

    fn has_components_like(&self, other: &Kind<'_>) -> bool {
        if self.count == other.count {
            // 20240115 and 202401151030 are numbers of different things.
            return self.class == Class::Number || self.components.len() == other.components.len();
        }
        // Java's 11.0.20.1_1 comes between 11.0.20_8 and 11.0.21_9.
        self.revision.family == b'_' && self.count.abs_diff(other.count) == 1
    }

    /// The order of versions: numbers, then revision, pre-release and counter. Meaningful among
    /// tags of the same kind, and among other bases.
    pub(crate) fn compare(&self, other: &Kind<'_>) -> Ordering {
        self.compare_numbers(other)
            .then_with(|| match (self.pre, other.pre) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                // The kinds are in printed order, the highest first.
                (Some(a), Some(b)) => b.0.cmp(&a.0).then_with(|| padded(a.1, b.1)),
            })
            .then_with(|| padded(self.fix.numbers, other.fix.numbers))
            .then_with(|| padded(self.counter.numbers, other.counter.numbers))
    }

    /// The order of components and revision.
    fn compare_numbers(&self, other: &Kind<'_>) -> Ordering {
        padded(self.components, other.components)
            .then_with(|| padded(self.revision.numbers, other.revision.numbers))
    }

    /// What changes from this tag to a newer one.
    pub(crate) fn level_to(&self, newer: &Kind<'_>) -> Level {
        if self.class == Class::Date {
            return Level::Date;
        }
        let mut at = 0;
        while at < self.count.max(newer.count) {
            let (a, b) = (elements(self.components).nth(at), elements(newer.components).nth(at));
            if super::version::compare_numbers(a.unwrap_or("0"), b.unwrap_or("0")).is_ne() {
                return match at {
                    0 => Level::Major,
                    1 => Level::Minor,
                    _ => Level::Patch,
                };
            }
            at += 1;
        }
        match (self.pre, newer.pre) {
            _ if padded(self.revision.numbers, newer.revision.numbers).is_ne() => Level::Build,
            (Some(_), None) => Level::Release,
            (Some(a), Some(b)) if a.0 != b.0 || padded(a.1, b.1).is_ne() => Level::Pre,
            _ => Level::Build,
        }
    }

    /// Whether this tag may be offered in place of `current`: a stable tag is never offered a
    /// pre-release, a pre-release only those of its own numbers.
    fn is_stable_enough(&self, current: &Kind<'_>) -> bool {
        self.pre.is_none() || (current.pre.is_some() && self.compare_numbers(current).is_eq())
    }
}

impl Revision<'_> {
    fn is_like(&self, other: &Revision<'_>) -> bool {
        // A rebuild of a date may be missing.
        let family = |revision: &Revision<'_>| match revision.family {
            b'.' => 0,
            family => family,
        };
        family(self) == family(other)
    }
}

impl Counter<'_> {
    fn is_none(&self) -> bool {
        self.numbers.is_empty()
    }

    fn is_like(&self, other: &Counter<'_>) -> bool {
        self.is_none() == other.is_none() && self.word.eq_ignore_ascii_case(other.word)
    }
}

/// Compares the numbers in two texts, missing ones taken as 0.
fn padded(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    compare_padded(elements(a), elements(b), usize::MAX)
}

#[cfg(test)]
mod tests;
