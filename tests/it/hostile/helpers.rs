//! T11: credential helpers that flood, fail, fork, hang or lie, and names that are no helper's.
//!
//! A helper that hangs is given up after a minute, or after the time limit that the user sets.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{HANGS, PASSWORD, USER, three_ways};
use crate::support::{TestEnv, TestRegistry};

/// A registry with something public and something that needs the login.
fn registry() -> TestRegistry {
    TestRegistry::new()
        .tags("demo/app", ["1.0"])
        .tags("demo/secret", ["2.0"])
        .user(USER, PASSWORD)
        .private("demo/secret", &[USER])
        .require_token(crate::support::TokenRules::default())
        .start()
}

fn store(env: &TestEnv, suffix: &str) {
    env.docker_config_json(&json!({"credsStore": suffix, "auths": {}}));
    env.canary(PASSWORD);
}

/// Whatever a helper does wrong is a warning that names it; public images are still listed.
#[test]
fn bad_helpers_are_warnings() {
    let registry = registry();
    let secret = format!("\\\"Username\\\":\\\"u\\\",\\\"Secret\\\":\\\"{PASSWORD}\\\"");
    let scripts = [
        "exit 1".to_owned(),
        "kill -9 $$".to_owned(),
        "kill -TERM $$".to_owned(),
        "true".to_owned(),
        format!("echo {PASSWORD}"),
        format!("echo {PASSWORD}; exit 3"),
        format!("echo \"{{{secret}\"; exit 3"),
        "printf '\\033[31mlocked\\n' >&2; exit 1".to_owned(),
        "printf '\\033[31mlocked now\\n'; exit 1".to_owned(),
        "head -c 3000000 /dev/zero".to_owned(),
        "head -c 3000000 /dev/zero >&2; exit 1".to_owned(),
        "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done".to_owned(),
        "head -c 60000 /dev/zero | tr '\\0' '['".to_owned(),
        format!("echo '{{\"Username\":\"a:b\",\"Secret\":\"{PASSWORD}\"}}'"),
        format!("printf %s '{{\"Username\":\"a\\nb\",\"Secret\":\"{PASSWORD}\"}}'"),
        format!("echo '{{\"Username\":7,\"Secret\":\"{PASSWORD}\"}}'"),
        format!("echo '{{\"Username\":\"u\",\"Secret\":[\"{PASSWORD}\"]}}'"),
        "rm -- \"$0\"; exit 1".to_owned(),
    ];
    for script in scripts {
        let env = TestEnv::new();
        store(&env, "evil");
        env.helper("evil", &script);
        let name = registry.repo("demo/app");
        let output = env.command(["ls", &name]).deadline(HANGS).measured().run();
        output.code(0).stdout("1.0\n").stderr_has("warning: ").stderr_has("evil");
        assert!(output.stderr.len() < 2_000, "{script}\n{output}");
        output.peak_below(64 * 1024);
        let asked = registry.token_service().requests();
        assert!(asked.iter().all(|request| request.basic().is_none()), "{script}");
    }
    let env = TestEnv::new();
    store(&env, "evil");
    env.helper("evil", "printf '\\033]0;pwn\\007 you lose\\n\\nerror: x' >&2; exit 9");
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.lists(&["1.0"]).says("docker-credential-evil");
    });
}

/// What `--timeout` or the profile says holds for helpers, too; all of these are tried at once.
#[test]
fn helpers_that_hang_are_given_up() {
    const SCRIPTS: [(&str, &str); 5] = [
        ("hangs", "exec sleep 100"),
        ("reads", "cat >/dev/null; exec sleep 100"),
        ("talks", "for _ in $(seq 100); do echo 'still locked' >&2; sleep 1; done"),
        ("mute", "exec >&-; exec sleep 100"),
        ("gone", "exec >&- 2>&-; exec sleep 100"),
    ];
    let registry = registry();
    thread::scope(|scope| {
        for (index, (name, script)) in SCRIPTS.into_iter().enumerate() {
            let registry = &registry;
            scope.spawn(move || expect_given_up(registry, name, script, index % 2 == 0));
        }
    });
}

