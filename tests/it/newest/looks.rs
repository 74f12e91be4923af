//! What names do not tell: digests, platforms and ages; and what asking for them costs.

use serde_json::json;

use crate::support::hub::tag;
use crate::support::image::{Blob, Image};
use crate::support::{Output, TestEnv, TestHub, TestRegistry};

/// How many `HEAD`s and `GET`s there were for manifests, and for blobs.
fn counts(registry: &TestRegistry) -> [usize; 3] {
    let requests = registry.requests();
    let of = |method: &str, part: &str| {
        requests.iter().filter(|r| r.method == method && r.path.contains(part)).count()
    };
    [of("HEAD", "/manifests/"), of("GET", "/manifests/"), of("GET", "/blobs/")]
}

fn run(registry: &TestRegistry, text: &str, flags: &[&str]) -> Output {
    registry.server().clear();
    let image = format!("{}{text}", registry.repo("a"));
    let arguments = ["newest"].into_iter().chain(flags.iter().copied());
    TestEnv::new().run(arguments.chain([&*image]))
}

/// An image for linux/amd64 made at this time.
fn made(created: &str) -> Image {
    let mut config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": []},
    });
    config["created"] = json!(created);
    let config = Blob::json("application/vnd.oci.image.config.v1+json", &config);
    Image::manifest("application/vnd.oci.image.manifest.v1+json", config, Vec::new(), &json!({}))
}

#[test]
fn a_pin_costs_a_head_for_each_end() {
    let (old, new) = (Image::oci("old", "linux/amd64"), Image::oci("new", "linux/amd64"));
    let registry =
        TestRegistry::new().image("a:1.0", &old).image("a:1.1", &new).image("a:0.9", &old).start();
    let output = run(&registry, ":1.0", &["--digest"]);
    output.code(0).silent();
    output.stdout(&format!("{}:1.1@{}\n", registry.repo("a"), new.root.digest));
    assert_eq!(counts(&registry), [2, 0, 0], "{}", registry.log());
    // Without a tag there is nothing to compare with.
    run(&registry, "", &["--digest", "-q"]).code(0).stdout("1.1\n");
    assert_eq!(counts(&registry), [1, 0, 0], "{}", registry.log());
    let row = run(&registry, ":1.1", &["--digest", "--format", "json"]).code(0).json();
    assert_eq!((&row["Tag"], &row["Digest"]), (&json!("1.1"), &json!(new.root.digest)));
    assert_eq!(counts(&registry), [1, 0, 0], "{}", registry.log());
    let both = run(&registry, "", &["--digest", "-n", "2", "--format", "{{.Tag}} {{.Digest}}"]);
    both.code(0).stdout(&format!("1.1 {}\n1.0 {}\n", new.root.digest, old.root.digest));
    // A template that names the digest asks for it.
    run(&registry, ":1.0", &["--format", "{{.Digest}}"]).code(0);
    assert_eq!(counts(&registry), [2, 0, 0], "{}", registry.log());
}

#[test]
fn the_same_bytes_are_no_news() {
    let (old, new) = (Image::oci("old", "linux/amd64"), Image::oci("new", "linux/amd64"));
    let registry = TestRegistry::new()
        .image("a:1.0", &old)
        .image("a:1.1", &new)
        .image("a:1.2", &old)
        .image("a:1.3", &old)
        .start();
    run(&registry, ":1.0", &["-q"]).code(0).stdout("1.3\n");
    run(&registry, ":1.0", &["-q", "--digest"]).code(0).stdout("1.1\n");
    assert_eq!(counts(&registry), [4, 0, 0], "{}", registry.log());
    let same = TestRegistry::new().image("a:1.0", &old).image("a:1.1", &old).start();
    let output = run(&same, ":1.0", &["--digest"]);
    output.code(0).stdout(&format!("{}:1.0@{}\n", same.repo("a"), old.root.digest));
    assert_eq!(counts(&same), [2, 0, 0], "{}", same.log());
}

#[test]
fn twenty_looks_at_most() {
    let old = Image::oci("old", "linux/amd64");
    let names: Vec<String> = (0..30).map(|n| format!("a:1.{n}")).collect();
    let builder = names.iter().fold(TestRegistry::new(), |b, name| b.image(name, &old));
    let registry = builder.start();
    let output = run(&registry, ":1.0", &["--digest", "-q"]);
    output.code(0).stdout("1.0\n").stderr_has("gave up");
    assert_eq!(counts(&registry), [21, 0, 0], "{}", registry.log());
    let output = run(&registry, "", &["--platform", "linux/arm64"]);
    output.code(3).stdout("").stderr_has("gave up after 20 tags").stderr_has("linux/arm64");
    assert_eq!(counts(&registry)[1], 20, "{}", registry.log());
    let output = run(&registry, "", &["--min-age", "100000w"]);
    output.code(2);
    let output = run(&registry, "", &["--min-age", "5000w"]);
    output.code(3).stdout("").stderr_has("gave up after 20 tags").stderr_has("old enough");
}

