//! Proxies by Go's rules, from end to end: which variable is read, who is asked for what, and
//! what is said when that does not work. The hosts have names that only the proxy knows.

use crate::support::tls::Authority;
use crate::support::{Proxy, Response, TestEnv, TestRegistry};

const PASSWORD: &str = "pr0xy-canary-%/@:-4b1c";

/// A registry over TLS for these names, and a file that holds its authority.
fn secure(env: &TestEnv, names: &[&str]) -> (TestRegistry, String) {
    let authority = Authority::new("a private authority");
    let identity = authority.issue(names);
    let registry = TestRegistry::new().tags("a", ["1"]).tls(identity.server_config()).start();
    let file = env.write("ca.crt", authority.pem());
    (registry, file.display().to_string())
}

fn proxy_to(registry: &TestRegistry, host: &str) -> Proxy {
    Proxy::new().route(host, registry.host().parse().expect("host and port"))
}

#[test]
fn https_goes_through_a_tunnel_and_http_with_its_whole_url() {
    let env = TestEnv::new();
    let (registry, ca) = secure(&env, &["registry.test"]);
    let proxy = proxy_to(&registry, "registry.test:443");
    let run = env.command(["ls", "--ca-file", &ca, "registry.test/a"]);
    run.var("HTTPS_PROXY", proxy.url()).run().code(0).stdout("1\n").silent();
    assert_eq!(proxy.log(), ["CONNECT registry.test:443"]);
    registry.server().assert_exchanges(&["GET /v2/a/tags/list 200"]);

    let registry = TestRegistry::new()
        .tags("a", ["1", "2"])
        .page_size(1)
        .max_n(1, crate::support::registry::Over::Clamp)
        .start();
    let proxy = proxy_to(&registry, "registry.test:5000");
    let run = env.command(["ls", "--plain-http", "registry.test:5000/a"]);
    run.var("HTTP_PROXY", proxy.url()).run().code(0).stdout("2\n1\n").silent();
    let expected = ["a/tags/list", "a/tags/list?"];
    assert_eq!(proxy.log().len(), 2, "{:?}", proxy.log());
    for (line, start) in proxy.log().iter().zip(expected) {
        assert!(line.starts_with(&format!("GET http://registry.test:5000/v2/{start}")), "{line}");
    }
    let host = registry.requests()[0].header("host").map(str::to_owned);
    assert_eq!(host.as_deref(), Some("registry.test:5000"));
}

#[test]
fn a_token_service_goes_through_the_proxy_too() {
    let env = TestEnv::new();
    let rules = crate::support::TokenRules {
        realm: "http://auth.corp.test:6000/token".into(),
        identity_tokens: vec![("alice".into(), "canary-identity".into())],
        ..crate::support::TokenRules::default()
    };
    let registry = TestRegistry::new().tags("a", ["1"]).require_token(rules).start();
    let proxy = proxy_to(&registry, "registry.corp.test:5000");
    let service = registry.token_service().server().host();
    proxy.add_route("auth.corp.test:6000", service.parse().expect("host and port"));
    // The login is a POST: a body behind a rewritten head.
    let entry = serde_json::json!({"identitytoken": "canary-identity"});
    env.docker_config_json(&serde_json::json!({"auths": {"registry.corp.test:5000": entry}}));
    env.canary("canary-identity");
    env.config_toml(
        "[profiles.lab]\nregistry = \"registry.corp.test:5000\"\nplain-http = true\n\
         token-hosts = [\"http://auth.corp.test\"]\n",
    );
    let run = env.command(["ls", "registry.corp.test:5000/a"]);
    run.var("http_proxy", proxy.url()).run().code(0).stdout("1\n");
    assert_eq!(
        proxy.log(),
        [
            "GET http://registry.corp.test:5000/v2/a/tags/list",
            "POST http://auth.corp.test:6000/token",
            "GET http://registry.corp.test:5000/v2/a/tags/list",
        ]
    );
}

