//! What a person is told of slow hosts, of hosts that speak something else, and of hosts that are
//! only half there.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::list;
use crate::support::tls::Authority;
use crate::support::{Response, TestEnv, TestRegistry};

/// A listener that gives every connection these bytes, whatever it says, and closes it.
struct Parrot {
    port: u16,
    stop: Arc<AtomicBool>,
}

impl Parrot {
    fn start(bytes: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(bytes);
            }
        });
        Parrot { port, stop }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(self.host());
    }
}

/// Go, nginx, Apache and Tomcat say it in words, rustls and OpenSSL with an alert.
#[test]
fn plain_http_on_a_tls_port_is_told() {
    let answers: [&[u8]; 6] = [
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\
          <center>The plain HTTP request was sent to HTTPS port</center>",
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\
          You're speaking plain HTTP to an SSL-enabled server port.",
        b"HTTP/1.1 400 \r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
          Bad Request: This combination of host and port requires TLS.",
        b"\x15\x03\x03\x00\x02\x02\x32",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ];
    for bytes in answers {
        let server = Parrot::start(bytes);
        let name = format!("{}/demo/app", server.host());
        let output = TestEnv::new().run(["ls", "--plain-http", "--retries", "0", &name]);
        output.code(5).stdout("").stderr_has(&server.host());
        output.stderr_has("this port expects TLS").stderr_has("\nhint: remove --plain-http");
    }
    // Any other 400 keeps its words.
    let registry = TestRegistry::new()
        .hook(|_| {
            Some(Response::json(
                400,
                &serde_json::json!({"message": "no HTTP request to an HTTPS server"}),
            ))
        })
        .start();
    let output = TestEnv::new().run(["ls", "--plain-http", &registry.repo("a")]);
    output.code(1).stderr_has("status 400: no HTTP request");
}

#[test]
fn tls_on_a_plain_port_is_told() {
    let env = TestEnv::new();
    let ca = env.write("ca.pem", Authority::new("transport").pem()).display().to_string();
    let answers: [&[u8]; 2] = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request",
        b"HTTP/1.0 408 Request Timeout\r\n\r\n",
    ];
    for bytes in answers {
        let server = Parrot::start(bytes);
        let name = format!("{}/demo/app", server.host());
        let output = env.run(["ls", "--ca-file", &ca, "--retries", "0", &name]);
        output.code(5).stdout("").stderr_has("the server speaks plain HTTP, not TLS");
        output.stderr_has("\nhint: use --plain-http");
    }
}

/// A registry of this machine that neither takes nor refuses TLS costs the time limit once.
#[test]
fn a_probe_and_its_request_share_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let host = listener.local_addr().expect("it is bound").to_string();
    let name = format!("{host}/demo/app");
    let started = Instant::now();
    let output = TestEnv::new().run(["ls", "--timeout", "3", "--retries", "0", &name]);
    output.code(5).stdout("").stderr_has("timed out after 3 s");
    let took = started.elapsed();
    assert!((Duration::from_millis(2900)..Duration::from_millis(4900)).contains(&took), "{took:?}");
}

/// The limit that applied is told, the user's or ours, and what it cut.
#[test]
fn limits_are_told() {
    let dripping = || {
        Response::raw(|stream| {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"tags\":[";
            let mut fine = stream.write_all(head).is_ok();
            for _ in 0..200 {
                thread::sleep(Duration::from_millis(50));
                fine = fine && stream.write_all(b"\"a\",").is_ok();
                if !fine {
                    return;
                }
            }
        })
    };
    let registry = TestRegistry::new().hook(move |_| Some(dripping())).start();
    for (command, name) in [
        ("ls", registry.repo("demo/app")),
        ("digest", registry.repo("demo/app:1")),
        ("inspect", registry.repo("demo/app:1")),
    ] {
        let output = TestEnv::new().run([command, "--timeout", "0.7", "--retries", "0", &name]);
        output.code(5).stdout("").stderr_has("timed out after 0.7 s while reading the response");
    }
}

