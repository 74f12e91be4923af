//! Ctrl-C, SIGTERM and docker's own ways to stop a plugin, always in the middle of a list that does not end.

use std::io::Write;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::docker_cli::Docker;
use super::run::{Home, Outcome, Running, client_path, run, start, wait_until};
use super::wire::{Response, Server, Tls};

/// The exit codes of a program that stopped because it was told to.
const INTERRUPTED: i32 = 130;
const TERMINATED: i32 = 143;

/// Why two tests have nothing to look at with an old docker; `tests/run` says it too.
const NO_SOCKET: &str = "this docker is older than 25.0: nothing tells a plugin that docker stops";

/// A registry whose second page takes as long as the test lasts (a minute at most: then the list ends, the client
/// exits with 0, and the test fails).
struct SlowList {
    server: Server,
    over: Arc<AtomicBool>,
}

impl SlowList {
    fn start() -> SlowList {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let server = Server::start(Tls::Close, move |request| {
            let page = |tag: &str| Response::json(200, &json!({"name": "team/app", "tags": [tag]}));
            if !request.target.contains("last=") {
                return page("1.0")
                    .with_header("Link", "</v2/team/app/tags/list?last=1.0&n=1>; rel=\"next\"");
            }
            let began = Instant::now();
            while !seen.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(60) {
                thread::sleep(Duration::from_millis(10));
            }
            page("2.0")
        });
        SlowList { server, over }
    }

    fn repository(&self) -> String {
        format!("{}/team/app", self.server.address())
    }

    /// Starts a program and comes back when it waits for the second page.
    #[track_caller]
    fn start_until_it_waits(&self, command: &mut Command, stdin: Stdio) -> Running {
        let mut running = start(command, stdin);
        wait_until("the client asks for the second page, or ends", || {
            let waits = self.server.arrived().iter().any(|target| target.contains("last="));
            waits || running.has_ended()
        });
        if running.has_ended() {
            panic!("it ended by itself: {}", running.wait());
        }
        running
    }
}

impl Drop for SlowList {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

/// Sends a signal to a process, or to a process group when the number is negative.
#[track_caller]
fn send(signal: &str, to: i64) {
    let script = r#"kill -s "$1" -- "$2""#;
    run(Home::new().command("bash").args(["-c", script, "kill", signal, &to.to_string()]))
        .expect_code(0);
}

/// The list was cut off: it must not look like one.
#[track_caller]
fn expect_cut_off(outcome: Outcome, codes: &[i32]) {
    assert!(
        outcome.code.is_some_and(|code| codes.contains(&code)),
        "not one of {codes:?}: {outcome}"
    );
    assert_eq!(outcome.stdout, "", "{outcome}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
}

#[test]
#[ignore = "starts programs and signals them: for tests/run"]
fn signals_end_the_client() {
    for (signal, code) in [("INT", INTERRUPTED), ("TERM", TERMINATED), ("HUP", 129), ("QUIT", 131)]
    {
        let list = SlowList::start();
        let home = Home::new();
        let mut command = home.command(client_path());
        let running =
            list.start_until_it_waits(command.args(["ls", &list.repository()]), Stdio::null());
        send(signal, running.child.id().into());
        expect_cut_off(running.wait(), &[code]);
    }
}

/// What `nohup` and a shell's background set stays: such a run outlives its terminal.
#[test]
#[ignore = "starts programs and signals them: for tests/run"]
fn ignored_signals_stay_ignored() {
    for name in ["HUP", "INT", "QUIT"] {
        let list = SlowList::start();
        let home = Home::new();
        let script = format!("trap '' {name}; exec \"$0\" \"$@\"");
        let mut command = home.command("sh");
        command.args(["-c", &script]).arg(client_path()).args(["ls", &list.repository()]);
        let mut running = list.start_until_it_waits(&mut command, Stdio::null());
        send(name, running.child.id().into());
        thread::sleep(Duration::from_millis(200));
        assert!(!running.has_ended(), "SIG{name} is ignored");
        send("TERM", running.child.id().into());
        expect_cut_off(running.wait(), &[TERMINATED]);
    }
}

#[test]
#[ignore = "needs the real docker CLI"]
fn an_interrupt_of_the_group_gives_130_through_docker() {
    let list = SlowList::start();
    let docker = Docker::new();
    let mut command = docker.command(["tags", "ls", &list.repository()]);
    let running = list.start_until_it_waits(command.process_group(0), Stdio::null());
    send("INT", -i64::from(running.child.id()));
    expect_cut_off(running.wait(), &[INTERRUPTED]);
}

#[test]
#[ignore = "needs the real docker CLI and script (bsdutils)"]
fn ctrl_c_on_a_terminal_gives_130_through_docker() {
    let list = SlowList::start();
    let docker = Docker::new();
    let line = format!("exec docker tags ls {}", list.repository());
    let mut command = docker.home.command("script");
    command.args(["-qec", &line, "/dev/null"]);
    let mut running = list.start_until_it_waits(&mut command, Stdio::piped());
    let mut keyboard = running.child.stdin.take().expect("stdin was asked for");
    keyboard.write_all(b"\x03").expect("type Ctrl-C");
    let outcome = running.wait().expect_code(INTERRUPTED);
    drop(keyboard);
    assert!(!outcome.stdout.contains("1.0"), "what was read so far is no list: {outcome}");
}

/// Docker's side of the plugin socket, played by the test: docker from 25.0 on has it, this works with any.
#[test]
#[cfg(target_os = "linux")]
#[ignore = "starts programs and signals them: for tests/run"]
fn the_end_of_the_socket_ends_the_plugin() {
    let name = format!("docker_cli_tests_{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a short name");
    let listener = UnixListener::bind_addr(&address).expect("bind the socket");
    let list = SlowList::start();
    let home = Home::new();
    let mut command = home.command(client_path());
    command.args(["tags", "ls", &list.repository()]);
    command.env("DOCKER_CLI_PLUGIN_SOCKET", format!("@{name}"));
    let running = list.start_until_it_waits(&mut command, Stdio::null());
    drop(listener.accept().expect("the plugin connects"));
    drop(listener);
    expect_cut_off(running.wait(), &[INTERRUPTED, TERMINATED]);
}

#[test]
#[ignore = "needs the real docker CLI, 25.0 or newer"]
fn the_plugin_ends_when_docker_is_told_to_stop() {
    let docker = Docker::new();
    if !docker.has_plugin_socket() {
        return eprintln!("{NO_SOCKET}");
    }
    let list = SlowList::start();
    let mut command = docker.command(["tags", "ls", &list.repository()]);
    let running = list.start_until_it_waits(&mut command, Stdio::null());
    send("TERM", running.child.id().into());
    // Docker sends no signal on: it closes its socket, and hands on the code with which the plugin ends.
    expect_cut_off(running.wait(), &[INTERRUPTED, TERMINATED]);
}

#[test]
#[ignore = "needs the real docker CLI, 25.0 or newer"]
fn the_plugin_does_not_outlive_docker() {
    let docker = Docker::new();
    if !docker.has_plugin_socket() {
        return eprintln!("{NO_SOCKET}");
    }
    let list = SlowList::start();
    let mut command = docker.command(["tags", "ls", &list.repository()]);
    let running = list.start_until_it_waits(&mut command, Stdio::null());
    send("KILL", running.child.id().into());
    // The wait ends only when nobody holds the output open any more. A plugin that runs on prints the whole list.
    let outcome = running.wait();
    assert_eq!((outcome.code, &*outcome.stdout), (None, ""), "{outcome}");
}
