//! Which login a registry gets: the sources in their order, the first that has one wins.
//!
//! The command line, the profile, the environment, `DOCKER_AUTH_CONFIG`, docker's `config.json` with
//! its helpers, podman's `auth.json`. Every source is asked at most once in a run, and only when a
//! registry has asked for a login. What each said is in the trail of the answer, for `check`.

mod place;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use super::auth_config_env::{self, AuthConfigEnv};
use super::auth_file::AuthFile;
use super::docker_config::{self, key_of};
use super::helper::{Answer, Helpers};
use super::podman;
use super::{Credential, Found, HELPER_LIMIT, Login, Lookup, Source, describe_password, one_line};
use crate::config::{PasswordSource, Profile};
use crate::error::login_command;
use crate::oci::reference::{Registry, Repository};
use crate::system::env::Env;
use crate::system::lock;
use crate::system::report::Reporter;
use crate::system::secret::Secret;

/// The sources of a run. Shared by all threads.
pub(crate) struct Logins {
    env: Env,
    docker_dir: Option<PathBuf>,
    /// docker has started us, and has complained about its config.json already.
    is_plugin: bool,
    /// A helper may open a window or ask for a PIN, which completion must not do.
    runs_programs: bool,
    is_anonymous: bool,
    /// The login of the command line.
    given: Option<Found>,
    time_limit: Option<Duration>,
    helpers: Helpers,
    variable: OnceLock<Result<AuthConfigEnv, String>>,
    docker: OnceLock<AuthFile>,
    podman: Vec<(PathBuf, OnceLock<AuthFile>)>,
    /// The profiles' own passwords, by profile.
    passwords: Mutex<HashMap<String, Result<Secret, String>>>,
    /// The warnings given so far.
    warned: Mutex<HashSet<String>>,
    /// The logins handed out so far: the same login is one object, so that what is learnt about it
    /// (that it is refused) is known to all who use it.
    shared: Mutex<Vec<(Registry, Arc<Login>)>>,
}

/// For what a login is looked up.
#[derive(Clone, Copy)]
pub(crate) struct Query<'a> {
    pub registry: &'a Registry,
    /// The repository, if it is about one: podman's files may have a login for it alone.
    pub repository: Option<&'a Repository>,
    /// The profile that serves it.
    pub profile: &'a Profile,
    /// Whether the registry is the active profile's.
    pub is_active: bool,
}

/// A login and where it was.
type Hit = (Credential, Source);

/// What is noted on the way.
#[derive(Default)]
struct Notes {
    warnings: Vec<String>,
    trail: Vec<String>,
    advice: Option<String>,
}

impl Notes {
    /// Notes what a source said; a login that the wire cannot carry is a warning and no login.
    fn judge(&mut self, host: &Registry, login: Option<Credential>, source: Source) -> Option<Hit> {
        let Some(credential) = login else {
            self.trail.push(format!("{source}: no credentials for {host}"));
            return None;
        };
        if let Err(error) = credential.check() {
            self.trail.push(format!("{source}: not used: {error}"));
            self.warnings
                .push(format!("the credentials for {host} in {source} are not used: {error}"));
            return None;
        }
        self.trail.push(format!("{source}: {}", credential.kind()));
        Some((credential, source))
    }

    fn failed(&mut self, reason: String) {
        self.warnings.push(format!("{reason}; continuing without these credentials"));
        self.trail.push(reason);
    }
}

/// A look into one source.
type Look<'a> = &'a dyn Fn(&mut Notes) -> Option<Hit>;

impl Logins {
    /// The sources of this environment. `docker_config_dir` is the directory that `--config` named;
    /// without it `$DOCKER_CONFIG` counts, then `.docker` in the home directory. Asks none of them yet.
    pub(crate) fn new(env: &Env, docker_config_dir: Option<PathBuf>) -> Self {
        Logins {
            docker_dir: docker_config_dir
                .or_else(|| env.path("DOCKER_CONFIG"))
                .or_else(|| env.home().map(|home| home.join(".docker"))),
            env: env.clone(),
            is_plugin: false,
            runs_programs: true,
            is_anonymous: false,
            given: None,
            time_limit: None,
            helpers: Helpers::default(),
            variable: OnceLock::new(),
            docker: OnceLock::new(),
            podman: podman::paths(env).into_iter().map(|path| (path, OnceLock::new())).collect(),
            passwords: Mutex::default(),
            warned: Mutex::default(),
            shared: Mutex::default(),
        }
    }

    /// docker has started us: it has complained about its config.json, and we do not repeat it.
    pub(crate) fn for_plugin(self, is_plugin: bool) -> Self {
        Logins { is_plugin, ..self }
    }

    /// Runs no program for a login: a registry whose login a helper keeps then has none.
    pub(crate) fn without_programs(self) -> Self {
        Logins { runs_programs: false, ..self }
    }

