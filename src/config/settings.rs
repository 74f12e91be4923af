//! What a profile says: its settings, and where each of them came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{BUILT_IN, Endpoint};
use crate::oci::reference::{Registry, Repository};
use crate::system::secret::Secret;

/// Requests at a time when nothing says otherwise.
pub(crate) const DEFAULT_JOBS: u8 = 8;

/// How often a failed request is repeated when nothing says otherwise.
pub(crate) const DEFAULT_RETRIES: u8 = 3;

/// The keys of a profile, in the order in which they are shown.
pub(crate) const KEYS: [&str; 19] = [
    "registry",
    "namespace",
    "repositories",
    "username",
    "password",
    "password-env",
    "password-command",
    "password-file",
    "insecure",
    "plain-http",
    "ca-file",
    "client-cert",
    "client-key",
    "endpoint",
    "hub-api",
    "token-hosts",
    "jobs",
    "timeout",
    "retries",
];

/// Where a profile's password is. It is fetched elsewhere, and only when it is needed.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordSource {
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
    pub fn key(&self) -> &'static str {
        match self {
            PasswordSource::Env(_) => "password-env",
            PasswordSource::Command(_) => "password-command",
            PasswordSource::File(_) => "password-file",
            PasswordSource::Plain(_) => "password",
        }
    }
}

/// A certificate for mutual TLS and its key, PEM files both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCert {
    /// The certificate, with the chain behind it if there is one.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A pattern of `repositories`, such as `acme/*`: `*` stands for any text, slashes too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(glob::Pattern);

impl Pattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        glob::Pattern::new(text).ok().map(Pattern)
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it covers this repository of its registry.
    pub fn matches(&self, repository: &Repository) -> bool {
        self.0.matches(repository.as_str())
    }

    /// How much it says: its length without wildcards. Of two that match, the longer one wins.
    pub fn weight(&self) -> usize {
        self.as_str().bytes().filter(|b| !b"*?".contains(b)).count()
    }
}

/// The settings of a profile, checked; paths are absolute or relative to the working directory.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The registry that the profile is for.
    pub registry: Registry,
    /// What stands before a name without slash: `acme` makes `api` mean `acme/api`.
    pub namespace: Option<Repository>,
    /// The repositories that the profile serves; all when empty.
    pub repositories: Vec<Pattern>,
    /// The user to log in as. Always there when `password` is.
    pub username: Option<String>,
    /// Where that user's password or token is.
    pub password: Option<PasswordSource>,
    /// Accept any certificate.
    pub insecure: bool,
    /// Speak http.
    pub plain_http: bool,
    /// Authorities to trust, a PEM file.
    pub ca_file: Option<PathBuf>,
    /// The certificate to show to the registry.
    pub client_cert: Option<ClientCert>,
    /// Where the requests really go.
    pub endpoint: Option<Endpoint>,
    /// Where the Docker Hub API is.
    pub hub_api: Option<Endpoint>,
    /// Further hosts whose token service may get this profile's login, in lower case.
    pub token_hosts: Vec<String>,
    /// Requests at a time, 1 to 64.
    pub jobs: Option<u8>,
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// How often a failed request is repeated, 0 to 10.
    pub retries: Option<u8>,
}

impl Settings {
    /// A registry about which nothing is said.
    pub fn bare(registry: Registry) -> Self {
        Settings {
            registry,
            namespace: None,
            repositories: Vec::new(),
            username: None,
            password: None,
            insecure: false,
            plain_http: false,
            ca_file: None,
            client_cert: None,
            endpoint: None,
            hub_api: None,
            token_hosts: Vec::new(),
            jobs: None,
            timeout: None,
            retries: None,
        }
    }
}

/// Where a setting came from. `Display` is `PATH:LINE` or `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file, at this line.
    File(PathBuf, usize),
    /// Nothing said otherwise.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// One setting as `profile inspect` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key in the file.
    pub key: &'static str,
    /// The value as text, no secret in it; empty when there is none.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// A registry's settings under the name that the user gave them.
#[derive(Debug, Clone)]
pub struct Profile {
    name: Option<String>,
    /// The settings, all checked; a command line's flags are laid over a copy of them.
    pub settings: Settings,
    origins: BTreeMap<&'static str, Origin>,
}

impl Profile {
    pub(super) fn new(
        name: &str,
        settings: Settings,
        origins: BTreeMap<&'static str, Origin>,
    ) -> Self {
        Profile { name: Some(name.to_owned()), settings, origins }
    }

    /// The built-in profile of Docker Hub.
    pub(super) fn built_in() -> Self {
        Profile::new(BUILT_IN, Settings::bare(Registry::docker_hub()), BTreeMap::new())
    }

    /// What stands in for a profile when none is for this registry.
    pub(super) fn nameless(registry: Registry) -> Self {
        Profile { name: None, settings: Settings::bare(registry), origins: BTreeMap::new() }
    }

    /// The profile's name; none when no profile is for this registry and defaults serve it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The registry that the profile is for.
    pub fn registry(&self) -> &Registry {
        &self.settings.registry
    }

    /// Where the setting of this key came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Every setting with its effective value and where it came from; without the password
    /// keys that are not used. The order is that of [`KEYS`].
    pub fn rows(&self) -> Vec<Row> {
        let s = &self.settings;
        let mut rows = Vec::new();
        let mut row = |key: &'static str, value: Option<String>| {
            rows.push(Row { key, value: value.unwrap_or_default(), origin: self.origin(key) });
        };
        let path = |path: &PathBuf| path.display().to_string();
        row("registry", Some(s.registry.to_string()));
        row("namespace", s.namespace.as_ref().map(Repository::to_string));
        let patterns: Vec<&str> = s.repositories.iter().map(Pattern::as_str).collect();
        row("repositories", Some(patterns.join(", ")));
        row("username", s.username.clone());
        if let Some(source) = &s.password {
            row(source.key(), Some(source.to_string()));
        }
        row("insecure", Some(s.insecure.to_string()));
        row("plain-http", Some(s.plain_http.to_string()));
        row("ca-file", s.ca_file.as_ref().map(path));
        row("client-cert", s.client_cert.as_ref().map(|c| path(&c.certificate)));
        row("client-key", s.client_cert.as_ref().map(|c| path(&c.key)));
        row("endpoint", s.endpoint.as_ref().map(Endpoint::to_string));
        row("hub-api", s.hub_api.as_ref().map(Endpoint::to_string));
        row("token-hosts", Some(s.token_hosts.join(", ")));
        row("jobs", Some(s.jobs.unwrap_or(DEFAULT_JOBS).to_string()));
        row("timeout", s.timeout.map(|t| t.as_secs_f64().to_string()));
        row("retries", Some(s.retries.unwrap_or(DEFAULT_RETRIES).to_string()));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let sources = [
            PasswordSource::Plain(Secret::new("canary")),
            PasswordSource::Command(vec!["echo".into(), "canary".into()]),
        ];
        for source in sources {
            let mut profile = Profile::built_in();
            profile.settings.password = Some(source);
            let shown = format!("{profile:?} {:?}", profile.rows());
            assert!(!shown.contains("canary"), "{shown}");
        }
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
