//! A login that is refused: sent once in a run, and what is public is there all the same.

use std::time::Duration;

use serde_json::json;

use crate::support::{Request, TestEnv, TestRegistry, TokenRules};

const USER: &str = "ann";
const WRONG: &str = "canary-wrong-1";

/// How many requests carried a login or a token of the user's own.
fn logins(requests: &[Request]) -> usize {
    let is_ours = |request: &&Request| {
        request.basic().is_some() || request.bearer().is_some_and(|token| token == WRONG)
    };
    requests.iter().filter(is_ours).count()
}

fn names(registry: &TestRegistry) -> [String; 3] {
    ["acme/a", "acme/b", "other/c"].map(|name| registry.repo(name))
}

fn builder() -> crate::support::registry::RegistryBuilder {
    TestRegistry::new()
        .tags("acme/a", ["1"])
        .tags("acme/b", ["2"])
        .tags("other/c", ["3"])
        .user(USER, "right")
}

/// Environments in which the same wrong login applies to all the repositories, in different ways.
fn environments(host: &str) -> Vec<TestEnv> {
    let stored = TestEnv::new();
    stored.login(host, USER, WRONG);
    let two_profiles = TestEnv::new();
    two_profiles.login(host, USER, WRONG);
    two_profiles.config_toml(&format!(
        "[profiles.all]\nregistry = \"{host}\"\n\
         [profiles.acme]\nregistry = \"{host}\"\nrepositories = [\"acme/b\"]\n"
    ));
    let podman = TestEnv::new();
    let pair = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{USER}:{WRONG}"),
    );
    podman.canary(&pair);
    let entry = json!({"auth": pair});
    let auths = json!({"auths": {host: entry, format!("{host}/acme"): entry}});
    podman.write("home/.config/containers/auth.json", auths.to_string());
    let helper = TestEnv::new();
    helper.docker_config_json(&json!({"credsStore": "vault"}));
    helper.helper("vault", &format!("printf '{{\"Username\":\"{USER}\",\"Secret\":\"{WRONG}\"}}'"));
    let command = TestEnv::new();
    let program = command.program("get", &format!("#!/bin/sh\necho {WRONG}\n"));
    command.config_toml(&format!(
        "[profiles.it]\nregistry = \"{host}\"\nusername = \"{USER}\"\npassword-command = [\"{}\"]\n",
        program.display()
    ));
    [stored, two_profiles, podman, helper, command]
        .into_iter()
        .inspect(|env| env.canary(WRONG))
        .collect()
}

#[test]
fn a_wrong_password_is_sent_once_to_a_token_service() {
    let registry = builder().require_token(TokenRules::default()).start();
    for (index, env) in environments(&registry.host()).into_iter().enumerate() {
        registry.token_service().server().clear();
        let names = names(&registry);
        let output = env.run(["ls"].into_iter().chain(names.iter().map(String::as_str)));
        let expected = format!("{}:1\n{}:2\n{}:3\n", names[0], names[1], names[2]);
        output.code(0).stdout(&expected).stderr_has("warning: ");
        output
            .stderr_has(&format!("{} rejected the credentials of {USER} (from ", registry.host()));
        assert_eq!(output.stderr.lines().count(), 1, "one warning\n{output}");
        let requests = registry.token_service().requests();
        assert_eq!(logins(&requests), 1, "{index}: {}", registry.log());
        assert_eq!(logins(&registry.requests()), 0);
    }
}

#[test]
fn a_wrong_password_is_sent_once_to_a_registry_that_takes_basic() {
    let registry = builder().require_basic(USER, "right").start();
    for (index, env) in environments(&registry.host()).into_iter().enumerate() {
        registry.server().clear();
        let names = names(&registry);
        let output = env.run(["ls"].into_iter().chain(names.iter().map(String::as_str)));
        output.code(4).stdout("").stderr_has(&format!("rejected the credentials of {USER} (from "));
        assert_eq!(logins(&registry.requests()), 1, "{index}: {}", registry.log());
    }
}

/// A login that is typed for this very call is not replaced by none.
#[test]
fn a_wrong_password_of_the_command_line_is_an_error() {
    let registry = builder().require_token(TokenRules::default()).start();
    let env = TestEnv::new();
    env.canary(WRONG);
    let names = names(&registry);
    let args = ["ls", "-u", USER, "--password-stdin", &names[0], &names[1]];
    let output = env.command(args).stdin(WRONG).run();
    output.code(4).stdout("").stderr_has("rejected the credentials of ann (from -u and ");
    let requests = registry.token_service().requests();
    assert_eq!((requests.len(), logins(&requests)), (1, 1), "{}", registry.log());
}

#[test]
fn a_right_password_is_sent_whenever_it_is_needed() {
    let registry = builder().require_basic(USER, "right").start();
    let env = TestEnv::new();
    env.login(&registry.host(), USER, "right");
    let names = names(&registry);
    env.run(["ls"].into_iter().chain(names.iter().map(String::as_str))).code(0).silent();
    // One challenge; then the login goes with every request.
    assert_eq!(registry.requests().len(), 4, "{}", registry.log());
}

#[test]
fn a_refused_registry_token_does_not_hide_what_is_public() {
    let registry = builder().require_token(TokenRules::default()).start();
    let env = TestEnv::new();
    env.canary(WRONG);
    env.docker_config_json(&json!({"auths": {registry.host(): {"registrytoken": WRONG}}}));
    let names = names(&registry);
    let output = env.run(["ls"].into_iter().chain(names.iter().map(String::as_str)));
    let expected = format!("{}:1\n{}:2\n{}:3\n", names[0], names[1], names[2]);
    output.code(0).stdout(&expected).stderr_has("rejected the credentials of this token (from ");
    assert_eq!(logins(&registry.requests()), 1, "{}", registry.log());
}

#[test]
fn threads_wait_for_the_one_that_tries_a_login() {
    let tags: Vec<String> = (0..20).map(|number| format!("1.{number}")).collect();
    for token in [false, true] {
        for password in [WRONG, "right"] {
            // Slow answers, so that every thread has sent its request before the first is answered.
            let builder =
                builder().tags("acme/many", tags.clone()).delay(Duration::from_millis(30));
            let registry = if token {
                let rules = TokenRules { anonymous: false, ..TokenRules::default() };
                builder.require_token(rules).start()
            } else {
                builder.require_basic(USER, "right").start()
            };
            let env = TestEnv::new();
            env.login(&registry.host(), USER, password);
            // Several repositories, so that knowing one of them does not help with the others.
            let many = tags.iter().map(|tag| registry.repo(&format!("acme/many:{tag}")));
            let others = ["acme/a:1", "acme/b:2", "other/c:3"].map(|name| registry.repo(name));
            let args =
                ["digest".to_owned(), "-j8".to_owned()].into_iter().chain(others).chain(many);
            let output = env.run(args);
            if password == "right" {
                output.code(0).silent();
                assert_eq!(output.stdout.lines().count(), 23, "{output}");
                continue;
            }
            output.code(4).stdout("").stderr_has("rejected the credentials of ann");
            let requests = match token {
                true => registry.token_service().requests(),
                false => registry.requests(),
            };
            assert_eq!(logins(&requests), 1, "{}", registry.log());
        }
    }
}
