//! docker's `config.json`, read as docker reads it.
//!
//! The rules are those of docker/cli (`cli/config/configfile`, `cli/config/credentials`): which
//! key is looked up for a registry, which helper is asked for it, what a stored key that is a
//! URL means, what an `auth` field decodes to. `tests/vectors/docker-config.jsonl` was made by
//! running that code.

use std::collections::HashSet;
use std::path::Path;

use super::auth_file::{self, AuthFile, Entry, decode_auth, lookup};
use super::credential::Credential;
use super::one_line;
use crate::oci::reference::{DOCKER_HUB, Registry};
use crate::system::env::Env;
use crate::system::process::find_program;
use crate::system::secret::Secret;

/// The key under which docker keeps the login of Docker Hub.
pub(super) const HUB_KEY: &str = "https://index.docker.io/v1/";

/// The key that docker looks up for a registry.
pub(super) fn key_of(registry: &Registry) -> &str {
    if registry.is_docker_hub() { HUB_KEY } else { registry.as_str() }
}

/// Reads the file, decodes its logins and picks the platform's helper where docker would.
pub(super) fn load(path: &Path, env: &Env) -> AuthFile {
    let mut file = AuthFile::load(path);
    decode_auths(&mut file);
    if file.auths.is_empty() && file.cred_helpers.is_empty() && file.creds_store.is_empty() {
        file.creds_store = default_store(env).unwrap_or_default().to_owned();
    }
    file.name_problems()
}

/// A text as if it had been read from a file.
pub(super) fn from_text(text: &str) -> AuthFile {
    let mut file = auth_file::parse(text).unwrap_or_default();
    decode_auths(&mut file);
    file
}

/// The suffix of the helper that keeps the login of a key, and the setting that names it; `None`: the
/// file itself keeps it. A registry token in the file is stronger than all that a helper could say.
pub(super) fn helper<'a>(file: &'a AuthFile, key: &str) -> Option<(&'a str, &'static str)> {
    let (suffix, setting) = match lookup(&file.cred_helpers, key) {
        Some(suffix) => (suffix, "credHelpers"),
        None => (&file.creds_store, "credsStore"),
    };
    let is_stronger = entry(file, key).is_some_and(|entry| !entry.registry_token.is_empty());
    (!suffix.is_empty() && !is_stronger).then_some((suffix, setting))
}

/// The file's own entry for a key: the key itself, else the first that is a URL of that host.
fn entry<'a>(file: &'a AuthFile, key: &str) -> Option<&'a Entry> {
    lookup(&file.auths, key).or_else(|| {
        let (same_host, _) = file.auths.iter().find(|(name, _)| hostname(name) == key)?;
        lookup(&file.auths, same_host)
    })
}

/// The registries that `auths` and `credHelpers` name, as references write them.
pub(super) fn registries(file: &AuthFile) -> Vec<String> {
    let auths = file.auths.iter().map(|(key, _)| key);
    let helpers = file.cred_helpers.iter().map(|(key, _)| key);
    let mut seen = HashSet::new();
    let names = auths.chain(helpers).filter_map(|key| registry_of(key));
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// The login that the file itself has for a key; the strongest kind that it has.
pub(super) fn login(file: &AuthFile, key: &str) -> Option<Credential> {
    let entry = entry(file, key)?;
    if !entry.registry_token.is_empty() {
        return Some(Credential::RegistryToken(Secret::new(&entry.registry_token)));
    }
    if !entry.identity_token.is_empty() {
        let username = Some(entry.username.clone()).filter(|name| !name.is_empty());
        return Some(Credential::IdentityToken {
            username,
            token: Secret::new(&entry.identity_token),
        });
    }
    if entry.username.is_empty() && entry.password.is_empty() {
        return None;
    }
    Some(Credential::Basic {
        username: entry.username.clone(),
        password: Secret::new(&entry.password),
    })
}

/// Puts the decoded `auth` of every entry in the place of its plain fields.
fn decode_auths(file: &mut AuthFile) {
    for (key, entry) in &mut file.auths {
        if entry.auth.is_empty() {
            continue;
        }
        let reason = match decode_auth(&entry.auth) {
            Ok(Some((username, password))) if !username.is_empty() => {
                (entry.username, entry.password) = (username, password);
                continue;
            }
            Ok(Some(_)) => "has no user name",
            Ok(None) => "has no colon inside its base64",
            Err(reason) => reason,
        };
        file.problems.push(format!("auths[{:?}].auth {reason}", one_line(key)));
    }
}

/// The helper docker uses when nothing is configured and the helper's program is there.
fn default_store(env: &Env) -> Option<&'static str> {
    let suffix = if cfg!(target_os = "macos") {
        "osxkeychain"
    } else if cfg!(windows) {
        "wincred"
    } else if find_program("pass", env).is_some() {
        "pass"
    } else {
        "secretservice"
    };
    find_program(&format!("docker-credential-{suffix}"), env).map(|_| suffix)
}

