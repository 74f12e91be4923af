//! `aliases` from end to end: which tags are the same image, and with how many requests.

use serde_json::{Value, json};

use crate::support::hub::{Seed, tag};
use crate::support::image::Image;
use crate::support::registry::error;
use crate::support::{Output, TestEnv, TestHub, TestRegistry};

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

fn index(seed: &str) -> Image {
    Image::index(seed, &PLATFORMS)
}

/// Eleven tags of five images. `slim` and `latest` share the image for linux/arm64 alone.
fn registry() -> TestRegistry {
    let (new, alpine, old) = (index("new"), index("alpine"), index("old"));
    let slim = Image::index("new", &["linux/arm64"]);
    TestRegistry::new()
        .image("a:1", &new)
        .image("a:1.28", &old)
        .image("a:1.28.0", &old)
        .image("a:1.29", &new)
        .image("a:1.29.0", &new)
        .image("a:1.29.0-alpine", &alpine)
        .image("a:1.29.0-bookworm", &new)
        .image("a:1.27.0", &Image::oci("single", "linux/amd64"))
        .image("a:alpine", &alpine)
        .image("a:latest", &new)
        .image("a:slim", &slim)
        .start()
}

fn run(registry: &TestRegistry, suffix: &str, flags: &[&str]) -> Output {
    registry.server().clear();
    let image = format!("{}{suffix}", registry.repo("a"));
    let arguments = ["aliases"].into_iter().chain(flags.iter().copied());
    TestEnv::new().run(arguments.chain([&*image]))
}

/// How many lists, `HEAD`s and `GET`s of manifests, and other requests there were.
#[track_caller]
fn costs(registry: &TestRegistry, lists: usize, heads: usize, gets: usize) {
    let requests = registry.requests();
    let of = |method: &str, part: &str| {
        requests.iter().filter(|r| r.method == method && r.path.contains(part)).count()
    };
    let seen = [of("GET", "/tags/list"), of("HEAD", "/manifests/"), of("GET", "/manifests/")];
    assert_eq!(seen, [lists, heads, gets], "{}", registry.log());
    assert_eq!(requests.len(), lists + heads + gets, "{}", registry.log());
}

const NEW: [&str; 5] = ["1.29.0", "1.29.0-bookworm", "1.29", "1", "latest"];

#[test]
fn all_tags_of_a_digest_in_the_order_of_ls() {
    let registry = registry();
    run(&registry, ":latest", &[]).code(0).silent().lines(&NEW);
    costs(&registry, 1, 11, 0);
    run(&registry, "", &[]).code(0).silent().lines(&NEW);
    run(&registry, ":1", &[]).code(0).silent().lines(&NEW);
    run(&registry, ":1.27.0", &[]).code(0).silent().lines(&["1.27.0"]);
    run(&registry, ":1.28.0", &["--jobs", "1"]).code(0).silent().lines(&["1.28.0", "1.28"]);
    costs(&registry, 1, 11, 0);
    let digest = index("new").root.digest;
    run(&registry, &format!("@{digest}"), &[]).code(0).silent().lines(&NEW);
    costs(&registry, 1, 11, 0);
    // The digest wins over a tag, as for docker.
    run(&registry, &format!(":1.28@{digest}"), &[]).code(0).silent().lines(&NEW);
}

#[test]
fn filters_come_first() {
    let registry = registry();
    run(&registry, ":latest", &["--filter", "1.29*"]).code(0).lines(&NEW[..3]);
    costs(&registry, 1, 5, 0);
    run(&registry, ":latest", &["--exclude", "1.*"]).code(0).lines(&["latest"]);
    costs(&registry, 1, 3, 0);
    let nothing = run(&registry, ":latest", &["--filter", "1.28*"]);
    nothing.code(3).stdout("").stderr_has("no tag that matches the filters").stderr_has("(2 tags)");
}

