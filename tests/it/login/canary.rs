//! A password in each of the places that it can be in, with `-v`: it goes to the one listener that
//! it is for, and comes out nowhere. That includes the arguments and the environment of programs that
//! are run, and our own arguments.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Request, TestEnv, TestRegistry, TokenRules};

const USER: &str = "ann";
const PASSWORD: &str = "S3cr3t-canary-9d1c";

const PLACES: [&str; 11] = [
    "config.json",
    "helper",
    "auth.json",
    "DOCKER_AUTH_CONFIG",
    "environment",
    "stdin",
    "password",
    "password-env",
    "password-command",
    "password-file",
    "identity token",
];

/// What a program of the test's notes of itself and of us: arguments and environments. Variables
/// that the user's own environment has anyway are left out.
fn watching(env: &TestEnv) -> String {
    let log = env.root().join("watch.log");
    let ours = "-e ^DOCKER_PASSWORD= -e ^DOCKER_AUTH_CONFIG= -e ^TOKEN=";
    format!(
        "{{ tr '\\0' '\\n' </proc/$$/cmdline; tr '\\0' '\\n' </proc/$PPID/cmdline; env | grep -v {ours}; }} >>'{}'",
        log.display()
    )
}

/// A run whose only login is in this place.
fn run(place: &str, env: &TestEnv, host: &str, args: &[&str]) -> crate::support::Output {
    let pair = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    env.canary(PASSWORD);
    env.canary(&pair);
    let auths = json!({"auths": {host: {"auth": pair}}});
    let watch = watching(env);
    // Whatever place has the login, this helper sees what our children see.
    env.helper(
        "watch",
        &format!("{watch}\necho 'credentials not found in native keychain'\nexit 1"),
    );
    env.docker_config_json(&json!({"credHelpers": {host: "watch"}}));
    let mut profile = format!("profile = \"it\"\n[profiles.it]\nregistry = \"{host}\"\n");
    let mut with_login =
        |setting: String| profile.push_str(&format!("username = \"{USER}\"\n{setting}\n"));
    let (mut vars, mut stdin, mut extra) = (Vec::new(), String::new(), Vec::new());
    match place {
        "config.json" => env.docker_config_json(&auths),
        "identity token" => env.docker_config_json(
            &json!({"auths": {host: {"username": USER, "identitytoken": PASSWORD}}}),
        ),
        "helper" => {
            let body =
                format!("{watch}\nprintf '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'");
            env.helper("watch", &body);
        }
        "auth.json" => {
            env.write("home/.config/containers/auth.json", auths.to_string());
        }
        "DOCKER_AUTH_CONFIG" => vars.push((place, auths.to_string())),
        "environment" => {
            vars.extend([
                ("DOCKER_USER", USER.to_owned()),
                ("DOCKER_PASSWORD", PASSWORD.to_owned()),
            ]);
        }
        "stdin" => {
            stdin = format!("{PASSWORD}\n");
            extra = vec!["-u", USER, "--password-stdin"];
        }
        "password" => with_login(format!("password = \"{PASSWORD}\"")),
        "password-env" => {
            vars.push(("TOKEN", PASSWORD.to_owned()));
            with_login("password-env = \"TOKEN\"".to_owned());
        }
        "password-command" => {
            let program = env.program("get", &format!("#!/bin/sh\n{watch}\necho {PASSWORD}\n"));
            with_login(format!("password-command = [\"{}\", \"show\"]", program.display()));
        }
        "password-file" => {
            env.write("home/.config/docker-tags/secret", format!("{PASSWORD}\n"));
            with_login("password-file = \"secret\"".to_owned());
        }
        other => panic!("no such place: {other}"),
    }
    env.config_toml(&profile);
    let mut run = env.command(extra.iter().chain(args)).stdin(stdin);
    for (name, value) in vars {
        run = run.var(name, value);
    }
    run.run()
}

/// Whether the password is in a request, in any of the ways that it could be.
fn has_password(request: &Request) -> bool {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let headers = request.headers.iter().map(|(_, value)| value.clone());
    let pair = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    headers
        .chain([request.target(), body])
        .any(|text| text.contains(PASSWORD) || text.contains(&pair))
}

fn registry(token: bool) -> TestRegistry {
    let builder = TestRegistry::new().tags("a", ["1"]).user(USER, PASSWORD).private("a", &[USER]);
    if token {
        let identity_tokens = vec![(USER.to_owned(), PASSWORD.to_owned())];
        builder.require_token(TokenRules { identity_tokens, ..TokenRules::default() }).start()
    } else {
        builder.require_basic("other", "x").start()
    }
}

#[test]
fn the_password_goes_where_it_belongs_and_comes_out_nowhere() {
    for token in [false, true] {
        for place in PLACES.into_iter().filter(|place| token || *place != "identity token") {
            let (ours, other) = (registry(token), registry(token));
            let env = TestEnv::new();
            let name = ours.repo("a");
            run(place, &env, &ours.host(), &["-v", "ls", &name]).code(0).stdout("1\n");
            let sent = ours.requests().iter().filter(|request| has_password(request)).count();
            assert_eq!(sent > 0, !token, "{place}: {}", ours.log());
            if token {
                let requests = ours.token_service().requests();
                assert!(requests.iter().any(has_password), "{place}: {}", ours.log());
                assert!(requests.iter().all(|request| !request.target().contains(PASSWORD)));
            }
            // Another registry is not told it, not even in the same run.
            let args = ["-v", "ls", &name, &other.repo("a")];
            let output = run(place, &env, &ours.host(), &args);
            output.code(if place == "stdin" { 2 } else { 4 });
            let mut foreign = other.requests();
            if token {
                foreign.extend(other.token_service().requests());
            }
            assert!(!foreign.iter().any(has_password), "{place}: {}", other.log());
        }
    }
}

#[test]
fn check_and_profile_show_no_password() {
    for place in PLACES {
        let ours = registry(true);
        let env = TestEnv::new();
        let name = ours.repo("a");
        let output = run(place, &env, &ours.host(), &["-v", "check", &name]);
        output.code(0).stdout_has("Result:      the repository can be read\n");
        run(place, &env, &ours.host(), &["check", "--offline", "--format", "json", &name]).code(0);
        if place != "stdin" {
            run(place, &env, &ours.host(), &["profile", "ls"]).code(0);
            run(place, &env, &ours.host(), &["profile", "inspect", "it"]).code(0);
        }
    }
}

#[test]
fn our_children_are_watched_indeed() {
    for place in ["helper", "password-command", "auth.json"] {
        let ours = registry(false);
        let env = TestEnv::new();
        run(place, &env, &ours.host(), &["-v", "ls", &ours.repo("a")]).code(0);
        let log = env.read("watch.log");
        assert!(log.contains("docker-tags\n-v\nls\n") && log.contains("HOME="), "{place}: {log}");
    }
}
