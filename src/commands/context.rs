//! What a command works with: settings that are decided, and registries ready to be asked.
//!
//! Flags, profiles and the environment are merged here, once. A command asks for the registry of
//! a name and never sees a flag of the connection or a login.

use std::collections::HashMap;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::auth::Session;
use crate::auth::endpoint::{Endpoint, Security};
use crate::auth::{Login, LoginSource};
use crate::certs::{self, Directories};
use crate::commands::global::Globals;
use crate::config::{Active, Config, ConfigError, PasswordSource, Profile, Resolved, Served};
use crate::credentials::{self, Credential, Found, HELPER_LIMIT, Source, Store};
use crate::env::Env;
use crate::error::Error;
use crate::http::proxy::Proxies;
use crate::http::tls::TlsSettings;
use crate::http::url::Url;
use crate::http::{Client, Settings};
use crate::hub::{self, Hub};
use crate::output::{Format, Look};
use crate::reference::Registry as RegistryName;
use crate::registry::Registry;
use crate::report::Reporter;
use crate::secret::Secret;
use crate::terminal::Style;

/// The most that is read as a password from standard input.
const MAX_PASSWORD: u64 = 64 * 1024;

/// A registry's name, and the profile that serves it.
type RegistryKey = (RegistryName, Option<String>);

/// Everything a command needs beside its own arguments.
pub struct Context {
    /// The environment.
    pub env: Env,
    /// The options that every command takes.
    pub globals: Globals,
    /// The profiles.
    pub config: Config,
    /// stderr.
    pub reporter: Arc<Reporter>,
    /// What the streams are connected to.
    pub style: Style,
    store: Arc<Store>,
    /// The login of the command line.
    given: Option<Found>,
    /// The registry that the login of the command line is for: the first that is asked.
    given_to: Mutex<Option<RegistryName>>,
    registries: Mutex<HashMap<RegistryKey, Arc<Registry>>>,
}

impl Context {
    /// Merges the options with the configuration. Reads a password from stdin or the terminal
    /// where the options say so.
    ///
    /// # Errors
    /// A configuration that cannot be used, an unknown profile, a password that does not come.
    pub fn new(
        globals: Globals,
        env: Env,
        config_dir: Option<PathBuf>,
        by_docker: bool,
    ) -> Result<Self, Error> {
        let given = given_login(&globals)?;
        let store = Store::new(&env, config_dir).plugin_mode(by_docker);
        let reporter = Reporter::new(globals.verbose);
        Context::assemble(globals, env, store, reporter, given)
    }

    /// The context of completion: nothing is printed, nobody is asked for a password and no
    /// program is run for one; logins come from files and variables only.
    ///
    /// # Errors
    /// A configuration that cannot be used, an unknown profile.
    pub fn for_completion(
        globals: Globals,
        env: Env,
        config_dir: Option<PathBuf>,
    ) -> Result<Self, Error> {
        let store = Store::new(&env, config_dir).without_programs();
        Context::assemble(globals, env, store, Reporter::silent(), None)
    }

    fn assemble(
        globals: Globals,
        env: Env,
        store: Store,
        reporter: Reporter,
        given: Option<Found>,
    ) -> Result<Self, Error> {
        let reporter = Arc::new(reporter);
        let config = Config::load(&env).map_err(config_error)?;
        config.active(globals.profile.as_deref(), &env).map_err(config_error)?;
        config.warnings().iter().for_each(|warning| reporter.warn(warning));
        Ok(Context {
            style: Style::detect(&env),
            store: Arc::new(store),
            given,
            given_to: Mutex::default(),
            registries: Mutex::default(),
            env,
            globals,
            config,
            reporter,
        })
    }

