//! The login of Docker Hub's API: which is sent, how often, and what is said when it is no good.
//! Here is `namespaces`, too, which is nothing without one.

use serde_json::json;

use super::{OAT, PASSWORD, PAT, asked, home, hub, logged_in, logins};
use crate::support::{Response, TestRegistry, TokenRules};

const OLD: &str = "/v2/users/login";

#[test]
fn every_kind_of_secret_is_exchanged_once() {
    for (user, secret) in [("alice", PASSWORD), ("alice", PAT), ("acme", OAT)] {
        let hub = hub().start();
        let output = logged_in(&hub, user, secret).run(["repos", "-v", "acme"]);
        output.code(0).stdout("acme/api\nacme/secret\nacme/web\n");
        assert_eq!(logins(&hub), [json!({"identifier": user, "secret": secret})]);
        let requests = hub.server().requests();
        assert_eq!(requests[0].header("authorization"), None);
        let bearer = requests[1].bearer().unwrap_or_default();
        assert!(bearer.starts_with("canary-hub-jwt"), "{}", hub.server().log());
    }
}

#[test]
fn the_login_is_looked_for_as_for_the_registry() {
    let hub = hub().start();
    let env = home(&hub, None);
    env.canary(PASSWORD);
    let run = env.command(["repos", "acme", "-u", "alice", "--password-stdin"]);
    run.stdin(PASSWORD).run().code(0).stdout("acme/api\nacme/secret\nacme/web\n");
    let run = env.command(["repos", "acme"]);
    let run = run.var("DOCKER_USER", "alice").var("DOCKER_PASSWORD", PASSWORD);
    run.run().code(0).stdout("acme/api\nacme/secret\nacme/web\n");
    env.login(super::INDEX, "alice", PASSWORD);
    hub.server().clear();
    env.run(["repos", "--anonymous", "acme"]).code(0).stdout("acme/api\nacme/web\n");
    assert_eq!(asked(&hub), ["GET /v2/namespaces/acme/repositories"]);
}

#[test]
fn the_old_endpoint_is_for_servers_without_the_new_one() {
    for status in [404, 405] {
        let hub = hub()
            .hook(move |r| (r.path == "/v2/auth/token").then(|| Response::new(status)))
            .start();
        let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "acme"]);
        output.code(0).lines(&["acme/api", "acme/secret", "acme/web"]).silent();
        assert_eq!(
            logins(&hub),
            [
                json!({"identifier": "alice", "secret": PASSWORD}),
                json!({"username": "alice", "password": PASSWORD})
            ]
        );
    }
}

#[test]
fn a_wrong_password_is_sent_once() {
    let hub = hub().start();
    let env = logged_in(&hub, "alice", "wrong-canary-1");
    // Public repositories need no login.
    let output = env.run(["repos", "acme"]);
    output.code(0).lines(&["acme/api", "acme/web"]).stderr_has("warning: ").stderr_has("alice");
    assert_eq!(asked(&hub), ["POST /v2/auth/token", "GET /v2/namespaces/acme/repositories"]);
    for arguments in [&["repos"][..], &["namespaces"]] {
        hub.server().clear();
        let output = env.run(arguments.iter().copied());
        output.code(4).stdout("").stderr_has("docker.io rejected the credentials of alice");
        output.stderr_has("docker login").stderr_has("Incorrect authentication credentials");
        assert_eq!(asked(&hub), ["POST /v2/auth/token"]);
    }
    // One that was typed for this very call is not passed over.
    hub.server().clear();
    let env = home(&hub, None);
    let run = env.command(["repos", "acme", "-u", "alice", "--password-stdin"]);
    run.stdin("wrong").run().code(4).stdout("").stderr_has("rejected the credentials of alice");
    assert_eq!(asked(&hub), ["POST /v2/auth/token"]);
}

/// Docker Hub locks users out, whichever of its doors they knock at: what its API refuses is not
/// shown to its registry.
#[test]
fn a_wrong_password_is_not_sent_to_the_registry_as_well() {
    let hub = hub().start();
    let registry = TestRegistry::new()
        .tags("acme/api", ["2.0"])
        .tags("acme/web", ["1.1", "1.0"])
        .user("alice", PASSWORD)
        .require_token(TokenRules::default())
        .start();
    let env = home(&hub, Some(&registry));
    env.login(super::INDEX, "alice", "wrong-canary-1");
    let output = env.run(["repos", "--tags", "acme"]);
    output.code(0).lines(&["acme/api:2.0", "acme/web:1.1", "acme/web:1.0"]);
    output.stderr_has("rejected the credentials of alice");
    assert_eq!(logins(&hub).len(), 1);
    let service = registry.token_service().server();
    assert!(service.requests().iter().all(|r| r.basic().is_none()), "{}", service.log());
}

#[test]
fn a_token_that_is_refused_is_not_fetched_again() {
    let hub = hub().hook(|r| r.bearer().map(|_| Response::new(401))).start();
    let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "acme"]);
    output.code(4).stdout("").stderr_has("alice");
    assert_eq!(asked(&hub), ["POST /v2/auth/token", "GET /v2/namespaces/acme/repositories"]);
}

