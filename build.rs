//! Tells a release build which commit and target it is made from: `docker-tags --version` says so.
//!
//! Development builds are left alone, so that a commit does not make everything build again.

use std::env;
use std::fs;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DOCKER_TAGS_COMMIT");
    let mut version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        for path in [".git/HEAD", ".git/index", ".cargo_vcs_info.json"] {
            if fs::exists(path).unwrap_or(false) {
                println!("cargo::rerun-if-changed={path}");
            }
        }
        if let Some(commit) = commit() {
            let target = env::var("TARGET").unwrap_or_default();
            version.push_str(&format!(" ({commit}, {target})"));
        }
    }
    println!("cargo::rustc-env=DOCKER_TAGS_VERSION={version}");
}

/// The commit, with `-dirty` behind it where files differ from it. `None` outside of git.
fn commit() -> Option<String> {
    if let Ok(commit) = env::var("DOCKER_TAGS_COMMIT") {
        return Some(commit);
    }
    // What `cargo package` notes in its tarball.
    if let Ok(text) = fs::read_to_string(".cargo_vcs_info.json") {
        let (_, rest) = text.split_once("\"sha1\": \"")?;
        let dirty = if text.contains("\"dirty\": true") { "-dirty" } else { "" };
        return rest.get(..12).map(|commit| format!("{commit}{dirty}"));
    }
    if !fs::exists(".git").ok()? {
        return None;
    }
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
