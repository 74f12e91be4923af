//! `newest` from end to end: which tag is printed, what is said when none fits, and what it costs.

mod looks;
mod vectors;

use crate::support::{Output, TestEnv, TestRegistry};

/// A repository like nginx: several precisions, variants, a pre-release and a date.
const NGINX: [&str; 22] = [
    "1.12-alpine",
    "1.27.0",
    "1.27.0-alpine",
    "1.27.1",
    "1.27.1-alpine",
    "1.27.1-alpine3.20",
    "1.27.1-alpine-perl",
    "1.29.0-alpine-perl",
    "1.29.0",
    "1.29.0-alpine",
    "1.29.0-alpine3.19",
    "1.29",
    "1.29-alpine",
    "1",
    "1-alpine",
    "1.30.0-rc1",
    "2.0.0-beta1",
    "20250108",
    "mainline",
    "stable-alpine",
    "latest",
    "alpine",
];

fn nginx() -> TestRegistry {
    TestRegistry::new().tags("library/nginx", NGINX).start()
}

fn run(registry: &TestRegistry, text: &str, flags: &[&str]) -> Output {
    let image = format!("{}{text}", registry.repo("library/nginx"));
    let arguments = ["newest"].into_iter().chain(flags.iter().copied());
    TestEnv::new().run(arguments.chain([&*image]))
}

/// The tag that is printed, in one request.
#[track_caller]
fn gives(text: &str, flags: &[&str], tag: &str) {
    let registry = nginx();
    let output = run(&registry, text, flags);
    output.code(0).stdout(&format!("{}:{tag}\n", registry.repo("library/nginx"))).silent();
    registry.server().assert_exchanges(&["GET /v2/library/nginx/tags/list 200"]);
}

#[test]
fn a_name_gives_the_newest_stable_plain_version() {
    gives("", &[], "1.29.0");
    gives("", &["--pre"], "2.0.0-beta1");
    gives("", &["--exclude", r"1\.29.*"], "1.27.1");
    gives("", &["--filter", "1.27.*"], "1.27.1");
    gives("", &["--include", r"1\.27\.0.*"], "1.27.0");
}

#[test]
fn a_tag_gives_the_newest_of_its_kind() {
    gives(":1.27.0", &[], "1.29.0");
    gives(":1.27.0-alpine", &[], "1.29.0-alpine");
    gives(":1.12-alpine", &[], "1.29-alpine");
    gives(":1.27.1-alpine3.20", &[], "1.27.1-alpine3.20");
    gives(":1.27.1-alpine3.20", &["--base", "any"], "1.29.0-alpine3.19");
    gives(":1.27.0", &["--level", "patch"], "1.27.1");
    gives(":1.27.0", &["--level", "minor"], "1.29.0");
    gives(":1.27.0", &["--semver", "~1.27"], "1.27.1");
    gives(":1.27.0", &["--pre"], "2.0.0-beta1");
    gives(":2.0.0-beta1", &[], "2.0.0-beta1");
    gives(":20250108", &[], "20250108");
    // Nothing newer: the tag itself. Not in the list, but older than one: that one.
    gives(":1.29.0-alpine-perl", &[], "1.29.0-alpine-perl");
    gives(":1.28.3-alpine", &[], "1.29.0-alpine");
    gives(&format!(":1.27.0@sha256:{}", "0".repeat(64)), &[], "1.29.0");
}

#[test]
fn a_range_gives_its_most_precise_spelling() {
    gives(":^1.27", &[], "1.29.0");
    gives(":~1.27-alpine", &[], "1.27.1-alpine");
    gives(":>=1.27 <1.29", &[], "1.27.1");
    gives(":>=1.27 <2-alpine", &[], "1.29.0-alpine");
    gives(":1.27.x", &[], "1.27.1");
    gives(":1.27.*", &[], "1.27.1");
    gives(":*-alpine", &[], "1.29.0-alpine");
    gives(":*-alpine3.20", &[], "1.27.1-alpine3.20");
    gives(":=1.27.0 || 1.12-alpine", &[], "1.27.0-alpine");
    gives(":<1.29", &[], "1.27.1");
    gives(":^1.30-rc", &[], "1.30.0-rc1");
    gives(":^1.27", &["--pre"], "1.30.0-rc1");
    gives("", &["--semver", "<1.29"], "1.27.1");
    gives(":>=20240101", &[], "20250108");
}

