//! Ranges: what each form matches, what it refuses, and how it complains.

use super::*;

const TAGS: &str = "2.0.0-rc1 2.0.0 1.28.0-rc2 1.28.0-beta1 1.28 1.27.10 1.27.3 1.27.3-alpine \
    1.27.3-alpine3.20 1.27.3-alpine-slim 1.27.3-rc1 1.27.3-4 1.27 1.27-alpine 1.2.3 1.2 1 0.3.0 \
    0.2.4 0.2.3 0.0.4 0.0.3 0 latest 4f2a9c1 pr-1";

fn selected(range: &str, matches: impl Fn(&Range, &Version<'_>) -> bool) -> String {
    let range: Range = range.parse().unwrap_or_else(|e| panic!("{range}: {e}"));
    let tags = TAGS.split_whitespace();
    tags.filter(|tag| Version::parse(tag).is_some_and(|version| matches(&range, &version)))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn forms() {
    let of_1_27_3 = "1.27.3 1.27.3-alpine 1.27.3-alpine3.20 1.27.3-alpine-slim 1.27.3-4";
    let of_1_27 = &format!("1.27.10 {of_1_27_3} 1.27 1.27-alpine");
    let rows = [
        ("1.27", of_1_27.to_owned()),
        ("=1.27", of_1_27.to_owned()),
        ("= v1.27", of_1_27.to_owned()),
        ("1.27.x", of_1_27.to_owned()),
        ("1.27.*", of_1_27.to_owned()),
        ("1.27.X.x", of_1_27.to_owned()),
        ("~1.27", of_1_27.to_owned()),
        ("~>1.27", of_1_27.to_owned()),
        ("~1.27.x", of_1_27.to_owned()),
        (">1.2 <=1.27", of_1_27.to_owned()),
        (">=1.27,<1.28", of_1_27.to_owned()),
        (">= 1.27 , < 1.28", of_1_27.to_owned()),
        (">=1.27<1.28", of_1_27.to_owned()),
        ("1.27.3", of_1_27_3.to_owned()),
        ("~1.27.3", format!("1.27.10 {of_1_27_3}")),
        ("^1.27", format!("1.28 {of_1_27}")),
        ("^1.27.3", format!("1.28 1.27.10 {of_1_27_3}")),
        ("1.27 - 1.28", format!("1.28 {of_1_27}")),
        ("1.2 - 1.27.3", format!("{of_1_27_3} 1.27 1.27-alpine 1.2.3 1.2")),
        ("^1", format!("1.28 {of_1_27} 1.2.3 1.2 1")),
        ("1.*", format!("1.28 {of_1_27} 1.2.3 1.2 1")),
        ("*", format!("2.0.0 1.28 {of_1_27} 1.2.3 1.2 1 0.3.0 0.2.4 0.2.3 0.0.4 0.0.3 0")),
        ("^*", format!("2.0.0 1.28 {of_1_27} 1.2.3 1.2 1 0.3.0 0.2.4 0.2.3 0.0.4 0.0.3 0")),
        ("^0.2.3", "0.2.4 0.2.3".to_owned()),
        ("^0.0.3", "0.0.3".to_owned()),
        ("^0.0", "0.0.4 0.0.3 0".to_owned()),
        ("^0", "0.3.0 0.2.4 0.2.3 0.0.4 0.0.3 0".to_owned()),
        ("~0", "0.3.0 0.2.4 0.2.3 0.0.4 0.0.3 0".to_owned()),
        (">1.27", "2.0.0 1.28".to_owned()),
        (">=2 || 0.3", "2.0.0 0.3.0".to_owned()),
        ("<0.2.4", "0.2.3 0.0.4 0.0.3 0".to_owned()),
        ("^1.2 !=1.27 !=1.28", "1.2.3 1.2".to_owned()),
        ("^1.27.3 !=1.27.3-alpine", "1.28 1.27.10 1.27.3 1.27.3-alpine-slim 1.27.3-4".to_owned()),
        ("1.27.3-4", "1.27.3-4".to_owned()),
        (">=1.27.3-4 <1.28", "1.27.10 1.27.3-4".to_owned()),
        (">*", String::new()),
        (">99999999999999999999999999999999999999999", String::new()),
    ];
    for (range, expected) in rows {
        assert_eq!(selected(range, Range::matches), expected, "{range}");
    }
}

#[test]
fn prereleases() {
    let rows = [
        (">=1.28.0-beta1 <2", "1.28.0-rc2 1.28.0-beta1 1.28"),
        (">=1.28.0-beta2 <2", "1.28.0-rc2 1.28"),
        (">1.28.0-beta1 <2", "1.28.0-rc2 1.28"),
        ("^1.28.0-rc1", "1.28.0-rc2 1.28"),
        ("^1.28-rc", "1.28.0-rc2 1.28"),
        ("1.28-rc", "1.28.0-rc2"),
        ("=1.28.0-rc2", "1.28.0-rc2"),
        ("1.28.0rc2", "1.28.0-rc2"),
        (">=1.28.0-0", "2.0.0 1.28.0-rc2 1.28.0-beta1 1.28"),
        (">=1.28.0-beta1 <1.28.0", "1.28.0-rc2 1.28.0-beta1"),
        (">=1.28.0-0 !=1.28.0-rc2 <2", "1.28.0-beta1 1.28"),
        ("1.28.x-0", "1.28.0-rc2 1.28.0-beta1 1.28"),
        ("*-0 >=2", "2.0.0"),
        ("*-0 >=1.28", "2.0.0-rc1 2.0.0 1.28"),
        (">=1.28", "2.0.0 1.28"),
        ("2.0.0-rc1 || 0.3", "2.0.0-rc1 0.3.0"),
    ];
    for (range, expected) in rows {
        assert_eq!(selected(range, Range::matches), expected, "{range}");
    }
}

#[test]
fn variants() {
    let rows = [
        ("~1.27.3-alpine", "1.27.3-alpine 1.27.3-alpine3.20"),
        ("~1.27-alpine3.20", "1.27.3-alpine3.20"),
        ("1.27.x-alpine-slim", "1.27.3-alpine-slim"),
        ("*-alpine", "1.27.3-alpine 1.27.3-alpine3.20 1.27-alpine"),
        ("1.27.3-alpine3.19", ""),
        ("1.27.3", "1.27.3 1.27.3-alpine 1.27.3-alpine3.20 1.27.3-alpine-slim 1.27.3-4"),
        ("1.27.3-alpine3.20 || 1.2", "1.27.3-alpine3.20 1.2.3 1.2"),
        ("1.27.3 !=1.27.3-alpine", "1.27.3 1.27.3-alpine-slim 1.27.3-4"),
    ];
    for (range, expected) in rows {
        assert_eq!(selected(range, Range::matches), expected, "{range}");
    }
}

#[test]
fn other_versions() {
    let rows = [
        (">=8u402", "8u412-jdk", true),
        (">=8u402", "8u392-jdk", false),
        ("^8", "8u412", true),
        ("1.8.0_292", "1.8.0_292", true),
        (">=2024-01-10", "2024-01-15", true),
        // Only what names a date has dates, and nothing else.
        ("2024.1", "2024-01-15", false),
        ("*", "20240115", false),
        (">=3", "20240115", false),
        (">=20240101", "20240115", true),
        (">=20240101", "20240115.2", true),
        (">=20240101 || ^3", "3.20", true),
        (">=20240101 || ^3", "20240115", true),
        (">=20240101 || ^3", "20231231", false),
        (">=20240101", "99999999", false),
        (">=2024-01-10", "2025.1", false),
        ("2024-01-01 - 2024-01-31", "2024-01-15", true),
        ("2024-01-01 - 2024-01-31", "2024-02-01", false),
        ("^10.0.17763", "10.0.20348.2700", true),
        ("~10.0.17763.1", "10.0.17763.6414", true),
        ("^3.13.0rc1", "3.13.0rc2", true),
        ("^3.13.0rc1", "3.14.0a1", false),
        ("^17-ea-5", "17-ea-6-jdk", true),
        ("^17-ea-5", "17-ea-4-jdk", false),
        (">=26.Final", "26.1.3.Final", true),
        (
            "<100000000000000000000000000000000000000000",
            "99999999999999999999999999999999999999999",
            true,
        ),
    ];
    for (range, tag, expected) in rows {
        let parsed: Range = range.parse().unwrap_or_else(|e| panic!("{range}: {e}"));
        let version = Version::parse(tag).expect(tag);
        assert_eq!(parsed.matches(&version), expected, "{range} {tag}");
    }
}

#[test]
fn errors() {
    let rows = [
        ("", "the range is empty (* is every version)"),
        ("  ", "the range is empty (* is every version)"),
        (">=1.2 <", r#""<" must be followed by a version"#),
        ("^", r#""^" must be followed by a version"#),
        (">=1.2,", r#""," must be followed by a version"#),
        (">=1.2,,<2", r#"",<2" is not a version"#),
        ("1.2 ||", r#""||" needs a range on both sides"#),
        ("|| 1.2", r#""||" needs a range on both sides"#),
        ("1 | 2", r#""| 2" is not a version"#),
        (">=1.2 latest", r#""latest" is not a version"#),
        ("1.2.y", r#""1.2.y" is not a version"#),
        ("1..2", r#""1..2" is not a version"#),
        ("1..x", r#""1..x" is not a version"#),
        (".x", r#"".x" is not a version"#),
        ("1.2-", r#""1.2-" is not a version"#),
        ("1.2/3", r#""1.2/3" is not a version"#),
        ("4f2a9c1", r#""4f2a9c1" is not a version"#),
        ("1.x.3", r#""1.x.3" has something after its wildcard"#),
        ("1.x5", r#""1.x5" has something after its wildcard"#),
        ("1.x-rc1", r#""1.x-rc1" has a wildcard and a revision or pre-release"#),
        ("1.2-alp*", r#""1.2-alp*" is not a version"#),
        ("1 - 2 - 3", r#""2 - 3" is not a version"#),
        ("1.2-é", r#""1.2-é" is not a version"#),
        ("==1", r#""=" must be followed by a version"#),
    ];
    for (range, message) in rows {
        let error = range.parse::<Range>().map(|_| ()).expect_err(range);
        assert_eq!(error.to_string(), message, "{range:?}");
    }
}

/// `tests/vectors/semver/ranges.tsv` has what npm's own library answers.
#[test]
fn npm_agrees() {
    let rows = include_str!("../../../../tests/vectors/semver/ranges.tsv").lines();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for row in rows.filter(|row| !row.starts_with('#')) {
        count += 1;
        let mut fields = row.split('\t');
        let range = fields.next().unwrap_or_default();
        let parsed: Range = range.parse().unwrap_or_else(|e| panic!("{range}: {e}"));
        for expected in [true, false] {
            for tag in fields.next().unwrap_or_default().split_whitespace() {
                let version = Version::parse(tag).expect(tag);
                if parsed.matches(&version) != expected {
                    wrong.push(format!("{range}: {tag} {expected}"));
                }
            }
        }
    }
    assert_eq!((count, wrong.len()), (5_000, 0), "{:#?}", &wrong[..wrong.len().min(40)]);
}
