//! The client of Docker Hub's API itself: tags with details, which commands build upon.

use std::ops::ControlFlow;
use std::sync::Arc;

use docker_tags::auth::Login;
use docker_tags::credentials::Credential;
use docker_tags::env::Env;
use docker_tags::error::Error;
use docker_tags::http::proxy::Proxies;
use docker_tags::http::{Client, Settings};
use docker_tags::hub::{Hub, HubTag, Ordering};
use docker_tags::reference::Repository;
use docker_tags::report::Reporter;
use docker_tags::secret::Secret;
use serde_json::json;

use super::{PASSWORD, PAT, asked, hub};
use crate::support::hub::{Seed, tag};
use crate::support::{Response, TestHub};

/// The API with a stored login, or without one.
fn client(hub: &TestHub, login: Option<(&str, &str)>) -> Hub {
    let proxies = Proxies::from_env(&Env::default());
    let client = Client::new(Settings::default(), proxies, Arc::new(Reporter::silent()));
    let login = login.map(|(user, secret)| {
        let credential = Credential::Basic { username: user.into(), password: Secret::new(secret) };
        Arc::new(Login::new(credential, "the test".to_owned(), false))
    });
    let url = hub.origin().parse().expect("an origin is a URL");
    Hub::new(Arc::new(client), &url, Arc::default(), Box::new(move |_| login.clone()))
}

fn repository(path: &str) -> Repository {
    path.parse().expect("a path")
}

fn tags(api: &Hub, path: &str) -> Result<Vec<HubTag>, Error> {
    let mut tags = Vec::new();
    let odd = api.tags(&repository(path), Ordering::Server, &mut |tag| {
        tags.push(tag);
        Ok(ControlFlow::Continue(()))
    })?;
    assert_eq!(odd, 0);
    Ok(tags)
}

fn names(tags: &[HubTag]) -> Vec<&str> {
    tags.iter().map(|tag| tag.name.as_str()).collect()
}

#[test]
fn tags_come_a_hundred_a_request_with_their_details() {
    let hub = hub().repository("acme/many", (0..250).map(|n| tag(&format!("1.{n}")))).start();
    let all = tags(&client(&hub, None), "acme/many").unwrap();
    assert_eq!(all.len(), 250);
    assert_eq!(asked(&hub).len(), 3);
    assert_eq!(hub.server().requests()[0].query, "page_size=100");
    hub.server().assert_connections(1);
    let first = &all[0];
    assert_eq!(first.images.len(), 2);
    assert_eq!(first.images[1].architecture.as_deref(), Some("arm64"));
    assert!(first.digest.is_some() && first.full_size.is_some() && first.last_pushed.is_some());
    assert_eq!(first.status.as_deref(), Some("active"));
}

#[test]
fn an_order_is_asked_for() {
    for (ordering, query) in [
        (Ordering::Server, "page_size=100"),
        (Ordering::Name, "page_size=100&ordering=name"),
        (Ordering::LastUpdated, "page_size=100&ordering=last_updated"),
    ] {
        let hub = hub().start();
        let mut count = 0;
        let take = &mut |_| {
            count += 1;
            Ok(ControlFlow::Break(()))
        };
        client(&hub, None).tags(&repository("acme/web"), ordering, take).unwrap();
        assert_eq!((count, &*hub.server().requests()[0].query), (1, query));
    }
}

#[test]
fn a_sink_that_has_enough_ends_it_and_one_that_fails_is_heard() {
    let hub = hub().repository("acme/many", (0..250).map(|n| tag(&format!("1.{n}")))).start();
    let api = client(&hub, None);
    let outcome =
        api.tags(&repository("acme/many"), Ordering::Server, &mut |_| Err(Error::Exit(7)));
    assert!(matches!(outcome, Err(Error::Exit(7))));
    assert_eq!(asked(&hub).len(), 1);
}

