//! Image references: what a name typed by a user means.
//!
//! Grammar and normalization are docker's, exactly: those of the Go library
//! [`distribution/reference`](https://github.com/distribution/reference). `alpine` means
//! `docker.io/library/alpine`, `localhost/app` names a registry and `my-registry/app` does not.
//! The table `tests/vectors/references.tsv` was made by running that library.
//!
//! This module is pure. Its types have private fields and are made only by parsing, so a
//! [`Repository`] or [`Digest`] that exists is safe to put into a URL path.

mod error;
mod grammar;
mod pasted;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

pub(crate) use error::ParseError;
use grammar::{
    is_digest_algorithm, is_domain, is_identifier, is_path, looks_like_domain, strip_transport,
};
pub(crate) use pasted::{is_lone_registry, pasted};

/// Docker Hub's name in references, and the registry of names without one.
pub(crate) const DOCKER_HUB: &str = "docker.io";

/// The longest repository path, in bytes; the registry's name is not counted.
const MAX_PATH: usize = 255;
/// The longest tag, in bytes.
const MAX_TAG: usize = 128;

/// A registry's name as references write it: `host` or `host:port`, `docker.io` for Docker Hub.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Registry(String);

/// A repository's path inside its registry, such as `library/alpine`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Repository(String);

/// A tag, such as `3.20-alpine`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

/// A content digest: `sha256:`, `sha384:` or `sha512:` and lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

/// A parsed reference: a repository of a registry, perhaps with a tag, perhaps with a digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    registry: Registry,
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl Registry {
    /// Docker Hub.
    pub fn docker_hub() -> Self {
        Registry(DOCKER_HUB.to_owned())
    }

    /// The name, `host` or `host:port`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is Docker Hub, whose requests go to other hosts than its name.
    pub fn is_docker_hub(&self) -> bool {
        self.0 == DOCKER_HUB
    }

    /// The host without the port; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        match self.0.rfind(':') {
            Some(colon) if !self.0.ends_with(']') => &self.0[..colon],
            _ => &self.0,
        }
    }

    /// The port that the name gives, as digits.
    pub fn port(&self) -> Option<&str> {
        self.0[self.host().len()..].strip_prefix(':')
    }
}

impl FromStr for Registry {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "index.docker.io" => Ok(Registry::docker_hub()),
            _ if is_domain(text) => Ok(Registry(text.to_owned())),
            _ => Err(ParseError::InvalidRegistry(text.to_owned())),
        }
    }
}

impl Repository {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Repository {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if !is_path(text) {
            return Err(if is_path(&text.to_ascii_lowercase()) {
                ParseError::Uppercase(text.to_owned())
            } else {
                ParseError::InvalidFormat
            });
        }
        if text.len() > MAX_PATH {
            return Err(ParseError::TooLong);
        }
        Ok(Repository(text.to_owned()))
    }
}

impl Tag {
    /// The tag docker implies when a reference has neither tag nor digest.
    pub fn latest() -> Self {
        Tag("latest".to_owned())
    }

    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text is a legal tag: `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`.
    pub fn is_valid(text: &str) -> bool {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        matches!(text.as_bytes(), [first, rest @ ..] if word(*first)
            && rest.len() < MAX_TAG
            && rest.iter().all(|&b| word(b) || b == b'.' || b == b'-'))
    }
}

impl FromStr for Tag {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if Tag::is_valid(text) { Ok(Tag(text.to_owned())) } else { Err(ParseError::InvalidFormat) }
    }
}

impl Digest {
    /// The whole digest, algorithm and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The algorithm's name: `sha256`, `sha384` or `sha512`.
    pub fn algorithm(&self) -> &str {
        &self.0[..6]
    }

    /// The hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.0[7..]
    }
}

