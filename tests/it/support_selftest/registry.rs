//! The registry: paging, authentication, content.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::client::{Answer, Client, get};
use crate::support::image::{self, Image, sha256};
use crate::support::registry::{DigestHeader, Link, Over, TestRegistry};
use crate::support::token::{Denied, TokenRules};

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("t{number:04}")).collect()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn code(answer: &Answer) -> String {
    answer.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
}

/// Follows the links as they are; all tags and the number of pages.
fn walk(registry: &TestRegistry, first: &str) -> (Vec<String>, usize) {
    let mut client = Client::new(&registry.host());
    let (mut tags, mut pages, mut next) = (Vec::new(), 0, Some(first.to_owned()));
    while let Some(target) = next.take() {
        assert!(pages < 100, "the pages do not end");
        let answer = client.get(&target, &[]);
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        let list: Vec<String> = serde_json::from_value(answer.json()["tags"].clone()).unwrap();
        tags.extend(list);
        pages += 1;
        next = answer.header("link").map(|link| {
            let url = link.rsplit_once('<').unwrap().1.split_once('>').unwrap().0;
            let path = &url[url.find("/v2/").unwrap()..];
            path.to_owned()
        });
    }
    (tags, pages)
}

#[test]
fn an_open_registry_sends_everything_in_its_own_order() {
    let registry = TestRegistry::new().tags("library/alpine", ["latest", "3.20"]).start();
    let answer = get(&registry.host(), "/v2/library/alpine/tags/list", &[]);
    assert_eq!(answer.json(), json!({"name": "library/alpine", "tags": ["latest", "3.20"]}));
    assert_eq!(answer.header("docker-distribution-api-version"), Some("registry/2.0"));
    assert_eq!(get(&registry.host(), "/v2/", &[]).text(), "{}");
    let missing = get(&registry.host(), "/v2/none/tags/list", &[]);
    assert_eq!((missing.status, code(&missing).as_str()), (404, "NAME_UNKNOWN"));
    assert_eq!(registry.paths(), ["/v2/library/alpine/tags/list", "/v2/", "/v2/none/tags/list"]);
    assert_eq!(registry.connections(), 3);
}

#[test]
fn pages_join_to_the_whole_list_in_every_style_of_link() {
    for link in [Link::Relative, Link::Absolute, Link::Unquoted, Link::AfterPrevious, Link::Opaque]
    {
        let registry =
            TestRegistry::new().tags("a", numbered(250)).page_size(100).link(link).start();
        assert_eq!(walk(&registry, "/v2/a/tags/list"), (numbered(250), 3), "{link:?}");
        assert_eq!(walk(&registry, "/v2/a/tags/list?n=125").1, 2, "{link:?}");
    }
    let registry =
        TestRegistry::new().tags("a", numbered(6)).page_size(3).link(Link::Always).start();
    assert_eq!(walk(&registry, "/v2/a/tags/list"), (numbered(6), 3));
    let registry = TestRegistry::new().tags("a", numbered(6)).link(Link::Missing).start();
    assert_eq!(walk(&registry, "/v2/a/tags/list?n=4").0.len(), 4);
    let registry = TestRegistry::new().tags("a", numbered(6)).ignore_n().start();
    assert_eq!(walk(&registry, "/v2/a/tags/list?n=4&last=t0003"), (numbered(6), 1));
    let registry =
        TestRegistry::new().tags("a", numbered(6)).page_size(4).link(Link::WrongPath).start();
    let link = get(&registry.host(), "/v2/a/tags/list", &[]).header("link").unwrap().to_owned();
    let wrong = link[link.find("/repository").unwrap()..].split('>').next().unwrap().to_owned();
    assert_eq!(get(&registry.host(), &wrong, &[]).status, 404);
}

#[test]
fn a_number_above_the_largest_is_refused_or_cut() {
    for (over, status, length) in
        [(Over::Invalid, 400, 0), (Over::Unsupported, 405, 0), (Over::Clamp, 200, 1000)]
    {
        let registry = TestRegistry::new().tags("a", numbered(1500)).max_n(1000, over).start();
        let answer = get(&registry.host(), "/v2/a/tags/list?n=1001", &[]);
        assert_eq!(answer.status, status, "{over:?}");
        let tags = answer.json()["tags"].as_array().map_or(0, Vec::len);
        assert_eq!(tags, length, "{over:?}");
        assert_eq!(get(&registry.host(), "/v2/a/tags/list?n=1000", &[]).status, 200, "{over:?}");
    }
}

