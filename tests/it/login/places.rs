//! Which login is used, and for which registry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{TestEnv, TestRegistry, TokenRules};

const USER: &str = "ann";
const PASSWORD: &str = "canary-places-1";

fn basic() -> TestRegistry {
    TestRegistry::new().tags("a/x", ["1"]).tags("b/x", ["2"]).require_basic(USER, PASSWORD).start()
}

/// An environment in which this registry is the active profile's.
fn active(registry: &TestRegistry) -> TestEnv {
    let env = TestEnv::new();
    env.canary(PASSWORD);
    let host = registry.host();
    env.config_toml(&format!("profile = \"it\"\n[profiles.it]\nregistry = \"{host}\"\n"));
    env
}

fn auth(user: &str, password: &str) -> serde_json::Value {
    json!({"auth": STANDARD.encode(format!("{user}:{password}"))})
}

#[test]
fn the_environment_s_login_is_for_the_active_registry_alone() {
    let (ours, other) = (basic(), basic());
    let env = active(&ours);
    for variable in ["DOCKER_USERNAME", "DOCKER_USER"] {
        let run = |name: &str| {
            let run = env.command(["ls", name]).var(variable, USER);
            run.var("DOCKER_PASSWORD", PASSWORD).run()
        };
        run("a/x").code(0).stdout("1\n").silent();
        run(&ours.repo("b/x")).code(0).stdout("2\n").silent();
        run(&other.repo("a/x")).code(4).stdout("").stderr_has("login required");
    }
    assert!(other.requests().iter().all(|request| request.header("authorization").is_none()));
    let run = env.command(["ls", "a/x"]).var("DOCKER_PASSWORD", PASSWORD).run();
    run.code(4).stdout("").stderr_has("login required");
    // The right name wins where both are set.
    let run = env.command(["ls", "a/x"]).var("DOCKER_PASSWORD", PASSWORD);
    run.var("DOCKER_USERNAME", USER).var("DOCKER_USER", "nobody").run().code(0).stdout("1\n");
}

#[test]
fn the_first_place_wins() {
    let registry = basic();
    let env = active(&registry);
    let host = registry.host();
    // From the last place to the first: each newly added one is right and hides those before.
    let users: Vec<String> = (0..5).map(|number| format!("user{number}")).collect();
    let source = |env: &TestEnv, vars: &[(&str, String)], args: &[&str]| {
        let mut run = env.command(["check", "--offline", "--format", "json"].iter().chain(args));
        for (name, value) in vars {
            run = run.var(name, value);
        }
        let output = run.stdin("typed\n").run();
        output.code(0);
        let credential = output.json()["Credential"].clone();
        let text = |key: &str| credential[key].as_str().unwrap_or_default().to_owned();
        (text("Username"), text("Source"))
    };
    let auth_json = env.write(
        "home/.config/containers/auth.json",
        json!({"auths": {&host: auth(&users[0], "p")}}).to_string(),
    );
    let file = |path: &std::path::Path| format!("{} (auths)", path.display());
    let mut vars = Vec::new();
    assert_eq!(source(&env, &vars, &[]), (users[0].clone(), file(&auth_json)));
    env.docker_config_json(&json!({"auths": {&host: auth(&users[1], "p")}}));
    let config_json = env.docker_config().join("config.json");
    assert_eq!(source(&env, &vars, &[]), (users[1].clone(), file(&config_json)));
    let document = json!({"auths": {&host: auth(&users[2], "p")}}).to_string();
    vars.push(("DOCKER_AUTH_CONFIG", document));
    assert_eq!(source(&env, &vars, &[]), (users[2].clone(), "DOCKER_AUTH_CONFIG".into()));
    vars.extend([("DOCKER_USER", users[3].clone()), ("DOCKER_PASSWORD", "p".to_owned())]);
    let expected = (users[3].clone(), "DOCKER_USER and DOCKER_PASSWORD".into());
    assert_eq!(source(&env, &vars, &[]), expected);
    let text = format!(
        "profile = \"it\"\n[profiles.it]\nregistry = \"{host}\"\nusername = \"{}\"\n\
         password-env = \"TOKEN\"\n",
        users[4]
    );
    env.config_toml(&text);
    vars.push(("TOKEN", "p".to_owned()));
    let expected = (users[4].clone(), "profile it (password-env TOKEN)".into());
    assert_eq!(source(&env, &vars, &[]), expected);
    let typed = source(&env, &vars, &["-u", "typed", "--password-stdin"]);
    assert_eq!(typed, ("typed".to_owned(), "-u and --password-stdin".into()));
    let none = source(&env, &vars, &["--anonymous"]);
    assert_eq!(none, (String::new(), String::new()));
    assert_eq!(registry.requests().len(), 0);
}

#[test]
fn anonymous_means_that_nobody_is_asked() {
    let registry =
        TestRegistry::new().tags("a", ["1"]).require_token(TokenRules::default()).start();
    let env = TestEnv::new();
    env.docker_config_json(&json!({"credsStore": "vault"}));
    env.helper("vault", "exit 1");
    env.run(["ls", "--anonymous", &registry.repo("a")]).code(0).stdout("1\n").silent();
    assert!(!env.root().join("helper.log").exists(), "the helper was run");
    env.run(["ls", &registry.repo("a")]).code(0).stderr_has("docker-credential-vault");
    assert!(env.root().join("helper.log").exists());
}

