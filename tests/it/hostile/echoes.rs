//! T14: servers that repeat what they were sent, in every place that a message of ours may quote.
//!
//! The environment of each run knows the secrets and fails the test where one comes out.

use serde_json::json;

use super::{BEARER, PASSWORD, USER, list, logged_in, three_ways};
use crate::support::hub::Secret;
use crate::support::{Request, Response, Server, TestEnv, TestHub, TestRegistry};

/// A server that repeats the login it was sent puts it into no log of ours.
#[test]
fn a_server_that_echoes_the_login() {
    for status in [400, 401, 403, 404, 429, 500, 502] {
        let registry = TestRegistry::new()
            .require_basic(USER, PASSWORD)
            .hook(move |request| {
                let sent = request.header("authorization")?.to_owned();
                let (user, password) = request.basic().unwrap_or_default();
                let text = format!("you sent {sent}, that is {user} with {password}");
                let body = json!({"errors": [{"code": "ECHO", "message": text}]});
                Some(
                    Response::json(status, &body)
                        .header("Warning", format!("299 - \"{sent} {password}\""))
                        .header("WWW-Authenticate", "Basic realm=\"again\""),
                )
            })
            .start();
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", "--retries", "0", &registry.repo("demo/app")], |seen| {
            assert_ne!(seen.output.code, 0, "{}", seen.output);
        });
    }
    let service = super::token_service("127.0.0.1");
    let field = super::bearer(&format!("{}/token", service.origin()));
    let registry = TestRegistry::new()
        .hook(move |request| {
            Some(match request.bearer() {
                Some(BEARER) => {
                    let body = json!({"message": format!("bad token {BEARER}")});
                    Response::json(400, &body)
                }
                _ => super::challenge(&field),
            })
        })
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(1).says("bad token ***");
    });
}

/// Answers that hold a text where a message quotes it.
fn quoting(secret: &str, trap: &str) -> Vec<Response> {
    let page = || list(&["1.0"]);
    let to = |location: String| Response::new(307).header("Location", location);
    vec![
        to(format!("http://{USER}:{secret}@{trap}/")),
        to(format!("http://{secret}@{trap}/")),
        to(format!("ftp://{trap}/{secret}")),
        to(format!("ftp://{trap}/?token={secret}")),
        to(format!("http://{trap}/{secret}?n={secret}")),
        page().header("Link", format!("<http://{trap}/{secret}?last={secret}>; rel=next")),
        page().header("Link", format!("<http://x:{secret}@{trap}/?last=1>; rel=next")),
        page().header("Link", format!("</v2/demo/app/tags/list?last={secret}>; rel=next")),
        page().header("Warning", format!("299 - \"{secret}\"")),
        page().header("Content-Encoding", secret),
        Response::with_body(200, secret, "<html>"),
        Response::new(401).header("WWW-Authenticate", format!("{secret} realm=x")),
        Response::new(401).header("WWW-Authenticate", format!("Bearer realm=\"ftp://{secret}\"")),
        Response::new(401)
            .header("WWW-Authenticate", format!("Bearer realm=\"http://u:{secret}@{trap}/\"")),
        Response::json(400, &json!({"message": format!("not {secret}")})),
        Response::json(418, &json!({"errors": [{"code": secret, "message": secret}]})),
    ]
}

/// As it was sent, and as a URL would hold it.
fn spellings(secret: &str) -> [String; 2] {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    [secret.to_owned(), secret.bytes().map(escape).collect()]
}

const PUNCTUATED: &str = "S3cr3t+canary/7f3a=";

/// Ways in which servers write what they repeat. A password of the tests has what each escapes.
const RECODED: &str = "S3cr3t \"can<ary/&7f\\+3a=";

fn recoded() -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let go = RECODED.replace('\\', "\\\\").replace('"', "\\\"");
    let html = RECODED.replace('&', "&amp;").replace('"', "&#34;").replace('<', "&lt;");
    let percent = |is_kept: fn(usize, u8) -> bool| -> String {
        let code = |(index, byte): (usize, u8)| {
            if is_kept(index, byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") }
        };
        RECODED.bytes().enumerate().map(code).collect()
    };
    let every_third = percent(|index, byte| index % 3 > 0 && byte != b'%');
    vec![
        go.replace('<', "\\u003c").replace('&', "\\u0026"),
        go.replace('"', "\\u0022").replace('S', "\\x53"),
        html.clone(),
        html.replace('&', "\\u0026"),
        percent(|_, byte| byte.is_ascii_alphanumeric()).replace("%20", "+"),
        every_third.clone(),
        every_third.replace('%', "%25"),
        STANDARD.encode(format!("{USER}:{RECODED}")),
        URL_SAFE_NO_PAD.encode(format!("you sent {RECODED}, {USER}")),
        STANDARD.encode(format!(" {RECODED}")).replace('=', "%3D"),
    ]
}

/// Whatever the encoding, nothing of it comes out.
#[test]
fn what_is_repeated_in_another_encoding() {
    for spelling in recoded() {
        for answer in 0..3 {
            let said = spelling.clone();
            let registry = TestRegistry::new()
                .require_basic(USER, RECODED)
                .hook(move |request: &Request| {
                    request.header("authorization")?;
                    Some(match answer {
                        0 => Response::json(400, &json!({"message": format!("not with {said}!")})),
                        1 => list(&["1.0"]).header("Warning", format!("299 - \"<{said}>\"")),
                        _ => Response::new(307).header("Location", format!("ftp://h/{said}/x")),
                    })
                })
                .start();
            let env = TestEnv::new();
            env.login(&registry.host(), USER, RECODED);
            env.canary(&spelling);
            // What is left of it in the middle would be as bad.
            env.canary(&spelling[spelling.len() / 3..spelling.len() / 3 + 8]);
            let output = env.run(["ls", "-v", "--retries", "0", &registry.repo("demo/app")]);
            output.stderr_has("***");
            let sent = registry.requests().iter().any(|r| r.header("authorization").is_some());
            assert!(sent, "the login was to be sent\n{}", registry.log());
        }
    }
}

