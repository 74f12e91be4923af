//! `ls --stable` hides pre-releases, and nothing else.

use crate::support::{TestEnv, TestRegistry};

#[test]
fn pre_releases_are_hidden() {
    let tags = ["2.0.0-rc1", "1.9", "1.10-alpine", "1.10b1", "1.8-beta-alpine", "latest", "edge"];
    let registry = TestRegistry::new().tags("app", tags).start();
    let env = TestEnv::new();
    let run = |args: &[&str]| {
        env.run(["ls", &registry.repo("app")].into_iter().chain(args.iter().copied()))
    };
    let stable = ["1.10-alpine", "1.9", "latest", "edge"];
    let shown = |output: &crate::support::Output| {
        let mut lines: Vec<String> = output.stdout.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let sorted = |tags: &[&str]| {
        let mut tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        tags.sort();
        tags
    };
    let output = run(&["--stable"]);
    output.code(0);
    assert_eq!(shown(&output), sorted(&stable));
    let output = run(&[]);
    assert_eq!(shown(&output), sorted(&tags));
    run(&["--stable", "--limit", "2"]).code(0).lines(&["1.10-alpine", "1.9"]);
}
