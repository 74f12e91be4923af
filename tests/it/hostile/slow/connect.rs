//! Hosts that do not even take the connection, as one behind a firewall that drops packets.
//!
//! On loopback this is a listener that nobody accepts from: Linux drops the packet that opens a connection when the
//! queue of those that wait is full.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::{ls, three_ways};
use crate::hostile::{bearer, insists_on, logged_in};
use crate::support::{Response, TestEnv, TestRegistry};

/// Less than the program's own limit for a connection.
const SOON: Duration = Duration::from_secs(8);
const MESSAGE: &str = "timed out after 0.4 s while connecting";

/// A listener whose queue is full.
struct Full {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Full {
    fn start() -> Full {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        rustix::net::listen(&listener, 0).expect("the queue of a listener can be made short");
        let address = listener.local_addr().expect("it is bound");
        let mut waiting = Vec::new();
        for _ in 0..10 {
            match TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
                Ok(stream) => waiting.push(stream),
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    return Full { address, _listener: listener, _waiting: waiting };
                }
                Err(error) => panic!("a full queue drops, it does not refuse: {error}"),
            }
        }
        panic!("the shortest queue takes ten connections");
    }

    fn host(&self) -> String {
        self.address.to_string()
    }
}

#[test]
fn a_connection_that_does_not_come() {
    let full = Full::start();
    let env = logged_in(&full.host());
    let name = format!("{}/demo/app", full.host());
    // On loopback https is tried first, and each try has its time.
    for extra in [&[][..], &["--plain-http"]] {
        let args = ls(extra, &name);
        env.command(args.clone()).deadline(SOON).run().code(5).stdout("");
        three_ways(&env, &args, |seen| {
            seen.fails(5).says(&full.host()).says(MESSAGE);
        });
    }
}

/// It is worth another try, but one only.
#[test]
fn a_connection_is_tried_twice() {
    let full = Full::start();
    let name = format!("{}/demo/app", full.host());
    for (retries, tries) in [("0", 1), ("1", 2), ("3", 2)] {
        let args = ["ls", "-v", "--plain-http", "--timeout", "0.4", "--retries", retries, &name];
        let output = TestEnv::new().command(args).deadline(SOON).run();
        output.code(5).stdout("").stderr_has(MESSAGE);
        let made = output.stderr.lines().filter(|line| line.contains("GET http://")).count();
        assert_eq!(made, tries, "{output}");
    }
}

#[test]
fn a_token_service_that_does_not_take_the_connection() {
    let full = Full::start();
    let registry = insists_on(&bearer(&format!("http://{}/token", full.host())));
    let env = logged_in(&registry.host());
    let name = registry.repo("demo/app");
    env.command(ls(&[], &name)).deadline(SOON).run().code(5).stdout("");
    three_ways(&env, &ls(&[], &name), |seen| {
        seen.fails(5).says(&full.host()).says(MESSAGE);
    });
}

#[test]
fn a_redirect_to_where_no_connection_comes() {
    let full = Full::start();
    let location = format!("http://{}/x", full.host());
    let registry = TestRegistry::new()
        .hook(move |_| Some(Response::new(307).header("Location", location.as_str())))
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &ls(&[], &registry.repo("demo/app")), |seen| {
        seen.fails(5).says(&full.host()).says(MESSAGE);
    });
}
