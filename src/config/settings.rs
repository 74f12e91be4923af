//! What a profile says: its keys, as one structure, and where each of them came from.
//!
//! A field of [`Settings`] is a key of the file, an option of `profile create` and `update`, and a
//! row of `profile inspect`; nothing else lists them. To add a setting, add a field.

use std::fmt;
use std::ops::Not;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use serde::de::value::{Error as ListError, MapDeserializer};
use serde::{Deserialize, Serialize, Serializer};
use toml_edit::Item;

use super::{duration, values};
use crate::oci::reference::{Registry, Repository};
use crate::oci::url::Url;
use crate::system::secret::Secret;

/// Requests at a time when nothing says otherwise.
pub(crate) const DEFAULT_JOBS: u8 = 8;

/// How often a failed request is repeated when nothing says otherwise.
pub(crate) const DEFAULT_RETRIES: u8 = 3;

/// The settings of a profile. In one that was loaded all paths are absolute, or relative to the
/// working directory, and there is a registry.
///
/// Some have the name of an option that every command takes, and there mean "for this call". As
/// options of `create` and `update` they mean "from now on".
#[derive(Clone, Default, PartialEq, Deserialize, Serialize, clap::Args)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// The registry, such as ghcr.io
    #[arg(long, value_name = "HOST[:PORT]", value_parser = values::registry)]
    #[serde(deserialize_with = "values::a_registry::read")]
    pub registry: Option<Registry>,

    /// Namespace for names without a slash
    #[arg(long, value_name = "PATH", value_parser = values::namespace)]
    #[serde(deserialize_with = "values::a_namespace::read")]
    pub namespace: Option<Repository>,

    /// Only for repositories such as 'acme/*' (repeatable)
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', value_parser = values::pattern, hide_short_help = true)]
    #[serde(deserialize_with = "values::patterns::read", skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<Pattern>,

    /// Log in as this user
    #[arg(short, long, value_name = "USER", value_parser = values::username)]
    #[serde(deserialize_with = "values::a_username::read")]
    pub username: Option<String>,

    #[arg(skip)]
    #[serde(deserialize_with = "values::a_secret::read", skip_serializing)]
    pub password: Option<Secret>,

    /// Environment variable with the password or token
    #[arg(long, value_name = "NAME", group = "password", value_parser = values::variable)]
    #[serde(deserialize_with = "values::a_variable::read")]
    pub password_env: Option<String>,

    /// Program that prints the password, with its arguments
    #[arg(
        long,
        value_name = "PROGRAM",
        group = "password",
        num_args = 1..,
        allow_hyphen_values = true, hide_short_help = true)]
    #[serde(deserialize_with = "values::arguments::read", skip_serializing_if = "Vec::is_empty")]
    pub password_command: Vec<String>,

    /// File with the password or token
    #[arg(long, value_name = "FILE", group = "password", hide_short_help = true)]
    #[serde(deserialize_with = "values::a_path::read")]
    pub password_file: Option<PathBuf>,

    /// Accept any TLS certificate
    #[arg(short = 'k', long)]
    #[serde(skip_serializing_if = "Not::not")]
    pub insecure: bool,

    /// Use HTTP instead of HTTPS
    #[arg(long, conflicts_with = "insecure")]
    #[serde(skip_serializing_if = "Not::not")]
    pub plain_http: bool,

    /// Additional certificate authorities (PEM file)
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "values::a_path::read")]
    pub ca_file: Option<PathBuf>,

    /// Client certificate (PEM file)
    #[arg(
        id = "cert_file",
        long = "cert-file",
        alias = "client-cert",
        value_name = "FILE",
        hide_short_help = true
    )]
    #[serde(deserialize_with = "values::a_path::read")]
    pub client_cert: Option<PathBuf>,

    /// Private key of the client certificate (PEM file)
    #[arg(
        id = "key_file",
        long = "key-file",
        alias = "client-key",
        value_name = "FILE",
        hide_short_help = true
    )]
    #[serde(deserialize_with = "values::a_path::read")]
    pub client_key: Option<PathBuf>,

    /// Address to send requests to, such as `https://mirror.example`
    #[arg(long, value_name = "URL", value_parser = values::base_url, hide_short_help = true)]
    #[serde(deserialize_with = "values::a_url::read", serialize_with = "as_text")]
    pub endpoint: Option<Url>,

    /// Address of the Docker Hub API
    #[arg(long, value_name = "URL", value_parser = values::base_url, hide_short_help = true)]
    #[serde(deserialize_with = "values::a_url::read", serialize_with = "as_text")]
    pub hub_api: Option<Url>,

    /// Token service that may receive the credentials (repeatable)
    #[arg(long, value_name = "HOST", value_delimiter = ',', value_parser = values::token_host, hide_short_help = true)]
    #[serde(deserialize_with = "values::token_hosts::read", skip_serializing_if = "Vec::is_empty")]
    pub token_hosts: Vec<String>,

    /// Maximum number of concurrent requests [default: 8]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64), hide_short_help = true)]
    #[serde(deserialize_with = "values::jobs")]
    pub jobs: Option<u8>,

    /// Time limit for connecting, for the response, and for its body
    #[arg(long, value_name = "DURATION", value_parser = duration::timeout, hide_short_help = true)]
    #[serde(deserialize_with = "values::a_timeout", serialize_with = "as_seconds")]
    pub timeout: Option<Duration>,

    /// Retry a temporary failure up to N times [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=10), hide_short_help = true)]
    #[serde(deserialize_with = "values::retries")]
    pub retries: Option<u8>,
}