#[test]
fn the_most_precise_version() {
    let registry = registry();
    run(&registry, ":latest", &["--version"]).code(0).silent().stdout("1.29.0\n");
    // The tag itself and the seven newest versions.
    costs(&registry, 1, 8, 0);
    run(&registry, ":latest", &["--version", "--jobs", "2"]).code(0).stdout("1.29.0\n");
    costs(&registry, 1, 2, 0);
    run(&registry, ":alpine", &["--version", "--jobs", "2"]).code(0).stdout("1.29.0-alpine\n");
    costs(&registry, 1, 4, 0);
    run(&registry, ":1.28", &["--version", "--jobs", "1"]).code(0).stdout("1.28.0\n");
    run(&registry, ":1", &["--version"]).code(0).stdout("1.29.0\n");
    let nothing = run(&registry, ":slim", &["--version"]);
    nothing.code(3).stdout("").stderr_has("no version of").stderr_has("leave out --version");
}

#[test]
fn images_of_one_platform() {
    let registry = registry();
    let with_slim = ["1.29.0", "1.29.0-bookworm", "1.29", "1", "latest", "slim"];
    let arm = ["--platform", "linux/arm64"];
    run(&registry, ":latest", &arm).code(0).silent().lines(&with_slim);
    // Each index once; a single image is its own.
    costs(&registry, 1, 11, 4);
    run(&registry, ":latest", &["--platform", "linux/amd64"]).code(0).silent().lines(&NEW);
    run(&registry, ":slim", &["--platform", "linux/arm64", "--version"]).stdout("1.29.0\n");
    let child = Image::oci("new", "linux/arm64").root.digest;
    run(&registry, &format!("@{child}"), &arm).code(0).silent().lines(&with_slim);
    let missing = run(&registry, ":slim", &["--platform", "linux/amd64"]);
    missing.code(3).stdout("").stderr_has("an image for linux/amd64 not found in");
    let without = run(&registry, &format!("@{child}"), &[]);
    without.code(3).stdout("").stderr_has("no tag of").stderr_has("add --platform");
}

#[test]
fn formats() {
    let registry = registry();
    let digest = index("old").root.digest;
    let row = run(&registry, ":1.28", &["--format", "json"]).code(0).json();
    let expected = json!({
        "Repository": registry.repo("a"), "Digest": digest, "Tags": ["1.28.0", "1.28"],
        "Complete": true,
    });
    assert_eq!(row, expected);
    let row = run(&registry, ":1.28", &["--format", "json", "--version"]).code(0).json();
    assert_eq!((&row["Tags"], &row["Complete"]), (&json!(["1.28.0"]), &Value::Bool(false)));
    let row = run(&registry, ":1.28", &["--format", "json", "--filter", "1*"]).code(0).json();
    assert_eq!(row["Complete"], Value::Bool(false));
    let template = ["--format", "{{.Tags | join \",\"}}"];
    let joined = run(&registry, ":1.28", &["--format", "{{join .Tags \",\"}}"]);
    joined.code(0).stdout("1.28.0,1.28\n");
    run(&registry, ":1.28", &template).code(2);
    let table = run(&registry, ":1.28", &["--format", "table"]);
    table.code(0).stdout_has("REPOSITORY").stdout_has("1.28.0, 1.28");
}

#[test]
fn several_images() {
    let registry = registry();
    let names = ["1.28", "1.27.0", "missing"].map(|tag| format!("{}:{tag}", registry.repo("a")));
    let command = |flag: &'static str| {
        let words = ["aliases", flag].into_iter().filter(|word| !word.is_empty());
        words.map(str::to_owned).chain(names.clone()).collect::<Vec<_>>()
    };
    let output = TestEnv::new().run(command(""));
    let lines = ["1.28.0", "1.28", "1.27.0"].map(|tag| format!("{}:{tag}\n", registry.repo("a")));
    output.code(3).stdout(&lines.concat()).stderr_has("\"missing\"");
    TestEnv::new().run(command("-q")).code(3).stdout("1.28.0\n1.28\n1.27.0\n");
}

#[test]
fn a_missing_tag_costs_no_other() {
    let registry = registry();
    run(&registry, ":2.0", &[]).code(3).stdout("").stderr_has("tag \"2.0\" not found");
    let heads = registry.requests().iter().filter(|r| r.method == "HEAD").count();
    assert_eq!(heads, 1, "{}", registry.log());
    let unknown = format!("@sha256:{}", "0".repeat(64));
    run(&registry, &unknown, &[]).code(3).stdout("").stderr_has("(11 tags)");
    TestEnv::new().run(["aliases", &registry.repo("none")]).code(3).stdout("");
    run(&registry, ":1", &["--filter", "["]).code(2).stdout("");
    assert!(registry.requests().is_empty(), "{}", registry.log());
}

