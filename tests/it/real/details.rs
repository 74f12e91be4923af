//! Details of many tags from the real registry: right, compared with what was put in, and with exactly the
//! requests that they take.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::registry::{Registry, Storage};
use super::run::Home;
use super::wire::Server;
use super::{bulk, proxy, seed};

const TAGS: usize = 10_000;
const DIGESTS: usize = 500;

/// `HEAD`s and `GET`s of manifests, `GET`s of blobs, lists, and all requests.
fn counts(server: &Server) -> [usize; 5] {
    let lines = server.log_lines();
    let of = |start: &str, part: &str| {
        lines.iter().filter(|line| line.starts_with(start) && line.contains(part)).count()
    };
    [
        of("HEAD ", "/manifests/"),
        of("GET ", "/manifests/"),
        of("GET ", "/blobs/"),
        of("GET ", "/tags/list"),
        lines.len(),
    ]
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().unwrap_or_else(|| panic!("{member} of {row}"))
}

#[test]
#[ignore = "needs the real docker-registry"]
fn ten_thousand_tags_over_five_hundred_digests() {
    let registry = Registry::open(&Storage::new());
    let pairs = bulk::put_many(&registry, "team/big", TAGS, DIGESTS);
    let seeded: HashMap<&str, &str> = pairs.iter().map(|(t, d)| (&**t, &**d)).collect();
    let home = Home::new();

    let server = proxy::start(registry.address());
    let name = format!("{}/team/big", server.address());
    let both = ["ls", "-l", "--group-by", "digest", "--format", "json", "-j", "3", &name];
    let groups = rows(&home.client(both).expect_code(0).stdout);
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &groups {
        expect_details(row);
        let tags = row["Tags"].as_array().expect("a list of tags");
        let tags = tags.iter().map(|tag| tag.as_str().expect("a tag")).collect();
        assert_eq!(found.insert(text(row, "Digest"), tags), None, "{row}");
    }
    let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (tag, digest) in &pairs {
        expected.entry(digest).or_default().insert(tag);
    }
    assert!(found == expected, "the groups are those that were put in");
    // Ten thousand without a link are no page that any server has: one request for the list.
    assert_eq!(counts(&server), [TAGS, DIGESTS, DIGESTS, 1, TAGS + 2 * DIGESTS + 1]);
    assert!(server.connections() <= 3, "{} connections", server.connections());
    drop(server);

    // Straight from the registry, and of some tags only: what was counted above needs no second look.
    let name = format!("{}/team/big", registry.address());
    for (flag, major) in [("--digests", "1."), ("-l", "2.")] {
        let filter = format!("{major}*");
        let rows =
            rows(&home.client(["ls", flag, "--filter", &filter, "--format", "json", &name]).stdout);
        let tags = seeded.keys().filter(|tag| tag.starts_with(major)).count();
        assert_eq!(rows.len(), tags);
        for row in &rows {
            assert_eq!(seeded.get(text(row, "Tag")), Some(&text(row, "Digest")), "{row}");
            match flag {
                "-l" => expect_details(row),
                _ => assert_eq!(row.get("Size"), None, "{row}"),
            }
        }
    }
    let raw = ["ls", "--group-by", "digest", "--raw", "--filter", "10.*", &name];
    let raw: BTreeMap<String, BTreeSet<String>> =
        serde_json::from_str(&home.client(raw).expect_code(0).stdout).expect("a document");
    for (digest, tags) in &raw {
        let wanted = expected[&**digest].iter().filter(|tag| tag.starts_with("10."));
        assert!(tags.iter().map(String::as_str).eq(wanted.copied()), "{digest}");
    }
    assert_eq!(raw.len(), DIGESTS);
}

/// What all the images have in common.
#[track_caller]
fn expect_details(row: &Value) {
    assert_eq!(row["Platforms"], serde_json::json!(["linux/amd64"]), "{row}");
    assert_eq!(row["Created"], "2024-01-02T03:04:05.678901234Z", "{row}");
    assert!(row["Size"].as_u64().is_some_and(|size| size > 0), "{row}");
}

#[test]
#[ignore = "needs the real docker-registry"]
fn indexes_lists_and_images_side_by_side() {
    let registry = Registry::open(&Storage::new());
    let index = seed::oci_index(&registry, "team/app", "3-index");
    let list = seed::docker_list(&registry, "team/app", "2-list");
    let image = seed::Image::docker("arm64/v8").put(&registry, "team/app", Some("1-image"));
    let name = format!("{}/team/app", registry.address());
    let home = Home::new();
    let long = home.client(["ls", "-l", "--sort", "name", "-r", "--format", "json", &name]);
    let rows = rows(&long.expect_code(0).stdout);
    let digests: Vec<&str> = rows.iter().map(|row| text(row, "Digest")).collect();
    assert_eq!(digests, [&*index.digest, &*list.digest, &*image.digest]);
    let platforms: Vec<&Value> = rows.iter().map(|row| &row["Platforms"]).collect();
    assert_eq!(
        platforms,
        [
            &serde_json::json!(["linux/amd64", "linux/arm64/v8"]),
            &serde_json::json!(["linux/amd64", "linux/arm/v7", "linux/arm64/v8"]),
            &serde_json::json!(["linux/arm64/v8"]),
        ]
    );
    let arm = home.client(["ls", "--sort", "name", "--platform", "linux/arm", &name]);
    assert_eq!(arm.expect_code(0).lines(), ["2-list"]);
}
