//! The URLs of a configuration: where requests really go when that is not the registry's name.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::oci::reference::Registry;

/// A base URL of http or https: host, perhaps a port, perhaps a path, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    https: bool,
    host: String,
    port: Option<u16>,
    path: String,
}

impl Endpoint {
    /// Parses a URL. The error says what is wrong and never repeats the text: a user may have
    /// put a password into it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (https, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (false, rest)
        } else {
            return Err("expected a URL that starts with https:// or http://");
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        if rest.contains('@') {
            return Err("a URL here must not hold a user name or password");
        }
        if rest.contains(['?', '#']) {
            return Err("a URL here must not have a query or fragment");
        }
        let (host, port) =
            split_authority(authority).ok_or("the URL's host or port is not valid")?;
        let path = path.trim_end_matches('/');
        if !is_path(path) {
            return Err("the URL's path is not valid");
        }
        Ok(Endpoint { https, host: host.to_ascii_lowercase(), port, path: path.to_owned() })
    }

    /// Whether the scheme is https; it is http otherwise.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host in lower case; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port that the URL gives.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path: empty, or a slash and more, without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The whole URL, without a slash at its end.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

/// Whether a host (without port; an IPv6 address with or without brackets) is this machine by
/// its name or literal address: `localhost` and names below it (RFC 6761 § 6.3), 127.0.0.0/8,
/// `::1`. Nothing is looked up: a name may lead elsewhere all the same.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let lower = bare.to_ascii_lowercase();
    lower == "localhost"
        || lower.ends_with(".localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Host and port of an authority, by the same grammar that registries' names have.
fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    // Parsed for its grammar only: as a registry's name, some hosts become Docker Hub's.
    authority.parse::<Registry>().ok()?;
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => {
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        _ => (authority, None),
    };
    if let Some(address) = host.strip_prefix('[') {
        address.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?;
    }
    match port {
        Some(port) => Some((host, Some(parse_port(port)?))),
        None => Some((host, None)),
    }
}

/// A port from 1 to 65535.
pub(super) fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|&port| port != 0)
}

fn is_path(path: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~/%+".contains(&b);
    path.bytes().all(legal) && !path.split('/').any(|part| part == "." || part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for (text, shown) in [
            ("https://mirror.example", "https://mirror.example"),
            ("https://Mirror.Example:5000/", "https://mirror.example:5000"),
            ("http://127.0.0.1:80/a/b//", "http://127.0.0.1:80/a/b"),
            ("https://[::1]:5000/x", "https://[::1]:5000/x"),
            ("https://[::1]", "https://[::1]"),
            ("https://index.docker.io", "https://index.docker.io"),
            ("https://lab", "https://lab"),
        ] {
            assert_eq!(Endpoint::parse(text).map(|e| e.to_string()).as_deref(), Ok(shown));
        }
        for text in [
            "",
            "mirror.example",
            "ftp://a.b",
            "HTTPS://a.b",
            "https://",
            "https:///x",
            "https://u:p@a.b",
            "https://a.b/x@y",
            "https://a.b?x",
            "https://a.b/#x",
            "https://a.b:0",
            "https://a.b:65536",
            "https://a.b:",
            "https://a_b",
            "https://a.b/../c",
            "https://a.b/ü",
            "https://a.b/x y",
            "https://[::g]",
            "https://[:::]",
            "https://a b",
            "https://a.b\r\n",
        ] {
            let error = Endpoint::parse(text).expect_err(text);
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn loopback() {
        for host in
            ["localhost", "LocalHost", "app.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil.example", "128.0.0.1", "127.1", "[::2]", "lab", "", "[127"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
