//! Every certificate that a registry may show × every way to trust it × everything that it may ask for: the real
//! registry behind nginx, with the exact outcome of each. Loopback is never verified by default, so the hosts have
//! names below `registry.test`, which only a proxy knows.

use super::bulk;
use super::nginx::{Nginx, Site};
use super::registry::{Access, Registry, Storage};
use super::run::{Home, Outcome, run};
use super::tls::{Authority, Flaw, ServerCertificate};
use super::token::{KeyHeader, Rules, Signer, TokenService};
use crate::support::Proxy;

const USER: &str = "ann";
const PASSWORD: &str = "S3cr3t-canary-7f3a";
/// What the registries ask for; the names of their hosts.
const CHALLENGES: [&str; 3] = ["open", "htpasswd", "token"];

/// The certificates, in the order of nginx's ports.
const KINDS: [&str; 5] = ["private CA", "self-signed", "expired", "wrong name", "mutual"];

/// Three registries over one storage behind nginx, and the proxy that knows their names.
struct Lab {
    authority: Authority,
    certificates: Vec<ServerCertificate>,
    proxy: Proxy,
    _servers: (Vec<Registry>, TokenService, Nginx),
}

impl Lab {
    fn new() -> Lab {
        let storage = Storage::new();
        let open = Registry::open(&storage);
        bulk::put_tags(&open, "team/app", ["1.0"]);
        let users = [(USER, PASSWORD)];
        let htpasswd = Registry::start(&storage, &Access::Htpasswd(&users), None);
        let rules = Rules::new().user(USER, PASSWORD).private("team/app", USER);
        let service = TokenService::start(rules, Signer::new(KeyHeader::X5c));
        let token = service.registry_beside(&storage);
        let authority = Authority::new("authority of the lab");
        let certificates = vec![
            authority.server(Flaw::None),
            authority.server(Flaw::SelfSigned),
            authority.server(Flaw::Expired),
            authority.server(Flaw::WrongName),
            authority.server(Flaw::None).with_clients_of(&authority),
        ];
        let sites = [
            Site::new("open.registry.test", open.address()),
            Site::new("htpasswd.registry.test", htpasswd.address()),
            Site::new("token.registry.test", token.address()).location(
                "/auth/token",
                service.server().address(),
                "/token",
            ),
        ];
        let nginx = Nginx::start(&certificates.iter().collect::<Vec<_>>(), &sites);
        let proxy = Proxy::new();
        for challenge in CHALLENGES {
            for kind in 0..KINDS.len() {
                proxy.add_route(&host(challenge, kind), nginx.address(kind));
            }
        }
        let servers = (vec![open, htpasswd, token], service, nginx);
        Lab { authority, certificates, proxy, _servers: servers }
    }

    /// The authority to trust for a certificate.
    fn root(&self, kind: usize) -> &str {
        match KINDS[kind] {
            "self-signed" => self.certificates[kind].chain_pem(),
            _ => self.authority.pem(),
        }
    }

    /// Lists the tags of the repository with this way of trust.
    fn list(&self, challenge: &str, kind: usize, way: &str) -> Outcome {
        let host = host(challenge, kind);
        let home = Home::with_login(&host, USER, PASSWORD);
        let ca = home.write("ca.crt", self.root(kind)).display().to_string();
        let profile = |setting: &str| {
            let text = format!("[profiles.lab]\nregistry = \"{host}\"\n{setting}\n");
            home.write(".config/docker-tags/config.toml", text);
        };
        let (mut flags, mut roots) = (Vec::new(), String::new());
        match way {
            "none" => {}
            "--ca-file" => flags = vec!["--ca-file".to_owned(), ca],
            "profile ca-file" => profile(&format!("ca-file = \"{ca}\"")),
            "docker's certs.d" => {
                home.write(&format!(".config/docker/certs.d/{host}/ca.crt"), self.root(kind));
            }
            "podman's certs.d" => {
                home.write(&format!(".config/containers/certs.d/{host}/ca.crt"), self.root(kind));
            }
            "SSL_CERT_FILE" => roots = ca,
            "-k" => flags = vec!["-k".to_owned()],
            "profile insecure" => profile("insecure = true"),
            other => panic!("{other} is no way of trust"),
        }
        if KINDS[kind] == "mutual" {
            let (cert, key) = self.authority.client("ann's laptop");
            for (option, name, pem) in
                [("--cert-file", "me.crt", cert), ("--key-file", "me.key", key)]
            {
                flags.extend([option.to_owned(), home.write(name, pem).display().to_string()]);
            }
        }
        let image = format!("{host}/team/app");
        let mut command = home.command(super::run::client_path());
        command.args(["ls", "-v"]).args(flags).arg(&image).env("HTTPS_PROXY", self.proxy.url());
        if !roots.is_empty() {
            command.env("SSL_CERT_FILE", roots);
        }
        run(&mut command)
    }
}