/// The registry a stored key stands for; `None` for keys that docker never looks up as one.
fn registry_of(key: &str) -> Option<String> {
    if key == HUB_KEY {
        return Some(DOCKER_HUB.to_owned());
    }
    // `…/access-token` and `…/refresh-token` are docker's notes beside the login of the Hub; and
    // under no other key than the one above does docker find the login of the Hub.
    let name: Registry = hostname(key).parse().ok()?;
    (!name.is_docker_hub()).then(|| name.as_str().to_owned())
}

/// A stored key reduced to a host, as docker does: no lower case, no default ports.
fn hostname(key: &str) -> String {
    if let Some(host) = url_host(key) {
        return host;
    }
    key.split('/').next().unwrap_or_default().to_owned()
}

/// The `host` or `host:port` of a URL, where Go's `url.Parse` finds one.
///
/// An IPv6 address without a port loses its brackets: docker does that, too.
fn url_host(key: &str) -> Option<String> {
    let (scheme, rest) = key.split_once("://")?;
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !scheme_ok || key.bytes().any(|b| b.is_ascii_control()) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.strip_prefix('[') {
        Some(address) => address
            .split_once(']')
            .map(|(host, port)| (host, port.strip_prefix(':').or(port.is_empty().then_some(""))))?,
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("")),
        },
    };
    let port = port.filter(|port| port.bytes().all(|b| b.is_ascii_digit()))?;
    if host.is_empty() || host.contains([' ', '<', '>', '"', '%', '\\', '^', '`', '{', '|', '}']) {
        return None;
    }
    Some(match (port, host.contains(':')) {
        ("", _) => host.to_owned(),
        (port, true) => format!("[{host}]:{port}"),
        (port, false) => format!("{host}:{port}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{hostname, registry_of};

    #[test]
    fn reduces_keys_to_hosts() {
        for (key, expected) in [
            ("r.io", "r.io"),
            ("r.io/v2/", "r.io"),
            ("https://r.io", "r.io"),
            ("https://r.io/v2/?x#y", "r.io"),
            ("http://r.io:5000/v1/", "r.io:5000"),
            ("https://r.io:443", "r.io:443"),
            ("https://r.io:/", "r.io"),
            ("ftp://someone:pw@r.io/", "r.io"),
            ("https://[::1]:5000/v2/", "[::1]:5000"),
            ("https://[::1]/v2/", "::1"),
            ("https://r.io:port/", "https:"),
            ("https://[::1", "https:"),
            ("https:///v2/", "https:"),
            ("1http://r.io", "1http:"),
            ("https://R.io", "R.io"),
            ("", ""),
        ] {
            assert_eq!(hostname(key), expected, "{key:?}");
        }
    }

    #[test]
    fn names_the_registries_docker_knows() {
        for (key, expected) in [
            ("https://index.docker.io/v1/", Some("docker.io")),
            ("https://index.docker.io/v1/access-token", None),
            ("https://index.docker.io/v1/refresh-token", None),
            ("docker.io", None),
            ("ghcr.io", Some("ghcr.io")),
            ("https://quay.io/v2/", Some("quay.io")),
            ("localhost:5000", Some("localhost:5000")),
            ("a\u{1b}b", None),
            ("", None),
        ] {
            assert_eq!(registry_of(key).as_deref(), expected, "{key:?}");
        }
    }
}