#[track_caller]
fn expect_given_up(registry: &TestRegistry, name: &str, script: &str, by_profile: bool) {
    let env = TestEnv::new();
    store(&env, name);
    let (file, child) = (env.root().join("pid"), env.root().join("child"));
    // It has a child that nobody waits for.
    let script = format!(
        "echo $$ >'{}'\nsleep 100 & echo $! >'{}'\n{script}",
        file.display(),
        child.display()
    );
    env.helper(name, &script);
    let repository = registry.repo("demo/app");
    let mut args = vec!["ls", &repository];
    if by_profile {
        let profile = format!("[profiles.it]\nregistry = \"{}\"\ntimeout = 2\n", registry.host());
        env.config_toml(&profile);
    } else {
        args.extend(["--timeout", "2"]);
    }
    let start = Instant::now();
    let output = env.command(args).deadline(HANGS).run();
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}\n{output}", start.elapsed());
    let warning = format!("docker-credential-{name} did not answer within 2s");
    output.code(0).stdout("1.0\n").stderr_has("warning: ").stderr_has(&warning);
    assert_eq!(output.stderr.lines().count(), 1, "{output}");
    assert!(is_gone(&file), "{name} is still there\n{output}");
    assert!(is_gone(&child), "the child of {name} is still there\n{output}");
}

/// A child that outlives its helper is ended with it, whatever becomes of the helper; a daemon with
/// a session of its own is not.
#[test]
fn what_a_helper_starts_ends_with_it() {
    let registry = registry();
    let answer = format!("echo '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'");
    for (start, end, lives) in [
        ("sleep 50 &", answer.as_str(), false),
        ("nohup sleep 50 >/dev/null 2>&1 </dev/null &", &answer, false),
        ("(trap '' HUP TERM; sleep 50 & echo $! >child; wait) >/dev/null 2>&1 &", &answer, false),
        ("(sleep 50 & echo $! >child) &", "exit 1", false),
        ("sleep 50 &", "kill -9 $$", false),
        ("sleep 50 &", "head -c 3000000 /dev/zero", false),
        ("setsid sh -c 'echo $$ >child; exec sleep 3' >/dev/null 2>&1 </dev/null &", &answer, true),
    ] {
        for is_helper in [true, false] {
            let env = TestEnv::new();
            env.canary(PASSWORD);
            let note = if start.contains("child") { "" } else { "echo $! >child" };
            let (child, place) = (env.root().join("child"), env.root().display().to_string());
            let wait = "while ! [ -s child ]; do :; done";
            let script = format!("cd '{place}'\n{start}\n{note}\n{wait}\n{end}");
            if is_helper {
                store(&env, "parent");
                env.helper("parent", &script);
            } else {
                let program = env.program("parent", &format!("#!/bin/sh\n{script}\n"));
                env.config_toml(&format!(
                    "[profiles.it]\nregistry = \"{}\"\nusername = \"u\"\n\
                     password-command = [\"{}\"]\n",
                    registry.host(),
                    program.display()
                ));
            }
            env.run(["ls", &registry.repo("demo/app")]).code(0).stdout("1.0\n");
            assert_ne!(is_gone(&child), lives, "{start} {end} {is_helper}");
        }
    }
}

/// Who breaks off leaves nothing behind.
#[test]
fn a_signal_ends_the_helper_and_its_children() {
    let registry = registry();
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let env = TestEnv::new();
        store(&env, "waits");
        let (file, child) = (env.root().join("pid"), env.root().join("child"));
        let script = format!(
            "sleep 50 & echo $! >'{}'\necho $$ >'{}'\nkill -{signal} $PPID\nwait",
            child.display(),
            file.display()
        );
        env.helper("waits", &script);
        let line = "\"$0\" \"$@\"; echo code=$?".into();
        let program = crate::support::env::binary().into_os_string();
        let args = ["-c".into(), line, program, "ls".into(), registry.repo("demo/app").into()];
        let output = env.program_run("/bin/sh", args).deadline(HANGS).run();
        output.stdout(&format!("code={code}\n"));
        assert!(is_gone(&file) && is_gone(&child), "{signal}: left behind\n{output}");
    }
}