/// The registry itself got the login, by Basic.
#[test]
fn what_a_registry_repeats_of_the_login() {
    for spelling in spellings(PUNCTUATED) {
        let trap = Server::on("127.0.0.2", |_| Response::new(404));
        for answer in 0..quoting("", "").len() {
            let (spelling, host) = (spelling.clone(), trap.host());
            let registry = TestRegistry::new()
                .require_basic(USER, PUNCTUATED)
                .hook(move |request: &Request| {
                    request.header("authorization")?;
                    Some(quoting(&spelling, &host).swap_remove(answer))
                })
                .start();
            let env = TestEnv::new();
            env.login(&registry.host(), USER, PUNCTUATED);
            env.canary("S3cr3t%2B");
            for verbose in [None, Some("-v")] {
                let name = registry.repo("demo/app");
                env.run(["ls", "--retries", "0", &name].into_iter().chain(verbose));
            }
            let sent = registry.requests().iter().any(|r| r.header("authorization").is_some());
            assert!(sent, "the login was to be sent\n{}", registry.log());
        }
    }
}

/// Words are folded and escaped before they are shown: what is secret in them is hidden before.
#[test]
fn what_is_folded_was_hidden_before() {
    let password = "two  words\u{202e}and more";
    let registry = TestRegistry::new()
        .require_basic(USER, password)
        .hook(move |request: &Request| {
            request.header("authorization")?;
            Some(Response::json(400, &json!({"message": format!("not with {password}!")})))
        })
        .start();
    let env = logged_in("elsewhere.example");
    env.login(&registry.host(), USER, password);
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(1).says("not with ***!");
    });
}

/// The token service got it, and the registry is in league with it.
#[test]
fn what_a_registry_learns_from_its_token_service() {
    let trap = Server::trap("127.0.0.3");
    let service = super::token_service("127.0.0.1");
    for answer in 0..quoting("", "").len() {
        let (field, host) = (super::bearer(&format!("{}/token", service.origin())), trap.host());
        let registry = TestRegistry::new()
            .hook(move |request: &Request| {
                Some(match request.bearer() {
                    Some(BEARER) => quoting(PASSWORD, &host.replace("127.0.0.3", "127.0.0.1"))
                        .swap_remove(answer),
                    _ => super::challenge(&field),
                })
            })
            .start();
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", "--retries", "0", &registry.repo("demo/app")], |_| {});
        let told = service.requests().iter().any(|request| request.basic().is_some());
        assert!(told, "the login was to be sent\n{}", service.log());
        service.clear();
    }
    trap.assert_untouched();
}

/// An identity token, traded by POST, comes back in the refusal.
#[test]
fn what_a_token_service_repeats_of_an_identity_token() {
    for (status, is_quoted) in [(401, true), (403, false), (418, true)] {
        for spelling in spellings(PUNCTUATED) {
            let service = Server::new(move |_| {
                let details = format!("bad refresh token {spelling}");
                Response::json(status, &json!({ "details": details }))
            });
            let field = super::bearer(&format!("{}/token", service.origin()));
            let registry = super::insists_on(&field);
            let env = TestEnv::new();
            let auths = json!({registry.host(): {"identitytoken": PUNCTUATED, "auth": ""}});
            env.docker_config_json(&json!({ "auths": auths }));
            env.canary(PUNCTUATED);
            env.canary("S3cr3t%2B");
            three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
                assert_ne!(seen.output.code, 0, "{}", seen.output);
                if is_quoted {
                    seen.says("bad refresh token ***");
                }
            });
            assert!(service.requests().iter().any(|request| request.method == "POST"));
        }
    }
}

/// Docker Hub's API gets the login as JSON.
#[test]
fn what_the_hub_repeats_of_the_login() {
    let answers: [fn() -> Response; 3] = [
        || Response::json(401, &json!({"message": format!("no: {PASSWORD}")})),
        || Response::json(418, &json!({"detail": format!("no: {PASSWORD}")})),
        || Response::new(302).header("Location", format!("http://x:{PASSWORD}@h/?{PASSWORD}")),
    ];
    for answer in answers {
        let hub = TestHub::new()
            .account(USER, PASSWORD, Secret::Password)
            .hook(move |_| Some(answer()))
            .start();
        let env = TestEnv::new();
        env.login("https://index.docker.io/v1/", USER, PASSWORD);
        env.config_toml(&format!(
            "profile = \"test\"\n[profiles.test]\nregistry = \"docker.io\"\nhub-api = \"{}\"\n",
            hub.origin()
        ));
        three_ways(&env, &["repos"], |seen| {
            assert_ne!(seen.output.code, 0, "{}", seen.output);
        });
        assert!(hub.server().requests().iter().any(|request| request.method == "POST"));
    }
}

/// A message folds a server's words and cuts them short: a secret is hidden before that.
#[test]
fn a_login_is_hidden_before_its_words_are_folded() {
    const BLANKS: &str = "S3cr3t  canary\t7f3a";
    for before in [String::new(), "x".repeat(4_080)] {
        let registry = TestRegistry::new()
            .require_basic(USER, BLANKS)
            .hook(move |request: &Request| {
                request.header("authorization")?;
                Some(Response::json(400, &json!({"message": format!("{before}{BLANKS} is bad")})))
            })
            .start();
        let env = TestEnv::new();
        env.login(&registry.host(), USER, BLANKS);
        env.canary("S3cr3t");
        env.canary("7f3a");
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(1).says("***");
        });
    }
}
