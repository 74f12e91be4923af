//! The chain: which of the stored logins a registry gets.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::auth_config_env::{self, AuthConfigEnv};
use super::credential::{Credential, Found, Source};
use super::docker_config::{self, DockerConfig, key_of};
use super::helper::{Answer, Helpers};
use super::podman::{self, AuthJson};
use super::{HELPER_LIMIT, text};
use crate::oci::reference::{Registry, Repository};
use crate::system::env::Env;

/// The logins docker and podman have stored. Files are read when they are first needed, once;
/// a helper is asked once for a registry. Can be shared between threads.
pub(crate) struct Store {
    env: Env,
    docker_dir: Option<PathBuf>,
    as_plugin: bool,
    runs_programs: bool,
    helpers: Helpers,
    variable: OnceLock<Result<AuthConfigEnv, String>>,
    docker: OnceLock<DockerConfig>,
    podman: Vec<(PathBuf, OnceLock<AuthJson>)>,
    told: Mutex<HashSet<String>>,
}

/// A login and where it was.
type Hit = (Credential, Source);

/// What is noted on the way.
#[derive(Default)]
struct Notes {
    warnings: Vec<String>,
    trail: Vec<String>,
}

impl Notes {
    /// Notes what a place said; a login that the wire cannot carry is a warning and no login.
    fn judge(&mut self, host: &Registry, login: Option<Credential>, source: Source) -> Option<Hit> {
        let Some(credential) = login else {
            self.trail.push(format!("{source}: no login for {host}"));
            return None;
        };
        if let Err(error) = credential.check() {
            self.trail.push(format!("{source}: not used: {error}"));
            self.warnings.push(format!("the login for {host} in {source} is not used: {error}"));
            return None;
        }
        self.trail.push(format!("{source}: {}", credential.kind()));
        Some((credential, source))
    }

    fn failed(&mut self, reason: String) {
        self.trail.push(reason.clone());
        self.warnings.push(format!("{reason}; going on without its login"));
    }
}

impl Store {
    /// The stores of this environment. `docker_config_dir` is the directory that `--config` named;
    /// without it `$DOCKER_CONFIG` counts, then `.docker` in the home directory. Reads nothing yet.
    pub(crate) fn new(env: &Env, docker_config_dir: Option<PathBuf>) -> Store {
        Store {
            docker_dir: docker_config_dir
                .or_else(|| env.path("DOCKER_CONFIG"))
                .or_else(|| env.home().map(|home| home.join(".docker"))),
            env: env.clone(),
            as_plugin: false,
            runs_programs: true,
            helpers: Helpers::new(HELPER_LIMIT),
            variable: OnceLock::new(),
            docker: OnceLock::new(),
            podman: podman::paths(env).into_iter().map(|path| (path, OnceLock::new())).collect(),
            told: Mutex::default(),
        }
    }

    /// Whether docker has started us: then it has complained about its config.json already, and
    /// these warnings are left out.
    pub(crate) fn plugin_mode(mut self, on: bool) -> Store {
        self.as_plugin = on;
        self
    }

    /// Runs no credential helper: one may open a window or ask for a PIN, which must not happen
    /// behind the user's back. A registry whose login a helper keeps then has none.
    pub(crate) fn without_programs(mut self) -> Store {
        self.runs_programs = false;
        self
    }

    /// Whether programs may be run for a login.
    pub(crate) fn runs_programs(&self) -> bool {
        self.runs_programs
    }

    /// How long a helper may take instead of [`HELPER_LIMIT`].
    pub(crate) fn helper_limit(mut self, limit: Duration) -> Store {
        self.helpers.limit = limit;
        self
    }

