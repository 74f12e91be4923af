//! Which proxy a request goes through, by the rules of Go's `http.ProxyFromEnvironment`.
//!
//! docker is a Go program, so a user's proxy variables are written for these rules: `HTTPS_PROXY`
//! for https and `HTTP_PROXY` for http (lower case too), no `ALL_PROXY`, loopback never proxied,
//! `NO_PROXY` entries that match subdomains, CIDR blocks and ports. Pure.

use std::net::IpAddr;

use crate::http::url::{Origin, Scheme};
use crate::system::env::Env;

/// The proxy settings of the environment.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    bypass: Bypass,
}

#[derive(Debug, Clone, Default)]
struct Bypass {
    all: bool,
    rules: Vec<(Rule, Option<u16>)>,
}

#[derive(Debug, Clone)]
enum Rule {
    /// A name and its subdomains, or only its subdomains.
    Domain {
        name: String,
        itself: bool,
    },
    Address(IpAddr),
    Block(IpAddr, u8),
}

impl Proxies {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` and their lower-case forms.
    pub fn from_env(env: &Env) -> Self {
        let either = |upper: &str, lower: &str| {
            env.text(upper).or_else(|| env.text(lower)).map(str::trim).filter(|v| !v.is_empty())
        };
        // In a CGI program a client's `Proxy:` header arrives as HTTP_PROXY (CVE-2016-5385).
        let is_cgi = env.text("REQUEST_METHOD").is_some();
        Proxies {
            http: either("HTTP_PROXY", "http_proxy").filter(|_| !is_cgi).map(with_scheme),
            https: either("HTTPS_PROXY", "https_proxy").map(with_scheme),
            bypass: Bypass::parse(either("NO_PROXY", "no_proxy").unwrap_or_default()),
        }
    }

    /// The URL of the proxy for requests to `origin`; it may hold the proxy's own login.
    pub fn for_origin(&self, origin: &Origin) -> Option<&str> {
        let proxy = match origin.scheme() {
            Scheme::Http => self.http.as_deref()?,
            Scheme::Https => self.https.as_deref()?,
        };
        (!origin.is_loopback() && !self.bypass.matches(origin)).then_some(proxy)
    }
}

/// What a proxy's 407 means.
pub(super) const LOGIN_WANTED: &str =
    "it wants another login (407); the variable holds it: http://USER:PASSWORD@HOST:PORT";

/// Host and port of a proxy's URL, for messages: its user and password are left out.
pub(super) fn address(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    crate::system::terminal::server_text(host)
}

/// What a proxy answered to CONNECT, from ureq's text `proxy server responded 407/407`.
pub(super) fn refusal(text: &str) -> String {
    let status = text.strip_prefix("proxy server responded ").and_then(|s| s.split('/').next());
    match status {
        Some("407") => {
            "it wants a login (407); put it into the URL: http://USER:PASSWORD@HOST:PORT".to_owned()
        }
        Some("403") => "it does not let us through to this host (403)".to_owned(),
        Some(status) => {
            format!("it answers with status {}", crate::system::terminal::server_text(status))
        }
        None => crate::system::terminal::server_text(text),
    }
}

/// A proxy without a scheme is an http proxy.
fn with_scheme(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("http://{text}") }
}

impl Bypass {
    fn parse(text: &str) -> Self {
        let mut bypass = Bypass::default();
        for entry in text.split(',').map(|e| e.trim().to_ascii_lowercase()) {
            match entry.as_str() {
                "" => {}
                "*" => bypass.all = true,
                _ => bypass.rules.extend(parse_rule(&entry)),
            }
        }
        bypass
    }

    fn matches(&self, origin: &Origin) -> bool {
        let host = origin.host().trim_end_matches('.');
        self.all
            || self.rules.iter().any(|(rule, port)| {
                port.is_none_or(|port| port == origin.port()) && rule.matches(host, origin.ip())
            })
    }
}

impl Rule {
    fn matches(&self, host: &str, ip: Option<IpAddr>) -> bool {
        match self {
            Rule::Domain { name, itself } => match host.strip_suffix(name.as_str()) {
                Some("") => *itself,
                Some(rest) => rest.ends_with('.'),
                None => false,
            },
            Rule::Address(address) => ip == Some(*address),
            Rule::Block(network, bits) => ip.is_some_and(|ip| in_block(ip, *network, *bits)),
        }
    }
}

fn parse_rule(entry: &str) -> Option<(Rule, Option<u16>)> {
    if let Some((network, bits)) = entry.split_once('/') {
        let (network, bits): (IpAddr, u8) = (network.parse().ok()?, bits.parse().ok()?);
        let most = if network.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some((Rule::Block(network, bits), None));
    }
    if let Ok(address) = entry.parse() {
        return Some((Rule::Address(address), None));
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (entry, None),
    };
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
        return Some((Rule::Address(address), port));
    }
    let host = if host.starts_with("*.") { &host[1..] } else { host };
    let (name, itself) = match host.strip_prefix('.') {
        Some(name) => (name, false),
        None => (host, true),
    };
    (!name.is_empty()).then(|| (Rule::Domain { name: name.to_owned(), itself }, port))
}

fn in_block(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(ip) & mask == u32::from(network) & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(ip) & mask == u128::from(network) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(no_proxy: &str, url: &str) -> bool {
        let env = Env::from_pairs([
            ("HTTP_PROXY", "plain.example:3128"),
            ("https_proxy", "http://user:pw@tls.example:3128"),
            ("ALL_PROXY", "socks5://nobody"),
            ("NO_PROXY", no_proxy),
        ]);
        let url: crate::http::url::Url = url.parse().unwrap();
        Proxies::from_env(&env).for_origin(url.origin()).is_some()
    }

    #[test]
    fn bypass_rules() {
        let cases = [
            ("", "https://quay.io", true),
            ("", "https://localhost:5000", false),
            ("", "http://127.0.0.9:5000", false),
            ("", "http://[::1]:5000", false),
            ("*", "https://quay.io", false),
            ("quay.io", "https://quay.io", false),
            ("quay.io", "https://cdn.quay.io", false),
            ("quay.io", "https://notquay.io", true),
            (".quay.io", "https://quay.io", true),
            (".quay.io", "https://cdn.quay.io", false),
            ("*.quay.io", "https://cdn.quay.io", false),
            ("*.quay.io", "https://quay.io", true),
            ("*quay.io", "https://quay.io", true),
            ("", "https://app.localhost:5000", false),
            (" a.b , QUAY.IO ", "https://quay.io", false),
            ("quay.io:8443", "https://quay.io", true),
            ("quay.io:443", "https://quay.io", false),
            ("10.0.0.0/8", "https://10.1.2.3", false),
            ("10.0.0.0/8", "https://11.1.2.3", true),
            ("10.0.0.0/99", "https://10.1.2.3", true),
            ("0.0.0.0/0", "https://10.1.2.3", false),
            ("10.1.2.3", "https://10.1.2.3:5000", false),
            ("10.1.2.3:5000", "https://10.1.2.3:5001", true),
            ("[fd00::1]:5000", "https://[fd00::1]:5000", false),
            ("fd00::/8", "https://[fd00::1]", false),
        ];
        for (no_proxy, url, expected) in cases {
            assert_eq!(proxied(no_proxy, url), expected, "NO_PROXY={no_proxy} {url}");
        }
    }

    #[test]
    fn messages_name_the_proxy_and_nothing_else() {
        for (url, expected) in [
            ("http://user:p%40ss@tls.example:3128", "tls.example:3128"),
            ("http://user:p@ss@tls.example:3128/x@y", "tls.example:3128"),
            ("socks5://[::1]:1080", "[::1]:1080"),
            ("proxy", "proxy"),
        ] {
            assert_eq!(address(url), expected, "{url}");
        }
        assert!(refusal("proxy server responded 407/407").contains("login"));
        assert!(refusal("proxy server responded 502/502").ends_with("502"));
        assert_eq!(refusal("proxy server did not respond"), "proxy server did not respond");
    }

    #[test]
    fn scheme_picks_the_variable() {
        let env = Env::from_pairs([("HTTP_PROXY", "p.example:1"), ("ALL_PROXY", "q.example")]);
        let proxies = Proxies::from_env(&env);
        let origin = |scheme| Origin::new(scheme, "h.example", None).unwrap();
        assert_eq!(proxies.for_origin(&origin(Scheme::Http)), Some("http://p.example:1"));
        assert_eq!(proxies.for_origin(&origin(Scheme::Https)), None);
        let cgi = Env::from_pairs([("HTTP_PROXY", "p.example:1"), ("REQUEST_METHOD", "GET")]);
        assert_eq!(Proxies::from_env(&cgi).for_origin(&origin(Scheme::Http)), None);
    }
}
