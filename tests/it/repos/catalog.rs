//! Catalogs of registries: all pages, parts below a path, and registries that give none.

use serde_json::json;

use super::PASSWORD;
use crate::support::registry::{Link, Over, RegistryBuilder};
use crate::support::{Response, TestEnv, TestRegistry, TokenRules};

fn with(paths: impl IntoIterator<Item = impl AsRef<str>>) -> RegistryBuilder {
    paths
        .into_iter()
        .fold(TestRegistry::new(), |registry, path| registry.tags(path.as_ref(), ["1"]))
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("team/r{n:04}")).collect()
}

#[test]
fn a_catalog_is_asked_once() {
    let registry = with(["team/web", "team/api", "alpine"]).start();
    let env = TestEnv::new();
    let output = env.run(["repos", &registry.host()]);
    output.code(0).lines(&["alpine", "team/api", "team/web"]).silent();
    registry.server().assert_exchanges(&["GET /v2/_catalog 200"]);
    let output = env.run(["repos", "--full-ref", &registry.host()]);
    assert_eq!(output.code(0).stdout.lines().next(), Some(&*registry.repo("alpine")));
}

#[test]
fn the_active_profile_s_registry_is_the_default() {
    let registry = with(["team/web", "alpine"]).start();
    let env = TestEnv::new();
    let host = registry.host();
    env.config_toml(&format!("profile = \"lab\"\n[profiles.lab]\nregistry = \"{host}\"\n"));
    env.run(["repos"]).code(0).stdout("alpine\nteam/web\n");
    env.run(["repos", "team"]).code(0).stdout("team/web\n");
}

#[test]
fn all_pages_of_every_way_to_page() {
    let paths = numbered(450);
    for link in [Link::Relative, Link::Absolute, Link::Unquoted, Link::Always, Link::AfterPrevious]
    {
        let registry = with(&paths).link(link).start();
        let output = TestEnv::new().run(["repos", &registry.host()]);
        assert_eq!(output.code(0).stdout.lines().collect::<Vec<_>>(), paths, "{link:?}");
        let most = if link == Link::Always { 3 } else { 2 };
        assert!(registry.requests().len() <= most, "{}", registry.log());
    }
    // Pages of fifty, and more is refused: one try of that.
    let registry = with(&paths).catalog_paging(Some(50), Some(50)).start();
    let output = TestEnv::new().run(["repos", &registry.host()]);
    assert_eq!(output.code(0).stdout.lines().count(), 450);
    assert_eq!(registry.requests().len(), 10, "{}", registry.log());
    // Pages, and no word of them.
    let registry = with(&paths).link(Link::Missing).max_n(1000, Over::Clamp).start();
    let output = TestEnv::new().run(["repos", &registry.host()]);
    assert_eq!(output.code(0).stdout.lines().count(), 450, "{}", registry.log());
}

#[test]
fn a_limit_asks_for_no_more() {
    let registry = with(numbered(450)).start();
    let output = TestEnv::new().run(["repos", "--limit", "3", &registry.host()]);
    output.code(0).lines(&["team/r0000", "team/r0001", "team/r0002"]);
    registry.server().assert_exchanges(&["GET /v2/_catalog?n=3 200"]);
}

#[test]
fn a_part_of_a_catalog() {
    let registry = with(["coreos", "coreos/etcd", "coreos/sub/x", "coreosx", "other/etcd"]).start();
    let env = TestEnv::new();
    let output = env.run(["repos", &registry.repo("coreos")]);
    output.code(0).lines(&["coreos", "coreos/etcd", "coreos/sub/x"]).silent();
    let output = env.run(["repos", "--limit", "1", "--filter", "e*", &registry.repo("coreos/")]);
    output.code(0).lines(&["coreos/etcd"]);
    let output = env.run(["repos", &registry.repo("nothing")]);
    output.code(0).stdout("").stderr_has("no repositories below nothing");
}

#[test]
fn json_and_raw() {
    let registry = with(numbered(120)).start();
    let env = TestEnv::new();
    let host = registry.host();
    let rows = env.run(["repos", "--format", "json", "--limit", "1", &host]).code(0).json();
    assert_eq!(
        rows,
        json!({"Repository": format!("{host}/team/r0000"), "Name": "team/r0000", "Stars": null,
            "Pulls": null, "Updated": null, "Private": null, "Description": null})
    );
    let document = env.run(["repos", "--raw", &host]).code(0).json();
    assert_eq!(document["repositories"].as_array().map(Vec::len), Some(120));
    let output = env.run(["repos", "-l", "--limit", "2", &host]);
    output.code(0).stdout("NAME\nteam/r0000\nteam/r0001\n").stderr_has("only names");
}

