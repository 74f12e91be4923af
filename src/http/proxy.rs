//! Which proxy a request goes through, by the rules of Go's `http.ProxyFromEnvironment`.
//!
//! docker is a Go program, so a user's proxy variables are written for these rules: `HTTPS_PROXY`
//! for https and `HTTP_PROXY` for http (lower case too), no `ALL_PROXY`, loopback never proxied,
//! `NO_PROXY` as golang.org/x/net/http/httpproxy reads it. One thing is stricter: all names under
//! `localhost` are loopback (RFC 6761), since logins may be sent to them without TLS.
//!
//! A proxy's URL may hold a login, and one that is mistyped may hold it anywhere: messages name the
//! variable, and the host of a URL that was understood. Pure.

use std::net::IpAddr;

use crate::error::Error;
use crate::http::url::{Origin, Scheme};
use crate::system::env::Env;
use crate::system::secret::{Secret, Sent};

/// The proxy settings of the environment.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    bypass: Bypass,
}

/// One of the variables, which may hold a login.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    pub(super) variable: &'static str,
    text: Secret,
    parsed: Result<ureq::Proxy, Unusable>,
}

/// Why a proxy cannot be used; nothing of its URL is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    Url,
    Scheme,
}

#[derive(Debug, Clone, Default)]
struct Bypass {
    all: bool,
    rules: Vec<Rule>,
}

/// A port is compared as it was typed, as Go does it; an empty one is any.
#[derive(Debug, Clone)]
enum Rule {
    /// `.name` and what ends with it; `itself`: the name as well.
    Domain {
        suffix: String,
        itself: bool,
        port: String,
    },
    Address(IpAddr, String),
    Block(IpAddr, u8),
}

impl Proxies {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` and their lower-case forms.
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn from_env(env: &Env) -> Result<Self, Error> {
        // In a CGI program a client's `Proxy:` header arrives as HTTP_PROXY (CVE-2016-5385).
        let is_cgi = env.os("REQUEST_METHOD").is_some();
        let http = if is_cgi { None } else { variable(env, ["HTTP_PROXY", "http_proxy"])? };
        let https = variable(env, ["HTTPS_PROXY", "https_proxy"])?;
        let no_proxy = variable(env, ["NO_PROXY", "no_proxy"])?;
        Ok(Proxies {
            http: http.map(Proxy::new),
            https: https.map(Proxy::new),
            bypass: Bypass::parse(no_proxy.map_or("", |(_, value)| value)),
        })
    }

    pub(super) fn for_origin(&self, origin: &Origin) -> Option<&Proxy> {
        let proxy = match origin.scheme() {
            Scheme::Http => self.http.as_ref()?,
            Scheme::Https => self.https.as_ref()?,
        };
        (!is_loopback(origin) && !self.bypass.matches(origin)).then_some(proxy)
    }

    /// Notes the proxies' logins as what must not be printed.
    pub(super) fn note_secrets(&self, sent: &Sent) {
        for proxy in [&self.http, &self.https].into_iter().flatten() {
            if let Some((_, user_info)) = proxy.user_info() {
                let (username, password) = user_info.split_once(':').unwrap_or(("", user_info));
                sent.note_login(username, password);
            }
            if let Ok(proxy) = &proxy.parsed {
                let username = proxy.username().unwrap_or_default();
                sent.note_login(username, proxy.password().unwrap_or_default());
            }
        }
    }
}

/// The first of these variables that is set, with its name.
fn variable<'e>(
    env: &'e Env,
    names: [&'static str; 2],
) -> Result<Option<(&'static str, &'e str)>, Error> {
    let Some((name, value)) = names.into_iter().find_map(|name| Some((name, env.os(name)?))) else {
        return Ok(None);
    };
    let value = value.to_str().ok_or_else(|| {
        Error::usage(format!("{name} is not valid UTF-8"), format!("correct {name}, or unset it"))
    })?;
    Ok(Some((name, value.trim())).filter(|(_, value)| !value.is_empty()))
}

impl Proxy {
    fn new((variable, text): (&'static str, &str)) -> Self {
        // A proxy without a scheme is an http proxy.
        let has_scheme = text.contains("://");
        let text = if has_scheme { text.to_owned() } else { format!("http://{text}") };
        let mut proxy = Proxy { variable, text: Secret::new(text), parsed: Err(Unusable::Url) };
        proxy.parsed = proxy.parse();
        proxy
    }

    pub(super) fn parsed(&self) -> Result<&ureq::Proxy, Unusable> {
        self.parsed.as_ref().map_err(|unusable| *unusable)
    }

    fn parse(&self) -> Result<ureq::Proxy, Unusable> {
        use ureq::ProxyProtocol::{Http, Https};
        // `http://user:pass/word@host` reads as a host called user.
        if self.user_info().is_some_and(|(is_whole, _)| !is_whole) {
            return Err(Unusable::Url);
        }
        let proxy = ureq::Proxy::new(self.text.expose()).map_err(|_| {
            let (scheme, _) = self.text.expose().split_once("://").unwrap_or_default();
            if matches!(scheme, "http" | "https") { Unusable::Url } else { Unusable::Scheme }
        })?;
        if !matches!(proxy.protocol(), Http | Https) {
            return Err(Unusable::Scheme);
        }
        // The parser takes any text for a port.
        let authority = proxy.uri().authority().ok_or(Unusable::Url)?;
        let has_port = authority.port_u16().is_some();
        let is_whole = has_port || authority.as_str().ends_with(authority.host());
        if is_whole { Ok(proxy) } else { Err(Unusable::Url) }
    }

    /// The text before the last `@`, and whether that is where the host begins.
    fn user_info(&self) -> Option<(bool, &str)> {
        let (_, rest) = self.text.expose().split_once("://")?;
        let (user_info, _) = rest.rsplit_once('@')?;
        Some((!user_info.contains(['/', '?', '#', '\\']), user_info))
    }

    /// Host and port, for messages; nothing for a URL that was not understood.
    pub(super) fn address(&self) -> String {
        let authority = self.parsed.as_ref().ok().and_then(|proxy| proxy.uri().authority());
        let authority = authority.map_or("", |authority| authority.as_str());
        authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
    }
}

