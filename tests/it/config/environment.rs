//! Values of the environment that are not text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::support::{TestEnv, TestRegistry};

#[test]
fn a_profile_that_is_no_text_is_an_error() {
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    let env = TestEnv::new();
    let bytes = OsStr::from_bytes(b"wo\xffrk");
    for args in [vec!["ls", &registry.repo("a")], vec!["profile", "show"]] {
        let output = env.command(args).var("DOCKER_TAGS_PROFILE", bytes).run();
        output.code(2).stdout("").stderr_has("$DOCKER_TAGS_PROFILE is not UTF-8 text");
        output.stderr_has("unset DOCKER_TAGS_PROFILE");
    }
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
    // The list shows what the names are, and the flag says which one.
    let run = |args: &[&str]| env.command(args).var("DOCKER_TAGS_PROFILE", bytes).run();
    run(&["profile", "ls", "-q"]).code(0).lines(&["default"]).stderr_has("is not UTF-8 text");
    run(&["-p", "default", "ls", &registry.repo("a")]).code(0).lines(&["1"]);
}

#[test]
fn a_configuration_may_be_anywhere() {
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    let env = TestEnv::new();
    let directory = env.root().join(OsStr::from_bytes(b"\xff\xfe"));
    let path = directory.join("config.toml");
    let run = |args: &[&str]| env.command(args).var("DOCKER_TAGS_CONFIG", &path).run();
    run(&["profile", "create", "x", "--registry", &registry.host(), "--jobs", "2"]).code(0);
    run(&["profile", "ls", "-q"]).code(0).lines(&["default", "x"]).silent();
    std::fs::write(
        &path,
        format!(
            "[profiles.x]\nregistry = \"{}\"\npassword-file = \"pw\"\nusername = \"u\"\n",
            registry.host()
        ),
    )
    .expect("ours");
    run(&["profile", "inspect", "x"]).code(0).stdout_has("password-file").silent();
    run(&["-p", "x", "ls", "a"]).code(0).lines(&["1"]).silent();
}

#[test]
fn a_host_that_resolvers_read_as_a_number_is_no_registry() {
    let env = TestEnv::new();
    for host in ["127.1", "127.1:5000", "10.0x7f000001", "0251.0376.0251.0376", "1.2.3.256"] {
        let output = env.run(["profile", "create", "x", "--registry", host]);
        output.code(2).stdout("").stderr_has("not a registry name").stderr_has("127.0.0.1");
        env.config_toml(&format!("[profiles.x]\nregistry = \"{host}\"\n"));
        env.run(["profile", "ls"]).code(2).stdout("").stderr_has(":2:12: not a registry name");
        std::fs::remove_file(env.root().join("home/.config/docker-tags/config.toml"))
            .expect("ours");
    }
    for host in ["127.0.0.1", "1.2.3.4:5000", "[::1]:5000", "4.example"] {
        env.run(["profile", "create", "x", "--registry", host]).code(0);
        env.run(["profile", "rm", "x"]).code(0);
    }
}
