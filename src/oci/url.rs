//! URLs, strictly.
//!
//! Servers name URLs in realms, Link headers and redirects. A URL is taken apart here once, into
//! an [`Origin`] and a path, and requests are built from those parts only: so what was checked is
//! what is contacted. Anything that two parsers could read in two ways is refused: user
//! information, control and non-ASCII characters, backslashes, numbers that resolvers read as
//! addresses, port 0. Pure.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::system::terminal::server_text;

/// Query parameters of requests to a host of the user's whose values are shown in logs.
pub(crate) const OWN_PARAMETERS: &[&str] = &[
    "scope",
    "service",
    "n",
    "last",
    "mount",
    "from",
    "digest",
    "page",
    "page_size",
    "name",
    "ordering",
];

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// Scheme, host and port: what a credential or a connection belongs to (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

/// An absolute http or https URL without user information and fragment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    origin: Origin,
    path: String,
    query: Option<String>,
}

/// Why a text is refused as a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlError {
    /// Not http or https.
    Scheme,
    /// Holds a user name or password.
    UserInfo,
    /// The host is empty, malformed, or a number that resolvers read as an address.
    Host,
    /// The port is empty, 0 or no number.
    Port,
    /// Characters that have no place in a URL.
    Characters,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UrlError::Scheme => "neither http nor https",
            UrlError::UserInfo => "it carries a user name or password",
            UrlError::Host => "malformed host",
            UrlError::Port => "malformed port",
            UrlError::Characters => "illegal characters",
        })
    }
}

impl Origin {
    /// An origin of a host that is in a reference: `quay.io`, `127.0.0.1`, `[::1]`.
    pub fn new(scheme: Scheme, host: &str, port: Option<&str>) -> Result<Self, UrlError> {
        let host = host.to_ascii_lowercase();
        check_host(&host)?;
        let port = match port {
            Some(digits) => digits.parse().ok().filter(|&p| p != 0).ok_or(UrlError::Port)?,
            None => scheme.default_port(),
        };
        Ok(Origin { scheme, host, port })
    }

    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as an IP address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// Whether the host is this machine, by its address or by a name that stands for it.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The same host and port under another scheme.
    pub fn with_scheme(&self, scheme: Scheme) -> Self {
        let port =
            if self.port == self.scheme.default_port() { scheme.default_port() } else { self.port };
        Origin { scheme, host: self.host.clone(), port }
    }

