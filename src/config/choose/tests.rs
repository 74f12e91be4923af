//! Tables: which profile is active, what a name means, who serves it, and why.

use super::super::testing::parse;
use super::*;

const FILE: &str = r#"profile = "work"
[profiles.hub]
registry = "docker.io"
[profiles.work]
registry = "ghcr.io"
namespace = "acme"
[profiles.ops]
registry = "ghcr.io"
repositories = ["acme/ops-*", "infra/*"]
[profiles.deep]
registry = "ghcr.io"
repositories = ["acme/ops-secret*"]
[profiles.lab]
registry = "registry.lab:5000"
repositories = ["a/*"]
[profiles.lab2]
registry = "registry.lab:5000"
repositories = ["?/*", "b/x"]
"#;

fn config(text: &str) -> Config {
    parse(text).unwrap()
}

fn env(profile: &str) -> Env {
    Env::from_pairs([("DOCKER_TAGS_PROFILE", profile)])
}

#[test]
fn the_active_profile() {
    let without = FILE.replacen("profile = \"work\"\n", "", 1);
    for (text, flag, variable, name, source) in [
        (FILE, None, "", "work", "/c/config.toml:1"),
        (FILE, None, "lab", "lab", "$DOCKER_TAGS_PROFILE"),
        (FILE, Some("hub"), "lab", "hub", "--profile"),
        (FILE, Some("default"), "", "default", "--profile"),
        (&without, None, "", "default", "default"),
        ("profile = \"default\"", None, "", "default", "/c/config.toml:1"),
    ] {
        let config = config(text);
        let active = config.active(flag, &env(variable)).unwrap();
        let found = (active.profile.name().unwrap(), active.source(&config));
        assert_eq!(found, (name, source.to_owned()), "{flag:?} {variable:?}");
    }
}

#[test]
fn unknown_profiles() {
    let config = config(FILE);
    let list = "the profiles are: hub, work, ops, deep, lab, lab2, default";
    for (flag, variable, message, hint) in [
        (Some("wrok"), "", "wrok", format!("did you mean \"work\"? {list}")),
        (None, "zzz", "zzz", list.to_owned()),
        (Some(""), "", "", list.to_owned()),
        (Some("a\u{1b}[m"), "", "a\\u{1b}[m", list.to_owned()),
    ] {
        let error = config.active(flag, &env(variable)).unwrap_err();
        assert_eq!(error.to_string(), format!("no profile named \"{message}\""));
        assert_eq!(error.hint(), Some(hint.as_str()));
        assert!(error.is_usage());
    }
}

/// `--profile`, the name, the reference, the profile that serves it.
type Row = (Option<&'static str>, &'static str, &'static str, Option<&'static str>);

const NAMES: &[Row] = &[
    // No registry: that of the active profile, and its namespace when there is no slash.
    (None, "api", "ghcr.io/acme/api", Some("work")),
    (None, "api:1.0", "ghcr.io/acme/api:1.0", Some("work")),
    (None, "team/api", "ghcr.io/team/api", Some("work")),
    (None, "docker://api", "ghcr.io/acme/api", Some("work")),
    (None, "localhost:5000", "ghcr.io/acme/localhost:5000", Some("work")),
    (Some("hub"), "alpine", "docker.io/library/alpine", Some("hub")),
    (Some("hub"), "acme/api:x", "docker.io/acme/api:x", Some("hub")),
    (Some("default"), "alpine", "docker.io/library/alpine", Some("default")),
    (Some("lab"), "api", "registry.lab:5000/api", Some("lab")),
    // The longest pattern wins, whichever profile is the file's active one.
    (None, "ops-db", "ghcr.io/acme/ops-db", Some("ops")),
    (None, "ops-secrets", "ghcr.io/acme/ops-secrets", Some("deep")),
    (None, "ghcr.io/infra/a/b", "ghcr.io/infra/a/b", Some("ops")),
    (None, "ghcr.io/other/x", "ghcr.io/other/x", Some("work")),
    (None, "registry.lab:5000/a/x", "registry.lab:5000/a/x", Some("lab")),
    (None, "registry.lab:5000/b/x", "registry.lab:5000/b/x", Some("lab2")),
    (None, "registry.lab:5000/cc/x", "registry.lab:5000/cc/x", None),
    // The profile that was asked for serves all of its registry, and nothing of another.
    (Some("work"), "ops-db", "ghcr.io/acme/ops-db", Some("work")),
    (Some("ops"), "ghcr.io/other/x", "ghcr.io/other/x", Some("ops")),
    (Some("work"), "registry.lab:5000/a/x", "registry.lab:5000/a/x", Some("lab")),
    (Some("default"), "ghcr.io/a/b", "ghcr.io/a/b", Some("work")),
    // A registry without a profile.
    (None, "alpine.example/x", "alpine.example/x", None),
    (Some("work"), "quay.io/a/b", "quay.io/a/b", None),
    // A registry is the same in upper case.
    (None, "GHCR.io/infra/x", "GHCR.io/infra/x", Some("ops")),
    (None, "index.docker.io/alpine", "docker.io/library/alpine", Some("hub")),
];

