//! Which tag of a list is the newest of a kind, and which with another base.

use std::cmp::{Ordering, Reverse};

use super::{Kind, Level, read};
use crate::tags::version::Range;

/// What may be offered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options<'o> {
    /// The most that may change; dates and builds pass every limit.
    pub(crate) level: Option<Level>,
    /// Offer pre-releases.
    pub(crate) pre: bool,
    /// Choose another base where it is newer.
    pub(crate) any_base: bool,
    /// Offer versions of this range alone.
    pub(crate) range: Option<&'o Range>,
}

/// What a list has for a tag. Tags are the list's own texts; `None`: nothing newer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Answer<'l> {
    /// The newest that keeps the first number; for dates and builds the same as `latest`.
    pub(crate) wanted: Option<Newer<'l>>,
    /// The newest of the kind.
    pub(crate) latest: Option<Newer<'l>>,
    /// The newest that differs in the numbers of its base, too, where it is newer than `latest`.
    /// With [`Options::any_base`] it is `latest` itself.
    pub(crate) other_base: Option<Newer<'l>>,
}

/// A tag that is newer than the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Newer<'l> {
    pub(crate) tag: &'l str,
    pub(crate) level: Level,
}

/// What `tags` has in place of `current`.
pub(crate) fn newest<'l>(
    current: &Kind<'_>,
    tags: impl IntoIterator<Item = &'l str>,
    options: &Options<'_>,
) -> Answer<'l> {
    let (mut wanted, mut latest, mut other) = (None, None, None);
    for tag in tags {
        let Some(offer) = offer(current, tag, options) else { continue };
        if offer.is_other_base {
            keep_better(&mut other, &offer, current);
        }
        if options.any_base || !offer.is_other_base {
            if current.level_to(&offer.kind) < Level::Major {
                keep_better(&mut wanted, &offer, current);
            }
            keep_better(&mut latest, &offer, current);
        }
    }
    let is_newer = |other: &Offer<'_>| {
        latest.as_ref().is_none_or(|l| l.is_other_base || other.kind.compare(&l.kind).is_gt())
    };
    let other = other.filter(is_newer);
    let newer = |offer: Option<Offer<'l>>| {
        offer.map(|offer| Newer { tag: offer.kind.tag, level: current.level_to(&offer.kind) })
    };
    Answer { wanted: newer(wanted), latest: newer(latest), other_base: newer(other) }
}

/// All that may be offered in place of `current`, the newest first and one spelling of each.
pub(crate) fn candidates<'l>(
    current: &Kind<'_>,
    tags: impl IntoIterator<Item = &'l str>,
    options: &Options<'_>,
) -> Vec<&'l str> {
    let offers = tags.into_iter().filter_map(|tag| offer(current, tag, options));
    let mut found: Vec<_> =
        offers.filter(|offer| options.any_base || !offer.is_other_base).collect();
    found.sort_by(|a, b| order(current, b, a));
    found.dedup_by(|next, kept| kept.kind.compare(&next.kind).is_eq());
    found.into_iter().map(|offer| offer.kind.tag).collect()
}

/// The newest stable tag of a kind, be it older than `current`.
pub(crate) fn newest_of<'l>(
    current: &Kind<'_>,
    tags: impl IntoIterator<Item = &'l str>,
) -> Option<&'l str> {
    let kinds = tags.into_iter().filter_map(Kind::parse);
    let same = kinds.filter(|kind| kind.is_same_kind(current) && kind.is_stable_enough(current));
    let offers = same.map(|kind| Offer { kind, is_other_base: false });
    offers.max_by(|a, b| order(current, a, b)).map(|offer| offer.kind.tag)
}

