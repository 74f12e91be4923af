//! Many commands against a registry that fails at random in every way the other tests know.
//!
//! The seed is fixed, so a failure comes back. 400 commands run with every `cargo test`;
//! `DOCKER_TAGS_SOAK=2000` runs as many as it says.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{PASSWORD, USER, challenge, list};
use crate::support::hostile::{bytes, cut, drip, hang_up};
use crate::support::{Output, Request, Response, Server, TestEnv};

const TAGS: [&str; 12] = ["7", "6", "5", "4", "3", "2", "1", "0.9", "0.8", "0.7", "0.6", "0.5"];
/// Memory of any run, in KiB.
const SMALL: u64 = 64 * 1024;

/// Random numbers from a seed: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// The right answer: three pages of tags, for whoever has the token.
fn right(request: &Request, service: &str) -> Response {
    if request.path.ends_with("/token") {
        return Response::json(200, &json!({"token": super::BEARER, "expires_in": 300}));
    }
    if request.bearer() != Some(super::BEARER) {
        return challenge(&super::bearer(&format!("{service}/token")));
    }
    if request.path == "/v2/" {
        return Response::json(200, &json!({}));
    }
    let at: usize = request.param("last").and_then(|n| n.parse().ok()).unwrap_or(0);
    let end = (at + 4).min(TAGS.len());
    let page = list(&TAGS[at.min(end)..end]);
    let link = format!("<{}?last={end}>; rel=\"next\"", request.path);
    if end < TAGS.len() { page.header("Link", link) } else { page }
}

/// The right answer, or one of the ways to fail. None of them may end in a wrong list.
fn perhaps(random: &mut Random, answer: Response, trap: &str, is_token: bool) -> Response {
    let length = answer.bytes(false).len() as u64;
    match random.below(40) {
        0 => hang_up(),
        1 => {
            let end = random.below(length) as usize;
            bytes(answer.bytes(false)[..end].to_vec())
        }
        2 => cut(&answer, random.below(30) as usize),
        3 => Response::new([400, 401, 403, 404, 405, 418, 501][random.below(7) as usize]),
        4 => Response::new([408, 429, 500, 502, 503, 504][random.below(6) as usize]),
        5 => Response::new(429).header("Retry-After", "3600"),
        6 => Response::new(302).header("Location", format!("{trap}/x")),
        7 => Response::new(307).header("Location", "http://169.254.169.254/"),
        8 => challenge(&super::bearer("http://169.254.169.254/token")),
        9 => challenge(&super::bearer("file:///etc/passwd")),
        10 => Response::with_body(200, "text/html", "<html>\u{1b}[31m</html>"),
        11 if is_token => Response::json(200, &json!({"token": "a\r\nX: y"})),
        12 => answer.header("Content-Encoding", "gzip"),
        13 => answer.header("Warning", "299 - \"\u{9b}31m beware\""),
        14 => list(&["9"]).header("Link", format!("<{trap}/v2/x?last=1>; rel=next")),
        15 => list(&["9"]).header("Link", "</v2/demo/app/tags/list>; rel=next"),
        16 => Response::raw(|stream| drop(stream.read(&mut [0]))),
        17 => drip(&answer, 7, Duration::from_millis(1)),
        18 => bytes(b"\xff\xfenonsense\r\n\r\n".to_vec()),
        19 => bytes(vec![b'['; 200_000]),
        20 => Response::with_body(200, "application/json", "[".repeat(200_000)),
        21 => answer.chunked(),
        _ => answer,
    }
}

/// How one command was run, and what its success would be.
fn command(random: &mut Random, repository: &str) -> (Vec<String>, Vec<String>) {
    let mut expected: Vec<String> = TAGS.iter().map(ToString::to_string).collect();
    let retries = ["0", "0", "0", "1"][random.below(4) as usize];
    let mut args = vec!["ls", "--timeout", "0.3", "--retries", retries];
    match random.below(6) {
        0 => args.push("-v"),
        1 => args.extend(["--sort", "none"]),
        2 => {
            args.push("--reverse");
            expected.reverse();
        }
        3 => {
            args.extend(["--limit", "3"]);
            expected.truncate(3);
        }
        4 => args.extend(["--format", "{{.Tag}}"]),
        _ => {}
    }
    args.push(repository);
    (args.into_iter().map(str::to_owned).collect(), expected)
}

#[test]
fn nothing_goes_wrong_but_honestly() {
    let count = std::env::var("DOCKER_TAGS_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let trap = Server::on("127.0.0.3", |_| Response::new(404));
    let (next, good) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= count {
                        return;
                    }
                    if one(number as u64, &trap.origin()) {
                        good.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let good = good.load(Ordering::SeqCst);
    // The mix is such that a good part succeeds and a good part fails: else it tests nothing.
    assert!(good > count / 20 && good < count * 19 / 20, "{good} of {count} succeeded");
    super::assert_anonymous(&trap);
    for request in trap.requests() {
        assert_eq!(request.path, "/x", "only a redirect leads there\n{}", trap.log());
    }
}

/// Runs one command against a server of its own; whether it succeeded.
fn one(number: u64, trap: &str) -> bool {
    let random = Mutex::new(Random(number));
    let trap = trap.to_owned();
    let server = Server::new(move |request| {
        let right = right(request, &request.origin());
        perhaps(
            &mut random.lock().expect("no panic"),
            right,
            &trap,
            request.path.ends_with("/token"),
        )
    });
    let env = TestEnv::new();
    env.login(&server.host(), USER, PASSWORD);
    env.canary(super::BEARER);
    let repository = format!("{}/demo/app", server.host());
    let (args, expected) = command(&mut Random(number ^ 0x5eed), &repository);
    let output = env.command(args).deadline(super::HANGS).run();
    check(number, &output, &expected);
    for request in server.requests() {
        let to_service = request.path.ends_with("/token");
        assert!(to_service || request.basic().is_none(), "{number}\n{}", server.log());
        assert_eq!(request.header("x"), None);
    }
    output.code == 0
}

/// Whatever happened: small, orderly, and no success that is not right.
fn check(number: u64, output: &Output, expected: &[String]) {
    assert!(output.peak_kib.unwrap_or(0) < SMALL, "{number}: {:?} KiB\n{output}", output.peak_kib);
    let lines: Vec<&str> = output.stdout.lines().collect();
    if output.stderr.contains("may be incomplete") {
        // A page that was gone (404): what is there is kept, and said to be less.
        assert!(lines.iter().all(|line| TAGS.contains(line)), "{number}\n{output}");
    } else if output.code == 0 {
        assert!(lines == expected, "{number}: a wrong list\n{output}");
    } else {
        assert!(!output.stderr.is_empty(), "{number}\n{output}");
        let streamed =
            output.command.contains("--sort none") || output.command.contains("--format");
        assert!(streamed || lines.is_empty(), "{number}\n{output}");
    }
}
