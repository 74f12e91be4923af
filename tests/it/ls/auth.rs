//! Logins: which requests are made, to whom the password goes, and what is said when it does
//! not help.

use crate::support::token::Denied;
use crate::support::{Request, TestEnv, TestRegistry, TokenRules};

const USER: &str = "alice";
const PASSWORD: &str = "S3cr3t-canary-7f3a";

fn guarded(rules: TokenRules) -> TestRegistry {
    TestRegistry::new()
        .tags("demo/app", ["1.0", "1.1"])
        .tags("demo/other", ["2.0"])
        .tags("demo/secret", ["3.0"])
        .user(USER, PASSWORD)
        .user("bob", PASSWORD)
        .private("demo/secret", &[USER])
        .require_token(rules)
        .start()
}

fn logged_in(registry: &TestRegistry, user: &str, password: &str) -> TestEnv {
    let env = TestEnv::new();
    env.login(&registry.host(), user, password);
    env
}

fn with_login(requests: &[Request]) -> usize {
    requests.iter().filter(|request| request.header("authorization").is_some()).count()
}

/// Fails if a bearer token is in the output or in a file.
fn check_tokens(env: &TestEnv, output: &crate::support::Output, registry: &TestRegistry) {
    let tokens = registry.token_service().tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    env.check(output, &tokens);
}

#[test]
fn a_token_takes_three_requests() {
    let registry = guarded(TokenRules::default());
    let env = TestEnv::new();
    let output = env.run(["ls", &registry.repo("demo/app")]);
    output.code(0).lines(&["1.1", "1.0"]).silent();
    registry
        .server()
        .assert_exchanges(&["GET /v2/demo/app/tags/list 401", "GET /v2/demo/app/tags/list 200"]);
    registry.server().assert_connections(1);
    assert_eq!(registry.server().tls_probes(), 1, "{}", registry.log());
    let service = registry.token_service();
    let requests = service.requests();
    assert_eq!(requests.len(), 1, "{}", registry.log());
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("GET", "/token"));
    assert_eq!(requests[0].params("service"), ["registry.test"]);
    assert_eq!(requests[0].params("scope"), ["repository:demo/app:pull"]);
    assert_eq!(requests[0].params("account").len(), 0);
    assert_eq!(requests[0].header("authorization"), None);
    service.server().assert_connections(1);
    assert_eq!(service.server().tls_probes(), 0, "{}", registry.log());
    let sent = registry.requests();
    assert_eq!(sent[0].header("authorization"), None);
    assert_eq!(sent[1].bearer(), Some(&*service.tokens()[0]));
    check_tokens(&env, &output, &registry);
}

#[test]
fn a_login_goes_to_the_token_service_alone() {
    let registry = guarded(TokenRules::default());
    let env = logged_in(&registry, USER, PASSWORD);
    for arguments in [&["ls"][..], &["ls", "-v"]] {
        registry.server().clear();
        registry.token_service().server().clear();
        let repository = registry.repo("demo/secret");
        let output = env.run(arguments.iter().copied().chain([&*repository]));
        output.code(0).stdout("3.0\n");
        let login = registry.token_service().requests()[0].basic();
        assert_eq!(login, Some((USER.to_owned(), PASSWORD.to_owned())), "{}", registry.log());
        assert!(registry.requests().iter().all(|request| request.basic().is_none()));
        check_tokens(&env, &output, &registry);
    }
}

#[test]
fn two_repositories_share_connections() {
    let registry = guarded(TokenRules::default());
    let names = [registry.repo("demo/app"), registry.repo("demo/other")];
    let output = TestEnv::new().run(["ls".to_owned()].into_iter().chain(names.clone()));
    let expected = format!("{0}:1.1\n{0}:1.0\n{1}:2.0\n", names[0], names[1]);
    output.code(0).stdout(&expected).silent();
    let service = registry.token_service();
    let total = registry.requests().len() + service.requests().len();
    assert!(total <= 6, "{}", registry.log());
    registry.server().assert_connections(1);
    service.server().assert_connections(1);
    assert_eq!(registry.server().tls_probes(), 1, "{}", registry.log());
}

#[test]
fn basic_takes_two_requests() {
    let registry = TestRegistry::new().tags("a", ["1"]).require_basic(USER, PASSWORD).start();
    let env = logged_in(&registry, USER, PASSWORD);
    env.run(["ls", &registry.repo("a")]).code(0).stdout("1\n").silent();
    registry.server().assert_exchanges(&["GET /v2/a/tags/list 401", "GET /v2/a/tags/list 200"]);
    registry.server().assert_connections(1);
    let sent = registry.requests();
    assert_eq!(sent[0].header("authorization"), None);
    assert_eq!(sent[1].basic(), Some((USER.to_owned(), PASSWORD.to_owned())));
}

#[test]
fn basic_without_a_login_asks_for_one() {
    let registry = TestRegistry::new().tags("a", ["1"]).require_basic(USER, PASSWORD).start();
    let output = TestEnv::new().run(["ls", &registry.repo("a")]);
    output.code(4).stdout("").stderr_has(&format!("docker login {}", registry.host()));
    registry.server().assert_exchanges(&["GET /v2/a/tags/list 401"]);
}

