//! Who gets the login when the token service has another host name than the registry: the same
//! owner's hosts do, strangers under a shared suffix do not. All names are on loopback, behind a
//! proxy that alone knows them, with certificates that are trusted.

use std::sync::{Arc, Mutex, PoisonError};

use super::{BEARER, USER, challenge, list, logged_in};
use crate::support::tls::Authority;
use crate::support::{Proxy, Response, Server};

/// A registry and a token service that can have any names.
struct Net {
    registry: Server,
    tokens: Server,
    realm: Arc<Mutex<String>>,
    ca: String,
    proxy: Proxy,
}

impl Net {
    fn new(hosts: &[&str]) -> Net {
        let authority = Authority::new("neighbors");
        let identity = authority.issue(hosts);
        let realm = Arc::new(Mutex::new(String::new()));
        let theirs = realm.clone();
        let registry =
            Server::tls(identity.server_config(), move |request| match request.bearer() {
                Some(BEARER) => list(&["1.0"]),
                _ => {
                    let realm = theirs.lock().unwrap_or_else(PoisonError::into_inner);
                    challenge(&super::bearer(&realm))
                }
            });
        let tokens = Server::tls(identity.server_config(), |_| {
            Response::json(200, &serde_json::json!({ "token": BEARER }))
        });
        let proxy = Proxy::new();
        Net { registry, tokens, realm, ca: authority.pem().to_owned(), proxy }
    }

    /// How many requests with the login the token service gets; the list itself is always printed.
    fn logins(&self, registry: &str, realm: &str) -> usize {
        let address = |server: &Server| server.host().parse().expect("host and port");
        self.proxy.add_route(&format!("{registry}:443"), address(&self.registry));
        self.proxy.add_route(&format!("{realm}:443"), address(&self.tokens));
        let mut text = self.realm.lock().unwrap_or_else(PoisonError::into_inner);
        *text = format!("https://{realm}/token");
        drop(text);
        self.tokens.clear();
        let env = logged_in(registry).var("HTTPS_PROXY", self.proxy.url());
        let ca = env.write("ca.pem", &self.ca);
        let env = env.var("SSL_CERT_FILE", ca);
        let output = env.run(["ls", &format!("{registry}/demo/app")]);
        output.code(0).stdout("1.0\n");
        let requests = self.tokens.requests();
        assert_eq!(requests.len(), 1, "{registry} {realm}\n{}", self.tokens.log());
        let sent = requests.iter().filter(|request| request.basic().is_some()).count();
        if sent == 0 {
            super::assert_anonymous(&self.tokens);
            output.stderr_has("warning: ").stderr_has(USER).stderr_has(realm);
        } else {
            output.silent();
        }
        sent
    }
}

#[test]
fn strangers_get_no_login() {
    let pairs: Vec<[String; 2]> = [
        "a.run.app",
        "westeurope.azurecontainerapps.io",
        "blob.core.windows.net",
        "ngrok-free.app",
        "ts.net",
        "eu.org",
        "nip.io",
        "cn-hangzhou.aliyuncs.com",
        "fr-par.scw.cloud",
        "co.uk",
        "azurecr.io",
        "pages.dev",
    ]
    .iter()
    .map(|suffix| ["registry", "stranger"].map(|name| format!("{name}.{suffix}")))
    .chain([["registry.lan", "auth.lan"].map(str::to_owned)])
    .chain([["lscr.io", "ghcr.io"].map(str::to_owned)])
    .collect();
    let hosts: Vec<&str> = pairs.iter().flatten().map(String::as_str).collect();
    let net = Net::new(&hosts);
    for [registry, realm] in &pairs {
        assert_eq!(net.logins(registry, realm), 0, "{registry} {realm}\n{}", net.tokens.log());
    }
}

#[test]
fn the_same_owner_gets_the_login() {
    let pairs = [
        ["registry.corp.example", "auth.corp.example"],
        ["registry.digitalocean.com", "api.digitalocean.com"],
        ["registry.gitlab.com", "gitlab.com"],
        ["registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com"],
        ["rg.fr-par.scw.cloud", "api.scaleway.com"],
        ["reg.shop.co.uk", "auth.shop.co.uk"],
        ["registry.team.corp.lan", "auth.corp.lan"],
    ];
    let net = Net::new(pairs.as_flattened());
    for [registry, realm] in pairs {
        assert_eq!(net.logins(registry, realm), 1, "{registry} {realm}\n{}", net.tokens.log());
    }
}

/// Permission to talk to a registry without TLS does not cover other hosts.
#[test]
fn plain_http_is_for_the_registry_alone() {
    let tokens = Server::new(|_| Response::json(200, &serde_json::json!({ "token": BEARER })));
    let registry = Server::new(|request| match (request.bearer(), request.path.as_str()) {
        (Some(BEARER), _) => list(&["1.0"]),
        (_, path) => {
            let host = if path.contains("/own/") { "registry" } else { "auth" };
            challenge(&super::bearer(&format!("http://{host}.corp.example:5001/token")))
        }
    });
    let proxy = Proxy::new()
        .route("registry.corp.example:5000", registry.host().parse().expect("an address"))
        .route("registry.corp.example:5001", tokens.host().parse().expect("an address"))
        .route("auth.corp.example:5001", tokens.host().parse().expect("an address"));
    let profile = "[profiles.it]\nregistry = \"registry.corp.example:5000\"\nplain-http = true\n";
    for (setting, flag, name, is_sent) in [
        ("", true, "other/app", false),
        ("", false, "other/app", false),
        ("token-hosts = [\"auth.corp.example\"]", false, "other/app", false),
        ("token-hosts = [\"http://auth.corp.example\"]", false, "other/app", true),
        ("token-hosts = [\"http://auth.corp.example\"]", true, "other/app", true),
        ("", true, "own/app", true),
        ("", false, "own/app", true),
    ] {
        tokens.clear();
        let env = logged_in("registry.corp.example:5000").var("HTTP_PROXY", proxy.url());
        let profile =
            if flag { profile.replace("plain-http = true\n", "") } else { profile.into() };
        env.config_toml(&format!("{profile}{setting}\n"));
        let name = format!("registry.corp.example:5000/{name}");
        let flags: &[&str] = if flag { &["--plain-http"] } else { &[] };
        let output = env.run(["ls"].iter().chain(flags).copied().chain([name.as_str()]));
        output.code(0).stdout("1.0\n");
        let sent = tokens.requests().iter().filter(|request| request.basic().is_some()).count();
        assert_eq!(sent, usize::from(is_sent), "{setting} {flag} {name}\n{}", tokens.log());
        if !is_sent {
            output.stderr_has("warning: ").stderr_has("auth.corp.example");
        }
    }
}