    /// The active profile.
    pub fn active(&self) -> Result<Active<'_>, Error> {
        self.config.active(self.globals.profile.as_deref(), &self.env).map_err(config_error)
    }

    /// What a typed name refers to, and which profile serves it.
    ///
    /// # Errors
    /// The name is no reference.
    pub fn resolve(&self, text: &str) -> Result<Resolved, Error> {
        self.config
            .resolve(&self.active()?, text)
            .map_err(|source| Error::Reference { input: text.to_owned(), source })
    }

    /// The profile that serves a registry as a whole.
    ///
    /// # Errors
    /// None of its own; the active profile must exist.
    pub fn resolve_registry(&self, registry: &RegistryName) -> Result<Served, Error> {
        Ok(self.config.resolve_registry(&self.active()?, registry))
    }

    /// How rows are printed.
    ///
    /// # Errors
    /// A `--format` that is none.
    pub fn format(&self, default: Format) -> Result<Format, Error> {
        Format::choose(self.globals.format.as_deref(), self.globals.quiet, default).map_err(|e| {
            Error::usage(
                e.to_string(),
                "--format takes json, table, a Go template such as '{{.Tag}}', or 'table {{.Tag}}'",
            )
        })
    }

    /// What texts for people depend on.
    pub fn look(&self) -> Look {
        Look { now: Timestamp::now(), no_trunc: self.globals.no_trunc }
    }

    /// How many requests may be under way at a time.
    pub fn jobs(&self, profile: &Profile) -> usize {
        let jobs = self.globals.jobs.or(profile.settings.jobs);
        usize::from(jobs.unwrap_or(crate::config::DEFAULT_JOBS))
    }

    /// The registry of a name, ready to be asked; the same one for the same profile.
    ///
    /// # Errors
    /// Certificate files that cannot be used; a registry name that is no host; a login of the
    /// command line that would go to two registries.
    pub fn registry(&self, name: &RegistryName, profile: &Profile) -> Result<Arc<Registry>, Error> {
        self.bind_given_login(name)?;
        let key = (name.clone(), profile.name().map(str::to_owned));
        let mut registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = registries.get(&key) {
            return Ok(registry.clone());
        }
        let endpoint = self.endpoint(name, profile)?;
        let session =
            Session::new(self.client(profile), endpoint, self.login_source(name, profile)?);
        let registry = Arc::new(Registry::new(session));
        registries.insert(key, registry.clone());
        Ok(registry)
    }

    /// Docker Hub's API, with the login of Docker Hub's registry.
    ///
    /// # Errors
    /// As for [`Context::registry`].
    pub fn hub(&self, profile: &Profile) -> Result<Hub, Error> {
        let name = RegistryName::docker_hub();
        self.bind_given_login(&name)?;
        let settings = &profile.settings;
        let unusable =
            |why| Error::usage(format!("the profile's hub-api is not usable: {why}"), "correct it");
        let url = settings.hub_api.as_ref().map(ToString::to_string);
        let url = url.as_deref().unwrap_or(hub::DEFAULT_URL).parse::<Url>().map_err(unusable)?;
        // What a profile says of its mirror's certificates must not hold for Docker's own host.
        let tls = if settings.hub_api.is_some() || settings.endpoint.is_none() {
            self.endpoint(&name, profile)?.tls
        } else {
            Arc::default()
        };
        Ok(Hub::new(self.client(profile), &url, tls, self.login_source(&name, profile)?))
    }

    fn client(&self, profile: &Profile) -> Arc<Client> {
        let settings = Settings {
            timeout: self.globals.timeout.map(Duration::from_secs_f64).or(profile.settings.timeout),
            retries: self.globals.retries.or(profile.settings.retries).map_or(3, u32::from),
            connections: self.jobs(profile),
        };
        let proxies = Proxies::from_env(&self.env);
        Arc::new(Client::new(settings, proxies, self.reporter.clone()))
    }

    /// Where a registry's requests go, and how they are secured.
    ///
    /// # Errors
    /// As for [`Context::registry`].
    pub fn endpoint(&self, name: &RegistryName, profile: &Profile) -> Result<Endpoint, Error> {
        let (flags, settings) = (&self.globals, &profile.settings);
        let url = settings.endpoint.as_ref().map(|endpoint| endpoint.to_string().parse::<Url>());
        let url = url.transpose().map_err(|why| {
            Error::usage(format!("the profile's endpoint is not usable: {why}"), "correct it")
        })?;
        // The command line's word on security replaces the profile's.
        let given_tls = flags.ca_file.is_some() || flags.cert_file.is_some();
        let plain = flags.plain_http || (settings.plain_http && !flags.insecure && !given_tls);
        let lenient = settings.insecure && !flags.plain_http && flags.ca_file.is_none();
        let insecure = flags.insecure || lenient;
        let mut tls = TlsSettings { insecure, ..TlsSettings::default() };
        let directories = Directories::from_env(&self.env);
        let named = if plain { false } else { self.trust(&mut tls, name, profile, &directories)? };
        let security = match (plain, insecure) {
            (true, _) => Security::PlainHttp,
            (_, true) => Security::Insecure,
            _ if named => Security::Verified,
            _ => Security::Default,
        };
        let hosts = settings.token_hosts.clone();
        let endpoint = Endpoint::new(name, url.as_ref(), security, Arc::new(tls), hosts)?;
        Ok(Endpoint { directories, ..endpoint })
    }

    /// Adds the certificate files for a registry: those of `certs.d`, the profile's, the command
    /// line's. `true`: some were named for it.
    fn trust(
        &self,
        tls: &mut TlsSettings,
        name: &RegistryName,
        profile: &Profile,
        directories: &Directories,
    ) -> Result<bool, Error> {
        let (flags, settings) = (&self.globals, &profile.settings);
        // A mirror shows its own certificate. Docker Hub has no directory, as with docker.
        tls.directory = match &settings.endpoint {
            Some(endpoint) => {
                endpoint.to_string().parse().ok().map(|url: Url| url.origin().authority())
            }
            None => Some(name.as_str().to_owned()).filter(|_| !name.is_docker_hub()),
        };
        let mut named = false;
        if let Some(host) = tls.directory.clone() {
            named |= directories.add_to(tls, &host)?;
        }
        let files = [&settings.ca_file, &flags.ca_file].into_iter().flatten();
        for file in files.filter(|_| !flags.insecure) {
            certs::add_authorities(tls, file)?;
            named = true;
        }
        let pair = settings.client_cert.as_ref().map(|pair| (&pair.certificate, &pair.key));
        for (cert, key) in [pair, client_files(flags)?].into_iter().flatten() {
            certs::set_client(tls, cert, key)?;
        }
        Ok(named)
    }

    /// The registries that docker's config.json names.
    pub fn known_registries(&self) -> Vec<String> {
        self.store.registries()
    }

    /// The login for a registry, and where it came from. Runs credential helpers.
    ///
    /// # Errors
    /// None of its own; the active profile must exist.
    pub fn find_login(&self, name: &RegistryName, profile: &Profile) -> Result<Found, Error> {
        let active = self.active()?.profile.registry() == name;
        Ok(find_login(&self.given, &self.globals, &self.env, &self.store, name, profile, active))
    }

    /// The same as a closure that looks only when a registry asks for a login.
    fn login_source(&self, name: &RegistryName, profile: &Profile) -> Result<LoginSource, Error> {
        let (given, globals) = (self.given.clone(), self.globals.clone());
        let (env, store) = (self.env.clone(), self.store.clone());
        let (name, profile) = (name.clone(), profile.clone());
        let reporter = self.reporter.clone();
        let active = self.active()?.profile.registry() == &name;
        Ok(Box::new(move || {
            let found = find_login(&given, &globals, &env, &store, &name, &profile, active);
            found.warnings.iter().for_each(|warning| reporter.warn(warning));
            let explicit = matches!(found.source, Source::CommandLine | Source::Prompt);
            let source = found.source.to_string();
            found.credential.map(|credential| Login { credential, source, explicit })
        }))
    }

    /// A password typed for one registry is not for the next one on the same command line.
    fn bind_given_login(&self, name: &RegistryName) -> Result<(), Error> {
        if self.given.is_none() {
            return Ok(());
        }
        let mut bound = self.given_to.lock().unwrap_or_else(PoisonError::into_inner);
        match bound.as_ref() {
            Some(first) if first != name => Err(Error::usage(
                format!("--username is for one registry; this call names {first} and {name}"),
                "make two calls, or use profiles: docker tags profile create --help",
            )),
            Some(_) => Ok(()),
            None => {
                *bound = Some(name.clone());
                Ok(())
            }
        }
    }
}

