//! Docker Hub APIs that misbehave: the list is an error, never short; nothing leads elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::{PASSWORD, asked, home, hub, logged_in};
use crate::support::hostile::endless;
use crate::support::hub::Secret;
use crate::support::{Request, Response, Server, TestHub};

fn page(names: &[&str], next: Value) -> Response {
    let results: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
    Response::json(200, &json!({"next": next, "results": results}))
}

fn with_pages(pages: impl Fn(&Request) -> Response + Send + Sync + 'static) -> TestHub {
    TestHub::new()
        .account("alice", PASSWORD, Secret::Password)
        .hook(move |request| (request.method == "GET").then(|| pages(request)))
        .start()
}

#[test]
fn pages_of_another_host_are_not_fetched() {
    let trap = Server::trap("127.0.0.2");
    for next in [format!("{}/v2/x?page=2", trap.origin()), "//evil.example/?page=2".to_owned()] {
        let hub = with_pages(move |_| page(&["a"], json!(next)));
        let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "acme"]);
        output.code(1).stdout("").stderr_has("another host").stderr_has("not complete");
    }
    trap.assert_untouched();
}

#[test]
fn of_a_link_only_the_query_is_used() {
    let hub = with_pages(|request| match request.param("page") {
        None => page(&["a"], json!(format!("https://{}/elsewhere?page=2", request.local))),
        Some(_) => page(&["b"], Value::Null),
    });
    home(&hub, None).run(["repos", "acme"]).code(0).stdout("acme/a\nacme/b\n");
    assert_eq!(asked(&hub), ["GET /v2/namespaces/acme/repositories"; 2]);
}

#[test]
fn pages_that_repeat_or_never_end() {
    let same = with_pages(|_| page(&["a"], json!("?page=2")));
    let output = home(&same, None).run(["repos", "acme"]);
    output.code(1).stdout("").stderr_has("pages of the list repeat");
    assert!(asked(&same).len() <= 3, "{}", same.server().log());

    let count = std::sync::atomic::AtomicUsize::new(0);
    let nothing_new = with_pages(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        page(&["a"], json!(format!("?page={number}")))
    });
    let output = home(&nothing_new, None).run(["repos", "acme"]);
    output.code(1).stdout("").stderr_has("pages of the list repeat");
    assert!(asked(&nothing_new).len() <= 4, "{}", nothing_new.server().log());
}

#[test]
fn a_page_that_vanished_is_told() {
    let hub = with_pages(|request| match request.param("page") {
        None => page(&["a"], json!("?page=2")),
        Some(_) => Response::json(404, &json!({"message": "object not found"})),
    });
    let output = home(&hub, None).run(["repos", "acme"]);
    output.code(1).stdout("").stderr_has("changed twice while it was read");
    assert_eq!(asked(&hub).len(), 4, "once more from the start");
}

#[test]
fn what_is_no_answer() {
    for response in [
        Response::with_body(200, "text/html", "<html>Please log in</html>"),
        Response::json(200, &json!([])),
        Response::json(200, &json!({"results": {"name": "x"}})),
        Response::json(200, &json!(null)),
    ] {
        let bytes = response.bytes(false);
        let hub = with_pages(move |_| crate::support::hostile::bytes(bytes.clone()));
        let output = home(&hub, None).run(["repos", "acme"]);
        output.code(1).stdout("").stderr_has("hint: ");
        assert_eq!(asked(&hub).len(), 1);
    }
}

#[test]
fn a_login_s_answer_without_a_token() {
    for body in [json!({}), json!({"access_token": ""}), json!({"access_token": "a b"}), json!(7)] {
        let hub = hub().hook(move |r| (r.method == "POST").then(|| Response::json(200, &body)));
        let hub = hub.start();
        let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "acme"]);
        output.code(1).stdout("").stderr_has("no usable token");
        assert_eq!(asked(&hub), ["POST /v2/auth/token"]);
    }
}

#[test]
fn redirects_stay_on_the_host() {
    let hub = hub()
        .hook(|r| {
            let bare = r.method == "GET" && !r.path.ends_with('/');
            bare.then(|| Response::new(301).header("Location", format!("{}/?{}", r.path, r.query)))
        })
        .start();
    let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "acme"]);
    output.code(0).stdout("acme/api\nacme/secret\nacme/web\n");

    let trap = Server::trap("127.0.0.2");
    let target = format!("{}/v2/x", trap.origin());
    let hub = with_pages(move |_| Response::new(302).header("Location", &*target));
    let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "acme"]);
    output.code(1).stdout("").stderr_has("redirects to another host");
    trap.assert_untouched();

    let hub = with_pages(|r| Response::new(302).header("Location", &*r.path));
    let output = home(&hub, None).run(["repos", "acme"]);
    output.code(1).stdout("").stderr_has("redirects in a loop");
    assert_eq!(asked(&hub).len(), 4);
}

#[test]
fn a_server_in_trouble() {
    let hub = with_pages(|_| Response::new(502));
    let output = home(&hub, None).run(["repos", "--retries", "0", "acme"]);
    output.code(5).stdout("").stderr_has("502");
    let gone = hub.origin();
    drop(hub);
    let env = crate::support::TestEnv::new();
    env.config_toml(&format!(
        "profile = \"t\"\n[profiles.t]\nregistry = \"docker.io\"\nhub-api = \"{gone}\"\n"
    ));
    env.run(["repos", "acme"]).code(5).stdout("").stderr_has("127.0.0.1");
}

#[test]
fn answers_without_end() {
    for (method, limit, most) in [("GET", "32 MiB", 48), ("POST", "1 MiB", 16)] {
        let sent = Arc::new(AtomicU64::new(0));
        let counter = sent.clone();
        let hub = hub()
            .hook(move |request| {
                let blanks = Response::with_body(200, "application/json", "");
                let is_wanted = request.method == method;
                is_wanted.then(|| endless(blanks, vec![b' '; 65_536], None, counter.clone()))
            })
            .start();
        let output = logged_in(&hub, "alice", PASSWORD).command(["repos", "acme"]).measured().run();
        output.code(1).stdout("").stderr_has(limit);
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent < most * 1024 * 1024, "{method}: {sent} bytes were taken");
        output.peak_below(128 * 1024);
    }
}

#[test]
fn pages_without_end_reach_a_limit() {
    for (names, limit, requests) in [(1, "5000 pages", 5_000), (10_000, "100000 entries", 11)] {
        let hub = TestHub::new()
            .hook(move |request| {
                let page: usize = request.param("page").and_then(|n| n.parse().ok()).unwrap_or(0);
                let name = |n| json!({"name": format!("r{}", page * names + n)});
                let results: Vec<_> = (0..names).map(name).collect();
                let next = format!("?page={}", page + 1);
                Some(Response::json(200, &json!({"next": next, "results": results})))
            })
            .start();
        let output = home(&hub, None).run(["repos", "acme"]);
        output.code(1).stdout("").stderr_has(limit);
        assert_eq!(asked(&hub).len(), requests);
    }
}
