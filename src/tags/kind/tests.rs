//! Kinds, rule by rule, and the answers for lists that others got wrong.

use super::*;

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
