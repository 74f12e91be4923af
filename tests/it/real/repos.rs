//! `repos` against the real registry: whole catalogs, logins, every tag.

use super::bulk;
use super::proxy;
use super::registry::{Access, Registry, Storage};
use super::run::Home;

const USER: &str = "ann";
const PASSWORD: &str = "S3cr3t-canary-7f3a";

#[test]
#[ignore = "needs the real docker-registry"]
fn a_catalog_of_1500_repositories_comes_whole() {
    let storage = Storage::new();
    // Not in the order of the alphabet, and deeper than one level.
    let name = |number: usize| format!("team{}/sub/app-{:04}", number % 7, number * 601 % 1500);
    let mut names: Vec<String> = (0..1500).map(name).collect();
    bulk::put_repositories(&storage, &names);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 1500);
    let registry = Registry::open(&storage);
    let proxy = proxy::start(registry.address());
    let host = proxy.address().to_string();
    let outcome = Home::new().client(["repos", &host]).expect_code(0);
    assert_eq!(outcome.lines(), names, "{outcome}");
    assert_eq!(outcome.stderr, "", "{outcome}");
    // 100 of the registry's own accord, 1000 because we ask for so many, the rest.
    let requests = proxy.log_lines();
    assert_eq!(requests.len(), 3, "{requests:#?}");
    assert_eq!((proxy.connections(), proxy.tls_probes()), (1, 1));

    let part = Home::new().client(["repos", &format!("{host}/team3")]).expect_code(0);
    let below: Vec<&String> = names.iter().filter(|name| name.starts_with("team3/")).collect();
    assert_eq!(part.lines(), below, "{part}");
    let raw = Home::new().client(["repos", "--raw", &host]).expect_code(0);
    let document: serde_json::Value = serde_json::from_str(&raw.stdout).expect("it is JSON");
    assert_eq!(document["repositories"].as_array().map(Vec::len), Some(1500));
}

#[test]
#[ignore = "needs the real docker-registry"]
fn a_catalog_behind_a_password() {
    let storage = Storage::new();
    bulk::put_repositories(&storage, ["team/app", "alpine"]);
    let registry = Registry::start(&storage, &Access::Htpasswd(&[(USER, PASSWORD)]), None);
    let host = registry.address().to_string();
    let outcome = Home::new().client(["repos", &host]).expect_error(4);
    outcome.expect_stderr(&format!("docker login {host}"));
    let outcome = Home::with_login(&host, USER, PASSWORD).client(["repos", &host]);
    assert_eq!(outcome.expect_code(0).lines(), ["alpine", "team/app"]);
}

#[test]
#[ignore = "needs the real docker-registry"]
fn every_tag_of_every_repository() {
    let storage = Storage::new();
    let registry = Registry::open(&storage);
    bulk::put_tags(&registry, "team/app", ["1.9", "1.10"]);
    bulk::put_tags(&registry, "alpine", ["latest", "3.20"]);
    // In the catalog, and without a single tag: the registry knows no such list.
    bulk::put_repositories(&storage, ["empty"]);
    let host = registry.address().to_string();
    let outcome = Home::new().client(["repos", "--tags", &host]).expect_code(3);
    let expected = ["alpine:3.20", "alpine:latest", "team/app:1.10", "team/app:1.9"];
    assert_eq!(outcome.lines(), expected, "{outcome}");
    assert_eq!(outcome.stderr_lines_with("error: ").len(), 1, "{outcome}");
    outcome.expect_stderr(&format!("{host}/empty"));
}
