//! Who is trusted, for which host, and what is said when somebody is not. Hosts that are not
//! loopback have names that a proxy leads to listeners on loopback.

mod mutual;
mod trust;

use crate::support::tls::{Authority, Identity};
use crate::support::{Proxy, TestEnv, TestRegistry, TokenRules};

/// The registry of these tests, as the user writes it.
const HOST: &str = "registry.corp.test:5000";

/// A test's environment, and the proxy through which it sees the network.
struct Net {
    env: TestEnv,
    proxy: Proxy,
}

impl Net {
    fn new() -> Self {
        let proxy = Proxy::new();
        let env = TestEnv::new().var("HTTPS_PROXY", proxy.url()).var("HTTP_PROXY", proxy.url());
        Net { env, proxy }
    }

    /// Makes a registry known under this name; its token service, if any, under another.
    fn place(&self, registry: &TestRegistry, host: &str) {
        self.proxy.add_route(host, registry.host().parse().expect("host and port"));
    }

    fn place_service(&self, registry: &TestRegistry, host: &str) {
        let address = registry.token_service().server().host();
        self.proxy.add_route(host, address.parse().expect("host and port"));
    }

    /// Writes a file and returns its path as text.
    fn file(&self, name: &str, content: &str) -> String {
        self.env.write(name, content).display().to_string()
    }
}

/// An open registry that shows this certificate.
fn showing(identity: &Identity) -> TestRegistry {
    TestRegistry::new().tags("a", ["1"]).tls(identity.server_config()).start()
}

#[test]
fn settings_do_not_reach_the_token_service_of_another_name() {
    let authority = Authority::new("corp");
    let identity = authority.issue(&["registry.corp.test", "auth.corp.test"]);
    let start = |realm: &str| {
        let rules = TokenRules { realm: realm.into(), ..TokenRules::default() };
        let builder = TestRegistry::new().tags("a", ["1"]).require_token(rules);
        builder.tls(identity.server_config()).start()
    };
    let (far, near) = ("auth.corp.test:6000", "registry.corp.test:6000");
    for (service, shared) in [(far, false), (near, true)] {
        let net = Net::new();
        let registry = start(&format!("https://{service}/token"));
        net.place(&registry, HOST);
        net.place_service(&registry, service);
        let ca = net.file("ca.crt", authority.pem());
        let image = format!("{HOST}/a");
        for way in [&["-k"][..], &["--ca-file", &ca]] {
            registry.server().clear();
            let output =
                net.env.run(["ls"].into_iter().chain(way.iter().copied()).chain([&*image]));
            if shared {
                output.code(0).stdout("1\n");
                continue;
            }
            output.code(5).stdout("").stderr_has(&format!("{service}: certificate not accepted"));
            output.stderr_has(&format!("/etc/docker/certs.d/{service}/ca.crt"));
            output.stderr_has("SSL_CERT_FILE").stderr_lacks("-k").stderr_lacks("--ca-file");
            registry.server().assert_exchanges(&["GET /v2/a/tags/list 401"]);
        }
        assert_eq!(registry.token_service().requests().is_empty(), !shared);
        // What is stored for the other host itself, and what the system trusts, does count.
        let run = net.env.command(["ls", &image]).var("SSL_CERT_FILE", &ca);
        run.run().code(0).stdout("1\n");
        net.file(&format!("home/.config/containers/certs.d/{service}/ca.crt"), authority.pem());
        net.env.run(["ls", "-k", &image]).code(0).stdout("1\n");
    }
}

#[test]
fn settings_do_not_reach_where_a_redirect_leads() {
    let authority = Authority::new("corp");
    let identity = authority.issue(&["registry.corp.test", "cdn.corp.test"]);
    let net = Net::new();
    let target = showing(&identity);
    net.place(&target, "cdn.corp.test:7000");
    let registry = TestRegistry::new()
        .tags("a", ["1"])
        .hook(|request| {
            let location = format!("https://cdn.corp.test:7000{}", request.target());
            Some(crate::support::Response::new(307).header("Location", location))
        })
        .tls(identity.server_config())
        .start();
    net.place(&registry, HOST);
    let ca = net.file("ca.crt", authority.pem());
    let image = format!("{HOST}/a");
    for way in [&["-k"][..], &["--ca-file", &ca]] {
        let output = net.env.run(["ls"].into_iter().chain(way.iter().copied()).chain([&*image]));
        output.code(5).stdout("").stderr_has("cdn.corp.test:7000: certificate not accepted");
        output.stderr_has("certs.d/cdn.corp.test:7000/ca.crt").stderr_lacks("-k");
        assert_eq!(target.requests().len(), 0, "{}", target.log());
    }
    net.file("home/.docker/certs.d/cdn.corp.test:7000/ca.crt", authority.pem());
    net.env.run(["ls", "-k", &image]).code(0).stdout("1\n");
}

