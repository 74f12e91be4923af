//! T19, T22: TLS settings of one registry do not apply to another host; proxies see no secrets.

use super::{BEARER, PASSWORD, USER, bearer, challenge, list, logged_in, three_ways};
use crate::support::tls::{Authority, Identity};
use crate::support::{Proxy, Response, Server, TestEnv, TestRegistry};

fn secure(identity: &Identity, ip: &str, answer: fn() -> Response) -> Server {
    Server::start(ip, Some(identity.server_config()), move |_| answer())
}

fn token() -> Response {
    Response::json(200, &serde_json::json!({"token": BEARER}))
}

/// `-k`, a CA and a client certificate are for the registry: its redirects and token services
/// elsewhere are checked by the system's roots.
#[test]
fn settings_do_not_go_elsewhere() {
    let authority = Authority::new("hostile tests");
    let home = authority.issue(&["127.0.0.1"]);
    let away = authority.issue(&["127.0.0.2"]);
    let client = authority.issue_client("canary client");
    for redirect in [true, false] {
        let elsewhere =
            secure(&away, "127.0.0.2", if redirect { || list(&["1.0"]) } else { token });
        let url = format!("{}/x", elsewhere.origin());
        let registry = TestRegistry::new()
            .tls(home.mutual_config(&authority))
            .hook(move |_| {
                Some(if redirect {
                    Response::new(307).header("Location", &*url)
                } else {
                    challenge(&bearer(&url))
                })
            })
            .start();
        let env = logged_in(&registry.host());
        let ca = env.write("ca.pem", authority.pem()).display().to_string();
        let cert = env.write("cert.pem", client.cert_pem()).display().to_string();
        let key = env.write("key.pem", client.key_pem()).display().to_string();
        let name = registry.repo("demo/app");
        for trust in [&["-k"][..], &["--ca-file", &ca]] {
            let args = ["ls", "--cert-file", &cert, "--key-file", &key];
            let args: Vec<&str> =
                args.into_iter().chain(trust.iter().copied()).chain([&*name]).collect();
            three_ways(&env, &args, |seen| {
                seen.fails(5).says("127.0.0.2").says("certificate not accepted");
            });
        }
        assert!(!registry.requests().is_empty(), "{}", registry.log());
        assert_eq!(elsewhere.requests().len(), 0, "{}", elsewhere.log());
    }
}

/// Loopback's leniency is for the registry that was named, not for where it points.
#[test]
fn leniency_does_not_go_elsewhere() {
    let authority = Authority::new("hostile tests");
    let away = authority.issue(&["127.0.0.2"]);
    let elsewhere = secure(&away, "127.0.0.2", || list(&["1.0"]));
    let url = format!("{}/x", elsewhere.origin());
    let registry = TestRegistry::new()
        .tls(authority.issue(&["127.0.0.1"]).server_config())
        .hook(move |_| Some(Response::new(307).header("Location", &*url)))
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(5).says("127.0.0.2").says("certificate not accepted");
    });
    assert_eq!(elsewhere.requests().len(), 0, "{}", elsewhere.log());
}

/// A certificate that is not trusted is not asked twice, and no request goes out.
#[test]
fn certificates_that_are_not_accepted() {
    let authority = Authority::new("hostile tests");
    let stranger = Authority::new("somebody else");
    let identities = [
        (stranger.issue(&["127.0.0.1"]), "unknown authority"),
        (authority.issue(&["127.0.0.2"]), "issued for 127.0.0.2"),
        (authority.issue_expired(&["127.0.0.1"]), "expired"),
        (Identity::self_signed_ca(&["127.0.0.1"]), "not accepted"),
    ];
    for (identity, words) in identities {
        let registry = TestRegistry::new()
            .tags("demo/app", ["1.0"])
            .require_basic(USER, PASSWORD)
            .tls(identity.server_config())
            .start();
        let env = logged_in(&registry.host());
        let ca = env.write("ca.pem", authority.pem()).display().to_string();
        three_ways(&env, &["ls", "--ca-file", &ca, &registry.repo("demo/app")], |seen| {
            seen.fails(5).says(words);
        });
        assert_eq!(registry.requests().len(), 0, "{}", registry.log());
        assert_eq!(registry.server().failed_handshakes(), 3, "{}", registry.log());
        assert_eq!(registry.server().plain_probes(), 0, "{}", registry.log());
    }
}

