//! The cases of `tests/vectors/newest*.tsv` through the front door.

use std::collections::BTreeMap;

use crate::support::{TestEnv, TestRegistry};

#[test]
fn the_vectors_hold() {
    let files =
        [include_str!("../../vectors/newest.tsv"), include_str!("../../vectors/newest-own.tsv")];
    let rows: Vec<Vec<&str>> = files
        .into_iter()
        .flat_map(str::lines)
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    // One repository for each list; all cases in one run for each.
    let mut lists: BTreeMap<&str, Vec<&Vec<&str>>> = BTreeMap::new();
    rows.iter().for_each(|row| lists.entry(row[0]).or_default().push(row));
    let mut builder = TestRegistry::new();
    for (index, tags) in lists.keys().enumerate() {
        // What is no legal tag cannot come from a registry.
        builder = builder.tags(&format!("r{index}"), tags.split(' '));
    }
    let registry = builder.start();
    let mut arguments = vec!["newest".to_owned(), "--format".into(), "json".into()];
    let (mut expected, mut asked) = (Vec::new(), 0);
    for (index, rows) in lists.values().enumerate() {
        asked += usize::from(rows.iter().any(|row| row[2] != "?"));
        for row in rows.iter().filter(|row| row[2] != "?") {
            arguments.push(format!("{}:{}", registry.repo(&format!("r{index}")), row[1]));
            let newest = if row[2] == "-" { row[1] } else { row[2] };
            expected.push([newest, row[3], row[4]].map(str::to_owned));
        }
    }
    let output = TestEnv::new().run(arguments);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let found: Vec<_> = output
        .code(0)
        .json_lines()
        .iter()
        .map(|row| [&row["Tag"], &row["Level"], &row["OtherBase"]].map(text))
        .collect();
    assert!(expected.len() > 120, "{}", expected.len());
    assert_eq!(found, expected);
    // Some lists are as long as a page, and are asked whether they go on.
    let first =
        |r: &&crate::support::http::Request| r.path.ends_with("/tags/list") && r.query.is_empty();
    assert_eq!(registry.requests().iter().filter(first).count(), asked);
}
