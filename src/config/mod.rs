//! Profiles: how each registry is reached, and as whom.
//!
//! They live in one TOML file that people write by hand and `docker tags profile` edits:
//!
//! ```toml
//! profile = "work"                 # the active profile
//!
//! [profiles.work]
//! registry     = "ghcr.io"
//! namespace    = "acme"            # `api` means ghcr.io/acme/api
//! username     = "octocat"
//! password-env = "GHCR_TOKEN"
//! ```
//!
//! `settings` has the keys, [`load`](self) reads and checks the whole file before anything else
//! happens, `choose` says which profile is active and which one serves a name, [`edit`] changes the
//! file and keeps everything else in it as it was, `write` puts it on the disk. The environment comes in as an
//! [`Env`]; no network, and no secret is fetched here: a profile only says where its password is.
//!
//! One profile is built in: [`BUILT_IN`], Docker Hub with no settings at all. It is active when
//! no other profile is chosen, and its name is reserved, as the context of that name is in docker.

mod check;
mod choose;
pub(crate) mod duration;
pub(crate) mod edit;
mod error;
mod layout;
mod load;
mod profile;
mod settings;
mod values;
mod write;

#[cfg(test)]
mod testing;

use std::path::{Path, PathBuf};

pub(crate) use choose::{Active, ChosenBy, Resolved, Served};
pub(crate) use error::ConfigError;
pub(crate) use profile::Profile;
pub(crate) use settings::{DEFAULT_JOBS, DEFAULT_RETRIES, KEYS, PasswordSource, Pattern, Settings};
pub(crate) use values::InvalidValue;

use crate::system::env::Env;

/// The name of the built-in Docker Hub profile; no profile in the file may have it.
pub(crate) const BUILT_IN: &str = "default";

/// What is in the configuration file, all of it checked.
#[derive(Debug, Clone)]
pub struct Config {
    path: PathBuf,
    active: Option<(String, usize)>,
    previous: Option<String>,
    profiles: Vec<Profile>,
    built_in: Profile,
    warnings: Vec<String>,
}

impl Config {
    /// Reads and checks the file that [`path`] names. No file means no profiles.
    pub fn load(env: &Env) -> Result<Config, ConfigError> {
        load::load(env)
    }

    /// Checks a text as if it were at `path`. Nothing is read from there.
    pub fn from_text(text: &str, path: &Path, env: &Env) -> Result<Config, ConfigError> {
        load::parse(text, path, env)
    }

    /// The configuration of a file with nothing in it.
    pub fn empty(env: &Env) -> Result<Config, ConfigError> {
        load::parse("", &path(env)?, env)
    }

    /// The file, whether it exists or not.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The profiles of the file, in its order; the built-in one is not among them.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.iter()
    }

    pub fn built_in(&self) -> &Profile {
        &self.built_in
    }

    /// What the user should hear of, once, on stderr: a password in a file that others can read.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Where the configuration file is: `$DOCKER_TAGS_CONFIG`, else `docker-tags/config.toml` in
/// the platform's directory (`$XDG_CONFIG_HOME` when it is absolute, else `~/.config`, on Linux).
pub(crate) fn path(env: &Env) -> Result<PathBuf, ConfigError> {
    if let Some(path) = env.path("DOCKER_TAGS_CONFIG") {
        return Ok(path);
    }
    let directory = directory(env).ok_or_else(|| {
        ConfigError::usage("cannot find the configuration: there is no home directory")
            .with_hint("set HOME, or DOCKER_TAGS_CONFIG to the file's path")
    })?;
    Ok(directory.join("docker-tags").join("config.toml"))
}

#[cfg(target_os = "linux")]
fn directory(env: &Env) -> Option<PathBuf> {
    env.path("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| env.home().map(|home| home.join(".config")))
}

#[cfg(not(target_os = "linux"))]
fn directory(_env: &Env) -> Option<PathBuf> {
    dirs::config_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn path_of_the_file() {
        let cases: [(&[(&str, &str)], &str); 5] = [
            (&[("HOME", "/h")], "/h/.config/docker-tags/config.toml"),
            (&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")], "/x/docker-tags/config.toml"),
            (&[("HOME", "/h"), ("XDG_CONFIG_HOME", "x")], "/h/.config/docker-tags/config.toml"),
            (&[("HOME", "/h"), ("XDG_CONFIG_HOME", "")], "/h/.config/docker-tags/config.toml"),
            (&[("HOME", "/h"), ("DOCKER_TAGS_CONFIG", "/c/t.toml")], "/c/t.toml"),
        ];
        for (pairs, expected) in cases {
            let env = Env::from_pairs(pairs.iter().copied());
            assert_eq!(path(&env).unwrap(), Path::new(expected), "{pairs:?}");
        }
    }
}