/// Go asks for the name and for addresses; all of RFC 6761 is asked for here.
fn is_loopback(origin: &Origin) -> bool {
    origin.is_loopback() || origin.ip().is_some_and(|ip| ip.to_canonical().is_loopback())
}

impl Bypass {
    fn parse(text: &str) -> Self {
        let mut bypass = Bypass::default();
        for entry in text.split(',').map(|entry| entry.trim().to_lowercase()) {
            bypass.all |= entry == "*";
            bypass.rules.extend(parse_rule(&entry));
        }
        bypass
    }

    fn matches(&self, origin: &Origin) -> bool {
        let (host, port) = (origin.host(), origin.port().to_string());
        let ip = origin.ip().map(|ip| ip.to_canonical());
        let is_port = |wanted: &String| wanted.is_empty() || *wanted == port;
        self.all
            || self.rules.iter().any(|rule| match (rule, ip) {
                (Rule::Domain { suffix, itself, port }, None) => {
                    (host.ends_with(suffix) || (*itself && host == &suffix[1..])) && is_port(port)
                }
                (Rule::Address(address, port), Some(ip)) => ip == *address && is_port(port),
                (Rule::Block(network, bits), Some(ip)) => in_block(ip, *network, *bits),
                _ => false,
            })
    }
}

fn parse_rule(entry: &str) -> Option<Rule> {
    if let Some(block) = parse_block(entry) {
        return Some(block);
    }
    let (host, port) = split_host_port(entry).unwrap_or((entry, ""));
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(Rule::Address(address.to_canonical(), port.to_owned()));
    }
    let host = if host.starts_with("*.") { &host[1..] } else { host };
    let itself = !host.starts_with('.');
    let suffix = format!("{}{host}", if itself { "." } else { "" });
    (!host.is_empty()).then(|| Rule::Domain { suffix, itself, port: port.to_owned() })
}

/// Go's `net.ParseCIDR`: a block of mapped addresses is one of IPv4.
fn parse_block(entry: &str) -> Option<Rule> {
    let (network, digits) = entry.split_once('/')?;
    let network: IpAddr = network.parse().ok()?;
    let bits: u8 = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
    match (network, network.to_canonical()) {
        (IpAddr::V4(_), _) => (bits <= 32).then_some(Rule::Block(network, bits)),
        (_, mapped @ IpAddr::V4(_)) if (96..=128).contains(&bits) => {
            Some(Rule::Block(mapped, bits - 96))
        }
        _ => (bits <= 128).then_some(Rule::Block(network, bits)),
    }
}