/// One of a name's addresses leads nowhere: the other is used after a moment.
#[cfg(target_os = "linux")]
#[test]
fn a_dead_address_does_not_keep_the_other_waiting() {
    let Ok(dead) = TcpListener::bind("[::1]:0") else { return };
    let port = dead.local_addr().expect("it is bound").port();
    rustix::net::listen(&dead, 0).expect("the queue of a listener can be made short");
    let address = dead.local_addr().expect("it is bound");
    let waiting: Vec<_> = (0..4)
        .filter_map(|_| {
            std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()
        })
        .collect();
    assert!(waiting.len() < 4, "the queue is full");
    let addresses = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", port));
    let both = addresses.expect("localhost has addresses").filter(|a| a.is_ipv6()).count() == 1;
    let server =
        crate::support::Server::start_at(&format!("127.0.0.1:{port}"), None, |_| list(&["1.0"]));
    let name = format!("localhost:{port}/demo/app");
    let started = Instant::now();
    let output = TestEnv::new().run(["ls", "--plain-http", "--retries", "0", &name]);
    output.code(0).stdout("1.0\n").silent();
    assert!(started.elapsed() < Duration::from_secs(3), "{both} {:?}", started.elapsed());
    assert_eq!(server.requests().len(), 1);
}

/// Several names of a host that is not there: one error says so.
#[test]
fn a_host_that_is_not_there_is_reported_once() {
    let gone = TestRegistry::new().start().host();
    let other = TestRegistry::new().start().host();
    let names =
        [format!("{gone}/a"), format!("{gone}/b"), format!("{other}/c"), format!("{gone}/d")];
    for command in ["ls", "digest"] {
        let run = [command, "--plain-http", "--retries", "0"].into_iter().map(str::to_owned);
        let output = TestEnv::new().run(run.chain(names.clone()));
        output.code(5);
        let told =
            |host: &str| output.stderr.matches(&format!("error: {host}: cannot connect")).count();
        assert_eq!((told(&gone), told(&other)), (1, 1), "{output}");
    }
}

/// What stands before a digest is a name, and what stands before a host is perhaps a password.
#[test]
fn a_mistyped_reference_is_shown_without_a_password_alone() {
    let env = TestEnv::new();
    for name in [
        "127.0.0.1:5000/a/b@md5:d41d8cd98f00b204e9800998ecf8427e",
        "registry.test:5000/a:1@blake3:af1349b9f5f9a1a6a0404dea36dcc949",
        "registry.test/a/b:2.0@sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "registry.test:5000/a/b@sha256:12",
    ] {
        env.run(["digest", name]).code(2).stdout("").stderr_has(&format!("\"{name}\""));
    }
    env.canary("hunter2");
    for name in ["ann:hunter2@registry.test/a", "ann:hunter2@shared.test:5000/a", "a/ann:hunter2@h"]
    {
        env.run(["digest", name]).code(2).stdout("").stderr_has("***@");
    }
}

/// On a terminal, and there alone, and only until the answer comes.
#[test]
fn a_slow_host_is_named_on_a_terminal() {
    let registry = TestRegistry::new()
        .hook(|_| {
            thread::sleep(Duration::from_millis(2600));
            None
        })
        .tags("demo/app", ["1.0"])
        .start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app");
    let text = format!("waiting for {} …", registry.host());
    env.run(["ls", "--plain-http", &name]).code(0).stdout("1.0\n").silent();
    let output = env.command(["ls", "--plain-http", &name]).tty();
    let erased = format!("{text}\r\x1b[K");
    assert!(output.stdout.contains(&erased), "{output}");
    assert_eq!(output.stdout.matches(&text).count(), 1, "{output}");
    let last = output.stdout.rsplit("\x1b[K").next().unwrap_or_default();
    assert!(last.contains("1.0"), "{output}");
}