#[test]
fn an_open_registry_causes_no_look_up() {
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    let env = TestEnv::new();
    env.docker_config_json(&json!({"credsStore": "vault"}));
    env.helper("vault", "exit 1");
    env.run(["ls", &registry.repo("a")]).code(0).stdout("1\n").silent();
    assert!(!env.root().join("helper.log").exists(), "the helper was run");
}

#[test]
fn podman_s_namespaces_have_logins_of_their_own() {
    for token in [false, true] {
        let builder = TestRegistry::new()
            .tags("acme/api", ["1"])
            .tags("acme/web/site", ["2"])
            .tags("other/x", ["3"])
            .user("acme", "canary-acme")
            .user("site", "canary-site")
            .user("rest", "canary-rest");
        let registry = if token {
            let rules = TokenRules { anonymous: false, ..TokenRules::default() };
            builder
                .private("acme/api", &["acme"])
                .private("acme/web/site", &["site"])
                .private("other/x", &["rest"])
                .require_token(rules)
                .start()
        } else {
            builder.require_basic("one-more", "x").start()
        };
        let host = registry.host();
        let env = TestEnv::new();
        let places = [("/acme", "acme"), ("/acme/web/site", "site"), ("", "rest")];
        let mut auths = serde_json::Map::new();
        for (path, user) in places {
            let password = format!("canary-{user}");
            env.canary(&password);
            auths.insert(format!("{host}{path}"), auth(user, &password));
        }
        let document = json!({"auths": auths}).to_string();
        env.write("home/.config/containers/auth.json", document);
        let names = ["acme/api", "acme/web/site", "other/x"].map(|name| registry.repo(name));
        let output = env.run(["ls".to_owned()].into_iter().chain(names.clone()));
        let expected = format!("{}:1\n{}:2\n{}:3\n", names[0], names[1], names[2]);
        output.code(0).stdout(&expected).silent();
        let sent = |requests: Vec<crate::support::Request>| -> Vec<String> {
            let mut users: Vec<String> =
                requests.iter().filter_map(|request| Some(request.basic()?.0)).collect();
            users.dedup();
            users
        };
        let users = if token {
            sent(registry.token_service().requests())
        } else {
            sent(registry.requests())
        };
        assert_eq!(users, ["acme", "site", "rest"], "{}", registry.log());
        // And `check` says which.
        for (name, user) in names.iter().zip(["acme", "site", "rest"]) {
            let output = env.run(["check", "--offline", "--format", "json", name]);
            assert_eq!(output.code(0).json()["Credential"]["Username"], user);
        }
    }
}

#[test]
fn a_profile_s_command_runs_once_and_only_when_it_is_needed() {
    let (registry, open) = (basic(), TestRegistry::new().tags("a", ["3"]).start());
    let env = TestEnv::new();
    env.canary(PASSWORD);
    let log = env.root().join("program.log");
    let script = format!("#!/bin/sh\necho run >>'{}'\necho {PASSWORD}\n", log.display());
    let program = env.program("get-password", &script);
    let text: String = [("one", registry.host()), ("two", open.host())]
        .iter()
        .map(|(name, host)| {
            format!(
                "[profiles.{name}]\nregistry = \"{host}\"\nusername = \"{USER}\"\n\
                 password-command = [\"{}\"]\n",
                program.display()
            )
        })
        .collect();
    env.config_toml(&text);
    env.run(["ls", &open.repo("a")]).code(0).stdout("3\n").silent();
    assert!(!log.exists(), "an open registry needs no login");
    env.run(["ls", &registry.repo("a/x"), &registry.repo("b/x")]).code(0).silent();
    assert_eq!(std::fs::read_to_string(&log).expect("it ran"), "run\n");
    env.run(["check", &registry.repo("a/x")]).code(0).silent();
    assert_eq!(std::fs::read_to_string(&log).expect("it ran"), "run\nrun\n", "once in each run");
}

#[test]
fn a_password_that_cannot_be_had_is_a_warning() {
    let registry =
        TestRegistry::new().tags("a", ["1"]).require_token(TokenRules::default()).start();
    let host = registry.host();
    for (setting, part) in [
        ("password-env = \"NOT_SET\"", "password-env NOT_SET: the variable is not set"),
        ("password-file = \"nope\"", "password-file"),
        ("password-command = [\"nope\"]", "password-command nope: the program is not on PATH"),
        ("password-command = [\"false\"]", "password-command false: the program failed"),
        ("password-command = [\"true\"]", "password-command true: the password is empty"),
    ] {
        let env = TestEnv::new();
        let text = format!("[profiles.it]\nregistry = \"{host}\"\nusername = \"u\"\n{setting}\n");
        env.config_toml(&text);
        let output = env.run(["ls", &registry.repo("a")]);
        output.code(0).stdout("1\n").stderr_has("warning: profile it: ").stderr_has(part);
        output.stderr_has("continuing without these credentials");
    }
}

/// `check` does not call a repository good that the registry has never heard of.
#[test]
fn what_is_not_there_is_told_by_check() {
    let registry =
        TestRegistry::new().tags("a", ["1"]).require_token(TokenRules::default()).start();
    let env = TestEnv::new();
    env.run(["check", &registry.repo("a")]).code(0).stdout_has("can be read");
    let output = env.run(["check", &registry.repo("nope")]);
    output.code(3).stdout_has("Token: ").stdout_lacks("can be read");
    output.stderr_has("repository ").stderr_has("/nope not found").stderr_has("hint: ");
    // A token for it there is all the same: it may be about to be pushed.
    env.run(["token", &registry.repo("nope")]).code(0);
}
