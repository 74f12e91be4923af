//! Answers as large as their limits allow: no command takes more than 64 MiB for them.

use std::time::Duration;

use serde_json::json;

use crate::support::{Output, Response, TestEnv, TestHub, TestRegistry};

/// What any command may take, in KiB.
const MOST: u64 = 64 * 1024;
/// Just below what is read of an answer.
const LARGE: usize = 31 * 1024 * 1024;

#[track_caller]
fn check(output: &Output, most: u64) {
    output.peak_below(most);
}

/// A document of `LARGE` bytes: the same piece again and again.
fn large(start: &str, piece: impl Fn(usize) -> String, end: &str) -> Vec<u8> {
    let mut body = start.as_bytes().to_vec();
    for n in 0.. {
        let piece = piece(n);
        if body.len() + piece.len() > LARGE {
            break;
        }
        if n > 0 {
            body.push(b',');
        }
        body.extend_from_slice(piece.as_bytes());
    }
    body.extend_from_slice(end.as_bytes());
    body
}

fn run(env: &TestEnv, args: &[&str]) -> Output {
    env.command(args.iter().copied()).deadline(Duration::from_secs(120)).measured().run()
}

/// Early results must not pile up behind a slow first repository.
#[test]
fn results_do_not_pile_up() {
    let names: Vec<String> = (0..40).map(|n| format!("r{n:02}")).collect();
    let catalog = json!({ "repositories": names });
    let tags: Vec<String> = (0..43_000).map(|n| format!("t{n:07}-{}", "x".repeat(110))).collect();
    let tags = json!({ "tags": tags }).to_string();
    let registry = TestRegistry::new()
        .hook(move |request| match request.path.as_str() {
            "/v2/_catalog" => Some(Response::json(200, &catalog)),
            path if path.contains("/tags/list") => {
                if path.contains("r00") && request.query.is_empty() {
                    std::thread::sleep(Duration::from_secs(2));
                }
                Some(Response::with_body(200, "application/json", tags.clone()))
            }
            _ => None,
        })
        .start();
    let env = TestEnv::new();
    let name = registry.host();
    let run = env.command(["repos", "--tags", &name]).head(1).deadline(Duration::from_secs(120));
    check(&run.measured().run(), MOST);
}

/// Google's registries list what lies below a repository, and every manifest.
#[test]
fn google_s_members() {
    let child = large("{\"tags\":[],\"child\":[", |n| format!("\"c{n}\""), "]}");
    let registry = TestRegistry::new()
        .no_catalog()
        .hook(move |request| {
            let is_root = request.path == "/v2/project/tags/list";
            is_root.then(|| Response::with_body(200, "application/json", child.clone()))
        })
        .start();
    let env = TestEnv::new();
    check(&run(&env, &["repos", "--limit", "1", &format!("{}/project", registry.host())]), MOST);

    let manifest = large(
        "{\"tags\":[\"1\"],\"manifest\":{",
        |n| format!("\"sha256:{n:064x}\":{{\"imageSizeBytes\":\"7\",\"tag\":[\"t{n}\"]}}"),
        "}}",
    );
    let registry = TestRegistry::new()
        .tags("a", ["1"])
        .hook(move |request| {
            let is_list = request.path.ends_with("/tags/list");
            is_list.then(|| Response::with_body(200, "application/json", manifest.clone()))
        })
        .start();
    let output = run(&env, &["ls", "-l", &registry.repo("a")]);
    check(output.code(0), MOST);
}

/// Docker Hub's pages are read and dropped.
#[test]
fn hub_pages() {
    let text = "x".repeat(200);
    let page = large(
        "{\"results\":[",
        |n| format!("{{\"name\":\"n{n}\",\"description\":\"{text}\",\"a\":[[],[],{{}},[[[]]]]}}"),
        "]}",
    );
    let hub = TestHub::new()
        .hook(move |_| Some(Response::with_body(200, "application/json", page.clone())))
        .start();
    let env = TestEnv::new();
    let registry = TestRegistry::new().tags("library/app", ["n1"]).start();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\nhub-api = \"{}\"\n",
        registry.server().origin(),
        hub.origin()
    ));
    check(&run(&env, &["repos", "acme"]), MOST);
    check(&run(&env, &["repos", "--raw", "acme"]), MOST);
    check(&run(&env, &["ls", "-l", "--retries", "0", "app"]), MOST);
}

/// Long names, and one that is as long as a page.
#[test]
fn long_names() {
    let many = large("{\"tags\":[", |n| format!("\"{n:0127}\""), "]}");
    let one = format!("{{\"tags\":[\"1.0\",\"\\n{}\"]}}", "x".repeat(LARGE)).into_bytes();
    for (body, code) in [(many, 0), (one, 0)] {
        let registry = TestRegistry::new()
            .hook(move |_| Some(Response::with_body(200, "application/json", body.clone())))
            .start();
        let env = TestEnv::new();
        let name = registry.repo("a");
        let output =
            env.command(["ls", &name]).head(1).deadline(Duration::from_secs(120)).measured().run();
        check(output.code(code), MOST);
    }
}

/// The longest list that there is in the wild: 20 MiB for an optimized program, which takes ten for
/// a list of one tag. A program with debug information begins higher.
#[test]
fn a_hundred_thousand_tags() {
    let tags: Vec<String> = (0..100_000).map(|n| format!("{}.{n}.0-alpine", n % 40)).collect();
    let registry = TestRegistry::new().tags("a", tags).tags("one", ["1"]).start();
    let env = TestEnv::new();
    let one = run(&env, &["ls", &registry.repo("one")]);
    let one = one.peak();
    for flags in [&["ls"][..], &["ls", "--sort", "none"], &["ls", "--raw"]] {
        let name = registry.repo("a");
        let output = run(&env, &[flags, &[&name]].concat());
        check(output.code(0), one + 10 * 1024);
    }
}
