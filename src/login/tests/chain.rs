//! Which place wins, what malformed files do, what is warned about.

use super::fixture::{Fixture, find, names, shown, warns};
use crate::login::{Found, Source, from_environment};
use crate::system::env::Env;

/// base64 of `u:p`, `v:q` and `w:r`.
const U: &str = "dTpw";
const V: &str = "djpx";
const W: &str = "dzpy";

/// A config.json, the login of `r.io` in it, and whether there is a warning.
const CONFIGS: &[(&str, &str, bool)] = &[
    // Empty things.
    ("", "-", false),
    (" \n", "-", false),
    ("null", "-", false),
    (r#"{"auths":null,"credsStore":null,"credHelpers":null}"#, "-", false),
    (r#"{"auths":{"r.io":null}}"#, "-", false),
    // Broken things.
    ("[]", "-", true),
    ("\u{feff}{\"auths\":{\"r.io\":{\"auth\":\"dTpw\"}}}", "-", true),
    (r#"{"auths":{"r.io":{"auth":"dTpw"}}"#, "-", true),
    // Wrong types: docker loses the logins, we do not.
    (r#"{"auths":{"r.io":{"auth":"dTpw"},"b.io":7}}"#, "u:p", true),
    (r#"{"auths":{"r.io":{"auth":"dTpw","username":7}}}"#, "u:p", true),
    (r#"{"auths":{"r.io":{"auth":["dTpw"]}}}"#, "-", true),
    (r#"{"auths":{"r.io":{"auth":"dTpw"}},"psFormat":7}"#, "u:p", false),
    (r#"{"auths":{"r.io":{"auth":"dTpw"}},"features":{"hooks":true}}"#, "u:p", false),
    (r#"{"auths":{"r.io":{"auth":"dTpw"}},"proxies":{"default":{"httpProxy":1}}}"#, "u:p", false),
    (r#"{"auths":{"r.io":{"auth":"dTpw"}},"credsStore":{}}"#, "u:p", true),
    (r#"{"auths":{"r.io":{"auth":"dTpw"}},"features":{"a":null},"new":[1]}"#, "u:p", false),
    // One bad entry loses no other.
    (r#"{"auths":{"b.io":{"auth":"!"},"r.io":{"auth":"dTpw"}}}"#, "u:p", true),
    // Repeated names: the last one counts, objects are merged, null empties.
    (r#"{"auths":{"r.io":{"auth":"djpx","auth":"dTpw"}}}"#, "u:p", false),
    (r#"{"auths":{"r.io":{"auth":"dTpw","Auth":null}}}"#, "u:p", false),
    (r#"{"auths":{"r.io":{"auth":"djpx"},"r.io":{"auth":"dTpw"}}}"#, "u:p", false),
    (r#"{"auths":{"r.io":{"auth":"dTpw"},"r.io":{}}}"#, "-", false),
    (r#"{"auths":{"r.io":{"auth":"dTpw"}},"AUTHS":{"b.io":{}}}"#, "u:p", false),
    (r#"{"auths":{"r.io":{"auth":"dTpw"}},"auths":null}"#, "-", false),
    // Two keys that mean one host: the first in the file.
    (
        r#"{"auths":{"https://r.io/v2/":{"auth":"dTpw"},"http://r.io":{"auth":"djpx"}}}"#,
        "u:p",
        false,
    ),
    // The kinds of login, the strongest first.
    (r#"{"auths":{"r.io":{"auth":"dTpw","identitytoken":"I"}}}"#, "u identity I", false),
    (r#"{"auths":{"r.io":{"auth":"dTo=","identitytoken":"I"}}}"#, "u identity I", false),
    (
        r#"{"auths":{"r.io":{"auth":"dTpw","identitytoken":"I","registrytoken":"R"}}}"#,
        "registry R",
        false,
    ),
    (r#"{"auths":{"r.io":{"auth":"dTo="}}}"#, "u:", false),
    // Go's base64: left-over bits are allowed, blanks and the URL alphabet are not.
    (r#"{"auths":{"r.io":{"auth":"dTpwcR=="}}}"#, "u:pq", false),
    (r#"{"auths":{"r.io":{"auth":"dTpw "}}}"#, "-", true),
    (r#"{"auths":{"r.io":{"auth":"dTo_Pz8_"}}}"#, "-", true),
];

#[test]
fn reads_config_json_as_go_does() {
    let deep = format!("{{\"auths\":{{\"r.io\":{{\"auth\":\"dTpw\"}}}},\"x\":{}", "[".repeat(500));
    let deep = (deep.as_str(), "-", true);
    for (config, expected, warned) in CONFIGS.iter().copied().chain([deep]) {
        let fixture = Fixture::new();
        let path = fixture.config(config);
        let found = fixture.find("r.io");
        let short: String = config.chars().take(100).collect();
        assert_eq!(shown(&found), expected, "{short}");
        assert_eq!(!found.warnings.is_empty(), warned, "{short}: {:?}", found.warnings);
        let about_us = found.warnings.iter().all(|warning| names(warning, &path));
        assert!(about_us, "{short}: {:?}", found.warnings);
    }
}

#[test]
fn an_unreadable_config_is_a_warning() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("docker/config.json")).unwrap();
    let found = fixture.find("r.io");
    assert!(warns(&found, &["docker/config.json", "is a directory"]), "{:?}", found.warnings);

    let fixture = Fixture::new();
    fixture.config(&" ".repeat(8 * 1024 * 1024 + 1));
    let found = fixture.find("r.io");
    assert!(warns(&found, &["docker/config.json", "larger than 8 MiB"]), "{:?}", found.warnings);
}

#[test]
fn a_long_list_of_problems_is_cut() {
    let fixture = Fixture::new();
    let bad: Vec<String> = (0..100).map(|n| format!(r#""h{n}\n.io":{{"auth":"!"}}"#)).collect();
    fixture.config(&format!(r#"{{"auths":{{{}}}}}"#, bad.join(",")));
    let found = fixture.find("r.io");
    assert_eq!(found.warnings.len(), 6);
    assert!(warns(&found, &["95 more problems"]), "{:?}", found.warnings);
    assert!(found.warnings.iter().all(|warning| !warning.contains('\n')));
}

#[test]
fn the_config_lies_where_docker_looks() {
    let entry = |auth: &str| format!(r#"{{"auths":{{"r.io":{{"auth":"{auth}"}}}}}}"#);
    let mut fixture = Fixture::new();
    std::fs::create_dir(fixture.path("home/.docker")).unwrap();
    std::fs::create_dir(fixture.path("flag")).unwrap();
    fixture.write("flag/config.json", &entry(W));
    fixture.config(&entry(V));
    fixture.write("home/.docker/config.json", &entry(U));
    let flag = crate::login::Logins::new(&fixture.env(), Some(fixture.path("flag")));
    assert_eq!(shown(&find(&flag, "r.io", None)), "w:r");
    assert_eq!(shown(&fixture.find("r.io")), "v:q");
    fixture.set("DOCKER_CONFIG", "");
    let found = fixture.find("r.io");
    assert_eq!(shown(&found), "u:p");
    let path = fixture.path("home/.docker/config.json");
    assert_eq!(found.source.to_string(), format!("{} (auths)", path.display()));
}

#[test]
fn warnings_are_told_once_and_docker_s_own_not_at_all() {
    let fixture = Fixture::new();
    let text = r#"{"auths":{"r.io":{"auth":"dTpw"},"b.io":7}}"#;
    fixture.config(text);
    fixture.chmod("docker/config.json", 0o644);
    let store = fixture.logins();
    let found = find(&store, "r.io", None);
    assert!(warns(&found, &["auths[\"b.io\"] must be an object"]), "{:?}", found.warnings);
    assert!(warns(&found, &["mode 0644", "chmod 600"]), "{:?}", found.warnings);
    assert_eq!(find(&store, "r.io", None).warnings, Vec::<String>::new());
    let found = find(&fixture.logins().for_plugin(true), "r.io", None);
    assert_eq!(found.warnings.len(), 1);
    assert!(warns(&found, &["mode 0644"]), "{:?}", found.warnings);

    for (mode, text, warned) in [
        (0o640, text, true),
        (0o604, text, true),
        (0o600, text, false),
        (0o622, text, false),
        (0o644, r#"{"auths":{"r.io":{}},"credsStore":""}"#, false),
    ] {
        fixture.config(text);
        fixture.chmod("docker/config.json", mode);
        let found = fixture.find("r.io");
        assert_eq!(warns(&found, &["other users"]), warned, "{mode:o} {text}");
    }
}

#[test]
fn logins_that_the_wire_cannot_carry_are_not_used() {
    for (entry, reason) in [
        (r#"{"username":"a:b","password":"x"}"#, "colon"),
        (r#"{"username":"a\nb","password":"x"}"#, "control characters"),
        (r#"{"password":"x"}"#, "user name is empty"),
        (r#"{"registrytoken":"x\r\ny"}"#, "registry token"),
    ] {
        let fixture = Fixture::new();
        fixture.config(&format!(r#"{{"auths":{{"r.io":{entry}}}}}"#));
        let found = fixture.find("r.io");
        assert_eq!(shown(&found), "-", "{entry}");
        assert_eq!(found.source, Source::None);
        assert!(warns(&found, &["r.io", "config.json", reason]), "{entry}: {:?}", found.warnings);
    }
}

#[test]
fn a_registry_token_survives_beside_a_helper() {
    let fixture = Fixture::new();
    fixture.helper_with("fake", "hu", "hs");
    fixture.config(r#"{"auths":{"r.io":{"registrytoken":"R"}},"credsStore":"fake"}"#);
    assert_eq!(shown(&fixture.find("r.io")), "registry R");
    fixture.config(r#"{"auths":{"r.io":{"identitytoken":"I"}},"credsStore":"fake"}"#);
    let found = fixture.find("r.io");
    assert_eq!(shown(&found), "hu:hs");
    assert_eq!(found.source.to_string(), "docker-credential-fake");
    let says = |line: &String| line.contains("config.json (auths): not used");
    assert!(found.trail.iter().any(says), "{:?}", found.trail);
}

#[test]
fn podman_is_asked_last() {
    let auth = |key: &str, auth: &str| format!(r#"{{"auths":{{"{key}":{{"auth":"{auth}"}}}}}}"#);
    let mut fixture = Fixture::new();
    fixture.write("config/containers/auth.json", &auth("r.io", W));
    assert_eq!(shown(&fixture.find("r.io")), "w:r");
    fixture.write("run/containers/auth.json", &auth("r.io", V));
    assert_eq!(shown(&fixture.find("r.io")), "v:q");
    // An entry without a login, or a broken file: the next file.
    fixture.write("run/containers/auth.json", r#"{"auths":{"r.io":{}}}"#);
    assert_eq!(shown(&fixture.find("r.io")), "w:r");
    fixture.write("run/containers/auth.json", "{");
    let found = fixture.find("r.io");
    assert_eq!(shown(&found), "w:r");
    assert!(warns(&found, &["run/containers/auth.json: EOF"]), "{:?}", found.warnings);
    // The explicit file alone, even when it knows nothing.
    fixture.set("REGISTRY_AUTH_FILE", fixture.path("named.json").display().to_string());
    assert_eq!(shown(&fixture.find("r.io")), "-");
    fixture.write("named.json", &auth("r.io", V));
    assert_eq!(shown(&fixture.find("r.io")), "v:q");
    fixture.config(&auth("r.io", U));
    assert_eq!(shown(&fixture.find("r.io")), "u:p");
    fixture.set("DOCKER_AUTH_CONFIG", auth("r.io", W));
    let found = fixture.find("r.io");
    assert_eq!(shown(&found), "w:r");
    assert_eq!(found.source, Source::AuthConfigEnv);
}

#[test]
fn podman_s_keys_may_name_repositories() {
    let entries = [
        ("quay.io/org/team", U),
        ("quay.io/org", V),
        ("quay.io", W),
        ("https://r.io/v2/", U),
        ("r.io/org", V),
        ("https://index.docker.io/v1/", U),
        ("docker.io/library/alpine", V),
    ]
    .map(|(key, auth)| format!(r#""{key}":{{"auth":"{auth}"}}"#));
    let fixture = Fixture::new();
    let text = format!(r#"{{"auths":{{{}}},"credsStore":"ignored"}}"#, entries.join(","));
    fixture.write("run/containers/auth.json", &text);
    let store = fixture.logins();
    for (registry, repository, expected) in [
        ("quay.io", Some("org/team/app"), "u:p"),
        ("quay.io", Some("org/team"), "u:p"),
        ("quay.io", Some("org/teams/app"), "v:q"),
        ("quay.io", Some("other/app"), "w:r"),
        ("quay.io", None, "w:r"),
        ("r.io", Some("app"), "u:p"),
        ("r.io", Some("org/app"), "v:q"),
        ("docker.io", Some("library/redis"), "u:p"),
        ("docker.io", Some("library/alpine"), "v:q"),
        ("registry-1.docker.io", None, "u:p"),
        ("other.io", Some("org/app"), "-"),
    ] {
        let repository = repository.map(|text| text.parse().unwrap());
        let found = find(&store, registry, repository.as_ref());
        assert_eq!(shown(&found), expected, "{registry} {repository:?}");
    }
}

#[test]
fn podman_s_entries_and_helpers() {
    for (entry, expected, warned) in [
        (r#"{"auth":"dTpw"}"#, "u:p", false),
        (r#"{"auth":"dTo=","identitytoken":"I"}"#, "u identity I", false),
        (r#"{"username":"u","password":"p"}"#, "-", false),
        (r#"{"registrytoken":"R"}"#, "-", false),
        (r#"{"identitytoken":"I"}"#, "-", false),
        (r#"{"auth":"bm9jb2xvbg=="}"#, "-", true),
        (r#"{"auth":"!"}"#, "-", true),
        (r#"{"auth":"OnB3"}"#, "-", true),
    ] {
        let fixture = Fixture::new();
        let text = format!(r#"{{"auths":{{"r.io":{entry}}}}}"#);
        fixture.write("run/containers/auth.json", &text);
        let found = fixture.find("r.io");
        assert_eq!(shown(&found), expected, "{entry}");
        assert_eq!(!found.warnings.is_empty(), warned, "{entry}: {:?}", found.warnings);
    }
    let fixture = Fixture::new();
    fixture.helper_with("fake", "hu", "hs");
    fixture.write(
        "run/containers/auth.json",
        r#"{"auths":{"docker.io/library/alpine":{"auth":"dTpw"}},"credHelpers":{"docker.io":"fake"}}"#,
    );
    let repository = "library/alpine".parse().unwrap();
    let found = find(&fixture.logins(), "docker.io", Some(&repository));
    assert_eq!(shown(&found), "hu:hs");
    assert_eq!(fixture.calls(), [("fake".into(), "get".into(), "docker.io".into())]);
}

#[test]
fn registries_are_those_that_docker_names() {
    let fixture = Fixture::new();
    assert!(fixture.logins().registries().is_empty());
    fixture.config(
        r#"{"auths":{"https://index.docker.io/v1/":{},"https://index.docker.io/v1/access-token":{},
            "https://index.docker.io/v1/refresh-token":{},"ghcr.io":{},"https://quay.io/v2/":{},
            "quay.io":{},"bad key":{}},"credHelpers":{"eu.gcr.io":"gcloud","ghcr.io":"x"}}"#,
    );
    let expected = ["docker.io", "ghcr.io", "quay.io", "eu.gcr.io"];
    assert_eq!(fixture.logins().registries(), expected);
}

#[test]
fn the_environment_has_a_login_when_both_parts_are_set() {
    for (pairs, expected) in [
        (&[("DOCKER_USERNAME", "u"), ("DOCKER_PASSWORD", "p\n")][..], "u:p"),
        (&[("DOCKER_USER", "v"), ("DOCKER_PASSWORD", "p")], "v:p"),
        (&[("DOCKER_USER", "v"), ("DOCKER_USERNAME", "u"), ("DOCKER_PASSWORD", "p")], "u:p"),
        (&[("DOCKER_USERNAME", "u")], "-"),
        (&[("DOCKER_PASSWORD", "p")], "-"),
    ] {
        let found = from_environment(&Env::from_pairs(pairs.iter().copied()));
        let found = found.map(|(login, source)| shown(&Found::new(login, source)));
        assert_eq!(found.unwrap_or("-".to_owned()), expected, "{pairs:?}");
    }
}
