//! Details from the APIs of Quay and Harbor: few requests, the same list, and no login where it does not belong.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::details::counts;
use super::numbered;
use crate::support::image::{Image, sha256};
use crate::support::product::{
    harbor, harbor_artifact, harbor_tokens, quay, quay_tag, quay_tokens,
};
use crate::support::{Output, Response, Server, TestEnv, TestRegistry, TokenRules};

/// 2023-11-14T22:13:20Z
const START: i64 = 1_700_000_000;

fn image() -> Image {
    Image::oci("quay", "linux/amd64")
}

/// A registry with these tags, all of one image, as Quay serves them: a hundred a page.
fn registry(tags: &[String]) -> crate::support::registry::RegistryBuilder {
    let image = image();
    let registry =
        TestRegistry::new().page_size(100).max_n(100, crate::support::registry::Over::Clamp);
    tags.iter().fold(registry, |registry, tag| registry.image(&format!("team/app:{tag}"), &image))
}

/// What Quay's API says of them.
fn told(tags: &[String]) -> Vec<Value> {
    let digest = image().root.digest;
    tags.iter().map(|tag| quay_tag(tag, &digest, 1234, START)).collect()
}

fn ls(registry: &TestRegistry, flags: &[&str]) -> Output {
    ls_in(&TestEnv::new(), registry, flags)
}

fn ls_in(env: &TestEnv, registry: &TestRegistry, flags: &[&str]) -> Output {
    registry.server().clear();
    env.run(["ls", &registry.repo("team/app")].iter().chain(flags).copied())
}

/// How many requests there were of each kind: lists of tags, the API, manifests and blobs.
fn asked(registry: &TestRegistry) -> [usize; 3] {
    let paths = registry.paths();
    let of = |part: &str| paths.iter().filter(|path| path.contains(part)).count();
    let [heads, manifests, blobs] = counts(registry);
    [of("/tags/list"), of("/api/v"), heads + manifests + blobs]
}

#[test]
fn a_thousand_tags_of_quay_are_ten_requests() {
    let tags = numbered(1_000);
    let registry =
        registry(&tags).require_token(quay_tokens()).hook(quay("team/app", told(&tags))).start();
    let output = ls(&registry, &["-l", "--format", "json"]);
    let rows = output.code(0).stderr_has("has no platforms").json_lines();
    assert_eq!(rows.len(), 1_000);
    let expected = json!({
        "Repository": registry.repo("team/app"), "Tag": "t0999", "Digest": image().root.digest,
        "Size": 1234, "Platforms": null, "Created": "2023-11-14T22:13:20Z",
    });
    assert!(rows.contains(&expected), "{}", rows[0]);
    let [lists, api, manifests] = asked(&registry);
    assert_eq!([api, manifests], [10, 0], "{}", registry.log());
    // The challenge, ten pages, and perhaps a larger page that is not given.
    assert!(lists <= 12, "{}", registry.log());
    let api = registry.requests().into_iter().filter(|request| request.path.contains("/api/"));
    assert!(api.into_iter().all(|request| request.header("authorization").is_none()));

    for flags in [&["--digests"][..], &["--group-by", "digest"], &["--since", "2023-11-14T22:00"]] {
        let output = ls(&registry, flags);
        output.code(0).silent().stdout_has("t0999");
        assert_eq!(asked(&registry)[1..], [10, 0], "{flags:?}\n{}", registry.log());
    }
    ls(&registry, &["--older-than", "2023-11-14T22:00"]).code(0).stdout("");
    // Names alone need neither.
    ls(&registry, &[]).code(0).silent();
    assert_eq!(asked(&registry)[1..], [0, 0], "{}", registry.log());
}

#[test]
fn the_other_commands_use_it_too() {
    let tags = numbered(250);
    let registry =
        registry(&tags).require_token(quay_tokens()).hook(quay("team/app", told(&tags))).start();
    let env = TestEnv::new();
    let name = registry.repo("team/app");
    let output = env.run(["aliases", &format!("{name}:t0007")]);
    assert_eq!(output.code(0).silent().stdout.lines().count(), 250);
    assert_eq!(asked(&registry)[1..], [3, 0], "{}", registry.log());
    registry.server().clear();
    env.run(["diff", &name, &name]).code(0).silent().stdout("");
    assert_eq!(asked(&registry)[1..], [6, 0], "{}", registry.log());
}

/// Few tags cost less than all pages of the API.
#[test]
fn a_short_choice_asks_for_manifests() {
    let tags = numbered(1_000);
    let registry =
        registry(&tags).require_token(quay_tokens()).hook(quay("team/app", told(&tags))).start();
    ls(&registry, &["--digests", "--limit", "9"]).code(0).silent();
    assert_eq!(asked(&registry)[1..], [0, 9], "{}", registry.log());
    ls(&registry, &["--digests", "--limit", "11"]).code(0).silent();
    assert_eq!(asked(&registry)[1..], [10, 0], "{}", registry.log());
}

