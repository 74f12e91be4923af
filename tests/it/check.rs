//! `check`: what it says beside names and logins: clocks, certificates, tokens.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::support::{Response, Server, TestEnv};

/// A registry whose clock is this far behind.
fn behind(seconds: u64) -> Server {
    let date = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(seconds));
    Server::new(move |_| Response::json(200, &json!({})).header("Date", date.as_str()))
}

#[test]
fn a_clock_that_is_off_is_told_from_a_minute_on() {
    for (seconds, told) in [(0, false), (30, false), (3 * 3600, true)] {
        let server = behind(seconds);
        let output = TestEnv::new().run(["check", &*server.host()]);
        output.code(0);
        let text = "the registry's clock is 3 hours behind this machine's";
        assert_eq!(output.stdout.contains(text), told, "{seconds}\n{output}");
        let json = TestEnv::new().run(["check", &*server.host(), "--format", "json"]).json();
        let skew = json["Ping"]["ClockSkew"].as_i64().expect("the registry has a clock");
        assert!((skew + i64::try_from(seconds).expect("small")).abs() <= 5, "{json}");
    }
}

#[test]
fn the_directory_of_certificates_is_named() {
    let server = behind(0);
    let env = TestEnv::new();
    let directory = format!(".docker/certs.d/{}", server.host());
    std::fs::create_dir_all(env.home().join(&directory)).expect("the home can be written to");
    let output = env.run(["check", "--offline", &*server.host()]);
    output.code(0).stdout_has("- certificates are read from ").stdout_has(&directory);
    let output = TestEnv::new().run(["check", "--offline", &*server.host()]);
    output.code(0).stdout_has("it does not exist");
}

#[test]
fn a_token_says_how_long_it_is_valid() {
    let claims = URL_SAFE_NO_PAD.encode(json!({"iat": 1_000, "exp": 1_300}).to_string());
    let token = format!("e30.{claims}.c2ln");
    let server = Server::new(move |request| match request.path.as_str() {
        "/token" => Response::json(200, &json!({"token": token})),
        _ if request.bearer().is_some() => Response::json(200, &json!({"tags": ["1"]})),
        _ => {
            let challenge = format!("Bearer realm=\"{}/token\",service=\"s\"", request.origin());
            Response::new(401).header("WWW-Authenticate", challenge)
        }
    });
    let output = TestEnv::new().run(["check", &*server.host()]);
    output.code(0).stdout_has("valid for 5 minutes, in ");
}

/// A registry that asks for a token, with this answer of its token service, and with its clock ahead.
fn asking(answer: serde_json::Value, ahead: u64) -> Server {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(ahead));
    Server::new(move |request| match request.path.as_str() {
        "/token" => Response::json(200, &answer),
        _ if request.bearer().is_some() => Response::json(200, &json!({})),
        _ => {
            let challenge = format!("Bearer realm=\"{}/token\",service=\"s\"", request.origin());
            Response::new(401).header("WWW-Authenticate", challenge).header("Date", date.as_str())
        }
    })
}

#[test]
fn the_lifetime_of_an_opaque_token_is_what_its_service_states() {
    for (answer, lifetime) in [
        (json!({"token": "opaque", "expires_in": 900}), json!(900)),
        (json!({"token": "opaque"}), json!(null)),
    ] {
        let server = asking(answer, 0);
        let json = TestEnv::new().run(["check", &*server.host(), "--format", "json"]).json();
        assert_eq!(json["Token"]["Lifetime"], lifetime, "{json}");
    }
    let server = asking(json!({"token": "opaque", "expires_in": 900}), 0);
    let output = TestEnv::new().run(["check", &*server.host()]);
    output.code(0).stdout_has("valid for 15 minutes, in ");
}

#[test]
fn the_clock_of_a_registry_that_asks_for_a_login_is_compared_too() {
    let server = asking(json!({"token": "opaque"}), 2 * 3600 + 60);
    let output = TestEnv::new().run(["check", &*server.host()]);
    output.code(0).stdout_has("the registry's clock is 2 hours ahead of this machine's");
}
