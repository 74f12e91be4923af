//! Profiles through the real docker, as a user makes them, against a registry that asks for a password.

use super::bulk;
use super::docker_cli::Docker;
use super::registry::{Access, Registry, Storage};
use super::run::run;

#[test]
#[ignore = "needs the real docker CLI, docker-registry and htpasswd"]
fn a_profile_made_through_docker_is_used_through_docker() {
    let storage = Storage::new();
    bulk::put_tags(&Registry::open(&storage), "team/app", ["1.9", "1.10"]);
    let registry = Registry::start(&storage, &Access::Htpasswd(&[("ann", "canary-right")]), None);
    let host = registry.address().to_string();
    let docker = Docker::new();
    let create = ["tags", "profile", "create", "lab", "--registry", &host, "--namespace", "team"];
    let login = ["--username", "ann", "--password-env", "LAB_TOKEN"];
    let outcome = docker.run(create.iter().chain(&login)).expect_code(0);
    assert_eq!(outcome.stdout, "", "{outcome}");
    assert!(outcome.stderr.contains("Created profile \"lab\""), "{outcome}");
    docker.run(["tags", "profile", "use", "lab"]).expect_code(0);
    let outcome = docker.run(["tags", "profile", "ls", "-q"]).expect_code(0);
    assert_eq!(outcome.lines(), ["default", "lab"]);
    let outcome = docker.run(["tags", "profile", "show"]).expect_code(0);
    assert_eq!((&*outcome.stdout, &*outcome.stderr), ("lab\n", ""));
    let outcome = run(docker.command(["tags", "app"]).env("LAB_TOKEN", "canary-right"));
    let outcome = outcome.expect_code(0);
    assert_eq!((outcome.lines(), &*outcome.stderr), (vec!["1.10", "1.9"], ""));
    let outcome = run(docker.command(["tags", "app"]).env("LAB_TOKEN", "canary-wrong"));
    let outcome = outcome.expect_error(4);
    let part = "rejected the credentials of ann (from profile lab (password-env LAB_TOKEN))";
    assert!(outcome.stderr.contains(part), "{outcome}");
    let outcome = docker.run(["tags", "app"]).expect_error(4);
    assert!(outcome.stderr.contains("LAB_TOKEN: the variable is not set"), "{outcome}");
    // `-` and a name in the manner of `docker context`.
    docker.run(["tags", "profile", "use", "-"]).expect_code(0);
    docker.run(["tags", "profile", "rm", "lab"]).expect_code(0);
    let outcome = docker.run(["tags", "profile", "ls", "-q"]).expect_code(0);
    assert_eq!(outcome.lines(), ["default"]);
}

#[test]
#[ignore = "needs the real docker CLI"]
fn docker_s_own_logins_become_profiles() {
    let docker = Docker::new();
    let plugins = docker.home.docker_config();
    docker.home.write_config(r#"{"auths":{"ghcr.io":{"auth":"dTpw"}}}"#);
    let outcome = docker.run(["tags", "profile", "create", "--from-docker"]).expect_code(0);
    assert!(outcome.stderr.contains("Created profile \"ghcr.io\" for ghcr.io."), "{outcome}");
    let outcome = docker.run(["tags", "profile", "ls", "--format", "{{.Name}} {{.Login}}"]);
    let file = plugins.join("config.json");
    let expected = format!("default none\nghcr.io {} (auths)\n", file.display());
    assert_eq!(outcome.expect_code(0).stdout, expected);
    // The pages of help come through docker, too.
    for (call, part) in [
        (&["tags", "profile", "--help"][..], "docker tags profile"),
        (&["help", "tags", "profile", "create"], "--password-command"),
        (&["tags", "profile"], "inspect"),
    ] {
        let outcome = docker.run(call).expect_code(0);
        assert!(outcome.stdout.contains(part), "{outcome}");
    }
}
