//! Broken networks: how often is asked again, what a cut answer becomes, and that a short list
//! never looks whole.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{HANGS, PASSWORD, USER, list, logged_in};
use crate::support::hostile::{bytes, cut};
use crate::support::{Response, Server, TestEnv, TestRegistry, TokenRules};

const PATH: &str = "/v2/demo/app/tags/list";

/// Does some work for each item, four at a time.
fn in_parallel<T: Send + Sync>(items: &[T], work: impl Fn(&T) + Send + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst)) {
                    work(item);
                }
            });
        }
    });
}

/// The numbers of requests for each status: exact.
#[test]
fn what_is_asked_again() {
    let cases: Vec<(u16, &str, usize)> = vec![
        (408, "1", 2),
        (429, "1", 2),
        (500, "1", 2),
        (500, "3", 2),
        (502, "1", 2),
        (503, "1", 2),
        (504, "1", 2),
        (522, "1", 2),
        (524, "1", 2),
        (503, "2", 3),
        (408, "0", 1),
        (429, "0", 1),
        (500, "0", 1),
        (503, "0", 1),
        (400, "3", 1),
        (403, "3", 1),
        (404, "3", 1),
        (405, "3", 1),
        (410, "3", 1),
        (418, "3", 1),
        (451, "3", 1),
        (501, "3", 1),
        (505, "3", 1),
        (511, "3", 1),
        (599, "3", 1),
    ];
    in_parallel(&cases, |(status, retries, requests)| {
        let registry = TestRegistry::new().fail_first(9, *status).start();
        let name = registry.repo("demo/app");
        let output = TestEnv::new().run(["ls", "--retries", retries, &name]);
        assert_ne!(output.code, 0, "{output}");
        output.stdout("");
        let seen = registry.requests().len();
        assert_eq!(seen, *requests, "{status} --retries {retries}\n{}", registry.log());
    });
}

/// The same for the token service: its troubles are the registry's.
#[test]
fn what_the_token_service_is_asked_again() {
    for (status, requests) in [(503, 2), (501, 1), (404, 1)] {
        let service = Server::new(move |_| Response::new(status));
        let field = super::bearer(&format!("{}/token", service.origin()));
        let registry = super::insists_on(&field);
        let env = TestEnv::new();
        let output = env.run(["ls", "--retries", "1", &registry.repo("demo/app")]);
        assert_ne!(output.code, 0, "{output}");
        assert_eq!(service.requests().len(), requests, "{}", service.log());
        assert_eq!(registry.requests().len(), 1, "{}", registry.log());
    }
}

/// Retries and authentication are counted apart.
#[test]
fn a_login_uses_up_no_retry() {
    let registry = TestRegistry::new()
        .tags("demo/app", ["1.0"])
        .user(USER, PASSWORD)
        .private("demo/app", &[USER])
        .require_token(TokenRules::default())
        .first(1, |_| Some(Response::new(503)))
        .start();
    let env = logged_in(&registry.host());
    let output = env.run(["ls", "--retries", "1", &registry.repo("demo/app")]);
    output.code(0).stdout("1.0\n");
    let target = format!("GET {PATH}");
    let expected = [format!("{target} 503"), format!("{target} 401"), format!("{target} 200")];
    assert_eq!(registry.server().exchanges(), expected, "{}", registry.log());
}

/// Retry-After in each of its forms: waited for when short, told when long.
#[test]
fn retry_after_in_each_form() {
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let cases: [(&str, Option<&str>, bool); 8] = [
        ("0", None, true),
        (" 0 ", None, true),
        (past, None, true),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None, true),
        ("Sun Nov  6 08:49:37 1994", None, true),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some("Sun, 06 Nov 1994 08:49:36 GMT"), true),
        ("Sun, 06 Nov 1994 08:59:37 GMT", Some(past), false),
        ("31", None, false),
    ];
    in_parallel(&cases, |(value, date, again)| {
        let (value, date) = (value.to_owned(), date.to_owned());
        let registry = TestRegistry::new()
            .tags("demo/app", ["1.0"])
            .first(1, move |_| {
                let answer = Response::new(429).header("Retry-After", value);
                Some(match date {
                    Some(date) => answer.header("Date", date),
                    None => answer,
                })
            })
            .start();
        let name = registry.repo("demo/app");
        let output = TestEnv::new().run(["ls", "--retries", "1", &name]);
        output.code(if *again { 0 } else { 5 });
        let requests = if *again { 2 } else { 1 };
        assert_eq!(registry.requests().len(), requests, "{value}\n{}", registry.log());
    });
}

