//! A registry to play with: no network, no account, and the real client code.
//!
//! ```sh
//! cargo run --example playground                  # the tour
//! cargo run --example playground -- --serve       # leave it running for another terminal
//! cargo run --example playground -- ls alpine     # one command against it
//! ```
//!
//! It starts a registry with a token service on loopback, fills it, writes a configuration in which
//! `docker.io` leads there, and runs docker-tags by calling the library in a process of its own, as
//! the binary does.

// The bench of the tests is shared with test binaries.
#![allow(unreachable_pub)]

mod picture;
#[path = "../../tests/it/support/mod.rs"]
mod support;
mod world;

use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, ExitCode, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use world::World;

/// The first argument of a process that is to be the client.
const CLIENT: &str = "--be-the-client";

/// The tour: what is shown, and the command that shows it.
const TOUR: [(&str, &str); 21] = [
    ("The newest tags of an image, newest version first", "alpine --limit 6"),
    ("A range, of one kind", "ls nginx --semver '^1.27-alpine'"),
    ("Several repositories at once", "ls alpine redis --filter '[37].*' --limit 2"),
    ("For scripts: the registry's own document, or JSON, or a template", "ls redis --raw"),
    ("", "ls redis --limit 2 --format json"),
    ("Digests, sizes, platforms, dates", "ls -l nginx --semver '>=1.27'"),
    (
        "Which tags are the same image",
        "ls alpine --group-by digest --filter '3.2[12]*' --filter 3 --filter latest",
    ),
    ("Which version latest is", "aliases redis --version"),
    ("What two tags differ in", "diff redis:7.2 redis:7.4"),
    (
        "The tags that run on a platform, the last pushed first",
        "ls alpine --platform linux/arm64 --sort created --limit 3",
    ),
    ("The newest version, and the newest tag like one that you have", "newest alpine"),
    ("", "newest nginx:1.27.0-alpine"),
    ("What is out of date in this directory; exit code 10 says that something is", "outdated"),
    ("What --write would change", "outdated -q --dry-run compose.yaml"),
    ("A private repository, with docker's own login", "ls acme/api"),
    ("The namespaces of the login, and an organization's repositories", "namespaces"),
    ("", "repos -l acme"),
    ("Every image:tag of it", "repos --tags acme"),
    ("Pulls left", "ratelimit"),
    ("Why it works: profile, login, challenge, token", "check acme/api"),
    ("What happens when it does not", "--anonymous ls acme/api"),
];

fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|first| first == CLIENT) {
        args.remove(1);
        return docker_tags::run(args.into_iter(), docker_tags::Stdout::Open);
    }
    let world = World::start();
    let args = &args[1..];
    match args.first().and_then(|first| first.to_str()) {
        None => tour(&world),
        Some("--serve") => serve(&world),
        Some("--picture") => picture(&world),
        Some(_) => {
            let status = client(&world).args(args).status().expect("this program can start itself");
            ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
        }
    }
}

/// A client process in the playground's environment.
fn client(world: &World) -> Command {
    let program = std::env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.arg(CLIENT).envs(world.environment());
    command
}

/// Runs the tour; fails if a step does not do what it is there to show.
fn tour(world: &World) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let mut say = |text: &str| out.write_all(text.as_bytes()).expect("stdout takes text");
    say("A registry with token auth runs on loopback; docker.io leads to it.\n");
    let mut failed = 0;
    for (title, line) in TOUR {
        if !title.is_empty() {
            say(&format!("\n# {title}\n"));
        }
        say(&format!("$ docker tags {line}\n"));
        let Output { status, stdout, stderr } = client(world)
            .current_dir(world.project())
            .args(words(line))
            .output()
            .expect("this program can start itself");
        say(&String::from_utf8_lossy(&stdout));
        say(&String::from_utf8_lossy(&stderr));
        let is_meant_to_fail = line.contains("--anonymous");
        let tells = ["outdated", "diff"].iter().any(|word| line.starts_with(word));
        let finds = tells && status.code() == Some(10);
        if (status.success() || finds) == is_meant_to_fail {
            say(&format!("!! this step ended with {status}\n"));
            failed += 1;
        }
    }
    say("\nTry it yourself: cargo run --example playground -- --serve\n");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Splits a line of the tour as a shell would: at blanks outside quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is always a last word").push(character),
        }
    }
    words
}

/// Prints the README's picture.
fn picture(world: &World) -> ExitCode {
    let session = picture::COMMANDS.map(|line| {
        let output =
            client(world).args(words(line)).output().expect("this program can start itself");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        (line, String::from_utf8_lossy(&output.stdout).into_owned())
    });
    let drawn = picture::draw(&session);
    std::io::stdout().write_all(drawn.as_bytes()).expect("stdout takes text");
    ExitCode::SUCCESS
}

/// Says what to export, and waits for Ctrl-C.
fn serve(world: &World) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let mut say = |text: &str| {
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).expect("stdout takes text");
    };
    let program = std::env::current_exe().expect("a running program has a path");
    let plugin = world.install(&program, CLIENT);
    say("The playground's registry is running. In another terminal:\n\n");
    for (name, value) in world.environment() {
        say(&format!("  export {name}={value}\n"));
    }
    say(&format!("  alias docker-tags={}\n\n", plugin.display()));
    say("  docker-tags ls alpine --limit 6\n");
    say(&format!("  docker-tags ls {}/team/app\n\n", world.lab()));
    say("With docker installed, the plugin works as well:\n\n");
    say("  docker tags ls alpine --limit 6\n");
    say("\nPress Ctrl-C to stop the registry and remove its files.\n");
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, stop.clone()).expect("signals can be caught");
    }
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(50));
    }
    ExitCode::SUCCESS
}
