//! `repos --tags`: every image:tag, in stable order, whatever fails on the way.

use super::{PASSWORD, home, hub};
use crate::support::registry::error;
use crate::support::{TestEnv, TestRegistry, TokenRules};

#[test]
fn every_tag_of_a_registry() {
    let registry = (0..22)
        .fold(TestRegistry::new(), |r, n| r.tags(&format!("t/r{n:02}"), ["1.9", "1.10", "edge"]));
    let registry = registry.start();
    let mut expected = String::new();
    for n in 0..22 {
        for tag in ["1.10", "1.9", "edge"] {
            expected.push_str(&format!("t/r{n:02}:{tag}\n"));
        }
    }
    let host = registry.host();
    for jobs in ["1", "3", "8"] {
        registry.server().clear();
        let before = registry.connections();
        let output = TestEnv::new().run(["repos", "--tags", "-j", jobs, &host]);
        output.code(0).stdout(&expected).silent();
        assert_eq!(registry.requests().len(), 23, "{}", registry.log());
        let opened = registry.connections() - before;
        assert!(opened <= jobs.parse().unwrap(), "{}", registry.log());
    }
    let output = TestEnv::new().run(["repos", "--tags", "--full-ref", "--limit", "1", &host]);
    output.code(0).lines(&[
        &format!("{host}/t/r00:1.10"),
        &format!("{host}/t/r00:1.9"),
        &format!("{host}/t/r00:edge"),
    ]);
    let rows = TestEnv::new().run(["repos", "--tags", "--limit", "1", "--format", "json", &host]);
    let row = &rows.code(0).json_lines()[0];
    assert_eq!(*row, serde_json::json!({"Repository": format!("{host}/t/r00"), "Tag": "1.10"}));
}

#[test]
fn a_repository_that_fails_is_named_and_the_rest_goes_on() {
    let registry = TestRegistry::new()
        .tags("a", ["1"])
        .tags("b", ["2"])
        .tags("c", ["3"])
        .hook(|r| {
            let broken = r.path == "/v2/b/tags/list";
            broken.then(|| error(404, "NAME_UNKNOWN", "repository name not known to registry"))
        })
        .start();
    let output = TestEnv::new().run(["repos", "--tags", &registry.host()]);
    output.code(3).stdout("a:1\nc:3\n").stderr_has(&registry.repo("b")).stderr_has("not found");
    // The error, and what to do about it.
    assert_eq!(output.stderr.lines().count(), 3, "{output}");
}

#[test]
fn after_a_rate_limit_there_is_no_rest() {
    let registry = (0..50)
        .fold(TestRegistry::new(), |r, n| r.tags(&format!("r{n:02}"), ["1"]))
        .hook(|r| {
            let limited = *r.path > *"/v2/r02" && r.path.ends_with("/list");
            limited
                .then(|| error(429, "TOOMANYREQUESTS", "slow down").header("Retry-After", "3600"))
        })
        .start();
    let output = TestEnv::new().run(["repos", "--tags", "-j", "2", &registry.host()]);
    output.code(5).stdout("r00:1\nr01:1\n").stderr_has("too many requests");
    assert!(registry.requests().len() <= 8, "{}", registry.log());
}

#[test]
fn every_image_of_an_organisation() {
    let hub = hub().start();
    let registry = TestRegistry::new()
        .tags("acme/api", ["2.0"])
        .tags("acme/web", ["1.0", "1.1"])
        .tags("acme/secret", ["3.0"])
        .user("alice", PASSWORD)
        .private("acme/secret", &["alice"])
        .require_token(TokenRules::default())
        .start();
    let env = home(&hub, Some(&registry));
    let output = env.run(["repos", "--tags", "acme"]);
    output.code(0).lines(&["acme/api:2.0", "acme/web:1.1", "acme/web:1.0"]).silent();
    env.login(super::INDEX, "alice", PASSWORD);
    let output = env.run(["repos", "--tags", "acme"]);
    output.code(0).silent();
    output.lines(&["acme/api:2.0", "acme/secret:3.0", "acme/web:1.1", "acme/web:1.0"]);
    // The tokens of the two APIs never meet.
    let sent = |r: &crate::support::Request| r.bearer().unwrap_or_default().to_owned();
    assert!(registry.requests().iter().all(|r| !sent(r).starts_with("canary-hub")));
    let tokens = registry.token_service().tokens();
    assert!(hub.server().requests().iter().all(|r| !tokens.contains(&sent(r))));
}
