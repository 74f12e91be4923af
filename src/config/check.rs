//! The settings of a profile: what each may say, and which of them exclude each other.

use std::collections::BTreeMap;

use super::load::{Fault, Reader};
use super::settings::{ClientCert, PasswordSource, Pattern, Settings};
use super::url::{Endpoint, is_loopback, parse_port};
use super::value::{Node, Problem, any_text, boolean, list, number, seconds, start, text};
use crate::oci::reference::{Reference, Registry, Repository};
use crate::system::secret::Secret;

/// A profile being read.
pub(super) struct Draft {
    pub name: String,
    /// The byte at which its name stands.
    at: usize,
    /// The byte at which each of its keys stands.
    pub places: BTreeMap<&'static str, usize>,
    pub settings: Settings,
    certificate: Option<std::path::PathBuf>,
    key: Option<std::path::PathBuf>,
}

impl Draft {
    pub(super) fn new(name: &str, at: usize) -> Self {
        Draft {
            name: name.to_owned(),
            at,
            places: BTreeMap::new(),
            // Replaced by the profile's own: check() refuses a profile without one.
            settings: Settings::bare(Registry::docker_hub()),
            certificate: None,
            key: None,
        }
    }

    /// Reads one key; `key` is one of [`super::KEYS`].
    pub(super) fn read(
        &mut self,
        key: &'static str,
        node: &Node<'_>,
        reader: &Reader<'_>,
    ) -> Result<(), Problem> {
        let s = &mut self.settings;
        match key {
            "registry" => s.registry = registry(node)?,
            "namespace" => s.namespace = Some(namespace(node)?),
            "repositories" => s.repositories = patterns(node)?,
            "username" => s.username = Some(username(node)?),
            "insecure" => s.insecure = boolean(node)?,
            "plain-http" => s.plain_http = boolean(node)?,
            "ca-file" => s.ca_file = Some(reader.resolve_path(node)?),
            "client-cert" => self.certificate = Some(reader.resolve_path(node)?),
            "client-key" => self.key = Some(reader.resolve_path(node)?),
            "endpoint" => s.endpoint = Some(endpoint(node)?),
            "hub-api" => s.hub_api = Some(endpoint(node)?),
            "token-hosts" => s.token_hosts = token_hosts(node)?,
            "jobs" => s.jobs = Some(number(node, 1, 64)? as u8),
            "timeout" => s.timeout = Some(seconds(node)?),
            "retries" => s.retries = Some(number(node, 0, 10)? as u8),
            _ => {
                let source = password(key, node, reader)?;
                if let Some(first) = &s.password {
                    return Err(Problem::new(
                        self.places[key],
                        format!("{} says already where the password is", first.key()),
                    )
                    .hint("keep one of the two"));
                }
                s.password = Some(source);
            }
        }
        Ok(())
    }

    /// What only shows when all keys of the profile are read.
    pub(super) fn check(&mut self) -> Result<(), Fault> {
        if !self.places.contains_key("registry") {
            let problem = Problem::new(self.at, "the profile has no registry")
                .hint("add a line such as registry = \"ghcr.io\"");
            return Err(Fault { key: format!("profiles.{}.registry", quote(&self.name)), problem });
        }
        let s = &self.settings;
        if let (Some(source), None) = (&s.password, &s.username) {
            let hint = "add username = \"…\"";
            return Err(self.fault(source.key(), "a password needs a username", hint));
        }
        if s.insecure && s.ca_file.is_some() {
            let message = "clashes with ca-file: insecure accepts any certificate";
            return Err(self.fault("insecure", message, "remove one of the two"));
        }
        if s.insecure && s.plain_http {
            let message = "clashes with plain-http: http has no certificates";
            return Err(self.fault("insecure", message, "remove one of the two"));
        }
        for (key, url) in [("endpoint", &s.endpoint), ("hub-api", &s.hub_api)] {
            if let Some(url) = url
                && !url.is_https()
                && !s.plain_http
                && !is_loopback(url.host())
            {
                let hint = "use https://, or add plain-http = true";
                return Err(self.fault(key, "http to another machine needs plain-http", hint));
            }
        }
        self.settings.client_cert = match (self.certificate.take(), self.key.take()) {
            (Some(certificate), Some(key)) => Some(ClientCert { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(self.fault("client-cert", "needs client-key too", "add client-key"));
            }
            (None, Some(_)) => {
                return Err(self.fault("client-key", "needs client-cert too", "add client-cert"));
            }
        };
        Ok(())
    }

    /// A fault at a key that is there.
    fn fault(&self, key: &str, message: impl Into<String>, hint: impl Into<String>) -> Fault {
        let at = self.places.get(key).copied().unwrap_or(self.at);
        let key = format!("profiles.{}.{key}", quote(&self.name));
        Fault { key, problem: Problem::new(at, message).hint(hint) }
    }
}

/// A profile's name inside a key; a dot would read as a separator.
fn quote(name: &str) -> String {
    if name.contains('.') { format!("{name:?}") } else { name.to_owned() }
}

/// What only shows when all profiles are read: two for one registry must say who serves what.
pub(super) fn together(drafts: &[Draft]) -> Result<(), Fault> {
    for (index, later) in drafts.iter().enumerate() {
        for earlier in &drafts[..index] {
            let (a, b) = (&earlier.settings, &later.settings);
            if !a.registry.as_str().eq_ignore_ascii_case(b.registry.as_str()) {
                continue;
            }
            if a.repositories.is_empty() && b.repositories.is_empty() {
                return Err(later.fault(
                    "registry",
                    format!("profile {:?} is for {} too", earlier.name, b.registry),
                    "say what each serves, for example repositories = [\"acme/*\"]",
                ));
            }
            if let Some(pattern) = b.repositories.iter().find(|p| a.repositories.contains(p)) {
                return Err(later.fault(
                    "repositories",
                    format!("profile {:?} serves {:?} too", earlier.name, pattern.as_str()),
                    "a pattern belongs to one profile of a registry",
                ));
            }
        }
    }
    Ok(())
}

fn registry(node: &Node<'_>) -> Result<Registry, Problem> {
    let written = text(node)?;
    let problem = |message: String| Problem::new(start(node), message);
    let bare = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://"));
    if bare.is_some() || written.contains('/') {
        return Err(problem("expected the registry's name, host or host:port".to_owned())
            .hint("no https:// and no path: registry = \"ghcr.io\", namespace = \"acme\""));
    }
    // Not repeated in the message: it may be `user:password@host`.
    let registry: Registry =
        written.parse().map_err(|_| problem("not a registry's name".to_owned()))?;
    if registry.port().is_some_and(|port| parse_port(port).is_none()) {
        return Err(problem("the port must be from 1 to 65535".to_owned()));
    }
    if !Reference::names_registry(&format!("{registry}/x")) {
        // `lab/api` is a Docker Hub repository to every tool: such a name cannot be typed.
        return Err(problem(format!("{written:?} would not be taken for a registry in a name"))
            .hint(format!("give the port: registry = \"{written}:443\"")));
    }
    Ok(registry)
}

fn namespace(node: &Node<'_>) -> Result<Repository, Problem> {
    let written = text(node)?;
    written.parse().map_err(|_| {
        Problem::new(start(node), format!("not a namespace: {written:?}"))
            .hint("the first part of a repository's path, in lower case: acme, or acme/team")
    })
}

fn username(node: &Node<'_>) -> Result<String, Problem> {
    let written = text(node)?;
    if written.contains(':') {
        return Err(Problem::new(start(node), "a user name has no colon"));
    }
    Ok(written.to_owned())
}

fn patterns(node: &Node<'_>) -> Result<Vec<Pattern>, Problem> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._/*?[]!".contains(&b);
    let read = |node: &Node<'_>| {
        let written = text(node)?;
        let fits = written.len() <= 255 && written.bytes().all(legal);
        Pattern::parse(written).filter(|_| fits && !written.starts_with('/')).ok_or_else(|| {
            Problem::new(start(node), format!("not a pattern of repositories: {written:?}"))
                .hint("paths without the registry, in lower case, such as \"acme/*\"")
        })
    };
    list(node)?.into_iter().map(read).collect()
}

