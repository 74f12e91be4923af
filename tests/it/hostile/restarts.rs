//! Connections and registries that go away, and come back or not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use super::{HANGS, list, logged_in, three_ways};
use crate::support::hostile::{bytes, hang_up};
use crate::support::{Output, Request, Response, Server, TestEnv, TestRegistry};

/// Where the list is.
const PATH: &str = "/v2/demo/app/tags/list";

/// A server that closes the connections it promised to keep: nothing is seen, nothing is
/// asked twice.
#[test]
fn kept_connections_that_are_closed() {
    let page = |request: &Request| {
        let at: usize = request.param("last").and_then(|n| n.parse().ok()).unwrap_or(0);
        let tag = format!("t{at}");
        let answer = list(&[&*tag]);
        let link = format!("<{PATH}?last={}>; rel=next", at + 1);
        if at < 9 { answer.header("Link", link) } else { answer }
    };
    let expected: Vec<String> = (0..10).map(|n| format!("t{n}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    // Closed after the answer, which did not say so.
    let registry =
        TestRegistry::new().hook(move |request| Some(bytes(page(request).bytes(false)))).start();
    let env = logged_in(&registry.host());
    let name = registry.repo("demo/app");
    three_ways(&env, &["ls", "--sort", "none", "--retries", "0", &name], |seen| {
        seen.lists(&expected);
        assert_eq!(registry.requests().len(), 10, "{}", registry.log());
        registry.server().clear();
    });
    // Closed when the next request has come: every second request on a connection is lost.
    let used = Arc::new(Mutex::new(std::collections::HashSet::new()));
    let registry = TestRegistry::new()
        .hook(move |request| {
            let fresh = used.lock().expect("no panic").insert(request.connection);
            Some(if fresh { page(request) } else { hang_up() })
        })
        .start();
    let env = logged_in(&registry.host());
    let name = registry.repo("demo/app");
    three_ways(&env, &["ls", "--sort", "none", "--retries", "0", &name], |seen| {
        seen.lists(&expected);
        assert_eq!(registry.requests().len(), 19, "{}", registry.log());
        registry.server().clear();
    });
}

/// A connection that breaks each time is no endless loop.
#[test]
fn connections_that_always_break() {
    let registry = TestRegistry::new().hook(|_| Some(hang_up())).start();
    let env = logged_in(&registry.host());
    let name = registry.repo("demo/app");
    three_ways(&env, &["ls", "--retries", "1", &name], |seen| {
        seen.fails(5).says("closed unexpectedly");
        assert_eq!(registry.requests().len(), 2, "{}", registry.log());
        registry.server().clear();
    });
}

/// A page of the registry that restarts below.
fn numbered_page(request: &Request) -> Response {
    let at: usize = request.param("last").and_then(|n| n.parse().ok()).unwrap_or(0);
    let tags: Vec<String> = (at..at + 100).map(|n| format!("t{n:05}")).collect();
    let answer = Response::json(200, &json!({"name": "demo/app", "tags": tags}));
    let link = format!("<{PATH}?last={}>; rel=next", at + 100);
    if at < 9_900 { answer.header("Link", link) } else { answer }
}

/// The registry goes away in the middle of a long list and comes back: the list is whole.
#[test]
fn a_registry_that_restarts() {
    for sort in ["none", "name"] {
        let (tell, told) = std::sync::mpsc::channel();
        let seen = AtomicUsize::new(0);
        let first = Server::new(move |request| {
            if seen.fetch_add(1, Ordering::SeqCst) == 40 {
                let _ = tell.send(());
                return hang_up();
            }
            numbered_page(request)
        });
        let host = first.host();
        let name = format!("{host}/demo/app");
        let output = thread::scope(|scope| {
            let run = scope.spawn(|| {
                TestEnv::new().command(["ls", "--sort", sort, &name]).deadline(HANGS).run()
            });
            told.recv().expect("the list is long");
            drop(first);
            let second = Server::start_at(&host, None, numbered_page);
            let output = run.join().expect("the run ends");
            assert!(!second.requests().is_empty(), "{}", second.log());
            output
        });
        output.code(0);
        let expected: Vec<String> = (0..10_000).map(|n| format!("t{n:05}")).collect();
        assert!(output.stdout.lines().eq(expected.iter().map(String::as_str)), "{sort}");
    }
}

/// It goes away for good: the list is an error, and does not look whole.
#[test]
fn a_registry_that_does_not_come_back() {
    let (tell, told) = std::sync::mpsc::channel();
    let seen = AtomicUsize::new(0);
    let server = Server::new(move |request| {
        if seen.fetch_add(1, Ordering::SeqCst) == 40 {
            let _ = tell.send(());
            return hang_up();
        }
        numbered_page(request)
    });
    let name = format!("{}/demo/app", server.host());
    let output = thread::scope(|scope| {
        let run = scope.spawn(|| TestEnv::new().run(["ls", "--retries", "1", &name]));
        told.recv().expect("the list is long");
        drop(server);
        run.join().expect("the run ends")
    });
    output.code(5).stdout("").stderr_has("cannot connect");
}

/// How many tags have a digest each in the next two tests; no likely page size.
const MANY: usize = 10_001;

fn digest_of(tag: &str) -> String {
    format!("sha256:{:0>64}", tag.trim_start_matches('t'))
}

/// All tags in one page, and a digest for each.
fn with_digests(request: &Request) -> Response {
    if request.path == PATH {
        let tags: Vec<String> = (0..MANY).map(|n| format!("t{n:05}")).collect();
        return Response::json(200, &json!({"name": "demo/app", "tags": tags}));
    }
    let tag = request.path.rsplit('/').next().unwrap_or_default();
    Response::new(200)
        .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        .header("Docker-Content-Digest", digest_of(tag))
}

/// A server that goes away, so to speak, in the middle of the HEADs; and the end of the run.
fn restart_in_the_middle(comes_back: bool) -> Output {
    let (tell, told) = std::sync::mpsc::channel();
    let seen = AtomicUsize::new(0);
    let first = Server::new(move |request| {
        if seen.fetch_add(1, Ordering::SeqCst) >= MANY / 2 {
            let _ = tell.send(());
            return hang_up();
        }
        with_digests(request)
    });
    let host = first.host();
    let name = format!("{host}/demo/app");
    let retries = if comes_back { "3" } else { "1" };
    let format = "{{.Tag}} {{.Digest}}";
    let args = ["ls", "--sort", "name", "--retries", retries, "--format", format, &name];
    thread::scope(|scope| {
        let run = scope.spawn(|| TestEnv::new().command(args).deadline(2 * HANGS).run());
        told.recv().expect("the list is long");
        drop(first);
        let second = comes_back.then(|| Server::start_at(&host, None, with_digests));
        let output = run.join().expect("the run ends");
        if let Some(second) = second {
            // What was answered before is not asked again.
            let asked = second.requests().len();
            assert!((MANY / 2..MANY / 2 + 50).contains(&asked), "{asked} after the restart");
        }
        output
    })
}

/// A restart in the middle of ten thousand HEADs: every digest is there, and the right one.
#[test]
fn a_registry_that_restarts_between_digests() {
    let output = restart_in_the_middle(true);
    output.code(0);
    let tags = (0..MANY).map(|n| format!("t{n:05}"));
    let expected: Vec<String> = tags.map(|tag| format!("{tag} {}", digest_of(&tag))).collect();
    assert!(output.stdout.lines().eq(expected.iter().map(String::as_str)), "{output}");
}

/// It does not come back: nothing that looks like a list.
#[test]
fn a_registry_that_goes_away_between_digests() {
    restart_in_the_middle(false).code(5).stdout("").stderr_has("127.0.0.1");
}

/// A page that turns into an error on the way: no list that looks whole.
#[test]
fn an_error_on_a_later_page() {
    for status in [400, 401, 403, 405, 418, 500, 503] {
        let registry = TestRegistry::new()
            .hook(move |request| {
                let at: usize = request.param("last").and_then(|n| n.parse().ok()).unwrap_or(0);
                Some(if at < 300 { numbered_page(request) } else { Response::new(status) })
            })
            .start();
        let env = TestEnv::new();
        let name = registry.repo("demo/app");
        let output = env.run(["ls", "--retries", "0", &name]);
        assert_ne!(output.code, 0, "{status}\n{output}");
        output.stdout("");
        let output = env.run(["ls", "--retries", "0", "--sort", "none", &name]);
        assert_ne!(output.code, 0, "{status}\n{output}");
        assert_eq!(output.stdout.lines().count(), 300, "{status}");
    }
}

/// Bytes behind a whole answer on a kept connection are not the next one.
#[test]
fn a_smuggled_answer_is_not_the_next_one() {
    let registry = TestRegistry::new()
        .hook(|request| {
            Some(match request.query.as_str() {
                "" => {
                    let link = format!("<{PATH}?last=a>; rel=next");
                    let mut both = list(&["a"]).header("Link", link).bytes(false);
                    both.extend(list(&["evil"]).bytes(false));
                    Response::raw(move |stream| {
                        let _ = stream.write_all(&both);
                        let _ = stream.flush();
                        // Kept open, as if nothing were wrong.
                        let _ = std::io::Read::read(stream, &mut [0; 4096]);
                    })
                }
                _ => list(&["b"]),
            })
        })
        .start();
    let output =
        TestEnv::new().run(["ls", "--sort", "none", "--timeout", "5", &registry.repo("demo/app")]);
    output.stdout_lacks("evil");
}
