//! Details of tags from Docker Hub's API: a hundred a request, and what happens where it ends.

use serde_json::{Value, json};

use crate::support::hub::{HubBuilder, Secret, Seed, tag};
use crate::support::{TestEnv, TestHub, TestRegistry};

const INDEX: &str = "https://index.docker.io/v1/";

/// Docker Hub: its API and its registry.
fn home(hub: &TestHub, registry: &TestRegistry) -> TestEnv {
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\nhub-api = \"{}\"\n",
        registry.server().origin(),
        hub.origin()
    ));
    env.canary("canary-hub-jwt");
    env
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("1.{n}")).collect()
}

fn with(names: &[String]) -> HubBuilder {
    TestHub::new().repository("library/app", names.iter().map(|name| tag(name)))
}

fn index_digest(content: &str) -> String {
    crate::support::image::sha256(format!("index {content}").as_bytes())
}

#[test]
fn a_hundred_tags_a_request() {
    let names = names(250);
    let hub = with(&names).start();
    let registry = TestRegistry::new().start();
    let rows = home(&hub, &registry).run(["ls", "-l", "--format", "json", "app"]);
    let rows = rows.code(0).silent().json_lines();
    assert_eq!(rows.len(), 250);
    assert_eq!(
        rows[0],
        json!({
            "Repository": "docker.io/library/app", "Tag": "1.249",
            "Digest": index_digest("1.249"), "Size": 3_011_000,
            "Platforms": ["linux/amd64", "linux/arm64"],
            "Created": "2026-01-02T03:04:05.678901Z",
        })
    );
    assert_eq!(hub.server().requests().len(), 3, "{}", hub.server().log());
    registry.server().assert_untouched();
}

#[test]
fn names_alone_do_not_ask_the_api() {
    let hub = with(&names(3)).start();
    let registry = TestRegistry::new().tags("library/app", names(3)).start();
    let env = home(&hub, &registry);
    env.run(["ls", "app"]).code(0).lines(&["1.2", "1.1", "1.0"]);
    env.run(["ls", "-l", "--format", "{{.Tag}}", "app"]).code(0).lines(&["1.2", "1.1", "1.0"]);
    hub.server().assert_untouched();
}

