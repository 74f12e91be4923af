//! `__complete` against registries: what is asked of them, what is kept, and that nobody waits.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::json;

use crate::support::{
    Output, Response, Server, TestEnv, TestHub, TestRegistry, TokenRules, hostile, hub,
};

fn complete(env: &TestEnv, words: &[&str]) -> Output {
    let output = env.run(["__complete"].into_iter().chain(words.iter().copied()));
    output.code(0).silent();
    output
}

#[test]
fn tags_newest_first_and_kept() {
    let registry = TestRegistry::new().tags("team/app", ["1.9", "1.10", "latest"]).start();
    let env = TestEnv::new();
    let repo = registry.repo("team/app");
    let all = [":1.10", ":1.9", ":latest"].map(|tag| format!("{repo}{tag}"));
    let all = [&*all[0], &all[1], &all[2], ":36"];
    complete(&env, &["tags", "check", &format!("{repo}:")]).lines(&all);
    complete(&env, &["check", &format!("{repo}:")]).lines(&all);
    complete(&env, &["check", &format!("{repo}:1.1")]).lines(&[all[0], ":36"]);
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());

    let cache = env.home().join(".cache/docker-tags");
    let mode = |path: &std::path::Path| {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!(mode(&cache), 0o700);
    for file in fs::read_dir(&cache).expect("the cache").flatten() {
        assert_eq!(mode(&file.path()), 0o600);
        let name = file.file_name().into_string().expect("ASCII");
        assert!(!["team", "app", "127"].iter().any(|word| name.contains(word)), "{name}");
        fs::write(file.path(), "damaged").expect("it is ours");
    }
    complete(&env, &["check", &format!("{repo}:")]).lines(&all);
    assert_eq!(registry.requests().len(), 2, "{}", registry.log());
}

#[test]
fn repositories_of_a_catalogue() {
    let registry = TestRegistry::new().tags("team/app", ["1"]).tags("team/api", ["1"]).start();
    let env = TestEnv::new();
    let (api, app) = (registry.repo("team/api"), registry.repo("team/app"));
    complete(&env, &["ls", &registry.repo("te")]).lines(&[&api, &app, ":4"]);
    complete(&env, &["check", &registry.repo("team/ap")]).lines(&[&api, &app, ":6"]);

    env.config_toml(&format!(
        "profile = \"lab\"\n[profiles.lab]\nregistry = \"{}\"\nnamespace = \"team\"\n",
        registry.host()
    ));
    complete(&env, &["ls", "ap"]).lines(&["api", "app", ":4"]);
    complete(&env, &["-p", "default", "ls", "ap"]).lines(&[":4"]);
    complete(&env, &["ls", "127"]).lines(&[&format!("{}/\tprofile lab", registry.host()), ":6"]);
}

#[test]
fn repositories_of_a_namespace_of_docker_hub() {
    let hub = TestHub::new()
        .repository("grafana/loki", [hub::tag("1")])
        .repository("grafana/tempo", [hub::tag("1")])
        .start();
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nhub-api = \"{}\"\nendpoint = \"http://127.0.0.1:1\"\n",
        hub.origin()
    ));
    complete(&env, &["ls", "grafana/"]).lines(&["grafana/loki", "grafana/tempo", ":4"]);
    complete(&env, &["ls", "docker.io/grafana/l"]).lines(&["docker.io/grafana/loki", ":4"]);
    assert_eq!(hub.server().requests().len(), 1, "{}", hub.server().log());
}

#[test]
fn registries_and_profiles() {
    let env = TestEnv::new();
    env.config_toml("[profiles.work]\nregistry = \"ghcr.io\"\n");
    env.login("gitlab.example.com", "ann", "S3cr3t-canary-complete");
    complete(&env, &["ls", "g"]).lines(&[
        "ghcr.io/\tprofile work",
        "gitlab.example.com/\tdocker login",
        "gcc",
        "ghost",
        "golang",
        "gradle",
        "groovy",
        ":6",
    ]);
    complete(&env, &["ls", "-p", ""]).lines(&["work\tghcr.io", "default\tdocker.io", ":4"]);
    complete(&env, &["ls", "--profile=w"]).lines(&["work\tghcr.io", ":4"]);
}

