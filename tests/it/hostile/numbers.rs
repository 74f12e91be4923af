//! T17, T18: numbers and nestings that are no sane server's, and HTTP that is none.

use serde_json::json;

use super::{HANGS, list, logged_in, three_ways};
use crate::support::hostile::bytes;
use crate::support::{Response, TestEnv, TestRegistry};

const PATH: &str = "/v2/demo/app/tags/list";

fn raw(body: impl Into<Vec<u8>>) -> TestRegistry {
    let body = body.into();
    TestRegistry::new()
        .hook(move |_| Some(Response::with_body(200, "application/json", body.clone())))
        .start()
}

/// Documents nested beyond reason end in an error or are skipped, never in a crash.
#[test]
fn deep_json() {
    for depth in [100, 127, 128, 129, 100_000, 1_000_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let objects = ("{\"a\":".repeat(depth), "}".repeat(depth));
        for body in [
            format!("{open}{close}"),
            format!("{{\"tags\":{open}{close}}}"),
            format!("{{\"tags\":[\"1.0\",{open}{close}]}}"),
            format!("{{\"x\":{open}{close},\"tags\":[\"1.0\"]}}"),
            format!("{{\"tags\":[\"1.0\",{}1{}]}}", objects.0, objects.1),
            format!("{{\"tags\":[\"1.0\",{open}"),
        ] {
            let shown: String = body.chars().take(30).collect();
            let registry = raw(body);
            let env = TestEnv::new();
            let name = registry.repo("demo/app");
            let output =
                env.command(["ls", "--retries", "0", &name]).deadline(HANGS).measured().run();
            assert!([0, 1, 5].contains(&output.code), "{depth} {shown}\n{output}");
            assert!(["", "1.0\n"].contains(&output.stdout.as_str()), "{depth} {shown}\n{output}");
            output.peak_below(64 * 1024);
        }
    }
}

/// Documents that are no list, or more than one.
#[test]
fn odd_documents() {
    let cases: [(&str, i32, &str); 17] = [
        ("{}", 1, ""),
        ("{\"tags\":null}", 0, ""),
        ("{\"tags\":{}}", 1, ""),
        ("{\"tags\":\"1.0\"}", 1, ""),
        ("{\"tags\":1}", 1, ""),
        ("{\"tags\":true}", 1, ""),
        ("{\"Tags\":[\"1.0\"]}", 1, ""),
        ("[\"1.0\"]", 1, ""),
        ("\"1.0\"", 1, ""),
        ("", 1, ""),
        ("null", 1, ""),
        ("{\"tags\":[\"1.0\"]", 1, ""),
        ("{\"tags\":[\"1.0\",]}", 1, ""),
        ("{\"tags\":[\"1.0\"],\"tags\":[\"2.0\"]}", 1, ""),
        ("{\"tags\":[-0,1.5,1e300,null,true,\"1.0\"]}", 0, "1.0\n"),
        ("{\"tags\":[1e999,\"1.0\"]}", 1, ""),
        ("{\"tags\":[\"\\ud800\",\"1.0\"]}", 1, ""),
    ];
    for (body, code, stdout) in cases {
        let registry = raw(body);
        let output = TestEnv::new().run(["ls", "--retries", "0", &registry.repo("demo/app")]);
        assert!(output.code == code && output.stdout == stdout, "{body}\n{output}");
    }
    let registry = raw(b"{\"tags\":[\"\xff\xfe\",\"1.0\"]}".to_vec());
    let output = TestEnv::new().run(["ls", &registry.repo("demo/app")]);
    assert!([0, 1].contains(&output.code), "{output}");
}

/// One name as long as a page: it is no tag, and costs no more than the page's limit.
#[test]
fn giant_names() {
    let giant = "x".repeat(8 * 1024 * 1024);
    let registry = TestRegistry::new().raw_tags("demo/app", json!(["1.0", giant])).start();
    let output = TestEnv::new().command(["ls", &registry.repo("demo/app")]).measured().run();
    output.code(0).stdout("1.0\n").stderr_has(" 1 entries");
    output.peak_below(100 * 1024);
    // Ten entries look like a page: the last one must not become a request of megabytes.
    let tags: Vec<String> = (0..9).map(|n| format!("1.{n}")).chain(["x".repeat(900_000)]).collect();
    let registry = TestRegistry::new().raw_tags("demo/app", json!(tags)).start();
    let output = TestEnv::new().run(["ls", &registry.repo("demo/app")]);
    output.code(0);
    assert_eq!(output.stdout.lines().count(), 9, "{output}");
}

/// Waiting times that no clock has.
#[test]
fn crooked_waiting_times() {
    let values = [
        "-1",
        "1.5",
        "1e9",
        "99999999999999999999999999",
        "9999999999999999999",
        "soon",
        "",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:60 GMT",
        "Thu, 99 Foo 99999 99:99:99 GMT",
        "0, 0",
    ];
    for name in ["Retry-After", "X-Retry-After"] {
        for value in values {
            let registry = TestRegistry::new()
                .hook(move |_| Some(Response::new(429).header(name, value)))
                .start();
            let env = TestEnv::new();
            let target = registry.repo("demo/app");
            let run = env.command(["ls", "--retries", "0", &target]);
            let output = run.deadline(HANGS).run();
            output.code(5).stdout("").stderr_has("too many requests");
            assert_eq!(registry.requests().len(), 1, "{name}: {value}");
        }
    }
    for value in ["999999999999999999", "31"] {
        let registry = TestRegistry::new()
            .hook(move |_| Some(Response::new(429).header("Retry-After", value)))
            .start();
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(5);
            assert_eq!(registry.requests().len(), 1, "{value}");
            registry.server().clear();
        });
    }
}