/// Whatever the API leaves out or gets wrong is asked of the registry, and no tag is lost.
#[test]
fn what_the_api_does_not_tell_comes_from_the_registry() {
    let tags = numbered(60);
    let (digest, other) = (image().root.digest, sha256(b"another image"));
    let mut entries = told(&tags);
    let set = |entries: &mut Vec<Value>, at: usize, member: &str, value: Value| {
        entries[at][member] = value;
    };
    set(&mut entries, 0, "manifest_digest", json!("sha256:short"));
    set(&mut entries, 1, "manifest_digest", Value::Null);
    set(&mut entries, 2, "name", json!("no tag"));
    entries[3] = json!(7);
    set(&mut entries, 4, "end_ts", json!(START + 60));
    // Two digests for one tag; a tag that the registry does not list.
    entries.push(quay_tag("t0005", &other, 9, START));
    entries.push(quay_tag("unlisted", &other, 9, START));
    entries.remove(6);
    let registry =
        registry(&tags).require_token(quay_tokens()).hook(quay("team/app", entries)).start();
    let rows = ls(&registry, &["--digests", "--format", "json"]).code(0).silent().json_lines();
    let found: BTreeMap<&str, &str> = rows
        .iter()
        .map(|row| (row["Tag"].as_str().unwrap(), row["Digest"].as_str().unwrap()))
        .collect();
    let expected = tags.iter().map(|tag| (&**tag, &*digest)).collect();
    assert_eq!(found, expected);
    assert_eq!(asked(&registry)[1..], [1, 7], "{}", registry.log());
}

#[test]
fn what_is_asked_for_by_name_is_read_from_manifests() {
    let tags = numbered(30);
    let mut entries = told(&tags);
    for entry in &mut entries {
        entry["is_manifest_list"] = json!(true);
        entry["size"] = Value::Null;
    }
    let registry =
        registry(&tags).require_token(quay_tokens()).hook(quay("team/app", entries)).start();
    let output = ls(&registry, &["--format", "{{.Tag}} {{.Size}} {{.Created}}"]);
    output.code(0).silent();
    assert_eq!(asked(&registry)[1..], [1, 1], "{}", registry.log());
    let size: usize = image().blobs.iter().map(|blob| blob.bytes.len()).sum();
    output.stdout_has(&format!("t0000 {size} 2023-11-14T22:13:20Z\n"));
    ls(&registry, &["--platform", "linux/amd64"]).code(0).silent().stdout_has("t0000");
    ls(&registry, &["--platform", "linux/arm64"]).code(0).stdout("");
}

/// An API that does not answer costs one request, and nothing else.
#[test]
fn without_an_answer_everything_is_as_before() {
    let tags = numbered(40);
    let plain = registry(&tags).start();
    let before = ls(&plain, &["-l", "--format", "json"]).code(0).silent().stdout.clone();
    assert_eq!(asked(&plain), [2, 0, 42], "{}", plain.log());
    let trap = Server::trap("127.0.0.1");
    let elsewhere = format!("{}/api/v1/repository/team/app/tag/", trap.origin());
    let answers = [
        Response::json(401, &json!({"message": "Requires authentication", "status": 401})),
        Response::json(403, &json!({"error_type": "insufficient_scope"})),
        Response::new(404),
        Response::new(500),
        Response::new(302).header("Location", elsewhere),
        Response::with_body(200, "text/html", "<html>Please log in</html>"),
        Response::json(200, &json!({"tags": null})),
        Response::json(200, &json!({"tags": {"t0001": {}}})),
        Response::json(200, &json!({"tags": [], "has_additional": true})),
        Response::json(200, &json!([])),
    ];
    for answer in answers {
        let bytes = answer.bytes(false);
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let registry = registry(&tags)
            .require_token(quay_tokens())
            .hook(move |request| {
                let is_api = request.path.starts_with("/api/");
                is_api.then(|| crate::support::hostile::bytes(bytes.clone()))
            })
            .start();
        let output = ls(&registry, &["-l", "--format", "json", "--retries", "0"]);
        let output = output.code(0).silent().stdout.replace(&registry.host(), &plain.host());
        assert_eq!(output, before, "{shown}");
        let [_, api, manifests] = asked(&registry);
        assert!(
            manifests == 42 && (api == 1 || shown.contains("true")),
            "{shown}\n{}",
            registry.log()
        );
    }
    trap.assert_untouched();
}