/// A login in a file is used; one that a program keeps is not: it could ask its user.
#[test]
fn no_program_is_run_for_a_login() {
    let registry = TestRegistry::new()
        .tags("team/app", ["1"])
        .private("team/app", &["ann"])
        .user("ann", "S3cr3t-canary-complete")
        .require_token(TokenRules::default())
        .start();
    let word = registry.repo("team/app:");
    let env = TestEnv::new();
    env.login(&registry.host(), "ann", "S3cr3t-canary-complete");
    complete(&env, &["check", &word]).stdout_has(&format!("{word}1\n:36"));
    // Another login, another list.
    complete(&env, &["check", "--anonymous", &word]).stdout_has("_activeHelp_ ");

    let env = TestEnv::new();
    env.helper("sly", "echo '{\"Username\":\"ann\",\"Secret\":\"S3cr3t-canary-complete\"}'");
    env.docker_config_json(&serde_json::json!({"credsStore": "sly"}));
    env.config_toml(&format!(
        "[profiles.lab]\nregistry = \"{}\"\nusername = \"ann\"\npassword-command = [\"sly\"]\n",
        registry.host()
    ));
    env.program("sly", &format!("#!/bin/sh\ntouch '{}'\n", env.root().join("ran").display()));
    complete(&env, &["check", &word]).stdout_has("_activeHelp_ ");
    complete(&env, &["-u", "bob", "check", &word]).stdout_has("_activeHelp_ ");
    assert!(!env.root().join("ran").exists() && !env.root().join("helper.log").exists());
}

#[test]
fn nobody_waits_for_a_registry_that_is_silent() {
    let silent = TestRegistry::new().tags("a", ["1"]).delay(Duration::from_secs(3600)).start();
    let env = TestEnv::new();
    let word = silent.repo("a:");
    let help = format!("_activeHelp_ {}: no response within 1 s", silent.host());
    complete(&env, &["check", &word]).lines(&[&help, ":4"]);
    let quiet = env.command(["__complete", "check", &word]).var("DOCKER_ACTIVE_HELP", "0").run();
    quiet.code(0).silent().lines(&[":4"]);
    let gone = TestRegistry::new().start().host();
    complete(&env, &["check", &format!("{gone}/a:")]).stdout_has(&gone).stdout_has("\n:4");
}

/// Nor for one that answers each request in time, and never comes to an end.
#[test]
fn nobody_waits_for_many_pages() {
    let registry = TestRegistry::new()
        .hook(|request| {
            std::thread::sleep(Duration::from_millis(300));
            let page: usize = request.param("last").and_then(|n| n.parse().ok()).unwrap_or(0);
            let list = Response::json(200, &json!({"tags": [format!("t{page}")]}));
            Some(list.header("Link", format!("</v2/a/tags/list?last={}>; rel=next", page + 1)))
        })
        .start();
    let word = registry.repo("a:");
    let env = TestEnv::new();
    let run = env.command(["__complete", "check", &word]).deadline(Duration::from_secs(8));
    let help = format!("_activeHelp_ {}: no response within 1 s", registry.host());
    run.run().code(0).silent().lines(&[&help, ":4"]);
    assert!(registry.requests().len() < 8, "{}", registry.log());
}

