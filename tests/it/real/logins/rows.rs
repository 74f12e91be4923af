//! The table: one row for each place of a login, alone and beside others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Outcomes::{self, Fails, Ok, Retries};
use super::{Extra, IDENTITY, PASSWORD, Row, USER, WRONG, answer, auth};

/// Nothing was found: what each registry says to strangers.
const NEEDED: Outcomes = Fails(4, "login required (the registry offers basic)");
const PRIVATE: Outcomes = Fails(4, "team/secret: not found, or access denied");
const REFUSED: Outcomes = Fails(4, "rejected the credentials of ann (from ");
const RETRIED: Outcomes = Retries(4, "rejected the credentials of ann (from ");
const USELESS: Outcomes = Fails(4, "offers basic, which these credentials cannot be used for");

pub const ROWS: &[Row] = &[
    Row {
        name: "nothing",
        put: |_| Extra::default(),
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "",
    },
    Row {
        name: "config.json, auths",
        put: |s| s.auths(&auth(PASSWORD)),
        check: ("basic", "config.json (auths)"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "config.json, auths, wrong password",
        put: |s| s.auths(&auth(WRONG)),
        check: ("basic", "config.json (auths)"),
        htpasswd: REFUSED,
        token: RETRIED,
        warning: "",
    },
    Row {
        name: "config.json, auths, no user name",
        put: |s| s.auths(&json!({"auth": STANDARD.encode(format!(":{PASSWORD}"))})),
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "has no user name",
    },
    Row {
        name: "config.json, auths of another port",
        put: |s| s.config(&json!({"auths": {"127.0.0.1:1": auth(PASSWORD)}})),
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "",
    },
    Row {
        name: "config.json that is no JSON",
        put: |s| {
            s.home.write_config("{");
            Extra::default()
        },
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "config.json",
    },
    Row {
        name: "credHelpers",
        put: |s| s.cred_helper(&answer(USER, PASSWORD)),
        check: ("basic", "docker-credential-lab"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "credHelpers, an identity token",
        put: |s| s.cred_helper(&answer("<token>", IDENTITY)),
        check: ("identity-token", "docker-credential-lab"),
        htpasswd: USELESS,
        token: Ok,
        warning: "",
    },
    Row {
        name: "credHelpers, no login there",
        put: |s| s.cred_helper("echo 'credentials not found in native keychain'; exit 1"),
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "",
    },
    Row {
        name: "credHelpers, a helper that fails, beside a login in the file",
        put: |s| {
            s.helper("lab", "echo 'the vault is locked'; exit 1");
            let host = s.host.clone();
            s.config(&json!({"credHelpers": {&host: "lab"}, "auths": {&host: auth(PASSWORD)}}))
        },
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "docker-credential-lab",
    },
    Row {
        name: "credHelpers, a helper that is not installed",
        put: |s| s.config(&json!({"credHelpers": {s.host.clone(): "missing"}})),
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "docker-credential-missing",
    },
    Row {
        name: "credsStore",
        put: |s| {
            s.helper("store", &answer(USER, PASSWORD));
            s.config(&json!({"credsStore": "store"}))
        },
        check: ("basic", "docker-credential-store"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "credHelpers before credsStore",
        put: |s| {
            s.helper("store", &answer(USER, WRONG));
            s.helper("lab", &answer(USER, PASSWORD));
            let host = s.host.clone();
            s.config(&json!({"credsStore": "store", "credHelpers": {host: "lab"}}))
        },
        check: ("basic", "docker-credential-lab"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "config.json, identitytoken",
        put: |s| s.auths(&json!({"identitytoken": IDENTITY})),
        check: ("identity-token", "config.json (auths)"),
        htpasswd: USELESS,
        token: Ok,
        warning: "",
    },
    Row {
        name: "config.json, registrytoken",
        put: |s| s.auths(&json!({"registrytoken": s.bench.bearer()})),
        check: ("registry-token", "config.json (auths)"),
        htpasswd: Retries(4, "rejected the credentials of this token (from "),
        token: Ok,
        warning: "",
    },
    Row {
        name: "DOCKER_AUTH_CONFIG before config.json",
        put: |s| {
            s.auths(&auth(WRONG));
            let document = json!({"auths": {s.host.clone(): auth(PASSWORD)}});
            Extra::vars(&[("DOCKER_AUTH_CONFIG", &document.to_string())])
        },
        check: ("basic", "DOCKER_AUTH_CONFIG"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "DOCKER_AUTH_CONFIG that is broken, and config.json",
        put: |s| {
            s.auths(&auth(PASSWORD));
            Extra::vars(&[("DOCKER_AUTH_CONFIG", "{")])
        },
        check: ("basic", "config.json (auths)"),
        htpasswd: Ok,
        token: Ok,
        warning: "DOCKER_AUTH_CONFIG is ignored",
    },
    Row {
        name: "podman's auth.json",
        put: |s| {
            let document = json!({"auths": {s.host.clone(): auth(PASSWORD)}});
            s.home.write("runtime/containers/auth.json", document.to_string());
            Extra::default()
        },
        check: ("basic", "containers/auth.json (auths)"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "config.json before podman's auth.json",
        put: |s| {
            let document = json!({"auths": {s.host.clone(): auth(WRONG)}});
            s.home.write("runtime/containers/auth.json", document.to_string());
            s.auths(&auth(PASSWORD))
        },
        check: ("basic", "config.json (auths)"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "profile, password-env, before config.json",
        put: |s| {
            s.auths(&auth(WRONG));
            s.profile("username = \"ann\"\npassword-env = \"LAB_PASSWORD\"");
            Extra::vars(&[("LAB_PASSWORD", PASSWORD)])
        },
        check: ("basic", "profile lab (password-env LAB_PASSWORD)"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "profile, password-env that is not set",
        put: |s| s.profile("username = \"ann\"\npassword-env = \"LAB_PASSWORD\""),
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "profile lab: ",
    },
    Row {
        name: "profile, password-file",
        put: |s| {
            let file = s.home.write("lab-password", format!("{PASSWORD}\n"));
            s.profile(&format!("username = \"ann\"\npassword-file = \"{}\"", file.display()))
        },
        check: ("basic", "profile lab (password-file "),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "profile, password-command",
        put: |s| {
            let file = s.home.write("lab-password", PASSWORD);
            let command = format!("[\"cat\", \"{}\"]", file.display());
            s.profile(&format!("username = \"ann\"\npassword-command = {command}"))
        },
        check: ("basic", "profile lab (password-command cat"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "profile, password",
        put: |s| s.profile(&format!("username = \"ann\"\npassword = \"{PASSWORD}\"")),
        check: ("basic", "profile lab (password"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "DOCKER_USERNAME and DOCKER_PASSWORD, the registry is the active one",
        put: |s| {
            s.profile("");
            Extra::vars(&[("DOCKER_USERNAME", USER), ("DOCKER_PASSWORD", PASSWORD)])
        },
        check: ("basic", "DOCKER_USERNAME and DOCKER_PASSWORD"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "DOCKER_USER and DOCKER_PASSWORD, the registry is another one",
        put: |_| Extra::vars(&[("DOCKER_USER", USER), ("DOCKER_PASSWORD", PASSWORD)]),
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "",
    },
    Row {
        name: "-u and --password-stdin, before everything else",
        put: |s| {
            s.auths(&auth(WRONG));
            s.profile(&format!("username = \"ann\"\npassword = \"{WRONG}\""));
            Extra::flags(&["-u", USER, "--password-stdin"], "S3cr3t-canary-7f3a\n")
        },
        check: ("basic", "-u and --password-stdin"),
        htpasswd: Ok,
        token: Ok,
        warning: "",
    },
    Row {
        name: "-u and --password-stdin, wrong",
        put: |s| {
            s.auths(&auth(PASSWORD));
            Extra::flags(&["-u", USER, "--password-stdin"], WRONG)
        },
        check: ("basic", "-u and --password-stdin"),
        htpasswd: REFUSED,
        token: REFUSED,
        warning: "",
    },
    Row {
        name: "--anonymous beside a login",
        put: |s| {
            s.auths(&auth(PASSWORD));
            Extra::flags(&["--anonymous"], "")
        },
        check: ("none", ""),
        htpasswd: NEEDED,
        token: PRIVATE,
        warning: "",
    },
];
