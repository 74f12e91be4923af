//! The exact words for everything that the file may not say, with line and column.

use super::super::testing::parse;

/// A line of profile `w` (the file's third), the message without the path, the hint's beginning.
const IN_A_PROFILE: &[(&str, &str, &str)] = &[
    // Keys.
    ("pasword = \"canary\"", "3:1: unknown key (profiles.w.pasword)", "did you mean \"password\"?"),
    ("  user = \"canary\"", "3:3: unknown key (profiles.w.user)", "the keys are registry, "),
    ("\"a\\u001bb\" = 1", "3:1: unknown key (profiles.w.\"a\\u{1b}b\")", "the keys are "),
    ("insecure.x = true", "3:1: expected true or false, found a table (profiles.w.insecure)", ""),
    // Types.
    ("namespace = 1", "3:13: expected a string, found an integer (profiles.w.namespace)", ""),
    ("username = true", "3:12: expected a string, found a boolean (profiles.w.username)", ""),
    ("password = 12345", "3:12: expected a string, found an integer (profiles.w.password)", ""),
    (
        "insecure = \"yes\"",
        "3:12: expected true or false, found a string (profiles.w.insecure)",
        "",
    ),
    (
        "plain-http = 1979-05-27",
        "3:14: expected true or false, found a date (profiles.w.plain-http)",
        "",
    ),
    ("ca-file = []", "3:11: expected a string, found a list (profiles.w.ca-file)", ""),
    (
        "repositories = \"a/*\"",
        "3:16: expected a list of strings, found a string (profiles.w.repositories)",
        "",
    ),
    (
        "repositories = [\"a/*\", 1]",
        "3:24: expected a string, found an integer (profiles.w.repositories)",
        "",
    ),
    (
        "password-command = \"canary\"",
        "3:20: expected a list of strings, found a string (profiles.w.password-command)",
        "a list: password-command = [",
    ),
    (
        "password-command = [1]",
        "3:21: expected a string, found an integer (profiles.w.password-command)",
        "",
    ),
    ("jobs = 1.5", "3:8: expected a whole number from 1 to 64 (profiles.w.jobs)", ""),
    (
        "timeout = \"5d\"",
        "3:11: expected a time from 0.1s to 1h, such as 5s, 500ms or 2m (profiles.w.timeout)",
        "",
    ),
    // Values.
    ("namespace = \"\"", "3:13: must not be empty (profiles.w.namespace)", ""),
    (
        "namespace = \"Acme\"",
        "3:13: not a namespace: \"Acme\" (profiles.w.namespace)",
        "use the first part",
    ),
    (
        "namespace = \"acme/\"",
        "3:13: not a namespace: \"acme/\" (profiles.w.namespace)",
        "use the first part",
    ),
    ("username = \"a\\nb\"", "3:12: control characters are not allowed (profiles.w.username)", ""),
    (
        "username = \"u:canary\"",
        "3:12: a user name cannot contain a colon (profiles.w.username)",
        "",
    ),
    ("password = \"\"", "3:12: must not be empty (profiles.w.password)", ""),
    (
        "password-env = \"$canary\"",
        "3:16: not the name of an environment variable (profiles.w.password-env)",
        "use the name alone",
    ),
    (
        "password-env = \"1x\"",
        "3:16: not the name of an environment variable (profiles.w.password-env)",
        "use the name alone",
    ),
    ("password-command = []", "3:20: must not be empty (profiles.w.password-command)", ""),
    ("password-command = [\"\"]", "3:1: must not be empty (profiles.w.password-command)", ""),
    (
        "password-command = [\"a\", \"\\u0000canary\"]",
        "3:26: an argument cannot contain a NUL (profiles.w.password-command)",
        "",
    ),
    (
        "password-file = \"~bob/x\"",
        "3:17: only ~/ is supported, not ~USER (profiles.w.password-file)",
        "use an absolute path",
    ),
    ("repositories = []", "3:16: must not be empty (profiles.w.repositories)", ""),
    (
        "repositories = [\"acme/*\", \"Acme/*\"]",
        "3:27: not a pattern of repositories: \"Acme/*\" (profiles.w.repositories)",
        "use paths without",
    ),
    (
        "repositories = [\"a***b\"]",
        "3:17: not a pattern of repositories: \"a***b\" (profiles.w.repositories)",
        "use paths without",
    ),
    (
        "repositories = [\"lab:5000/*\"]",
        "3:17: not a pattern of repositories: \"lab:5000/*\" (profiles.w.repositories)",
        "use paths without",
    ),
    (
        "endpoint = \"mirror.example\"",
        "3:12: expected a URL that starts with https:// or http:// (profiles.w.endpoint)",
        "",
    ),
    (
        "endpoint = \"https://u:canary@a.b\"",
        "3:12: a URL here must not hold a user name or password (profiles.w.endpoint)",
        "",
    ),
    (
        "endpoint = \"https://a.b/?canary\"",
        "3:12: a URL here must not have a query or fragment (profiles.w.endpoint)",
        "",
    ),
    (
        "hub-api = \"https://a.b:0\"",
        "3:11: the URL's host or port is not valid (profiles.w.hub-api)",
        "",
    ),
    (
        "endpoint = \"https://a.b/../c\"",
        "3:12: the URL's path is not valid (profiles.w.endpoint)",
        "",
    ),
    (
        "token-hosts = [\"https://a.b\"]",
        "3:16: not a host name (profiles.w.token-hosts)",
        "use a name such as",
    ),
    (
        "token-hosts = [\"a.b:443\"]",
        "3:16: not a host name (profiles.w.token-hosts)",
        "use a name such as",
    ),
    ("jobs = 0", "3:8: expected a whole number from 1 to 64 (profiles.w.jobs)", ""),
    ("jobs = 65", "3:8: expected a whole number from 1 to 64 (profiles.w.jobs)", ""),
    ("jobs = 99999999999999999999", "3:8: integer number overflowed", ""),
    ("retries = -1", "3:11: expected a whole number from 0 to 10 (profiles.w.retries)", ""),
    (
        "timeout = 0",
        "3:11: expected a time from 0.1s to 1h, such as 5s, 500ms or 2m (profiles.w.timeout)",
        "",
    ),
    (
        "timeout = nan",
        "3:11: expected a time from 0.1s to 1h, such as 5s, 500ms or 2m (profiles.w.timeout)",
        "",
    ),
    (
        "timeout = inf",
        "3:11: expected a time from 0.1s to 1h, such as 5s, 500ms or 2m (profiles.w.timeout)",
        "",
    ),
    // Clashes.
    (
        "password = \"canary\"",
        "3:1: a password needs a username (profiles.w.password)",
        "add username",
    ),
    (
        "password-env = \"A\"\nusername = \"u\"\npassword = \"canary\"",
        "5:1: conflicts with password-env: set only one (profiles.w.password)",
        "remove one",
    ),
    (
        "insecure = true\nca-file = \"x\"",
        "3:1: conflicts with ca-file: insecure accepts any certificate (profiles.w.insecure)",
        "remove one",
    ),
    (
        "plain-http = true\ninsecure = true",
        "4:1: conflicts with plain-http: http has no certificates (profiles.w.insecure)",
        "remove one",
    ),
    ("client-cert = \"x\"", "3:1: needs client-key too (profiles.w.client-cert)", "add client-key"),
    ("client-key = \"x\"", "3:1: needs client-cert too (profiles.w.client-key)", "add client-cert"),
    (
        "endpoint = \"http://a.b\"",
        "3:1: http to another machine needs plain-http (profiles.w.endpoint)",
        "use https://",
    ),
    (
        "hub-api = \"http://a.b\"",
        "3:1: http to another machine needs plain-http (profiles.w.hub-api)",
        "use https://",
    ),
    // Syntax.
    ("password = \"canary", "3:19: invalid basic string, expected `\"`", ""),
    ("password = canary", "3:12: string values must be quoted, expected literal string", ""),
    ("registry = \"a.b\"", "3:1: duplicate key", ""),
];

