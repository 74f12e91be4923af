//! `repos`, `namespaces` and `ratelimit`: the real binary against the embedded registry and the
//! embedded Docker Hub API, to which a profile leads `docker.io`.

mod api;
mod catalog;
mod hostile;
mod limit;
mod listing;
mod login;
mod roles;
mod tags;

use serde_json::Value;

use crate::support::hub::{HubBuilder, Secret, tag};
use crate::support::{TestEnv, TestHub, TestRegistry};

const PASSWORD: &str = "S3cr3t-canary-7f3a";
const PAT: &str = "dckr_pat_canary-81c2";
const OAT: &str = "dckr_oat_canary-55e0";

/// The key of docker's own login to Docker Hub.
const INDEX: &str = "https://index.docker.io/v1/";

/// alice, a member of acme, which has two public repositories and a private one.
fn hub() -> HubBuilder {
    TestHub::new()
        .account("alice", PASSWORD, Secret::Password)
        .account("alice", PAT, Secret::Pat)
        .account("acme", OAT, Secret::Oat)
        .organisation("acme", &["alice"])
        .organisation("others", &["bob"])
        .repository("acme/web", [tag("1.0"), tag("1.1")])
        .repository("acme/api", [tag("2.0")])
        .private("acme/secret", [tag("3.0")])
        .repository("alice/notes", [tag("1")])
        .private("alice/diary", [tag("1")])
}

/// A home in which `docker.io` leads to this hub, and to this registry if there is one.
fn home(hub: &TestHub, registry: Option<&TestRegistry>) -> TestEnv {
    let env = TestEnv::new();
    let endpoint = registry.map(|registry| format!("endpoint = \"http://{}\"\n", registry.host()));
    env.config_toml(&format!(
        "profile = \"test\"\n[profiles.test]\nregistry = \"docker.io\"\nhub-api = \"{}\"\n{}",
        hub.origin(),
        endpoint.unwrap_or_default()
    ));
    // The tokens of the hub begin like this.
    env.canary("canary-hub-jwt");
    env
}

/// The same with docker's own login.
fn logged_in(hub: &TestHub, user: &str, secret: &str) -> TestEnv {
    let env = home(hub, None);
    env.login(INDEX, user, secret);
    env
}

/// `METHOD path` of every request, queries left out.
fn asked(hub: &TestHub) -> Vec<String> {
    let requests = hub.server().requests();
    requests.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

/// The bodies of the logins that were tried.
fn logins(hub: &TestHub) -> Vec<Value> {
    let requests = hub.server().requests();
    let posts = requests.iter().filter(|request| request.method == "POST");
    posts.map(|request| serde_json::from_slice(&request.body).expect("a login is JSON")).collect()
}
