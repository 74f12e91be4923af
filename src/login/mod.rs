//! Where logins come from, and what is said about them.
//!
//! Whoever has logged in with docker is logged in here. `chain` has the sources in their order:
//! the command line (`given`), the profile (`password`), the environment, `DOCKER_AUTH_CONFIG`,
//! docker's `config.json` with its credential helpers, podman's `auth.json`, each read as its owner
//! reads it. A source that is broken is a warning, never the end: without a login there are still
//! the public images. `trial` remembers what became of a login. This room sends nothing.
//!
//! In three points this differs from docker, on purpose. A wrong type somewhere in config.json loses
//! no login. A helper that fails or is missing means anonymous, with a warning, and the file's own
//! entry is not used in its place. A login without a user name is not used.

mod auth_config_env;
mod auth_file;
mod chain;
mod credential;
mod docker_config;
mod given;
mod helper;
mod password;
mod podman;
mod prompt;
mod trial;

#[cfg(all(test, unix))]
mod tests;

pub(crate) use chain::{Logins, Query};
pub(crate) use credential::{Credential, Found, Source};
pub(crate) use given::{given, password_from_stdin};
pub(crate) use password::{describe as describe_password, trim_newline};
pub(crate) use trial::{Login, Lookup, Verdict};

use std::time::Duration;

use crate::oci::reference::Registry;
use crate::system::env::Env;
use crate::system::secret::Secret;
use crate::system::terminal::sanitize;

/// How long a credential helper or a password command may take where the user has set no time
/// limit: it may ask for a PIN.
pub(crate) const HELPER_LIMIT: Duration = Duration::from_secs(60);

/// The longest quotation of a file or a program, in characters.
const MAX_QUOTED: usize = 200;

/// The login in `DOCKER_USERNAME` (or `DOCKER_USER`) and `DOCKER_PASSWORD`; `None` unless both are
/// set. It is meant for the active registry alone.
pub(crate) fn from_environment(env: &Env) -> Option<(Credential, Source)> {
    let password = env.text("DOCKER_PASSWORD").map(trim_newline)?;
    let (variable, username) = ["DOCKER_USERNAME", "DOCKER_USER"]
        .into_iter()
        .find_map(|variable| Some((variable, env.text(variable)?)))?;
    let credential =
        Credential::Basic { username: username.to_owned(), password: Secret::new(password) };
    Some((credential, Source::Environment(variable)))
}

/// Foreign words made fit for one line of a message: the first line that is not blank, shortened.
fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let (end, more) = match line.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => (end, "…"),
        None => (line.len(), ""),
    };
    format!("{}{more}", sanitize(&line[..end]))
}

/// The login that a config.json of this text itself holds for a registry, helpers aside. For
/// looking at the reader alone; [`Logins`] has all sources.
pub fn docker_config_login(text: &str, registry: &Registry) -> Option<Credential> {
    docker_config::login(&docker_config::from_text(text), docker_config::key_of(registry))
}