    /// The login for a registry. Of `repository` only podman's files make a difference.
    ///
    /// Never fails: what goes wrong is a warning in the answer, and no warning is told twice by
    /// the same store.
    pub(crate) fn find(&self, registry: &Registry, repository: Option<&Repository>) -> Found {
        let mut notes = Notes::default();
        let hit = self
            .ask_variable(registry, &mut notes)
            .or_else(|| self.ask_docker(registry, &mut notes))
            .or_else(|| self.ask_podman(registry, repository, &mut notes));
        let (credential, source) = match hit {
            Some((credential, source)) => (Some(credential), source),
            None => (None, Source::None),
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        notes.warnings.retain(|warning| told.insert(warning.clone()));
        Found { credential, source, warnings: notes.warnings, trail: notes.trail }
    }

    /// Where [`Store::find`] would look first with some hope; no helper is asked, so that a helper
    /// may yet know no login. [`Source::None`] when no place has anything for this registry.
    pub(crate) fn place(&self, registry: &Registry) -> Source {
        let key = key_of(registry);
        if let Some(Ok(logins)) = self.variable()
            && logins.get(key).is_some()
        {
            return Source::AuthConfigEnv;
        }
        if let Some(config) = self.docker() {
            let login = config.entry(key).and_then(docker_config::credential_of);
            match (config.helper(key), login) {
                (Some(suffix), login) if !matches!(login, Some(Credential::RegistryToken(_))) => {
                    return Source::Helper(text::one_line(suffix));
                }
                (_, Some(_)) => {
                    return Source::File { path: config.path.clone(), section: "auths" };
                }
                _ => {}
            }
        }
        for (path, file) in &self.podman {
            let file = file.get_or_init(|| AuthJson::load(path));
            if let Some(suffix) = file.helper(registry) {
                return Source::Helper(text::one_line(suffix));
            }
            if file.has_entry_below(registry) {
                return Source::File { path: file.path.clone(), section: "auths" };
            }
        }
        Source::None
    }

    /// The registries that docker's config.json names, in its order: for completion and for making
    /// profiles. No helper is asked.
    pub(crate) fn registries(&self) -> Vec<String> {
        self.docker().map(DockerConfig::registries).unwrap_or_default()
    }

    fn docker(&self) -> Option<&DockerConfig> {
        let path = self.docker_dir.as_ref()?.join("config.json");
        Some(self.docker.get_or_init(|| DockerConfig::load(&path, &self.env)))
    }

    fn variable(&self) -> Option<&Result<AuthConfigEnv, String>> {
        let value = self.env.os("DOCKER_AUTH_CONFIG")?;
        Some(self.variable.get_or_init(|| match value.to_str() {
            Some(value) => auth_config_env::parse(value),
            None => Err("it is not UTF-8".to_owned()),
        }))
    }

    fn ask_variable(&self, registry: &Registry, notes: &mut Notes) -> Option<Hit> {
        match self.variable()? {
            Ok(logins) => {
                let login = logins.get(key_of(registry)).map(|(username, password)| {
                    Credential::Basic { username: username.clone(), password: password.clone() }
                });
                notes.judge(registry, login, Source::AuthConfigEnv)
            }
            Err(reason) => {
                let ignored = format!("DOCKER_AUTH_CONFIG is ignored: {reason}");
                notes.trail.push(ignored.clone());
                notes.warnings.push(ignored);
                None
            }
        }
    }

    fn ask_docker(&self, registry: &Registry, notes: &mut Notes) -> Option<Hit> {
        let config = self.docker()?;
        if !self.as_plugin {
            notes.warnings.extend_from_slice(&config.problems);
        }
        notes.warnings.extend_from_slice(&config.warnings);
        notes.trail.extend_from_slice(&config.problems);
        let key = key_of(registry);
        let entry = config.entry(key);
        let login = entry.and_then(docker_config::credential_of);
        let file = || Source::File { path: config.path.clone(), section: "auths" };
        match (config.helper(key), login) {
            // Of the file's entry only a registry token counts beside a helper, and it is stronger
            // than all that the helper could say.
            (Some(suffix), login) if !matches!(login, Some(Credential::RegistryToken(_))) => {
                if login.is_some() {
                    let file = file();
                    notes.trail.push(format!("{file}: not used, for there is a credential helper"));
                }
                self.ask_helper(suffix, key, registry, notes)
            }
            (None, None) if config.missing => {
                notes.trail.push(format!("{}: no such file", config.path.display()));
                None
            }
            (_, login) => notes.judge(registry, login, file()),
        }
    }

    fn ask_helper(
        &self,
        suffix: &str,
        key: &str,
        registry: &Registry,
        notes: &mut Notes,
    ) -> Option<Hit> {
        if !self.runs_programs {
            notes.trail.push(format!("{}: not asked", text::one_line(suffix)));
            return None;
        }
        let login = match self.helpers.get(suffix, key, &self.env) {
            Answer::Login(username, password) => Some(Credential::Basic { username, password }),
            Answer::Token(token) => Some(Credential::IdentityToken { username: None, token }),
            Answer::NotFound => None,
            Answer::Failed(reason) => {
                notes.failed(reason);
                return None;
            }
        };
        notes.judge(registry, login, Source::Helper(text::one_line(suffix)))
    }

    fn ask_podman(
        &self,
        registry: &Registry,
        repository: Option<&Repository>,
        notes: &mut Notes,
    ) -> Option<Hit> {
        self.podman.iter().find_map(|(path, file)| {
            let file = file.get_or_init(|| AuthJson::load(path));
            notes.warnings.extend_from_slice(&file.warnings);
            if !file.exists {
                notes.trail.push(format!("{}: no such file", path.display()));
                return None;
            }
            if let Some(suffix) = file.helper(registry) {
                return self.ask_helper(suffix, registry.as_str(), registry, notes);
            }
            let login = match file.entry(registry, repository) {
                Some((key, entry)) => podman::credential_of(key, entry),
                None => Ok(None),
            };
            let login = login.unwrap_or_else(|reason| {
                notes.warnings.push(format!("{}: {reason}", path.display()));
                None
            });
            let source = Source::File { path: file.path.clone(), section: "auths" };
            notes.judge(registry, login, source)
        })
    }
}
