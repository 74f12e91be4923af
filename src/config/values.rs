//! What each setting of a profile may say: one function for a value, for the configuration file and
//! for the command line.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};

use super::duration::timeout;
use super::settings::Pattern;
use crate::oci::reference::{Reference, Registry, Repository};
use crate::oci::url::{Origin, Scheme, Url, UrlError};
use crate::system::secret::Secret;

/// Why a value is refused. It never repeats a value that may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidValue {
    pub message: String,
    pub hint: Option<String>,
}

impl InvalidValue {
    pub(super) fn new(message: impl Into<String>) -> Self {
        InvalidValue { message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        InvalidValue { hint: Some(hint.into()), ..self }
    }
}

impl<T: Into<String>> From<T> for InvalidValue {
    fn from(message: T) -> Self {
        InvalidValue::new(message)
    }
}

/// The hint on a second line: so it passes through serde, which knows of texts only.
impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, "\n{hint}"))
    }
}

impl std::error::Error for InvalidValue {}

fn invalid<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, InvalidValue> {
    Err(InvalidValue::new(message).hint(hint))
}

/// Not empty, and no control characters.
fn text(text: &str) -> Result<&str, InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::new("must not be empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidValue::new("control characters are not allowed"));
    }
    Ok(text)
}

pub(crate) fn registry(written: &str) -> Result<Registry, InvalidValue> {
    text(written)?;
    let bare = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://"));
    if bare.is_some() || written.contains('/') {
        return invalid(
            "expected a registry name: HOST or HOST:PORT",
            "no https:// and no path: registry = \"ghcr.io\", namespace = \"acme\"",
        );
    }
    // Not repeated in the message: it may be `user:password@host`.
    let refused = || InvalidValue::new("not a registry name");
    let registry: Registry = written.parse().map_err(|_| refused())?;
    match Origin::new(Scheme::Https, registry.host(), registry.port()) {
        Err(UrlError::Port) => {
            return Err(InvalidValue::new("the port must be from 1 to 65535"));
        }
        // `127.1` and `0x7f000001` look like names, and are addresses to a resolver.
        Err(_) => {
            return Err(refused().hint("a host name, or an IP address such as 127.0.0.1 or [::1]"));
        }
        Ok(_) => {}
    }
    if !Reference::names_registry(&format!("{registry}/x")) {
        // `lab/api` is a Docker Hub repository to every tool: such a name cannot be typed.
        return invalid(
            format!("in a name, {written:?} would be read as a namespace, not as a registry"),
            format!("give the port: registry = \"{written}:443\""),
        );
    }
    Ok(registry)
}

pub(crate) fn namespace(written: &str) -> Result<Repository, InvalidValue> {
    text(written)?.parse().or_else(|_| {
        invalid(
            format!("not a namespace: {written:?}"),
            "use the first part of a repository's path, in lower case: acme, or acme/team",
        )
    })
}