/// 0.0.0.0 is no loopback address by the rules, and yet leads to this machine: what is not
/// proxied can be reached as well.
#[test]
fn which_variables_decide() {
    let env = TestEnv::new();
    let (registry, ca) = secure(&env, &["0.0.0.0"]);
    let port = registry.server().port();
    let host = format!("0.0.0.0:{port}");
    let proxy = proxy_to(&registry, &host);
    let trap = Proxy::new();
    let (with_port, other_port) = (host.clone(), format!("0.0.0.0:{}", port ^ 1));
    let no_scheme = proxy.host();
    let url = proxy.url();
    let cases: [(&[(&str, &str)], bool); 17] = [
        (&[], false),
        (&[("HTTPS_PROXY", &url)], true),
        (&[("https_proxy", &url)], true),
        (&[("HTTPS_PROXY", &no_scheme)], true),
        (&[("HTTPS_PROXY", &url), ("https_proxy", "http://127.0.0.1:1")], true),
        (&[("HTTP_PROXY", &url), ("http_proxy", &url)], false),
        (&[("ALL_PROXY", &url), ("all_proxy", &url)], false),
        (&[("HTTPS_PROXY", ""), ("https_proxy", &url)], true),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", "*")], false),
        (&[("HTTPS_PROXY", &url), ("no_proxy", "0.0.0.0")], false),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", "0.0.0.0/8, 10.0.0.0/8")], false),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", "10.0.0.0/8,x")], true),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", &with_port)], false),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", &other_port)], true),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", "0.0.0.0.example.com")], true),
        (&[("HTTPS_PROXY", &url), ("REQUEST_METHOD", "GET")], true),
        (&[("HTTPS_PROXY", &url), ("NO_PROXY", "127.0.0.1")], true),
    ];
    for (vars, proxied) in cases {
        proxy.clear();
        registry.server().clear();
        let image = format!("{host}/a");
        let mut run = env.command(["ls", "--ca-file", &ca, &image]).var("all_proxy", trap.url());
        for (name, value) in vars {
            run = run.var(name, *value);
        }
        run.run().code(0).stdout("1\n").silent();
        let expected: &[String] = &[format!("CONNECT {host}")];
        assert_eq!(proxy.log(), if proxied { expected } else { &[] }, "{vars:?}");
        registry.server().assert_exchanges(&["GET /v2/a/tags/list 200"]);
    }
    assert_eq!(trap.log(), [] as [String; 0], "ALL_PROXY is not Go's");
}

#[test]
fn names_in_no_proxy_cover_their_subdomains() {
    let env = TestEnv::new();
    let (registry, ca) = secure(&env, &["hub.registry.test"]);
    let proxy = proxy_to(&registry, "hub.registry.test:5000");
    for (no_proxy, proxied) in [
        ("registry.test", false),
        (".registry.test", false),
        ("*.registry.test", false),
        ("HUB.Registry.Test:5000", false),
        ("registry.test:443", true),
        ("istry.test", true),
        (".hub.registry.test", true),
    ] {
        proxy.clear();
        let run = env.command(["ls", "--ca-file", &ca, "hub.registry.test:5000/a"]);
        let run = run.var("HTTPS_PROXY", proxy.url()).var("NO_PROXY", no_proxy);
        let output = run.run();
        // Without the proxy nobody knows this name.
        output.code(if proxied { 0 } else { 5 });
        assert_eq!(proxy.log().len(), usize::from(proxied), "NO_PROXY={no_proxy}\n{output}");
    }
}

#[test]
fn loopback_is_never_proxied() {
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    let trap = Proxy::refusing(403);
    let env = TestEnv::new();
    for host in [registry.host(), format!("localhost:{}", registry.server().port())] {
        let image = format!("{host}/a");
        let run = env.command(["ls", &image]);
        let run = run.var("HTTP_PROXY", trap.url()).var("HTTPS_PROXY", trap.url());
        run.run().code(0).stdout("1\n").silent();
    }
    assert_eq!(trap.log(), [] as [String; 0]);
}