    /// What the command line says: `--anonymous`, `--username`, `--timeout`.
    pub(crate) fn with_options(
        self,
        is_anonymous: bool,
        given: Option<Found>,
        time_limit: Option<Duration>,
    ) -> Self {
        Logins { is_anonymous, given, time_limit, ..self }
    }

    /// Whether the command line has a login.
    pub(crate) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The login, where it was, and what every source said. May run programs. Never fails: what
    /// goes wrong is a warning, and none is given twice in a run.
    pub(crate) fn find(&self, query: Query<'_>) -> Found {
        if self.is_anonymous {
            let trail = vec!["--anonymous: credentials are not looked up".to_owned()];
            return Found { trail, ..Found::default() };
        }
        let given = |notes: &mut Notes| {
            let found = self.given.clone()?;
            notes.trail.extend(found.trail);
            Some((found.credential?, found.source))
        };
        let sources: [(&str, Look<'_>); 6] = [
            ("the command line", &given),
            ("the profile", &|notes| self.ask_profile(query, notes)),
            ("the environment", &|notes| self.ask_environment(query, notes)),
            ("DOCKER_AUTH_CONFIG", &|notes| self.ask_variable(query, notes)),
            ("docker's config.json", &|notes| self.ask_docker(query, notes)),
            ("podman's auth.json", &|notes| self.ask_podman(query, notes)),
        ];
        let (mut notes, mut hit, mut skipped) = (Notes::default(), None, Vec::new());
        for (name, ask) in sources {
            match hit {
                None => hit = ask(&mut notes),
                Some(_) => skipped.push(name),
            }
        }
        if !skipped.is_empty() {
            let skipped = skipped.join(", ");
            notes.trail.push(format!("{skipped}: not checked: credentials already found"));
        }
        let mut warned = lock(&self.warned);
        notes.warnings.retain(|warning| warned.insert(warning.clone()));
        let (credential, source) = hit.unzip();
        let (Notes { warnings, trail, advice }, source) = (notes, source.unwrap_or_default());
        Found { credential, source, warnings, trail, advice }
    }

    /// The same for sending; its warnings go to the user.
    pub(crate) fn login(&self, query: Query<'_>, reporter: &Reporter) -> Lookup {
        let found = self.find(query);
        found.warnings.iter().for_each(|warning| reporter.warn(warning));
        let is_explicit = matches!(found.source, Source::CommandLine | Source::Prompt);
        let advice = found.advice;
        let Some(credential) = found.credential else { return Lookup { login: None, advice } };
        let mut shared = lock(&self.shared);
        let same = |(registry, login): &&(Registry, Arc<Login>)| {
            registry == query.registry
                && login.credential == credential
                && login.is_explicit == is_explicit
        };
        if let Some((_, login)) = shared.iter().find(same) {
            return Lookup { login: Some(login.clone()), advice };
        }
        let login = Arc::new(Login::new(credential, found.source.to_string(), is_explicit));
        shared.push((query.registry.clone(), login.clone()));
        Lookup { login: Some(login), advice }
    }

    /// The registries that docker's config.json names, in its order: for completion and for making
    /// profiles. No helper is asked.
    pub(crate) fn registries(&self) -> Vec<String> {
        self.docker().map(docker_config::registries).unwrap_or_default()
    }

    /// The profile's own login, its password read once in a run.
    fn ask_profile(&self, query: Query<'_>, notes: &mut Notes) -> Option<Hit> {
        let (name, settings) = (query.profile.name()?, &query.profile.settings);
        let (Some(username), Some(password)) = (&settings.username, settings.password_source())
        else {
            notes.trail.push(format!("profile {name}: no password configured"));
            return None;
        };
        if matches!(password, PasswordSource::Command(_)) && !self.runs_programs {
            return None;
        }
        // Held while a program runs: a second thread waits for its answer.
        let mut passwords = lock(&self.passwords);
        let limit = self.helper_limit(query.profile);
        let read = || password.read(&self.env, limit);
        let source =
            Source::Profile { name: name.to_owned(), password: describe_password(&password) };
        match passwords.entry(name.to_owned()).or_insert_with(read).clone() {
            Ok(password) => {
                let login = Credential::Basic { username: username.clone(), password };
                notes.judge(query.registry, Some(login), source)
            }
            Err(error) => {
                notes.failed(format!("profile {name}: {error}"));
                None
            }
        }
    }

    /// The login of the environment, which is for the active profile's registry alone.
    fn ask_environment(&self, query: Query<'_>, notes: &mut Notes) -> Option<Hit> {
        let is_set = |name| self.env.text(name).is_some();
        let user = ["DOCKER_USERNAME", "DOCKER_USER"].into_iter().find(|name| is_set(name));
        let note = match super::from_environment(&self.env) {
            Some((login, source)) if query.is_active => {
                return notes.judge(query.registry, Some(login), source);
            }
            Some((_, source)) => {
                let (registry, login) = (query.registry, login_command(query.registry.as_str()));
                notes.advice = Some(format!(
                    "{source} are only used for the active profile's registry; \
                     for {registry}: {login}"
                ));
                format!("{source}: not used: they only apply to the active profile's registry")
            }
            None => match (user, is_set("DOCKER_PASSWORD")) {
                (Some(user), false) => format!("{user}: not used without DOCKER_PASSWORD"),
                (None, true) => "DOCKER_PASSWORD: not used without DOCKER_USERNAME".to_owned(),
                _ => "DOCKER_USERNAME and DOCKER_PASSWORD: not set".to_owned(),
            },
        };
        notes.trail.push(note);
        None
    }

    fn ask_variable(&self, query: Query<'_>, notes: &mut Notes) -> Option<Hit> {
        match self.variable()? {
            Ok(logins) => {
                let login = logins.get(key_of(query.registry)).map(|(username, password)| {
                    Credential::Basic { username: username.clone(), password: password.clone() }
                });
                notes.judge(query.registry, login, Source::AuthConfigEnv)
            }
            Err(reason) => {
                let ignored = format!("DOCKER_AUTH_CONFIG is ignored: {reason}");
                notes.trail.push(ignored.clone());
                notes.warnings.push(ignored);
                None
            }
        }
    }

    fn ask_docker(&self, query: Query<'_>, notes: &mut Notes) -> Option<Hit> {
        let config = self.docker()?;
        if !self.is_plugin {
            notes.warnings.extend_from_slice(&config.problems);
        }
        notes.warnings.extend_from_slice(&config.warnings);
        notes.trail.extend_from_slice(&config.problems);
        let key = key_of(query.registry);
        let login = docker_config::login(config, key);
        let source = Source::File(config.path.clone());
        let path = config.path.display();
        if let Some((suffix, setting)) = docker_config::helper(config, key) {
            if login.is_some() {
                notes.trail.push(format!("{source}: not used: there is a credential helper"));
            }
            return self.ask_helper(suffix, &format!("{setting} in {path}"), key, query, notes);
        }
        if login.is_none() && !config.exists {
            notes.trail.push(format!("{path}: no such file"));
            return None;
        }
        notes.judge(query.registry, login, source)
    }

    fn ask_podman(&self, query: Query<'_>, notes: &mut Notes) -> Option<Hit> {
        let registry = query.registry;
        self.podman.iter().find_map(|(path, file)| {
            let file = file.get_or_init(|| AuthFile::load(path).name_problems());
            notes.warnings.extend_from_slice(&file.problems);
            notes.warnings.extend_from_slice(&file.warnings);
            if !file.exists {
                notes.trail.push(format!("{}: no such file", path.display()));
                return None;
            }
            if let Some(suffix) = podman::helper(file, registry) {
                let setting = format!("credHelpers in {}", path.display());
                return self.ask_helper(suffix, &setting, registry.as_str(), query, notes);
            }
            let login = podman::login(file, registry, query.repository).unwrap_or_else(|reason| {
                notes.warnings.push(format!("{}: {reason}", path.display()));
                None
            });
            notes.judge(registry, login, Source::File(file.path.clone()))
        })
    }

    /// Asks a credential helper, which `setting` names.
    fn ask_helper(
        &self,
        suffix: &str,
        setting: &str,
        key: &str,
        query: Query<'_>,
        notes: &mut Notes,
    ) -> Option<Hit> {
        if !self.runs_programs {
            notes.trail.push(format!("{}: not run", one_line(suffix)));
            return None;
        }
        let login = match self.helpers.get(suffix, key, &self.env, self.helper_limit(query.profile))
        {
            Answer::Login(username, password) => Some(Credential::Basic { username, password }),
            Answer::Token(token) => Some(Credential::IdentityToken { username: None, token }),
            Answer::NotFound => None,
            Answer::Missing(name) => {
                notes.advice = Some(format!("install {name}, or remove it from {setting}"));
                notes.failed(format!("{name} is not on PATH"));
                return None;
            }
            Answer::Failed(reason) => {
                notes.failed(reason);
                return None;
            }
        };
        notes.judge(query.registry, login, Source::Helper(one_line(suffix)))
    }

    fn docker(&self) -> Option<&AuthFile> {
        let path = self.docker_dir.as_ref()?.join("config.json");
        Some(self.docker.get_or_init(|| docker_config::load(&path, &self.env)))
    }

    fn variable(&self) -> Option<&Result<AuthConfigEnv, String>> {
        let value = self.env.os("DOCKER_AUTH_CONFIG")?;
        Some(self.variable.get_or_init(|| match value.to_str() {
            Some(value) => auth_config_env::parse(value),
            None => Err("it is not UTF-8".to_owned()),
        }))
    }

    /// How long a helper or a password command may take.
    fn helper_limit(&self, profile: &Profile) -> Duration {
        self.time_limit.or(profile.settings.timeout).unwrap_or(HELPER_LIMIT)
    }
}