#[test]
fn a_tag_that_vanishes_is_left_out_and_a_failure_is_an_error() {
    let start = |status: u16, code: &'static str, tag: &'static str| {
        let new = index("new");
        TestRegistry::new()
            .image("a:1", &new)
            .image("a:1.29", &new)
            .image("a:latest", &new)
            .hook(move |request| {
                let is_tag = request.path.ends_with(&format!("/manifests/{tag}"));
                is_tag.then(|| error(status, code, "no"))
            })
            .start()
    };
    let gone = start(404, "MANIFEST_UNKNOWN", "1.29");
    let output = run(&gone, ":latest", &[]);
    output.code(0).lines(&["1", "latest"]).stderr_has("skipped 1.29: listed");
    run(&gone, ":1.29", &[]).code(3).stdout("").stderr_has("tag \"1.29\" not found");
    let broken = start(500, "UNKNOWN", "1.29");
    run(&broken, ":latest", &["--retries", "0"]).code(5).stdout("").stderr_has("500");
    let denied = start(403, "DENIED", "1.29");
    let output = run(&denied, ":latest", &[]);
    assert_ne!(output.code, 0, "{output}");
    output.stdout("");
}

#[test]
fn a_list_that_breaks_off_is_an_error() {
    let registry = TestRegistry::new()
        .tags("a", (0..30).map(|n| format!("1.{n}")))
        .page_size(10)
        .hook(|request| request.query.contains("last=1.9").then(|| error(404, "NAME_UNKNOWN", "")))
        .start();
    let output = run(&registry, ":1.3", &[]);
    assert_ne!(output.code, 0, "{output}");
    output.stdout("");
}

/// Docker Hub: its API and its registry.
fn home(hub: &TestHub, registry: &TestRegistry) -> TestEnv {
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\nhub-api = \"{}\"\n",
        registry.server().origin(),
        hub.origin()
    ));
    env
}

#[test]
fn docker_hub_takes_a_request_for_a_hundred_tags() {
    let same = |name: &str, platforms: &[&str]| {
        let platforms = platforms.iter().map(|p| (*p).to_owned()).collect();
        Seed { content: "same".into(), platforms, pushed: None, old: false }.tag(name)
    };
    let mut tags: Vec<Value> = (0..197).map(|n| tag(&format!("1.{n}.0"))).collect();
    tags.extend([same("2.0.0", &PLATFORMS), same("2", &PLATFORMS), same("latest", &PLATFORMS)]);
    let names: Vec<String> =
        tags.iter().map(|tag| tag["name"].as_str().expect("a name").to_owned()).collect();
    let hub = TestHub::new().repository("library/app", tags).start();
    let registry = TestRegistry::new().tags("library/app", names).start();
    let env = home(&hub, &registry);
    let check = |flags: &[&str], lines: &[&str]| {
        hub.server().clear();
        let words = ["aliases", "app"].into_iter().chain(flags.iter().copied());
        env.run(words).code(0).silent().lines(lines);
        assert_eq!(hub.server().requests().len(), 2, "{}", hub.server().log());
        registry.server().assert_untouched();
    };
    check(&[], &["2.0.0", "2", "latest"]);
    check(&["--version"], &["2.0.0"]);
    check(&["--platform", "linux/arm64"], &["2.0.0", "2", "latest"]);
}

#[test]
fn google_tells_digests_in_the_list() {
    let (one, two) = (index("one"), index("two"));
    let about = |tags: &[&str]| json!({"imageSizeBytes": "1", "layerId": "", "tag": tags});
    let members = json!({"child": [], "manifest": {
        &*one.root.digest: about(&["1"]), &*two.root.digest: about(&["2", "latest"]),
    }});
    let registry = TestRegistry::new()
        .image("a:1", &one)
        .image("a:2", &two)
        .image("a:latest", &two)
        .list_members("a", members)
        .start();
    run(&registry, "", &[]).code(0).silent().lines(&["2", "latest"]);
    costs(&registry, 1, 0, 0);
    run(&registry, "", &["--version"]).code(0).silent().lines(&["2"]);
    costs(&registry, 1, 0, 0);
}