#[test]
fn a_few_tags_are_asked_for_one_by_one() {
    let names = names(901);
    let hub = with(&names).start();
    let registry = TestRegistry::new().tags("library/app", names).start();
    let env = home(&hub, &registry);
    let output = env.run(["ls", "--format", "{{.Tag}} {{.Digest}}", "--limit", "2", "app"]);
    let lines = ["1.900", "1.899"].map(|tag| format!("{tag} {}\n", index_digest(tag)));
    output.code(0).stdout(&lines.concat()).silent();
    assert_eq!(hub.server().requests().len(), 2, "{}", hub.server().log());
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

#[test]
fn what_the_api_leaves_out() {
    let seed = Seed {
        content: "x".into(),
        platforms: vec!["linux/arm/v7".into(), "unknown/unknown".into()],
        pushed: None,
        old: true,
    };
    let mut bare = tag("1");
    for member in ["images", "full_size", "digest", "tag_last_pushed", "last_updated"] {
        bare[member] = Value::Null;
    }
    let hub = TestHub::new().repository("library/app", [seed.tag("2"), bare]).start();
    let registry = TestRegistry::new().tags("library/app", ["1", "2"]).start();
    let env = home(&hub, &registry);
    let rows = env.run(["ls", "-l", "--format", "json", "app"]).code(0).silent().json_lines();
    // A digest that the API does not know is a HEAD away, which is free.
    assert!(rows[0]["Digest"].is_string() && rows[1]["Digest"].is_string(), "{rows:?}");
    assert_eq!(rows[0]["Platforms"], json!(["linux/arm/v7"]));
    assert_eq!(rows[0]["Created"], Value::Null);
    for member in ["Size", "Platforms", "Created"] {
        assert_eq!(rows[1][member], Value::Null, "{member}");
    }
    assert!(registry.requests().iter().all(|r| r.method == "HEAD"), "{}", registry.log());
}

#[test]
fn the_offset_cap_of_strangers() {
    let names = names(300);
    let hub = || with(&names).anonymous_offsets(Some(100), Some(100));
    let registry = TestRegistry::new().tags("library/app", names.clone()).start();
    let capped = hub().start();
    let env = home(&capped, &registry);
    let output = env.run(["ls", "-l", "--format", "json", "app"]);
    output.code(0).stderr_has("SIZE, PLATFORMS, CREATED may be missing");
    let rows = output.json_lines();
    assert_eq!(rows.len(), 300);
    assert!(rows.iter().all(|row| row["Digest"].is_string()), "{}", registry.log());
    assert_eq!(rows.iter().filter(|row| row["Size"].is_u64()).count(), 200);
    let pulls = registry.requests().iter().filter(|r| r.path.contains("/manifests/")).count();
    let heads = registry.requests().iter().filter(|r| r.method == "HEAD").count();
    assert_eq!((pulls, heads), (100, 100), "{}", registry.log());
    // Digests alone are whole, so there is nothing to say.
    env.run(["ls", "--digests", "app"]).code(0).silent();

    let open = hub().account("alice", "pw-canary", Secret::Password).start();
    let env = home(&open, &registry);
    env.login(INDEX, "alice", "pw-canary");
    let rows = env.run(["ls", "-l", "--format", "json", "app"]).code(0).silent().json_lines();
    assert_eq!(rows.iter().filter(|row| row["Size"].is_u64()).count(), 300);
}

#[test]
fn a_login_that_the_api_does_not_take() {
    let hub = TestHub::new()
        .account("alice", "dckr_pat_canary", Secret::Pat)
        .refuse_pats()
        .private("alice/app", [tag("1"), tag("2")])
        .start();
    let registry = TestRegistry::new().tags("alice/app", ["1", "2"]).start();
    let env = home(&hub, &registry);
    env.login(INDEX, "alice", "dckr_pat_canary");
    let output = env.run(["ls", "-l", "--format", "{{.Tag}} {{.Size}}", "alice/app"]);
    output.code(0).stdout("2 N/A\n1 N/A\n").stderr_has("SIZE may be missing");
    let output = env.run(["ls", "--digests", "--format", "json", "alice/app"]);
    assert!(output.code(0).json_lines().iter().all(|row| row["Digest"].is_string()));
}

#[test]
fn sorted_filtered_grouped() {
    let seed = |content: &str, pushed: &str, platforms: &[&str]| Seed {
        content: content.into(),
        platforms: platforms.iter().map(ToString::to_string).collect(),
        pushed: Some(pushed.into()),
        old: false,
    };
    let both = ["linux/amd64", "linux/arm64"];
    let hub = TestHub::new()
        .repository(
            "acme/app",
            [
                seed("a", "2026-01-03T00:00:00Z", &["linux/amd64"]).tag("1.0"),
                seed("b", "2026-01-02T00:00:00Z", &both).tag("1.1"),
                seed("b", "2026-01-02T00:00:00Z", &both).tag("latest"),
                seed("c", "2026-01-01T00:00:00Z", &["windows/amd64", "linux/arm64/v8"]).tag("1.2"),
            ],
        )
        .start();
    let registry = TestRegistry::new().start();
    let env = home(&hub, &registry);
    let run = |flags: &[&str]| env.run(["ls"].iter().chain(flags).chain(&["acme/app"]).copied());
    run(&["--sort", "created"]).code(0).lines(&["1.0", "1.1", "latest", "1.2"]).silent();
    run(&["--sort", "created", "--limit", "1"]).code(0).lines(&["1.0"]);
    run(&["--platform", "linux/arm64"]).code(0).lines(&["1.2", "1.1", "latest"]).silent();
    run(&["--platform", "linux/arm64", "--limit", "1"]).code(0).lines(&["1.2"]);
    let rows = run(&["--group-by", "digest", "--format", "json"]).code(0).json_lines();
    assert_eq!(rows[1], json!({"Digest": index_digest("b"), "Tags": ["1.1", "latest"]}));
    registry.server().assert_untouched();
}

#[test]
fn a_mirror_has_tags_of_its_own() {
    let registry = TestRegistry::new().tags("library/app", ["1", "2"]).start();
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\n",
        registry.server().origin()
    ));
    let rows = env.run(["ls", "--digests", "--format", "json", "app"]).code(0).json_lines();
    assert!(rows.iter().all(|row| row["Digest"].is_string()));
    assert_eq!(registry.requests().len(), 3, "{}", registry.log());
}
