//! Selections: each option alone, together, streamed and applied to a list.

use super::*;

const TAGS: &str = "latest 1.9 1.10 edge 1.10-alpine 2.0-rc1 1.10";

fn list(tags: &str) -> TagList {
    tags.split_whitespace().collect()
}

fn text(tags: &TagList) -> String {
    tags.iter().collect::<Vec<_>>().join(" ")
}

fn applied(selection: &Selection) -> String {
    text(&selection.apply(list(TAGS)))
}

/// A selection by sort, reverse, limit and last.
fn order(sort: Sort, reverse: bool, limit: Option<usize>, last: &str) -> Selection {
    let last = (!last.is_empty()).then(|| last.to_owned());
    Selection { sort, reverse, limit, last, ..Selection::default() }
}

#[test]
fn orders() {
    let (v, n, s) = (Sort::Version, Sort::Name, Sort::None);
    let rows = [
        (order(v, false, None, ""), "2.0-rc1 1.10 1.10-alpine 1.9 edge latest"),
        (order(v, true, None, ""), "latest edge 1.9 1.10-alpine 1.10 2.0-rc1"),
        (order(n, false, None, ""), "1.10 1.10-alpine 1.9 2.0-rc1 edge latest"),
        (order(n, true, None, ""), "latest edge 2.0-rc1 1.9 1.10-alpine 1.10"),
        (order(s, false, None, ""), "latest 1.9 1.10 edge 1.10-alpine 2.0-rc1"),
        (order(s, true, None, ""), "2.0-rc1 1.10-alpine edge 1.10 1.9 latest"),
        (order(v, false, Some(2), ""), "2.0-rc1 1.10"),
        (order(v, true, Some(2), ""), "latest edge"),
        (order(v, false, Some(0), ""), ""),
        (order(v, false, Some(99), ""), "2.0-rc1 1.10 1.10-alpine 1.9 edge latest"),
        (order(s, false, Some(2), ""), "latest 1.9"),
        (order(v, false, None, "1.10"), "1.10-alpine 1.9 edge latest"),
        (order(v, false, Some(1), "1.10"), "1.10-alpine"),
        (order(v, true, None, "1.10"), "2.0-rc1"),
        (order(n, false, None, "1.10"), "1.10-alpine 1.9 2.0-rc1 edge latest"),
        (order(n, true, None, "2.0-rc1"), "1.9 1.10-alpine 1.10"),
        (order(s, false, None, "1.10"), "edge 1.10-alpine 2.0-rc1"),
        (order(s, true, None, "1.10"), "1.9 latest"),
        // A last tag that is not there.
        (order(v, false, None, "1.9.5"), "1.9 edge latest"),
        (order(v, true, None, "1.9.5"), "1.10-alpine 1.10 2.0-rc1"),
        (order(n, false, None, "1.95"), "2.0-rc1 edge latest"),
        (order(s, false, None, "1.95"), ""),
        (order(v, false, None, "latest"), ""),
    ];
    for (selection, expected) in rows {
        assert_eq!(applied(&selection), expected, "{selection:?}");
    }
}

#[test]
fn filters() {
    let globs = |texts: &[&str]| texts.iter().map(|t| Glob::parse(t).unwrap()).collect();
    let include = |texts: &[&str]| texts.iter().map(|t| Regex::include(t).unwrap()).collect();
    let exclude = |texts: &[&str]| texts.iter().map(|t| Regex::exclude(t).unwrap()).collect();
    let all = Selection::default();
    let rows = [
        (Selection { filters: globs(&["1.*"]), ..all.clone() }, "1.10 1.10-alpine 1.9"),
        (Selection { filters: globs(&["1.?"]), ..all.clone() }, "1.9"),
        (Selection { filters: globs(&["[0-9].[!9]*"]), ..all.clone() }, "2.0-rc1 1.10 1.10-alpine"),
        (Selection { filters: globs(&["edge", "*9"]), ..all.clone() }, "1.9 edge"),
        // The whole tag must match, whatever the expression.
        (Selection { include: include(&["1"]), ..all.clone() }, ""),
        (Selection { include: include(&["1|1.10"]), ..all.clone() }, "1.10"),
        (Selection { include: include(&[r"\d\.\d+", "e.*"]), ..all.clone() }, "1.10 1.9 edge"),
        (Selection { include: include(&["(?x) edge # the rolling one"]), ..all.clone() }, "edge"),
        (Selection { include: include(&["(?i)EDGE"]), ..all.clone() }, "edge"),
        (Selection { exclude: exclude(&["1.*"]), ..all.clone() }, "2.0-rc1 edge latest"),
        (
            Selection { exclude: exclude(&["1", "[a-z]+"]), ..all.clone() },
            "2.0-rc1 1.10 1.10-alpine 1.9",
        ),
        (
            Selection { filters: globs(&["1*"]), exclude: exclude(&[".*-.*"]), ..all.clone() },
            "1.10 1.9",
        ),
        (
            Selection { range: Some(parse_range("^1.10").unwrap()), ..all.clone() },
            "1.10 1.10-alpine",
        ),
        (
            Selection { range: Some(parse_range("*").unwrap()), ..all.clone() },
            "1.10 1.10-alpine 1.9",
        ),
        // The last tag need not pass the filters.
        (
            Selection { filters: globs(&["[a-z]*"]), last: Some("1.9".into()), ..all.clone() },
            "edge latest",
        ),
        (
            Selection {
                filters: globs(&["1*"]),
                sort: Sort::None,
                last: Some("latest".into()),
                limit: Some(2),
                ..all
            },
            "1.9 1.10",
        ),
    ];
    for (selection, expected) in rows {
        assert_eq!(applied(&selection), expected, "{selection:?}");
        // What a caller collects page by page leads to the same list.
        let collected = list(TAGS).iter().filter(|tag| selection.collects(tag)).collect();
        assert_eq!(text(&selection.apply(collected)), expected, "{selection:?}");
    }
}