#[test]
fn the_password_can_come_from_standard_input() {
    let registry = TestRegistry::new().tags("a", ["1"]).require_basic(USER, PASSWORD).start();
    let env = TestEnv::new();
    env.canary(PASSWORD);
    let repository = registry.repo("a");
    let run = env.command(["ls", "-u", USER, "--password-stdin", &repository]);
    run.stdin(format!("{PASSWORD}\n")).run().code(0).stdout("1\n");
}

#[test]
fn a_wrong_password_is_sent_once() {
    let registry = TestRegistry::new().tags("a", ["1"]).require_basic(USER, PASSWORD).start();
    let env = logged_in(&registry, USER, "wrong-canary-1");
    env.run(["ls", &registry.repo("a")]).code(4).stdout("").stderr_has(USER);
    registry.server().assert_exchanges(&["GET /v2/a/tags/list 401", "GET /v2/a/tags/list 401"]);
    assert_eq!(with_login(&registry.requests()), 1, "{}", registry.log());

    for denied in [Denied::EmptyGrant, Denied::Forbidden] {
        let registry = guarded(TokenRules { denied, ..TokenRules::default() });
        let env = logged_in(&registry, USER, "wrong-canary-2");
        let output = env.run(["ls", &registry.repo("demo/secret")]);
        output.code(4).stdout("").stderr_has(USER).stderr_has("docker login");
        let requests = registry.token_service().requests();
        assert_eq!(with_login(&requests), 1, "{}", registry.log());
        assert!(requests.len() <= 2, "{}", registry.log());
    }
}

#[test]
fn a_stale_login_does_not_hide_what_is_public() {
    let registry = guarded(TokenRules::default());
    let env = logged_in(&registry, USER, "wrong-canary-3");
    let output = env.run(["ls", &registry.repo("demo/app")]);
    output.code(0).lines(&["1.1", "1.0"]).stderr_has("warning: ").stderr_has(&registry.host());
    assert_eq!(with_login(&registry.token_service().requests()), 1, "{}", registry.log());
}

#[test]
fn private_and_missing_look_the_same() {
    for denied in [Denied::EmptyGrant, Denied::Forbidden] {
        let registry = guarded(TokenRules { denied, ..TokenRules::default() });
        let repository = registry.repo("demo/secret");
        let output = TestEnv::new().run(["ls", &repository]);
        output.code(4).stdout("").stderr_has(&repository).stderr_has("not found, or access denied");
        output.stderr_has(&format!("docker login {}", registry.host()));

        let output = logged_in(&registry, "bob", PASSWORD).run(["ls", &repository]);
        output.code(4).stdout("").stderr_has("not found, or access denied for bob");
        assert!(registry.requests().len() <= 4, "{}", registry.log());
    }
}

#[test]
fn a_token_that_ends_between_pages_is_replaced() {
    let registry = TestRegistry::new()
        .tags("a", super::numbered(25))
        .page_size(10)
        .max_n(10, crate::support::registry::Over::Clamp)
        .require_token(TokenRules { uses: Some(1), ..TokenRules::default() })
        .start();
    let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
    output.code(0).lines(&super::lines(&super::numbered(25)));
    assert_eq!(registry.token_service().requests().len(), 3, "{}", registry.log());
}

#[test]
fn every_habit_of_token_services_is_understood() {
    let plain = TokenRules::default;
    for rules in [
        TokenRules { jwt: false, ..plain() },
        TokenRules { says_lifetime: false, ..plain() },
        TokenRules { members: vec!["access_token".into()], ..plain() },
        TokenRules { members: vec!["token".into(), "access_token".into()], ..plain() },
        TokenRules { realm: "{T}/auth/token?tenant=a".into(), ..plain() },
        TokenRules { service: "a b&c".into(), ..plain() },
        TokenRules { post: false, ..plain() },
    ] {
        let registry = guarded(rules);
        TestEnv::new().run(["ls", &registry.repo("demo/other")]).code(0).stdout("2.0\n");
        assert_eq!(registry.token_service().requests().len(), 1, "{}", registry.log());
    }
}

#[test]
fn an_identity_token_is_exchanged_by_post() {
    let rules = TokenRules {
        identity_tokens: vec![(USER.into(), "canary-identity".into())],
        ..TokenRules::default()
    };
    let registry = guarded(rules);
    let env = TestEnv::new();
    let entry = serde_json::json!({"identitytoken": "canary-identity"});
    env.docker_config_json(&serde_json::json!({"auths": {registry.host(): entry}}));
    env.canary("canary-identity");
    env.run(["ls", &registry.repo("demo/secret")]).code(0).stdout("3.0\n");
    let requests = registry.token_service().requests();
    assert_eq!(requests.len(), 1, "{}", registry.log());
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].field("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(requests[0].field("client_id").as_deref(), Some("docker-tags"));
}

#[test]
fn bearer_and_basic_side_by_side() {
    let registry = TestRegistry::new()
        .tags("a", ["1"])
        .user(USER, PASSWORD)
        .basic_beside_bearer()
        .require_token(TokenRules::default())
        .start();
    TestEnv::new().run(["ls", &registry.repo("a")]).code(0).stdout("1\n");
    logged_in(&registry, USER, PASSWORD).run(["ls", &registry.repo("a")]).code(0).stdout("1\n");
    assert!(registry.requests().iter().all(|request| request.basic().is_none()));
}
