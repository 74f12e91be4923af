//! What TAB offers behind `outdated` and `newest`: what lies here first, then images and their tags.

use super::nginx;
use crate::support::TestEnv;

#[test]
fn files_come_before_images() {
    let registry = nginx();
    let env = TestEnv::new();
    env.write("work/compose.yaml", "services: {}\n");
    env.write("work/charts/values.yaml", "a: 1\n");
    let complete = |words: &[&str], expected: &[&str]| {
        let output = env.run(["__complete"].into_iter().chain(words.iter().copied()));
        output.code(0).lines(expected);
    };
    // The shell completes files and directories itself.
    for typed in ["", "comp", "charts/va", "./", "../", "/"] {
        complete(&["outdated", typed], &[":0"]);
    }
    complete(&["outdated", "--file", ""], &[":0"]);
    let image = registry.repo("nginx");
    let tag = |tag: &str| format!("{image}:{tag}");
    complete(
        &["outdated", &tag("1.27.")],
        &[&tag("1.27.1"), &tag("1.27.0"), &tag("1.27.0-alpine3.19"), ":32"],
    );
    complete(&["newest", &tag("2.")], &[&tag("2.1.0-rc1"), &tag("2.0.0"), ":36"]);
    complete(&["outdated", "--level", "m"], &["minor", "major", ":4"]);
}
