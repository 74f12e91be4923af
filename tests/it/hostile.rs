//! Servers, networks, helpers and files that mean harm: each threat a test from outside.
//!
//! A scenario runs the real binary three ways: with pipes, once more under `-v`, and on a
//! pseudo-terminal. Every run is checked for what must always hold (G1 to G6): no secret in
//! output or files, nothing that commands a terminal, an orderly exit, little memory and an
//! end, no connection to a trap, failures on stderr with nothing half on stdout.

mod echoes;
mod files;
mod helpers;
mod manifests;
mod memory;
mod names;
mod neighbors;
mod numbers;
mod pages;
mod realms;
mod redirects;
mod resilience;
mod restarts;
mod single_use;
mod slow;
mod soak;
mod texts;
mod tls;
mod tokens;
mod transport;
mod writes;

use std::time::Duration;

use serde_json::json;

use crate::support::{Output, Response, Server, TestEnv, TestRegistry};

pub const USER: &str = "alice";
pub const PASSWORD: &str = "S3cr3t-canary-7f3a";
pub const BEARER: &str = "canary-bearer-9c1d";
/// No scenario comes near this: it stands for "hangs".
const HANGS: Duration = Duration::from_secs(25);
/// Memory of a run, in KiB.
const MEMORY: u64 = 256 * 1024;

/// How a scenario was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Pipes,
    Verbose,
    Terminal,
}

/// The end of one run of a scenario.
pub struct Seen {
    pub way: Way,
    pub output: Output,
}

impl Seen {
    /// Failed as it should: with this code, and nothing on stdout.
    #[track_caller]
    pub fn fails(&self, code: i32) -> &Self {
        self.output.code(code);
        if self.way != Way::Terminal {
            self.output.stdout("");
        }
        self
    }

    /// Succeeded with exactly these lines of data.
    #[track_caller]
    pub fn lists(&self, lines: &[&str]) -> &Self {
        self.output.code(0);
        let found: Vec<&str> = self.output.stdout.lines().map(str::trim_end).collect();
        if self.way == Way::Terminal {
            // Warnings stand between the data there.
            let data: Vec<&str> = found.into_iter().filter(|line| lines.contains(line)).collect();
            assert!(data == lines, "expected {lines:?}\n{}", self.output);
        } else {
            assert!(found == lines, "expected {lines:?}\n{}", self.output);
        }
        self
    }

    /// Said this to the user.
    #[track_caller]
    pub fn says(&self, part: &str) -> &Self {
        if self.way == Way::Terminal {
            self.output.stdout_has(part);
        } else {
            self.output.stderr_has(part);
        }
        self
    }

    /// Said nothing like this.
    #[track_caller]
    pub fn says_nothing_of(&self, part: &str) -> &Self {
        self.output.stdout_lacks(part).stderr_lacks(part);
        self
    }
}

/// Runs a scenario three ways; `check` looks at each end (and clears the servers' logs).
#[track_caller]
pub fn three_ways(env: &TestEnv, args: &[&str], mut check: impl FnMut(&Seen)) {
    for way in [Way::Pipes, Way::Verbose, Way::Terminal] {
        let verbose = ["-v"].into_iter().filter(|_| way == Way::Verbose);
        let run = env.command(args.iter().copied().chain(verbose)).deadline(HANGS).measured();
        let output = match way {
            Way::Terminal => run.tty(),
            _ => run.run(),
        };
        output.peak_below(MEMORY);
        check(&Seen { way, output });
    }
}

/// An environment with the canary login for a host.
pub fn logged_in(host: &str) -> TestEnv {
    let env = TestEnv::new();
    env.login(host, USER, PASSWORD);
    env.canary(BEARER);
    env
}

/// An answer of tags/list.
pub fn list(tags: &[&str]) -> Response {
    Response::json(200, &json!({"name": "demo/app", "tags": tags}))
}

/// A challenge for the repository of the scenarios.
pub fn bearer(realm: &str) -> String {
    format!("Bearer realm=\"{realm}\",service=\"s\",scope=\"repository:demo/app:pull\"")
}

pub fn challenge(field: &str) -> Response {
    Response::new(401).header("WWW-Authenticate", field)
}

/// A registry that answers everything with this challenge, whatever it is shown.
fn insists_on(field: &str) -> TestRegistry {
    let field = field.to_owned();
    TestRegistry::new().hook(move |_| Some(challenge(&field))).start()
}

/// A token service that hands out the canary token to anybody.
fn token_service(ip: &str) -> Server {
    Server::on(ip, |_| Response::json(200, &json!({"token": BEARER})))
}

/// Fails if anything in the request could tell who the user is.
#[track_caller]
pub fn assert_anonymous(server: &Server) {
    for request in server.requests() {
        for name in ["authorization", "cookie", "proxy-authorization"] {
            assert_eq!(request.header(name), None, "{}", server.log());
        }
        for name in ["account", "username", "password", "refresh_token"] {
            assert_eq!(request.param(name), None, "{}", server.log());
            assert_eq!(request.field(name), None, "{}", server.log());
        }
    }
}