#[test]
fn the_proxy_s_login_is_decoded_sent_to_it_and_never_shown() {
    let env = TestEnv::new();
    env.canary(PASSWORD);
    env.canary("pr0xy-canary-%25%2F%40%3A-4b1c");
    let (registry, ca) = secure(&env, &["registry.test"]);
    let address = registry.host().parse().expect("host and port");
    let proxy = Proxy::with_login("ann lee", PASSWORD).route("registry.test:443", address);
    let with_login = format!("http://ann%20lee:pr0xy-canary-%25%2F%40%3A-4b1c@{}", proxy.host());
    let run = env.command(["ls", "-v", "--ca-file", &ca, "registry.test/a"]);
    run.var("HTTPS_PROXY", &with_login).run().code(0).stdout("1\n");
    assert_eq!(registry.requests()[0].header("proxy-authorization"), None);

    let plain = TestRegistry::new().tags("a", ["1"]).start();
    proxy.add_route("registry.test:5000", plain.host().parse().expect("host and port"));
    let run = env.command(["ls", "-v", "--plain-http", "registry.test:5000/a"]);
    run.var("HTTP_PROXY", &with_login).run().code(0).stdout("1\n");
    assert_eq!(plain.requests()[0].header("proxy-authorization"), None);

    // Refused, with another password: one question, one clear error, no secret in it.
    let wrong = with_login.replace("4b1c", "0000");
    env.canary("0000@");
    for arguments in [["--ca-file", &*ca, "registry.test/a"], ["-v", "--plain-http", "r.test:5/a"]]
    {
        proxy.clear();
        let run = env.command(["ls"].into_iter().chain(arguments));
        let output = run.var("HTTPS_PROXY", &wrong).var("HTTP_PROXY", &wrong).run();
        let part = format!("proxy {} requires a login (407)", proxy.host());
        output.code(5).stdout("").stderr_has(&part);
        output.stderr_has("\nhint: set HTTP").stderr_has("_PROXY=http://USER:PASSWORD@HOST:PORT");
        assert_eq!(proxy.log().len(), 1, "{:?}", proxy.log());
    }
}

#[test]
fn proxies_that_do_not_work_are_named() {
    let env = TestEnv::new();
    let refusing = Proxy::refusing(403);
    let unavailable = Proxy::refusing(503);
    let gone = TestRegistry::new().start().host();
    let cases = [
        (refusing.url(), "denied access to this host (403)"),
        (unavailable.url(), "responded with status 503"),
        (format!("http://{gone}"), "connection refused"),
        (
            "http://proxy.test:3128".to_owned(),
            "cannot resolve the proxy's host name \"proxy.test\"",
        ),
    ];
    for (proxy, part) in cases {
        let output = env.command(["ls", "registry.test/a"]).var("HTTPS_PROXY", &proxy).run();
        output.code(5).stdout("").stderr_has("registry.test: ").stderr_has(part);
        output.stderr_has("\nhint: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY");
    }
}