#[test]
fn a_registry_in_trouble_is_asked_once() {
    let registry = TestRegistry::new().fail_first(9, 503).start();
    let word = registry.repo("a:");
    complete(&TestEnv::new(), &["check", &word]).stdout_has("_activeHelp_ ").stdout_has("503");
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

#[test]
fn a_hostile_list_gives_names_only() {
    let tags = serde_json::json!(["1.0", "x\n:99", "\u{1b}[2J", "ok", 7, null, "a\tb"]);
    let registry = TestRegistry::new().raw_tags("a", tags).start();
    let word = registry.repo("a:");
    let lines = [format!("{word}1.0"), format!("{word}ok")];
    complete(&TestEnv::new(), &["check", &word]).lines(&[&lines[0], &lines[1], ":36"]);
}

/// The shell is never disturbed, whatever the registry does: no candidate that is none, no word on
/// stderr, nobody told the login, and an end within the second that a key press may take.
#[test]
fn a_hostile_registry_does_not_disturb_the_shell() {
    let foreign = Server::on("127.0.0.2", |_| Response::json(200, &json!({"token": "t"})));
    let realm = format!("Bearer realm=\"{}/token\",service=\"s\"", foreign.origin());
    let elsewhere = format!("{}/elsewhere", foreign.origin());
    let link = format!("<{}/v2/a/tags/list?last=b>; rel=next", foreign.origin());
    type Answer = Box<dyn Fn() -> Response + Send + Sync>;
    let answers: Vec<(&str, Answer)> = vec![
        ("realm", Box::new(move || Response::new(401).header("WWW-Authenticate", &*realm))),
        ("redirect", Box::new(move || Response::new(307).header("Location", &*elsewhere))),
        (
            "link",
            Box::new(move || Response::json(200, &json!({"tags": ["1"]})).header("Link", &*link)),
        ),
        ("metadata", Box::new(|| Response::new(307).header("Location", "http://169.254.169.254/"))),
        ("encoded", Box::new(|| Response::new(200).header("Content-Encoding", "gzip"))),
        ("deep", Box::new(|| Response::with_body(200, "application/json", "[".repeat(100_000)))),
        ("rubbish", Box::new(|| hostile::bytes(b"\xff\x1b[2J\r\n\r\n".to_vec()))),
        ("cut", Box::new(|| hostile::cut(&Response::json(200, &json!({"tags": ["1", "2"]})), 9))),
        ("wait", Box::new(|| Response::new(429).header("Retry-After", "3600"))),
        (
            "warning",
            Box::new(|| {
                let list = Response::json(200, &json!({"tags": []}));
                list.header("Warning", "299 - \"\u{9b}31m beware\"")
            }),
        ),
        (
            "drops",
            Box::new(|| {
                let list = Response::json(200, &json!({"tags": ["1", "2", "3"]}));
                hostile::drip(&list, 1, Duration::from_millis(200))
            }),
        ),
        (
            "endless",
            Box::new(|| {
                let list = Response::new(200).header("Content-Type", "application/json");
                hostile::endless(list, vec![b' '; 65_536], None, Default::default())
            }),
        ),
    ];
    for (name, answer) in answers {
        let registry = TestRegistry::new().hook(move |_| Some(answer())).start();
        let env = TestEnv::new();
        env.login(&registry.host(), "ann", "S3cr3t-canary-complete");
        let word = registry.repo("a:");
        let run = env.command(["__complete", "check", &word]).deadline(Duration::from_secs(8));
        let output = run.measured().run();
        output.code(0).silent();
        // This one ends in a list without tags.
        let is_empty = name == "warning";
        let directive = if is_empty { ":36\n" } else { "\n:4\n" };
        assert!(output.stdout.ends_with(directive), "{name}\n{output}");
        let candidates = output.stdout.lines().filter(|line| line.starts_with(&word));
        assert_eq!(candidates.count(), 0, "{name}\n{output}");
        output.peak_below(64 * 1024);
    }
    for request in foreign.requests() {
        assert_eq!(request.header("authorization"), None, "{}", foreign.log());
    }
}

#[test]
fn docker_asks_after_a_failure() {
    let env = TestEnv::new();
    let request = "{\"RootCmd\":\"pull\",\"CommandError\":\"manifest unknown\"}";
    let answer = env.run(["tags", "docker-cli-plugin-hooks", request]);
    let document = answer.code(0).silent().json();
    assert_eq!(document["Type"], 0);
    assert!(
        document["Template"].as_str().is_some_and(|t| t.contains("docker tags ls {{arg . 0}}"))
    );
    env.run(["tags", "docker-cli-plugin-hooks", "{}"]).code(0).stdout("").silent();
}
