//! Registries that want to see a certificate of ours.

use super::{HOST, Net};
use crate::support::tls::{Authority, Identity};
use crate::support::{TestEnv, TestRegistry, TokenRules};

struct Mutual {
    authority: Authority,
    server: Identity,
    client: Identity,
    stranger: Identity,
}

fn mutual() -> Mutual {
    let authority = Authority::new("corp");
    let server = authority.issue(&["registry.corp.test", "127.0.0.1"]);
    let client = authority.issue_client("me");
    let stranger = Authority::new("strangers").issue_client("me");
    Mutual { authority, server, client, stranger }
}

impl Mutual {
    fn start(&self) -> TestRegistry {
        let config = self.server.mutual_config(&self.authority);
        TestRegistry::new().tags("a", ["1"]).tls(config).start()
    }
}

const SHOW: &str = "hint: pass one that the server accepts: --cert-file client.crt --key-file client.key (in a \
                    profile: client-cert, client-key)\n";

#[test]
fn the_certificate_comes_from_flags_profile_or_certs_d() {
    let parts = mutual();
    let registry = parts.start();
    let net = Net::new();
    net.place(&registry, HOST);
    let ca = net.file("ca.crt", parts.authority.pem());
    let cert = net.file("client.crt", parts.client.cert_pem());
    let key = net.file("client.key", parts.client.key_pem());
    let (wrong, wrong_key) = (
        net.file("wrong.crt", parts.stranger.cert_pem()),
        net.file("wrong.key", parts.stranger.key_pem()),
    );
    let image = format!("{HOST}/a");
    let flags = ["--cert-file", &*cert, "--key-file", &*key];
    let trusting = [&["ls", "--ca-file", &*ca][..], &flags, &[&*image]].concat();
    net.env.run(trusting).code(0).stdout("1\n");
    net.env.run([&["ls", "-k"][..], &flags, &[&*image]].concat()).code(0).stdout("1\n");

    let none = net.env.run(["ls", "--ca-file", &ca, &image]);
    none.code(5).stderr_has("the server requires a client certificate").stderr_has(SHOW);
    let other = ["ls", "-k", "--cert-file", &*wrong, "--key-file", &*wrong_key, &*image];
    let output = net.env.run(other);
    output.code(5).stderr_has("the server rejected the client certificate").stderr_has(SHOW);

    let profile = |more: &str| {
        net.env.config_toml(&format!(
            "[profiles.lab]\nregistry = \"{HOST}\"\nclient-cert = \"{cert}\"\nclient-key = \
             \"{key}\"\n{more}\n"
        ));
    };
    for more in [&*format!("ca-file = \"{ca}\""), "insecure = true"] {
        profile(more);
        net.env.run(["ls", &image]).code(0).stdout("1\n");
    }
    net.env.config_toml("");

    // Of two pairs the server picks the one that its authority has signed, whatever the order.
    let place = |name: &str| format!("home/.config/containers/certs.d/{HOST}/{name}");
    net.file(&place("ca.crt"), parts.authority.pem());
    net.file(&place("a.cert"), parts.stranger.cert_pem());
    net.file(&place("a.key"), parts.stranger.key_pem());
    net.env.run(["ls", &image]).code(5).stderr_has("rejected the client certificate");
    net.file(&place("b.cert"), parts.client.cert_pem());
    net.file(&place("b.key"), parts.client.key_pem());
    net.env.run(["ls", &image]).code(0).stdout("1\n");
    net.env.run(["ls", "-k", &image]).code(0).stdout("1\n");
}

#[test]
fn on_loopback_a_refusal_is_no_reason_for_plain_http() {
    let parts = mutual();
    let registry = parts.start();
    let env = TestEnv::new();
    let image = registry.repo("a");
    let output = env.run(["ls", &image]);
    output
        .code(5)
        .stdout("")
        .stderr_has("the server requires a client certificate")
        .stderr_has(SHOW);
    assert_eq!(registry.server().plain_probes(), 0, "{}", registry.log());
    let cert = env.write("client.crt", parts.client.cert_pem()).display().to_string();
    let key = env.write("client.key", parts.client.key_pem()).display().to_string();
    for way in [&[][..], &["-k"]] {
        let flags = ["--cert-file", &*cert, "--key-file", &*key, &*image];
        env.run([&["ls"][..], way, &flags].concat()).code(0).stdout("1\n").silent();
    }
}

#[test]
fn another_host_never_sees_it() {
    let parts = mutual();
    for (service, code) in [("registry.corp.test:6000", 0), ("auth.corp.test:6000", 5)] {
        let net = Net::new();
        let rules =
            TokenRules { realm: format!("https://{service}/token"), ..TokenRules::default() };
        let server = parts.authority.issue(&["registry.corp.test", "auth.corp.test"]);
        let config = server.mutual_config(&parts.authority);
        let registry =
            TestRegistry::new().tags("a", ["1"]).require_token(rules).tls(config).start();
        net.place(&registry, HOST);
        net.place_service(&registry, service);
        let ca = net.file("ca.crt", parts.authority.pem());
        let cert = net.file("client.crt", parts.client.cert_pem());
        let key = net.file("client.key", parts.client.key_pem());
        // Not even when it is stored for that host: a registry names it, not the user.
        for name in ["client.cert", "client.key"] {
            let content = match name {
                "client.cert" => parts.client.cert_pem(),
                _ => parts.client.key_pem(),
            };
            net.file(
                &format!("home/.config/containers/certs.d/auth.corp.test:6000/{name}"),
                content,
            );
        }
        let image = format!("{HOST}/a");
        let run = net.env.command(["ls", "--cert-file", &cert, "--key-file", &key, &image]);
        let output = run.var("SSL_CERT_FILE", &ca).run();
        output.code(code);
        if code != 0 {
            output.stderr_has(&format!("{service}: the server requires a client certificate"));
        }
    }
}
