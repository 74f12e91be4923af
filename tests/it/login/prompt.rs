//! `-u` alone: the password is asked for on the terminal, and the terminal is left as it was.

use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::support::env::binary;
use crate::support::{TestEnv, TestRegistry};

const PASSWORD: &str = "canary-typed-1";

/// Runs a shell line on a terminal of its own; types `keys` once the password is asked for.
/// Everything that the terminal showed is the result.
fn typed(env: &TestEnv, line: &str, keys: &str) -> String {
    on_terminal(env, line, "Password of ann: ", |_, keyboard| {
        keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    })
}

/// Runs a shell line on a terminal of its own; once the terminal shows `sign`, `react` gets what it
/// showed so far, and the keyboard. Everything that the terminal showed is the result.
fn on_terminal(
    env: &TestEnv,
    line: &str,
    sign: &str,
    react: impl FnOnce(&str, &mut ChildStdin),
) -> String {
    let mut child = Command::new("/usr/bin/script")
        .args(["-q", "-e", "-c", line, "/dev/null"])
        .env_clear()
        .env("HOME", env.home())
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is the program script");
    let mut keyboard = child.stdin.take().expect("it is piped");
    let mut screen = child.stdout.take().expect("it is piped");
    let (mut shown, mut react) = (Vec::new(), Some(react));
    let mut chunk = [0; 1024];
    while let Ok(count @ 1..) = screen.read(&mut chunk) {
        shown.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&shown);
        if text.contains(sign)
            && let Some(react) = react.take()
        {
            react(&text, &mut keyboard);
        }
    }
    child.wait().expect("it ends");
    String::from_utf8_lossy(&shown).into_owned()
}

/// Whether `stty -a` shows a terminal that echoes, edits lines and makes signals of keys.
fn sane(shown: &str) -> bool {
    ["echo", "icanon", "isig"].iter().all(|word| shown.split_whitespace().any(|one| one == *word))
}

#[test]
fn the_password_is_asked_for_without_echo() {
    let registry = TestRegistry::new().tags("a", ["1.0"]).require_basic("ann", PASSWORD).start();
    let env = TestEnv::new();
    let command = format!("{} -u ann ls {}", binary().display(), registry.repo("a"));
    let shown = typed(&env, &format!("{command}; echo code=$?; stty -a"), &format!("{PASSWORD}\r"));
    assert!(shown.contains("1.0") && shown.contains("code=0"), "{shown}");
    assert!(!shown.contains(PASSWORD), "{shown}");
    assert!(sane(&shown), "the terminal is sane: {shown}");
    assert_eq!(registry.requests()[1].basic(), Some(("ann".into(), PASSWORD.into())));
    // Data that is piped on is not in the way of the question.
    let shown = typed(&env, &format!("{command} </dev/null | cat"), &format!("{PASSWORD}\r"));
    assert!(shown.contains("1.0"), "{shown}");
}

#[test]
fn breaking_off_leaves_the_terminal_sane() {
    let registry = TestRegistry::new().tags("a", ["1.0"]).require_basic("ann", PASSWORD).start();
    let env = TestEnv::new();
    let command = format!("{} -u ann ls {}", binary().display(), registry.repo("a"));
    for keys in ["half\x03", "half\x04", "\x03"] {
        let shown = typed(&env, &format!("{command}; echo code=$?; stty -a"), keys);
        assert!(shown.contains("code=130") && !shown.contains("half"), "{shown}");
        assert!(sane(&shown), "{shown}");
        assert!(!shown.contains("error:"), "who breaks off needs no telling: {shown}");
    }
    assert_eq!(registry.requests().len(), 0, "nothing is sent before there is a password");
}

/// A name is shown with the question, and commands no terminal.
#[test]
fn the_question_is_shown_safely() {
    let env = TestEnv::new();
    let name = "\"$(printf 'ann\\033]0;pwn\\007\\342\\200\\256')\"";
    let line = format!("{} --color never -u {name} ls 127.0.0.1:1/a", binary().display());
    let shown = on_terminal(&env, &line, "Password of ann", |_, keyboard| {
        keyboard.write_all(b"x\r").expect("the terminal takes keys");
    });
    assert!(shown.contains("Password of ann\\u{1b}]0;pwn\\u{7}\\u{202e}: "), "{shown:?}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

/// A signal from elsewhere (`timeout`, docker, a closed window) finds the terminal without its echo.
#[test]
fn a_signal_leaves_the_terminal_sane() {
    let env = TestEnv::new();
    let command = format!("{} -u ann ls 127.0.0.1:1/a", binary().display());
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130), ("QUIT", 131)] {
        let line = format!("sh -c 'echo pid=$$; exec {command}'; echo code=$?; stty -a");
        let shown = on_terminal(&env, &line, "Password of ann: ", |shown, _| {
            let pid = shown.split_once("pid=").expect("the shell says it").1;
            let pid = pid.lines().next().unwrap_or_default().trim();
            let sent = Command::new("/bin/kill").args([&format!("-{signal}"), pid]).status();
            assert!(sent.is_ok_and(|status| status.success()), "{shown}");
        });
        assert!(shown.contains(&format!("code={code}")), "{signal}: {shown}");
        assert!(sane(&shown), "{signal}: {shown}");
    }
}