/// The chain of logins; the first that has one wins.
fn find_login(
    given: &Option<Found>,
    globals: &Globals,
    env: &Env,
    store: &Store,
    name: &RegistryName,
    profile: &Profile,
    active: bool,
) -> Found {
    if globals.anonymous {
        return Found::anonymous();
    }
    if let Some(given) = given {
        return given.clone();
    }
    let mut warnings = Vec::new();
    if let Some(found) = profile_login(env, store, profile, &mut warnings) {
        return found;
    }
    let from_environment = if active { credentials::from_environment(env) } else { None };
    let mut found = from_environment.unwrap_or_else(|| store.find(name, None));
    found.warnings.splice(0..0, warnings);
    found
}

/// The profile's own login. A password that cannot be had is a warning: public images still work.
fn profile_login(
    env: &Env,
    store: &Store,
    profile: &Profile,
    warnings: &mut Vec<String>,
) -> Option<Found> {
    let (username, password) =
        (profile.settings.username.as_ref()?, profile.settings.password.as_ref()?);
    if matches!(password, PasswordSource::Command(_)) && !store.runs_programs() {
        return Some(Found::anonymous());
    }
    let name = profile.name().unwrap_or_default().to_owned();
    let place = credentials::describe_password(password);
    match password.read(env, HELPER_LIMIT) {
        Ok(password) => {
            let credential = Credential::Basic { username: username.clone(), password };
            Some(Found::new(credential, Source::Profile { name, password: place }))
        }
        Err(error) => {
            warnings.push(format!("profile {name}: {error}; going on without this login"));
            None
        }
    }
}