#[test]
fn a_pat_that_may_not_use_the_api_leaves_what_is_public() {
    let hub = hub().refuse_pats().start();
    let env = logged_in(&hub, "alice", PAT);
    for (arguments, lines) in
        [(&["repos", "acme"][..], &["acme/api", "acme/web"][..]), (&["repos"], &["alice/notes"])]
    {
        hub.server().clear();
        let output = env.run(arguments.iter().copied());
        output.code(0).lines(lines).stderr_has("so private repositories are missing");
        output.stderr_has("forbidden with personal access token");
        assert_eq!(asked(&hub).len(), 3, "{}", hub.server().log());
    }
    let output = env.run(["repos", "nobody"]);
    output.code(4).stdout("").stderr_has("does not allow this for alice");
    output.stderr_has("docker tags ls");
    let explicit = home(&hub, None);
    explicit.canary(PAT);
    let run = explicit.command(["repos", "acme", "-u", "alice", "--password-stdin"]);
    run.stdin(PAT).run().code(4).stdout("").stderr_has("does not allow this for alice");
}

#[test]
fn an_organisation_s_token_that_may_not_list_says_so() {
    let hub = hub().oat_without_list_scope().start();
    let output = logged_in(&hub, "acme", OAT).run(["repos", "acme"]);
    output.code(0).lines(&["acme/api", "acme/web"]).stderr_has("public ones only");
}

#[test]
fn an_identity_token_is_of_no_use_here() {
    let hub = hub().start();
    let env = home(&hub, None);
    env.docker_config_json(&json!({"auths": {(super::INDEX): {
        "auth": "YWxpY2U6", "identitytoken": "canary-identity"}}}));
    env.canary("canary-identity");
    let output = env.run(["repos", "acme"]);
    output.code(0).lines(&["acme/api", "acme/web"]).stderr_has("does not accept");
    assert_eq!(asked(&hub).len(), 1);
}

#[test]
fn too_many_requests() {
    // Soon enough: waited for. In 2030: told.
    let hub = hub().too_many_first(1, "1").start();
    home(&hub, None).run(["repos", "acme"]).code(0).stdout("acme/api\nacme/web\n");
    assert_eq!(asked(&hub).len(), 2);
    let hub = super::hub().too_many_first(9, "1893456000").start();
    let output = home(&hub, None).run(["repos", "acme"]);
    output.code(5).stdout("").stderr_has("too many requests");
    assert_eq!(asked(&hub).len(), 1);
}

#[test]
fn the_namespaces_of_a_login() {
    for secret in [PASSWORD, PAT] {
        let hub = hub().organisation("zeta", &["alice"]).organisation("beta", &["alice"]).start();
        let env = logged_in(&hub, "alice", secret);
        env.run(["namespaces"]).code(0).lines(&["alice", "acme", "beta", "zeta"]).silent();
        assert_eq!(asked(&hub), ["POST /v2/auth/token", "GET /v2/user/orgs/"]);
        let rows = env.run(["namespaces", "--format", "json"]).code(0).json_lines();
        assert_eq!(rows[0], json!({"Namespace": "alice", "Kind": "user"}));
        assert_eq!(rows[1], json!({"Namespace": "acme", "Kind": "organization"}));
        let table = env.run(["namespaces", "--format", "table"]);
        assert!(
            table.code(0).stdout.starts_with("NAMESPACE   KIND\nalice       user\n"),
            "{table}"
        );
    }
}

#[test]
fn the_namespaces_of_an_organisation_s_token() {
    let hub = hub().start();
    let output = logged_in(&hub, "acme", OAT).run(["namespaces", "--format", "json"]);
    assert_eq!(output.code(0).json(), json!({"Namespace": "acme", "Kind": "organization"}));
    assert_eq!(asked(&hub), ["POST /v2/auth/token"]);
}

#[test]
fn namespaces_have_an_older_list_to_fall_back_to() {
    for status in [403, 404, 405] {
        let hub = hub()
            .hook(move |r| r.path.starts_with("/v2/user/").then(|| Response::new(status)))
            .start();
        let output = logged_in(&hub, "alice", PAT).run(["namespaces"]);
        output.code(0).lines(&["alice", "acme"]).silent();
        assert_eq!(asked(&hub)[1..], ["GET /v2/user/orgs/", "GET /v2/repositories/namespaces/"]);
    }
    let hub = hub().refuse_pats().start();
    let output = logged_in(&hub, "alice", PAT).run(["namespaces"]);
    output.code(0).lines(&["alice"]).stderr_has("may be incomplete");
    assert_eq!(asked(&hub).len(), 3);
}

#[test]
fn namespaces_need_a_login() {
    let hub = hub().start();
    let output = home(&hub, None).run(["namespaces"]);
    output.code(4).stdout("").stderr_has("login required\n\nhint: docker login\n");
    assert_eq!(asked(&hub), [""; 0]);
}

#[test]
fn a_user_name_that_is_no_namespace() {
    let hub = hub()
        .hook(|r| {
            let token = json!({"access_token": "canary-hub-jwt.0.signature"});
            (r.method == "POST").then(|| Response::json(200, &token))
        })
        .start();
    let output = logged_in(&hub, "alice@example.com", PASSWORD).run(["namespaces"]);
    output.code(2).stderr_has("alice@example.com").stderr_has("Docker ID");
}

#[test]
fn the_old_endpoint_refuses_organisations() {
    let hub = hub().hook(|r| (r.path == "/v2/auth/token").then(|| Response::new(404))).start();
    let output = logged_in(&hub, "acme", OAT).run(["namespaces"]);
    output.code(4).stderr_has("Cannot log into an organization account");
    assert_eq!(asked(&hub), ["POST /v2/auth/token".to_owned(), format!("POST {OLD}")]);
}
