//! The order of tags: which text is a version, and which of two tags a person calls newer.
//!
//! Registries return tags in no useful order and no standard says what a tag means, so the rules
//! here are made from the tags that people really push. [`compare`] is the order of every list:
//!
//! 1. Versions come first, the newest on top. A version is an optional `v`, digits, any number of
//!    `.digits`, and then the end or a suffix. Numbers compare as numbers at any length; a missing
//!    component is less than a present one (`3.20.1`, `3.20.0`, `3.20`, `3`). Dates written with
//!    dashes or underscores (`2024-01-15`) are three components.
//! 2. A *revision* raises a version: `1.2.3-4`, `1.8.0_292`, `8u412`, `9.6p1`, `1.2.3-r4`,
//!    `1.0.post1`, and one letter glued to the digits (`1.1.1w`, `2024b`).
//! 3. Of one version the plain tag comes first, then its variants by name, the numbers in them
//!    newest first: `2.1.4`, `2.1.4-alpine`, `2.1.4-alpine3.20`, `2.1.4-alpine3.19`.
//! 4. Below all of these come its pre-releases, from [`PreKind::Rc`] down to [`PreKind::Dev`], of
//!    one kind the newest number first, each with its own variants after it. Python's spelling
//!    (`3.9b1`) counts, and so does a marker at the end (`12.1-ubi10-rc`).
//! 5. Dates (`20240115`, `2024-01-15`) come behind all other versions, the newest first.
//! 6. Tags that are not versions come last, by name, numbers in them newest first: `latest`,
//!    `pr-3001`, `RELEASE.2024-01-16T16-07-38Z`, names such as `32bit`, and hashes: seven or more
//!    hexadecimal digits, both letters and digits, unless they begin with a date.
//! 7. What is still equal (`1.2`, `v1.2`, `1.02`) is ordered by its bytes, so the order is total.
//!
//! The module is pure and takes any text, however long or odd.

mod key;
pub(super) mod parse;
mod range;
mod variant;

pub(crate) use range::{Range, is_range};

use std::borrow::Cow;
use std::cmp::Ordering;

/// A tag read as a version. It borrows the tag's text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Version<'a> {
    /// Digits and their separators: `1.27.3`, `2024-01-15`.
    components: &'a str,
    /// Whether they are a date: `20240115`, `2024-01-15`.
    is_date: bool,
    /// What raises the version: `-4`, `_292`, `u412`; often empty.
    revision: &'a str,
    pre: Option<Pre<'a>>,
    /// The rest of the suffix, in front of the pre-release marker and behind it.
    variant: (&'a str, &'a str),
}

#[derive(Debug, Clone, Copy)]
struct Pre<'a> {
    kind: PreKind,
    /// The digits behind the marker and their separators: `.7.24407.12`.
    numbers: &'a str,
}

/// The kinds of pre-releases, in the order of lists: the nearest to the release first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PreKind {
    /// `rc`, `cr`: a release candidate.
    Rc,
    /// `pre`, `preview`, `prerelease`, `ctp`.
    Preview,
    /// `m`, `milestone`.
    Milestone,
    /// `ea`: early access.
    EarlyAccess,
    /// `beta`, `b`.
    Beta,
    /// `alpha`, `a`.
    Alpha,
    /// `next`.
    Next,
    /// `canary`, `insiders`, `experimental`.
    Canary,
    /// `snapshot`.
    Snapshot,
    /// `nightly`, `daily`.
    Nightly,
    /// `dev`, `devel`.
    Dev,
    /// Below every other: what `-0` means in a range. No tag is read as this.
    Lowest,
}

impl<'a> Version<'a> {
    /// Reads a tag; `None` if it is not a version.
    pub(crate) fn parse(tag: &'a str) -> Option<Self> {
        parse::version(tag)
    }

    /// The numbers as they are written, leading zeros included: `1`, `27`, `3`. At least one.
    pub(crate) fn components(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        elements(self.components)
    }

    /// Whether this is a pre-release.
    pub(crate) fn is_prerelease(&self) -> bool {
        self.pre.is_some()
    }

    /// The suffix without revision and pre-release, with the separator in front: `-alpine3.20`;
    /// empty for a plain version.
    pub(crate) fn variant(&self) -> Cow<'a, str> {
        match self.variant {
            (before, "") => Cow::Borrowed(before),
            ("", after) => Cow::Borrowed(after),
            (before, after) => Cow::Owned(format!("{before}{after}")),
        }
    }

    /// Whether the version is of the variant that `wanted`, such as `-alpine`, names.
    ///
    /// The words must be the same in the same order. A number in `wanted` must be the same, too;
    /// where `wanted` has none, any will do: `-alpine` names `-alpine3.20` as well, `-alpine3.19`
    /// only itself. The digits of an architecture are part of its word: `-arm` is not `-arm64`.
    pub(crate) fn is_variant(&self, wanted: &str) -> bool {
        variant::names(wanted, &self.variant())
    }
}

/// The order of lists: [`Ordering::Less`] if `a` is printed before `b`. Equal only for equal texts.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    key::push(&mut left, a);
    key::push(&mut right, b);
    left.cmp(&right).then_with(|| a.cmp(b))
}

/// Sorts tags into the order of [`compare`].
///
/// Far faster than sorting with [`compare`] itself: each tag is read once.
pub fn sort_newest_first<T: AsRef<str>>(tags: &mut Vec<T>) {
    let order = newest_first(tags.len(), |index| tags[index].as_ref());
    let mut slots: Vec<Option<T>> = tags.drain(..).map(Some).collect();
    tags.extend(order.into_iter().filter_map(|index| slots[index as usize].take()));
    tags.extend(slots.into_iter().flatten());
}

/// The indices of `len` tags in the order of [`compare`]; `tag` gives the text at an index.
/// Indices beyond `u32::MAX` are left out.
pub(crate) fn newest_first<'t>(len: usize, tag: impl Fn(usize) -> &'t str) -> Vec<u32> {
    key::sorted(len, tag)
}

/// The numbers in a text: runs of digits as they are, a letter on its own as its place in the
/// alphabet, longer words skipped.
pub(super) fn elements<'a>(text: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(first) = bytes.get(at) {
            let start = at;
            if first.is_ascii_digit() {
                at += parse::digits(bytes, at);
                return Some(&text[start..at]);
            }
            at += parse::letters(bytes, at).max(1);
            if first.is_ascii_alphabetic() && at - start == 1 {
                return Some(LETTERS[usize::from(first.to_ascii_lowercase() - b'a')]);
            }
        }
        None
    })
}

const LETTERS: [&str; 26] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "20", "21", "22", "23", "24", "25", "26",
];

/// Compares two runs of digits as numbers of any length.
pub(super) fn compare_numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Compares the first `count` numbers of two lists, missing ones taken as 0.
pub(super) fn compare_padded<'a, 'b>(
    a: impl Iterator<Item = &'a str>,
    b: impl Iterator<Item = &'b str>,
    count: usize,
) -> Ordering {
    let (mut a, mut b) = (a.fuse(), b.fuse());
    for _ in 0..count {
        let (left, right) = (a.next(), b.next());
        if left.is_none() && right.is_none() {
            break;
        }
        match compare_numbers(left.unwrap_or("0"), right.unwrap_or("0")) {
            Ordering::Equal => {}
            different => return different,
        }
    }
    Ordering::Equal
}

#[cfg(test)]
pub(super) mod tests;
