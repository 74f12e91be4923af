//! T10: servers that take their time, at each stage. A hang fails by its deadline.

#[cfg(target_os = "linux")]
mod connect;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{HANGS, bearer, insists_on, list, logged_in, three_ways};
use crate::support::hostile::drip;
use crate::support::tls::Authority;
use crate::support::{Response, Server, TestEnv, TestRegistry};

const PATIENCE: [&str; 4] = ["--timeout", "0.4", "--retries", "0"];
const PAUSE: Duration = Duration::from_millis(40);

fn ls<'a>(extra: &[&'a str], repository: &'a str) -> Vec<&'a str> {
    ["ls"].into_iter().chain(PATIENCE).chain(extra.iter().copied()).chain([repository]).collect()
}

/// Says nothing until the client hangs up.
fn silence() -> Response {
    Response::raw(|stream| drop(stream.read(&mut [0])))
}

/// The header of an answer, then silence.
fn header_then_silence() -> Response {
    Response::raw(|stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{\"tags\":[\"a\"";
        let _ = stream.write_all(head);
        let _ = stream.read(&mut [0]);
    })
}

/// A listener that takes connections and feeds each these bytes, one at a time, slowly.
struct Dripping {
    address: String,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Dripping {
    fn start(bytes: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = Some(thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
                let _ = stream.read(&mut [0; 4096]);
                for byte in bytes {
                    if stream.write_all(&[*byte]).is_err() {
                        break;
                    }
                    thread::sleep(PAUSE);
                }
                let _ = stream.read(&mut [0; 4096]);
            }
        }));
        Dripping { address, stop, thread }
    }
}