/// A URL that cannot be used may hold its password anywhere: nothing of it is shown.
#[test]
fn a_proxy_that_is_not_understood_is_named_by_its_variable() {
    let env = TestEnv::new();
    env.canary("canary-socks");
    env.canary("socks-cana");
    let cases = [
        ("socks5://u:canary-socks@127.0.0.1:9", "unsupported proxy type in "),
        ("ftp://u:canary-socks@127.0.0.1:9", "unsupported proxy type in "),
        ("http://u:canary-socks@", "invalid proxy URL in "),
        ("http://[canary-socks", "invalid proxy URL in "),
        ("http://u:canary-socks/@127.0.0.1:9", "invalid proxy URL in "),
        ("http://u:9/canary-socks@127.0.0.1:9", "invalid proxy URL in "),
        ("http://u:9?canary-socks@127.0.0.1:9", "invalid proxy URL in "),
        ("http://u:9#canary-socks@127.0.0.1:9", "invalid proxy URL in "),
        ("u:canary-socks?@127.0.0.1:9", "invalid proxy URL in "),
        ("http://canary-socks/@127.0.0.1:9", "invalid proxy URL in "),
        ("http://u:canary-socks\\@127.0.0.1:9", "invalid proxy URL in "),
        ("http://u:canary-socks 1@127.0.0.1:9", "invalid proxy URL in "),
        ("https://u:canary-socks%zz@127.0.0.1:9/", "proxy "),
    ];
    for (variable, name) in [("HTTPS_PROXY", "registry.test/a"), ("http_proxy", "h.test:5/a")] {
        for (proxy, part) in cases {
            let plain = ["--plain-http"].into_iter().filter(|_| variable == "http_proxy");
            let run = env.command(["ls", "-v", "--retries", "0", name].into_iter().chain(plain));
            let output = run.var(variable, proxy).run();
            output.code(5).stdout("").stderr_has(part);
            if part != "proxy " {
                output.stderr_has(&format!("{part}{variable}")).stderr_has("\nhint: ");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn variables_that_are_no_text_are_named() {
    use std::os::unix::ffi::OsStringExt as _;
    let env = TestEnv::new();
    env.canary("canary-bytes");
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    let bytes = || std::ffi::OsString::from_vec(b"http://u:canary-bytes\xff@127.0.0.1:9".to_vec());
    for variable in ["HTTP_PROXY", "https_proxy", "NO_PROXY", "no_proxy"] {
        let output = env.command(["ls", &registry.repo("a")]).var(variable, bytes()).run();
        output.code(2).stdout("").stderr_has(&format!("error: {variable} is not valid UTF-8"));
        output.stderr_has("\nhint: ");
    }
    // What is not read cannot be wrong.
    let run = env.command(["ls", &registry.repo("a")]).var("ALL_PROXY", bytes());
    let run = run.var("HTTP_PROXY", "http://127.0.0.1:9").var("http_proxy", bytes());
    run.run().code(0).stdout("1\n");
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

/// The proxy may be in league with a registry, which repeats the proxy's login.
#[test]
fn the_proxy_s_login_is_hidden_in_what_servers_say() {
    const CODED: &str = "pr0xy%2Dcanary%2d%25%2F%40%3A%2D4b1c";
    let pair = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("ann lee:{PASSWORD}"),
    );
    for spelling in [PASSWORD, CODED, &pair] {
        let said = spelling.to_owned();
        let answers: [fn(&str) -> Response; 5] = [
            |said| Response::json(400, &serde_json::json!({"message": format!("not {said}!")})),
            |said| {
                Response::json(200, &serde_json::json!({"tags": ["1"]}))
                    .header("Warning", format!("299 - \"{said}\""))
            },
            |said| Response::new(307).header("Location", format!("http://elsewhere.test/{said}")),
            |said| Response::new(307).header("Location", format!("ftp://elsewhere.test/?{said}")),
            |said| Response::with_body(200, said, "x").header("Content-Encoding", said),
        ];
        for answer in answers {
            let env = TestEnv::new();
            env.canary(PASSWORD);
            env.canary(CODED);
            env.canary(&pair);
            let said = said.clone();
            let registry = TestRegistry::new().hook(move |_| Some(answer(&said))).start();
            let address = registry.host().parse().expect("host and port");
            let proxy = Proxy::with_login("ann lee", PASSWORD).route("registry.test:5000", address);
            let url = format!("http://ann%20lee:pr0xy-canary-%25%2F%40%3A-4b1c@{}", proxy.host());
            for command in ["ls", "check"] {
                let name =
                    if command == "ls" { "registry.test:5000/a" } else { "registry.test:5000" };
                let run = env.command([command, "-v", "--retries", "0", "--plain-http", name]);
                let output = run.var("HTTP_PROXY", &url).run();
                let said = output.stderr.contains("***") || output.stderr.contains("?REDACTED");
                assert!(said || command == "check", "{output}");
            }
            assert!(!registry.requests().is_empty(), "{}", registry.log());
        }
    }
}

#[test]
fn an_https_proxy_is_trusted_as_the_system_says_and_sees_no_client_certificate() {
    let env = TestEnv::new();
    let proxy = TestRegistry::new()
        .tls(Authority::new("nobody knows").issue(&["127.0.0.1"]).server_config())
        .start();
    let url = format!("https://{}", proxy.host());
    // -k is the registry's, not the proxy's.
    let output = env.command(["ls", "-k", "registry.test/a"]).var("HTTPS_PROXY", url).run();
    output
        .code(5)
        .stderr_has(&format!("proxy {}: TLS", proxy.host()))
        .stderr_has("unknown authority");
    assert_eq!(proxy.requests().len(), 0);
}
