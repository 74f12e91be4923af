//! The environment, tried with shell scripts in the product's place.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Output, TestEnv, TestRegistry};

fn sh(env: &TestEnv, script: &str) -> Output {
    env.program_run("/bin/sh", ["-c", script]).run()
}

/// Whether the checks of every run fail this script's output.
fn caught(env: &TestEnv, script: &str) -> bool {
    let output = sh(env, script);
    catch_unwind(AssertUnwindSafe(|| env.check(&output, &["further-canary"]))).is_err()
}

#[test]
fn the_environment_is_the_test_s_own() {
    let env = TestEnv::new().var("A", "1");
    let output = env.program_run("/usr/bin/env", [""; 0]).var("B", "2").without("TMPDIR").run();
    let mut names: Vec<&str> =
        output.stdout.lines().filter_map(|line| line.split_once('=')).map(|(n, _)| n).collect();
    names.sort_unstable();
    assert_eq!(names, ["A", "B", "DOCKER_CONFIG", "HOME", "LC_ALL", "PATH"]);
    let root = env.root().to_owned();
    assert!(root.exists());
    drop(env);
    assert!(!root.exists());
}

#[test]
fn input_output_and_code_come_through() {
    let env = TestEnv::new();
    let run = env.program_run("/bin/sh", ["-c", "cat; echo oops >&2; exit 3"]);
    run.stdin("in\n").run().code(3).stdout("in\n").lines(&["in"]).stderr_has("oops");
    let output = sh(&env, "echo '{\"a\":1}'");
    assert_eq!(output.code(0).silent().json(), json!({"a": 1}));
    assert_eq!(sh(&env, "kill -9 $$").code, 137);
    let failing = || output.code(1).code;
    let failed = catch_unwind(AssertUnwindSafe(failing)).unwrap_err();
    let report = failed.downcast_ref::<String>().unwrap();
    assert!(report.contains("$ sh -c echo") && report.contains("exit code 0"), "{report}");
}

#[test]
fn the_pipe_can_close_early() {
    let env = TestEnv::new();
    let start = Instant::now();
    let output = env.program_run("/usr/bin/yes", [""; 0]).head(2).run();
    assert_eq!(output.stdout, "y\ny\n");
    assert!(start.elapsed() < Duration::from_secs(60), "yes did not notice");
}

#[test]
fn a_run_can_be_interrupted() {
    let registry = TestRegistry::new().tags("a", ["1"]).delay(Duration::from_secs(3600)).start();
    let env = TestEnv::new();
    let run = env.command(["ls", &registry.repo("a")]);
    run.interrupt_when(|| registry.server().connections() > 0).run().code(130);
}

#[test]
fn a_pseudo_terminal_is_a_terminal() {
    let env = TestEnv::new();
    let run =
        env.program_run("/bin/sh", ["-c", "test -t 1 && stty size; echo \"it's\" >&2; exit 4"]);
    let output = run.tty();
    output.code(4).stdout("24 80\r\nit's\r\n");
}

/// A short run has its figure, too, and a run that nobody measured passes no limit.
#[test]
fn memory_is_measured_or_the_test_fails() {
    let env = TestEnv::new();
    let short = || env.program_run("/bin/true", Vec::<&str>::new());
    assert!((100..20_000).contains(&short().measured().run().peak()));
    let large =
        env.program_run("/bin/sh", ["-c", "head -c 50000000 /dev/zero | tail -c 50000000 | wc -c"]);
    assert!(large.measured().run().peak() > 40_000);
    let terminal = short().measured().tty();
    terminal.peak_below(20_000);
    let unmeasured = short().run();
    assert!(std::panic::catch_unwind(|| unmeasured.peak_below(u64::MAX).code).is_err());
}

#[test]
fn leaks_and_disorder_are_caught() {
    let env = TestEnv::new();
    env.login("127.0.0.1:5000", "alice", "S3cr3t-canary-7f3a");
    assert!(env.read("home/.docker/config.json").contains("YWxpY2U6UzNjcjN0LWNhbmFyeS03ZjNh"));
    for script in [
        "echo fine; printf '\\t'",
        "echo why >&2; exit 5",
        "exit 10",
        "cat \"$DOCKER_CONFIG/config.json\" >/dev/null",
    ] {
        assert!(!caught(&env, script), "{script}");
    }
    for script in [
        "echo S3cr3t-canary-7f3a",
        "echo YWxpY2U6UzNjcjN0LWNhbmFyeS03ZjNh >&2",
        "echo further-canary >&2",
        "printf '\\033[31mred'",
        "printf '\\001' >&2",
        "printf '\\302\\233'",
        "printf '\\342\\200\\256'",
        "printf '\\377'",
        "printf 'a\\rb'",
        "exit 1",
        "exit 101",
        "kill -9 $$",
        "echo \"thread 'main' panicked at src\" >&2; exit 1",
    ] {
        assert!(caught(&env, script), "{script}");
    }
    assert!(caught(&env, "echo S3cr3t-canary-7f3a >\"$TMPDIR/cache\""));
    sh(&env, "rm \"$TMPDIR/cache\"");
    assert!(caught(&env, "echo ' ' >>\"$DOCKER_CONFIG/config.json\""), "a file was changed");
}

#[test]
fn helpers_are_found_and_recorded() {
    let env = TestEnv::new();
    env.helper("fake", "read host; echo \"{\\\"ServerURL\\\":\\\"$host\\\"}\"");
    let output = env.program_run("/bin/sh", ["-c", "docker-credential-fake get"]);
    output.stdin("r.example").run().code(0).stdout("{\"ServerURL\":\"r.example\"}\n");
    assert!(env.read("helper.log").starts_with("fake get\n"));
}

#[test]
fn logins_add_up() {
    let env = TestEnv::new();
    env.login("a", "u", "password-1");
    env.login("b", "u", "password-2");
    let config: serde_json::Value =
        serde_json::from_str(&env.read("home/.docker/config.json")).unwrap();
    assert_eq!(config["auths"].as_object().unwrap().len(), 2);
}

#[test]
fn the_binary_is_there() {
    assert!(crate::support::env::binary().exists());
}