#[test]
fn the_anonymous_cap_is_an_error_of_its_own() {
    let hub = hub()
        .repository("acme/many", (0..250).map(|n| tag(&format!("1.{n}"))))
        .anonymous_offsets(Some(100), Some(100))
        .start();
    let capped = tags(&client(&hub, None), "acme/many");
    assert!(matches!(capped, Err(Error::OffsetCap { .. })), "{capped:?}");
    assert_eq!(asked(&hub).len(), 3);
    assert_eq!(tags(&client(&hub, Some(("alice", PASSWORD))), "acme/many").unwrap().len(), 250);
}

#[test]
fn a_refused_login_shows_what_is_public_and_forbids_the_rest() {
    let hub = hub().refuse_pats().start();
    let api = client(&hub, Some(("alice", PAT)));
    assert_eq!(names(&tags(&api, "acme/web").unwrap()), ["1.0", "1.1"]);
    let private = tags(&api, "acme/secret");
    assert!(matches!(private, Err(Error::Forbidden { .. })), "{private:?}");
    // One login, one refusal, then without.
    assert_eq!(asked(&hub).len(), 4);
    let wrong = client(&hub, Some(("alice", "wrong")));
    assert_eq!(tags(&wrong, "acme/api").unwrap().len(), 1);
    let missing = tags(&wrong, "acme/secret");
    assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
}

#[test]
fn one_tag() {
    let hub = hub().start();
    let api = client(&hub, Some(("alice", PASSWORD)));
    let found = api.tag(&repository("acme/secret"), &"3.0".parse().unwrap()).unwrap();
    assert_eq!(found.images.len(), 2);
    for path in ["acme/nothing", "alpine", "a/b/c"] {
        let missing = api.tag(&repository(path), &"3.0".parse().unwrap());
        assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
    }
    assert_eq!(asked(&hub).len(), 3);
}

#[test]
fn old_and_bare_tags() {
    let old = Seed {
        content: "x".into(),
        platforms: vec!["linux/arm/v7".into()],
        pushed: None,
        old: true,
    };
    let hub = hub()
        .repository("acme/old", [old.tag("1"), json!({"name": "bare"}), json!({"name": "1"})])
        .start();
    let found = tags(&client(&hub, None), "acme/old").unwrap();
    assert_eq!(names(&found), ["1", "bare"]);
    assert_eq!((&found[0].digest, &found[0].last_updated), (&None, &None));
    assert_eq!(found[0].images[0].variant.as_deref(), Some("v7"));
    assert_eq!(found[1].images, []);
    let odd = json!({"results": [{"name": "ok"}, {"name": "-no"}, {"name": 5}, null]});
    let hub = TestHub::new().hook(move |_| Some(Response::json(200, &odd))).start();
    let mut seen = Vec::new();
    let skipped = client(&hub, None).tags(&repository("acme/odd"), Ordering::Name, &mut |tag| {
        seen.push(tag);
        Ok(ControlFlow::Continue(()))
    });
    assert_eq!((skipped.unwrap(), names(&seen)), (3, vec!["ok"]));
}

#[test]
fn many_threads_log_in_once() {
    let hub = hub().start();
    let api = client(&hub, Some(("alice", PASSWORD)));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(tags(&api, "acme/secret").unwrap().len(), 1));
        }
    });
    let posts = asked(&hub).iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!((posts, asked(&hub).len()), (1, 9));
}

#[test]
fn a_base_url_may_have_a_path() {
    let prefixed = TestHub::new()
        .hook(|request| {
            let inside = request.path.starts_with("/mirror/hub/v2/namespaces/acme/");
            let page = json!({"results": [{"name": "1"}], "next": null});
            inside.then(|| Response::json(200, &page))
        })
        .start();
    let proxies = Proxies::from_env(&Env::default());
    let client = Client::new(Settings::default(), proxies, Arc::new(Reporter::silent()));
    let url = format!("{}/mirror/hub/", prefixed.origin()).parse().expect("a URL");
    let api = Hub::new(Arc::new(client), &url, Arc::default(), Box::new(|_| None));
    assert_eq!(tags(&api, "acme/web").unwrap().len(), 1);
}