/// A line of progress that is broken off does not stay.
#[test]
fn breaking_off_takes_the_progress_away() {
    let registry = TestRegistry::new()
        .tags("a", (0..200).map(|n| format!("t{n}")))
        .delay(Duration::from_millis(40))
        .start();
    let env = TestEnv::new();
    let command = format!("{} ls --digests -j 1 {}", binary().display(), registry.repo("a"));
    // The shell gets the same Ctrl-C, and goes on.
    let line = format!("trap : INT; {command}; echo code=$?");
    let shown = on_terminal(&env, &line, "requests, ", |_, keys| {
        keys.write_all(b"\x03").expect("the terminal takes keys");
    });
    let (_, after) = shown.rsplit_once("left").expect("there was progress");
    assert!(after.contains("\r\u{1b}[K"), "the line is erased: {shown:?}");
    assert!(after.trim_end().ends_with("code=130"), "{shown:?}");
}

#[test]
fn a_wrong_password_on_the_command_line_ends_it() {
    // It was given for this very call: nothing is tried without it, not even what is public.
    let rules = crate::support::TokenRules::default();
    let registry = TestRegistry::new().tags("a", ["1"]).tags("b", ["2"]).user("ann", PASSWORD);
    let registry = registry.require_token(rules).start();
    let env = TestEnv::new();
    env.canary("canary-wrong");
    let names = [registry.repo("a"), registry.repo("b")];
    let args = ["-u", "ann", "--password-stdin", "ls", &names[0], &names[1]];
    let output = env.command(args).stdin("canary-wrong").run();
    output
        .code(4)
        .stdout("")
        .stderr_has("rejected the credentials of ann (from -u and --password-stdin)");
    output.stderr_has("\nhint: check the user name and password\n");
    let requests = registry.token_service().requests();
    let sent = requests.iter().filter(|request| request.basic().is_some()).count();
    assert_eq!((sent, requests.len()), (1, 1), "{}", registry.log());
}

#[test]
fn without_a_terminal_there_is_a_hint() {
    // setsid: the tests themselves may have a terminal, and then there is one to ask on.
    let env = TestEnv::new();
    let program = binary().into_os_string();
    let args = ["-w".into(), program, "-u".into(), "ann".into(), "ls".into(), "a.io/x".into()];
    let output = env.program_run("/usr/bin/setsid", args).run();
    output.code(2).stdout("").stderr_has("there is no terminal").stderr_has("--password-stdin");
    let output = env.run(["--password-stdin", "ls", "a.io/x"]);
    output.code(2).stdout("").stderr_has("--password-stdin needs --username");
    let output =
        env.command(["-u", "ann", "--password-stdin", "ls", "127.0.0.1:1/x", "127.0.0.1:2/x"]);
    let output = output.stdin("p").run();
    output.stderr_has("--username is for one registry").stderr_has("profile create");
}

/// A helper or a password command that asks on the terminal gets it, though it has a process group
/// of its own.
#[test]
fn a_program_can_ask_on_the_terminal() {
    let registry = TestRegistry::new().tags("a", ["1.0"]).require_basic("ann", PASSWORD).start();
    let ask = "printf 'PIN: ' >/dev/tty\nstty -echo </dev/tty\nread pin </dev/tty\n\
               stty echo </dev/tty\n";
    for is_helper in [true, false] {
        let env = TestEnv::new();
        if is_helper {
            let answer = "printf '{\"Username\":\"ann\",\"Secret\":\"%s\"}' \"$pin\"";
            let script = format!("#!/bin/sh\n{ask}{answer}\n");
            env.program("docker-credential-pin", &script);
            env.docker_config_json(&serde_json::json!({"credsStore": "pin"}));
        } else {
            let program = env.program("pin", &format!("#!/bin/sh\n{ask}echo \"$pin\"\n"));
            env.config_toml(&format!(
                "[profiles.it]\nregistry = \"{}\"\nusername = \"ann\"\npassword-command = [\"{}\"]\n",
                registry.host(),
                program.display()
            ));
        }
        let (config, path) = (env.docker_config(), env.root().join("bin"));
        let line = format!(
            "export DOCKER_CONFIG={} PATH={}:$PATH; {} ls {}; echo code=$?",
            config.display(),
            path.display(),
            binary().display(),
            registry.repo("a")
        );
        let shown = on_terminal(&env, &line, "PIN: ", |_, keyboard| {
            // The program may be started once more when it asks, and what was typed is not lost.
            keyboard
                .write_all(format!("{PASSWORD}\n").as_bytes())
                .expect("the terminal takes keys");
        });
        assert!(shown.contains("1.0") && shown.contains("code=0"), "{is_helper}: {shown}");
    }
}
