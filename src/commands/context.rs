//! What a command works with: settings that are decided, and registries ready to be asked.
//!
//! Flags, profiles and the environment are merged here, once. A command asks for the registry of
//! a name and never sees a flag of the connection or a login.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use crate::auth::endpoint::{Endpoint, Security};
use crate::auth::{LoginSource, Session};
use crate::commands::global::Globals;
use crate::commands::subject::Subject;
use crate::commands::typed::repository_name;
use crate::config::{Active, Config, ConfigError, Profile, Resolved, Served};
use crate::error::Error;
use crate::http::certs::{self, Directories};
use crate::http::proxy::Proxies;
use crate::http::tls::TlsSettings;
use crate::http::url::{Scheme, Url};
use crate::http::{Client, Settings};
use crate::login::{self, Found, Logins, Query};
use crate::oci::reference::{Registry as RegistryName, Repository};
use crate::output::{Format, Look};
use crate::registry::hub::{self, Hub};
use crate::registry::{Registry, RepositoryHandle};
use crate::system::env::Env;
use crate::system::lock;
use crate::system::report::Reporter;
use crate::system::terminal::Style;

/// A registry's name, and the profile that serves it.
type RegistryKey = (RegistryName, Option<String>);

/// Everything a command needs beside its own arguments.
pub(crate) struct Context {
    pub env: Env,
    /// The options that every command takes.
    pub globals: Globals,
    pub config: Config,
    pub reporter: Arc<Reporter>,
    /// What the streams are connected to.
    pub style: Style,
    logins: Arc<Logins>,
    /// What is wrong with the configuration file, for commands that can do without it.
    config_fault: Option<ConfigError>,
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
    pub(crate) fn new(
        globals: Globals,
        env: Env,
        config_dir: Option<PathBuf>,
        by_docker: bool,
    ) -> Result<Self, Error> {
        let config = Config::load(&env).map_err(Error::from)?;
        config.active(globals.profile.as_deref(), &env).map_err(Error::from)?;
        let given = login::given(globals.username.as_deref(), globals.password_stdin)?;
        let logins = Logins::new(&env, config_dir).for_plugin(by_docker);
        let reporter = Reporter::new(globals.verbose);
        Ok(Context::assemble(globals, env, logins, reporter, config, given))
    }

    /// The context of completion: nothing is printed, nobody is asked for a password and no
    /// program is run for one; logins come from files and variables only.
    ///
    /// # Errors
    /// A configuration that cannot be used, an unknown profile.
    pub(crate) fn for_completion(
        globals: Globals,
        env: Env,
        config_dir: Option<PathBuf>,
    ) -> Result<Self, Error> {
        let config = Config::load(&env).map_err(Error::from)?;
        config.active(globals.profile.as_deref(), &env).map_err(Error::from)?;
        let logins = Logins::new(&env, config_dir).without_programs();
        Ok(Context::assemble(globals, env, logins, Reporter::silent(), config, None))
    }

    /// For commands that only work on files: no password is asked for, the active profile need not
    /// exist, and the configuration may be broken (see [`Context::check_config`]).
    ///
    /// # Errors
    /// There is no place for a configuration.
    pub(crate) fn for_files(
        globals: Globals,
        env: Env,
        config_dir: Option<PathBuf>,
        by_docker: bool,
    ) -> Result<Self, Error> {
        let (config, fault) = match Config::load(&env) {
            Ok(config) => (config, None),
            Err(fault) => (Config::empty(&env).map_err(Error::from)?, Some(fault)),
        };
        let logins = Logins::new(&env, config_dir).for_plugin(by_docker);
        let reporter = Reporter::new(globals.verbose);
        let context = Context::assemble(globals, env, logins, reporter, config, None);
        Ok(Context { config_fault: fault, ..context })
    }

    fn assemble(
        globals: Globals,
        env: Env,
        logins: Logins,
        reporter: Reporter,
        config: Config,
        given: Option<Found>,
    ) -> Self {
        let time_limit = globals.timeout;
        let style = Style::detect(&env, globals.color);
        let reporter = Arc::new(reporter.colored(style.stderr_color));
        config.warnings().iter().for_each(|warning| reporter.warn(warning));
        Context {
            style,
            logins: Arc::new(logins.with_options(globals.anonymous, given, time_limit)),
            config_fault: None,
            given_to: Mutex::default(),
            registries: Mutex::default(),
            env,
            globals,
            config,
            reporter,
        }
    }

