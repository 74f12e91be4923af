//! T3, T7, T8, T9: lists that lead away, repeat, never end, or unpack to gigabytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::{list, logged_in, three_ways};
use crate::support::hostile::endless;
use crate::support::{Response, Server, TestEnv, TestRegistry};

const PATH: &str = "/v2/demo/app/tags/list";

fn next(target: &str) -> String {
    format!("<{target}>; rel=\"next\"")
}

/// A04: the next page may not be on another host, however it is spelled.
#[test]
fn a_link_to_another_host_is_refused() {
    let trap = Server::trap("127.0.0.2");
    let host = trap.host();
    let links = [
        format!("http://{host}{PATH}?last=b"),
        format!("//{host}{PATH}?last=b"),
        format!("https://{host}{PATH}?last=b"),
        format!("http://127.0.0.1@{host}/?last=b"),
        "http://169.254.169.254/latest?x=1".to_owned(),
        "http://2852039166/?x=1".to_owned(),
        "http://[::1]/?x=1".to_owned(),
        "http://localhost/?x=1".to_owned(),
        "javascript:alert(1)".to_owned(),
        "file:///etc/passwd?x".to_owned(),
        "http:\\\\127.0.0.1\\?x".to_owned(),
    ];
    for link in links {
        let field = next(&link);
        let registry = TestRegistry::new()
            .hook(move |_| Some(list(&["a", "b"]).header("Link", &*field)))
            .start();
        let env = logged_in(&registry.host());
        for sort in ["version", "name"] {
            let name = registry.repo("demo/app");
            let output = env.run(["ls", "--sort", sort, &name]);
            output.code(1).stdout("").stderr_has("not complete");
        }
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(1).says("next page");
            assert_eq!(registry.paths().iter().filter(|path| *path != PATH).count(), 0);
        });
    }
    trap.assert_untouched();
}

/// A04, streaming: what was printed before are complete lines, and the end is a failure.
#[test]
fn a_stream_that_leads_away_ends_in_a_failure() {
    let trap = Server::trap("127.0.0.2");
    let field = next(&format!("{}{PATH}?last=b", trap.origin()));
    let registry =
        TestRegistry::new().hook(move |_| Some(list(&["a", "b"]).header("Link", &*field))).start();
    let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("demo/app")]);
    output.code(1).stderr_has("127.0.0.2");
    assert!(["", "a\n", "a\nb\n"].contains(&output.stdout.as_str()), "{output}");
    trap.assert_untouched();
}

/// A04, the counter-check: of a link to the same host only the query counts.
#[test]
fn a_link_s_port_and_path_do_not_matter() {
    let trap = Server::trap("127.0.0.1");
    let field = format!("<{}/wrong/path?last=b&n=2>; rel=next", trap.origin());
    let registry = TestRegistry::new()
        .hook(move |request| match request.query.as_str() {
            "" => Some(list(&["a", "b"]).header("Link", &*field)),
            _ => Some(list(&["c"])),
        })
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", "--sort", "none", &registry.repo("demo/app")], |seen| {
        seen.lists(&["a", "b", "c"]);
        assert_eq!(registry.paths(), [PATH, PATH], "{}", registry.log());
        assert_eq!(registry.requests()[1].param("last").as_deref(), Some("b"));
        registry.server().clear();
    });
    trap.assert_untouched();
}

