//! When a login is needed and one exists that could not be used, the hint says why.

use serde_json::json;

use crate::support::token::Denied;
use crate::support::{Response, TestEnv, TestRegistry, TokenRules};

fn registries() -> [TestRegistry; 2] {
    let builder = || TestRegistry::new().tags("a", ["1"]).user("ann", "p").private("a", &["ann"]);
    let rules = TokenRules { denied: Denied::Forbidden, ..TokenRules::default() };
    [builder().require_basic("ann", "p").start(), builder().require_token(rules).start()]
}

/// The setting that names a helper which is not there, not `docker login`: that would fail, too.
#[test]
fn a_missing_helper_s_hint_names_the_setting() {
    for registry in registries() {
        let host = registry.host();
        let podman = "home/.config/containers/auth.json";
        for (file, content, setting) in [
            ("home/.docker/config.json", json!({"credsStore": "absent"}), "credsStore"),
            (
                "home/.docker/config.json",
                json!({"credHelpers": {&host: "absent"}, "credsStore": "x"}),
                "credHelpers",
            ),
            (podman, json!({"credHelpers": {&host: "absent"}}), "credHelpers"),
        ] {
            let env = TestEnv::new();
            let path = env.write(file, content.to_string());
            let output = env.run(["ls", &registry.repo("a")]);
            output
                .code(4)
                .stdout("")
                .stderr_has("warning: docker-credential-absent is not on PATH");
            output.stderr_has(&format!(
                "install docker-credential-absent, or remove it from {setting} in {}",
                path.display()
            ));
            output.stderr_lacks("docker login");
        }
    }
}

/// A login in the environment that is meant for another registry.
#[test]
fn the_environment_s_login_for_another_registry_is_named() {
    for registry in registries() {
        let (env, host) = (TestEnv::new(), registry.host());
        for variable in ["DOCKER_USERNAME", "DOCKER_USER"] {
            let name = registry.repo("a");
            let run = env.command(["ls", &name]).var(variable, "ann");
            let output = run.var("DOCKER_PASSWORD", "canary-env-1").run();
            output.code(4).stdout("").stderr_lacks("canary-env-1").stderr_has(&format!(
                "{variable} and DOCKER_PASSWORD are only used for the active profile's registry; \
                 for {host}: docker login {host}"
            ));
        }
        // Without it, the usual hint.
        let output = env.run(["ls", &registry.repo("a")]);
        output.code(4).stderr_has(&format!("docker login {host}")).stderr_lacks("active profile");
    }
}

/// A registry that says why it refuses is quoted.
#[test]
fn a_refusal_keeps_the_registry_s_reason() {
    for (body, reason) in [
        (json!({"errors": [{"code": "DENIED", "message": "your plan has no pulls left"}]}), "plan"),
        (json!({"errors": [{"code": "DENIED", "message": "scan \u{1b}[31m failed"}]}), "\\u{1b}"),
    ] {
        let registry = TestRegistry::new().hook(move |_| Some(Response::json(403, &body))).start();
        for is_logged_in in [false, true] {
            let env = TestEnv::new();
            if is_logged_in {
                env.login(&registry.host(), "ann", "canary-reason");
            }
            let output = env.run(["ls", &registry.repo("a")]);
            output.code(4).stdout("").stderr_has(reason).stderr_lacks("\u{1b}");
        }
    }
}
