//! `outdated` from end to end: what is found, what it costs, what is written.

mod faults;
mod pins;
mod recipes;
mod speed;
mod typing;
mod writing;

use serde_json::{Value, json};

use crate::support::{Output, TestEnv, TestRegistry};

/// The tags of a repository with versions, variants and more.
const NGINX: [&str; 9] = [
    "1.27.0",
    "1.27.1",
    "1.29.0",
    "2.0.0",
    "2.1.0-rc1",
    "1.27.0-alpine3.19",
    "1.29.0-alpine3.20",
    "latest",
    "mainline",
];

fn nginx() -> TestRegistry {
    TestRegistry::new().tags("nginx", NGINX).tags("redis", ["7.2", "7.4", "latest"]).start()
}

/// Rows of a run with `--format json`.
fn rows(env: &TestEnv, args: &[&str]) -> (Output, Vec<Value>) {
    let fixed = ["outdated", "--format", "json"];
    let output = env.run(fixed.iter().chain(args).copied());
    let rows = output.json_lines();
    (output, rows)
}

/// Some members of a row, `null` for those that it does not have.
fn pick(row: &Value, keys: &[&str]) -> Value {
    keys.iter().map(|key| row[*key].clone()).collect()
}

#[test]
fn a_compose_file_that_is_out_of_date() {
    let registry = nginx();
    let env = TestEnv::new();
    let host = registry.host();
    let compose = format!(
        "services:\n  web:\n    image: {host}/nginx:1.27.0\n  cache:\n    image: {host}/redis:7.4\n"
    );
    env.write("work/compose.yaml", compose);
    let output = env.run(["outdated", "-j", "1"]);
    let name = format!("{host}/nginx");
    let width = name.len() + 3;
    let table = format!(
        "{:width$}CURRENT   WANTED    LATEST    STATE           WHERE\n\
         {name}   1.27.0    1.29.0    2.0.0     newer (major)   compose.yaml:3\n",
        "IMAGE"
    );
    output.code(10).stdout(&table);
    registry
        .server()
        .assert_exchanges(&["GET /v2/nginx/tags/list 200", "GET /v2/redis/tags/list 200"]);
    let (output, rows) = rows(&env, &["compose.yaml", "--all"]);
    output.code(10);
    assert_eq!(
        rows[0],
        json!({
            "Image": format!("{host}/nginx:1.27.0"), "Repository": name, "Tag": "1.27.0",
            "Digest": null, "Wanted": "1.29.0", "Latest": "2.0.0", "Level": "major",
            "Moved": null, "NewDigest": null, "OtherBase": null, "State": "newer",
            "Reason": null, "File": "compose.yaml", "Line": 3, "Column": 19 + host.len(),
        })
    );
    assert_eq!(rows[1]["State"], "current");
    assert_eq!(pick(&rows[1], &["Wanted", "Latest", "Level"]), json!(["7.4", "7.4", null]));
}

#[test]
fn what_counts_as_newer() {
    let registry = nginx();
    let env = TestEnv::new();
    let image = |tag: &str| registry.repo(&format!("nginx:{tag}"));
    let keys = ["Wanted", "Latest", "Level", "OtherBase", "State"];
    for (tag, args, code, expected) in [
        ("1.27.0", &[][..], 10, json!(["1.29.0", "2.0.0", "major", null, "newer"])),
        ("1.27.0", &["--level", "minor"], 10, json!(["1.29.0", "1.29.0", "minor", null, "newer"])),
        ("1.27.0", &["--level", "patch"], 10, json!(["1.27.1", "1.27.1", "patch", null, "newer"])),
        ("1.29.0", &["--level", "minor"], 0, json!(["1.29.0", "1.29.0", null, null, "current"])),
        ("2.0.0", &[], 0, json!(["2.0.0", "2.0.0", null, null, "current"])),
        ("2.0.0", &["--pre"], 10, json!(["2.1.0-rc1", "2.1.0-rc1", "minor", null, "newer"])),
        (
            "1.27.0-alpine3.19",
            &[],
            0,
            json!(["1.27.0-alpine3.19", "1.27.0-alpine3.19", null, "1.29.0-alpine3.20", "current"]),
        ),
        ("mainline", &[], 0, json!([null, null, null, null, "floating"])),
        ("gone", &[], 10, json!([null, null, null, null, "gone"])),
        ("1.28.0", &[], 10, json!(["1.29.0", "2.0.0", "major", null, "gone"])),
        ("3.0.0", &[], 10, json!([null, null, null, null, "gone"])),
        ("1.27.0", &["--exit-zero"], 0, json!(["1.29.0", "2.0.0", "major", null, "newer"])),
    ] {
        let image = image(tag);
        let args: Vec<&str> = args.iter().copied().chain(["--all", &image]).collect();
        let (output, rows) = rows(&env, &args);
        output.code(code);
        assert_eq!(pick(&rows[0], &keys), expected, "{tag} {args:?}");
        assert_eq!(pick(&rows[0], &["File", "Line", "Column"]), json!([null, null, null]));
    }
    let untagged = registry.repo("nginx");
    let (output, rows) = rows(&env, &[&untagged]);
    output.code(0);
    assert_eq!(pick(&rows[0], &["Tag", "State"]), json!(["latest", "floating"]));
}

