//! Through the real docker: what a user types, what docker makes of it, what comes out.

use serde_json::Value;

use super::bulk;
use super::docker_cli::{Docker, install_plugin};
use super::registry::{Access, Registry, Storage};
use super::run::{Home, run};

fn registry_with_tags() -> Registry {
    let registry = Registry::open(&Storage::new());
    bulk::put_tags(&registry, "team/app", ["1.9", "1.10", "latest"]);
    registry
}

#[test]
#[ignore = "needs the real docker CLI and docker-registry"]
fn docker_lists_tags() {
    let registry = registry_with_tags();
    let repository = format!("{}/team/app", registry.address());
    let docker = Docker::new();
    let calls: [&[&str]; 4] = [
        &["tags", "ls", &repository],
        &["tags", &repository],
        &["-D", "--log-level=error", "tags", "ls", &repository],
        // The first `tags` is the value of a flag.
        &["--tlscacert", "tags", "tags", "ls", &repository],
    ];
    for call in calls {
        let outcome = docker.run(call).expect_code(0);
        assert_eq!(outcome.lines(), ["1.10", "1.9", "latest"], "{outcome}");
        assert_eq!(outcome.stderr, "", "{outcome}");
    }
}

#[test]
#[ignore = "needs the real docker CLI, docker-registry and htpasswd"]
fn logins_come_from_the_directory_that_docker_was_told() {
    let storage = Storage::new();
    bulk::put_tags(&Registry::open(&storage), "team/app", ["1.0"]);
    let registry = Registry::start(&storage, &Access::Htpasswd(&[("ann", "right")]), None);
    let host = registry.address().to_string();
    let repository = format!("{host}/team/app");
    let other = Home::with_login(&host, "ann", "right");
    install_plugin(&other.docker_config());
    let other = other.docker_config();
    let other = other.to_str().expect("the path is UTF-8");
    let docker = Docker::new();
    docker.run(["tags", "ls", &repository]).expect_error(4);
    let outcome = docker.run(["--config", other, "tags", "ls", &repository]).expect_code(0);
    assert_eq!(outcome.stdout, "1.0\n");
    let outcome = docker.home.client(["--config", other, "ls", &repository]).expect_code(0);
    assert_eq!(outcome.stdout, "1.0\n", "stand-alone takes the same flag");
}

#[test]
#[ignore = "needs the real docker CLI"]
fn help_comes_through_docker() {
    let docker = Docker::new();
    let calls: [(&[&str], &[&str]); 5] = [
        (&["help", "tags"], &["docker tags", "ls", "check", "token"]),
        (&["tags", "--help"], &["docker tags", "ls", "check", "token"]),
        (&["tags", "ls", "--help"], &["docker tags ls", "--filter", "--semver", "--limit"]),
        (&["help", "tags", "ls"], &["docker tags ls", "--filter"]),
        (&["--help"], &["tags*"]),
    ];
    for (call, words) in calls {
        let outcome = docker.run(call).expect_code(0);
        for word in words {
            assert!(outcome.stdout.contains(word), "no {word:?} in {outcome}");
        }
        assert_eq!(outcome.stderr, "", "{outcome}");
    }
}

#[test]
#[ignore = "needs the real docker CLI"]
fn docker_finds_nothing_wrong_with_the_plugin() {
    // Without an engine docker may well exit with 1; what it knows of its plugins is printed all the same.
    let outcome = Docker::new().run(["info", "-f", "{{json .ClientInfo.Plugins}}"]);
    let plugins: Value = serde_json::from_str(outcome.stdout.lines().next().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {outcome}"));
    let ours = plugins.as_array().into_iter().flatten().find(|plugin| plugin["Name"] == "tags");
    let ours = ours.unwrap_or_else(|| panic!("not among the plugins: {outcome}"));
    assert_eq!(ours["Err"], Value::Null, "{outcome}");
    assert_eq!(ours["SchemaVersion"], "0.1.0", "{outcome}");
    assert_eq!(ours["Version"], env!("CARGO_PKG_VERSION"), "{outcome}");
    for key in ["Vendor", "ShortDescription"] {
        assert!(
            ours[key].as_str().is_some_and(|text| !text.is_empty() && !text.contains('\n')),
            "{key}: {outcome}"
        );
    }
}

#[test]
#[ignore = "needs the real docker CLI and docker-registry"]
fn exit_codes_pass_through_docker() {
    let registry = registry_with_tags();
    let closed = Registry::start(registry.storage(), &Access::Htpasswd(&[("ann", "right")]), None);
    let docker = Docker::new();
    let missing = format!("{}/no/such", registry.address());
    let private = format!("{}/team/app", closed.address());
    docker
        .run(["tags", "ls", "--no-such-flag", &missing])
        .expect_error(2)
        .expect_stderr("--no-such-flag");
    docker.run(["tags", "ls", "--semver", ">>1", &missing]).expect_error(2).expect_stderr(">>1");
    docker.run(["tags", "ls", &missing]).expect_error(3).expect_stderr(&missing);
    docker.run(["tags", "ls", &private]).expect_error(4).expect_stderr(&private);
    docker.run(["tags", "ls", "127.0.0.1:1/team/app"]).expect_error(5).expect_stderr("127.0.0.1:1");
}

#[test]
#[ignore = "needs the real docker CLI and docker-registry"]
fn a_closed_pipe_ends_quietly() {
    let registry = Registry::open(&Storage::new());
    // More than a pipe holds, so that the writer does notice.
    bulk::put_many(&registry, "team/big", 10_000, 1);
    let repository = format!("{}/team/big", registry.address());
    let docker = Docker::new();
    for options in ["--full-ref", "--full-ref --sort none", "--format json"] {
        let script = format!("set -o pipefail; docker tags ls {options} {repository} | head -1");
        let outcome = run(docker.home.command("bash").args(["-c", &script])).expect_code(0);
        assert_eq!(outcome.lines().len(), 1, "{outcome}");
        assert_eq!(outcome.stderr, "", "{outcome}");
    }
}

#[test]
#[ignore = "needs the real docker CLI and docker-registry"]
fn a_broken_config_is_warned_about_once() {
    let registry = registry_with_tags();
    let repository = format!("{}/team/app", registry.address());
    for broken in ["{\"auths\":{\"r.io\":{\"auth\":\"dTpw\"}},}", "no json at all"] {
        let docker = Docker::new();
        docker.home.write_config(broken);
        let through_docker = docker.run(["tags", "ls", &repository]).expect_code(0);
        assert_eq!(through_docker.lines().len(), 3, "{through_docker}");
        // In plugin mode docker has said it already.
        assert_eq!(through_docker.stderr_lines_with("warning").len(), 1, "{through_docker}");
        // An open registry asks for no login, so the file is not even read.
        let alone = docker.home.client(["ls", &repository]).expect_code(0);
        assert_eq!(alone.lines().len(), 3, "{alone}");
        assert_eq!(alone.stderr, "", "{alone}");
        // Where a login is looked for, it is warned about, once.
        let check = docker.home.client(["check", &repository]).expect_code(0);
        let check = check.expect_stderr("config.json");
        assert_eq!(check.stderr_lines_with("warning").len(), 1, "{check}");
    }
}