fn host(challenge: &str, kind: usize) -> String {
    format!("{challenge}.registry.test:{}", 5000 + kind)
}

/// What is to come of a certificate and a way to trust it: nothing said, or this error and hint.
fn expected(kind: &str, way: &str) -> Option<(&'static str, &'static str)> {
    let skipped = matches!(way, "-k" | "profile insecure");
    let trusted = way != "none";
    match kind {
        _ if skipped => None,
        "expired" => Some(("expired", "check this machine's clock, or ask the operator")),
        "wrong name" if trusted => Some((
            "issued for other.example, not for this host",
            "use a name that the certificate is issued for",
        )),
        _ if trusted => None,
        "self-signed" => Some(("self-signed and not trusted", "trust its CA: ")),
        _ => Some(("signed by an unknown authority", "trust its CA: ")),
    }
}

#[test]
#[ignore = "needs the real docker-registry and nginx"]
fn every_certificate_and_every_way_to_trust_it() {
    let lab = Lab::new();
    let ways = [
        "none",
        "--ca-file",
        "profile ca-file",
        "docker's certs.d",
        "podman's certs.d",
        "SSL_CERT_FILE",
        "-k",
        "profile insecure",
    ];
    for (number, kind) in KINDS.into_iter().enumerate() {
        for way in ways {
            for challenge in CHALLENGES {
                let outcome = lab.list(challenge, number, way);
                let case = format!("{kind}, {way}, {challenge}");
                let shown = outcome.stdout.clone() + &outcome.stderr;
                assert!(!shown.contains(PASSWORD), "{case}: the password in {outcome}");
                let Some((reason, hint)) = expected(kind, way) else {
                    assert_eq!(
                        (outcome.code, &*outcome.stdout),
                        (Some(0), "1.0\n"),
                        "{case}: {outcome}"
                    );
                    continue;
                };
                let host = host(challenge, number);
                let error = format!("error: {host}: certificate not accepted: {reason}");
                assert_eq!((outcome.code, &*outcome.stdout), (Some(5), ""), "{case}: {outcome}");
                assert!(outcome.stderr.contains(&error), "{case}: {outcome}");
                assert!(outcome.stderr.contains(&format!("\nhint: {hint}")), "{case}: {outcome}");
                if hint.starts_with("trust") {
                    let place = format!("/etc/docker/certs.d/{host}/ca.crt");
                    let ways = [&*place, "--ca-file ca.crt", "-k (in a profile: insecure = true)"];
                    assert!(
                        ways.iter().all(|way| outcome.stderr.contains(way)),
                        "{case}: {outcome}"
                    );
                }
            }
        }
    }
}

#[test]
#[ignore = "needs the real docker-registry and nginx"]
fn nginx_says_with_a_page_that_it_wants_a_client_certificate() {
    let lab = Lab::new();
    let host = host("open", KINDS.len() - 1);
    let home = Home::new();
    let list = |flags: &[&str]| {
        let mut command = home.command(super::run::client_path());
        command.args(["ls", "-k"]).args(flags).arg(format!("{host}/team/app"));
        run(command.env("HTTPS_PROXY", lab.proxy.url()))
    };
    let outcome = list(&[]).expect_error(5);
    outcome
        .expect_stderr("the server requires a client certificate")
        .expect_stderr("--cert-file client.crt");
    let (cert, key) = Authority::new("strangers").client("nobody");
    let cert = home.write("me.crt", cert).display().to_string();
    let key = home.write("me.key", key).display().to_string();
    let outcome = list(&["--cert-file", &cert, "--key-file", &key]).expect_error(5);
    outcome.expect_stderr("the server rejected the client certificate");
}