/// Go's `net.SplitHostPort`: brackets only with a port, and no colon in a name.
fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None => Some(host).filter(|host| !host.contains(':'))?,
    };
    (!text[1..].contains('[') && !host.contains(']') && !port.contains(']')).then_some((host, port))
}

fn in_block(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => (ip.to_bits() ^ network.to_bits()).leading_zeros(),
        (IpAddr::V6(ip), IpAddr::V6(network)) => (ip.to_bits() ^ network.to_bits()).leading_zeros(),
        _ => return false,
    };
    same >= u32::from(bits)
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
        Proxies::from_env(&env).unwrap().for_origin(url.origin()).is_some()
    }

    /// Go's own answers; `vectors/noproxy/main.go` writes them.
    #[test]
    fn bypass_rules_are_go_s() {
        let lines = include_str!("../../tests/vectors/noproxy.tsv").lines();
        let mut cases = [0, 0];
        for line in lines.filter(|line| !line.starts_with('#')) {
            let [no_proxy, url, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three fields: {line}");
            };
            let expected = expected == "true";
            assert_eq!(proxied(no_proxy, url), expected, "NO_PROXY=\"{no_proxy}\" {url}");
            cases[usize::from(expected)] += 1;
        }
        assert!(cases.iter().all(|count| *count > 1000), "{cases:?}");
    }

    #[test]
    fn names_under_localhost_are_loopback() {
        assert!(!proxied("", "https://app.localhost:5000"));
        assert!(!proxied("", "http://app.localhost:5000"));
    }

    #[test]
    fn messages_name_the_proxy_and_nothing_else() {
        for (url, expected) in [
            ("http://user:p%40ss@tls.example:3128", Ok("tls.example:3128")),
            ("user:pass@tls.example", Ok("tls.example")),
            ("http://tls.example/path", Ok("tls.example")),
            ("proxy", Ok("proxy")),
            ("http://[::1]:3128", Ok("[::1]:3128")),
            ("http://user:SECRET/@tls.example:3128", Err(Unusable::Url)),
            ("http://user:1234/@tls.example:3128", Err(Unusable::Url)),
            ("http://user:12?34@tls.example", Err(Unusable::Url)),
            ("http://user:12#34@tls.example", Err(Unusable::Url)),
            ("http://SECRET/x@tls.example", Err(Unusable::Url)),
            ("user:SECRET\\@tls.example", Err(Unusable::Url)),
            ("http://user:SEC RET@tls.example", Err(Unusable::Url)),
            ("http://user:SECRET", Err(Unusable::Url)),
            ("http://", Err(Unusable::Url)),
            ("socks5://u:SECRET@[::1]:1080", Err(Unusable::Scheme)),
            ("ftp://u:SECRET@h", Err(Unusable::Scheme)),
        ] {
            let proxy = Proxy::new(("HTTPS_PROXY", url));
            assert_eq!(
                proxy.parsed().map(|_| proxy.address()),
                expected.map(str::to_owned),
                "{url}"
            );
            assert!(!format!("{proxy:?}").contains("SECRET"), "{proxy:?}");
            assert!(!proxy.address().contains("SECRET"), "{url}");
        }
    }

    #[test]
    fn logins_are_secrets() {
        let env = Env::from_pairs([
            ("HTTP_PROXY", "http://ann%20lee:one%2Ftwo@h:1"),
            ("HTTPS_PROXY", "http://user:three/four@h"),
        ]);
        let sent = Sent::default();
        Proxies::from_env(&env).unwrap().note_secrets(&sent);
        for secret in ["one/two", "one%2Ftwo", "three/four", "three%2ffour", "YW5uIGxlZTpvbmUvdHdv"]
        {
            assert_eq!(sent.hide(&format!("<{secret}>")), "<***>");
        }
    }

    #[test]
    fn scheme_picks_the_variable() {
        let env = Env::from_pairs([("HTTP_PROXY", "p.example:1"), ("ALL_PROXY", "q.example")]);
        let origin = |scheme| Origin::new(scheme, "h.example", None).unwrap();
        let address = |env: &Env, scheme| {
            Proxies::from_env(env).unwrap().for_origin(&origin(scheme)).map(Proxy::address)
        };
        assert_eq!(address(&env, Scheme::Http).as_deref(), Some("p.example:1"));
        assert_eq!(address(&env, Scheme::Https), None);
        let cgi = Env::from_pairs([("HTTP_PROXY", "p.example:1"), ("REQUEST_METHOD", "GET")]);
        assert_eq!(address(&cgi, Scheme::Http), None);
    }
}
