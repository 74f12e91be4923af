//! T15, T16, T21, T23: configuration files that are hostile, and what is left on the disk.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{HANGS, PASSWORD, USER, logged_in, three_ways};
use crate::support::{TestEnv, TestRegistry, TokenRules};

fn open() -> TestRegistry {
    TestRegistry::new().tags("demo/app", ["1.0"]).require_token(TokenRules::default()).start()
}

/// config.json and auth.json of every broken kind: no login, a warning, and the list.
#[test]
fn broken_login_files_are_no_login() {
    let registry = open();
    let host = registry.host();
    let contents: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{".to_vec(),
        b"\xff\xfe{}".to_vec(),
        vec![0; 4096],
        "[".repeat(1_000_000).into_bytes(),
        "{\"auths\":".repeat(100_000).into_bytes(),
        vec![b' '; 9 * 1024 * 1024],
        json!({"auths": {&host: {"auth": 7}}}).to_string().into_bytes(),
        json!({"auths": {&host: {"auth": "%%%"}}}).to_string().into_bytes(),
        json!({"auths": {&host: {"auth": "bm9jb2xvbg=="}}}).to_string().into_bytes(),
        json!({"auths": {&host: {"auth": "YQoKYjpj"}}}).to_string().into_bytes(),
        json!({"auths": {&host: {"registrytoken": "a\r\nX-Injected: 1"}}}).to_string().into_bytes(),
        json!({"auths": {&host: {"identitytoken": "\u{0}"}}}).to_string().into_bytes(),
        json!({"auths": {&host: []}}).to_string().into_bytes(),
        json!({"auths": {&host: {"username": {}, "password": PASSWORD}}}).to_string().into_bytes(),
        json!({"credHelpers": {&host: 5}, "credsStore": []}).to_string().into_bytes(),
    ];
    for content in contents {
        for path in ["home/.docker/config.json", "home/.config/containers/auth.json"] {
            let env = TestEnv::new();
            env.canary(PASSWORD);
            env.write(path, &content);
            let name = registry.repo("demo/app");
            let output = env.command(["ls", &name]).deadline(HANGS).measured().run();
            let shown = String::from_utf8_lossy(&content[..content.len().min(60)]).into_owned();
            assert!(output.code == 0 && output.stdout == "1.0\n", "{path} {shown:?}\n{output}");
            output.peak_below(64 * 1024);
        }
    }
    assert!(registry.requests().iter().all(|request| request.header("x-injected").is_none()));
}

/// Keys and values that would command the terminal when they are quoted in a warning.
#[test]
fn login_files_are_quoted_safely() {
    let registry = open();
    let evil = "\u{1b}[31m\u{202e}\u{9b}\r\nx";
    let host = registry.host();
    for document in [
        json!({"credsStore": evil, "auths": {}}),
        json!({"credHelpers": {&host: evil}}),
        json!({evil: evil, "auths": {evil: {"auth": evil}, &host: {"auth": evil}}}),
        json!({"auths": {&host: {"auth": evil, evil: evil, "username": evil}}}),
    ] {
        let env = TestEnv::new();
        env.docker_config_json(&document);
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.lists(&["1.0"]);
        });
        let output = env.run(["check", "--offline", &registry.repo("demo/app")]);
        output.code(0);
    }
}

/// Profiles of every broken kind: an error that names the file, and no request.
#[test]
fn broken_profiles_are_errors() {
    let registry = open();
    let deep = format!("a = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    let tables = (0..20_000).map(|n| format!("[a{n}.b.c.d]\n")).collect::<String>();
    for text in [
        "profile = ",
        "profile = \"\u{7f}\"",
        "[profiles.\"\\u001b[31m\"]\nx = 1",
        "[profiles.a]\nregistry = \"\\u001b[31m\\u202e\"",
        "[profiles.a]\nregistry = 7",
        "[profiles.a]\nregistry = \"r.io\"\nunknown-\\u001b = 1",
        "[profiles.a]\nregistry = \"r.io\"\nendpoint = \"https://u:p@h\"",
        "[profiles.a]\nregistry = \"r.io\"\nendpoint = \"file:///etc/passwd\"",
        "[profiles.a]\nregistry = \"r.io\"\ntimeout = -1",
        "[profiles.a]\nregistry = \"r.io\"\njobs = 99999999999999999999",
        &deep,
        &tables,
        "a.b.c.d.e.f.g = { x = [1, {y = 2}",
    ] {
        let env = logged_in(&registry.host());
        env.config_toml(text);
        let shown = &text[..text.len().min(60)];
        let name = registry.repo("demo/app");
        let output = env.command(["ls", &name]).deadline(HANGS).measured().run();
        assert!(output.code == 2, "{shown:?}\n{output}");
        output.stdout("").stderr_has("config.toml");
        assert!(output.stderr.len() < 4_000, "{shown:?}\n{output}");
        output.peak_below(super::MEMORY);
    }
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
    let env = logged_in(&registry.host());
    env.config_toml("[profiles.\"a\\u001b]0;pwn\\u0007\"]\nregistry = 7\n");
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(2);
    });
}