/// The keys of a profile, in the order in which they are shown.
pub(crate) static KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    // serde lists the fields of a structure where it meets an unknown key.
    let unknown = MapDeserializer::<_, ListError>::new([("", ())].into_iter());
    let error = Settings::deserialize(unknown).err();
    known_keys(error.map_or_else(String::new, |error| error.to_string()).leak())
});

/// The keys in serde's "unknown field `x`, expected one of `a`, `b`".
pub(super) fn known_keys(message: &str) -> Vec<&str> {
    message.rsplit("expected").next().unwrap_or_default().split('`').skip(1).step_by(2).collect()
}

fn as_text<S: Serializer>(url: &Option<Url>, to: S) -> Result<S::Ok, S::Error> {
    url.as_ref().map(|url| url.to_string().trim_end_matches('/').to_owned()).serialize(to)
}

/// Whole seconds are written without a fraction.
fn as_seconds<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) if time.subsec_nanos() == 0 => to.serialize_u64(time.as_secs()),
        Some(time) => to.serialize_f64(time.as_secs_f64()),
        None => to.serialize_none(),
    }
}

impl Settings {
    pub(crate) fn of_registry(registry: Registry) -> Self {
        Settings { registry: Some(registry), ..Settings::default() }
    }

    /// Where the password is, if the profile says so.
    pub(crate) fn password_source(&self) -> Option<PasswordSource> {
        let argv = Some(&self.password_command).filter(|argv| !argv.is_empty());
        (self.password.clone().map(PasswordSource::Plain))
            .or_else(|| self.password_env.clone().map(PasswordSource::Env))
            .or_else(|| argv.cloned().map(PasswordSource::Command))
            .or_else(|| self.password_file.clone().map(PasswordSource::File))
    }

    /// The certificate for mutual TLS and its key.
    pub(crate) fn client_files(&self) -> Option<(&PathBuf, &PathBuf)> {
        self.client_cert.as_ref().zip(self.client_key.as_ref())
    }

