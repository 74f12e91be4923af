//! A writer that is killed may leave a file with a password in it: the next one removes it.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::TestEnv;
use crate::support::env::binary;

const DIRECTORY: &str = "home/.config/docker-tags";

fn names(env: &TestEnv) -> Vec<String> {
    let entries = std::fs::read_dir(env.root().join(DIRECTORY)).expect("it is there");
    let mut names: Vec<_> =
        entries.map(|e| e.expect("readable").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

fn leftovers(env: &TestEnv) -> usize {
    names(env).iter().filter(|name| name.ends_with(".tmp")).count()
}

#[test]
fn what_a_killed_writer_left_goes_with_the_next_write() {
    let env = super::super::profile::three();
    let file = |name: &str| env.write(&format!("{DIRECTORY}/{name}"), "password = \"old\"");
    file(".config.toml.0123456789abcdef.tmp");
    file(".config.toml.fedcba9876543210.tmp");
    // These are not of its kind.
    let kept = [
        ".config.toml.0123456789abcde.tmp",
        ".config.toml.0123456789abcdeg.tmp",
        ".config.toml.0123456789abcdef.bak",
        ".other.toml.0123456789abcdef.tmp",
        "config.toml.0123456789abcdef.tmp",
    ];
    kept.iter().for_each(|name| drop(file(name)));
    let directory = env.root().join(DIRECTORY);
    symlink("config.toml", directory.join(".config.toml.aaaaaaaaaaaaaaaa.tmp")).expect("ours");
    std::fs::create_dir(directory.join(".config.toml.bbbbbbbbbbbbbbbb.tmp")).expect("ours");
    env.run(["profile", "ls"]).code(0);
    assert!(names(&env).contains(&".config.toml.0123456789abcdef.tmp".to_owned()), "no write yet");
    env.run(["profile", "use", "lab"]).code(0);
    let mut expected: Vec<String> = kept.map(str::to_owned).to_vec();
    expected.extend([".config.toml.aaaaaaaaaaaaaaaa.tmp".into(), "config.toml".into()]);
    expected.push(".config.toml.bbbbbbbbbbbbbbbb.tmp".into());
    expected.sort();
    assert_eq!(names(&env), expected);
}

/// Kills `profile create` at every moment of its work, until a fresh file is left behind.
#[test]
fn a_real_kill_leaves_nothing_for_good() {
    let env = TestEnv::new();
    env.run(["profile", "create", "a", "--registry", "a.io"]).code(0);
    let directory = env.root().join(DIRECTORY);
    let is_left = || leftovers(&env) > 0;
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut number = 0;
    while !is_left() {
        assert!(Instant::now() < deadline, "never caught in the act: {number} tries");
        number += 1;
        let mut child = Command::new(binary())
            .args(["profile", "create", &format!("p{number}")])
            .args(["--registry", &format!("r{number}.io"), "-u", "u", "--password-stdin"])
            .env_clear()
            .env("HOME", env.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it can be started");
        drop(
            child.stdin.take().map(|mut stdin| std::io::Write::write_all(&mut stdin, b"secret-pw")),
        );
        // Watched without pause: the fresh file lives for a moment only.
        while child.try_wait().expect("ours").is_none() {
            if is_left() {
                let _ = child.kill();
            }
        }
        let _ = child.wait();
    }
    let mode = std::fs::metadata(&directory).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o077, 0);
    env.run(["profile", "create", "last", "--registry", "last.io"]).code(0);
    assert_eq!(names(&env), ["config.toml"]);
    let text = env.read(&format!("{DIRECTORY}/config.toml"));
    assert!(text.contains("[profiles.a]") && text.contains("[profiles.last]"), "{text}");
}
