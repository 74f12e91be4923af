//! `check` against the real registries: what it says of a name is what then happens.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bulk;
use super::proxy;
use super::registry::{Registry, Storage};
use super::run::Home;
use super::token::{KeyHeader, Rules, Signer, TokenService};

const PASSWORD: &str = "S3cr3t-canary-7f3a";

/// The members that need no network, as the contract names them.
const OFFLINE: [&str; 10] = [
    "Input",
    "Registry",
    "Repository",
    "Tag",
    "Digest",
    "Reference",
    "Profile",
    "Endpoint",
    "TLS",
    "Credential",
];

/// The members that the network adds.
const LIVE: [&str; 3] = ["Ping", "Challenge", "Token"];

fn keys(document: &Value) -> BTreeSet<&str> {
    document.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

#[test]
#[ignore = "needs the real docker-registry"]
fn check_explains_a_login_and_what_it_opens() {
    let storage = Storage::new();
    bulk::put_tags(&Registry::open(&storage), "team/secret", ["1.0"]);
    let rules = Rules::new().user("ann", PASSWORD).private("team/secret", "ann");
    let service = TokenService::start(rules, Signer::new(KeyHeader::X5c));
    let registry = service.registry(&storage);
    let proxy = proxy::start(registry.address());
    let host = proxy.address().to_string();
    let image = format!("{host}/team/secret:1.0");
    let home = Home::with_login(&host, "ann", PASSWORD);

    let outcome = home.client(["check", "--offline", "--format", "json", &image]).expect_code(0);
    let document: Value = serde_json::from_str(&outcome.stdout).expect("one JSON object");
    assert_eq!(keys(&document), OFFLINE.into(), "{outcome}");
    let texts =
        [("Input", &*image), ("Registry", &host), ("Repository", "team/secret"), ("Tag", "1.0")];
    for (key, text) in texts.into_iter().chain([("Digest", ""), ("Reference", &image)]) {
        assert_eq!(document[key], text, "{key} of {outcome}");
    }
    let credential = &document["Credential"];
    assert_eq!(keys(credential), ["Kind", "Username", "Source"].into(), "{outcome}");
    assert_eq!(
        (&credential["Kind"], &credential["Username"]),
        (&"basic".into(), &"ann".into()),
        "{outcome}"
    );
    let source = credential["Source"].as_str().unwrap_or_default();
    assert!(source.contains("config.json"), "{outcome}");
    assert_eq!((proxy.log_lines(), proxy.tls_probes()), (vec![], 0), "--offline asked the network");

    let outcome = home.client(["check", "--format", "json", &image]).expect_code(0);
    let document: Value = serde_json::from_str(&outcome.stdout).expect("one JSON object");
    assert_eq!(keys(&document), OFFLINE.into_iter().chain(LIVE).collect(), "{outcome}");
    assert!(proxy.log_lines().contains(&"GET /v2/ 401".to_owned()), "{:?}", proxy.log_lines());
    assert!(document["Challenge"].to_string().contains(&service.realm()), "{outcome}");
    assert!(document["Token"].to_string().contains("team/secret"), "{outcome}");

    for options in [&["check"][..], &["check", "--offline"], &["check", "-v"]] {
        let outcome = home.client([options, &[&image]].concat()).expect_code(0);
        assert!(outcome.stdout.contains("ann"), "the login is not named: {outcome}");
        let secrets = [PASSWORD, "YW5uOlMzY3Izd", "eyJ"]; // the password, its Basic form, a token
        let shown = outcome.stdout.clone() + &outcome.stderr;
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "a secret in {outcome}");
    }
}

#[test]
#[ignore = "needs the real docker-registry"]
fn check_without_a_login_says_so() {
    let registry = Registry::open(&Storage::new());
    let image = format!("{}/team/app", registry.address());
    let outcome =
        Home::new().client(["check", "--format", "json", "--offline", &image]).expect_code(0);
    let document: Value = serde_json::from_str(&outcome.stdout).expect("one JSON object");
    let credential = &document["Credential"];
    assert_eq!(
        (&credential["Kind"], &credential["Username"]),
        (&"none".into(), &"".into()),
        "{outcome}"
    );
    assert_eq!((&document["Tag"], &document["Digest"]), (&"".into(), &"".into()), "{outcome}");
}