    /// Host, and port where it is not the scheme's own: how messages name a server.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// A URL on this origin; `path` begins with a slash and holds legal characters only.
    pub fn url(&self, path: &str, query: Option<&str>) -> Url {
        Url {
            origin: self.clone(),
            path: path.to_owned(),
            query: query.filter(|q| !q.is_empty()).map(str::to_owned),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

impl Url {
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path, beginning with a slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query without its question mark, escapes untouched.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The same URL with one more query parameter; `value` is escaped here.
    pub fn with_parameter(mut self, name: &str, value: &str) -> Self {
        let query = self.query.get_or_insert_default();
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.push_str(&escape_query(value));
        self
    }

    /// Resolves a URL reference (RFC 3986 § 5) that a server sent against the URL it answered.
    ///
    /// A fragment is dropped. Dot segments are left as they are: callers that build paths
    /// from a server's words must not.
    pub fn join(&self, reference: &str) -> Result<Url, UrlError> {
        let reference = reference.split('#').next().unwrap_or_default();
        if has_scheme(reference) {
            return reference.parse();
        }
        if reference.starts_with("//") {
            return format!("{}:{reference}", self.origin.scheme.as_str()).parse();
        }
        check_characters(reference)?;
        let (path, query) = split_query(reference);
        let path = match path {
            "" => self.path.clone(),
            _ if path.starts_with('/') => path.to_owned(),
            _ => {
                let folder = self.path.rfind('/').map_or("/", |end| &self.path[..=end]);
                format!("{folder}{path}")
            }
        };
        let query = query.or(self.query.as_deref().filter(|_| reference.is_empty()));
        Ok(Url { origin: self.origin.clone(), path, query: query.map(str::to_owned) })
    }

    /// The URL for logs, with the values of these parameters alone.
    pub fn redacted(&self, shown: &[&str]) -> String {
        format!("{}{}{}", self.origin, self.path, redacted_query(self.query(), shown))
    }
}

/// A URL, valid or not, as a server sent it, for quoting in a message: one safe line, without
/// user information, without the values of its query (it may be signed) and without a fragment.
pub fn quoted(text: &str) -> String {
    let text = text.split('#').next().unwrap_or_default();
    let (address, query) = split_query(text);
    let is_scheme = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    let colon = address.find(':').filter(|&colon| is_scheme(&address[..colon]));
    let start = colon.map_or(0, |colon| colon + 1);
    let slashes = address[start..].find(|c| !matches!(c, '/' | '\\')).unwrap_or(0);
    let (scheme, rest) = address.split_at(start + slashes);
    let end = rest.find(['/', '\\']).unwrap_or(rest.len());
    let rest = match rest[..end].rfind('@') {
        Some(at) => format!("***{}", &rest[at..]),
        None => rest.to_owned(),
    };
    // Without a host it is on the one that sent it, which the user has named.
    let is_own = colon.is_none() && slashes < 2;
    let shown = if is_own { OWN_PARAMETERS } else { &[] };
    server_text(&format!("{scheme}{rest}{}", redacted_query(query, shown)))
}

fn redacted_query(query: Option<&str>, shown: &[&str]) -> String {
    const HIDDEN: &str = "REDACTED";
    let is_name = |text: &str| {
        text.len() <= 64
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~%[]".contains(&b))
    };
    let mut text = String::new();
    for (index, parameter) in query.iter().flat_map(|query| query.split('&')).enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (parameter, None),
        };
        match value {
            _ if shown.contains(&name) => text.push_str(parameter),
            Some(_) if is_name(name) => text.push_str(&format!("{name}={HIDDEN}")),
            // Without a name all of it may be a value.
            _ => text.push_str(if parameter.is_empty() { "" } else { HIDDEN }),
        }
    }
    text
}

/// The whole URL, for the request itself; logs use [`Url::redacted`].
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)?;
        self.query.iter().try_for_each(|query| write!(f, "?{query}"))
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(UrlError::Scheme),
        };
        check_characters(text)?;
        let rest = rest.strip_prefix("//").ok_or(UrlError::Host)?;
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let (host, port) = match authority.rfind(':') {
            Some(colon) if !authority.ends_with(']') => {
                (&authority[..colon], Some(&authority[colon + 1..]))
            }
            _ => (authority, None),
        };
        let (path, query) = split_query(rest);
        let path = if path.is_empty() { "/" } else { path };
        Ok(Url {
            origin: Origin::new(scheme, host, port)?,
            path: path.to_owned(),
            query: query.map(str::to_owned),
        })
    }
}

/// Escapes a value for a query: everything but RFC 3986's unreserved characters.
pub(crate) fn escape_query(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for &byte in value.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn split_query(text: &str) -> (&str, Option<&str>) {
    match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    }
}

fn has_scheme(text: &str) -> bool {
    let end = text.find([':', '/', '?']).unwrap_or(text.len());
    text[end..].starts_with(':')
}

fn check_characters(text: &str) -> Result<(), UrlError> {
    let legal = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
    if text.bytes().all(legal) { Ok(()) } else { Err(UrlError::Characters) }
}

/// Whether a host (without port; an IPv6 address with or without brackets) is this machine by
/// its name or literal address: `localhost` and names below it (RFC 6761 § 6.3), 127.0.0.0/8,
/// `::1`. Nothing is looked up: a name may lead elsewhere all the same.
fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    bare == "localhost"
        || bare.ends_with(".localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Accepts host names, plain dotted quads and bracketed IPv6 addresses.
fn check_host(host: &str) -> Result<(), UrlError> {
    if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().map(drop).map_err(|_| UrlError::Host);
    }
    let labels = host.strip_suffix('.').unwrap_or(host);
    let legal = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if !labels.split('.').all(legal) {
        return Err(UrlError::Host);
    }
    // `2852039166`, `0xa9fea9fe` and `127.1` look like names and are addresses to a resolver.
    let last = labels.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err(UrlError::Host);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
