//! `diff` from end to end: which tags differ, the exit code, and with how many requests.

use serde_json::{Value, json};

use crate::support::image::Image;
use crate::support::registry::error;
use crate::support::{Output, TestEnv, TestRegistry};

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

fn index(seed: &str) -> Image {
    Image::index(seed, &PLATFORMS)
}

/// `b` is a mirror of `a`: 1.2 is newer, 1.1 has moved, 1.0 is missing, `arm` has one platform only.
fn registry() -> TestRegistry {
    TestRegistry::new()
        .image("a:1.0", &index("1.0"))
        .image("a:1.1", &index("1.1"))
        .image("a:arm", &index("arm"))
        .image("a:latest", &index("latest"))
        .image("b:1.1", &index("1.1 again"))
        .image("b:1.2", &index("1.2"))
        .image("b:arm", &Image::oci("arm", "linux/arm64"))
        .image("b:latest", &index("latest"))
        .start()
}

fn diff(registry: &TestRegistry, flags: &[&str]) -> Output {
    registry.server().clear();
    let names = [registry.repo("a"), registry.repo("b")];
    let arguments = ["diff"].into_iter().chain(flags.iter().copied());
    TestEnv::new().run(arguments.chain(names.iter().map(String::as_str)))
}

/// How many lists, `HEAD`s and `GET`s of manifests there were, and nothing else.
#[track_caller]
fn costs(registry: &TestRegistry, expected: [usize; 3]) {
    let requests = registry.requests();
    let of = |method: &str, part: &str| {
        requests.iter().filter(|r| r.method == method && r.path.contains(part)).count()
    };
    let seen = [of("GET", "/tags/list"), of("HEAD", "/manifests/"), of("GET", "/manifests/")];
    assert_eq!(seen, expected, "{}", registry.log());
    assert_eq!(requests.len(), expected.iter().sum::<usize>(), "{}", registry.log());
}

fn moved(tag: &str, a: &Image, b: &Image) -> String {
    format!("! {tag}  {} → {}", &a.root.digest[..19], &b.root.digest[..19])
}

#[test]
fn two_repositories() {
    let registry = registry();
    let one = moved("1.1", &index("1.1"), &index("1.1 again"));
    let arm = moved("arm", &index("arm"), &Image::oci("arm", "linux/arm64"));
    let output = diff(&registry, &[]);
    output.code(10).silent().lines(&["+ 1.2", &one, "- 1.0", &arm]);
    // Tags that only one side has are not asked for.
    costs(&registry, [2, 6, 0]);
    diff(&registry, &["--all"]).code(10).lines(&["+ 1.2", &one, "- 1.0", &arm, "= latest"]);
    diff(&registry, &["-q"]).code(10).lines(&["1.2", "1.1", "1.0", "arm"]);
    diff(&registry, &["--filter", "1.*"]).code(10).lines(&["+ 1.2", &one, "- 1.0"]);
    costs(&registry, [2, 2, 0]);
    diff(&registry, &["--filter", "latest"]).code(0).silent().stdout("");
    diff(&registry, &["--no-trunc"]).code(10).stdout_has(&index("1.1 again").root.digest);
}

#[test]
fn names_alone() {
    let registry = registry();
    diff(&registry, &["--names"]).code(10).silent().lines(&["+ 1.2", "- 1.0"]);
    costs(&registry, [2, 0, 0]);
    diff(&registry, &["--only", "removed"]).code(10).lines(&["- 1.0"]);
    costs(&registry, [2, 0, 0]);
    diff(&registry, &["--only", "removed", "--filter", "1.1"]).code(0).silent().stdout("");
    diff(&registry, &["--only", "added,removed"]).code(10).lines(&["+ 1.2", "- 1.0"]);
    diff(&registry, &["--only", "same"]).code(0).lines(&["= latest"]);
    diff(&registry, &["--only", "gone"]).code(2).stderr_has("moved");
}

