//! What the file may say, and files that cannot be read at all.

use std::time::Duration;

use super::super::testing::{Place, parse};
use super::super::{Config, PasswordSource};
use super::*;
use crate::system::secret::Secret;

fn only(text: &str) -> Profile {
    let config = parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    config.profiles[0].clone()
}

#[test]
fn every_key() {
    let text = r#"
profile = "work"
previous-profile = "default"

[profiles.work]
registry = "ghcr.io"
namespace = "acme/team"
repositories = ["acme/*", "tools/cli"]
username = "octocat"
password-command = ["./pw.sh", "", "a b"]
insecure = true
client-cert = "~/c.pem"
client-key = "keys/k.pem"
endpoint = "https://mirror.example:8443/v/"
hub-api = "http://127.0.0.1:9"
token-hosts = ["Auth.example", "sso.example"]
jobs = 0x10
timeout = 2.5
retries = 0
"#;
    let config = parse(text).unwrap();
    assert_eq!(config.active, Some(("work".to_owned(), 2)));
    assert_eq!(config.previous.as_deref(), Some("default"));
    let profile = &config.profiles[0];
    let s = &profile.settings;
    assert_eq!(profile.registry().as_str(), "ghcr.io");
    assert_eq!(s.namespace.as_ref().map(|n| n.as_str()), Some("acme/team"));
    let patterns: Vec<_> = s.repositories.iter().map(|p| p.as_str()).collect();
    assert_eq!(patterns, ["acme/*", "tools/cli"]);
    assert_eq!(s.username.as_deref(), Some("octocat"));
    let argv = vec!["/c/./pw.sh".to_owned(), String::new(), "a b".to_owned()];
    assert_eq!(s.password_source(), Some(PasswordSource::Command(argv)));
    assert!(s.insecure && !s.plain_http);
    let pair = ("/home/user/c.pem".into(), "/c/keys/k.pem".into());
    assert_eq!(s.client_files(), Some((&pair.0, &pair.1)));
    let endpoint = s.endpoint.as_ref().map(ToString::to_string);
    assert_eq!(endpoint.as_deref(), Some("https://mirror.example:8443/v"));
    assert_eq!(s.token_hosts, ["auth.example", "sso.example"]);
    assert_eq!((s.jobs, s.retries), (Some(16), Some(0)));
    assert_eq!(s.timeout, Some(Duration::from_millis(2500)));

    let rows: Vec<_> = s
        .shown()
        .iter()
        .map(|(key, value)| format!("{key}={value} {}", profile.origin(key)))
        .collect();
    assert_eq!(
        rows,
        [
            "registry=ghcr.io /c/config.toml:6",
            "namespace=acme/team /c/config.toml:7",
            "repositories=acme/*, tools/cli /c/config.toml:8",
            "username=octocat /c/config.toml:9",
            "password-command=/c/./pw.sh … /c/config.toml:10",
            "insecure=true /c/config.toml:11",
            "plain-http=false default",
            "ca-file= default",
            "client-cert=/home/user/c.pem /c/config.toml:12",
            "client-key=/c/keys/k.pem /c/config.toml:13",
            "endpoint=https://mirror.example:8443/v /c/config.toml:14",
            "hub-api=http://127.0.0.1:9 /c/config.toml:15",
            "token-hosts=auth.example, sso.example /c/config.toml:16",
            "jobs=16 /c/config.toml:17",
            "timeout=2.5 /c/config.toml:18",
            "retries=0 /c/config.toml:19",
        ]
    );
}

#[test]
fn passwords() {
    let cases = [
        ("password-env = \"GHCR_TOKEN\"", PasswordSource::Env("GHCR_TOKEN".to_owned())),
        ("password-file = \"pw\"", PasswordSource::File("/c/pw".into())),
        ("password-file = \"~/pw\"", PasswordSource::File("/home/user/pw".into())),
        ("password-file = \"/run/pw\"", PasswordSource::File("/run/pw".into())),
        ("password-command = [\"pass\"]", PasswordSource::Command(vec!["pass".to_owned()])),
        ("password = \"a\\nb\"", PasswordSource::Plain(Secret::new("a\nb"))),
    ];
    for (line, expected) in cases {
        let text = format!("[profiles.w]\nregistry = \"ghcr.io\"\nusername = \"u\"\n{line}\n");
        assert_eq!(only(&text).settings.password_source(), Some(expected), "{line}");
    }
}

