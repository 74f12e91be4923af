//! Image configs: members that are missing, odd, or absurd.

use super::super::*;

fn config(text: &str) -> ImageConfig {
    ImageConfig::parse(text.as_bytes()).expect(text)
}

#[test]
fn reads_a_whole_config() {
    let config = config(
        r#"{"created":"2024-03-05T06:07:08.5Z","author":"me","architecture":"arm","variant":"v7","os":"windows",
        "os.version":"10.0.1","os.features":["win32k"],"docker_version":"20.10",
        "config":{"Env":["A=b"],"Cmd":["sh","-c"],"Entrypoint":["/e"],"Labels":{"z":"1","a":"2"},
        "ExposedPorts":{"80/tcp":{},"443/tcp":{}},"User":"u:g","WorkingDir":"/w","Volumes":{"/v":{}},"StopSignal":"SIGINT"},
        "history":[{"created":"2024-03-05T06:07:08Z","created_by":"ADD x","comment":"c"},{"created_by":"CMD","empty_layer":true,"author":"y"}],
        "rootfs":{"type":"layers","diff_ids":["sha256:1","sha256:2"]}}"#,
    );
    assert_eq!(
        config.created.as_ref().map(|created| created.text.as_str()),
        Some("2024-03-05T06:07:08.5Z")
    );
    assert_eq!(config.author, "me");
    assert_eq!(config.docker_version, "20.10");
    let platform = config.platform().expect("a platform");
    assert_eq!(platform.to_string(), "windows(10.0.1+win32k)/arm/v7");
    let run = &config.config;
    assert_eq!(run.env, Some(vec!["A=b".to_owned()]));
    assert_eq!(run.cmd.as_ref().map(|cmd| cmd.join(" ")).as_deref(), Some("sh -c"));
    assert_eq!(run.entrypoint, Some(vec!["/e".to_owned()]));
    let labels = run.labels.as_ref().expect("labels");
    assert_eq!(labels.keys().collect::<Vec<_>>(), ["a", "z"]);
    assert_eq!(run.exposed_ports, ["443/tcp", "80/tcp"]);
    assert_eq!(run.volumes, ["/v"]);
    assert_eq!(
        (run.user.as_str(), run.working_dir.as_str(), run.stop_signal.as_str()),
        ("u:g", "/w", "SIGINT")
    );
    assert_eq!(config.diff_ids, ["sha256:1", "sha256:2"]);
    let [first, second] = &config.history[..] else { panic!("two steps") };
    assert_eq!(
        (first.created_by.as_str(), first.comment.as_str(), first.empty_layer),
        ("ADD x", "c", false)
    );
    assert_eq!((second.author.as_str(), second.empty_layer), ("y", true));
}

#[test]
fn is_lenient() {
    for text in ["hello", "", "[]", "null", "{"] {
        assert_eq!(ImageConfig::parse(text.as_bytes()), None, "{text}");
    }
    assert_eq!(config("{}"), ImageConfig::default());
    assert_eq!(config("{}").platform(), None);
    let odd = r#"{"created":5,"architecture":[],"os":null,"config":"x","history":{},"rootfs":[],"os.features":"f"}"#;
    assert_eq!(config(odd), ImageConfig::default());
    assert_eq!(
        config(r#"{"config":{"Env":"x","Labels":[],"Volumes":3,"Cmd":"old"}}"#).config.cmd,
        Some(vec!["old".to_owned()])
    );
    // As Go reads: names in any case, the last of two, null as the empty text.
    let go = config(r#"{"OS":"x","os":"linux","Config":{"env":[null,"a"],"LABELS":{"k":null}}}"#);
    assert_eq!(go.os, "linux");
    assert_eq!(go.config.env, Some(vec![String::new(), "a".to_owned()]));
    assert_eq!(go.config.labels.expect("labels")["k"], "");
    let bad = ImageConfig::parse(b"{\"author\":\"a\xffb\"}").expect("a config");
    assert_eq!(bad.author, "a\u{fffd}b");
    let long = format!(r#"{{"history":[{}]}}"#, vec!["{}"; MAX_ENTRIES + 5].join(","));
    assert_eq!(config(&long).history.len(), MAX_ENTRIES);
}

#[test]
fn tells_credible_times() {
    for (text, valid, credible) in [
        ("2024-03-05T06:07:08Z", true, true),
        ("2024-03-05T06:07:08.123456789+02:00", true, true),
        ("1980-01-02T00:00:00Z", true, true),
        ("1980-01-01T23:59:59Z", true, false),
        ("1980-01-01T00:00:01Z", true, false),
        ("1970-01-01T00:00:00Z", true, false),
        ("0001-01-01T00:00:00Z", true, false),
        ("2023-02-29T00:00:00Z", false, false),
        ("yesterday", false, false),
        ("", false, false),
    ] {
        let created = Created::new(text);
        assert_eq!(created.text, text);
        assert_eq!(created.time.is_some(), valid, "{text}");
        assert_eq!(created.credible().is_some(), credible, "{text}");
    }
}

/// The right column is what skopeo printed for the left one; `None` where it failed.
#[test]
fn writes_times_as_skopeo() {
    for (text, expected) in [
        ("2024-03-05T06:07:08.123456789Z", Some("2024-03-05T06:07:08.123456789Z")),
        ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
        ("0000-01-01T00:00:00Z", Some("0000-01-01T00:00:00Z")),
        ("1970-01-01T00:00:00Z", Some("1970-01-01T00:00:00Z")),
        ("9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59Z")),
        ("2024-01-01T01:02:03+24:00", Some("2024-01-01T01:02:03+24:00")),
        ("2024-01-01T01:02:03+25:00", None),
        ("2024-01-01T01:02:03.100000+02:00", Some("2024-01-01T01:02:03.1+02:00")),
        ("2024-01-01T01:02:03.1234567899Z", Some("2024-01-01T01:02:03.123456789Z")),
        ("2024-01-01T01:02:03+00:00", Some("2024-01-01T01:02:03Z")),
        ("2024-01-01T01:02:03-00:00", Some("2024-01-01T01:02:03Z")),
        ("2024-01-01T01:02:03-05:30", Some("2024-01-01T01:02:03-05:30")),
        ("2024-01-01T01:02:03+14:00", Some("2024-01-01T01:02:03+14:00")),
        ("2024-01-01T01:02:03.000Z", Some("2024-01-01T01:02:03Z")),
        ("garbage", None),
        ("", None),
        ("2024-01-01t01:02:03z", None),
        ("2024-01-01T24:00:00Z", None),
        ("2024-02-30T00:00:00Z", None),
        ("2023-02-29T00:00:00Z", None),
        ("2024-01-01T01:02:60Z", None),
        ("2024-01-01T01:02:03+0200", None),
        ("2024-01-01T01:02:03.Z", None),
        ("2024-01-01 01:02:03Z", None),
        ("2024-01-01T01:02:03Zx", None),
        ("２024-01-01T01:02:03Z", None),
    ] {
        assert_eq!(Created::new(text).rfc3339().as_deref(), expected, "{text}");
    }
}