#[test]
fn images_of_one_platform() {
    let registry = registry();
    let one =
        moved("1.1", &Image::oci("1.1", "linux/arm64"), &Image::oci("1.1 again", "linux/arm64"));
    let output = diff(&registry, &["--platform", "linux/arm64"]);
    output.code(10).silent().lines(&["+ 1.2", &one, "- 1.0"]);
    // Both have the index of latest; b:arm is no index.
    costs(&registry, [2, 6, 5]);
}

#[test]
fn documents() {
    let registry = registry();
    let rows = diff(&registry, &["--format", "json", "--all"]).code(10).json_lines();
    let digest = |seed: &str| index(seed).root.digest;
    let row = |state: &str, tag: &str, a: Value, b: Value| json!({"State": state, "Tag": tag, "A": a, "B": b});
    assert_eq!(rows[0], row("added", "1.2", Value::Null, Value::Null));
    assert_eq!(rows[1], row("moved", "1.1", json!(digest("1.1")), json!(digest("1.1 again"))));
    assert_eq!(rows[2], row("removed", "1.0", Value::Null, Value::Null));
    assert_eq!(rows[4], row("same", "latest", json!(digest("latest")), json!(digest("latest"))));
    let template = diff(&registry, &["--format", "{{.State}}:{{.Tag}}", "--filter", "1.[02]"]);
    template.code(10).stdout("added:1.2\nremoved:1.0\n");
}

#[test]
fn a_saved_list() {
    let registry = registry();
    let env = TestEnv::new();
    let names = ["a", "b"].map(|name| registry.repo(name));
    let saved = names.each_ref().map(|name| {
        let list = env.run(["ls", "--digests", "--format", "json", name]);
        list.code(0).stdout.clone()
    });
    let files = [env.home().join("a.json"), env.home().join("b.json")];
    for (file, text) in files.iter().zip(&saved) {
        std::fs::write(file, text).expect("a file");
    }
    let [file_a, file_b] = files.each_ref().map(|file| file.to_str().expect("a path"));
    for pair in [[file_a, &names[0]], [&names[0], file_a], [file_a, file_a], [file_b, &names[1]]] {
        env.run(["diff", pair[0], pair[1]]).code(0).silent().stdout("");
    }
    let one = moved("1.1", &index("1.1"), &index("1.1 again"));
    let arm = moved("arm", &index("arm"), &Image::oci("arm", "linux/arm64"));
    let lines = ["+ 1.2", &one, "- 1.0", &arm];
    registry.server().clear();
    env.run(["diff", file_a, file_b]).code(10).silent().lines(&lines);
    assert!(registry.requests().is_empty(), "{}", registry.log());
    env.run(["diff", file_a, &names[1]]).code(10).silent().lines(&lines);
    costs(&registry, [1, 3, 0]);
    let rows = env.run(["diff", file_a, file_b, "--format", "json"]).code(10).json_lines();
    assert_eq!(rows[0]["B"], json!(index("1.2").root.digest));
    let both = env.run(["diff", file_a, file_b, "--platform", "linux/amd64"]);
    both.code(2).stdout("").stderr_has("--platform needs two repositories");
    env.run(["diff", "-", "-"]).code(2).stdout("").stderr_has("only one of the lists");
}

