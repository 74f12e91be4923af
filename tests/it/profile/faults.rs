//! A configuration file that is wrong: whatever is asked, nothing is sent, and the error says file,
//! line, column and key.

use super::FILE;
use crate::support::{TestEnv, TestRegistry};

/// A file, the place of its fault, a part of the message, the key, a part of the hint.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const A: &str = "[profiles.a]\nregistry = \"a.io\"\n";

const CASES: [Case; 26] = [
    ("profil = \"a\"", "1:1", "unknown key", "profil", "did you mean \"profile\"?"),
    ("registry = \"a.io\"", "1:1", "unknown key", "registry", "under [profiles.NAME]"),
    ("profile = 3", "1:11", "expected a string, found an integer", "profile", ""),
    (
        "profile = \"a\"\n[profiles.b]\nregistry = \"b.io\"",
        "1:11",
        "no profile named \"a\"",
        "profile",
        "b, default",
    ),
    ("profiles = 1", "1:12", "expected a table", "profiles", ""),
    (
        "[profiles.default]\nregistry = \"a.io\"",
        "1:11",
        "built-in",
        "profiles.default",
        "another name",
    ),
    ("[profiles.a]\n", "1:11", "the profile has no registry", "profiles.a.registry", "add a line"),
    ("{A}registry = \"b.io\"", "3:1", "duplicate key", "", ""),
    ("{A}  regsitry = \"b.io\"", "3:3", "unknown key", "profiles.a.regsitry", "\"registry\"?"),
    (
        "{A}insecure = \"yes\"",
        "3:12",
        "expected true or false, found a string",
        "profiles.a.insecure",
        "",
    ),
    ("{A}jobs = 65", "3:8", "a whole number from 1 to 64", "profiles.a.jobs", ""),
    (
        "{A}timeout = 0",
        "3:11",
        "expected a time from 0.1s to 1h, such as 5s, 500ms or 2m",
        "profiles.a.timeout",
        "",
    ),
    ("{A}retries = 1.5", "3:11", "a whole number from 0 to 10", "profiles.a.retries", ""),
    ("{A}namespace = \"Acme\"", "3:13", "not a namespace", "profiles.a.namespace", "lower case"),
    (
        "{A}repositories = \"x\"",
        "3:16",
        "expected a list of strings",
        "profiles.a.repositories",
        "",
    ),
    (
        "{A}token-hosts = [\"https://x\"]",
        "3:16",
        "not a host name",
        "profiles.a.token-hosts",
        "without scheme",
    ),
    ("{A}endpoint = \"http://b.io\"", "3:1", "needs plain-http", "profiles.a.endpoint", "https://"),
    ("{A}hub-api = \"x\"", "3:11", "starts with https://", "profiles.a.hub-api", ""),
    (
        "{A}insecure = true\nca-file = \"x\"",
        "3:1",
        "conflicts with ca-file",
        "profiles.a.insecure",
        "remove one",
    ),
    (
        "{A}insecure = true\nplain-http = true",
        "3:1",
        "conflicts with plain-http",
        "profiles.a.insecure",
        "remove one",
    ),
    ("{A}client-cert = \"x\"", "3:1", "needs client-key too", "profiles.a.client-cert", ""),
    (
        "{A}password-env = \"T\"",
        "3:1",
        "a password needs a username",
        "profiles.a.password-env",
        "",
    ),
    (
        "{A}username = \"u\"\npassword-env = \"$T\"",
        "4:16",
        "not the name of an environment",
        "profiles.a.password-env",
        "without $",
    ),
    (
        "{A}username = \"u\"\npassword = \"S3cr3t\"\npassword-env = \"T\"",
        "5:1",
        "conflicts with password: set only one",
        "profiles.a.password-env",
        "remove one",
    ),
    (
        "{A}username = \"u\"\npassword-command = \"S3cr3t\"",
        "4:20",
        "expected a list",
        "profiles.a.password-command",
        "[\"pass\"",
    ),
    (
        "{A}[profiles.b]\nregistry = \"A.io\"",
        "4:1",
        "profile \"a\" is for A.io too",
        "profiles.b.registry",
        "repositories",
    ),
];

#[test]
fn a_fault_is_named_with_its_place() {
    let registry = TestRegistry::new().tags("app", ["1"]).start();
    let env = TestEnv::new();
    env.canary("S3cr3t");
    let path = env.root().join(FILE);
    let name = registry.repo("app");
    for (text, place, message, key, hint) in CASES {
        env.config_toml(&text.replace("{A}", A));
        for command in [["ls", &name], ["profile", "ls"]] {
            let output = env.run(command);
            output.code(2).stdout("");
            output.stderr_has(&format!("error: {}:{place}: ", path.display()));
            output.stderr_has(message).stderr_has(hint);
            if !key.is_empty() {
                output.stderr_has(&format!(" ({key})\n"));
            }
            if !hint.is_empty() {
                output.stderr_has("\nhint: ");
            }
        }
    }
    assert_eq!(registry.requests().len(), 0, "nothing is sent: {}", registry.log());
}

#[test]
fn a_file_that_is_no_text_is_named() {
    let env = TestEnv::new();
    let path = env.write(FILE, b"profile = \"\xff\"");
    env.run(["profile", "ls"]).code(2).stderr_has(&format!("{}:1:12: not UTF-8", path.display()));
    std::fs::remove_file(&path).expect("ours");
    std::fs::create_dir(&path).expect("ours");
    env.run(["ls", "alpine"]).code(2).stderr_has(&format!("{}: cannot be read", path.display()));
}

#[test]
fn an_unknown_profile_is_an_error_with_the_near_match() {
    let env = super::three();
    for output in [
        env.run(["-p", "wrok", "ls", "x"]),
        env.command(["ls", "x"]).var("DOCKER_TAGS_PROFILE", "wrok").run(),
    ] {
        output.code(2).stdout("").stderr_has("no profile named \"wrok\"");
        output.stderr_has("did you mean \"work\"? the profiles are: hub, work, lab, default");
    }
}

#[test]
fn a_password_that_others_can_read_is_worth_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    env.canary("S3cr3t");
    let text = format!("{A}username = \"u\"\npassword = \"S3cr3t\"\n");
    let path = env.config_toml(&text);
    env.run(["profile", "ls"]).code(0).silent();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("ours");
    let part = format!(
        "warning: {0} contains a password and can be read by others: chmod 600 {0}",
        path.display()
    );
    env.run(["profile", "ls"]).code(0).stderr_has(&part);
    env.run(["check", "--offline", "a.io/x"]).code(0).stderr_has(&part);
}