    /// The settings that are paths, each with its key.
    pub(crate) fn paths_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut PathBuf)> {
        [
            ("password-file", &mut self.password_file),
            ("ca-file", &mut self.ca_file),
            ("client-cert", &mut self.client_cert),
            ("client-key", &mut self.client_key),
        ]
        .into_iter()
        .filter_map(|(key, path)| Some((key, path.as_mut()?)))
    }

    /// The program of `password-command`, if it is a path and not looked up in `$PATH`.
    pub(crate) fn program_mut(&mut self) -> Option<&mut String> {
        self.password_command.first_mut().filter(|program| program.contains('/'))
    }

    /// Every setting as text, empty when there is none; no secret, and no password keys that are
    /// not used. The order is that of [`KEYS`].
    pub(crate) fn shown(&self) -> Vec<(&'static str, String)> {
        let mut printable = self.clone();
        for (_, path) in printable.paths_mut() {
            *path = path.to_string_lossy().into_owned().into();
        }
        let document = toml_edit::ser::to_document(&printable).unwrap_or_default();
        let password = self.password_source();
        let value = |key: &'static str| match (document.get(key).map(Item::as_value), key) {
            _ if key.starts_with("password") => {
                let source = password.as_ref().filter(|source| source.key() == key)?;
                Some((key, source.to_string()))
            }
            (Some(Some(toml_edit::Value::Array(list))), _) => {
                let texts: Vec<&str> = list.iter().filter_map(toml_edit::Value::as_str).collect();
                Some((key, texts.join(", ")))
            }
            (Some(Some(value)), _) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Some((key, text.trim().to_owned()))
            }
            (_, "insecure" | "plain-http") => Some((key, false.to_string())),
            (_, "jobs") => Some((key, DEFAULT_JOBS.to_string())),
            (_, "retries") => Some((key, DEFAULT_RETRIES.to_string())),
            _ => Some((key, String::new())),
        };
        KEYS.iter().copied().filter_map(value).collect()
    }
}

/// Without secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
}

/// Where a profile's password is. It is fetched elsewhere, and only when it is needed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum PasswordSource {
    /// The environment variable of this name.
    Env(String),
    /// The standard output of this program: its path or name, then its arguments; no shell.
    Command(Vec<String>),
    /// The content of this file.
    File(PathBuf),
    /// The configuration file itself.
    Plain(Secret),
}

/// Shows neither a password nor a program's arguments, which may hold one.
impl fmt::Display for PasswordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordSource::Env(name) => f.write_str(name),
            PasswordSource::Command(argv) => {
                f.write_str(argv.first().map_or("", String::as_str))?;
                f.write_str(if argv.len() > 1 { " …" } else { "" })
            }
            PasswordSource::File(path) => write!(f, "{}", path.display()),
            PasswordSource::Plain(_) => f.write_str("***"),
        }
    }
}

impl fmt::Debug for PasswordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.key())
    }
}

impl PasswordSource {
    /// The key that says so in the file.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            PasswordSource::Env(_) => "password-env",
            PasswordSource::Command(_) => "password-command",
            PasswordSource::File(_) => "password-file",
            PasswordSource::Plain(_) => "password",
        }
    }
}

/// A pattern of `repositories`, such as `acme/*`: `*` stands for any text, slashes too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(glob::Pattern);

impl Pattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        glob::Pattern::new(text).ok().map(Pattern)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn matches(&self, repository: &Repository) -> bool {
        self.0.matches(repository.as_str())
    }

    /// How much it says: its length without wildcards. Of two that match, the longer one wins.
    pub(crate) fn weight(&self) -> usize {
        self.as_str().bytes().filter(|b| !b"*?".contains(b)).count()
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let sources = [
            Settings { password: Some(Secret::new("canary")), ..Settings::default() },
            Settings {
                password_command: vec!["echo".into(), "canary".into()],
                ..Settings::default()
            },
        ];
        for settings in sources {
            let shown = format!("{settings:?} {:?}", settings.password_source());
            assert!(!shown.contains("canary"), "{shown}");
            assert!(shown.contains("password"), "{shown}");
        }
    }

    #[test]
    fn the_keys_are_the_fields() {
        assert_eq!((KEYS.len(), KEYS[0], KEYS[18]), (19, "registry", "retries"), "{KEYS:?}");
    }

    #[test]
    fn patterns() {
        let cases = [
            ("acme/*", "acme/api", true),
            ("acme/*", "acme/team/api", true),
            ("acme/*", "acme", false),
            ("acme/*", "acmes/api", false),
            ("acme/api", "acme/api", true),
            ("*", "a/b", true),
            ("acme/a?i", "acme/api", true),
        ];
        for (pattern, repository, expected) in cases {
            let pattern = Pattern::parse(pattern).unwrap();
            assert_eq!(pattern.matches(&repository.parse().unwrap()), expected, "{pattern:?}");
        }
        assert_eq!(Pattern::parse("acme/*").unwrap().weight(), 5);
    }
}