#[test]
fn the_catalog_pages_and_may_want_basic() {
    let mut builder = TestRegistry::new().user("admin", "pw").catalog_paging(Some(2), Some(3));
    for name in ["c", "a", "b/d"] {
        builder = builder.tags(name, ["1"]);
    }
    let registry = builder.catalog_basic_only().start();
    let refused = get(&registry.host(), "/v2/_catalog", &[]);
    assert_eq!(refused.header("www-authenticate"), Some("Basic realm=\"Registry Realm\""));
    let login = basic("admin", "pw");
    let answer = get(&registry.host(), "/v2/_catalog", &[("Authorization", &login)]);
    assert_eq!(answer.json(), json!({"repositories": ["a", "b/d"]}));
    assert_eq!(answer.header("link"), Some("</v2/_catalog?last=b%2Fd&n=2>; rel=\"next\""));
    let many = get(&registry.host(), "/v2/_catalog?n=4", &[("Authorization", &login)]);
    assert_eq!(many.status, 400);
}

#[test]
fn basic_wants_the_right_password() {
    let registry = TestRegistry::new().tags("a", ["1"]).require_basic("alice", "pw").start();
    let ask =
        |value: &str| get(&registry.host(), "/v2/a/tags/list", &[("Authorization", value)]).status;
    assert_eq!(ask(&basic("alice", "pw")), 200);
    assert_eq!(ask(&basic("alice", "wrong")), 401);
    assert_eq!(ask("Bearer x"), 401);
    let refused = get(&registry.host(), "/v2/a/tags/list", &[]);
    assert_eq!((refused.status, code(&refused).as_str()), (401, "UNAUTHORIZED"));
}

/// The token dance by hand: the registry's status and the token service's.
fn dance(registry: &TestRegistry, name: &str, login: Option<&str>) -> (u16, u16) {
    let target = format!("/v2/{name}/tags/list");
    let refused = get(&registry.host(), &target, &[]);
    assert_eq!(refused.status, 401);
    let service = registry.token_service();
    assert_eq!(
        refused.header("www-authenticate"),
        Some(&*format!(
            "Bearer realm=\"{}\",service=\"registry.test\",scope=\"repository:{name}:pull\"",
            service.realm()
        ))
    );
    let headers: Vec<(&str, &str)> = login.map(|l| ("Authorization", l)).into_iter().collect();
    let query = format!("/token?service=registry.test&scope=repository%3A{name}%3Apull");
    let answer = get(&service.server().host(), &query, &headers);
    if answer.status != 200 {
        return (0, answer.status);
    }
    let bearer = format!("Bearer {}", answer.json()["token"].as_str().unwrap());
    let listed = get(&registry.host(), &target, &[("Authorization", &bearer)]);
    if listed.status == 401 {
        let challenge = listed.header("www-authenticate").unwrap();
        assert!(challenge.ends_with("error=\"insufficient_scope\""), "{challenge}");
    }
    (listed.status, 200)
}

fn guarded(rules: TokenRules) -> TestRegistry {
    TestRegistry::new()
        .tags("open", ["1"])
        .tags("secret", ["2"])
        .user("alice", "pw")
        .user("bob", "pw")
        .private("secret", &["alice"])
        .require_token(rules)
        .start()
}

#[test]
fn tokens_are_bound_to_what_was_granted() {
    let alice = basic("alice", "pw");
    for (denied, refusal) in [(Denied::EmptyGrant, (401, 200)), (Denied::Forbidden, (0, 403))] {
        let registry = guarded(TokenRules { denied, ..TokenRules::default() });
        assert_eq!(dance(&registry, "open", None), (200, 200));
        assert_eq!(dance(&registry, "open", Some(&basic("alice", "wrong"))), (0, 401));
        assert_eq!(dance(&registry, "secret", None), refusal);
        assert_eq!(dance(&registry, "secret", Some(&basic("bob", "pw"))), refusal);
        assert_eq!(dance(&registry, "secret", Some(&alice)), (200, 200));
        assert_eq!(registry.token_service().requests().len(), 5);
    }
    let registry = guarded(TokenRules { anonymous: false, ..TokenRules::default() });
    assert_eq!(dance(&registry, "open", None), (0, 401));
}