#[test]
fn a_tag_that_looks_like_a_range_is_a_tag_where_the_list_has_it() {
    let tags = ["1.x", "1.x-jdk", "1.2", "1.3", "2.x"];
    let registry = TestRegistry::new().tags("a", tags).start();
    let output = TestEnv::new().run(["newest", "-q", &format!("{}:1.x", registry.repo("a"))]);
    output.code(0).stdout("2.x\n");
    let output = TestEnv::new().run(["newest", "-q", &format!("{}:1.X", registry.repo("a"))]);
    output.code(0).stdout("1.3\n");
}

#[test]
fn dates_only_where_there_are_no_versions() {
    let registry = TestRegistry::new()
        .tags("dates", ["20240101", "20240202", "latest"])
        .tags("both", ["3.2", "20240202", "3", "3.20"])
        .tags("debian", ["12.8", "12", "13", "bookworm-20250101", "12.8-slim"])
        .tags("minio", ["RELEASE.2024-01-16T16-07-38Z", "RELEASE.2025-04-22T22-12-26Z", "edge"])
        .tags("builds", ["1234567", "8765432", "1.4.0"])
        .start();
    let env = TestEnv::new();
    let newest = |name: &str| env.run(["newest", "-q", &registry.repo(name)]);
    newest("dates").code(0).stdout("20240202\n");
    newest("both").code(0).stdout("3.20\n");
    newest("debian").code(0).stdout("13\n");
    newest("minio").code(0).stdout("RELEASE.2025-04-22T22-12-26Z\n");
    newest("builds").code(0).stdout("1.4.0\n");
}

#[test]
fn nothing_fits() {
    let registry = nginx();
    let rows = [
        (":^3", "in the range \"^3\" (22 tags)", "1.29.0"),
        (":^3-alpine", "in the range", "newest outside of it: 1.29.0-alpine"),
        (":<1.20", "in the range", "newest of other variants: 1.12-alpine"),
        (":9.9.9-alpine", "\"9.9.9-alpine\" not found", "1.29.0-alpine"),
        (":1.2.3.4-windows", "no tag of its kind is newer", "newest of other variants"),
        (":*-windows", "no tag", "newest of other variants: 1.29.0"),
    ];
    for (text, message, hint) in rows {
        let output = run(&registry, text, &[]);
        output.code(3).stdout("").stderr_has(message).stderr_has(hint);
    }
    let variants = TestRegistry::new().tags("a", ["1.2-alpine", "20240101", "latest"]).start();
    let output = TestEnv::new().run(["newest", &variants.repo("a")]);
    output.code(3).stdout("").stderr_has("plain version").stderr_has("1.2-alpine");
    let empty = TestRegistry::new().tags("a", [""; 0]).start();
    TestEnv::new().run(["newest", &empty.repo("a")]).code(3).stdout("").stderr_has("(0 tags)");
}

#[test]
fn usage_errors_ask_nothing() {
    let registry = nginx();
    let digest = format!("@sha256:{}", "0".repeat(64));
    let rows: [(&str, &[&str], &str); 10] = [
        (":latest", &[], "docker tags aliases --version"),
        (":latest", &[], ":*'"),
        (":stable-alpine", &[], ":*-alpine'"),
        (":4f2a9c1", &[], "no version"),
        (&digest, &[], "has a digest and no tag"),
        (":^1.2 <", &[], "must be followed by a version"),
        (":^1.2", &["--semver", "2"], "give the range once"),
        ("", &["--level", "minor"], "NAME:TAG"),
        (":1.27.0", &["--semver", "nonsense"], "--semver"),
        (":1.27.0", &["-n", "0"], "1 or more"),
    ];
    for (text, flags, part) in rows {
        run(&registry, text, flags).code(2).stdout("").stderr_has(part);
    }
    for wrong in ["--level=huge", "--base=other", "--min-age=soon", "--include=(", "--filter=[a"] {
        run(&registry, ":1.27.0", &[wrong]).code(2).stdout("");
    }
    registry.server().assert_untouched();
}

#[test]
fn the_newest_of_several() {
    let registry = nginx();
    let lines = |text: &str, flags: &[&str]| {
        let flags: Vec<&str> = ["-q"].iter().chain(flags).copied().collect();
        run(&registry, text, &flags).code(0).stdout.clone()
    };
    assert_eq!(lines("", &["-n", "3"]), "1.29.0\n1.27.1\n1.27.0\n");
    assert_eq!(
        lines(":1.27.0-alpine", &["--limit", "9"]),
        "1.29.0-alpine\n1.27.1-alpine\n1.27.0-alpine\n"
    );
    assert_eq!(lines(":*-alpine", &["-n", "2"]), "1.29.0-alpine\n1.27.1-alpine\n");
}

