//! Kinds, rule by rule, and the answers for lists that others got wrong.

use super::choose::Newer;
use super::*;
use crate::tags::version::tests::properties::{Random, nasty};

/// `tests/vectors/newest*.tsv`: tags, current, newest of the kind, level, other base, source.
fn vectors() -> Vec<Vec<&'static str>> {
    let files = [
        include_str!("../../../tests/vectors/newest.tsv"),
        include_str!("../../../tests/vectors/newest-own.tsv"),
    ];
    let lines = files.into_iter().flat_map(str::lines).filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect()).collect()
}

/// The newest, its level and the other base, as the vectors spell them.
fn answer(tags: &[&str], current: &str, options: &Options<'_>) -> [String; 3] {
    let Some(current) = Kind::parse(current) else { return ["?", "-", "-"].map(String::from) };
    let answer = newest(&current, tags.iter().copied(), options);
    let tag = |newer: Option<Newer<'_>>| newer.map_or("-", |newer| newer.tag).to_owned();
    let level = answer.latest.map_or("-", |newer| newer.level.name());
    [tag(answer.latest), level.to_owned(), tag(answer.other_base)]
}

#[test]
fn vectors_hold() {
    let mut wrong = Vec::new();
    let rows = vectors();
    for row in &rows {
        let tags: Vec<&str> = row[0].split(' ').collect();
        let found = answer(&tags, row[1], &Options::default());
        if found != row[2..5] {
            wrong.push(format!("{} of {}: {found:?} is not {:?}", row[1], row[0], &row[2..5]));
        }
    }
    assert!(rows.len() > 100, "{}", rows.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut random = Random(14);
    for row in vectors() {
        let mut tags: Vec<&str> = row[0].split(' ').collect();
        for options in [
            Options::default(),
            Options { pre: true, ..Options::default() },
            Options { any_base: true, ..Options::default() },
            Options { level: Some(Level::Minor), ..Options::default() },
        ] {
            let expected = answer(&tags, row[1], &options);
            let wish = Wish::new(None, options.pre, options.any_base);
            let versions = matching(tags.iter().copied(), &wish);
            for _ in 0..5 {
                random.shuffle(&mut tags);
                assert_eq!(answer(&tags, row[1], &options), expected, "{tags:?} {}", row[1]);
                assert_eq!(matching(tags.iter().copied(), &wish), versions, "{tags:?}");
            }
        }
    }
}

/// On the tags of all vectors and on nasty ones: total, antisymmetric, transitive.
#[test]
fn newer_is_an_order() {
    let mut random = Random(15);
    let mut tags: Vec<String> =
        vectors().iter().flat_map(|row| row[0].split(' ')).map(str::to_owned).collect();
    tags.extend((0..4_000).map(|_| nasty(&mut random)));
    let kinds: Vec<Kind<'_>> = tags.iter().filter_map(|tag| Kind::parse(tag)).collect();
    assert!(kinds.len() > 1_000, "{}", kinds.len());
    for _ in 0..200_000 {
        let [a, b, c] = std::array::from_fn(|_| &kinds[random.below(kinds.len())]);
        let (ab, bc, ac) = (a.compare(b), b.compare(c), a.compare(c));
        assert_eq!(ab, b.compare(a).reverse(), "{} {}", a.tag, b.tag);
        assert_eq!(a.is_same_kind(b), b.is_same_kind(a), "{} {}", a.tag, b.tag);
        assert_eq!(a.is_other_base(b), b.is_other_base(a), "{} {}", a.tag, b.tag);
        assert!(!(a.is_same_kind(b) && a.is_other_base(b)), "{} {}", a.tag, b.tag);
        if ab.is_le() && bc.is_le() {
            let strict = ab.is_lt() || bc.is_lt();
            assert_eq!(
                ac,
                if strict { Ordering::Less } else { Ordering::Equal },
                "{a:?} {b:?} {c:?}"
            );
        }
    }
    for kind in &kinds {
        assert!(kind.is_same_kind(kind) && kind.compare(kind).is_eq(), "{}", kind.tag);
    }
}
