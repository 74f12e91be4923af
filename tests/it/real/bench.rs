//! The bench tests itself: what it claims about the real components is so, without our client.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::Value;

use super::registry::{Access, Registry, Storage};
use super::run::{Home, Outcome, run};
use super::seed::{self, Image, Seeded, digest_of};
use super::tls::{Authority, Flaw};
use super::token::{self, KeyHeader, Rules, Signer, TokenService};
use super::wire::{Request, Response};
use super::{bulk, proxy, skopeo};

fn get(at: SocketAddr, target: &str) -> Response {
    Request::new("GET", target).send(at).expect("the server answers")
}

fn get_with(at: SocketAddr, target: &str, authorization: &str) -> Response {
    Request::new("GET", target)
        .with_header("Authorization", authorization)
        .send(at)
        .expect("the server answers")
}

fn document(response: &Response) -> Value {
    serde_json::from_slice(&response.body()).expect("JSON")
}

#[test]
#[ignore = "needs the real docker-registry"]
fn seeded_content_comes_back_byte_for_byte() {
    let registry = Registry::open(&Storage::new());
    let at = registry.address();
    let seeded: Vec<(&str, Seeded)> = vec![
        ("oci", Image::oci("amd64").put(&registry, "team/app", Some("oci"))),
        ("docker", Image::docker("amd64").put(&registry, "team/app", Some("docker"))),
        ("plugin", Image::plugin().put(&registry, "team/app", Some("plugin"))),
        ("chart", Image::artifact().put(&registry, "team/app", Some("chart"))),
        ("deep", Image::oci("amd64").layers(100).put(&registry, "team/app", Some("deep"))),
        ("index", seed::oci_index(&registry, "team/app", "index")),
        ("list", seed::docker_list(&registry, "team/app", "list")),
    ];
    for (tag, seeded) in &seeded {
        let request = Request::new("GET", &format!("/v2/{}/manifests/{tag}", seeded.repository));
        let answer = registry.send(&request.with_header("Accept", seeded.media_type));
        assert_eq!(answer.status, 200, "{tag}");
        assert_eq!(answer.header("Content-Type"), Some(seeded.media_type), "{tag}");
        assert_eq!(answer.header("Docker-Content-Digest"), Some(&*seeded.digest), "{tag}");
        assert_eq!(answer.body(), seeded.manifest, "{tag}");
        let blobs =
            seeded.layers.iter().chain(seeded.children.iter().flat_map(|child| &child.layers));
        for layer in blobs {
            let blob = get(at, &format!("/v2/team/app/blobs/{layer}"));
            assert_eq!((blob.status, digest_of(&blob.body())), (200, layer.clone()), "{tag}");
        }
    }
    assert_eq!(
        seeded.iter().map(|(_, seeded)| seeded.layers.len()).collect::<Vec<_>>(),
        [3, 3, 1, 1, 100, 0, 0]
    );
    assert_eq!(
        seeded.iter().map(|(_, seeded)| seeded.children.len()).collect::<Vec<_>>(),
        [0, 0, 0, 0, 0, 4, 3]
    );
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn skopeo_understands_the_seeds() {
    let registry = Registry::open(&Storage::new());
    let name = format!("{}/team/app", registry.address());
    let index = seed::oci_index(&registry, "team/app", "index");
    let list = seed::docker_list(&registry, "team/app", "list");
    let image = Image::docker("amd64").put(&registry, "team/app", Some("docker"));
    assert_eq!(skopeo::inspect_raw(&format!("{name}:index"), &[]).as_bytes(), index.manifest);
    assert_eq!(
        skopeo::inspect_raw(&format!("{name}:docker"), &["--config"]).as_bytes(),
        image.config
    );
    for (tag, children) in [("index", &index.children), ("list", &list.children)] {
        let shown = skopeo::inspect(&format!("{name}:{tag}"), "arm64");
        let arm64 =
            children.iter().find(|child| String::from_utf8_lossy(&child.config).contains("arm64"));
        let layers: Vec<Value> = arm64
            .expect("an arm64 child")
            .layers
            .iter()
            .map(|layer| layer.as_str().into())
            .collect();
        assert_eq!(
            (&shown["Architecture"], &shown["Layers"]),
            (&"arm64".into(), &Value::Array(layers)),
            "{tag}"
        );
    }
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn many_tags_and_repositories_are_there() {
    let registry = Registry::open(&Storage::new());
    let pairs = bulk::put_many(&registry, "team/big", 10_000, 500);
    let tags: BTreeSet<String> = pairs.iter().map(|(tag, _)| tag.clone()).collect();
    assert_eq!(tags.len(), 10_000);
    assert_eq!(skopeo::list_tags(&format!("{}/team/big", registry.address()), None), tags);
    let (tag, digest) = &pairs[777];
    let head = registry.send(
        &Request::new("HEAD", &format!("/v2/team/big/manifests/{tag}"))
            .with_header("Accept", seed::OCI_MANIFEST),
    );
    assert_eq!(head.header("Docker-Content-Digest"), Some(&**digest));
    assert_eq!(pairs.iter().map(|(_, digest)| digest).collect::<BTreeSet<_>>().len(), 500);

    let names: BTreeSet<String> = (0..250).map(|number| format!("team/app{number:03}")).collect();
    bulk::put_repositories(registry.storage(), &names);
    let catalog = document(&get(registry.address(), "/v2/_catalog?n=1000"));
    let found: BTreeSet<&str> = catalog["repositories"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(names.iter().all(|name| found.contains(&**name)), "{found:?}");
}

#[test]
#[ignore = "needs the real docker-registry"]
fn the_proxy_counts_what_goes_through() {
    let registry = Registry::open(&Storage::new());
    bulk::put_tags(&registry, "team/app", ["1.0", "1.1"]);
    bulk::put_many(&registry, "team/big", 1000, 1);
    let proxy = proxy::start(registry.address());
    let direct = get(registry.address(), "/v2/team/big/tags/list");
    assert_eq!(
        direct.header("Transfer-Encoding"),
        Some("chunked"),
        "a long list should come in chunks"
    );
    assert_eq!(get(proxy.address(), "/v2/team/big/tags/list").body(), direct.body());
    assert_eq!(get(proxy.address(), "/v2/nobody/here/tags/list?n=5").status, 404);
    assert_eq!(
        proxy.log_lines(),
        ["GET /v2/team/big/tags/list 200", "GET /v2/nobody/here/tags/list?n=5 404"]
    );
    assert_eq!((proxy.connections(), proxy.tls_probes()), (2, 0));

    // skopeo tries TLS first, so this shows that a real TLS greeting goes through and is told apart.
    let name = format!("{}/team/app", proxy.address());
    assert_eq!(skopeo::list_tags(&name, None), BTreeSet::from(["1.0".into(), "1.1".into()]));
    assert!(proxy.tls_probes() > 0, "skopeo did not try TLS");
    assert_eq!(
        proxy.log_lines().last().map(String::as_str),
        Some("GET /v2/team/app/tags/list 200")
    );
}

#[test]
#[ignore = "needs the real docker-registry and htpasswd"]
fn htpasswd_is_checked() {
    let registry = Registry::start(&Storage::new(), &Access::Htpasswd(&[("ann", "right")]), None);
    let anonymous = get(registry.address(), "/v2/");
    assert_eq!(anonymous.status, 401);
    assert_eq!(anonymous.header("WWW-Authenticate"), Some("Basic realm=\"the test registry\""));
    // ann:wrong and ann:right
    assert_eq!(get_with(registry.address(), "/v2/", "Basic YW5uOndyb25n").status, 401);
    assert_eq!(get_with(registry.address(), "/v2/", "Basic YW5uOnJpZ2h0").status, 200);
}

fn seeded_storage() -> Storage {
    let storage = Storage::new();
    let registry = Registry::open(&storage);
    bulk::put_tags(&registry, "team/app", ["1.0"]);
    bulk::put_tags(&registry, "team/secret", ["2.0"]);
    storage
}

fn rules() -> Rules {
    let rules = Rules::new().user("ann", "right").public("team/app").private("team/secret", "ann");
    rules.identity_token("long-lived", "ann").catalog("ann")
}

fn bearer(answer: &Response) -> String {
    let document = document(answer);
    let token = document["token"].as_str().or(document["access_token"].as_str());
    format!("Bearer {}", token.expect("a token"))
}

#[test]
#[ignore = "needs the real docker-registry"]
fn tokens_open_what_they_grant_and_nothing_else() {
    for header in [KeyHeader::X5c, KeyHeader::Kid] {
        let service = TokenService::start(rules(), Signer::new(header));
        let registry = service.registry(&seeded_storage());
        let (at, tokens) = (registry.address(), service.server().address());
        let challenge = get(at, "/v2/team/app/tags/list");
        let expected = format!(
            "Bearer realm=\"{}\",service=\"{}\",scope=\"repository:team/app:pull\"",
            service.realm(),
            token::SERVICE
        );
        assert_eq!(challenge.status, 401);
        assert_eq!(challenge.header("WWW-Authenticate"), Some(&*expected));

        let ann = Some(("ann", "right"));
        let cases = [
            ("repository:team/app:pull", None, "/v2/team/app/tags/list", 200),
            ("repository:team/app:pull", ann, "/v2/team/app/tags/list", 200),
            ("repository:team/secret:pull", None, "/v2/team/secret/tags/list", 401),
            ("repository:team/secret:pull", ann, "/v2/team/secret/tags/list", 200),
            ("repository:team/app:pull", ann, "/v2/team/secret/tags/list", 401),
            ("registry:catalog:*", None, "/v2/_catalog", 401),
            ("registry:catalog:*", ann, "/v2/_catalog", 200),
        ];
        for (scope, login, target, status) in cases {
            let answer = token::fetch(tokens, scope, login);
            assert_eq!(answer.status, 200, "{scope}");
            assert_eq!(
                get_with(at, target, &bearer(&answer)).status,
                status,
                "{header:?} {scope} {login:?} {target}"
            );
        }
        assert_eq!(
            token::fetch(tokens, "repository:team/app:pull", Some(("ann", "wrong"))).status,
            401
        );
        assert_eq!(service.server().log().last().map(|entry| &*entry.scheme), Some("basic"));
    }
}

#[test]
#[ignore = "needs the real docker-registry"]
fn identity_tokens_are_exchanged() {
    let service = TokenService::start(rules(), Signer::new(KeyHeader::X5c));
    let registry = service.registry(&seeded_storage());
    let ask = |token: &str| {
        let form = format!(
            "grant_type=refresh_token&client_id=x&service=registry+of+the+tests&scope=repository%3Ateam%2Fsecret%3Apull&refresh_token={token}"
        );
        let request =
            Request::new("POST", "/token").with_body("application/x-www-form-urlencoded", form);
        request.send(service.server().address()).expect("the token service answers")
    };
    assert_eq!(ask("unknown").status, 401);
    let granted = ask("long-lived");
    assert_eq!(
        get_with(registry.address(), "/v2/team/secret/tags/list", &bearer(&granted)).status,
        200
    );
}

#[test]
#[ignore = "needs the real docker-registry"]
fn the_real_registry_verifies_the_signature() {
    let scope = "repository:team/app:pull";
    let target = "/v2/team/app/tags/list";
    for header in [KeyHeader::X5c, KeyHeader::Kid] {
        let trusted = Signer::new(header);
        let certificate = trusted.certificate_pem().to_owned();
        let service = TokenService::start(rules(), trusted);
        let imposter = TokenService::start(rules(), Signer::new(header));
        let registry = service.registry_trusting(&seeded_storage(), &certificate);
        let good = bearer(&token::fetch(service.server().address(), scope, None));
        let forged = bearer(&token::fetch(imposter.server().address(), scope, None));
        let (good_head, good_rest) = good.split_once('.').expect("three parts");
        let (claims, _) = good_rest.split_once('.').expect("three parts");
        let (_, foreign_signature) = forged.rsplit_once('.').expect("three parts");
        let transplanted = format!("{good_head}.{claims}.{foreign_signature}");
        assert_eq!(get_with(registry.address(), target, &good).status, 200, "{header:?}");
        for (what, token) in [("another key", &forged), ("another's signature", &transplanted)] {
            let refused = get_with(registry.address(), target, token);
            let challenge = refused.header("WWW-Authenticate").unwrap_or_default();
            assert_eq!(refused.status, 401, "{header:?} {what}");
            assert!(
                challenge.contains("error=\"invalid_token\""),
                "{header:?} {what}: {challenge}"
            );
        }
    }
}

fn skopeo_over_tls(
    registry: &Registry,
    authority: &Authority,
    client: Option<(String, String)>,
) -> Outcome {
    let home = Home::new();
    let certificates = home.docker_config().join("certificates");
    std::fs::create_dir_all(&certificates).expect("make a directory");
    let mut files = vec![("ca.crt", authority.pem().to_owned())];
    if let Some((certificate, key)) = client {
        files.extend([("client.cert", certificate), ("client.key", key)]);
    }
    for (name, content) in files {
        std::fs::write(certificates.join(name), content).expect("write a certificate");
    }
    let name = format!("docker://{}/team/app", registry.address());
    run(home.command("skopeo").arg("list-tags").arg("--cert-dir").arg(certificates).arg(name))
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn certificates_have_the_flaws_they_are_made_with() {
    let authority = Authority::new("authority of the tests");
    let storage = seeded_storage();
    let cases = [
        (Flaw::None, ""),
        (Flaw::Expired, "expired"),
        (Flaw::WrongName, "127.0.0.1"),
        (Flaw::SelfSigned, "certificate"),
    ];
    for (flaw, complaint) in cases {
        let registry = Registry::start(&storage, &Access::Open, Some(&authority.server(flaw)));
        let outcome = skopeo_over_tls(&registry, &authority, None);
        match flaw {
            Flaw::None => drop(outcome.expect_code(0)),
            _ => drop(outcome.expect_code(1).expect_stderr(complaint)),
        }
    }
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn a_registry_may_ask_for_a_client_certificate() {
    let authority = Authority::new("authority of the tests");
    let server = authority.server(Flaw::None).with_clients_of(&authority);
    let registry = Registry::start(&seeded_storage(), &Access::Open, Some(&server));
    skopeo_over_tls(&registry, &authority, None).expect_code(1);
    skopeo_over_tls(&registry, &authority, Some(authority.client("ann"))).expect_code(0);
}
