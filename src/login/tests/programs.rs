//! Helper programs and password commands that hang, flood, fail or lie.

use std::time::Duration;

use super::fixture::{Fixture, find, shown, warns};
use crate::config::PasswordSource;
use crate::login::HELPER_LIMIT;
use crate::system::secret::Secret;

const SHORT: Duration = Duration::from_millis(300);
const STORE: &str = r#"{"auths":{"r.io":{"auth":"dTpw"}},"credsStore":"fake"}"#;

#[test]
fn bad_helpers_are_warnings_and_quote_no_secret() {
    for (script, words) in [
        ("echo 'no basic auth credentials'; exit 1", &["exit status: 1", "no basic auth"][..]),
        ("echo 'locked \u{1b}[31m now' >&2; exit 3", &["exit status: 3", "locked \\u{1b}[31m now"]),
        ("echo '{\"Secret\": \"hunter2\"}'; exit 1", &["exit status: 1"]),
        ("echo hunter2; echo 'why not' >&2; exit 1", &["why not"]),
        ("echo hunter2", &["printed no JSON"]),
        ("echo '\"hunter2\"'", &["printed no JSON object"]),
        ("true", &["printed no JSON object"]),
        ("echo '{\"Username\":7,\"Secret\":\"hunter2\"}'", &["Username must be a string"]),
        ("echo '{\"Username\":\"a:b\",\"Secret\":\"hunter2\"}'", &["colon"]),
        ("echo 'credentials not found in native keychain'", &["printed no JSON"]),
        ("kill -9 $$", &["signal: 9"]),
        ("head -c 2000000 /dev/zero", &["printed more than 1048576 bytes"]),
        ("exec sleep 20", &["did not answer within 300ms"]),
    ] {
        let fixture = Fixture::new();
        fixture.config(STORE);
        fixture.helper("fake", script);
        let limit = if script.contains("sleep") { SHORT } else { HELPER_LIMIT };
        let found = find(&fixture.logins().with_options(false, None, Some(limit)), "r.io", None);
        assert_eq!(shown(&found), "-", "{script}");
        assert!(warns(&found, &["docker-credential-fake"]), "{script}: {:?}", found.warnings);
        assert!(warns(&found, words), "{script}: {:?}", found.warnings);
        let all = format!("{found:?}");
        assert!(!all.contains("hunter2"), "{script}: {all}");
    }
}

#[test]
fn odd_helpers_that_work() {
    for (script, expected) in [
        ("echo '{\"username\":\"u\",\"SECRET\":\"s\"} trailing'", "u:s"),
        ("echo '{\"Username\":\"<token>\",\"Secret\":\"T\"}'; echo noise >&2", "- identity T"),
        ("head -c 300000 /dev/zero >&2; echo '{\"Username\":\"u\",\"Secret\":\"s\"}'", "u:s"),
        // Something that holds the pipes open after the helper's end.
        ("sleep 5 & echo '{\"Username\":\"u\",\"Secret\":\"s\"}'", "u:s"),
        ("echo; echo ' credentials not found in native keychain '; exit 7", "-"),
        ("echo '{}'", "-"),
        ("echo '{\"Username\":\"<token>\",\"Secret\":\"\"}'", "-"),
    ] {
        let fixture = Fixture::new();
        fixture.config(STORE);
        fixture.helper("fake", script);
        let found = fixture.find("r.io");
        assert_eq!(shown(&found), expected, "{script}");
        assert!(found.warnings.is_empty(), "{script}: {:?}", found.warnings);
    }
}