/// Pages without an end: never more requests than manifests would have cost.
#[test]
fn an_api_that_never_ends() {
    let tags = numbered(120);
    let registry = registry(&tags)
        .require_token(harbor_tokens())
        .hook(|request| {
            request.path.starts_with("/api/").then(|| {
                let one = json!([{"digest": image().root.digest, "tags": [{"name": "t0001"}]}]);
                Response::json(200, &one).header("X-Total-Count", "99999999999")
            })
        })
        .start();
    let output = ls(&registry, &["--digests"]);
    assert_eq!(output.code(0).silent().stdout.lines().count(), 121);
    let [_, api, manifests] = asked(&registry);
    assert!(api <= 120 && manifests == 119, "{}", registry.log());
}

/// A registry that is neither is never asked.
#[test]
fn others_are_never_asked() {
    let tags = numbered(60);
    let rules = |realm: &str, service: &str| TokenRules {
        realm: realm.into(),
        service: service.into(),
        ..TokenRules::default()
    };
    let builders = [
        registry(&tags),
        registry(&tags).require_token(TokenRules::default()),
        registry(&tags).require_token(rules("{T}/v2/token", "container_registry")),
        registry(&tags).require_token(rules("{T}/v2/registry/auth", "registry.test")),
        registry(&tags).require_token(rules("{T}/service/token", "token-service")),
        registry(&tags).header("Set-Cookie", "session=1; Path=/").header("X-Request-Id", "7"),
        registry(&tags).header("Set-Cookie", "sid=1; Path=/"),
    ];
    for builder in builders {
        let registry = builder.start();
        ls(&registry, &["--digests"]).code(0).silent();
        let [_, api, manifests] = asked(&registry);
        assert_eq!([api, manifests], [0, 60], "{}", registry.log());
    }
    // Quay's token service on another host is not this registry's.
    let rules = TokenRules { address: "127.0.0.2".into(), ..quay_tokens() };
    let registry = registry(&tags).require_token(rules).start();
    ls(&registry, &["--digests"]).code(0).silent();
    assert_eq!(asked(&registry)[1], 0, "{}", registry.log());
}

const PLATFORMS: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

/// A Harbor with a hundred versions of one image and an index; `team/app/sub` has slashes of its own.
fn harbor_registry(
    builder: crate::support::registry::RegistryBuilder,
    login: Option<(&'static str, &'static str)>,
) -> TestRegistry {
    let (single, index) = (image(), Image::index("many", &["linux/amd64", "linux/arm64"]));
    let versions: Vec<String> = (0..100).map(|n| format!("1.{n}")).collect();
    let mut builder = builder.image("team/app:2.0", &index).image("team/app:latest", &index);
    for version in &versions {
        builder = builder.image(&format!("team/app:{version}"), &single);
    }
    let tags: Vec<&str> = versions.iter().map(String::as_str).collect();
    let mut artifacts = vec![
        harbor_artifact(&index, &["2.0", "latest"], &PLATFORMS),
        harbor_artifact(&single, &tags, &[]),
    ];
    let untagged = |n: usize| {
        let image = Image::oci(&format!("untagged {n}"), "linux/amd64");
        harbor_artifact(&image, &[], &[])
    };
    artifacts.splice(1..1, (0..250).map(untagged));
    builder.hook(harbor("team/app", artifacts, login)).start()
}

#[test]
fn a_public_project_of_harbor_is_known_by_its_cookie() {
    let builder = TestRegistry::new()
        .header("Set-Cookie", "sid=f60f779453bbb05911e480f53c3ed30b; Path=/; HttpOnly")
        .header("X-Request-Id", "912c4745c9a9f9346bfa51818a7d30ec");
    let registry = harbor_registry(builder, None);
    let output = ls(&registry, &["-l", "--format", "json"]);
    let rows = output.code(0).stderr_has("has no sizes of multi-platform images").json_lines();
    assert_eq!(asked(&registry), [1, 1, 0], "{}", registry.log());
    let row = |tag: &str, image: &Image, size: Value, platforms: Value, created: &str| {
        json!({
            "Repository": registry.repo("team/app"), "Tag": tag, "Digest": image.root.digest,
            "Size": size, "Platforms": platforms, "Created": created,
        })
    };
    let index = Image::index("many", &["linux/amd64", "linux/arm64"]);
    let both = json!(["linux/amd64", "linux/arm64"]);
    assert_eq!(rows.len(), 102);
    assert_eq!(rows[0], row("2.0", &index, Value::Null, both, "2026-02-03T04:05:07Z"));
    let (single, made) = (json!(["linux/amd64"]), "2026-01-02T03:04:05.678Z");
    assert_eq!(rows[1], row("1.99", &image(), json!(4711), single, made));
    ls(&registry, &["--platform", "linux/arm64"]).code(0).silent().lines(&["2.0", "latest"]);
    assert_eq!(asked(&registry), [1, 1, 0], "{}", registry.log());
}

