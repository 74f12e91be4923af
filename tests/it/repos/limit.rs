//! `ratelimit`: what Docker Hub's registry reports, without a pull.

use serde_json::{Value, json};

use super::PASSWORD;
use crate::support::registry::RegistryBuilder;
use crate::support::{Image, TestEnv, TestRegistry, TokenRules};

fn registry() -> RegistryBuilder {
    TestRegistry::new()
        .image("ratelimitpreview/test:latest", &Image::docker_list("limit", &["linux/amd64"]))
}

fn home(registry: &TestRegistry) -> TestEnv {
    let env = TestEnv::new();
    let endpoint = format!("http://{}", registry.host());
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{endpoint}\""
    ));
    env
}

#[test]
fn asking_is_no_pull() {
    let rules = TokenRules::default();
    let registry =
        registry().rate_limit(100, 76).user("alice", PASSWORD).require_token(rules).start();
    let env = home(&registry);
    env.login(super::INDEX, "alice", PASSWORD);
    let table = env.run(["ratelimit"]);
    let expected =
        "REMAINING   LIMIT     WINDOW    SOURCE\n76          100       6 hours   192.0.2.1\n";
    table.code(0).stdout(expected).silent();
    let path = "/v2/ratelimitpreview/test/manifests/latest";
    registry.server().assert_exchanges(&[&format!("HEAD {path} 401"), &format!("HEAD {path} 200")]);
    assert!(registry.token_service().requests()[0].basic().is_some());
    let row = env.run(["ratelimit", "--format", "json"]).code(0).json();
    let expected = json!({"Remaining": 76, "Limit": 100, "Window": 21600, "Source": "192.0.2.1"});
    assert_eq!(row, expected);
    env.run(["ratelimit", "-q"]).code(0).stdout("76\n");
    registry.token_service().server().clear();
    env.run(["ratelimit", "--anonymous", "-q"]).code(0).stdout("76\n");
    assert!(registry.token_service().requests()[0].basic().is_none());
}

#[test]
fn no_limit_is_no_error() {
    let registry = registry().start();
    let env = home(&registry);
    env.run(["ratelimit"]).code(0).stdout_has("no limit reported").silent();
    let row = env.run(["ratelimit", "--format", "json"]).code(0).json();
    assert_eq!(row["Remaining"], Value::Null);
    env.run(["ratelimit", "-q"]).code(0).stdout("no limit reported\n");
}

#[test]
fn odd_headers_are_no_numbers() {
    let registry = registry()
        .header("ratelimit-limit", "lots")
        .header("ratelimit-remaining", "5")
        .header("docker-ratelimit-source", "a\u{9b}31mb")
        .start();
    let row = home(&registry).run(["ratelimit", "--format", "json"]).code(0).json();
    assert_eq!((&row["Remaining"], &row["Limit"]), (&json!(5), &Value::Null));
}

#[test]
fn a_mirror_without_the_repository() {
    let registry = TestRegistry::new().start();
    let output = home(&registry).run(["ratelimit"]);
    output.code(3).stdout("").stderr_has("ratelimitpreview/test").stderr_has("hint: ");
}

#[test]
fn the_limit_itself() {
    let registry = TestRegistry::new()
        .rate_limit(100, 0)
        .hook(|_| Some(crate::support::registry::error(429, "TOOMANYREQUESTS", "pull limit")))
        .start();
    let output = home(&registry).run(["ratelimit"]);
    output.code(5).stdout("").stderr_has("pull limit reached");
    assert_eq!(registry.requests().len(), 1);
}