#[test]
fn a_saved_list_that_may_not_be_whole() {
    let registry = registry();
    let env = TestEnv::new();
    let list = env.run(["ls", "--digests", "--format", "json", &registry.repo("a")]);
    let good = list.code(0).stdout.clone();
    let file = env.home().join("list.json");
    let path = file.to_str().expect("a path");
    let check = |text: &str, what: &str| {
        std::fs::write(&file, text).expect("a file");
        registry.server().clear();
        let output = env.run(["diff", path, &registry.repo("a")]);
        output.code(2).stdout("").stderr_has(what).stderr_has("ls --digests --format json");
        assert!(registry.requests().is_empty(), "{}", registry.log());
    };
    check(&good[..good.len() - 1], "the last line is cut short");
    check(&good.repeat(2), "is there twice");
    check("latest\n1.1\n", "line 1: not a tag as JSON");
    check("{\"Repository\":\"a\",\"Tag\":\"1\"}\n", "tag \"1\" has no digest");
    check("{\"Tag\":\"\u{1b}[31m\"}\n", "line 1");
    std::fs::write(&file, "").expect("a file");
    let empty = env.run(["diff", path, &registry.repo("a"), "--names"]);
    empty
        .code(10)
        .stderr_has("this list has no tags")
        .lines(&["+ 1.1", "+ 1.0", "+ arm", "+ latest"]);
}

#[test]
fn a_failure_is_an_error_and_prints_nothing() {
    let start = |status: u16, part: &'static str| {
        TestRegistry::new()
            .image("a:1", &index("one"))
            .image("a:2", &index("two"))
            .image("b:1", &index("one"))
            .image("b:2", &index("two"))
            .hook(move |request| request.path.ends_with(part).then(|| error(status, "NO", "no")))
            .start()
    };
    for part in ["/a/tags/list", "/b/tags/list", "/b/manifests/1"] {
        diff(&start(500, part), &["--retries", "0"]).code(5).stdout("").stderr_has("500");
    }
    diff(&start(404, "/b/tags/list"), &[]).code(3).stdout("");
    // A tag that is listed and not there is in that list no more, and that is said.
    let gone = diff(&start(404, "/b/manifests/1"), &[]);
    gone.code(10).lines(&["- 1"]).stderr_has("skipped 1: listed");
    let cut = TestRegistry::new()
        .tags("a", (0..30).map(|n| format!("1.{n}")))
        .tags("b", (0..30).map(|n| format!("1.{n}")))
        .page_size(10)
        .hook(|request| request.query.contains("last=1.9").then(|| error(404, "NAME_UNKNOWN", "")))
        .start();
    for flags in [&[][..], &["--names"]] {
        let output = diff(&cut, flags);
        assert!(![0, 10].contains(&output.code), "{output}");
        output.stdout("");
    }
}

#[test]
fn two_images() {
    let registry = registry();
    let env = TestEnv::new();
    let name = |text: &str| format!("{}{text}", registry.repo("a"));
    let run = |a: &str, b: &str, flags: &[&str]| {
        let (a, b) = (name(a), name(b));
        env.run(["diff", &a, &b].into_iter().chain(flags.iter().copied()))
    };
    run(":latest", ":latest", &[]).code(0).silent().stdout("");
    let amd = ["--platform", "linux/amd64", "--format", "json"];
    let rows = run(":1.0", ":1.1", &amd).code(10).silent().json_lines();
    let fields: Vec<&str> = rows.iter().filter_map(|row| row["Field"].as_str()).collect();
    let version = "Labels.org.opencontainers.image.version";
    let expected = ["Digest", version, "Labels.seed", "Env.SEED", "Layers"];
    assert_eq!(fields, expected, "{rows:?}");
    let digests = ["1.0", "1.1"].map(|seed| Image::oci(seed, "linux/amd64").root.digest);
    assert_eq!(rows[0], json!({"Field": "Digest", "A": digests[0], "B": digests[1]}));
    assert_eq!((&rows[2]["A"], &rows[2]["B"]), (&json!("1.0"), &json!("1.1")));
    assert_eq!(rows[4]["A"].as_array().map(Vec::len), Some(2), "{rows:?}");
    run(":1.0", ":1.1", &[]).code(10).stdout_has("FIELD").stdout_has("Labels.seed");
    run(":1.0", ":missing", &[]).code(3).stdout("");
    run(":1.0", "", &[]).code(2).stdout("").stderr_has("only one of them is an image");
    run(":1.0", ":1.1", &["--names"]).code(2).stdout("").stderr_has("compare repositories");
}