#[test]
fn registries_without_a_list() {
    let registry = with(["a"]).no_catalog().start();
    let output = TestEnv::new().run(["repos", &registry.host()]);
    output.code(4).stdout("").stderr_has("does not allow listing repositories");
    output.stderr_has(&format!("docker tags ls {}/NAME", registry.host()));
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());

    let rules = TokenRules::default();
    let registry = with(["a"]).no_catalog().user("alice", PASSWORD).require_token(rules).start();
    let env = TestEnv::new();
    env.login(&registry.host(), "alice", PASSWORD);
    let output = env.run(["repos", &registry.host()]);
    output.code(4).stdout("").stderr_has("does not allow listing repositories");
    assert!(registry.requests().len() <= 3, "{}", registry.log());
    assert_eq!(registry.token_service().requests().len(), 1, "{}", registry.log());
}

#[test]
fn a_catalog_for_administrators() {
    let registry = with(["a"])
        .user("admin", PASSWORD)
        .basic_beside_bearer()
        .catalog_basic_only()
        .require_token(TokenRules::default())
        .start();
    let output = TestEnv::new().run(["repos", &registry.host()]);
    output.code(4).stdout("").stderr_has("docker login");
    let env = TestEnv::new();
    env.login(&registry.host(), "admin", PASSWORD);
    env.run(["repos", &registry.host()]).code(0).stdout("a\n");
    let env = TestEnv::new();
    env.login(&registry.host(), "admin", "wrong-canary");
    let output = env.run(["repos", &registry.host()]);
    output.code(4).stdout("").stderr_has("rejected the credentials of admin");
}

#[test]
fn an_empty_catalog_is_told() {
    let registry = TestRegistry::new().start();
    let output = TestEnv::new().run(["repos", &registry.host()]);
    output.code(0).stdout("").stderr_has("is empty");
}

#[test]
fn what_lies_below_a_repository_where_the_registry_tells() {
    let child = |names: &[&str]| json!({ "child": names, "manifest": {} });
    let registry = TestRegistry::new()
        .no_catalog()
        .tags("project/images", Vec::<String>::new())
        .list_members("project/images", child(&["web", "libs"]))
        .tags("project/images/web", ["1"])
        .list_members("project/images/web", child(&[]))
        .tags("project/images/libs", Vec::<String>::new())
        .list_members("project/images/libs", child(&["a", "gone"]))
        .tags("project/images/libs/a", ["1"])
        .tags("plain", ["1"])
        .start();
    let env = TestEnv::new();
    let output = env.run(["repos", &registry.repo("project/images")]);
    output.code(0).lines(&["project/images/libs/a", "project/images/web"]);
    output.stderr_has("project/images/libs/gone not found; the list is incomplete");
    assert_eq!(registry.requests().len(), 6, "{}", registry.log());
    // Without children it is a registry without a list.
    let output = env.run(["repos", &registry.repo("plain")]);
    output.code(4).stdout("").stderr_has("does not allow listing repositories");
}

#[test]
fn entries_that_are_no_names_are_left_out() {
    let odd = ["../x", "a b", "A/b", "", "a//b", "\u{1b}[2J", "\u{202e}x", "a\nb", "https://x/y"];
    let entries =
        odd.iter().map(|name| json!(name)).chain([json!("team/web"), json!(7), json!(null)]);
    let list = json!({"repositories": entries.collect::<Vec<_>>()});
    let registry = TestRegistry::new().hook(move |_| Some(Response::json(200, &list))).start();
    let env = TestEnv::new();
    for flags in [&[][..], &["--full-ref"], &["--format", "json"]] {
        let host = registry.host();
        let output = env.run([&["repos"][..], flags, &[&*host]].concat());
        output.code(0).stderr_has("skipped 11 entries of the list that are not repositories");
        assert_eq!(output.stdout.lines().count(), 1, "{output}");
        output.stdout_has("team/web");
    }
}