#[test]
fn tokens_end_when_revoked_or_used_up() {
    let registry = guarded(TokenRules { jwt: false, uses: Some(1), ..TokenRules::default() });
    let service = registry.token_service();
    let token = |name: &str| {
        let query = format!("/token?service=registry.test&scope=repository:{name}:pull");
        let answer = get(&service.server().host(), &query, &[]).json();
        assert_eq!(answer["expires_in"], 300);
        format!("Bearer {}", answer["token"].as_str().unwrap())
    };
    let list = |bearer: &str| {
        let answer = get(&registry.host(), "/v2/open/tags/list", &[("Authorization", bearer)]);
        let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
        (answer.status, challenge.contains("error=\"invalid_token\""))
    };
    let first = token("open");
    assert_eq!(list(&first), (200, false));
    assert_eq!(list(&first), (401, true));
    let second = token("open");
    assert_ne!(first, second);
    service.revoke_all();
    assert_eq!(list(&second), (401, true));
    assert_eq!(list("Bearer made-up"), (401, true));
    let short = guarded(TokenRules { lifetime: 0, ..TokenRules::default() });
    let query = "/token?service=registry.test&scope=repository:open:pull";
    let answer = get(&short.token_service().server().host(), query, &[]).json();
    let bearer = format!("Bearer {}", answer["token"].as_str().unwrap());
    let answer = get(&short.host(), "/v2/open/tags/list", &[("Authorization", &bearer)]);
    assert_eq!(answer.status, 401);
}

#[test]
fn tokens_can_be_read_and_identity_tokens_exchanged() {
    let registry = guarded(TokenRules {
        identity_tokens: vec![("alice".into(), "canary-identity".into())],
        members: vec!["access_token".into()],
        says_lifetime: false,
        ..TokenRules::default()
    });
    let host = registry.token_service().server().host();
    let post = |token: &str| {
        let body = format!(
            "grant_type=refresh_token&service=registry.test&client_id=docker-tags\
             &scope=repository%3Asecret%3Apull&refresh_token={token}"
        );
        Client::new(&host).send("POST", "/token", &[], body.as_bytes())
    };
    assert_eq!(post("wrong").status, 401);
    let answer = post("canary-identity").json();
    assert_eq!((&answer["token"], &answer["expires_in"]), (&Value::Null, &Value::Null));
    let token = answer["access_token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["sub"], "alice");
    let granted = json!([{"type": "repository", "name": "secret", "actions": ["pull"]}]);
    assert_eq!(claims["access"], granted);
    let bearer = format!("Bearer {token}");
    let answer = get(&registry.host(), "/v2/secret/tags/list", &[("Authorization", &bearer)]);
    assert_eq!(answer.status, 200);
    assert_eq!(registry.token_service().tokens(), [token]);
}

#[test]
fn challenges_can_be_said_byte_by_byte() {
    let registry = TestRegistry::new()
        .tags("a/b", ["1"])
        .challenges([&b"Bearer realm=\"{R}/t\",scope=\"repository:{NAME}:pull\""[..], b"X \xff"])
        .start();
    let answer = get(&registry.host(), "/v2/a/b/tags/list", &[]);
    let expected =
        format!("Bearer realm=\"{}/t\",scope=\"repository:a/b:pull\"", registry.server().origin());
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), Some(&*expected));
    let granted = get(&registry.host(), "/v2/a/b/tags/list", &[("Authorization", "Bearer t")]);
    assert_eq!(granted.status, 200);
}

#[test]
fn the_first_requests_can_fail() {
    let registry = TestRegistry::new()
        .tags("a", ["1"])
        .fail_first(1, 503)
        .too_many_first(1, "7")
        .rate_limit(100, 76)
        .start();
    let mut client = Client::new(&registry.host());
    assert_eq!(client.get("/v2/a/tags/list", &[]).status, 503);
    let limited = client.get("/v2/a/tags/list", &[]);
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("7")));
    let answer = client.get("/v2/a/tags/list", &[]);
    assert_eq!((answer.status, answer.header("ratelimit-remaining")), (200, Some("76;w=21600")));
}