/// A05: pages that repeat end the list, and say so.
#[test]
fn repeating_pages_are_noticed() {
    type Answer = Box<dyn Fn(&str) -> (Vec<String>, String) + Send + Sync>;
    let scenarios: [(&str, Answer); 6] = [
        (
            "the same URL",
            Box::new(|_| (vec!["a".into(), "b".into()], next(&format!("{PATH}?last=b")))),
        ),
        (
            "to and fro",
            Box::new(|last| {
                let other = if last == "a" { "b" } else { "a" };
                (vec![format!("x{last}")], next(&format!("{PATH}?last={other}")))
            }),
        ),
        ("no query", Box::new(|_| (vec!["a".into()], next(PATH)))),
        (
            "new cursors, old tags",
            Box::new(|last| {
                let n = last.parse().unwrap_or(0) + 1;
                (vec!["a".into()], next(&format!("{PATH}?last={n}")))
            }),
        ),
        (
            "new cursors, no tags",
            Box::new(|last| {
                let n = last.parse().unwrap_or(0) + 1;
                (Vec::new(), next(&format!("{PATH}?last={n}")))
            }),
        ),
        (
            "new cursors, nothing but rubbish",
            Box::new(|last| {
                let n = last.parse().unwrap_or(0) + 1;
                (vec![format!("../{n}")], next(&format!("{PATH}?last={n}")))
            }),
        ),
    ];
    for (name, answer) in scenarios {
        let registry = TestRegistry::new()
            .hook(move |request| {
                let (tags, link) = answer(&request.param("last").unwrap_or_default());
                let body = json!({"name": "demo/app", "tags": tags});
                Some(Response::json(200, &body).header("Link", link))
            })
            .start();
        let env = logged_in(&registry.host());
        for sort in ["version", "none"] {
            three_ways(&env, &["ls", "--sort", sort, &registry.repo("demo/app")], |seen| {
                seen.output.code(1);
                seen.says("repeat");
                assert!(registry.requests().len() <= 4, "{name}\n{}", registry.log());
                registry.server().clear();
            });
        }
    }
}

/// A06: pages without end, each with something new.
#[test]
fn endless_pages_reach_a_limit() {
    for (tags, limit, requests) in [(1, "5000 pages", 5_000), (1_000, "500000 entries", 501)] {
        let registry = TestRegistry::new()
            .hook(move |request| {
                let page: usize = request.param("last").and_then(|n| n.parse().ok()).unwrap_or(0);
                let tags: Vec<String> =
                    (0..tags).map(|n| format!("t{}", page * tags + n)).collect();
                let body = json!({"name": "demo/app", "tags": tags});
                let link = next(&format!("{PATH}?last={}", page + 1));
                Some(Response::json(200, &body).header("Link", link))
            })
            .start();
        let env = logged_in(&registry.host());
        let output = env.command(["ls", &registry.repo("demo/app")]).measured().run();
        output.code(1).stdout("").stderr_has(limit);
        output.peak_below(super::MEMORY);
        let seen = registry.requests().len();
        assert!(seen <= requests, "{seen} requests");
    }
}

/// T7: a list without end, in chunks and under a length that no machine has.
#[test]
fn an_endless_list_is_cut_off() {
    let length = Some(u64::MAX >> 1);
    for (start, filler, declared) in
        [("", " ", None), ("{\"tags\":[", "\"a\",", length), ("{\"x\":\"", "y", None)]
    {
        let sent = Arc::new(AtomicU64::new(0));
        let counter = sent.clone();
        // Every piece begins anew; what counts is that there is no end.
        let piece = format!("{start}{}", filler.repeat(21_000)).into_bytes();
        let registry = TestRegistry::new()
            .hook(move |_| {
                let answer = Response::with_body(200, "application/json", "");
                Some(endless(answer, piece.clone(), declared, counter.clone()))
            })
            .start();
        let env = logged_in(&registry.host());
        let name = registry.repo("demo/app");
        let output = env.command(["ls", &name]).deadline(super::HANGS).measured().run();
        output.code(1).stdout("");
        if start.is_empty() {
            // White space is valid so far: the limit is what ends it, and it is named.
            output.stderr_has("32 MiB");
        }
        output.peak_below(128 * 1024);
        assert_eq!(registry.requests().len(), 1, "{}", registry.log());
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent < 48 * 1024 * 1024, "{sent} bytes were taken");
    }
}

