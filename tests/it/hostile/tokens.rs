//! T13 and the token service's answers: tokens that would break out of their header, answers
//! that are none, floods.

use serde_json::json;

use super::{BEARER, HANGS, bearer, challenge, list, logged_in, three_ways};
use crate::support::{Response, Server, TestRegistry};

/// A registry that takes any token but wants one, and what its token service answers.
fn registry_with(answer: impl Fn() -> Response + Send + Sync + 'static) -> (TestRegistry, Server) {
    let service = Server::new(move |_| answer());
    let field = bearer(&format!("{}/token", service.origin()));
    let registry = TestRegistry::new()
        .hook(move |request| match request.bearer() {
            Some(_) => Some(list(&["1.0"])),
            None => Some(challenge(&field)),
        })
        .start();
    (registry, service)
}

#[test]
fn poisoned_tokens_never_become_headers() {
    let poisons = [
        "a\r\nX-Injected: yes",
        "a\nX-Injected: yes",
        "a\rb",
        "a b",
        "a\tb",
        "a\u{0}b",
        "a\u{7f}",
        "tök\u{e9}n",
        "a\u{2028}b",
        "\u{1b}[31m",
        " ",
    ];
    for poison in poisons {
        let token = poison.to_owned();
        let (registry, _service) =
            registry_with(move || Response::json(200, &json!({ "token": token })));
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(1).says("token");
            assert_eq!(registry.requests().len(), 1, "{}", registry.log());
            assert_eq!(registry.requests()[0].header("x-injected"), None);
            registry.server().clear();
        });
    }
}

#[test]
fn answers_without_a_token_are_failures() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_token = format!("{{\"token\":{deep}}}");
    let bodies = [
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "\"t\"".to_owned(),
        "{\"token\":null}".to_owned(),
        "{\"token\":42}".to_owned(),
        "{\"token\":[\"t\"]}".to_owned(),
        "{\"token\":{\"token\":\"t\"}}".to_owned(),
        "{\"token\":\"\"}".to_owned(),
        "{\"token\":\"t\"".to_owned(),
        "<html>login</html>".to_owned(),
        "\u{feff}{\"token\":\"t\"}".to_owned(),
        deep,
        deep_token,
    ];
    for body in bodies {
        let shown = body.chars().take(40).collect::<String>();
        let (registry, service) =
            registry_with(move || Response::with_body(200, "application/json", body.clone()));
        let env = logged_in(&registry.host());
        let output = env.command(["ls", &registry.repo("demo/app")]).deadline(HANGS).run();
        output.code(1).stdout("").stderr_has("token service");
        assert_eq!(registry.requests().len(), 1, "{shown}\n{}", registry.log());
        assert_eq!(service.requests().len(), 1, "{shown}\n{}", service.log());
    }
}

/// Crooked lifetimes are no reason to fail, to panic, or to ask again and again.
#[test]
fn crooked_lifetimes_do_not_matter() {
    let lives = [
        "-1",
        "0",
        "1",
        "1.5",
        "1e308",
        "-1e308",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "\"300\"",
        "null",
        "[]",
        "true",
    ];
    for life in lives {
        let body = format!("{{\"token\":\"{BEARER}\",\"expires_in\":{life},\"issued_at\":-1}}");
        let (registry, service) =
            registry_with(move || Response::with_body(200, "application/json", body.clone()));
        let env = logged_in(&registry.host());
        let output = env.run(["ls", &registry.repo("demo/app")]);
        output.code(0).stdout("1.0\n");
        assert_eq!(service.requests().len(), 1, "{life}\n{}", service.log());
    }
    let deep = format!("{{\"token\":\"{BEARER}\",\"expires_in\":1e999999999}}");
    let (registry, _service) =
        registry_with(move || Response::with_body(200, "application/json", deep.clone()));
    let output = logged_in(&registry.host()).run(["ls", &registry.repo("demo/app")]);
    assert!([0, 1].contains(&output.code), "{output}");
}

/// Big tokens are used or refused; an endless answer is cut off at its limit.
#[test]
fn floods_from_the_token_service_are_cut_off() {
    for size in [1_000, 8_000, 60_000, 500_000, 1_000_000, 3_000_000] {
        let token = "t".repeat(size);
        let (registry, service) =
            registry_with(move || Response::json(200, &json!({ "token": token })));
        let env = logged_in(&registry.host());
        let output =
            env.command(["ls", &registry.repo("demo/app")]).deadline(HANGS).measured().run();
        if size <= 8_000 {
            output.code(0).stdout("1.0\n");
        } else {
            assert!([0, 1].contains(&output.code), "{size}\n{output}");
        }
        output.peak_below(64 * 1024);
        assert_eq!(service.requests().len(), 1, "{size}\n{}", service.log());
    }
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = sent.clone();
    let (registry, _service) = registry_with(move || {
        let answer = Response::with_body(200, "application/json", "");
        crate::support::hostile::endless(answer, vec![b' '; 65_536], None, counter.clone())
    });
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(1).says("token service").says("1 MiB");
        seen.output.peak_below(64 * 1024);
    });
    let sent = sent.load(std::sync::atomic::Ordering::SeqCst);
    assert!(sent < 3 * 16 * 1024 * 1024, "{sent} bytes were taken");
}

/// A token service's own words in every status: quoted safely, never acted upon.
#[test]
fn errors_of_the_token_service_are_told() {
    for (status, code) in
        [(400, 1), (401, 4), (403, 4), (404, 1), (405, 1), (418, 1), (451, 1), (500, 5)]
    {
        let (registry, service) = registry_with(move || {
            Response::json(status, &json!({"details": "no \u{1b}[31m\u{202e}token\nfor you"}))
        });
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", "--retries", "0", &registry.repo("demo/app")], |seen| {
            seen.fails(code);
            assert_eq!(registry.requests().len(), 1, "{}", registry.log());
            assert!(service.requests().len() <= 2, "{}", service.log());
            registry.server().clear();
            service.clear();
        });
    }
}