/// The version that says most among names of one image: plain before its variants, `1.29.0` before
/// `1.29`, numbers before dates. Texts without a version do not count.
pub(crate) fn most_precise<'l>(tags: impl IntoIterator<Item = &'l str>) -> Option<&'l str> {
    let precision = |kind: &Kind<'_>| {
        let is_stable_number = (kind.pre.is_none(), !kind.is_date(), kind.prefix.is_empty());
        let plainest = (Reverse(kind.words.len()), !kind.has_hash);
        let longest = (kind.count, !kind.revision.numbers.is_empty(), !kind.counter.is_none());
        (is_stable_number, plainest, longest)
    };
    let kinds = tags.into_iter().filter_map(Kind::parse);
    let best = kinds.reduce(|best, kind| {
        let order = precision(&kind).cmp(&precision(&best));
        let order = order.then_with(|| best.tag.len().cmp(&kind.tag.len()));
        if order.then_with(|| best.tag.cmp(kind.tag)).is_gt() { kind } else { best }
    });
    best.map(|kind| kind.tag)
}

/// A tag that may be offered.
#[derive(Clone)]
struct Offer<'l> {
    kind: Kind<'l>,
    is_other_base: bool,
}

fn offer<'l>(current: &Kind<'_>, tag: &'l str, options: &Options<'_>) -> Option<Offer<'l>> {
    let (kind, end) = read::begin(tag)?;
    if !kind.may_follow(current) {
        return None;
    }
    let kind = kind.finish(end);
    let is_other_base = !kind.is_same_kind(current);
    let fits = (!is_other_base || kind.is_other_base(current))
        && kind.compare(current).is_gt()
        && (options.pre || kind.is_stable_enough(current))
        && options.level.is_none_or(|most| {
            let level = current.level_to(&kind);
            level <= most || level <= Level::Date
        })
        && options.range.is_none_or(|range| kind.is_in(range, options.pre));
    fits.then_some(Offer { kind, is_other_base })
}

fn keep_better<'l>(best: &mut Option<Offer<'l>>, offer: &Offer<'l>, current: &Kind<'_>) {
    if best.as_ref().is_none_or(|best| order(current, offer, best).is_gt()) {
        *best = Some(offer.clone());
    }
}

/// The order of offers. Of equal versions the same kind is better, then the highest base, the
/// tag spelled like `current`, the shortest. Total.
fn order(current: &Kind<'_>, a: &Offer<'_>, b: &Offer<'_>) -> Ordering {
    (a.kind.compare(&b.kind))
        .then_with(|| b.is_other_base.cmp(&a.is_other_base))
        .then_with(|| read::compare_bases(&a.kind.words, &b.kind.words))
        .then_with(|| spelling(current, &a.kind).cmp(&spelling(current, &b.kind)))
}

/// How a tag is spelled, the best last.
fn spelling<'a>(
    current: &Kind<'_>,
    kind: &Kind<'a>,
) -> (bool, bool, bool, Reverse<usize>, Reverse<&'a str>) {
    let separators = |tag: &str| tag.bytes().filter(|b| b"-_+".contains(b)).collect::<Vec<_>>();
    (
        kind.has_v == current.has_v,
        kind.has_hash == current.has_hash,
        separators(kind.tag) == separators(current.tag),
        Reverse(kind.tag.len()),
        Reverse(kind.tag),
    )
}

#[cfg(test)]
mod tests {
    use super::most_precise;

    #[test]
    fn the_version_that_says_most() {
        let rows: [(&[&str], Option<&str>); 8] = [
            (&["latest", "1", "1.29", "1.29.0", "mainline", "1.29.0-bookworm"], Some("1.29.0")),
            (&["1.29-alpine3.20", "1.29.0-alpine", "1.29.0-alpine3.20"], Some("1.29.0-alpine")),
            (&["21-jdk", "21.0.3_9-jdk", "21.0.3_9-jdk-noble"], Some("21.0.3_9-jdk")),
            (&["20250108", "edge"], Some("20250108")),
            (&["20250108", "3.22"], Some("3.22")),
            (&["v1.2.3", "1.2.3", "1.2"], Some("1.2.3")),
            (&["2.0.0-rc1", "2"], Some("2")),
            (&["latest", "bookworm"], None),
        ];
        for (tags, expected) in rows {
            assert_eq!(most_precise(tags.iter().copied()), expected, "{tags:?}");
            assert_eq!(most_precise(tags.iter().rev().copied()), expected, "{tags:?} reversed");
        }
    }
}