pub(crate) fn pattern(written: &str) -> Result<Pattern, InvalidValue> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._/*?[]!".contains(&b);
    let fits =
        written.len() <= 255 && written.bytes().all(legal) && !text(written)?.starts_with('/');
    Pattern::parse(written).filter(|_| fits).map_or_else(
        || {
            invalid(
                format!("not a pattern of repositories: {written:?}"),
                "use paths without the registry, in lower case, such as \"acme/*\"",
            )
        },
        Ok,
    )
}

pub(crate) fn username(written: &str) -> Result<String, InvalidValue> {
    if text(written)?.contains(':') {
        return Err(InvalidValue::new("a user name cannot contain a colon"));
    }
    Ok(written.to_owned())
}

pub(crate) fn variable(written: &str) -> Result<String, InvalidValue> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if !text(written)?.bytes().all(legal) || written.starts_with(|c: char| c.is_ascii_digit()) {
        return invalid(
            "not the name of an environment variable",
            "use the name alone, without $, such as \"GHCR_TOKEN\"",
        );
    }
    Ok(written.to_owned())
}

/// A base URL: without query and fragment, and a path that is what it looks like.
pub(crate) fn base_url(written: &str) -> Result<Url, InvalidValue> {
    let url: Url = text(written)?.parse().map_err(|error| {
        InvalidValue::new(match error {
            UrlError::Scheme => "expected a URL that starts with https:// or http://",
            UrlError::UserInfo => "a URL here must not hold a user name or password",
            UrlError::Characters => "the URL's path is not valid",
            UrlError::Host | UrlError::Port => "the URL's host or port is not valid",
        })
    })?;
    let refused = |message: &str| Err(InvalidValue::new(message));
    if written.contains(['?', '#']) {
        return refused("a URL here must not have a query or fragment");
    }
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~/%+".contains(&b);
    let path = url.path();
    if !path.bytes().all(legal) || path.split('/').any(|part| part == "." || part == "..") {
        return refused("the URL's path is not valid");
    }
    Ok(url.origin().url(path.trim_end_matches('/'), None))
}

/// A host whose token service may have the login, in lower case; `http://` allows one without TLS.
pub(crate) fn token_host(written: &str) -> Result<String, InvalidValue> {
    let name = written.strip_prefix("http://").unwrap_or(text(written)?);
    if name.parse::<Registry>().is_ok_and(|parsed| parsed.port().is_none()) {
        return Ok(written.to_ascii_lowercase());
    }
    invalid(
        "not a host name",
        "use a name such as \"auth.example.com\", without scheme, port or path; \
         \"http://HOST\" also allows a token service without TLS",
    )
}

/// The name of a profile in the file.
pub(super) fn profile_name(name: &str) -> Result<String, InvalidValue> {
    if name == super::BUILT_IN {
        return invalid(
            format!("{name:?} is the built-in Docker Hub profile"),
            "give it another name, such as \"hub\"",
        );
    }
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if name.len() <= 64 && name.bytes().all(legal) && starts_well {
        return Ok(name.to_owned());
    }
    invalid(
        format!("{name:?} is not a profile name"),
        "use up to 64 letters, digits, dots, dashes and underscores; start with a letter or digit",
    )
}

pub(super) fn path(written: &str) -> Result<PathBuf, InvalidValue> {
    if text(written)?.starts_with('~') && !written.starts_with("~/") {
        return invalid(
            "only ~/ is supported, not ~USER",
            "use an absolute path, or ./~… for a file of that name",
        );
    }
    Ok(Path::new(written).to_owned())
}

fn chosen_name(name: &str) -> Result<String, InvalidValue> {
    if name == super::BUILT_IN { Ok(name.to_owned()) } else { profile_name(name) }
}

fn secret(written: &str) -> Result<Secret, InvalidValue> {
    if written.is_empty() {
        return Err(InvalidValue::new("must not be empty"));
    }
    Ok(Secret::new(written))
}

fn argument(written: &str) -> Result<String, InvalidValue> {
    if written.contains('\0') {
        return Err(InvalidValue::new("an argument cannot contain a NUL"));
    }
    Ok(written.to_owned())
}

/// How serde reads a field with one of the functions above: `one` value, or `many` in a list.
macro_rules! read {
    (one $type:ty) => {
        pub(in crate::config) fn read<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<$type>, D::Error> {
            Value::deserialize(from).map(|value| Some(value.0))
        }
    };
    (many $type:ty) => {
        pub(in crate::config) fn read<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Vec<$type>, D::Error> {
            let values = Vec::<Value>::deserialize(from)?;
            if values.is_empty() {
                return Err(D::Error::custom("must not be empty"));
            }
            Ok(values.into_iter().map(|value| value.0).collect())
        }
    };
    ($($form:ident $name:ident: $type:ty = $parse:path;)*) => { $(
        pub(super) mod $name {
            use super::*;

            // A newtype, so that an error has the place of this very value.
            #[derive(serde::Deserialize)]
            struct Value(#[serde(deserialize_with = "value")] $type);

            fn value<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                $parse(&String::deserialize(from)?).map_err(D::Error::custom)
            }

            read!($form $type);
        }
    )* };
}
read! {
    one a_registry: Registry = registry;
    one a_namespace: Repository = namespace;
    many patterns: Pattern = pattern;
    one a_username: String = username;
    one a_variable: String = variable;
    one a_url: Url = base_url;
    many token_hosts: String = token_host;
    one a_path: PathBuf = path;
    one a_profile: String = chosen_name;
    one a_secret: Secret = secret;
    many arguments: String = argument;
}

pub(super) fn jobs<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    whole(from, 1..=64)
}

pub(super) fn retries<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    whole(from, 0..=10)
}

fn whole<'de, D: Deserializer<'de>>(
    from: D,
    range: RangeInclusive<u8>,
) -> Result<Option<u8>, D::Error> {
    let number = i64::deserialize(from).ok().and_then(|number| u8::try_from(number).ok());
    match number.filter(|number| range.contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(D::Error::custom(format!(
            "expected a whole number from {} to {}",
            range.start(),
            range.end()
        ))),
    }
}

/// A time limit: a number of seconds, or a text such as `"500ms"`.
pub(super) fn a_timeout<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Written {
        Seconds(f64),
        Text(String),
    }
    let text = match Written::deserialize(from) {
        Ok(Written::Seconds(seconds)) => seconds.to_string(),
        Ok(Written::Text(text)) => text,
        Err(_) => String::new(),
    };
    timeout(&text).map(Some).map_err(D::Error::custom)
}