#[test]
fn a_helper_that_ignores_its_input_is_fine() {
    let fixture = Fixture::new();
    fixture.config(STORE);
    fixture.program("docker-credential-fake", r#"echo '{"Username":"u","Secret":"s"}'"#);
    assert_eq!(shown(&fixture.find("r.io")), "u:s");
}

#[test]
fn helper_names_are_no_paths_and_no_options() {
    for suffix in ["../fake", "/bin/sh", "a b", "-x", ".hidden", "a\\b", "a;b", "ä", "a\\u0000"] {
        let fixture = Fixture::new();
        fixture.helper_with("fake", "u", "s");
        fixture.config(&format!(r#"{{"credsStore":"{}"}}"#, suffix.replace("a\\b", "a\\\\b")));
        let found = fixture.find("r.io");
        assert_eq!(shown(&found), "-", "{suffix}");
        assert!(warns(&found, &["is not allowed"]), "{suffix}: {:?}", found.warnings);
        assert!(fixture.calls().is_empty(), "{suffix}");
    }
}

#[test]
fn helpers_are_found_on_absolute_entries_of_path_only() {
    let mut fixture = Fixture::new();
    fixture.config(STORE);
    fixture.helper_with("fake", "u", "s");
    let bin = fixture.path("bin").display().to_string();
    // Through the current directory, whatever it is, to the same place.
    let up = "../".repeat(40) + bin.trim_start_matches('/');
    for (path, expected) in [
        (format!(":.:/nowhere:{bin}"), "u:s"),
        (up, "-"),
        (String::new(), "-"),
        (":".to_owned(), "-"),
    ] {
        fixture.set("PATH", path.clone());
        assert_eq!(shown(&fixture.find("r.io")), expected, "{path}");
    }
    fixture.set("PATH", bin);
    fixture.chmod("bin/docker-credential-fake", 0o600);
    let found = fixture.find("r.io");
    assert!(warns(&found, &["docker-credential-fake is not on PATH"]), "{:?}", found.warnings);
}

#[test]
fn a_helper_gets_the_environment_and_no_secret() {
    let mut fixture = Fixture::new();
    fixture.config(r#"{"auths":{"r.io":{"auth":"aGlkZGVuOmh1bnRlcjI="}},"credsStore":"fake"}"#);
    fixture.set("GPG_TTY", "/dev/tty7");
    let log = fixture.path("env");
    fixture.helper("fake", &format!("env > {}; echo \"$@\" >> {0}; echo '{{}}'", log.display()));
    assert_eq!(shown(&fixture.find("r.io")), "-");
    let seen = std::fs::read_to_string(log).unwrap();
    assert!(seen.contains("GPG_TTY=/dev/tty7\n") && !seen.contains("CARGO"), "{seen}");
    assert!(!seen.contains("hunter2") && !seen.contains("aGlkZGVu"), "{seen}");
}

#[test]
fn a_helper_is_asked_once_by_many_threads() {
    let fixture = Fixture::new();
    fixture.config(r#"{"credHelpers":{"a.io":"fake","b.io":"broken"}}"#);
    fixture.helper_with("fake", "u", "s");
    fixture.helper("broken", "exit 1");
    let store = fixture.logins();
    let warnings: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    assert_eq!(shown(&find(&store, "a.io", None)), "u:s");
                    find(&store, "b.io", None).warnings.len()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(warnings, 1, "the failure is told once");
    let mut calls = fixture.calls();
    calls.sort();
    let call = |suffix: &str, host: &str| (suffix.into(), "get".into(), host.into());
    assert_eq!(calls, [call("broken", "b.io"), call("fake", "a.io")]);
}

fn words(argv: &[&str]) -> PasswordSource {
    PasswordSource::Command(argv.iter().map(|&word| word.to_owned()).collect())
}

#[test]
fn passwords_come_from_where_a_profile_says() {
    let mut fixture = Fixture::new();
    fixture.set("GHCR_TOKEN", "from-env\n");
    fixture.set("ONLY_NEWLINE", "\n");
    fixture.program("show", "printf '%s\\r\\n' \"$1\"");
    fixture.program("fail", "echo hunter2; echo 'no such entry' >&2; exit 2");
    fixture.program("binary", "printf '\\377'");
    let file = PasswordSource::File(fixture.write("file", " key\nof two lines\n\n"));
    let empty = PasswordSource::File(fixture.write("empty", ""));
    let absolute = fixture.path("bin/show").display().to_string();
    for (source, expected) in [
        (PasswordSource::Env("GHCR_TOKEN".into()), Ok("from-env")),
        (PasswordSource::Plain(Secret::new("plain")), Ok("plain")),
        (file, Ok(" key\nof two lines\n")),
        (words(&["show", "a;b $HOME"]), Ok("a;b $HOME")),
        (words(&[&absolute, "x"]), Ok("x")),
        (PasswordSource::Env("ABSENT".into()), Err("password-env ABSENT: the variable is not set")),
        (PasswordSource::Env("ONLY_NEWLINE".into()), Err("ONLY_NEWLINE: the password is empty")),
        (empty, Err("the password is empty")),
        (PasswordSource::File(fixture.path("absent")), Err("absent: No such file")),
        (PasswordSource::File(fixture.path("bin")), Err("s a directory")),
        (words(&[]), Err("no program is named")),
        (words(&["absent"]), Err("password-command absent: the program is not on PATH")),
        (words(&["bin/show"]), Err("absolute path")),
        (words(&["fail"]), Err("the program failed (exit status: 2): no such entry")),
        (words(&["binary"]), Err("not UTF-8")),
    ] {
        let read = source.read(&fixture.env(), HELPER_LIMIT);
        match (read, expected) {
            (Ok(secret), Ok(text)) => assert_eq!(secret.expose(), text, "{source}"),
            (Err(error), Err(part)) => {
                let message = error.to_string();
                assert!(message.contains(part), "{source}: {message}");
                assert!(!message.contains("hunter2"), "{message}");
            }
            (read, _) => panic!("{source}: {read:?}"),
        }
    }
}

#[test]
fn a_password_command_has_its_limits() {
    let fixture = Fixture::new();
    fixture.program("hang", "exec /bin/sleep 20");
    fixture.program("flood", "exec /usr/bin/head -c 2000000 /dev/zero");
    let error = words(&["hang"]).read(&fixture.env(), SHORT).unwrap_err().to_string();
    assert!(error.contains("did not answer within 300ms"), "{error}");
    let error = words(&["flood"]).read(&fixture.env(), HELPER_LIMIT).unwrap_err().to_string();
    assert!(error.contains("printed more than"), "{error}");
}
