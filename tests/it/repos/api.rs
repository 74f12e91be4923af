//! Docker Hub's API as its client asks it: orders, base addresses, entries that are odd.

use serde_json::json;

use super::{asked, home, hub};
use crate::support::hub::tag;
use crate::support::{Response, TestEnv, TestHub, TestRegistry};

fn env_with(hub_api: &str, registry: &TestRegistry) -> TestEnv {
    let env = TestEnv::new();
    env.config_toml(&format!(
        "profile = \"t\"\n[profiles.t]\nregistry = \"docker.io\"\nendpoint = \"{}\"\n\
         hub-api = \"{hub_api}\"\n",
        registry.server().origin(),
    ));
    env
}

#[test]
fn a_stable_order_is_asked_for() {
    let hub = hub().repository("acme/many", (0..250).map(|n| tag(&format!("1.{n}")))).start();
    let registry = TestRegistry::new().start();
    let env = env_with(&hub.origin(), &registry);
    let output = env.run(["ls", "--digests", "acme/many"]);
    assert_eq!(output.code(0).stdout.lines().count(), 251, "{output}");
    assert_eq!(hub.server().requests()[0].query, "page_size=100&ordering=name");
    assert_eq!(asked(&hub).len(), 3);
    hub.server().assert_connections(1);
    home(&hub, None).run(["repos", "acme"]).code(0);
    let last = hub.server().requests().pop().map(|request| request.query);
    assert_eq!(last.as_deref(), Some("page_size=100&ordering=name"));
}

#[test]
fn a_base_address_may_have_a_path() {
    let hub = TestHub::new()
        .hook(|request| {
            let inside = request.path.starts_with("/mirror/hub/v2/namespaces/acme/");
            let page = json!({"count": 1, "results": [{"name": "1"}], "next": null});
            inside.then(|| Response::json(200, &page))
        })
        .start();
    let registry = TestRegistry::new().tags("acme/web", ["1"]).start();
    for slash in ["", "/"] {
        let env = env_with(&format!("{}/mirror/hub{slash}", hub.origin()), &registry);
        let output = env.run(["ls", "-l", "--format", "{{.Tag}}{{with .Size}}{{end}}", "acme/web"]);
        output.code(0).stdout("1\n").silent();
    }
}

#[test]
fn odd_tags_are_left_out_with_a_warning() {
    let page = json!({
        "count": 4, "next": null,
        "results": [{"name": "ok"}, {"name": "-no"}, {"name": 5}, null],
    });
    let hub = TestHub::new().hook(move |_| Some(Response::json(200, &page))).start();
    let registry = TestRegistry::new().tags("acme/odd", ["ok"]).start();
    let env = env_with(&hub.origin(), &registry);
    let output = env.run(["ls", "-l", "--format", "{{.Tag}}{{with .Size}}{{end}}", "acme/odd"]);
    output.code(0).stdout("ok\n").stderr_has("skipped 3 entries of the list that are not tags");
}
