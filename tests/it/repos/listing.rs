//! Lists of Docker Hub: what is asked, in which order it is printed, in which forms.

use serde_json::{Value, json};

use super::{PASSWORD, asked, home, hub, logged_in};
use crate::support::TestHub;

/// A namespace with so many public repositories, `r000` …
fn many(count: usize) -> crate::support::hub::HubBuilder {
    (0..count).fold(TestHub::new(), |hub, n| hub.repository(&format!("big/r{n:03}"), []))
}

#[test]
fn a_namespace_without_a_login() {
    let hub = hub().start();
    home(&hub, None).run(["repos", "acme"]).code(0).stdout("acme/api\nacme/web\n").silent();
    hub.server().assert_exchanges(&[
        "GET /v2/namespaces/acme/repositories?page_size=100&ordering=name 200",
    ]);
    hub.server().assert_connections(1);
    assert_eq!(hub.server().requests()[0].header("authorization"), None);
}

#[test]
fn a_namespace_with_a_login_shows_private_ones() {
    let hub = hub().start();
    let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "acme"]);
    output.code(0).lines(&["acme/api", "acme/secret", "acme/web"]).silent();
    assert_eq!(asked(&hub), ["POST /v2/auth/token", "GET /v2/namespaces/acme/repositories"]);
    hub.server().assert_connections(1);
}

#[test]
fn every_way_to_write_it() {
    let hub = hub().start();
    let env = home(&hub, None);
    for words in [
        &["repos", "acme"][..],
        &["catalog", "acme"],
        &["repos", "docker.io/acme"],
        &["repos", "index.docker.io/acme/"],
        &["repos", "https://docker.io/acme"],
        &["repos", "-p", "test", "acme"],
    ] {
        env.run(words.iter().copied()).code(0).lines(&["acme/api", "acme/web"]);
    }
    let full = env.run(["repos", "--full-ref", "acme"]);
    full.code(0).lines(&["docker.io/acme/api", "docker.io/acme/web"]);
}

#[test]
fn alone_it_lists_the_login_s_own() {
    let hub = hub().start();
    for word in [None, Some("docker.io")] {
        let env = logged_in(&hub, "alice", PASSWORD);
        let output = env.run(["repos"].into_iter().chain(word));
        output.code(0).lines(&["alice/diary", "alice/notes"]).silent();
    }
}

#[test]
fn alone_without_a_login_there_is_no_list() {
    let hub = hub().start();
    for arguments in [&["repos"][..], &["repos", "docker.io"], &["repos", "--anonymous"]] {
        let output = home(&hub, None).run(arguments.iter().copied());
        output.code(4).stdout("").stderr_has("docker login");
        output.stderr_has("docker.io does not allow listing repositories");
        output.stderr_has("docker tags repos NAMESPACE");
    }
    assert_eq!(asked(&hub), [""; 0]);
}

#[test]
fn the_profile_s_namespace_is_listed_when_none_is_named() {
    let hub = hub().start();
    let env = home(&hub, None);
    env.config_toml(&format!(
        "profile = \"test\"\n[profiles.test]\nregistry = \"docker.io\"\nnamespace = \"acme\"\n\
         hub-api = \"{}\"\n",
        hub.origin()
    ));
    env.run(["repos"]).code(0).lines(&["acme/api", "acme/web"]);
}

#[test]
fn a_namespace_that_is_not_there() {
    let hub = hub().start();
    let output = home(&hub, None).run(["repos", "nobody"]);
    output.code(3).stdout("").stderr_has("Docker Hub namespace nobody not found");
    assert_eq!(asked(&hub).len(), 1);
}

#[test]
fn what_is_no_namespace() {
    let hub = hub().start();
    let env = home(&hub, None);
    let output = env.run(["repos", "acme/web"]);
    output.code(2).stderr_has("repos takes a namespace").stderr_has("docker tags ls acme/web");
    env.run(["repos", "Acme"]).code(2).stderr_has("lower case");
    env.run(["repos", "a b"]).code(2).stderr_has("invalid reference format");
    env.run(["repos", "docker.io/../x"]).code(2);
    env.run(["repos", "--filter", "a[", "acme"]).code(2).stderr_has("--filter");
    env.run(["repos", "--tags", "--raw", "acme"]).code(2).stderr_has("--raw");
    assert_eq!(asked(&hub), [""; 0]);
}

#[test]
fn all_pages_are_read() {
    let hub = many(250).anonymous_offsets(None, None).start();
    let output = home(&hub, None).run(["repos", "big"]);
    assert_eq!(output.code(0).stdout.lines().count(), 250, "{output}");
    assert_eq!(asked(&hub).len(), 3);
    hub.server().assert_connections(1);
}

#[test]
fn a_server_that_ignores_the_page_size_is_followed_to_the_end() {
    let hub = many(35).ignore_page_size().start();
    let output = home(&hub, None).run(["repos", "big"]);
    assert_eq!(output.code(0).stdout.lines().count(), 35, "{output}");
    assert_eq!(asked(&hub).len(), 4);
}