/// Whether the process that wrote its number there has ended: is no more, or waits to be collected
/// by whoever inherits orphans here.
fn is_gone(file: &Path) -> bool {
    let id = std::fs::read_to_string(file).expect("it was started");
    (0..100).any(|_| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
        let state = stat.rsplit_once(") ").map_or("Z", |(_, rest)| rest);
        let is_gone = state.starts_with(['Z', 'X']);
        if !is_gone {
            thread::sleep(Duration::from_millis(3));
        }
        is_gone
    })
}

/// What a helper leaves running behind it is not waited for.
#[test]
fn a_helper_that_forks_is_not_waited_for() {
    let registry = registry();
    let env = TestEnv::new();
    store(&env, "forks");
    let answer = format!("{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}");
    env.helper("forks", &format!("sleep 40 &\necho '{answer}'"));
    three_ways(&env, &["ls", &registry.repo("demo/secret")], |seen| {
        seen.lists(&["2.0"]);
    });
}

/// A helper that answers for another registry, or for all, changes nothing about who is told.
#[test]
fn a_helper_is_asked_for_the_registry_alone() {
    let registry = registry();
    let foreign = super::token_service("127.0.0.2");
    let evil = super::insists_on(&super::bearer(&format!("{}/token", foreign.origin())));
    let env = TestEnv::new();
    store(&env, "eager");
    let log = env.root().join("asked.log");
    let answer = format!("{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}");
    env.helper("eager", &format!("cat >>'{}'; echo '{answer}'", log.display()));
    env.run(["ls", &registry.repo("demo/secret")]).code(0).stdout("2.0\n");
    assert_eq!(std::fs::read_to_string(&log).expect("the helper was asked"), registry.host());
    env.run(["ls", &evil.repo("demo/app")]).code(4).stdout("").stderr_has("127.0.0.2");
    super::assert_anonymous(&foreign);
    assert!(evil.requests().iter().all(|request| request.basic().is_none()));
    // What the helper was told and given: one word, and no secret.
    let told = env.read("helper.log");
    assert!(told.lines().any(|line| line == "eager get"), "{told}");
    assert!(!told.contains(PASSWORD), "{told}");
}

/// Names that are a path, an option or a command are not run.
#[test]
fn helper_names_are_names() {
    let registry = registry();
    let names = [
        "../evil",
        "/bin/sh",
        "-evil",
        ".evil",
        "a b",
        "a;touch x",
        "$(touch x)",
        "a\nb",
        "a\0b",
        "\u{1b}[31m",
        "a/b",
        "a\\b",
        "ünï",
        "`touch x`",
        "\u{202e}x",
    ];
    for name in names {
        let env = TestEnv::new();
        env.program("evil", "#!/bin/sh\ntouch ../pwned\n");
        env.program("docker-credential-", "#!/bin/sh\ntouch ../pwned\n");
        for section in
            [json!({"credsStore": name}), json!({"credHelpers": {registry.host(): name}})]
        {
            env.docker_config_json(&section);
            three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
                seen.lists(&["1.0"]).says("is not allowed");
            });
            assert!(!env.root().join("pwned").exists(), "{name:?}");
            assert!(!env.work().join("x").exists(), "{name:?}");
        }
    }
}

/// A program beside us in the working directory is no helper.
#[test]
fn helpers_come_from_absolute_places_of_the_path() {
    let registry = registry();
    let env = TestEnv::new();
    store(&env, "near");
    let script = env.write("work/docker-credential-near", "#!/bin/sh\ntouch pwned\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(script, mode).expect("the file is ours");
    for path in [".:/usr/bin:/bin", ":/usr/bin:/bin", "work:/usr/bin", ""] {
        let name = registry.repo("demo/app");
        let output = env.command(["ls", &name]).var("PATH", path).run();
        output.code(0).stdout("1.0\n").stderr_has("docker-credential-near is not on PATH");
        assert!(!env.work().join("pwned").exists());
    }
}
