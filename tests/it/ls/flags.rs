//! What the flags of `ls` make of the list.

use crate::support::{TestEnv, TestRegistry};

fn registry() -> TestRegistry {
    TestRegistry::new().tags("a", ["1.9.0", "1.10.0", "2.0.0", "edge", "1.10.0-alpine"]).start()
}

#[test]
fn tags_are_chosen_and_ordered() {
    let registry = registry();
    let env = TestEnv::new();
    let by_version = &["2.0.0", "1.10.0", "1.10.0-alpine", "1.9.0", "edge"][..];
    for (flags, expected) in [
        (&[][..], by_version),
        (&["--sort", "version"], by_version),
        (&["--sort", "none"], &["1.9.0", "1.10.0", "2.0.0", "edge", "1.10.0-alpine"]),
        (&["--sort", "name"], &["1.10.0", "1.10.0-alpine", "1.9.0", "2.0.0", "edge"]),
        (&["-r"], &["edge", "1.9.0", "1.10.0-alpine", "1.10.0", "2.0.0"]),
        (&["--limit", "2"], &["2.0.0", "1.10.0"]),
        (&["--filter", "1.*"], &["1.10.0", "1.10.0-alpine", "1.9.0"]),
        (&["--filter", "1.*", "--filter", "e?ge"], &["1.10.0", "1.10.0-alpine", "1.9.0", "edge"]),
        (&["--filter", "1.*", "--limit", "1"], &["1.10.0"]),
        (&["--format", "{{.Tag}}", "--limit", "1"], &["2.0.0"]),
        (&["--format", "<{{upper .Tag}}>", "--filter", "edge"], &["<EDGE>"]),
    ] {
        let repository = registry.repo("a");
        let arguments = ["ls"].into_iter().chain(flags.iter().copied()).chain([&*repository]);
        env.run(arguments).code(0).lines(expected).silent();
    }
}

#[test]
fn an_empty_answer_has_a_reason() {
    let registry = registry();
    for (flags, filters) in [
        (&["--filter", "9*"][..], "--filter '9*'"),
        (&["--sort", "none", "--semver", "^9"], "--semver '^9'"),
        (
            &["--include", "x.*", "--exclude", "y", "--stable"],
            "--include 'x.*' --exclude 'y' --stable",
        ),
        (&["--format", "json", "--filter", "9*"], "--filter '9*'"),
        (&["--digests", "-q", "--filter", "9*"], "--filter '9*'"),
    ] {
        let name = registry.repo("a");
        let arguments = ["ls"].into_iter().chain(flags.iter().copied()).chain([&*name]);
        let output = TestEnv::new().run(arguments);
        output.code(0).stdout("");
        assert_eq!(
            output.stderr,
            format!("warning: no tag of {name} matches {filters} (5 tags)\n")
        );
    }
    // What the limit leaves out is there.
    let output = TestEnv::new().run(["ls", "--limit", "0", &registry.repo("a")]);
    output.code(0).stdout("").silent();
}

#[test]
fn names_can_be_full() {
    let registry = registry();
    let repository = registry.repo("a");
    let output = TestEnv::new().run(["ls", "--full-ref", "--filter", "edge", &repository]);
    output.code(0).stdout(&format!("{repository}:edge\n"));
}

#[test]
fn json_is_one_object_per_tag() {
    let registry = registry();
    let output = TestEnv::new().run(["ls", "--format", "json", &registry.repo("a")]);
    let rows = output.code(0).silent().json_lines();
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[0]["Tag"], "2.0.0");
}

#[test]
fn verbose_shows_the_requests_on_stderr() {
    let registry = registry();
    let output = TestEnv::new().run(["ls", "-v", "--limit", "1", &registry.repo("a")]);
    output.code(0).stdout("2.0.0\n").stderr_has("GET").stderr_has("/v2/a/tags/list");
    output.stderr_has("200");
}

#[test]
fn a_wrong_command_line_asks_no_registry() {
    let registry = registry();
    let repository = registry.repo("a");
    let env = TestEnv::new();
    for arguments in [
        &["ls"][..],
        &["ls", "--no-such-flag", &repository],
        &["ls", "--sort", "colour", &repository],
        &["ls", "--limit", "many", &repository],
        &["ls", "--filter", "[", &repository],
        &["ls", "--format", "{{.Tag", &repository],
        &["ls", "Upper/Case"],
        &["ls", "a//b"],
        &["ls", ""],
    ] {
        let output = env.run(arguments.iter().copied());
        output.code(2).stdout("");
    }
    registry.server().assert_untouched();
}

#[test]
fn a_tag_behind_the_name_is_no_error() {
    let registry = registry();
    let image = format!("{}:1.10", registry.repo("a"));
    let output = TestEnv::new().run(["ls", &image, "--limit", "1"]);
    output.code(0).lines(&["2.0.0"]).stderr_has("listing all tags").stderr_has("--filter '1.10*'");
}
