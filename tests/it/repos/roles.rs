//! `repos --last`, and the roles of `namespaces -l`.

use serde_json::{Value, json};

use super::{PASSWORD, asked, home, hub, logged_in};
use crate::support::{Response, TestEnv, TestRegistry};

#[test]
fn repos_go_on_after_a_name() {
    let names = ["a/one", "a/two", "b", "c/three", "c/two"];
    let registry =
        names.iter().fold(TestRegistry::new(), |registry, name| registry.tags(name, ["1"])).start();
    let env = TestEnv::new();
    let host = registry.host();
    let run = |flags: &[&str]| {
        let arguments = ["repos", &host].into_iter().chain(flags.iter().copied());
        env.run(arguments).code(0).stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(run(&["--last", "a/two"]), ["b", "c/three", "c/two"]);
    // It need not be there; the registry may stand in front, as --full-ref prints it.
    assert_eq!(run(&["--last", "a/zzz", "--limit", "2"]), ["b", "c/three"]);
    assert_eq!(run(&["--last", &format!("{host}/b")]), ["c/three", "c/two"]);
    assert_eq!(run(&["--last", "a/one", "--filter", "two"]), ["a/two", "c/two"]);
    assert_eq!(run(&["--last", "c/two"]), [""; 0]);
    let tagged = run(&["--last", "c/one", "--tags"]);
    assert_eq!(tagged, ["c/three:1", "c/two:1"]);
    // Page by page, until nothing comes: every name once.
    let (mut all, mut last) = (Vec::new(), String::new());
    loop {
        let page = run(&["--limit", "2", "--last", &last]);
        let Some(end) = page.last() else { break };
        last.clone_from(end);
        all.extend(page);
    }
    assert_eq!(all, names);
}

#[test]
fn repos_of_docker_hub_go_on_after_a_bare_name() {
    let hub = hub().start();
    let env = home(&hub, None);
    for last in ["api", "acme/api", "docker.io/acme/api"] {
        env.run(["repos", "acme", "--last", last]).code(0).lines(&["acme/web"]).silent();
    }
}

fn member(name: &str, role: &str) -> Value {
    json!({"username": name, "full_name": "", "email": "x@example.com", "role": role, "groups": []})
}

#[test]
fn roles_cost_a_request_for_each_organization() {
    let hub = hub()
        .organisation("beta", &["alice"])
        .hook(|request| {
            let name = request.path.strip_prefix("/v2/orgs/")?.strip_suffix("/members")?;
            assert_eq!(request.param("search").as_deref(), Some("alice"));
            assert!(request.bearer().is_some());
            Some(match name {
                // Whoever has the name in theirs is found as well.
                "acme" => Response::json(
                    200,
                    &json!({"count": 2, "results": [member("malice", "Member"), member("Alice", "Owner")]}),
                ),
                _ => Response::json(403, &json!({"message": "permission denied"})),
            })
        })
        .start();
    let env = logged_in(&hub, "alice", PASSWORD);
    let output = env.run(["namespaces", "-l"]);
    output.code(0).silent().stdout(
        "NAMESPACE   KIND           ROLE\nalice       user           owner\n\
         acme        organization   owner\nbeta        organization   N/A\n",
    );
    let mut expected = vec!["POST /v2/auth/token", "GET /v2/user/orgs/"];
    expected.extend(["GET /v2/orgs/acme/members", "GET /v2/orgs/beta/members"]);
    let mut seen = asked(&hub);
    seen[2..].sort();
    assert_eq!(seen, expected);
    let rows = env.run(["namespaces", "-l", "--format", "json"]).code(0).json_lines();
    let row = |name: &str, kind: &str, role: Value| json!({"Namespace": name, "Kind": kind, "Role": role});
    assert_eq!(rows[0], row("alice", "user", json!("owner")));
    assert_eq!(rows[1], row("acme", "organization", json!("owner")));
    assert_eq!(rows[2], row("beta", "organization", Value::Null));
    let output = env.run(["namespaces", "--format", "{{.Namespace}} {{.Role}}"]);
    output.code(0).stdout_has("acme owner\n");
    // Names alone cost nothing more.
    hub.server().clear();
    env.run(["namespaces"]).code(0).lines(&["alice", "acme", "beta"]).silent();
    assert_eq!(asked(&hub).len(), 2);
}

/// Where the list itself has the role, it is taken from there.
#[test]
fn roles_of_the_list_cost_nothing() {
    let hub = hub()
        .hook(|request| {
            (request.path == "/v2/user/orgs/").then(|| {
                let acme = json!({"orgname": "acme", "role": "Editor"});
                Response::json(200, &json!({"count": 1, "next": null, "results": [acme]}))
            })
        })
        .start();
    let output = logged_in(&hub, "alice", PASSWORD).run(["namespaces", "-l"]);
    output.code(0).silent().stdout_has("acme        organization   editor\n");
    assert_eq!(asked(&hub).len(), 2);
}
