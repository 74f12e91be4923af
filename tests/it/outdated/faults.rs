//! What is wrong with files and registries, and that the rest goes on.

use serde_json::json;

use super::{nginx, pick, rows};
use crate::support::{TestEnv, TestRegistry};

#[test]
fn each_fault_of_a_file_has_its_place() {
    let registry = nginx();
    let env = TestEnv::new();
    let anchors: String = (0..100_000).map(|n| format!("a{n}: &a{n} x\n")).collect();
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    (1..40).for_each(|n| bomb += &format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1));
    for (name, content, place) in [
        ("yaml/compose.yaml", "services:\n  a: [b\n".into(), "yaml/compose.yaml:"),
        ("tabs/compose.yaml", "services:\n\ta: b\n".into(), "tabs/compose.yaml:2:"),
        ("bomb/compose.yaml", bomb, "bomb/compose.yaml:"),
        ("anchors/compose.yaml", anchors, "anchors/compose.yaml:10001:"),
        ("deep/compose.yaml", "- ".repeat(10_000), "deep/compose.yaml:1:"),
        ("line/compose.yaml", "x".repeat(7_000_000), "line/compose.yaml:1:1: "),
        ("long/compose.yaml", "x".repeat(10_000_000), "long/compose.yaml: is larger than 8 MiB"),
        ("binary/compose.yaml", "a: b\n\0\u{1}".into(), "binary/compose.yaml:2:1: "),
        ("heredoc/Dockerfile", "FROM scratch\nRUN <<EOF\n".into(), "heredoc/Dockerfile:2:1: "),
        ("name/Dockerfile", "FROM lib/UPPER:1\n".into(), "name/Dockerfile:1:16: \"lib/UPPER:1\""),
    ] {
        env.write(&format!("work/{name}"), content);
        env.write("work/z/Dockerfile", format!("FROM {}\n", registry.repo("nginx:1.27.0")));
        let output = env.run(["outdated"]);
        output.code(2).stderr_has(&format!("error: {place}")).stdout_has("z/Dockerfile:1");
        std::fs::remove_file(env.work().join(name)).unwrap();
    }
}

/// Root may read everything: then a link to nowhere stands for what cannot be read.
#[test]
fn what_cannot_be_read_is_named_and_the_rest_goes_on() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let registry = nginx();
    let env = TestEnv::new();
    env.write("work/z/Dockerfile", format!("FROM {}\n", registry.repo("nginx:1.27.0")));
    let file = env.write("work/closed/in/compose.yaml", "services: {}\n");
    let folder = file.parent().unwrap();
    let mode = |mode| std::fs::set_permissions(folder, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o000);
    let is_root = std::fs::read_dir(folder).is_ok();
    if is_root {
        mode(0o755);
        std::fs::remove_file(&file).unwrap();
        symlink("nowhere", &file).unwrap();
    }
    let output = env.run(["outdated"]);
    let place = if is_root { "closed/in/compose.yaml" } else { "closed/in" };
    output.code(2).stderr_has(&format!("error: {place}: ")).stdout_has("z/Dockerfile:1");
    mode(0o755);
    env.run(["outdated", "./closed/none"]).code(2).stderr_has("closed/none");
}

#[test]
fn a_variable_without_a_value_is_skipped() {
    let env = TestEnv::new();
    env.write("work/Dockerfile", "ARG V\nFROM nginx:$V\n");
    env.run(["outdated"]).code(0).stdout_has("skipped: variable \"V\" has no value");
    let (_, found) = rows(&env, &[]);
    let expected = json!(["nginx:$V", "skipped", null, null, 2]);
    assert_eq!(pick(&found[0], &["Image", "State", "Repository", "Tag", "Line"]), expected);
}

#[test]
fn a_host_that_is_down_is_told_once() {
    let output =
        TestEnv::new().run(["outdated", "127.0.0.1:9/a:1", "127.0.0.1:9/b:1", "127.0.0.1:9/c:1"]);
    output.code(5);
    assert_eq!(output.stdout.matches("failed").count(), 3, "{output}");
    assert_eq!(output.stderr.matches("cannot connect").count(), 1, "{output}");
    assert_eq!(output.stderr.matches("hint: ").count(), 1, "{output}");
}

#[test]
fn one_registry_of_twenty_is_down() {
    let good = TestRegistry::new();
    let good = (0..19).fold(good, |r, n| r.tags(&format!("app{n}"), ["1.0", "1.1"])).start();
    let env = TestEnv::new();
    let mut text: String =
        (0..19).map(|n| format!("FROM {}:1.0\n", good.repo(&format!("app{n}")))).collect();
    // Nobody listens there.
    text += "FROM 127.0.0.1:9/down:1.0\nFROM 127.0.0.1:9/down:1.1\n";
    env.write("work/Dockerfile", text);
    let output = env.run(["outdated", "--retries", "0"]);
    output.code(5).stdout_has("app18").stderr_has("127.0.0.1:9");
    assert_eq!(output.stdout.matches("newer (minor)").count(), 19, "{output}");
    assert_eq!(output.stdout.matches("failed: ").count(), 2, "{output}");
    assert_eq!(output.stderr.matches("error: ").count(), 1, "{output}");
    let (output, found) = rows(&env, &["--retries", "0"]);
    output.code(5);
    assert_eq!(found.len(), 21);
}

#[test]
fn the_exit_code_is_the_first_that_applies() {
    let registry = nginx();
    let env = TestEnv::new();
    let missing = registry.repo("missing:1.0");
    let newer = registry.repo("nginx:1.27.0");
    env.run(["outdated", &newer, &missing]).code(3).stdout_has("newer").stdout_has("failed");
    env.run(["outdated", "--exit-zero", &newer, &missing]).code(3);
    env.write("work/compose.yaml", "services: [");
    env.run(["outdated", &newer, "compose.yaml"]).code(2);
    env.run(["outdated", &newer, &missing, "compose.yaml"]).code(3);
    env.run(["outdated", "Not/A:Name"]).code(2).stdout("");
}

#[test]
fn the_same_failure_is_told_once() {
    let registry = nginx();
    let env = TestEnv::new();
    let text: String = (0..5).map(|n| format!("FROM {}:1.{n}\n", registry.repo("none"))).collect();
    env.write("work/Dockerfile", text);
    let (output, found) = rows(&env, &[]);
    output.code(3);
    assert_eq!(found.len(), 5);
    assert_eq!(output.stderr.matches("error: ").count(), 1, "{output}");
    assert!(found.iter().all(|row| row["State"] == "failed" && row["Reason"].is_string()));
}