#[test]
fn a_repository_is_listed_once() {
    let registry = TestRegistry::new()
        .tags("a", ["1.0", "1.1", "1.0-alpine", "1.2-alpine"])
        .tags("b", ["7"])
        .start();
    let (a, b) = (registry.repo("a"), registry.repo("b"));
    let names = [
        format!("{a}:1.0"),
        b.clone(),
        format!("{a}:1.0-alpine"),
        a.clone(),
        format!("{a}:^1"),
        b.clone(),
    ];
    let output = TestEnv::new().run(["newest".to_owned()].into_iter().chain(names));
    let expected = format!("{a}:1.1\n{b}:7\n{a}:1.2-alpine\n{a}:1.1\n{a}:1.1\n{b}:7\n");
    output.code(0).stdout(&expected).silent();
    let mut paths = registry.paths();
    paths.sort();
    assert_eq!(paths, ["/v2/a/tags/list", "/v2/b/tags/list"]);
}

#[test]
fn all_are_tried_and_the_worst_code_counts() {
    let registry = TestRegistry::new().tags("a", ["1.0"]).tags("c", ["3.0"]).start();
    let missing = registry.repo("missing");
    let names = [
        registry.repo("a"),
        format!("{missing}:1"),
        missing,
        format!("{}:^9", registry.repo("a")),
        registry.repo("c"),
    ];
    let output = TestEnv::new().run(["newest".to_owned(), "-q".into()].into_iter().chain(names));
    output.code(3).stdout("1.0\n3.0\n").stderr_has("missing").stderr_has("range \"^9\"");
    let said = output.stderr.matches("missing").count();
    assert!(said >= 1 && output.stderr.matches("error: ").count() == 2, "{output}");
    let down = "127.0.0.1:9/a".to_owned();
    let names = [registry.repo("c"), down, format!("{}:^9", registry.repo("a"))];
    let arguments = ["newest".to_owned(), "-q".into(), "--retries=0".into()];
    let output = TestEnv::new().run(arguments.into_iter().chain(names));
    output.code(5).stdout("3.0\n");
}

#[test]
fn names_are_what_docker_takes() {
    let registry = nginx();
    let repository = registry.repo("library/nginx");
    run(&registry, ":1.27.0", &["-q"]).code(0).stdout("1.29.0\n");
    let full = run(&registry, ":1.27.0", &["--full-ref"]);
    full.code(0).stdout(&format!("{repository}:1.29.0\n"));
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\n",
        registry.server().origin()
    ));
    env.run(["newest", "nginx"]).code(0).stdout("nginx:1.29.0\n");
    env.run(["newest", "nginx:1.27.0-alpine"]).code(0).stdout("nginx:1.29.0-alpine\n");
    env.run(["newest", "--full-ref", "nginx"]).code(0).stdout("docker.io/library/nginx:1.29.0\n");
}

#[test]
fn json_and_templates() {
    let registry = nginx();
    let row = run(&registry, ":1.27.1-alpine", &["--format", "json"]).code(0).silent().json();
    let expected = serde_json::json!({
        "Repository": registry.repo("library/nginx"), "Tag": "1.29.0-alpine",
        "Current": "1.27.1-alpine", "Digest": null, "Level": "minor", "OtherBase": null,
        "Created": null,
    });
    assert_eq!(row, expected);
    let row = run(&registry, ":1.27.1-alpine3.20", &["--format", "json"]).code(0).json();
    assert_eq!(row["OtherBase"], "1.29.0-alpine3.19");
    assert_eq!((&row["Level"], &row["Tag"]), (&serde_json::Value::Null, &row["Current"]));
    let row = run(&registry, "", &["--format", "json"]).code(0).json();
    assert_eq!(
        (&row["Current"], &row["Level"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    let text = run(&registry, ":1.27.0", &["--format", "{{.Current}} {{.Tag}} {{.Level}}"]);
    text.code(0).stdout("1.27.0 1.29.0 minor\n");
    let table = run(&registry, ":1.27.0", &["--format", "table"]);
    let words: Vec<&str> =
        table.code(0).stdout.lines().next().unwrap_or_default().split("  ").collect();
    assert_eq!(words[0], "REPOSITORY");
    table.stdout_has("CURRENT").stdout_has("LEVEL").stdout_has("1.29.0").stdout_lacks("DIGEST");
    run(&registry, "", &["--format", "{{.Nothing}}"]).code(2);
}