#[test]
fn layouts_that_toml_allows() {
    for text in [
        "profiles.w.registry = \"ghcr.io\"\nprofile = \"w\"\n",
        "profiles = { w = { registry = \"ghcr.io\" } }\n",
        "[profiles]\nw.registry = 'ghcr.io'\n",
        "\u{feff}[profiles.w]\r\nregistry = \"ghcr.io\"\r\n",
        "[profiles.\"w\"]\n\"registry\" = \"\"\"ghcr.io\"\"\"",
    ] {
        assert_eq!(only(text).registry().as_str(), "ghcr.io", "{text}");
    }
    for text in ["", "# nothing\n", "[profiles]\n", "profile = \"default\"\n"] {
        assert_eq!(parse(text).unwrap().profiles().count(), 0, "{text}");
    }
}

#[test]
fn profiles_keep_the_order_of_the_file() {
    let text = "[profiles.z]\nregistry = \"a.b\"\n[profiles.a]\nregistry = \"b.b\"\n\
                [profiles.m]\nregistry = \"c.b\"\n";
    let config = parse(text).unwrap();
    let names: Vec<_> = config.profiles().filter_map(Profile::name).collect();
    assert_eq!(names, ["z", "a", "m"]);
}

#[test]
fn files_that_cannot_be_read() {
    let place = Place::new();
    let config = Config::load(&place.env).unwrap();
    assert_eq!((config.path(), config.profiles().count()), (place.file().as_path(), 0));
    assert_eq!(place.names(), Vec::<String>::new(), "reading makes no files");

    let path = place.file().display().to_string();
    let error = |bytes: &[u8]| {
        std::fs::write(place.file(), bytes).unwrap();
        Config::load(&place.env).unwrap_err().to_string()
    };
    assert_eq!(error(b"# a\n# \xc3\xa9\xff"), format!("{path}:2:4: not UTF-8 text"));
    let large = vec![b'#'; 1 << 21];
    assert_eq!(error(&large), format!("{path}: cannot be read: is larger than 1 MiB"));

    std::fs::remove_file(place.file()).unwrap();
    std::fs::create_dir(place.file()).unwrap();
    let message = Config::load(&place.env).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{path}: cannot be read: ")), "{message}");
}

#[test]
fn nesting_has_a_limit() {
    for (open, close) in [("[", ""), ("[", "]"), ("{a=", ""), ("{a=", "1}")] {
        let text = format!("x = {}{}", open.repeat(100_000), close.repeat(100_000));
        let message = parse(&text).unwrap_err().to_string();
        assert!(message.starts_with("/c/config.toml:1:"), "{message}");
    }
    for text in
        [format!("[{}a]\n", "a.".repeat(100_000)), format!("{}a = 1\n", "a.".repeat(100_000))]
    {
        parse(&text).unwrap_err();
    }
}

#[test]
fn time_limits() {
    for (written, milliseconds) in [
        ("5", 5_000),
        ("2.5", 2_500),
        ("\"5s\"", 5_000),
        ("\"500ms\"", 500),
        ("\"2m\"", 120_000),
        ("\"1h\"", 3_600_000),
        ("\"7\"", 7_000),
    ] {
        let text = format!("[profiles.w]\nregistry = \"ghcr.io\"\ntimeout = {written}\n");
        let timeout = only(&text).settings.timeout;
        assert_eq!(timeout, Some(Duration::from_millis(milliseconds)), "{written}");
    }
}

#[test]
fn near_words() {
    let words = ["password", "password-env", "registry", "hub-api", "work"];
    let cases = [
        ("pasword", Some("password")),
        ("password_env", Some("password-env")),
        ("Registry", Some("registry")),
        ("regsitry", Some("registry")),
        ("wrok", Some("work")),
        ("token", None),
        ("wo", None),
        ("", None),
    ];
    for (word, expected) in cases {
        assert_eq!(nearest(word, words.into_iter()), expected, "{word:?}");
    }
    assert_eq!(nearest(&"x".repeat(100_000), words.into_iter()), None);
}

#[cfg(unix)]
#[test]
fn warns_when_others_can_read_a_password() {
    use std::os::unix::fs::PermissionsExt;
    let plain = "[profiles.w]\nregistry = \"a.b\"\nusername = \"u\"\npassword = \"canary\"\n";
    let none = "[profiles.w]\nregistry = \"a.b\"\n";
    let read = "contains a password and can be read by others: chmod 600";
    let changed = "can be changed by others: chmod 600";
    for (text, mode, expected) in [
        (plain, 0o600, vec![]),
        (plain, 0o640, vec![read]),
        (plain, 0o604, vec![read]),
        (plain, 0o646, vec![read, changed]),
        (none, 0o644, vec![]),
        (none, 0o666, vec![changed]),
    ] {
        let place = Place::with(text);
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(place.file(), permissions).unwrap();
        let path = place.file().display().to_string();
        let expected: Vec<_> = expected.iter().map(|e| format!("{path} {e} {path}")).collect();
        assert_eq!(Config::load(&place.env).unwrap().warnings(), expected, "{mode:o}");
    }
}