#[test]
fn slashes_in_harbor_s_repositories_are_escaped_twice() {
    let image = image();
    let tags: Vec<String> = numbered(12);
    let names: Vec<&str> = tags.iter().map(String::as_str).collect();
    let artifacts = vec![harbor_artifact(&image, &names, &[])];
    let builder = TestRegistry::new().require_token(harbor_tokens());
    let builder =
        tags.iter().fold(builder, |builder, tag| builder.image(&format!("p/a/b/c:{tag}"), &image));
    let registry = builder.hook(harbor("p/a%252Fb%252Fc", artifacts, None)).start();
    let env = TestEnv::new();
    env.run(["ls", "--digests", &registry.repo("p/a/b/c")]).code(0).silent();
    assert_eq!(asked(&registry)[1..], [1, 0], "{}", registry.log());
}

/// The login goes to Harbor's own API, at the registry's own origin, once the registry has accepted it.
#[test]
fn a_private_project_of_harbor_takes_the_login() {
    let login = ("robot$ci", "canary-of-harbor");
    let builder = || {
        TestRegistry::new()
            .require_token(TokenRules { anonymous: false, ..harbor_tokens() })
            .user(login.0, login.1)
    };
    let registry = harbor_registry(builder(), Some(login));
    let env = TestEnv::new();
    env.canary(login.1);
    env.login(&registry.host(), login.0, login.1);
    let output = ls_in(&env, &registry, &["--digests"]);
    assert_eq!(output.code(0).silent().stdout.lines().count(), 103);
    assert_eq!(asked(&registry)[1..], [1, 0], "{}", registry.log());
    let with_login = registry.requests().into_iter().filter(|request| request.basic().is_some());
    let paths: Vec<String> = with_login.map(|request| request.path).collect();
    assert_eq!(paths, ["/api/v2.0/projects/team/repositories/app/artifacts"]);

    // One that may pull but not use the API: manifests, and the login is still good.
    let registry = harbor_registry(builder(), Some(("admin", "other")));
    let env = TestEnv::new();
    env.login(&registry.host(), login.0, login.1);
    ls_in(&env, &registry, &["--digests"]).code(0).silent();
    assert_eq!(asked(&registry)[1..], [1, 102], "{}", registry.log());

    // A wrong one is sent to the token service once, and to nobody else.
    let registry = harbor_registry(builder(), Some(login));
    let env = TestEnv::new();
    env.login(&registry.host(), login.0, "wrong");
    ls_in(&env, &registry, &["--digests"]).code(4).stdout("");
    assert_eq!(asked(&registry)[1..], [0, 0], "{}", registry.log());
    let tried = registry.token_service().requests();
    assert_eq!(tried.iter().filter(|request| request.basic().is_some()).count(), 1);
}

/// Open registries never cause a login to be looked up, not even for the API.
#[test]
fn without_a_challenge_no_login_is_sent() {
    let builder = TestRegistry::new()
        .header("Set-Cookie", "sid=f60f779453bbb05911e480f53c3ed30b; Path=/; HttpOnly")
        .header("X-Request-Id", "912c4745c9a9f9346bfa51818a7d30ec");
    let registry = harbor_registry(builder, None);
    let env = TestEnv::new();
    env.login(&registry.host(), "user", "canary-of-nobody");
    ls_in(&env, &registry, &["--digests"]).code(0).silent();
    assert!(registry.requests().iter().all(|request| request.header("authorization").is_none()));
}

/// A user of Quay who logged in with an OAuth token: that is what the API takes.
#[test]
fn quay_s_api_takes_an_oauth_token_alone() {
    let tags = numbered(200);
    for (user, is_sent) in [("$oauthtoken", true), ("team+robot", false)] {
        let api = quay("team/app", told(&tags));
        let registry = registry(&tags)
            .require_token(TokenRules { anonymous: false, ..quay_tokens() })
            .user(user, "canary-of-quay")
            .hook(move |request| {
                let answer = api(request)?;
                let is_known = request.header("authorization") == Some("Bearer canary-of-quay");
                Some(if is_known { answer } else { Response::new(401) })
            })
            .start();
        let env = TestEnv::new();
        env.login(&registry.host(), user, "canary-of-quay");
        ls_in(&env, &registry, &["--digests"]).code(0).silent();
        let expected = if is_sent { [2, 0] } else { [1, 200] };
        assert_eq!(asked(&registry)[1..], expected, "{}", registry.log());
    }
}
