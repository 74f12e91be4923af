//! podman's `auth.json`: asked when docker knows no login.
//!
//! The rules are those of containers/image (`pkg/docker/config`), which podman, skopeo and
//! buildah share, and they are not docker's: keys may name a namespace or a repository, all
//! names of Docker Hub are equal, `credsStore` does not count, only `auth` and `identitytoken`
//! are read.

use std::path::PathBuf;

use super::auth_file::{AuthFile, Entry, decode_auth, lookup};
use super::credential::Credential;
use super::one_line;
use crate::oci::reference::{Registry, Repository};
use crate::system::env::Env;
use crate::system::secret::Secret;

/// The files to ask, in order: `$REGISTRY_AUTH_FILE` alone, else podman's two places.
pub(super) fn paths(env: &Env) -> Vec<PathBuf> {
    if let Some(path) = env.path("REGISTRY_AUTH_FILE") {
        return vec![path];
    }
    let in_config = env
        .path("XDG_CONFIG_HOME")
        .or_else(|| env.home().map(|home| home.join(".config")))
        .map(|dir| dir.join("containers/auth.json"));
    let mut paths: Vec<PathBuf> = primary(env).into_iter().chain(in_config).collect();
    paths.dedup();
    paths
}

/// The file podman itself writes.
fn primary(env: &Env) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return env.home().map(|home| home.join(".config/containers/auth.json"));
    }
    match env.path("XDG_RUNTIME_DIR") {
        Some(dir) => Some(dir.join("containers/auth.json")),
        None => Some(format!("/run/containers/{}/auth.json", user_id()?).into()),
    }
}

/// The number of the user we run as: the owner of our own entry in /proc.
#[cfg(unix)]
fn user_id() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|meta| meta.uid())
}

#[cfg(not(unix))]
fn user_id() -> Option<u32> {
    None
}

/// The suffix of the helper that keeps a registry's login. It is asked for the registry's plain
/// name, and its answer counts even when the file has a more specific entry.
pub(super) fn helper<'a>(file: &'a AuthFile, registry: &Registry) -> Option<&'a str> {
    let suffix = lookup(&file.cred_helpers, registry.as_str())?;
    (!suffix.is_empty()).then_some(suffix)
}

/// Whether the file has an entry of its own for the registry or for something in it.
pub(super) fn has_entry_below(file: &AuthFile, registry: &Registry) -> bool {
    let holds = |entry: &Entry| !entry.auth.is_empty();
    entry(file, registry, None).is_some_and(|(_, entry)| holds(entry))
        || file.auths.iter().any(|(name, entry)| {
            let rest = name.strip_prefix(registry.as_str());
            rest.is_some_and(|rest| rest.starts_with('/')) && holds(entry)
        })
}

/// The file's own entry: that of the repository, of its namespaces from the inside out, of the
/// registry; else the first key that is a URL of the registry. Gives the key, too.
fn entry<'a>(
    file: &'a AuthFile,
    registry: &Registry,
    repository: Option<&Repository>,
) -> Option<(&'a str, &'a Entry)> {
    let full = match repository {
        Some(repository) => format!("{registry}/{repository}"),
        None => registry.as_str().to_owned(),
    };
    let mut key = full.as_str();
    loop {
        if let Some((name, entry)) = file.auths.iter().rev().find(|(name, _)| name == key) {
            return Some((name, entry));
        }
        let Some((parent, _)) = key.rsplit_once('/') else { break };
        key = parent;
    }
    let wanted = one_hub(registry.as_str());
    let (name, _) = file.auths.iter().find(|(name, _)| one_hub(plain_host(name)) == wanted)?;
    Some((name, lookup(&file.auths, name)?))
}

/// The login that the file has for a repository; `Ok(None)` when it has none. The error is a reason
/// that quotes no value.
pub(super) fn login(
    file: &AuthFile,
    registry: &Registry,
    repository: Option<&Repository>,
) -> Result<Option<Credential>, String> {
    let found = entry(file, registry, repository).filter(|(_, entry)| !entry.auth.is_empty());
    let Some((key, entry)) = found else { return Ok(None) };
    let at = format!("auths[{:?}].auth", one_line(key));
    let (username, password) = match decode_auth(&entry.auth) {
        Ok(Some(login)) => login,
        Ok(None) => return Err(format!("{at} has no colon inside its base64")),
        Err(reason) => return Err(format!("{at} {reason}")),
    };
    if !entry.identity_token.is_empty() {
        let username = Some(username).filter(|name| !name.is_empty());
        let token = Secret::new(&entry.identity_token);
        return Ok(Some(Credential::IdentityToken { username, token }));
    }
    if username.is_empty() && password.is_empty() {
        return Ok(None);
    }
    Ok(Some(Credential::Basic { username, password: Secret::new(password) }))
}

/// A key without its scheme; only a key that had one loses its path.
fn plain_host(key: &str) -> &str {
    let stripped = key.strip_prefix("http://").unwrap_or(key);
    let stripped = stripped.strip_prefix("https://").unwrap_or(stripped);
    if stripped.len() == key.len() { key } else { stripped.split('/').next().unwrap_or_default() }
}

/// One name for the three that Docker Hub has.
fn one_hub(host: &str) -> &str {
    if matches!(host, "docker.io" | "registry-1.docker.io") { "index.docker.io" } else { host }
}