    /// Whether the configuration can be used; asked where [`Context::for_files`] was.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn check_config(&self) -> Result<(), Error> {
        self.config_fault.clone().map_or(Ok(()), |fault| Err(fault.into()))
    }

    pub(crate) fn active(&self) -> Result<Active<'_>, Error> {
        self.config.active(self.globals.profile.as_deref(), &self.env).map_err(Error::from)
    }

    /// What a typed name refers to, and which profile serves it.
    ///
    /// # Errors
    /// The name is not a reference.
    pub(crate) fn resolve(&self, text: &str) -> Result<Resolved, Error> {
        let text = &*repository_name(text)?;
        self.config
            .resolve(&self.active()?, text)
            .map_err(|source| Error::Reference { input: text.to_owned(), source })
    }

    /// The profile that serves a registry as a whole.
    ///
    /// # Errors
    /// The active profile does not exist.
    pub(crate) fn resolve_registry(&self, registry: &RegistryName) -> Result<Served, Error> {
        Ok(self.config.resolve_registry(&self.active()?, registry))
    }

    /// How rows are printed.
    pub(crate) fn format(&self, default: Format) -> Result<Format, Error> {
        Format::choose(self.globals.format.as_deref(), self.globals.quiet, default).map_err(|e| {
            Error::usage(
                e.to_string(),
                "--format takes json, table, a Go template such as '{{.Tag}}', or 'table {{.Tag}}'",
            )
        })
    }

    /// What texts for people depend on.
    pub(crate) fn look(&self) -> Look {
        let no_trunc = self.globals.no_trunc;
        let width = (self.style.stdout_terminal && !no_trunc).then_some(self.style.width);
        Look { now: Timestamp::now(), no_trunc, width }
    }

    /// How many requests may be under way at a time.
    pub(crate) fn jobs(&self, profile: &Profile) -> usize {
        let jobs = self.globals.jobs.or(profile.settings.jobs);
        usize::from(jobs.unwrap_or(crate::config::DEFAULT_JOBS))
    }

    fn retries(&self, profile: &Profile) -> u8 {
        let retries = self.globals.retries.or(profile.settings.retries);
        retries.unwrap_or(crate::config::DEFAULT_RETRIES)
    }

    /// The registry of a name, ready to be asked; the same one for the same profile.
    ///
    /// # Errors
    /// Certificate files that cannot be used; a registry name that is not a host; a login of the
    /// command line that would go to two registries.
    pub(crate) fn registry(
        &self,
        name: &RegistryName,
        profile: &Profile,
    ) -> Result<Arc<Registry>, Error> {
        self.bind_given_login(name)?;
        let key = (name.clone(), profile.name().map(str::to_owned));
        let mut registries = lock(&self.registries);
        if let Some(registry) = registries.get(&key) {
            return Ok(registry.clone());
        }
        let endpoint = self.endpoint(name, profile)?;
        let session =
            Session::new(self.client(profile)?, endpoint, self.login_source(name, profile)?);
        let registry = Arc::new(Registry::new(session));
        registries.insert(key, registry.clone());
        Ok(registry)
    }

    /// The repository of a registry that a name refers to. Fails as [`Context::registry`] does.
    pub(crate) fn repository(
        &self,
        target: &Resolved,
        is_plugin: bool,
    ) -> Result<RepositoryHandle, Error> {
        Subject::from(target.clone()).repository(self, is_plugin)
    }

    /// Docker Hub's API, with the login of Docker Hub's registry. Fails as [`Context::registry`] does.
    pub(crate) fn hub(&self, profile: &Profile) -> Result<Hub, Error> {
        let name = RegistryName::docker_hub();
        self.bind_given_login(&name)?;
        let settings = &profile.settings;
        let unusable =
            |why| Error::usage(format!("the profile's hub-api is not usable: {why}"), "correct it");
        let url = settings.hub_api.clone().map_or_else(|| hub::DEFAULT_URL.parse(), Ok);
        let url: Url = url.map_err(unusable)?;
        // What a profile says of its mirror's certificates must not hold for Docker's own host.
        let tls = if settings.hub_api.is_some() || settings.endpoint.is_none() {
            self.endpoint(&name, profile)?.tls
        } else {
            Arc::default()
        };
        Ok(Hub::new(self.client(profile)?, &url, tls, self.login_source(&name, profile)?))
    }

    /// Whether lines may be drawn on stderr and erased again.
    pub(crate) fn can_draw(&self) -> bool {
        self.style.stderr_terminal
            && self.env.text("TERM") != Some("dumb")
            && !self.reporter.is_verbose()
    }

    fn client(&self, profile: &Profile) -> Result<Arc<Client>, Error> {
        let settings = Settings {
            timeout: self.globals.timeout.or(profile.settings.timeout),
            retries: u32::from(self.retries(profile)),
            connections: self.jobs(profile),
            shows_waiting: self.can_draw(),
        };
        let proxies = Proxies::from_env(&self.env)?;
        Ok(Arc::new(Client::new(settings, proxies, self.reporter.clone())))
    }

    /// Where a registry's requests go, and how they are secured.
    /// Fails as [`Context::registry`] does.
    pub(crate) fn endpoint(
        &self,
        name: &RegistryName,
        profile: &Profile,
    ) -> Result<Endpoint, Error> {
        let (flags, settings) = (&self.globals, &profile.settings);
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
        let endpoint =
            Endpoint::new(name, settings.endpoint.as_ref(), security, Arc::new(tls), hosts)?;
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
        let host = match &settings.endpoint {
            Some(endpoint) => Some(endpoint.origin().authority()),
            None => Some(name.as_str().to_owned()).filter(|_| !name.is_docker_hub()),
        };
        let mut named = false;
        if let Some(host) = host {
            tls.directory = directories.place(&host);
            named |= directories.add_to(tls, &host)?;
        }
        let files = [&settings.ca_file, &flags.ca_file].into_iter().flatten();
        for file in files.filter(|_| !flags.insecure) {
            certs::add_authorities(tls, file)?;
            named = true;
        }
        for (cert, key) in [settings.client_files(), flags.client_files()?].into_iter().flatten() {
            certs::set_client(tls, cert, key)?;
        }
        Ok(named)
    }

    /// How connections to a profile's registry are secured, as one word: `verify`, `insecure`
    /// or `plain-http`.
    pub(crate) fn tls_word(&self, profile: &Profile) -> &'static str {
        // Files that cannot be read are found when they are needed.
        self.endpoint(profile.registry(), profile).map_or("verify", |endpoint| tls_word(&endpoint))
    }

    /// The login for a registry or a repository of it, and where it came from. Runs credential
    /// helpers.
    pub(crate) fn find_login(
        &self,
        registry: &RegistryName,
        repository: Option<&Repository>,
        profile: &Profile,
    ) -> Result<Found, Error> {
        let is_active = self.is_active(registry)?;
        Ok(self.logins.find(Query { registry, repository, profile, is_active }))
    }

    /// Where a profile's login would be looked for first, in a few words. Runs no program.
    pub(crate) fn login_place(&self, profile: &Profile) -> String {
        let is_active = self.is_active(profile.registry()).unwrap_or(false);
        self.logins.place(profile, is_active)
    }

    /// The registries that docker is logged in to, by its config.json.
    pub(crate) fn docker_registries(&self) -> Vec<String> {
        self.logins.registries()
    }

    /// Whether a registry is the active profile's: the environment's login is for it alone.
    fn is_active(&self, registry: &RegistryName) -> Result<bool, Error> {
        Ok(self.active()?.profile.registry() == registry)
    }

    /// The chain of logins as a closure that looks only when a registry asks for a login.
    fn login_source(
        &self,
        registry: &RegistryName,
        profile: &Profile,
    ) -> Result<LoginSource, Error> {
        let (logins, reporter) = (self.logins.clone(), self.reporter.clone());
        let is_active = self.is_active(registry)?;
        let (registry, profile) = (registry.clone(), profile.clone());
        Ok(Box::new(move |repository| {
            let profile = &profile;
            logins.login(Query { registry: &registry, repository, profile, is_active }, &reporter)
        }))
    }

    /// A password typed for one registry is not for the next one on the same command line.
    fn bind_given_login(&self, name: &RegistryName) -> Result<(), Error> {
        if !self.logins.is_given() {
            return Ok(());
        }
        let mut bound = lock(&self.given_to);
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

/// See [`Context::tls_word`].
pub(crate) fn tls_word(endpoint: &Endpoint) -> &'static str {
    match endpoint.origin.scheme() {
        Scheme::Http => "plain-http",
        Scheme::Https if endpoint.tls.insecure => "insecure",
        Scheme::Https => "verify",
    }
}