/// One "too many requests" stops all workers, and from then on few are under way at a time.
#[test]
fn after_a_complaint_few_requests_are_under_way() {
    const TAGS: usize = 48;
    let (heads, active) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let seen = Arc::new([const { AtomicUsize::new(0) }; 2]);
    let complained = Arc::new(Mutex::new(None::<Instant>));
    let (most, since) = (seen.clone(), complained.clone());
    let registry = TestRegistry::new()
        .tags("demo/app", (0..TAGS).map(|n| format!("t{n}")))
        .hook(move |request| {
            if request.method != "HEAD" {
                return None;
            }
            let now = active.fetch_add(1, Ordering::SeqCst) + 1;
            let after = since.lock().expect("no panic").map(|since: Instant| since.elapsed());
            // What was on its way when the complaint was made is nobody's fault.
            if after.is_none_or(|after| after > Duration::from_millis(200)) {
                most[usize::from(after.is_some())].fetch_max(now, Ordering::SeqCst);
                let early = after.is_some_and(|after| after < Duration::from_millis(900));
                assert!(!early, "asked {after:?} after it wanted a second");
            }
            thread::sleep(Duration::from_millis(20));
            active.fetch_sub(1, Ordering::SeqCst);
            let complains = heads.fetch_add(1, Ordering::SeqCst) == 15;
            complains.then(|| {
                *since.lock().expect("no panic") = Some(Instant::now());
                Response::new(429).header("Retry-After", "1")
            })
        })
        .start();
    let name = registry.repo("demo/app");
    let output = TestEnv::new().run(["ls", "--digests", "-j", "8", &name]);
    output.code(0);
    assert_eq!(output.stdout.lines().count(), 1 + TAGS, "{output}");
    let [before, after] = [0, 1].map(|n| seen[n].load(Ordering::SeqCst));
    assert!(before > 3, "{before} at a time before the complaint");
    assert_eq!(after, 3, "at a time after the complaint");
    // The list, a HEAD for each tag, and the one again that had to wait.
    assert_eq!(registry.requests().len(), 1 + TAGS + 1, "{}", registry.log());
}

/// What the list is when nothing is cut: a small answer whose every byte position is tried.
fn small(chunked: bool) -> Vec<u8> {
    let answer = list(&["1.0", "2.0"]);
    let answer = if chunked { answer.chunked() } else { answer };
    answer.bytes(false)
}

/// The connection ends at each byte of an answer: the list is right, or it is an error.
#[test]
fn an_answer_cut_at_each_byte() {
    for chunked in [false, true] {
        let whole = small(chunked);
        let positions: Vec<usize> = (0..whole.len()).collect();
        in_parallel(&positions, |position| {
            let part = whole[..*position].to_vec();
            let registry = TestRegistry::new().hook(move |_| Some(bytes(part.clone()))).start();
            let env = TestEnv::new();
            let name = registry.repo("demo/app");
            let output = env.command(["ls", "--retries", "0", &name]).deadline(HANGS).run();
            assert_right_or_honest(&output, "2.0\n1.0\n", position);
            assert_eq!(registry.requests().len(), 1, "{position}\n{}", registry.log());
        });
    }
}

/// The same with an answer whose end is the connection's: only the document itself can tell.
#[test]
fn an_answer_without_a_length_cut_at_each_byte() {
    let whole =
        b"HTTP/1.1 200 OK\r\n\r\n{\"name\":\"demo/app\",\"tags\":[\"1.0\",\"2.0\"]}".to_vec();
    let positions: Vec<usize> = (0..whole.len()).collect();
    in_parallel(&positions, |position| {
        let part = whole[..*position].to_vec();
        let registry = TestRegistry::new().hook(move |_| Some(bytes(part.clone()))).start();
        let env = TestEnv::new();
        let name = registry.repo("demo/app");
        let output = env.command(["ls", "--retries", "0", &name]).deadline(HANGS).run();
        assert_right_or_honest(&output, "2.0\n1.0\n", position);
    });
    // A cut is worth another try, as it is with a length.
    let part = whole[..whole.len() - 5].to_vec();
    let registry = TestRegistry::new()
        .tags("demo/app", ["1.0", "2.0"])
        .first(1, move |_| Some(bytes(part.clone())))
        .start();
    let name = registry.repo("demo/app");
    TestEnv::new().run(["ls", "--retries", "1", &name]).code(0).stdout("2.0\n1.0\n");
    assert_eq!(registry.requests().len(), 2, "{}", registry.log());
    // Once it is whole, it is whole.
    let registry = TestRegistry::new().hook(move |_| Some(bytes(whole.clone()))).start();
    TestEnv::new().run(["ls", &registry.repo("demo/app")]).code(0).stdout("2.0\n1.0\n");
}

/// The second page, cut at each byte: never the first page alone as a whole list.
#[test]
fn a_second_page_cut_at_each_byte() {
    let whole = small(false);
    let positions: Vec<usize> = (0..whole.len()).collect();
    in_parallel(&positions, |position| {
        let part = whole[..*position].to_vec();
        let registry = TestRegistry::new()
            .hook(move |request| match request.query.as_str() {
                "" => Some(
                    list(&["4.0", "3.0"]).header("Link", format!("<{PATH}?last=3.0>; rel=next")),
                ),
                _ => Some(bytes(part.clone())),
            })
            .start();
        let env = TestEnv::new();
        let name = registry.repo("demo/app");
        let output = env.command(["ls", "--retries", "0", &name]).deadline(HANGS).run();
        assert_right_or_honest(&output, "4.0\n3.0\n2.0\n1.0\n", position);
    });
}