#[test]
fn loopback_registries_are_tried_over_https_and_then_http() {
    let secure = showing(&Identity::self_signed_ca(&["elsewhere.test"]));
    let plain = TestRegistry::new().tags("a", ["1"]).start();
    let env = TestEnv::new();
    for way in [&[][..], &["-k"]] {
        for registry in [&secure, &plain] {
            let image = registry.repo("a");
            let arguments = ["ls"].into_iter().chain(way.iter().copied()).chain([&*image]);
            env.run(arguments).code(0).stdout("1\n").silent();
        }
    }
    assert_eq!((secure.server().plain_probes(), plain.server().tls_probes()), (0, 2));
    let output = env.run(["ls", "--plain-http", &plain.repo("a")]);
    output.code(0).stdout("1\n");
    assert_eq!(plain.server().tls_probes(), 2, "--plain-http asks for no TLS");
    // A named authority is a wish for verified https, on loopback too: no way back to http.
    let ca = env.write("ca.crt", Authority::new("any").pem()).display().to_string();
    let output = env.run(["ls", "--ca-file", &ca, &plain.repo("a")]);
    output.code(5).stdout("").stderr_has("TLS handshake failed").stderr_has("--plain-http");
    let output = env.run(["ls", "--ca-file", &ca, &secure.repo("a")]);
    output.code(5).stdout("").stderr_has("certificate not accepted: self-signed");
    assert_eq!((secure.server().plain_probes(), plain.requests().len()), (0, 3));
}

#[test]
fn another_host_is_http_only_when_the_user_says_so() {
    let net = Net::new();
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    net.place(&registry, HOST);
    let image = format!("{HOST}/a");
    for way in [&[][..], &["-k"]] {
        let output = net.env.run(["ls"].into_iter().chain(way.iter().copied()).chain([&*image]));
        output.code(5).stdout("").stderr_has("TLS handshake failed").stderr_has("hint: ");
        output.stderr_has("--plain-http");
    }
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
    net.env.run(["ls", "--plain-http", &image]).code(0).stdout("1\n");
    net.env.config_toml(&format!("[profiles.lab]\nregistry = \"{HOST}\"\nplain-http = true\n"));
    net.env.run(["ls", &image]).code(0).stdout("1\n");
    let output = net.env.run(["ls", "-k", &image]);
    output.code(5).stderr_has("TLS handshake failed");
}

#[test]
fn ipv6_literals() {
    // A machine without ::1 cannot have this test; then it proves that the name is understood.
    let listens = std::net::TcpListener::bind("[::1]:0").is_ok();
    let env = TestEnv::new();
    if !listens {
        env.run(["ls", "[::1]:9/a"]).code(5).stderr_has("[::1]:9");
        return;
    }
    let plain = TestRegistry::new().tags("a", ["1"]).address("::1").start();
    env.run(["ls", &plain.repo("a")]).code(0).stdout("1\n");
    assert_eq!(plain.requests()[0].header("host"), Some(&*plain.host()));
    let authority = Authority::new("six");
    for (names, code) in [(["::1"], 0), (["::2"], 5)] {
        let identity = authority.issue(&names);
        let builder = TestRegistry::new().tags("a", ["1"]).address("::1");
        let registry = builder.tls(identity.server_config()).start();
        let place = format!("home/.config/containers/certs.d/{}/ca.crt", registry.host());
        env.write(&place, authority.pem());
        let output = env.run(["ls", &registry.repo("a")]);
        output.code(code);
        if code == 5 {
            output.stderr_has("issued for ").stderr_has("::2").stderr_has("not for this host");
        }
    }
}