#[test]
fn stream_is_apply() {
    let filters = vec![Glob::parse("*1*").unwrap()];
    let rows = [
        order(Sort::None, false, None, ""),
        order(Sort::None, false, Some(3), ""),
        order(Sort::None, false, Some(0), ""),
        order(Sort::None, false, Some(1), "1.9"),
        order(Sort::None, false, None, "nowhere"),
        Selection { filters, ..order(Sort::None, false, Some(2), "latest") },
    ];
    for selection in rows {
        assert!(selection.can_stream());
        let mut stream = selection.stream();
        let tags = list(TAGS);
        let streamed: TagList = tags.iter().filter(|tag| stream.admits(tag)).collect();
        assert_eq!(streamed, selection.apply(list(TAGS)), "{selection:?}");
        assert_eq!(stream.is_done(), selection.limit == Some(streamed.len()), "{selection:?}");
    }
    assert!(!order(Sort::None, true, None, "").can_stream());
    assert!(!Selection::default().can_stream());
}

#[test]
fn digest_tags() {
    let hex = "0123456789abcdef".repeat(4);
    let rows = [
        (format!("sha256-{hex}"), true),
        (format!("sha256-{hex}.sig"), true),
        (format!("sha256-{hex}.att"), true),
        (format!("sha256-{hex}.sbom"), true),
        (format!("sha512-{hex}"), true),
        (format!("sha256-{hex}0"), false),
        (format!("sha256-{hex}-alpine"), false),
        (format!("sha256-{}", &hex[1..]), false),
        (format!("sha256-{}", hex.to_uppercase()), false),
        (format!("sha256:{hex}"), false),
        (hex.clone(), false),
        ("sha-0123456".to_owned(), false),
        ("1.0".to_owned(), false),
    ];
    let selection = Selection { omit_digest_tags: true, ..Selection::default() };
    for (tag, expected) in rows {
        assert_eq!(is_digest_tag(&tag), expected, "{tag}");
        assert_eq!(selection.keeps(&tag), !expected, "{tag}");
        assert!(Selection::default().keeps(&tag), "{tag}");
    }
}

#[test]
fn errors() {
    let rows = [
        (Glob::parse("[a").err(), "--filter", "invalid --filter pattern \"[a\": "),
        (
            Regex::include("a)(b").err(),
            "--include",
            "invalid --include regular expression \"a)(b\": ",
        ),
        (Regex::exclude("*").err(), "--exclude", "invalid --exclude regular expression \"*\": "),
        (
            parse_range(">=1.2 <").err(),
            "--semver",
            "invalid --semver range \">=1.2 <\": \"<\" must be followed by a version",
        ),
    ];
    for (error, option, start) in rows {
        let error = error.expect(option);
        let message = error.to_string();
        assert_eq!(error.option(), option);
        assert!(message.starts_with(start), "{message}");
        assert!(message.ends_with(error.reason()) && !error.reason().is_empty(), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn list_holds_each_tag_once() {
    let mut tags = TagList::new();
    assert_eq!(tags.len(), 0);
    assert!(tags.push("b") && tags.push("") && tags.push("a") && tags.push("ä"));
    assert!(!tags.push("a") && !tags.push("") && !tags.push("ä"));
    assert_eq!(
        (tags.len(), tags.iter().nth(1), tags.iter().nth(2), tags.iter().nth(4)),
        (4, Some(""), Some("a"), None)
    );
    for change in [TagList::sort_by_version, TagList::sort_by_name, TagList::reverse] {
        change(&mut tags);
        assert!(!tags.push("b") && !tags.push("a"));
    }
    assert_eq!(tags.iter().collect::<Vec<_>>(), ["ä", "b", "a", ""]);
    tags.retain(|tag| tag != "b");
    assert!(!tags.push("a") && tags.push("b") && !tags.push("b"));
    tags.truncate(2);
    assert!(tags.push("b") && !tags.push("a"));
    tags.skip(1);
    assert!(tags.push("ä"));
    assert_eq!(tags.iter().rev().collect::<Vec<_>>(), ["ä", "b", "a"]);
    tags.skip(99);
    assert!(tags.is_empty() && tags.push("a"));
}

#[test]
fn list_grows() {
    let mut tags = TagList::new();
    for round in 0..2 {
        for number in 0..5_000 {
            assert_eq!(tags.push(&format!("1.{number}")), round == 0, "{number}");
        }
    }
    tags.sort_by_version();
    assert!(!tags.push("1.2500"));
    assert_eq!(
        (tags.len(), tags.iter().next(), tags.iter().nth(4_999)),
        (5_000, Some("1.4999"), Some("1.0"))
    );
    assert!(tags.push("1.5000") && tags != list("1.0"));
}