/// A token answer cut at each byte: no half token is ever sent.
#[test]
fn a_token_cut_at_each_byte() {
    let whole = Response::json(200, &json!({"token": super::BEARER})).bytes(false);
    let positions: Vec<usize> = (0..whole.len()).collect();
    in_parallel(&positions, |position| {
        let part = whole[..*position].to_vec();
        let service = Server::new(move |_| bytes(part.clone()));
        let field = super::bearer(&format!("{}/token", service.origin()));
        let registry = super::insists_on(&field);
        let name = registry.repo("demo/app");
        let output = TestEnv::new().run(["ls", "--retries", "0", &name]);
        assert_ne!(output.code, 0, "{position}\n{output}");
        assert!(registry.requests().iter().all(|request| request.bearer().is_none()));
    });
}

#[track_caller]
fn assert_right_or_honest(output: &crate::support::Output, right: &str, position: &usize) {
    let is_right = output.code == 0 && output.stdout == right;
    let is_honest = output.code != 0 && output.stdout.is_empty();
    assert!(is_right || is_honest, "cut at {position}\n{output}");
}

/// A cut answer is read again, and what was printed before is not printed twice.
#[test]
fn a_cut_list_is_read_again() {
    // Not a multiple of ten, which would look like a page.
    let tags: Vec<String> = (0..41).map(|n| format!("t{n:02}")).collect();
    let names: Vec<&str> = tags.iter().map(String::as_str).collect();
    let answer = list(&names);
    let length = answer.body.len();
    let cuts: Vec<usize> = (0..length).step_by(length / 12).chain([length - 1]).collect();
    in_parallel(&cuts, |count| {
        for sort in ["none", "name"] {
            let (names, count) = (tags.clone(), *count);
            let registry = TestRegistry::new()
                .tags("demo/app", tags.clone())
                .first(1, move |_| {
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    Some(cut(&list(&names), count))
                })
                .start();
            let name = registry.repo("demo/app");
            let output = TestEnv::new().run(["ls", "--sort", sort, "--retries", "1", &name]);
            let expected: Vec<&str> = tags.iter().map(String::as_str).collect();
            output.code(0).lines(&expected);
            assert_eq!(registry.requests().len(), 2, "{}", registry.log());
        }
    });
}

/// Nor in a list that is longer than what is remembered of it to notice pages that repeat.
#[test]
fn a_long_cut_list_is_read_again() {
    let tags: Vec<String> = (0..20_000).map(|n| format!("t{n:05}")).collect();
    let first = tags.clone();
    let registry = TestRegistry::new()
        .tags("demo/app", tags.clone())
        .first(1, move |_| {
            let names: Vec<&str> = first.iter().map(String::as_str).collect();
            let answer = list(&names);
            Some(cut(&answer, answer.body.len() - 1))
        })
        .start();
    let name = registry.repo("demo/app");
    let output = TestEnv::new().run(["ls", "--sort", "none", "--retries", "1", &name]);
    let count = output.code(0).stdout.lines().count();
    assert!(output.stdout.lines().eq(tags.iter().map(String::as_str)), "{count} lines");
    assert_eq!(registry.requests().len(), 2, "{}", registry.log());
}

/// When the list is another one after the cut, the two are not sewn together.
#[test]
fn two_halves_of_different_lists_are_no_list() {
    let first = ["a", "b", "c", "d", "e", "f"];
    for second in [&["x", "a", "b", "c", "d", "e", "f"][..], &["a"], &[], &["f", "e", "d"]] {
        let after: Vec<String> = second.iter().map(ToString::to_string).collect();
        let registry = TestRegistry::new()
            .tags("demo/app", after)
            .first(1, move |_| {
                let answer = list(&first);
                let count = answer.body.len() - 4;
                Some(cut(&answer, count))
            })
            .start();
        let env = TestEnv::new();
        let name = registry.repo("demo/app");
        let output = env.run(["ls", "--sort", "none", "--retries", "1", &name]);
        // Tags that were printed already may stand in another order; none is missing.
        if output.code == 0 {
            let mut printed: Vec<&str> = output.stdout.lines().collect();
            let mut whole = second.to_vec();
            printed.sort_unstable();
            whole.sort_unstable();
            assert_eq!(printed, whole, "{output}");
        } else {
            output.code(1).stderr_has("the connection was closed, and then the list was");
        }
        let output = env.run(["ls", "--retries", "1", &name]);
        assert!(output.code != 0 || output.stdout.lines().count() == second.len(), "{output}");
    }
}
