//! Where logins come from.
//!
//! Whoever has logged in with docker is logged in here: a [`Store`] looks into
//! `DOCKER_AUTH_CONFIG`, docker's `config.json` with its credential helpers, and podman's
//! `auth.json`, in this order, each read as its owner reads it. A place that is broken is a
//! warning, never the end: without a login there are still the public images.
//!
//! In four points this differs from docker, on purpose. A wrong type somewhere in config.json
//! loses no login. A helper that fails or is missing means anonymous, with a warning, and the
//! file's own entry is not used in its place (two points). A login without a user name is not used.
//!
//! Programs are run through `process`.

mod auth_config_env;
mod auth_file;
pub(crate) mod chain;
mod credential;
mod docker_config;
mod helper;
mod json;
mod password;
mod podman;
mod prompt;
mod store;
mod text;
mod trial;

#[cfg(all(test, unix))]
mod tests;

pub(crate) use credential::{Credential, CredentialError, Found, Source};
pub(crate) use password::{PasswordError, describe as describe_password, trim_newline};
pub(crate) use prompt::{PromptError, ask_password};
pub(crate) use store::Store;
pub(crate) use trial::{Login, Lookup, Verdict};

use std::time::Duration;

use crate::oci::reference::Registry;
use crate::system::env::Env;
use crate::system::secret::Secret;

/// How long a credential helper or a password command may take: it may ask its user for a PIN.
pub(crate) const HELPER_LIMIT: Duration = Duration::from_secs(60);

/// The login in `DOCKER_USERNAME` (or `DOCKER_USER`) and `DOCKER_PASSWORD`; `None` unless both are
/// set. It is meant for the active registry alone. One that cannot be sent is only its warning.
pub(crate) fn from_environment(env: &Env) -> Option<Found> {
    let password = env.text("DOCKER_PASSWORD").map(trim_newline)?;
    let (variable, username) = ["DOCKER_USERNAME", "DOCKER_USER"]
        .into_iter()
        .find_map(|variable| Some((variable, env.text(variable)?)))?;
    let credential =
        Credential::Basic { username: username.to_owned(), password: Secret::new(password) };
    Some(Found::new(credential, Source::Environment(variable)).if_usable())
}

/// The login that a config.json of this text itself holds for a registry, helpers aside. For
/// looking at the reader alone; a [`Store`] knows the whole chain.
pub fn docker_config_login(text: &str, registry: &Registry) -> Option<Credential> {
    let config = docker_config::DockerConfig::from_text(text);
    config.entry(docker_config::key_of(registry)).and_then(docker_config::credential_of)
}

/// Whether the group or everybody may read this file: on Unix its permission bits if so, else
/// `None`. For warning about files that hold a password.
pub(crate) fn readable_by_others(meta: &std::fs::Metadata) -> Option<u32> {
    auth_file::readable_by_others(meta)
}