/// T22: a proxy sees a CONNECT and ciphertext; its own password is in no output.
#[test]
fn a_proxy_sees_no_secret() {
    let proxy = Server::new(|_| Response::new(403));
    let env = TestEnv::new();
    env.login("registry.example", USER, PASSWORD);
    env.canary("proxy-canary-31");
    let url = format!("http://proxyuser:proxy-canary-31@{}", proxy.host());
    let env = env.var("HTTPS_PROXY", url.clone()).var("HTTP_PROXY", url);
    three_ways(&env, &["ls", "--retries", "0", "registry.example/demo/app"], |seen| {
        seen.fails(5).says("proxy");
    });
    assert!(!proxy.requests().is_empty(), "{}", proxy.log());
    for request in proxy.requests() {
        assert_eq!(request.method, "CONNECT", "{}", proxy.log());
        assert_eq!(request.header("authorization"), None, "{}", proxy.log());
    }
}

/// Proxies that answer nonsense, nothing, or for ever.
#[test]
fn hostile_proxies() {
    let answers: [fn() -> Response; 5] = [
        || crate::support::hostile::hang_up(),
        || crate::support::hostile::bytes("\u{1b}[31m nonsense"),
        || {
            crate::support::hostile::bytes(
                "HTTP/1.1 407 \u{9b}31m\r\nProxy-Authenticate: Basic\r\n\r\n",
            )
        },
        || Response::raw(|stream| drop(std::io::Read::read(stream, &mut [0]))),
        || {
            Response::raw(|stream| {
                let block = "HTTP/1.1 200 OK\r\nX: y".repeat(3_000);
                for _ in 0..2_000 {
                    if stream.write_all(block.as_bytes()).is_err() {
                        return;
                    }
                }
            })
        },
    ];
    for answer in answers {
        let proxy = Server::new(move |_| answer());
        let env = TestEnv::new().var("HTTPS_PROXY", proxy.origin());
        env.login("registry.example", USER, PASSWORD);
        let args = ["ls", "--retries", "0", "--timeout", "1", "registry.example/demo/app"];
        let output = env.command(args).deadline(super::HANGS).measured().run();
        assert_ne!(output.code, 0, "{output}");
        output.stdout("");
        output.peak_below(64 * 1024);
    }
}

/// What a profile says of a mirror's certificates is not for Docker Hub's API, to which the login goes.
#[test]
fn settings_of_a_mirror_are_not_for_docker_hub_s_api() {
    let authority = Authority::new("hostile tests");
    let hub = secure(&authority.issue(&["hub.docker.com"]), "127.0.0.1", token);
    let address = hub.host().parse().expect("host and port");
    let proxy = Proxy::new().route("hub.docker.com:443", address);
    let env = logged_in("https://index.docker.io/v1/").var("HTTPS_PROXY", proxy.url());
    let ca = env.write("ca.pem", authority.pem()).display().to_string();
    for trust in ["insecure = true".to_owned(), format!("ca-file = \"{ca}\"")] {
        env.config_toml(&format!(
            "profile = \"m\"\n[profiles.m]\nregistry = \"docker.io\"\n\
             endpoint = \"https://mirror.test\"\n{trust}\n"
        ));
        three_ways(&env, &["repos", "acme"], |seen| {
            seen.fails(5).says("hub.docker.com").says("certificate not accepted");
        });
    }
    assert_eq!(hub.requests().len(), 0, "{}", hub.log());
    assert_eq!(proxy.log(), ["CONNECT hub.docker.com:443"; 6]);
}
