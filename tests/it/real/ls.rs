//! The main job against the real registry: the same tags as skopeo lists, in our order, with exactly the requests
//! that the protocol needs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::registry::{Access, Registry, Storage};
use super::run::{Home, Outcome, client_path, run_with_input};
use super::token::{KeyHeader, Rules, Signer, TokenService};
use super::wire::{Request, Server};
use super::{bulk, proxy, skopeo};

const USER: &str = "ann";
const PASSWORD: &str = "S3cr3t-canary-7f3a";
const LOGIN: &str = "ann:S3cr3t-canary-7f3a";

/// The tags of the small repositories, newest version first.
const NEWEST_FIRST: [&str; 9] =
    ["2.0", "2.0-alpine", "1.10", "1.10-rc1", "v1.5", "1.2", "1.0", "edge", "latest"];

/// The requests that list `team/app` when the first is answered with a challenge.
const CHALLENGED: [&str; 2] = ["GET /v2/team/app/tags/list 401", "GET /v2/team/app/tags/list 200"];

fn storage() -> Storage {
    let storage = Storage::new();
    let registry = Registry::open(&storage);
    bulk::put_tags(&registry, "team/app", NEWEST_FIRST);
    bulk::put_tags(&registry, "team/secret", ["3.1", "3.0"]);
    storage
}

fn token_service() -> TokenService {
    let rules = Rules::new().user(USER, PASSWORD).public("team/app").private("team/secret", USER);
    TokenService::start(
        rules.identity_token("long-lived-identity", USER),
        Signer::new(KeyHeader::X5c),
    )
}

fn name(server: &Server, repository: &str) -> String {
    format!("{}/{repository}", server.address())
}

fn home_for(server: &Server) -> Home {
    Home::with_login(&server.address().to_string(), USER, PASSWORD)
}

fn ls_with_stdin_password(home: &Home, repository: &str) -> Outcome {
    let mut command = home.command(client_path());
    run_with_input(command.args(["ls", "-u", USER, "--password-stdin", repository]), PASSWORD)
}

/// The list came out whole, in our order, and nothing was said beside it.
#[track_caller]
fn expect_tags(outcome: Outcome, tags: &[&str]) {
    let outcome = outcome.expect_code(0);
    assert_eq!(outcome.lines(), tags, "{outcome}");
    assert_eq!(outcome.stderr, "", "{outcome}");
}

/// One connection for the requests, one that was the TLS probe.
#[track_caller]
fn expect_one_connection(server: &Server) {
    assert_eq!((server.connections(), server.tls_probes()), (1, 1), "connections and TLS probes");
}