#[test]
fn the_newest_that_has_the_platform() {
    let both = Image::index("both", &["linux/amd64", "linux/arm64"]);
    let one = Image::index("one", &["linux/amd64"]);
    let single = Image::oci("single", "linux/arm64");
    let registry = TestRegistry::new()
        .image("a:1.0", &single)
        .image("a:1.1", &both)
        .image("a:1.2", &one)
        .image("a:1.3", &one)
        .start();
    run(&registry, ":1.0", &["-q", "--platform", "linux/arm64"]).code(0).stdout("1.1\n").silent();
    // An index tells its platforms; no image below it is read.
    assert_eq!(counts(&registry), [0, 3, 0], "{}", registry.log());
    run(&registry, "", &["-q", "--platform", "linux/amd64"]).code(0).stdout("1.3\n");
    assert_eq!(counts(&registry), [0, 1, 0], "{}", registry.log());
    let all = run(&registry, "", &["-q", "--platform", "linux/arm64", "-n", "5"]);
    all.code(0).stdout("1.1\n1.0\n");
    let none = run(&registry, "", &["--platform", "linux/s390x"]);
    none.code(3).stdout("").stderr_has("linux/s390x").stderr_has("1.3");
}

#[test]
fn the_newest_that_is_old_enough() {
    let registry = TestRegistry::new()
        .image("a:1.0", &made("2020-01-02T03:04:05Z"))
        .image("a:1.1", &made("2021-01-02T03:04:05Z"))
        .image("a:1.2", &made("1970-01-01T00:00:00Z"))
        .image("a:1.3", &made("2999-01-01T00:00:00Z"))
        .start();
    run(&registry, ":1.0", &["-q", "--min-age", "7d"]).code(0).stdout("1.1\n");
    assert_eq!(counts(&registry), [0, 3, 3], "{}", registry.log());
    let row = run(&registry, ":1.0", &["--min-age", "7d", "--format", "json"]).code(0).json();
    assert_eq!(row["Created"], "2021-01-02T03:04:05Z");
    // The tag that is there stays, whatever its age, and is not looked at.
    run(&registry, ":1.1", &["-q", "--min-age", "7d"]).code(0).stdout("1.1\n");
    assert_eq!(counts(&registry), [0, 2, 2], "{}", registry.log());
    let output = run(&registry, ":>=1.2", &["--min-age", "7d"]);
    output.code(3).stdout("").stderr_has("old enough").stderr_has("1 tag has no credible date");
    let created = run(&registry, "", &["--format", "{{.Tag}} {{.Created}}"]);
    created.code(0).stdout("1.3 2999-01-01T00:00:00Z\n");
}

#[test]
fn docker_hub_tells_age_and_platform_without_a_pull() {
    let hub = TestHub::new().repository("library/app", ["1.0", "1.1"].map(tag)).start();
    let registry = TestRegistry::new().tags("library/app", ["1.0", "1.1"]).start();
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\nhub-api = \"{}\"\n",
        registry.server().origin(),
        hub.origin()
    ));
    let arguments = ["newest", "app:1.0", "--min-age", "7d", "--platform", "linux/arm64"];
    env.run(arguments).code(0).stdout("app:1.1\n").silent();
    registry.server().assert_exchanges(&["GET /v2/library/app/tags/list 200"]);
    assert_eq!(hub.server().requests().len(), 1, "{}", hub.server().log());
}

#[test]
fn a_tag_that_has_vanished_is_passed_over() {
    let old = Image::oci("old", "linux/amd64");
    let registry = TestRegistry::new()
        .image("a:1.0", &old)
        .tags("a", ["1.1"])
        .hook(|request| {
            let gone = request.path.ends_with("/manifests/1.1");
            gone.then(|| crate::support::registry::error(404, "MANIFEST_UNKNOWN", "gone"))
        })
        .start();
    run(&registry, ":1.0", &["-q", "--digest"]).code(0).stdout("1.0\n");
    run(&registry, "", &["-q", "--platform", "linux/amd64"]).code(0).stdout("1.0\n");
}
