//! What the manual tells to put into a workflow, a pipeline, a hook and cron: each line is run.

use super::nginx;
use crate::support::{TestEnv, TestRegistry};

/// The program under its own name, and a file that is out of date or not.
fn bench(registry: &TestRegistry, tag: &str) -> TestEnv {
    let env = TestEnv::new();
    let binary = crate::support::env::binary();
    env.program("docker-tags", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", binary.display()));
    env.write("work/Dockerfile", format!("FROM {}\n", registry.repo(&format!("nginx:{tag}"))));
    env
}

/// The lines behind a heading of the help.
fn recipe(heading: &str) -> Vec<String> {
    let help = TestEnv::new().run(["outdated", "--help"]);
    let lines = help.stdout.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let lines: Vec<String> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| line.trim().trim_start_matches("- ").to_owned())
        .collect();
    assert!(!lines.is_empty(), "{heading}\n{help}");
    lines
}

/// Runs a line as a runner does.
fn shell(env: &TestEnv, line: &str) -> i32 {
    env.program_run("/bin/sh", ["-e", "-c", line]).run().code
}

#[test]
fn gates_fail_when_something_is_outdated_and_for_no_other_reason() {
    let registry = nginx();
    let (old, new) = (bench(&registry, "1.27.0"), bench(&registry, "1.29.0"));
    let github = recipe("A step of a GitHub workflow")[0].replace("run: ", "");
    let gitlab = recipe("A job of GitLab").pop().unwrap();
    let hooks = concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml");
    let hooks = std::fs::read_to_string(hooks).unwrap();
    let entry = hooks.lines().find_map(|line| line.trim().strip_prefix("entry: ")).unwrap();
    let id = &recipe("A pre-commit hook")[0];
    assert!(hooks.contains(id), "{id}");
    let hook = format!("{entry} --level minor Dockerfile");
    for line in [&github, &gitlab, &hook] {
        assert!(line.starts_with("docker-tags outdated"), "{line}");
        assert_eq!((shell(&old, line), shell(&new, line)), (10, 0), "{line}");
    }
}

#[test]
fn cron_mails_what_is_outdated_and_nothing_else() {
    let registry = nginx();
    let line = &recipe("A line for cron")[0];
    let (_, command) = line.split_once("cd /srv/app && ").expect("it goes to a directory");
    let run = |tag: &str| {
        let env = bench(&registry, tag);
        let output = env.program_run("/bin/sh", ["-c", command]).run();
        (output.code, output.stdout, output.stderr)
    };
    assert_eq!(run("1.27.0"), (0, registry.repo("nginx:1.29.0") + "\n", String::new()));
    assert_eq!(run("2.0.0"), (0, String::new(), String::new()));
}