/// A secret in the profiles is not in the message about them.
#[test]
fn errors_about_profiles_quote_no_password() {
    for line in [
        format!("password = \"{PASSWORD}\" x"),
        format!("password = {PASSWORD}"),
        format!("password = [\"{PASSWORD}\"]"),
        format!("password = \"{PASSWORD}"),
        format!("password = \"{PASSWORD}\"\npassword = \"{PASSWORD}\""),
        format!("pasword = \"{PASSWORD}\""),
        format!("password = \"{PASSWORD}\"\npassword-env = \"X\""),
    ] {
        let env = TestEnv::new();
        env.canary(PASSWORD);
        env.config_toml(&format!(
            "[profiles.a]\nregistry = \"r.io\"\nusername = \"{USER}\"\n{line}\n"
        ));
        three_ways(&env, &["check", "--offline", "alpine"], |seen| {
            seen.output.code(2);
        });
    }
}

/// T21: nothing in the working directory is read: it may be a stranger's checkout.
#[test]
fn the_working_directory_configures_nothing() {
    let registry = open();
    let env = TestEnv::new();
    let evil = format!("[profiles.x]\nregistry = \"{}\"\npassword = 7\n", registry.host());
    for name in [
        "work/config.toml",
        "work/docker-tags.toml",
        "work/.docker-tags.toml",
        "work/docker-tags/config.toml",
        "work/.config/docker-tags/config.toml",
        "work/.docker/config.json",
        "work/config.json",
        "work/.env",
        "work/.netrc",
    ] {
        env.write(name, &evil);
    }
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.lists(&["1.0"]);
        seen.says_nothing_of("warning");
    });
}

/// T23: tokens and logins leave no trace on the disk.
#[test]
fn nothing_is_written() {
    let registry = open();
    let env = logged_in(&registry.host());
    let before = snapshot(env.root());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        assert_eq!(seen.output.code, 0, "{}", seen.output);
    });
    env.run(["check", &registry.repo("demo/app")]);
    assert_eq!(snapshot(env.root()), before);
    let tokens = registry.token_service().tokens();
    let output = env.run(["ls", "-v", &registry.repo("demo/app")]);
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    env.check(&output, &tokens);
}

fn snapshot(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut directories) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("ours").flatten() {
            let path = entry.path();
            if path.is_dir() {
                found.push((path.clone(), Vec::new()));
                directories.push(path);
            } else {
                found.push((path.clone(), std::fs::read(&path).unwrap_or_default()));
            }
        }
    }
    found.sort();
    found
}

/// T15: a login file that others can read is worth a word, and still used.
#[test]
fn a_readable_login_file_is_worth_a_warning() {
    let registry =
        TestRegistry::new().tags("demo/app", ["1.0"]).require_basic(USER, PASSWORD).start();
    let env = logged_in(&registry.host());
    let path = env.docker_config().join("config.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("ours");
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.lists(&["1.0"]).says("warning: ").says("config.json");
    });
}

/// Things in place of files: a directory, a dangling link, a device, a link in a circle.
#[test]
fn things_in_place_of_files() {
    let registry = open();
    let places = ["home/.docker/config.json", "home/.config/containers/auth.json"];
    for place in places {
        for target in ["/", "/nonexistent", "/dev/null", "config.json", "/dev/zero"] {
            let env = TestEnv::new();
            let path = env.root().join(place);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("ours");
            symlink(target, &path).expect("ours");
            let name = registry.repo("demo/app");
            let output = env.command(["ls", &name]).deadline(HANGS).measured().run();
            output.code(0).stdout("1.0\n");
            output.peak_below(64 * 1024);
        }
    }
}