impl FromStr for Digest {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (algorithm, hex) = text.split_once(':').ok_or(ParseError::InvalidFormat)?;
        if !is_digest_algorithm(algorithm)
            || hex.len() < 32
            || !hex.bytes().all(|b| b.is_ascii_hexdigit())
        {
            return Err(ParseError::InvalidFormat);
        }
        if algorithm.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(ParseError::DigestFormat);
        }
        let digits = match algorithm {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => return Err(ParseError::DigestUnsupported),
        };
        if hex.len() != digits {
            return Err(ParseError::DigestLength);
        }
        if hex.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(ParseError::DigestFormat);
        }
        Ok(Digest(text.to_owned()))
    }
}

impl Reference {
    /// A reference made of parts that are already valid.
    pub fn new(
        registry: Registry,
        repository: Repository,
        tag: Option<Tag>,
        digest: Option<Digest>,
    ) -> Self {
        Reference { registry, repository, tag, digest }
    }

    /// The registry; [`DOCKER_HUB`] when the text named none.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The repository's full path.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag as it was written; `latest` is not implied here.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest as it was written.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Registry and path without tag and digest: `docker.io/library/alpine`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// [`Reference::name`] as docker shows it to people: `alpine`, `grafana/loki`, `quay.io/a/b`.
    pub fn familiar_name(&self) -> String {
        if !self.registry.is_docker_hub() {
            return self.name();
        }
        match self.repository.0.strip_prefix("library/") {
            Some(rest) if !rest.contains('/') => rest.to_owned(),
            _ => self.repository.0.clone(),
        }
    }

    /// The whole reference as docker shows it to people.
    pub fn familiar(&self) -> String {
        format!("{}{}", self.familiar_name(), Suffix(self))
    }

    /// Whether the text names its registry itself, so that no default may be put in its place.
    ///
    /// Works on texts that are not valid references, too.
    pub fn names_registry(text: &str) -> bool {
        strip_transport(text).split_once('/').is_some_and(|(first, _)| looks_like_domain(first))
    }
}

/// The canonical form, with registry, tag and digest as they are.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.registry, self.repository, Suffix(self))
    }
}

struct Suffix<'a>(&'a Reference);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tag) = &self.0.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.0.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = strip_transport(text);
        if is_identifier(text) {
            return Err(ParseError::Identifier(text.to_owned()));
        }
        let (domain, rest) = split_domain(text);
        // Up to the first colon, as the library does: a digest's algorithm then counts as path.
        let path = rest.split(':').next().unwrap_or_default();
        if path.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(if rest.is_empty() || !is_domain(domain) {
                ParseError::InvalidFormat
            } else {
                ParseError::Uppercase(path.to_owned())
            });
        }
        parse_normalized(domain, &rest)
    }
}

/// Parses the text after the registry: path, tag, digest.
fn parse_normalized(domain: &str, rest: &str) -> Result<Reference, ParseError> {
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (rest, None),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    // A grammar error anywhere comes before the finer errors of the digest.
    if !is_path(path) || tag.is_some_and(|tag| !Tag::is_valid(tag)) {
        return Err(ParseError::InvalidFormat);
    }
    if !is_domain(domain) {
        return Err(if is_path(domain) {
            ParseError::InvalidRegistry(domain.to_owned())
        } else {
            ParseError::InvalidFormat
        });
    }
    let digest = digest.map(Digest::from_str);
    if digest == Some(Err(ParseError::InvalidFormat)) {
        return Err(ParseError::InvalidFormat);
    }
    Ok(Reference {
        registry: domain.parse()?,
        repository: path.parse()?,
        tag: tag.map(Tag::from_str).transpose()?,
        digest: digest.transpose()?,
    })
}

/// Splits a reference into its registry's name and the rest, with docker's defaults filled in.
fn split_domain(text: &str) -> (&str, String) {
    let (domain, rest) = match text.split_once('/') {
        Some((first, rest)) if looks_like_domain(first) => (first, rest),
        _ => (DOCKER_HUB, text),
    };
    let domain = if domain == "index.docker.io" { DOCKER_HUB } else { domain };
    if domain == DOCKER_HUB && !rest.contains('/') {
        (domain, format!("library/{rest}"))
    } else {
        (domain, rest.to_owned())
    }
}

macro_rules! display_as_text {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
display_as_text!(Registry Repository Tag Digest);

#[cfg(test)]
mod tests;