#[test]
fn without_a_login_a_long_list_is_cut_off_and_never_looks_whole() {
    let hub = many(250).account("alice", PASSWORD, crate::support::hub::Secret::Password).start();
    let env = home(&hub, None);
    let output = env.run(["repos", "big"]);
    output.code(4).stdout("").stderr_has("only the start").stderr_has("docker login");
    assert_eq!(asked(&hub).len(), 3);
    // What lies before the cap can be had.
    hub.server().clear();
    let output = env.run(["repos", "--limit", "150", "big"]);
    assert_eq!(output.code(0).stdout.lines().count(), 150, "{output}");
    assert_eq!(asked(&hub).len(), 2);
    let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "big"]);
    assert_eq!(output.code(0).stdout.lines().count(), 250, "{output}");
}

#[test]
fn filters_and_limits() {
    let hub = hub().start();
    let env = home(&hub, None);
    env.run(["repos", "--filter", "w*", "acme"]).code(0).stdout("acme/web\n");
    env.run(["repos", "--filter", "acme/a*", "acme"]).code(0).stdout("acme/api\n");
    let both = env.run(["repos", "--filter", "api", "--filter", "w?b", "acme"]);
    both.code(0).stdout("acme/api\nacme/web\n");
    let none = env.run(["repos", "--filter", "none", "acme"]);
    none.code(0).stdout("").stderr_has("no repository matches --filter (2 repositories)");
    let none = env.run(["repos", "--last", "zzz", "acme"]);
    none.code(0).stdout("").stderr_has("no repository comes after --last (2 repositories)");
    env.run(["repos", "--limit", "1", "acme"]).code(0).stdout("acme/api\n");
    env.run(["repos", "--limit", "1", "--filter", "*b", "acme"]).code(0).stdout("acme/web\n");
    hub.server().clear();
    env.run(["repos", "--limit", "0", "acme"]).code(0).stdout("");
    assert_eq!(asked(&hub), [""; 0]);
}

#[test]
fn an_empty_namespace_says_so() {
    let hub = many(0).account("alice", PASSWORD, crate::support::hub::Secret::Password).start();
    let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "-l"]);
    output.code(0).stderr_has("docker.io/alice has no repositories that your credentials can read");
}

#[test]
fn a_table_with_what_the_hub_tells() {
    let hub = hub()
        .members("acme/web", json!({"description": "line one\nline two \u{1b}[31mred\u{7}"}))
        .members("acme/api", json!({"description": null, "star_count": null, "last_updated": null}))
        .start();
    let output = logged_in(&hub, "alice", PASSWORD).run(["repos", "-l", "acme"]);
    let rows: Vec<Vec<&str>> = output
        .code(0)
        .stdout
        .lines()
        .map(|line| line.split("   ").map(str::trim).filter(|c| !c.is_empty()).collect())
        .collect();
    assert_eq!(rows[0], ["NAME", "STARS", "PULLS", "UPDATED", "PRIVATE", "DESCRIPTION"]);
    assert_eq!(rows[1], ["acme/api", "N/A", "12345", "N/A", "no"], "{output}");
    assert_eq!(rows[2][0..3], ["acme/secret", "3", "12345"], "{output}");
    assert_eq!(rows[2][4..], ["yes", "about secret"], "{output}");
    assert!(rows[3][5].starts_with("line one line two "), "{output}");
    // -q wins.
    let env = home(&hub, None);
    env.run(["repos", "-lq", "acme"]).code(0).stdout("acme/api\nacme/web\n");
}

#[test]
fn json_and_templates() {
    let hub = hub().members("acme/web", json!({"description": null, "pull_count": null})).start();
    let env = home(&hub, None);
    let rows = env.run(["repos", "--format", "json", "acme"]).code(0).json_lines();
    assert_eq!(
        rows,
        [
            json!({"Repository": "docker.io/acme/api", "Name": "acme/api", "Stars": 3,
                "Pulls": 12345, "Updated": "2026-01-02T03:04:05.678901Z", "Private": false,
                "Description": "about api"}),
            json!({"Repository": "docker.io/acme/web", "Name": "acme/web", "Stars": 3,
                "Pulls": null, "Updated": "2026-01-02T03:04:05.678901Z", "Private": false,
                "Description": null}),
        ]
    );
    let output = env.run(["repos", "--format", "{{.Name}} {{.Stars}}", "acme"]);
    output.code(0).lines(&["acme/api 3", "acme/web 3"]);
    env.run(["repos", "--format", "{{.Nope}}", "acme"]).code(2);
}

#[test]
fn the_hub_s_own_document() {
    let hub = (0..12).fold(hub(), |hub, n| hub.repository(&format!("big/r{n:02}"), []));
    let hub = hub.ignore_page_size().start();
    let document = home(&hub, None).run(["repos", "--raw", "big"]).code(0).json();
    assert_eq!((&document["count"], &document["next"]), (&json!(12), &Value::Null));
    assert_eq!(document["results"][11]["name"], "r11");
    assert_eq!(document["results"][0]["star_count"], 3);
}

#[test]
fn members_may_be_missing_and_entries_odd() {
    let page = json!({"results": [
        {"name": "good"}, {"name": null}, 7, {"name": "Bad Name"}, {"name": "good"},
        {"name": "a/b"},
    ]});
    let hub =
        TestHub::new().hook(move |_| Some(crate::support::Response::json(200, &page))).start();
    let env = home(&hub, None);
    let output = env.run(["repos", "acme"]);
    output
        .code(0)
        .stdout("acme/good\n")
        .stderr_has("skipped 4 entries of the list that are not repositories");
    let row = &env.run(["repos", "--format", "json", "acme"]).code(0).json_lines()[0];
    assert_eq!(row["Stars"], Value::Null);
    assert_eq!(row["Private"], Value::Null);
}