#[track_caller]
fn expect_same_as_skopeo(
    registry: &Registry,
    repository: &str,
    login: Option<&str>,
    tags: &[&str],
) {
    let listed = skopeo::list_tags(&format!("{}/{repository}", registry.address()), login);
    assert_eq!(listed, tags.iter().map(|tag| (*tag).to_owned()).collect::<BTreeSet<_>>());
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn an_open_registry_is_asked_once() {
    let registry = Registry::open(&storage());
    let proxy = proxy::start(registry.address());
    expect_tags(Home::new().client(["ls", &name(&proxy, "team/app")]), &NEWEST_FIRST);
    assert_eq!(proxy.log_lines(), ["GET /v2/team/app/tags/list 200"]);
    expect_one_connection(&proxy);
    expect_same_as_skopeo(&registry, "team/app", None, &NEWEST_FIRST);
}

#[test]
#[ignore = "needs the real docker-registry, htpasswd and skopeo"]
fn htpasswd_takes_two_requests() {
    let registry = Registry::start(&storage(), &Access::Htpasswd(&[(USER, PASSWORD)]), None);
    for from_config in [true, false] {
        let proxy = proxy::start(registry.address());
        let repository = name(&proxy, "team/app");
        let outcome = match from_config {
            true => home_for(&proxy).client(["ls", &repository]),
            false => ls_with_stdin_password(&Home::new(), &repository),
        };
        expect_tags(outcome, &NEWEST_FIRST);
        assert_eq!(proxy.log_lines(), CHALLENGED, "from config.json: {from_config}");
        let schemes: Vec<String> = proxy.log().into_iter().map(|entry| entry.scheme).collect();
        assert_eq!(schemes, ["", "basic"]);
        expect_one_connection(&proxy);
    }
    expect_same_as_skopeo(&registry, "team/app", Some(LOGIN), &NEWEST_FIRST);
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn a_token_takes_three_requests() {
    let storage = storage();
    // Who asks, whether the password comes from config.json, and how the token service is asked.
    for (login, from_config, scheme) in
        [(false, true, ""), (true, true, "basic"), (true, false, "basic")]
    {
        let service = token_service();
        let registry = service.registry(&storage);
        let proxy = proxy::start(registry.address());
        let repository = name(&proxy, "team/app");
        let outcome = match (login, from_config) {
            (false, _) => Home::new().client(["ls", &repository]),
            (true, true) => home_for(&proxy).client(["ls", &repository]),
            (true, false) => ls_with_stdin_password(&Home::new(), &repository),
        };
        expect_tags(outcome, &NEWEST_FIRST);
        assert_eq!(proxy.log_lines(), CHALLENGED);
        let schemes: Vec<String> = proxy.log().into_iter().map(|entry| entry.scheme).collect();
        assert_eq!(schemes, ["", "bearer"], "the registry itself never sees the password");
        expect_one_connection(&proxy);
        let asked = service.server().log();
        let asked: Vec<_> =
            asked.iter().map(|entry| (&*entry.method, entry.status, &*entry.scheme)).collect();
        assert_eq!(asked, [("GET", 200, scheme)]);
        assert_eq!(service.server().connections(), 1);
        expect_same_as_skopeo(&registry, "team/app", login.then_some(LOGIN), &NEWEST_FIRST);
    }
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn a_private_repository_opens_with_the_login() {
    let service = token_service();
    let registry = service.registry(&storage());
    let proxy = proxy::start(registry.address());
    expect_tags(home_for(&proxy).client(["ls", &name(&proxy, "team/secret")]), &["3.1", "3.0"]);
    expect_same_as_skopeo(&registry, "team/secret", Some(LOGIN), &["3.1", "3.0"]);
}

#[test]
#[ignore = "needs the real docker-registry"]
fn an_identity_token_is_exchanged_by_post() {
    let service = token_service();
    let registry = service.registry(&storage());
    let proxy = proxy::start(registry.address());
    let home = Home::new();
    let auths =
        serde_json::json!({proxy.address().to_string(): {"identitytoken": "long-lived-identity"}});
    home.write_config(serde_json::json!({"auths": auths}).to_string());
    expect_tags(home.client(["ls", &name(&proxy, "team/secret")]), &["3.1", "3.0"]);
    assert_eq!(service.server().log_lines(), ["POST /token 200"]);
    assert_eq!(proxy.log().len(), 2);
}

#[test]
#[ignore = "needs the real docker-registry"]
fn two_repositories_share_connections() {
    let service = token_service();
    let registry = service.registry(&storage());
    let proxy = proxy::start(registry.address());
    let (app, secret) = (name(&proxy, "team/app"), name(&proxy, "team/secret"));
    let lines: Vec<String> = NEWEST_FIRST.iter().map(|tag| format!("{app}:{tag}")).collect();
    let more = ["3.1", "3.0"].map(|tag| format!("{secret}:{tag}"));
    let lines: Vec<&str> = lines.iter().chain(&more).map(String::as_str).collect();
    expect_tags(home_for(&proxy).client(["ls", &app, &secret]), &lines);
    let requests = [proxy.log_lines(), service.server().log_lines()].concat();
    assert!(requests.len() <= 6, "{requests:#?}");
    expect_one_connection(&proxy);
    assert_eq!(service.server().connections(), 1);
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn ten_thousand_tags_come_with_one_request() {
    let registry = Registry::open(&Storage::new());
    let tags: Vec<String> =
        bulk::put_many(&registry, "team/big", 10_000, 1).into_iter().map(|pair| pair.0).collect();
    let newest_first: Vec<&str> = tags.iter().rev().map(String::as_str).collect();
    let proxy = proxy::start(registry.address());
    expect_tags(Home::new().client(["ls", &name(&proxy, "team/big")]), &newest_first);
    assert_eq!(proxy.log_lines()[0], "GET /v2/team/big/tags/list 200");
    // The count looks like a page, so the client may make sure that nothing comes after it: once.
    assert!(proxy.log().len() <= 2, "{:?}", proxy.log_lines());
    expect_same_as_skopeo(&registry, "team/big", None, &newest_first);
}

#[test]
#[ignore = "needs the real docker-registry"]
fn selections_and_forms_of_output() {
    let registry = Registry::open(&storage());
    let repository = format!("{}/team/app", registry.address());
    let full: Vec<String> =
        ["2.0", "2.0-alpine"].iter().map(|tag| format!("{repository}:{tag}")).collect();
    // The registry lists tags in the order of its file system.
    let document = registry.send(&Request::new("GET", "/v2/team/app/tags/list")).body();
    let document: Value = serde_json::from_slice(&document).expect("JSON");
    let own_order: Vec<&str> =
        document["tags"].as_array().expect("tags").iter().filter_map(Value::as_str).collect();
    let cases: Vec<(&[&str], Vec<&str>)> = vec![
        (&["--filter", "1.*", "--limit", "2"], vec!["1.10", "1.10-rc1"]),
        (&["--include", "[0-9.]+", "--exclude", "2.*"], vec!["1.10", "1.2", "1.0"]),
        (&["--semver", "<2", "--filter", "*.?"], vec!["v1.5", "1.2", "1.0"]),
        (&["--sort", "name", "-r", "--limit", "2"], vec!["v1.5", "latest"]),
        (&["--sort", "none", "--limit", "2"], own_order[..2].to_vec()),
        (&["--full-ref", "--limit", "2"], full.iter().map(String::as_str).collect()),
        (&["--format", "{{.Tag}}!", "--limit", "1"], vec!["2.0!"]),
    ];
    for (options, tags) in cases {
        expect_tags(Home::new().client([&["ls"], options, &[&repository]].concat()), &tags);
    }
    // A first word that is no command is a repository.
    expect_tags(Home::new().client([&repository]), &NEWEST_FIRST);
}

#[test]
#[ignore = "needs the real docker-registry and jq"]
fn raw_output_feeds_the_jq_recipes() {
    let registry = Registry::open(&storage());
    let script = r#""$1" ls --raw "$2" | jq -r '.name, .tags[]'"#;
    let home = Home::new();
    let mut command = home.command("bash");
    command.args(["-c", script, "recipe"]).arg(client_path());
    let outcome =
        super::run::run(command.arg(format!("{}/team/app", registry.address()))).expect_code(0);
    let lines: BTreeSet<&str> = outcome.lines().into_iter().collect();
    assert_eq!(lines, NEWEST_FIRST.into_iter().chain(["team/app"]).collect(), "{outcome}");
}

#[test]
#[ignore = "needs the real docker-registry"]
fn the_token_command_prints_what_the_registry_accepts() {
    let service = token_service();
    let registry = service.registry(&storage());
    let home = Home::with_login(&registry.address().to_string(), USER, PASSWORD);
    let repository = format!("{}/team/secret", registry.address());
    let outcome = home.client(["token", "-H", &repository]).expect_code(0);
    let (name, value) = outcome.stdout.trim_end().split_once(": ").expect("a header line");
    let answer =
        registry.send(&Request::new("GET", "/v2/team/secret/tags/list").with_header(name, value));
    assert_eq!((name, answer.status), ("Authorization", 200));

    let bare = home.client(["token", &repository]).expect_code(0);
    let value = format!("Bearer {}", bare.stdout.trim_end());
    let request =
        Request::new("GET", "/v2/team/secret/tags/list").with_header("Authorization", &value);
    assert_eq!(registry.send(&request).status, 200);

    let claims = home.client(["token", "--claims", &repository]).expect_code(0);
    let claims: Value = serde_json::from_str(&claims.stdout).expect("claims are JSON");
    assert!(claims.to_string().contains("team/secret"), "{claims}");
}