#[test]
fn a_repository_is_asked_once_however_many_files_have_it() {
    let registry = nginx();
    let env = TestEnv::new();
    let host = registry.host();
    for number in 0..40 {
        let minor = number % 3;
        let text = format!("FROM {host}/nginx:1.27.{minor}\nFROM {host}/redis\n");
        env.write(&format!("work/a{number}/Dockerfile"), text);
    }
    let (output, found) = rows(&env, &["-j", "1"]);
    output.code(10);
    assert_eq!(found.len(), 80);
    registry
        .server()
        .assert_exchanges(&["GET /v2/nginx/tags/list 200", "GET /v2/redis/tags/list 200"]);
    let again = env.run(["outdated", "--format", "json"]);
    assert_eq!(output.stdout, again.stdout, "the same bytes on every run");
}

#[test]
fn names_on_stdin_and_the_plain_output() {
    let registry = nginx();
    let env = TestEnv::new();
    let names = format!(
        "# ours\n{0}/nginx:1.27.0\n\n  {0}/redis:7.4\n{0}/nginx:mainline\nNot/A:Name\n",
        registry.host()
    );
    let output = env.command(["outdated", "-q", "-"]).stdin(names.clone()).run();
    output.code(2).lines(&[&registry.repo("nginx:1.29.0")]).stderr_has("-:6:1: \"Not/A:Name\"");
    let output = env.command(["outdated", "--format", "{{.State}} {{.File}}:{{.Line}}", "-"]);
    let output = output.stdin(names).run();
    output.code(2).lines(&["newer -:2", "floating -:5", "failed -:6"]);
}

#[test]
fn a_path_comes_before_an_image() {
    let registry = nginx();
    let env = TestEnv::new();
    env.write("work/nginx/Dockerfile", format!("FROM {}\n", registry.repo("nginx:1.27.0")));
    let (output, found) = rows(&env, &["nginx"]);
    output.code(10);
    assert_eq!(found[0]["File"], "nginx/Dockerfile");
    env.run(["outdated", "./nothing"]).code(2).stderr_has("./nothing");
    env.run(["outdated", "compose.yml"]).code(2).stderr_has("compose.yml");
    env.write("work/any.name", format!("FROM {}\n", registry.repo("nginx:1.27.0")));
    let (output, found) = rows(&env, &["-f", "any.name"]);
    output.code(10);
    assert_eq!((found.len(), &found[0]["File"]), (1, &json!("any.name")));
    env.write("work/empty/x.txt", "nothing");
    env.run(["outdated", "empty"]).code(0).stdout("").stderr_has("no images found in empty");
}

#[test]
fn images_can_be_ignored() {
    let registry = nginx();
    let env = TestEnv::new();
    let host = registry.host();
    env.write("work/Dockerfile", format!("FROM {host}/nginx:1.27.0\nFROM {host}/redis:7.2\n"));
    let (output, found) = rows(&env, &["--ignore", "*/nginx"]);
    output.code(10);
    assert_eq!(found.len(), 1);
    registry.server().assert_exchanges(&["GET /v2/redis/tags/list 200"]);
    let all = env.run(["outdated", "--ignore", &format!("{host}/*")]);
    all.code(0).stdout("").stderr_has("--ignore excludes all 2 images");
    env.run(["outdated", "--ignore", "[a"]).code(2).stderr_has("--ignore");
}

#[test]
fn colours_on_a_terminal_only() {
    let registry = nginx();
    let env = TestEnv::new();
    let image = registry.repo("nginx:1.27.0");
    env.run(["outdated", &image]).code(10).stdout_lacks("\u{1b}");
    let name = registry.repo("nginx");
    let output = env.command(["outdated", &image]).unchecked().tty();
    output.stdout_has(&format!("\u{1b}[31m{name}\u{1b}[0m"));
    let plain = env.command(["outdated", &image]).var("NO_COLOR", "1").unchecked().tty();
    plain.stdout_lacks("\u{1b}[31m");
}