/// Page sizes in links that no page has.
#[test]
fn crooked_page_sizes() {
    for n in ["0", "-1", "99999999999999999999", "1e3", "", "n", "%00", "1&n=2&n=3"] {
        let field = format!("<{PATH}?last=a&n={n}>; rel=\"next\"");
        let registry = TestRegistry::new()
            .hook(move |request| match request.query.as_str() {
                "" => Some(list(&["a"]).header("Link", &*field)),
                _ => Some(list(&["b"])),
            })
            .start();
        let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("demo/app")]);
        output.code(0).stdout("a\nb\n");
        assert_eq!(registry.requests().len(), 2, "{n}\n{}", registry.log());
    }
}

/// Answers that are HTTP only in part: failures, not crashes, not lists.
#[test]
fn answers_that_are_no_http() {
    let body = "{\"tags\":[\"1.0\"]}";
    let ok = "HTTP/1.1 200 OK\r\n";
    let long = "x".repeat(100_000);
    let many = "a: b\r\n".repeat(1_000);
    let answers: [Vec<u8>; 26] = [
        b"".to_vec(),
        b"\0".repeat(100),
        b"\xff\xfe\xfd".to_vec(),
        b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
        b"HTTP/0.9 200\r\n\r\n".to_vec(),
        b"HTTP/2.0 200 OK\r\n\r\n".to_vec(),
        b"HTTP/1.1\r\n\r\n".to_vec(),
        b"HTTP/1.1 99999 X\r\n\r\n".to_vec(),
        b"HTTP/1.1 -1 X\r\n\r\n".to_vec(),
        b"HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n".to_vec(),
        b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n".to_vec(),
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_vec(),
        format!("{ok}Content-Length: -1\r\n\r\n{body}").into_bytes(),
        format!("{ok}Content-Length: 99999999999999999999\r\n\r\n{body}").into_bytes(),
        format!("{ok}Content-Length: 0x11\r\n\r\n{body}").into_bytes(),
        format!("{ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{body}").into_bytes(),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n{body}").into_bytes(),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\n-1\r\n{body}").into_bytes(),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{body}").into_bytes(),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\n5;{long}\r\n{body}").into_bytes(),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"tag").into_bytes(),
        format!("{ok}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc").into_bytes(),
        format!("{ok}X: {long}\r\n\r\n{body}").into_bytes(),
        format!("{ok}{long}").into_bytes(),
        format!("{ok}{many}\r\n{body}").into_bytes(),
        format!("{ok}a\0b: c\r\n: x\r\nno colon\r\n\r\n").into_bytes(),
    ];
    for answer in answers {
        let shown: String = String::from_utf8_lossy(&answer).chars().take(90).collect();
        let registry = TestRegistry::new().hook(move |_| Some(bytes(answer.clone()))).start();
        let env = logged_in(&registry.host());
        let name = registry.repo("demo/app");
        let run = env.command(["ls", "--retries", "0", "--timeout", "5", &name]);
        let output = run.deadline(HANGS).measured().run();
        assert!(output.code != 0 && output.stdout.is_empty(), "{shown:?}\n{output}");
        output.peak_below(64 * 1024);
    }
}

/// Headers, chunk sizes and trailers without end.
#[test]
fn endless_framing() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let chunked = format!("{ok}Transfer-Encoding: chunked\r\n\r\n");
    let whole = format!("{chunked}10\r\n{{\"tags\":[\"1.0\"]}}\r\n0\r\n");
    let cases: [(String, &str); 7] = [
        (ok.to_owned(), "a: b\r\n"),
        (format!("{ok}a: "), "xxxxxxxxxxxxxxxx"),
        ("HTTP/1.1 200 ".to_owned(), "OK "),
        (chunked.clone(), "0000000000000000"),
        (format!("{chunked}1;"), "xxxxxxxxxxxxxxxx"),
        (chunked, "1\r\n \r\n"),
        (whole, "a: b\r\n"),
    ];
    for (start, filler) in cases {
        let filler = filler.repeat(4_000).into_bytes();
        let registry = TestRegistry::new()
            .hook(move |_| {
                let (start, filler) = (start.clone(), filler.clone());
                Some(Response::raw(move |stream| {
                    let mut fine = stream.write_all(start.as_bytes()).is_ok();
                    for _ in 0..4_000 {
                        fine = fine && stream.write_all(&filler).is_ok();
                        if !fine {
                            return;
                        }
                    }
                }))
            })
            .start();
        let env = logged_in(&registry.host());
        let name = registry.repo("demo/app");
        let run = env.command(["ls", "--retries", "0", "--timeout", "1", &name]);
        let output = run.deadline(HANGS).measured().run();
        if output.code == 0 {
            // The list was whole before the rubbish began.
            output.stdout("1.0\n");
        } else {
            output.stdout("");
        }
        output.peak_below(80 * 1024);
    }
}