#[test]
fn digests_are_true_all_the_way_down() {
    let index = Image::index_with_attestations("1", &["linux/amd64", "linux/arm/v7"]);
    let registry = TestRegistry::new().image("app:1", &index).redirect_blobs("127.0.0.2").start();
    let mut client = Client::new(&registry.host());
    let accept = [("Accept", "application/json, application/vnd.oci.image.index.v1+json")];
    let head = client.send("HEAD", "/v2/app/manifests/1", &accept, b"");
    let answer = client.get("/v2/app/manifests/1", &accept);
    let digest = answer.header("docker-content-digest").unwrap();
    assert_eq!(digest, sha256(&answer.body));
    assert_eq!(head.header("docker-content-digest"), Some(digest));
    assert_eq!(head.header("content-length"), Some(&*answer.body.len().to_string()));
    let list = answer.json();
    let entries = list["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[1]["platform"]["variant"], "v7");
    let attested = &entries[3]["annotations"]["vnd.docker.reference.digest"];
    assert_eq!(attested, &entries[1]["digest"]);
    for entry in entries {
        let digest = entry["digest"].as_str().unwrap();
        let child = client.get(&format!("/v2/app/manifests/{digest}"), &[]);
        assert_eq!(sha256(&child.body), digest);
        assert_eq!(entry["size"], child.body.len());
        for blob in [&child.json()["config"], &child.json()["layers"][0]] {
            let digest = blob["digest"].as_str().unwrap();
            let moved = client.get(&format!("/v2/app/blobs/{digest}"), &[]);
            assert_eq!(moved.status, 307);
            let target = moved.header("location").unwrap();
            let target = target.strip_prefix(&registry.blob_host().origin()).unwrap();
            let found = get(&registry.blob_host().host(), target, &[]);
            assert_eq!(sha256(&found.body), digest);
            assert_eq!(blob["size"], found.body.len());
            let stripped = [("Authorization", "Bearer x")];
            assert_eq!(get(&registry.blob_host().host(), target, &stripped).status, 400);
        }
    }
}

#[test]
fn the_accept_header_decides_as_in_distribution() {
    let list = Image::docker_list("1", &["linux/arm64", "linux/amd64"]);
    let registry = TestRegistry::new()
        .image("app:docker", &list)
        .image("app:oci", &Image::index("1", &["linux/amd64"]))
        .start();
    let ask = |tag: &str, accept: &str| {
        let target = format!("/v2/app/manifests/{tag}");
        get(&registry.host(), &target, &[("Accept", accept)])
    };
    let child = ask("docker", image::DOCKER_MANIFEST);
    assert_eq!(child.header("docker-content-digest"), Some(&*list.children[1].digest));
    assert_eq!(ask("docker", image::DOCKER_LIST).body, list.root.bytes);
    assert_eq!(ask("oci", image::DOCKER_MANIFEST).status, 404);
    assert_eq!(ask("oci", "application/vnd.oci.image.index.v1+json;q=0.5").status, 200);
    assert_eq!(ask("none", image::OCI_INDEX).status, 404);
}

#[test]
fn every_kind_of_image_has_its_own_digest() {
    let images = [
        Image::oci("1", "linux/amd64"),
        Image::oci("2", "linux/amd64"),
        Image::docker("1", "linux/amd64"),
        Image::index("1", &["linux/amd64"]),
        Image::docker_list("1", &["linux/amd64"]),
        Image::artifact("application/vnd.example", "text"),
        Image::helm("chart", "1.0.0"),
        Image::plugin("a plugin"),
        Image::schema1(),
    ];
    let digests: HashSet<&str> = images.iter().map(|i| i.root.digest.as_str()).collect();
    assert_eq!(digests.len(), images.len());
    assert_eq!(images[5].config().digest, sha256(b"{}"));
    let whole = "sha256:9a620dabfd5d7e6b5d1def907c865ea639dbf76595b8a7444645fc583efc22db";
    assert_eq!(sha256(&images[8].root.bytes), whole);
}

#[test]
fn heads_and_their_digests_can_be_missing() {
    let tag = "/v2/a/manifests/1";
    let accept = [("Accept", image::OCI_MANIFEST)];
    let registry = TestRegistry::new().tags("a", ["1"]).head_status(405).start();
    assert_eq!(Client::new(&registry.host()).send("HEAD", tag, &accept, b"").status, 405);
    let registry =
        TestRegistry::new().tags("a", ["1"]).digest_header(DigestHeader::OnHeadOnly).start();
    let mut client = Client::new(&registry.host());
    let head = client.send("HEAD", tag, &accept, b"");
    let answer = client.get(tag, &accept);
    assert_eq!(answer.header("docker-content-digest"), None);
    let digest = head.header("docker-content-digest").unwrap();
    assert_eq!(digest, sha256(&answer.body));
    let by_digest = client.get(&format!("/v2/a/manifests/{digest}"), &[]);
    assert_eq!(by_digest.body, answer.body);
    let config = by_digest.json()["config"]["digest"].as_str().unwrap().to_owned();
    let blob = client.get(&format!("/v2/a/blobs/{config}"), &[]);
    assert_eq!(sha256(&blob.body), config);
}
