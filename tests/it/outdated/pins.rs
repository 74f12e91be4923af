//! Pins: a digest beside a tag, or alone.

use serde_json::{Value, json};

use super::{pick, rows};
use crate::support::{Image, TestEnv, TestRegistry};

const TWO: [&str; 2] = ["linux/amd64", "linux/arm64"];
const GONE: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// An index of one's own choice of images.
fn list(images: &[(&Image, &str)]) -> Image {
    let entries = images.iter().map(|(image, platform)| {
        let (os, architecture) = platform.split_once('/').unwrap();
        let member = json!({"platform": {"os": os, "architecture": architecture}});
        ((*image).clone(), member)
    });
    Image::list("application/vnd.oci.image.index.v1+json", entries.collect())
}

struct Bench {
    registry: TestRegistry,
    env: TestEnv,
    old: Image,
    new: Image,
    amd: Image,
    old_arm: Image,
    new_arm: Image,
}

/// `app:1.0` has moved from one index to another, in which arm64 alone is other.
fn bench() -> Bench {
    let amd = Image::oci("same", "linux/amd64");
    let (old_arm, new_arm) = (Image::oci("old", "linux/arm64"), Image::oci("new", "linux/arm64"));
    let old = list(&[(&amd, "linux/amd64"), (&old_arm, "linux/arm64")]);
    let new = list(&[(&amd, "linux/amd64"), (&new_arm, "linux/arm64")]);
    let registry = TestRegistry::new()
        .image("app:old", &old)
        .image("app:1.0", &new)
        .tags("app", ["0.9"])
        .start();
    Bench { registry, env: TestEnv::new(), old, new, amd, old_arm, new_arm }
}

impl Bench {
    fn image(&self, tag: &str, digest: &str) -> String {
        let tag = if tag.is_empty() { String::new() } else { format!(":{tag}") };
        format!("{}{tag}@{digest}", self.registry.repo("app"))
    }

    fn check(&self, image: &str, args: &[&str], code: i32) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--all", image]).collect();
        self.registry.server().clear();
        let (output, rows) = rows(&self.env, &args);
        output.code(code);
        assert_eq!(rows.len(), 1);
        pick(&rows[0], &["State", "Moved", "NewDigest", "Reason"])
    }

    fn asked(&self, expected: &[String]) {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        self.registry.server().assert_exchanges(&expected);
    }
}

const LIST: &str = "GET /v2/app/tags/list 200";

fn get(what: &str, status: u16) -> String {
    format!("GET /v2/app/manifests/{what} {status}")
}

fn head(what: &str, status: u16) -> String {
    format!("HEAD /v2/app/manifests/{what} {status}")
}

#[test]
fn a_pin_that_holds_costs_one_head() {
    let bench = bench();
    let found = bench.check(&bench.image("1.0", &bench.new.root.digest), &[], 0);
    assert_eq!(found, json!(["current", false, null, null]));
    bench.asked(&[LIST.into(), head("1.0", 200)]);
}

#[test]
fn a_pin_of_one_platform_is_current() {
    let bench = bench();
    let found = bench.check(&bench.image("1.0", &bench.new_arm.root.digest), &[], 0);
    assert_eq!(found, json!(["current", false, null, "the image for linux/arm64"]));
    bench.asked(&[LIST.into(), head("1.0", 200), get(&bench.new.root.digest, 200)]);
}

#[test]
fn a_moved_pin_takes_two_gets() {
    let bench = bench();
    let found = bench.check(&bench.image("1.0", &bench.old.root.digest), &[], 10);
    assert_eq!(found, json!(["moved", true, bench.new.root.digest, null]));
    let (old, new) = (&bench.old.root.digest, &bench.new.root.digest);
    bench.asked(&[LIST.into(), head("1.0", 200), get(new, 200), get(old, 200)]);
}

#[test]
fn a_change_of_another_platform_is_no_news() {
    let bench = bench();
    let image = bench.image("1.0", &bench.old.root.digest);
    let found = bench.check(&image, &["--platform", "linux/amd64"], 0);
    assert_eq!(found, json!(["current", false, null, "unchanged for linux/amd64"]));
    let found = bench.check(&image, &["--platform", "linux/arm64"], 10);
    assert_eq!(found[0], "moved");
    // The file's own platform counts as the option does.
    let compose = format!("services: {{a: {{image: \"{image}\", platform: linux/amd64}}}}\n");
    bench.env.write("work/compose.yaml", compose);
    let found = bench.check("compose.yaml", &[], 0);
    assert_eq!(found[0], "current");
}

#[test]
fn a_moved_pin_of_one_platform_becomes_the_same_platforms() {
    let bench = bench();
    let found = bench.check(&bench.image("1.0", &bench.old_arm.root.digest), &[], 10);
    assert_eq!(found, json!(["moved", true, bench.new_arm.root.digest, null]));
    let found = bench.check(&bench.image("1.0", &bench.amd.root.digest), &[], 0);
    assert_eq!(found[0], "current");
}

#[test]
fn what_is_gone_is_gone() {
    let bench = bench();
    let found = bench.check(&bench.image("1.0", GONE), &[], 10);
    assert_eq!(found, json!(["gone", true, bench.new.root.digest, null]));
    let found = bench.check(&bench.image("2.0", &bench.new.root.digest), &[], 10);
    assert_eq!(found, json!(["gone", null, null, null]));
    bench.asked(&[LIST.into()]);
    let found = bench.check(&bench.image("", GONE), &[], 10);
    assert_eq!(found, json!(["gone", null, null, null]));
}

#[test]
fn a_pin_without_a_tag() {
    let bench = bench();
    let image = bench.image("", &bench.new.root.digest);
    assert_eq!(bench.check(&image, &[], 0)[0], "pinned");
    bench.asked(&[head(&bench.new.root.digest, 200)]);
    let (_, found) = rows(&bench.env, &["--all", "--resolve", &image]);
    assert_eq!(pick(&found[0], &["State", "Tag"]), json!(["current", "1.0"]));
    // A comment says which tag it was, with a v or without.
    for (comment, tag, state) in
        [("1.0", "1.0", "current"), ("v1.0", "1.0", "current"), ("v0.9", "0.9", "moved")]
    {
        bench.env.write("work/Dockerfile", format!("FROM {image} # {comment}\n"));
        let (_, found) = rows(&bench.env, &["--all", "Dockerfile"]);
        assert_eq!(pick(&found[0], &["Tag", "State"]), json!([tag, state]), "{comment}");
    }
}

#[test]
fn the_same_bytes_are_no_news() {
    let image = Image::index("one", &TWO);
    let other = Image::index("two", &TWO);
    let registry = TestRegistry::new()
        .image("app:1.0.0", &image)
        .image("app:1.0.1", &image)
        .image("app:1.0.2", &image)
        .image("db:1.0.0", &image)
        .image("db:1.0.1", &other)
        .image("db:1.0.2", &image)
        .start();
    let env = TestEnv::new();
    let pinned = |name: &str| format!("{}@{}", registry.repo(name), image.root.digest);
    let (output, found) = rows(&env, &["--all", &pinned("app:1.0.0"), &pinned("db:1.0.0")]);
    output.code(10);
    assert_eq!(pick(&found[0], &["State", "Latest"]), json!(["current", "1.0.0"]));
    assert_eq!(pick(&found[1], &["State", "Latest"]), json!(["newer", "1.0.1"]));
    // Names alone decide where no digest is asked for.
    let (_, found) = rows(&env, &[&registry.repo("app:1.0.0")]);
    assert_eq!(found[0]["Latest"], "1.0.2");
}
