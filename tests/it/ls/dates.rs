//! `--since` and `--older-than`: tags by their dates.

use serde_json::json;

use super::details::run;
use crate::support::hub::Seed;
use crate::support::image::Image;
use crate::support::{Output, TestEnv, TestHub, TestRegistry};

/// Tags of 2019 to 2022, and one without a date.
fn hub() -> TestHub {
    let tag = |name: &str, pushed: Option<&str>| {
        let (content, pushed) = (name.to_owned(), pushed.map(str::to_owned));
        Seed { content, platforms: vec!["linux/amd64".into()], pushed, old: false }.tag(name)
    };
    let tags = [
        tag("1.0", Some("2019-05-01T12:00:00Z")),
        tag("1.1", Some("2020-05-01T12:00:00Z")),
        tag("1.2", Some("2021-05-01T12:00:00Z")),
        tag("2.0", Some("2022-05-01T12:00:00Z")),
        tag("odd", None),
    ];
    TestHub::new().repository("library/app", tags).start()
}

fn ls(hub: &TestHub, flags: &[&str]) -> Output {
    let registry = TestRegistry::new().start();
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\nhub-api = \"{}\"\n",
        registry.server().origin(),
        hub.origin()
    ));
    hub.server().clear();
    let output = env.run(["ls", "app"].into_iter().chain(flags.iter().copied()));
    registry.server().assert_untouched();
    output
}

#[test]
fn since_and_older_than() {
    let hub = hub();
    let odd = "left out 1 tag without a credible date";
    let rows: [(&[&str], &[&str]); 7] = [
        (&["--since", "2021-01-01"], &["2.0", "1.2"]),
        (&["--since", "2021-05-01T14:00:00+02:00"], &["2.0", "1.2"]),
        (&["--since", "2021-05-01T12:00:01"], &["2.0"]),
        (&["--older-than", "2021-01-01"], &["1.1", "1.0"]),
        (&["--since", "2020-01-01", "--older-than", "2022-01-01"], &["1.2", "1.1"]),
        (&["--older-than", "1d", "--limit", "2"], &["2.0", "1.2"]),
        (&["--older-than", "2022-01-01", "--limit", "1"], &["1.2"]),
    ];
    for (flags, tags) in rows {
        // All that is known of a hundred tags comes with a request.
        ls(&hub, flags).code(0).lines(tags).stderr_has(odd);
        assert_eq!(hub.server().requests().len(), 1, "{flags:?}");
    }
    let sorted = ls(&hub, &["--since", "2020-01-01", "--sort", "created", "-r", "--limit", "2"]);
    sorted.code(0).lines(&["1.1", "1.2"]);
    let row = ls(&hub, &["--since", "2022-01-01", "--format", "json"]).code(0).json();
    assert_eq!(row["Created"], json!("2022-05-01T12:00:00Z"));
    let filtered = ls(&hub, &["--since", "2021-01-01", "--filter", "1.*"]);
    filtered.code(0).silent().lines(&["1.2"]);
}

#[test]
fn nothing_is_left_for_a_reason() {
    let hub = hub();
    let none = ls(&hub, &["--since", "1h"]);
    none.code(0).stdout("").stderr_has("no tag of docker.io/library/app is newer than 1h (4 tags)");
    let none = ls(&hub, &["--since", "2023-01-01", "--older-than", "2024-01-01"]);
    none.code(0).stdout("").stderr_has("is newer than 2023-01-01 and older than 2024-01-01");
    for wrong in ["soon", "7", "2026-13-01"] {
        ls(&hub, &["--since", wrong]).code(2).stdout("").stderr_has("2026-01-31");
    }
}

#[test]
fn dates_of_configs() {
    let registry = TestRegistry::new()
        .image("a:1", &Image::oci("one", "linux/amd64"))
        .image("a:2", &Image::oci("two", "linux/amd64"))
        .image("a:chart", &Image::helm("chart", "1.0"))
        .start();
    let output = run(&registry, &["--since", "2026-01-02T03:04:05", "--limit", "1"]);
    output.code(0).lines(&["2"]);
    let output = run(&registry, &["--since", "2026-01-02T03:04:05"]);
    output.code(0).lines(&["2", "1"]).stderr_has("left out 1 tag without a credible date");
    let output = run(&registry, &["--older-than", "2026-01-01"]);
    output.code(0).stdout("").stderr_has("is older than 2026-01-01 (2 tags)");
}

#[test]
fn when_a_tag_was_pulled_and_whether_it_is_in_use() {
    let tag = |name: &str, pulled: Option<&str>, status: &str| {
        let mut tag = crate::support::hub::tag(name);
        (tag["tag_last_pulled"], tag["tag_status"]) = (json!(pulled), json!(status));
        tag
    };
    let tags = [
        tag("1", Some("2026-03-01T00:00:00Z"), "active"),
        tag("2", None, "inactive"),
        tag("3", Some("2024-03-01T00:00:00Z"), "stale"),
    ];
    let hub = TestHub::new().repository("library/app", tags).start();
    let rows = ls(&hub, &["--format", "{{.Tag}} {{.Status}} {{.Pulled}}"]);
    rows.code(0).silent().stdout_has("1 active 2026-03-01T00:00:00Z\n").stdout_has("2 inactive ");
    ls(&hub, &["--sort", "pulled"]).code(0).silent().lines(&["1", "3", "2"]);
    ls(&hub, &["--sort", "pulled", "--limit", "1"]).code(0).silent().lines(&["1"]);
    let table = ls(&hub, &["--format", "table {{.Tag}}\t{{.Status}}\t{{.Pulled}}"]);
    table.code(0).stdout_has("PULLED").stdout_has("stale").stdout_has("N/A");
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    let elsewhere = run(&registry, &["--format", "table {{.Tag}}\t{{.Status}}"]);
    elsewhere.code(0).silent().stdout_has("N/A");
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}