/// A07: nobody asked for compression, so nothing is unpacked.
#[test]
fn compressed_answers_are_refused() {
    for coding in ["gzip", "deflate", "br", "zstd", "x-gzip", "gzip, gzip", "\u{9b}31m"] {
        let registry = TestRegistry::new()
            .hook(move |_| {
                // The first bytes of a gzip file, then megabytes of what would be its content.
                let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
                body.resize(10_000_000, 0);
                let answer = Response::with_body(200, "application/json", body);
                Some(answer.header("Content-Encoding", coding))
            })
            .start();
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(1).says("Content-Encoding");
            seen.output.peak_below(100 * 1024);
            assert_eq!(registry.requests().len(), 1, "{}", registry.log());
            let asked = registry.requests()[0].header("accept-encoding").map(str::to_owned);
            assert!(asked.is_none_or(|coding| coding == "identity"), "{}", registry.log());
            registry.server().clear();
        });
    }
}

/// A compressed token, or a compressed error, is no token and no error.
#[test]
fn a_compressed_token_is_refused() {
    let service = Server::new(|_| {
        Response::json(200, &json!({"token": super::BEARER})).header("Content-Encoding", "gzip")
    });
    let registry = super::insists_on(&super::bearer(&format!("{}/token", service.origin())));
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(1).says("Content-Encoding");
        assert_eq!(registry.requests().len(), 1, "{}", registry.log());
        registry.server().clear();
    });
}

/// Links that are none, by the thousand, cost nothing and mean the end of the list.
#[test]
fn rubbish_in_the_link_header_is_no_link() {
    for field in [
        "<".repeat(20_000),
        "<>;".repeat(7_000),
        format!("{}<{PATH}?last=z>; rel=\"next\"", "<a>; rel=\"prev\", ".repeat(1_100)),
        "\"".repeat(15_000),
        ", ; = <".to_owned(),
    ] {
        let registry = TestRegistry::new()
            .hook(move |request| match request.query.as_str() {
                "" => Some(list(&["a"]).header("Link", &*field)),
                _ => Some(list(&[])),
            })
            .start();
        let env = TestEnv::new();
        let output = env.command(["ls", &registry.repo("demo/app")]).deadline(super::HANGS).run();
        output.code(0).stdout("a\n");
        assert!(registry.requests().len() <= 2, "{}", registry.log());
    }
}

/// Of an error nobody wants more than its words, of a redirect nothing but where to.
#[test]
fn an_endless_error_is_cut_off() {
    for (status, code) in [(307, 0), (401, 4), (403, 4), (404, 3), (418, 1), (500, 5)] {
        let sent = Arc::new(AtomicU64::new(0));
        let counter = sent.clone();
        let registry = TestRegistry::new()
            .hook(move |request| {
                if request.path != PATH {
                    return Some(list(&["1.0"]));
                }
                let answer = Response::new(status).header("Location", "/v2/elsewhere");
                Some(endless(answer, vec![b' '; 65_536], None, counter.clone()))
            })
            .start();
        let env = TestEnv::new();
        three_ways(&env, &["ls", "--retries", "0", &registry.repo("demo/app")], |seen| {
            assert_eq!(seen.output.code, code, "{status}\n{}", seen.output);
            let sent = sent.swap(0, Ordering::SeqCst);
            // What is read is 64 KiB; the system's buffers take more.
            assert!(sent < 16 * 1024 * 1024, "{status}: {sent} bytes were taken");
        });
    }
}

/// Pages of which each is within its limit, and all together are not.
#[test]
fn many_large_pages_reach_a_limit() {
    let registry = TestRegistry::new()
        .hook(|request| {
            let page: usize = request.param("last").and_then(|n| n.parse().ok()).unwrap_or(0);
            let filler = "y".repeat(31 * 1024 * 1024);
            let body = format!("{{\"x\":\"{filler}\",\"tags\":[\"t{page}\"]}}");
            let link = next(&format!("{PATH}?last={}", page + 1));
            let answer = Response::with_body(200, "application/json", body);
            Some(if page < 12 { answer.header("Link", link) } else { answer })
        })
        .start();
    let output = TestEnv::new().command(["ls", &registry.repo("demo/app")]).measured().run();
    output.code(1).stdout("").stderr_has("the limit of 256 MiB");
    assert_eq!(registry.requests().len(), 9);
    output.peak_below(64 * 1024);
}
