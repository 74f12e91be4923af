//! The hub: logins, pages, limits.

use serde_json::{Value, json};

use super::client::{Client, get};
use crate::support::hub::{Secret, Seed, TestHub, tag};

fn hub() -> crate::support::hub::HubBuilder {
    TestHub::new()
        .account("alice", "pw", Secret::Password)
        .account("alice", "dckr_pat_1", Secret::Pat)
        .account("acme", "dckr_oat_1", Secret::Oat)
        .organisation("acme", &["alice"])
        .repository("acme/open", (0..25).map(|number| tag(&format!("1.{number}"))))
        .private("acme/secret", [tag("2")])
}

fn log_in(hub: &TestHub, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let answer = Client::new(&hub.server().host()).send("POST", path, &[], body.as_bytes());
    (answer.status, answer.json())
}

fn bearer(hub: &TestHub, identifier: &str, secret: &str) -> String {
    let body = json!({"identifier": identifier, "secret": secret});
    let (status, answer) = log_in(hub, "/v2/auth/token", &body);
    assert_eq!(status, 200);
    format!("Bearer {}", answer["access_token"].as_str().unwrap())
}

fn names(hub: &TestHub, target: &str, login: Option<&str>) -> Result<Vec<String>, u16> {
    let headers: Vec<(&str, &str)> = login.map(|l| ("Authorization", l)).into_iter().collect();
    let answer = get(&hub.server().host(), target, &headers);
    if answer.status != 200 {
        return Err(answer.status);
    }
    let body = answer.json();
    let results = body["results"].as_array().unwrap();
    Ok(results.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn every_kind_of_secret_logs_in_where_it_may() {
    let hub = hub().start();
    for (identifier, secret) in [("alice", "pw"), ("alice", "dckr_pat_1"), ("acme", "dckr_oat_1")] {
        let login = bearer(&hub, identifier, secret);
        let seen = names(&hub, "/v2/namespaces/acme/repositories", Some(&login));
        assert_eq!(seen.unwrap(), ["open", "secret"], "{identifier} {secret}");
    }
    let wrong = json!({"identifier": "alice", "secret": "x"});
    assert_eq!(log_in(&hub, "/v2/auth/token", &wrong).0, 401);
    let old = json!({"username": "alice", "password": "pw"});
    let (status, answer) = log_in(&hub, "/v2/users/login/", &old);
    assert_eq!((status, answer["token"].is_string()), (200, true));
    let organisation = json!({"username": "acme", "password": "dckr_oat_1"});
    assert_eq!(log_in(&hub, "/v2/users/login", &organisation).0, 401);
    let raw = names(&hub, "/v2/namespaces/acme/repositories", Some("Bearer dckr_pat_1"));
    assert_eq!(raw, Err(401));
}

#[test]
fn callers_see_what_they_may() {
    let hub = hub().refuse_pats().oat_without_list_scope().start();
    let target = "/v2/namespaces/acme/repositories";
    assert_eq!(names(&hub, target, None).unwrap(), ["open"]);
    let pat = bearer(&hub, "alice", "dckr_pat_1");
    assert_eq!(names(&hub, target, Some(&pat)), Err(403));
    let oat = bearer(&hub, "acme", "dckr_oat_1");
    assert_eq!(names(&hub, target, Some(&oat)).unwrap(), ["open"]);
    let secret = "/v2/namespaces/acme/repositories/secret/tags";
    assert_eq!(names(&hub, secret, None), Err(404));
    let alice = bearer(&hub, "alice", "pw");
    assert_eq!(names(&hub, secret, Some(&alice)).unwrap(), ["2"]);
    assert_eq!(names(&hub, "/v2/namespaces/nobody/repositories", None), Err(404));
    let host = hub.server().host();
    assert_eq!(get(&host, "/v2/user/orgs/", &[]).status, 401);
    let login = [("Authorization", &*alice)];
    let orgs = get(&host, "/v2/user/orgs/?page_size=100", &login).json();
    assert_eq!(orgs["results"][0]["orgname"], "acme");
    let spaces = get(&host, "/v2/repositories/namespaces/", &login).json();
    assert_eq!(spaces, json!({"namespaces": ["alice", "acme"]}));
}

#[test]
fn pages_have_a_size_and_an_end() {
    let hub = hub().start();
    let target = "/v2/namespaces/acme/repositories/open/tags";
    let mut next = Some(format!("{target}?page_size=12&ordering=name"));
    let mut sizes = Vec::new();
    while let Some(target) = next.take() {
        let body = get(&hub.server().host(), &target, &[]).json();
        assert_eq!(body["count"], 25);
        sizes.push(body["results"].as_array().unwrap().len());
        let url = body["next"].as_str();
        next = url.map(|url| url.strip_prefix(&hub.origin()).unwrap().to_owned());
    }
    assert_eq!(sizes, [12, 12, 1]);
    assert_eq!(names(&hub, target, None).unwrap().len(), 10);
    assert_eq!(names(&hub, &format!("{target}?page=4"), None), Err(404));
    assert_eq!(names(&hub, &format!("{target}?name=1.2&page_size=100"), None).unwrap().len(), 6);
    let one = get(&hub.server().host(), &format!("{target}/1.7"), &[]).json();
    assert_eq!(one["images"].as_array().unwrap().len(), 2);
    assert!(one["digest"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn anonymous_callers_may_page_only_so_far() {
    let hub = hub().anonymous_offsets(Some(10), Some(0)).start();
    let target = "/v2/namespaces/acme/repositories/open/tags?page=";
    assert_eq!(names(&hub, &format!("{target}2"), None).unwrap().len(), 10);
    let answer = get(&hub.server().host(), &format!("{target}3"), &[]);
    assert_eq!((answer.status, &answer.json()["errinfo"]), (403, &json!({})));
    let login = bearer(&hub, "alice", "pw");
    assert_eq!(names(&hub, &format!("{target}3"), Some(&login)).unwrap().len(), 5);
}

#[test]
fn the_rate_limit_names_a_time() {
    let hub = hub().too_many_first(1, "1893456000").start();
    let target = "/v2/namespaces/acme/repositories";
    let answer = get(&hub.server().host(), target, &[]);
    assert_eq!((answer.status, answer.header("x-retry-after")), (429, Some("1893456000")));
    let answer = get(&hub.server().host(), target, &[]);
    assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (200, Some("179")));
}

#[test]
fn members_can_be_null_or_missing() {
    let old = Seed {
        content: "x".into(),
        platforms: vec!["linux/arm/v7".into()],
        pushed: None,
        old: true,
    };
    let hub = TestHub::new()
        .repository("acme/old", [old.tag("1"), json!({"name": "bare"})])
        .members("acme/old", json!({"description": null, "last_updated": null}))
        .ignore_page_size()
        .start();
    let host = hub.server().host();
    let body = get(&host, "/v2/namespaces/acme/repositories?page_size=100", &[]).json();
    assert_eq!(body["results"][0]["description"], Value::Null);
    let body = get(&host, "/v2/namespaces/acme/repositories/old/tags", &[]).json();
    let first = &body["results"][0];
    assert_eq!(first.get("digest"), None);
    assert_eq!(
        (&first["last_updated"], &first["images"][0]["variant"]),
        (&Value::Null, &json!("v7"))
    );
    assert_eq!(first["images"][0].get("digest"), None);
    assert_eq!(body["results"][1], json!({"name": "bare"}));
}
