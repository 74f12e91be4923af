//! `tests/vectors/docker-config.jsonl`: 54 lookups made by running docker's own code.

use serde_json::Value;

use super::fixture::{Call, Fixture};
use crate::login::{Credential, Found};

/// A row in which we differ from docker on purpose: its id, what we find, whether config.json is
/// warned about, what other warning there is, and why.
struct Exception {
    id: &'static str,
    username: &'static str,
    password: &'static str,
    config_warning: bool,
    other_warning: &'static str,
    reason: &'static str,
}

const EXCEPTIONS: [Exception; 3] = [
    Exception {
        id: "C039",
        username: "",
        password: "",
        config_warning: false,
        other_warning: "docker-credential-fake are not used: the user name is empty",
        reason: "a login without a user name is no login",
    },
    Exception {
        id: "C040",
        username: "",
        password: "",
        config_warning: false,
        other_warning: "docker-credential-fake failed (exit status: 1): keychain is locked",
        reason: "a failing helper means anonymous; the plaintext entry does not stand in",
    },
    Exception {
        id: "C041",
        username: "",
        password: "",
        config_warning: false,
        other_warning: "docker-credential-absent is not on PATH",
        reason: "a missing helper means anonymous; the plaintext entry does not stand in",
    },
];

/// User name, password, identity token and registry token, empty where there is none.
fn fields(found: &Found) -> [String; 4] {
    let [mut username, mut password, mut identity, mut registry] = [const { String::new() }; 4];
    match &found.credential {
        None => {}
        Some(Credential::Basic { username: name, password: secret }) => {
            username.clone_from(name);
            secret.expose().clone_into(&mut password);
        }
        Some(Credential::IdentityToken { username: name, token }) => {
            username = name.clone().unwrap_or_default();
            token.expose().clone_into(&mut identity);
        }
        Some(Credential::RegistryToken(token)) => token.expose().clone_into(&mut registry),
    }
    [username, password, identity, registry]
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} in {row}"))
}

fn prepare(row: &Value) -> Fixture {
    let mut fixture = Fixture::new();
    if let Some(config) = row["config"].as_str() {
        fixture.config(config);
    }
    for (name, value) in row["env"].as_object().into_iter().flatten() {
        fixture.set(name, value.as_str().unwrap());
    }
    for (suffix, answers) in row["helpers"].as_object().into_iter().flatten() {
        let mut script = "case \"$key\" in\n".to_owned();
        let answers = answers.as_object().unwrap();
        let (any, exact): (Vec<_>, Vec<_>) = answers.iter().partition(|(key, _)| *key == "*");
        for (key, answer) in exact.into_iter().chain(any) {
            let pattern = if key == "*" { "*".to_owned() } else { format!("'{key}'") };
            let stdout = text(answer, "stdout");
            assert!(!stdout.contains('\''), "cannot be quoted: {stdout}");
            script += &format!("{pattern}) printf '%s' '{stdout}'; exit {};;\n", answer["exit"]);
        }
        fixture.helper(suffix, &(script + "esac"));
    }
    for program in row["path_programs"].as_array().into_iter().flatten() {
        fixture.program(program.as_str().unwrap(), "");
    }
    fixture
}

fn check(row: &Value) {
    let (id, expect) = (text(row, "id"), &row["expect"]);
    let fixture = prepare(row);
    let found = fixture.find(text(row, "host"));
    let config = format!("{}: ", fixture.path("docker/config.json").display());
    let (about_config, other): (Vec<&String>, Vec<&String>) =
        found.warnings.iter().partition(|warning| warning.starts_with(&config));
    let calls: Vec<Call> = expect["helper_calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| {
            (text(call, "helper").into(), text(call, "action").into(), text(call, "stdin").into())
        })
        .collect();
    assert_eq!(fixture.calls(), calls, "{id}: calls of helpers");
    if let Some(exception) = EXCEPTIONS.iter().find(|exception| exception.id == id) {
        let login = [exception.username, exception.password, "", ""];
        assert_eq!(fields(&found), login, "{id}: {}", exception.reason);
        assert_eq!(!about_config.is_empty(), exception.config_warning, "{id}: {about_config:?}");
        let told = other.iter().any(|warning| warning.contains(exception.other_warning));
        assert!(told || exception.other_warning.is_empty(), "{id}: {other:?}");
        return;
    }
    let login =
        ["username", "password", "identity_token", "registry_token"].map(|key| text(expect, key));
    assert_eq!(fields(&found), login, "{id}");
    assert_eq!(found.credential.is_none(), expect["none"].as_bool().unwrap(), "{id}");
    let warned = expect["config_warning"].as_bool().unwrap();
    assert_eq!(!about_config.is_empty(), warned, "{id}: {:?}", found.warnings);
    assert!(expect["error"].is_null(), "{id}: errors of docker are exceptions of ours");
    // docker, too, says so when it ignores the variable.
    let ignored = matches!(id, "C053" | "C054");
    assert_eq!(!other.is_empty(), ignored, "{id}: {other:?}");
}

#[test]
fn docker_vectors() {
    let table = include_str!("../../../tests/vectors/docker-config.jsonl");
    let rows: Vec<Value> = table.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    rows.iter().for_each(check);
    assert_eq!(rows.len(), 54);
    for exception in EXCEPTIONS {
        assert!(rows.iter().any(|row| row["id"] == exception.id), "{}", exception.id);
    }
}