#[test]
fn faults_in_a_profile() {
    for (line, message, hint) in IN_A_PROFILE {
        let text = format!("[profiles.w]\nregistry = \"ghcr.io\"\n{line}\n");
        fails(&text, message, hint);
    }
}

#[test]
fn faults_of_the_registry() {
    let name = "2:12: expected a registry name: HOST or HOST:PORT (profiles.w.registry)";
    for (value, message, hint) in [
        ("https://ghcr.io", name, "no https://"),
        ("ghcr.io/acme", name, "no https://"),
        ("gh cr.io", "2:12: not a registry name (profiles.w.registry)", ""),
        ("u:canary@ghcr.io", "2:12: not a registry name (profiles.w.registry)", ""),
        ("lab:0", "2:12: the port must be from 1 to 65535 (profiles.w.registry)", ""),
        ("lab:65536", "2:12: the port must be from 1 to 65535 (profiles.w.registry)", ""),
        (
            "lab",
            "2:12: in a name, \"lab\" would be read as a namespace, not as a registry (profiles.w.registry)",
            "give the port: registry = \"lab:443\"",
        ),
    ] {
        fails(&format!("[profiles.w]\nregistry = \"{value}\"\n"), message, hint);
    }
    for value in ["localhost", "lab:5000", "[::1]:5000", "127.0.0.1", "index.docker.io"] {
        parse(&format!("[profiles.w]\nregistry = \"{value}\"\n")).unwrap();
    }
}