fn endpoint(node: &Node<'_>) -> Result<Endpoint, Problem> {
    Endpoint::parse(text(node)?).map_err(|message| Problem::new(start(node), message))
}

fn token_hosts(node: &Node<'_>) -> Result<Vec<String>, Problem> {
    let read = |node: &Node<'_>| {
        let host = text(node)?;
        let name = host.strip_prefix("http://").unwrap_or(host);
        let is_host = name.parse::<Registry>().is_ok_and(|parsed| parsed.port().is_none());
        if is_host {
            return Ok(host.to_ascii_lowercase());
        }
        Err(Problem::new(start(node), "not a host name").hint(
            "a name such as \"auth.example.com\", without scheme, port and path; \
                   \"http://HOST\" also allows a token service without TLS",
        ))
    };
    list(node)?.into_iter().map(read).collect()
}

/// One of the four ways to a password. No message repeats a value: it may be the password.
fn password(key: &str, node: &Node<'_>, reader: &Reader<'_>) -> Result<PasswordSource, Problem> {
    match key {
        "password-env" => {
            let name = text(node)?;
            let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            if !name.bytes().all(legal) || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(Problem::new(start(node), "not the name of an environment variable")
                    .hint("the name alone, without $, such as \"GHCR_TOKEN\""));
            }
            Ok(PasswordSource::Env(name.to_owned()))
        }
        "password-command" => command(node, reader).map(PasswordSource::Command),
        "password-file" => reader.resolve_path(node).map(PasswordSource::File),
        _ => any_text(node).map(|password| PasswordSource::Plain(Secret::new(password))),
    }
}

/// A program and its arguments. A program with a slash is a path like every other in the file;
/// one without is looked for in `$PATH` by whoever runs it.
fn command(node: &Node<'_>, reader: &Reader<'_>) -> Result<Vec<String>, Problem> {
    let members = list(node)
        .map_err(|e| e.hint("a list: password-command = [\"pass\", \"show\", \"ghcr\"]"))?;
    let mut argv = Vec::with_capacity(members.len());
    for (index, member) in members.into_iter().enumerate() {
        let nul = || Problem::new(start(member), "an argument cannot hold a NUL");
        if index > 0 {
            // An empty argument is an argument.
            let empty = member.get_ref().as_str() == Some("");
            let word = if empty { "" } else { any_text(member)? };
            argv.push(Some(word).filter(|w| !w.contains('\0')).ok_or_else(nul)?.to_owned());
            continue;
        }
        let program = text(member)?;
        if program.contains('/') {
            let path = reader.resolve_path(member)?;
            let path = path.to_str().ok_or_else(|| {
                Problem::new(start(member), "the program's path is not UTF-8 text")
            })?;
            argv.push(path.to_owned());
        } else {
            argv.push(program.to_owned());
        }
    }
    Ok(argv)
}
