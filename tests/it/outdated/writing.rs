//! `--write`, `--pin` and `--dry-run`.

use std::os::unix::fs::PermissionsExt;

use super::{nginx, rows};
use crate::support::{Image, TestEnv, TestRegistry};

#[test]
fn only_the_tags_change() {
    let registry = nginx();
    let env = TestEnv::new();
    let host = registry.host();
    let text = |web: &str, cache: &str| {
        format!(
            "\u{feff}# versions\r\nservices:\r\n  web: {{image: '{host}/nginx:{web}'}} # front\r\n  \
             cache:\r\n    image: \"{host}/redis:${{REDIS:-{cache}}}\"\r\n"
        )
    };
    let path = env.write("work/compose.yaml", text("1.27.0", "7.2"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let dry = env.run(["outdated", "--dry-run"]);
    dry.code(10).stdout_has("--- compose.yaml\n+++ compose.yaml\n@@ -3 +3 @@\n");
    dry.stdout_has(&format!("\n+  web: {{image: '{host}/nginx:1.29.0'}} # front\n"));
    assert_eq!(env.read("work/compose.yaml"), text("1.27.0", "7.2"));
    let wet = env.run(["outdated", "--write"]);
    wet.code(10);
    assert_eq!(wet.stdout, dry.stdout);
    assert_eq!(env.read("work/compose.yaml"), text("1.29.0", "7.4"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    env.run(["outdated", "--write", "--level", "major"]).code(10);
    assert_eq!(env.read("work/compose.yaml"), text("2.0.0", "7.4"));
    env.run(["outdated", "--write", "--level", "major"]).code(0).stdout("");
}

#[test]
fn what_is_not_written_is_said() {
    let registry = nginx();
    let env = TestEnv::new();
    let host = registry.host();
    let text = format!(
        "services:\n  a: {{image: \"{host}/nginx:$FROM_ENV\"}}\n  b: {{image: \"{host}/redis:${{R}}\"}}\n"
    );
    env.write("work/compose.yaml", &text);
    env.write("work/.env", "R=7.2 # cache\n");
    let shared = format!("ARG V=1.27.0\nFROM {host}/nginx:$V\nFROM {host}/redis:$V\n");
    env.write("work/Dockerfile", &shared);
    let run = env.command(["outdated", "--write"]).var("FROM_ENV", "1.27.0").run();
    run.code(10);
    run.stderr_has(&format!("compose.yaml:2:{}: ", 22 + host.len()));
    run.stderr_has("not written: the value comes from the environment");
    run.stderr_has("not written: the variable would need two different values");
    assert_eq!(env.read("work/compose.yaml"), text);
    assert_eq!(env.read("work/.env"), "R=7.4 # cache\n");
    assert_eq!(env.read("work/Dockerfile"), shared);
}

#[test]
fn pins_are_added_and_brought_up_to_date() {
    let old = Image::index("old", &["linux/amd64", "linux/arm64"]);
    let new = Image::index("new", &["linux/amd64", "linux/arm64"]);
    let next = Image::index("next", &["linux/amd64", "linux/arm64"]);
    let registry = TestRegistry::new()
        .image("app:1.0", &new)
        .image("app:latest", &new)
        .image("db:1.0", &old)
        .image("db:1.1", &next)
        .image("app", &old)
        .start();
    let env = TestEnv::new();
    let (app, db) = (registry.repo("app"), registry.repo("db"));
    let digest = |image: &Image| image.root.digest.clone();
    let (old_digest, new_digest, next_digest) = (digest(&old), digest(&new), digest(&next));
    let arm = |image: &Image| image.children[1].digest.clone();
    let before = format!(
        "FROM {app}:1.0 AS a\nFROM {app}:1.0@{old_digest}\nFROM {app}\nFROM {db}:1.0@{old_digest}\n\
         FROM {db}:1.0@{}\nFROM {db}@{old_digest} # v1.0\n",
        arm(&old)
    );
    env.write("work/Dockerfile", &before);
    let usage = env.run(["outdated", "--pin"]);
    usage.code(2).stdout("").stderr_has("--write");
    env.run(["outdated", "--write"]).code(10);
    let written = format!(
        "FROM {app}:1.0 AS a\nFROM {app}:1.0@{old_digest}\nFROM {app}\n\
         FROM {db}:1.1@{next_digest}\nFROM {db}:1.1@{}\nFROM {db}@{next_digest} # v1.1\n",
        arm(&next)
    );
    assert_eq!(env.read("work/Dockerfile"), written);
    env.write("work/Dockerfile", &before);
    env.run(["outdated", "--write", "--pin"]).code(10);
    let pinned = format!(
        "FROM {app}:1.0@{new_digest} AS a\nFROM {app}:1.0@{new_digest}\nFROM {app}:latest@{new_digest}\n\
         FROM {db}:1.1@{next_digest}\nFROM {db}:1.1@{}\nFROM {db}@{next_digest} # v1.1\n",
        arm(&next)
    );
    assert_eq!(env.read("work/Dockerfile"), pinned);
    let (output, found) = rows(&env, &[]);
    output.code(0);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_link_stays_one_and_json_stays_json() {
    let registry = nginx();
    let env = TestEnv::new();
    let text = |tag: &str| format!("FROM {}:{tag}\n", registry.repo("nginx"));
    env.write("shared/base", text("1.27.0"));
    std::os::unix::fs::symlink("../shared/base", env.work().join("Dockerfile")).unwrap();
    let run = env.run(["outdated", "--write", "--format", "json"]);
    run.code(10).stderr_has("+++ Dockerfile");
    assert_eq!(run.json_lines().len(), 1);
    assert_eq!(env.read("shared/base"), text("1.29.0"));
    assert!(std::fs::symlink_metadata(env.work().join("Dockerfile")).unwrap().is_symlink());
}

/// Killed at any moment: the file is the old one or the new one, and nothing else.
#[test]
fn a_file_is_whole_whenever_the_program_is_killed() {
    let registry = nginx();
    let env = TestEnv::new();
    let text =
        |tag: &str| format!("FROM {}:{tag}\n# {}\n", registry.repo("nginx"), "x".repeat(500_000));
    let (old, new) = (text("1.27.0"), text("1.29.0"));
    let mut seen = [0, 0];
    // From before the first request to behind the last byte, however slow the machine is.
    for round in 0..200 {
        if seen[1] >= 4 {
            break;
        }
        env.write("work/Dockerfile", &old);
        let mut child = std::process::Command::new(crate::support::env::binary())
            .args(["outdated", "--write", "-q"])
            .current_dir(env.work())
            .env("HOME", env.home())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(4 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = env.read("work/Dockerfile");
        assert!(now == old || now == new, "{} bytes", now.len());
        seen[usize::from(now == new)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}