#[test]
fn faults_of_the_whole() {
    for (text, message, hint) in [
        ("[profile.w]\n", "1:2: expected a string, found a table (profile)", ""),
        ("profil = 1\n", "1:1: unknown key (profil)", "did you mean \"profile\"?"),
        ("registry = \"a.b\"\n", "1:1: unknown key (registry)", "a setting belongs to a profile"),
        ("x = 1\n", "1:1: unknown key (x)", "the keys are profile, previous-profile, profiles"),
        ("[[profiles]]\n", "1:1: expected a table, found a list (profiles)", ""),
        ("[profiles]\nw = 1\n", "2:5: expected a table, found an integer (profiles.w)", ""),
        (
            "[profiles.\"é\"]\n",
            "1:11: \"é\" is not a profile name (profiles.\"é\")",
            "use up to 64 letters, digits",
        ),
        (
            "[profiles.-w]\n",
            "1:11: \"-w\" is not a profile name (profiles.-w)",
            "use up to 64 letters, digits",
        ),
        (
            "[profiles.default]\n",
            "1:11: \"default\" is the built-in Docker Hub profile (profiles.default)",
            "give it another name",
        ),
        (
            "# é\n[profiles.w]\ninsecure = true\n",
            "2:11: the profile has no registry (profiles.w.registry)",
            "add a line such as",
        ),
        (
            "profile = \"é\"\n",
            "1:11: \"é\" is not a profile name (profile)",
            "use up to 64 letters, digits",
        ),
        (
            "profile = \"wrok\"\n[profiles.work]\nregistry = \"a.b\"\n",
            "1:11: no profile named \"wrok\" (profile)",
            "did you mean \"work\"? the profiles are: work, default",
        ),
        (
            "[profiles.a]\nregistry = \"a.b\"\n[profiles.b]\nregistry = \"A.b\"\n",
            "4:1: profile \"a\" is for A.b too (profiles.b.registry)",
            "say what each serves",
        ),
        (
            "[profiles.a]\nregistry = \"a.b\"\nrepositories = [\"x/*\"]\n\
             [profiles.\"b.c\"]\nregistry = \"a.b\"\nrepositories = [\"y\", \"x/*\"]\n",
            "6:1: profile \"a\" serves \"x/*\" too (profiles.\"b.c\".repositories)",
            "a pattern belongs to one profile",
        ),
        // Two faults: the first in the file is the one that is told.
        (
            "[profiles.z]\njobs = 0\nregistry = 1\n[profiles.a]\nx = 1\n",
            "2:8: expected a whole number from 1 to 64 (profiles.z.jobs)",
            "",
        ),
    ] {
        fails(text, message, hint);
    }
    let apart = "[profiles.a]\nregistry = \"a.b\"\n[profiles.b]\nregistry = \"a.b\"\n\
                 repositories = [\"x/*\"]\n";
    assert_eq!(parse(apart).unwrap().profiles().count(), 2);
}

fn fails(text: &str, message: &str, hint: &str) {
    let error = parse(text).expect_err(text);
    assert_eq!(error.to_string(), format!("/c/config.toml:{message}"), "{text}");
    let found = error.hint().unwrap_or_default();
    assert!(found.starts_with(hint) && hint.is_empty() == found.is_empty(), "{text}\n{found}");
    let shown = format!("{error} {error:?}");
    // "canary" stands for a secret; only the names of keys may be repeated.
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!error.is_usage());
}