/// The login of `--username`, its password read now.
fn given_login(globals: &Globals) -> Result<Option<Found>, Error> {
    let Some(username) = &globals.username else {
        return match globals.password_stdin {
            true => Err(Error::usage(
                "--password-stdin needs --username",
                "add -u USER, or leave --password-stdin out",
            )),
            false => Ok(None),
        };
    };
    let (password, source) = if globals.password_stdin {
        (password_from_stdin()?, Source::CommandLine)
    } else {
        (password_from_terminal(username)?, Source::Prompt)
    };
    let credential = Credential::Basic { username: username.clone(), password };
    credential.check().map_err(|why| {
        Error::usage(format!("--username cannot be used: {why}"), "give the user name alone")
    })?;
    Ok(Some(Found::new(credential, source)))
}

fn password_from_stdin() -> Result<Secret, Error> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Error::usage(
            "--password-stdin reads a file or a pipe, and standard input is a terminal",
            "leave it out to be asked for the password",
        ));
    }
    let mut text = String::new();
    stdin
        .lock()
        .take(MAX_PASSWORD)
        .read_to_string(&mut text)
        .map_err(|source| Error::Io { what: "standard input".to_owned(), source })?;
    match credentials::trim_newline(&text) {
        "" => Err(Error::usage(
            "the password on standard input is empty",
            "echo \"$TOKEN\" | docker tags … -u USER --password-stdin",
        )),
        password => Ok(Secret::new(password)),
    }
}

fn password_from_terminal(username: &str) -> Result<Secret, Error> {
    use credentials::PromptError;
    let label = format!("Password of {}: ", crate::terminal::sanitize(username));
    credentials::ask_password(&label).map_err(|error| match error {
        PromptError::Interrupted => Error::Interrupted,
        other => Error::usage(
            format!("no password for --username: {other}"),
            "pass it on standard input with --password-stdin",
        ),
    })
}

fn client_files(flags: &Globals) -> Result<Option<(&PathBuf, &PathBuf)>, Error> {
    match (&flags.cert_file, &flags.key_file) {
        (Some(cert), Some(key)) => Ok(Some((cert, key))),
        (None, None) => Ok(None),
        _ => Err(Error::usage(
            "--cert-file and --key-file go together",
            "give the client certificate and its private key",
        )),
    }
}

/// An error of the configuration as the program's own.
pub fn config_error(error: ConfigError) -> Error {
    let hint = error.hint().unwrap_or_default().to_owned();
    Error::Config { message: error.to_string(), hint }
}