#[test]
fn names() {
    let config = config(FILE);
    for (flag, name, reference, profile) in NAMES {
        let active = config.active(*flag, &env("")).unwrap();
        let resolved = config.resolve(&active, name).unwrap_or_else(|e| panic!("{name}: {e}"));
        let found = (resolved.reference.to_string(), resolved.profile.name());
        assert_eq!(found, ((*reference).to_owned(), *profile), "{flag:?} {name}");
        let asked = resolved.reference.registry().as_str().to_ascii_lowercase();
        assert_eq!(resolved.profile.registry().as_str().to_ascii_lowercase(), asked, "{name}");
    }
    let asked = env("work");
    let active = config.active(None, &asked).unwrap();
    let resolved = config.resolve(&active, "ops-db").unwrap();
    assert_eq!(resolved.profile.name(), Some("work"), "the variable is as good as the flag");
}

#[test]
fn the_active_profile_wins_a_tie() {
    let file = "[profiles.a]\nregistry = \"r.io\"\nrepositories = [\"x/*y\"]\n\
                [profiles.b]\nregistry = \"r.io\"\nrepositories = [\"x/y*\"]\n";
    for (active, expected) in [("", "a"), ("profile = \"a\"\n", "a"), ("profile = \"b\"\n", "b")] {
        let config = config(&format!("{active}{file}"));
        let active = config.active(None, &env("")).unwrap();
        let resolved = config.resolve(&active, "r.io/x/yy").unwrap();
        assert_eq!(resolved.profile.name(), Some(expected));
        let served = config.resolve_registry(&active, &"r.io".parse().unwrap());
        assert_eq!(served.profile.name(), Some(expected));
    }
}

#[test]
fn hub_names_without_a_choice() {
    let resolve = |text: &str, name: &str| {
        let config = config(text);
        let active = config.active(None, &env("")).unwrap();
        let resolved = config.resolve(&active, name).unwrap();
        (resolved.reference.to_string(), resolved.profile.name().unwrap().to_owned())
    };
    let alpine = "docker.io/library/alpine".to_owned();
    assert_eq!(resolve("", "alpine"), (alpine.clone(), "default".to_owned()));
    // A profile of Docker Hub serves it although it is not active; its namespace stays out.
    let hub = "[profiles.hub]\nregistry = \"docker.io\"\nnamespace = \"acme\"\n";
    assert_eq!(resolve(hub, "alpine"), (alpine, "hub".to_owned()));
    let active = format!("profile = \"hub\"\n{hub}");
    let found = resolve(&active, "api");
    assert_eq!(found, ("docker.io/acme/api".to_owned(), "hub".to_owned()));
    assert_eq!(resolve(&active, "library/alpine").0, "docker.io/library/alpine");
}

#[test]
fn registries() {
    let config = config(FILE);
    for (flag, registry, profile) in [
        (None, "ghcr.io", Some("work")),
        (Some("ops"), "ghcr.io", Some("ops")),
        (None, "registry.lab:5000", Some("lab")),
        (Some("lab2"), "registry.lab:5000", Some("lab2")),
        (None, "quay.io", None),
        (None, "docker.io", Some("hub")),
    ] {
        let active = config.active(flag, &env("")).unwrap();
        let served = config.resolve_registry(&active, &registry.parse().unwrap());
        assert_eq!(served.profile.name(), profile, "{flag:?} {registry}");
        assert!(served.profile.registry().as_str() == registry, "{registry}");
    }
}

#[test]
fn reasons() {
    let config = config(FILE);
    for (flag, name, why) in [
        (
            None,
            "api",
            "registry and namespace come from the active profile \"work\"; \
             profile \"work\" is for ghcr.io (/c/config.toml:5)",
        ),
        (
            None,
            "team/api",
            "the registry comes from the active profile \"work\"; \
             profile \"work\" is for ghcr.io (/c/config.toml:5)",
        ),
        (
            None,
            "ghcr.io/infra/x",
            "the name includes its registry; \
             profile \"ops\" matches by its repositories (/c/config.toml:9)",
        ),
        (
            Some("ops"),
            "ghcr.io/x/y",
            "the name includes its registry; --profile chose profile \"ops\"",
        ),
        (
            None,
            "quay.io/a/b",
            "the name includes its registry; no profile for quay.io/a/b: using defaults",
        ),
    ] {
        let active = config.active(flag, &env("")).unwrap();
        assert_eq!(config.resolve(&active, name).unwrap().why, why);
    }
}

#[test]
fn no_references() {
    let config = config(FILE);
    let active = config.active(None, &env("")).unwrap();
    let hex = "ab".repeat(32);
    for (name, error) in [
        ("", ParseError::InvalidFormat),
        ("/x", ParseError::InvalidFormat),
        ("a//b", ParseError::InvalidFormat),
        ("../x", ParseError::InvalidFormat),
        ("docker://", ParseError::InvalidFormat),
        ("a b", ParseError::InvalidFormat),
        ("Api", ParseError::Uppercase("acme/Api".to_owned())),
        (&hex, ParseError::Identifier(hex.clone())),
    ] {
        assert_eq!(config.resolve(&active, name).unwrap_err(), error, "{name:?}");
    }
}