/// The registry's own TLS instead of nginx's, on loopback: https without a check, unless an authority is named.
#[test]
#[ignore = "needs the real docker-registry"]
fn loopback_with_the_registry_s_own_tls() {
    let storage = Storage::new();
    bulk::put_tags(&Registry::open(&storage), "team/app", ["1.0"]);
    let authority = Authority::new("authority of the lab");
    let users = [(USER, PASSWORD)];
    let stranger = Authority::new("strangers");
    let cases = [
        (Flaw::None, authority.pem(), Some(0), ""),
        (Flaw::None, stranger.pem(), Some(5), "signed by an unknown authority"),
        (Flaw::Expired, authority.pem(), Some(5), "expired"),
        (Flaw::WrongName, authority.pem(), Some(5), "issued for other.example"),
        (Flaw::SelfSigned, authority.pem(), Some(5), "self-signed"),
    ];
    for (flaw, trusted, code, reason) in cases {
        let certificate = authority.server(flaw);
        let access = Access::Htpasswd(&users);
        let registry = Registry::start(&storage, &access, Some(&certificate));
        let host = registry.address().to_string();
        let home = Home::with_login(&host, USER, PASSWORD);
        let ca = home.write("ca.crt", trusted).display().to_string();
        let image = format!("{host}/team/app");
        for flags in [&[][..], &["-k"]] {
            let outcome = home.client([&["ls"], flags, &[&image]].concat()).expect_code(0);
            assert_eq!(
                (outcome.stdout.as_str(), outcome.stderr.as_str()),
                ("1.0\n", ""),
                "{outcome}"
            );
        }
        let outcome = home.client(["ls", "--ca-file", &ca, &image]);
        assert_eq!(outcome.code, code, "{flaw:?}: {outcome}");
        assert!(outcome.stderr.contains(reason), "{flaw:?}: {outcome}");
    }
}

#[test]
#[ignore = "needs the real docker-registry"]
fn loopback_registry_that_wants_a_client_certificate_itself() {
    let storage = Storage::new();
    bulk::put_tags(&Registry::open(&storage), "team/app", ["1.0"]);
    let authority = Authority::new("authority of the lab");
    let certificate = authority.server(Flaw::None).with_clients_of(&authority);
    let registry = Registry::start(&storage, &Access::Open, Some(&certificate));
    let image = format!("{}/team/app", registry.address());
    let home = Home::new();
    let outcome = home.client(["ls", &image]).expect_error(5);
    outcome.expect_stderr("the server requires a client certificate");
    // docker's own layout: authority and pair side by side.
    let (cert, key) = authority.client("ann's laptop");
    let place = |name: &str| format!(".config/docker/certs.d/{}/{name}", registry.address());
    home.write(&place("ca.crt"), authority.pem());
    home.write(&place("client.cert"), cert);
    home.write(&place("client.key"), key);
    assert_eq!(home.client(["ls", &image]).expect_code(0).stdout, "1.0\n");
    assert_eq!(home.client(["ls", "-k", &image]).expect_code(0).stdout, "1.0\n");
}

/// The very command of docker's guide, with each kind of key.
#[test]
#[ignore = "needs the real docker-registry and openssl"]
fn what_openssl_req_x509_makes() {
    let storage = Storage::new();
    bulk::put_tags(&Registry::open(&storage), "team/app", ["1.0"]);
    for key in ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256"] {
        let home = Home::new();
        let script = format!(
            "openssl req -newkey {key} -nodes -sha256 -keyout domain.key -x509 -days 365 -subj /CN=127.0.0.1 \
             -addext 'subjectAltName = IP:127.0.0.1' -out domain.crt 2>&1 && \
             openssl x509 -in domain.crt -noout -text | grep -q CA:TRUE"
        );
        run(home.command("bash").args(["-c", &script])).expect_code(0);
        let root = home.docker_config().parent().expect("it is below the home").to_owned();
        let read = |name: &str| std::fs::read_to_string(root.join(name)).expect("openssl wrote it");
        let certificate = ServerCertificate::from_pem(&read("domain.crt"), &read("domain.key"));
        let registry = Registry::start(&storage, &Access::Open, Some(&certificate));
        let host = registry.address().to_string();
        let image = format!("{host}/team/app");
        let outcome = home.client(["ls", "--ca-file", "domain.crt", &image]).expect_code(0);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("1.0\n", ""), "{outcome}");
        home.write(&format!(".config/docker/certs.d/{host}/ca.crt"), read("domain.crt"));
        assert_eq!(home.client(["ls", &image]).expect_code(0).stdout, "1.0\n");
        // Another name of the same machine is another host.
        let named = format!("localhost:{}/team/app", registry.address().port());
        let outcome = home.client(["ls", "--ca-file", "domain.crt", &named]).expect_error(5);
        outcome.expect_stderr("issued for 127.0.0.1, not for this host");
    }
}