impl Drop for Dripping {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(&self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The beginning of a TLS record that announces 16 KiB, and some of them.
const RECORD: &[u8] = &{
    let mut record = [2; 400];
    record[0] = 0x16;
    record[1] = 3;
    record[2] = 3;
    record[3] = 0x40;
    record[4] = 0;
    record
};

#[test]
fn a_handshake_that_does_not_come() {
    for bytes in [&[][..], RECORD] {
        let server = Dripping::start(bytes);
        let env = logged_in(&server.address);
        // With a CA of its own a loopback registry is expected to speak TLS.
        let ca = env.write("ca.pem", Authority::new("hostile tests").pem()).display().to_string();
        let name = format!("{}/demo/app", server.address);
        three_ways(&env, &ls(&["--ca-file", &ca], &name), |seen| {
            seen.fails(5).says("timed out after 0.4 s").says(&server.address);
        });
    }
}

#[test]
fn a_header_that_does_not_come() {
    let registry = TestRegistry::new().hook(|_| Some(silence())).start();
    let env = logged_in(&registry.host());
    three_ways(&env, &ls(&[], &registry.repo("demo/app")), |seen| {
        seen.fails(5).says("timed out after 0.4 s while waiting for a response");
        assert_eq!(registry.requests().len(), 1, "{}", registry.log());
        registry.server().clear();
    });
    // It is worth another try, but one only.
    let name = registry.repo("demo/app");
    let output = TestEnv::new().run(["ls", "--timeout", "0.2", "--retries", "3", &name]);
    output.code(5).stdout("");
    assert_eq!(registry.requests().len(), 2, "{}", registry.log());
}

#[test]
fn a_header_in_drops() {
    let registry = TestRegistry::new().hook(|_| Some(drip(&list(&["a"]), 1, PAUSE))).start();
    let env = logged_in(&registry.host());
    three_ways(&env, &ls(&[], &registry.repo("demo/app")), |seen| {
        seen.fails(5).says("while waiting for a response");
    });
}

#[test]
fn a_body_that_does_not_come() {
    let registry = TestRegistry::new().hook(|_| Some(header_then_silence())).start();
    let env = logged_in(&registry.host());
    for sort in ["version", "name"] {
        let name = registry.repo("demo/app");
        three_ways(&env, &ls(&["--sort", sort], &name), |seen| {
            seen.fails(5).says("while reading the response");
            assert_eq!(registry.requests().len(), 1, "{}", registry.log());
            registry.server().clear();
        });
    }
    // Whoever took so long will take so long again.
    let name = registry.repo("demo/app");
    TestEnv::new().run(["ls", "--timeout", "0.2", "--retries", "3", &name]).code(5).stdout("");
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

#[test]
fn a_body_in_drops() {
    let registry = TestRegistry::new()
        .hook(|_| {
            Some(Response::raw(|stream| {
                let head = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{\"tags\":[";
                let mut fine = stream.write_all(head).is_ok();
                for _ in 0..900 {
                    thread::sleep(PAUSE);
                    fine = fine && stream.write_all(b"\"a\",").is_ok();
                    if !fine {
                        return;
                    }
                }
            }))
        })
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &ls(&[], &registry.repo("demo/app")), |seen| {
        seen.fails(5).says("while reading the response");
    });
}

/// An error's body is waited for no longer than any other, and then told without its words.
#[test]
fn an_error_in_drops() {
    for status in [401, 403, 404, 418, 503] {
        let registry = TestRegistry::new()
            .hook(move |_| {
                Some(Response::raw(move |stream| {
                    let head = format!("HTTP/1.1 {status} No\r\nContent-Length: 40\r\n\r\n{{");
                    let _ = stream.write_all(head.as_bytes());
                    let _ = stream.read(&mut [0]);
                }))
            })
            .start();
        let env = logged_in(&registry.host());
        let name = registry.repo("demo/app");
        let output = env.command(ls(&[], &name)).deadline(HANGS).run();
        assert_ne!(output.code, 0, "{output}");
        output.stdout("");
    }
}

#[test]
fn a_token_service_that_does_not_answer() {
    for answer in [silence, header_then_silence] {
        let service = Server::new(move |_| answer());
        let registry = insists_on(&bearer(&format!("{}/token", service.origin())));
        let env = logged_in(&registry.host());
        three_ways(&env, &ls(&[], &registry.repo("demo/app")), |seen| {
            seen.fails(5).says(&service.host()).says("timed out");
            assert_eq!(service.requests().len(), 1, "{}", service.log());
            service.clear();
        });
    }
}

#[test]
fn a_redirect_to_silence() {
    let target = Server::on("127.0.0.2", |_| silence());
    let location = format!("{}/x", target.origin());
    let registry = TestRegistry::new()
        .hook(move |_| Some(Response::new(307).header("Location", &*location)))
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &ls(&[], &registry.repo("demo/app")), |seen| {
        seen.fails(5).says(&target.host()).says("timed out");
    });
}

/// Interim answers without end: each is complete, and none is the answer.
#[test]
fn endless_interim_answers() {
    for interim in
        ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"]
    {
        let registry = TestRegistry::new()
            .hook(move |_| {
                Some(Response::raw(move |stream| {
                    let block = interim.repeat(100);
                    // Ends when the client does, and at a hundred megabytes in any case.
                    for _ in 0..40_000 {
                        if stream.write_all(block.as_bytes()).is_err() {
                            return;
                        }
                    }
                }))
            })
            .start();
        let env = logged_in(&registry.host());
        three_ways(&env, &ls(&[], &registry.repo("demo/app")), |seen| {
            assert_ne!(seen.output.code, 0, "{}", seen.output);
            seen.output.peak_below(64 * 1024);
        });
    }
}

/// A TLS registry that is slow is not asked again without TLS.
#[test]
fn a_slow_tls_registry_is_not_asked_in_plain_text() {
    let authority = Authority::new("hostile tests");
    let registry = TestRegistry::new()
        .tls(authority.issue(&["127.0.0.1"]).server_config())
        .hook(|_| Some(silence()))
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &ls(&[], &registry.repo("demo/app")), |seen| {
        seen.fails(5).says("while waiting for a response");
    });
    assert_eq!(registry.server().plain_probes(), 0, "{}", registry.log());
}
