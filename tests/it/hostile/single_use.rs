//! Tokens that are good for one request, or a few: with many requests at a time, each gets its own
//! in the end. And challenges that ask for more scopes than a URL can hold.

use std::time::Duration;

use super::{BEARER, PASSWORD, USER, bearer, challenge, list, logged_in, token_service};
use crate::support::{TestEnv, TestRegistry, TokenRules};

const TAGS: usize = 40;

fn registry(uses: usize, private: bool, rules: TokenRules) -> TestRegistry {
    let tags: Vec<String> = (0..TAGS).map(|number| format!("1.{number}")).collect();
    let builder = TestRegistry::new()
        .tags("demo/app", tags)
        .user(USER, PASSWORD)
        // So that many requests carry the same token before the first is answered.
        .delay(Duration::from_millis(5));
    let builder = if private { builder.private("demo/app", &[USER]) } else { builder };
    builder.require_token(TokenRules { uses: Some(uses), ..rules }).start()
}

#[test]
fn tokens_for_a_few_requests_are_enough_for_many() {
    let opaque = TokenRules { jwt: false, says_lifetime: false, ..TokenRules::default() };
    for (uses, private, jobs, rules) in [
        (1, false, "8", TokenRules::default()),
        (1, true, "8", TokenRules::default()),
        (1, false, "32", opaque.clone()),
        (1, false, "2", opaque),
        (2, true, "8", TokenRules::default()),
        (3, false, "16", TokenRules::default()),
        (5, true, "64", TokenRules::default()),
    ] {
        let registry = registry(uses, private, rules);
        let env = if private { logged_in(&registry.host()) } else { TestEnv::new() };
        let (format, name) = ("{{.Tag}} {{.Digest}}", registry.repo("demo/app"));
        let output = env.run(["ls", "--digests", "-j", jobs, "--format", format, &name]);
        output.code(0).silent();
        assert_eq!(output.stdout.lines().count(), TAGS, "{uses} {jobs}\n{output}");
        assert!(output.stdout.lines().all(|line| line.contains("sha256:")), "{output}");
        // A request is sent at most three times, and gets at most two tokens.
        let (sent, tokens) = (registry.requests(), registry.token_service().requests());
        assert!(sent.len() <= 3 * (TAGS + 1), "{uses} {jobs}: {} requests", sent.len());
        assert!(tokens.len() <= 2 * (TAGS + 1), "{uses} {jobs}: {} tokens", tokens.len());
        assert!(sent.iter().all(|request| request.basic().is_none()), "{}", registry.log());
    }
}

/// Once it is known, nothing is sent in vain.
#[test]
fn a_token_for_each_request_is_all_it_takes() {
    let registry = registry(1, false, TokenRules::default());
    let output = TestEnv::new().run(["ls", "--digests", "-j1", &registry.repo("demo/app")]);
    output.code(0).silent();
    let sent = registry.requests().len();
    assert!(sent <= 3 * (TAGS + 1), "{sent} requests\n{}", registry.log());
}

/// What is refused for want of a scope is not asked for with one token after another.
#[test]
fn a_refused_scope_is_no_single_use() {
    let service = token_service("127.0.0.1");
    let field =
        format!("{},error=\"insufficient_scope\"", bearer(&format!("{}/token", service.origin())));
    let registry = TestRegistry::new().hook(move |_| Some(challenge(&field))).start();
    let env = logged_in(&registry.host());
    env.run(["ls", &registry.repo("demo/app")]).code(4).stdout("");
    assert_eq!((registry.requests().len(), service.requests().len()), (2, 1));
}

#[test]
fn a_flood_of_scopes_makes_no_endless_url() {
    let service = token_service("127.0.0.1");
    let realm = format!("{}/token", service.origin());
    let others = |count: usize| (0..count).map(|n| format!("repository:o/{n}:pull,push,delete"));
    let ours = "repository:demo/app:pull".to_owned();
    let last: Vec<String> = others(400).chain([ours.clone()]).collect();
    let first: Vec<String> = [ours.clone()].into_iter().chain(others(400)).collect();
    let absent: Vec<String> = others(400).collect();
    let few: Vec<String> = others(20).chain([ours.clone()]).collect();
    for (scopes, is_ours_alone, is_cut) in
        [(last, true, true), (first, true, true), (absent, false, true), (few, false, false)]
    {
        let asked = scopes.len();
        let field =
            format!("Bearer realm=\"{realm}\",service=\"s\",scope=\"{}\"", scopes.join(" "));
        let registry = TestRegistry::new()
            .hook(move |request| {
                Some(match request.bearer() {
                    Some(BEARER) => list(&["1.0"]),
                    _ => challenge(&field),
                })
            })
            .start();
        service.clear();
        let env = logged_in(&registry.host());
        let output = env.run(["ls", &registry.repo("demo/app")]);
        output.code(0).stdout("1.0\n");
        let requests = service.requests();
        assert_eq!(requests.len(), 1, "{}", service.log());
        let url = format!("{}{}", service.origin(), requests[0].target());
        assert!(url.len() <= 16 * 1024, "{} bytes", url.len());
        let sent = requests[0].params("scope");
        if is_cut {
            output.stderr_has("warning: ").stderr_has(&format!("asks for {asked} scopes"));
            assert!(!sent.is_empty() && sent.len() < asked);
        } else {
            output.silent();
            assert_eq!(sent, scopes);
        }
        if is_ours_alone {
            assert_eq!(sent, std::slice::from_ref(&ours));
        }
    }
}
