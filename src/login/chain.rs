//! Which login a registry gets: the chain of places, the first that has one wins.
//!
//! The command line, the profile, the environment, then what docker and podman have stored. Every
//! place is asked at most once in a run, and only when a registry has asked for a login. Whatever a
//! place said stands in the trail of the answer, for `check`.

use std::collections::HashMap;
use std::io::{IsTerminal, Read};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{PasswordSource, Profile};
use crate::error::Error;
use crate::login::{Credential, Found, HELPER_LIMIT, Login, Lookup, Source, Store};
use crate::oci::reference::{Registry, Repository};
use crate::system::env::Env;
use crate::system::report::Reporter;
use crate::system::secret::Secret;

/// The most that is read as a password from standard input.
const MAX_PASSWORD: u64 = 64 * 1024;

/// The chain of a run. Shared by all threads.
pub(crate) struct Logins {
    env: Env,
    store: Store,
    /// `--anonymous`.
    anonymous: bool,
    /// The login of the command line.
    given: Option<Found>,
    /// What the profiles' own passwords came to, by profile.
    profiles: Mutex<HashMap<String, Found>>,
    /// The logins handed out so far: the same login is one object, so that what is learnt about it
    /// (that it is refused) is known to all who use it.
    used: Mutex<Vec<(Registry, Arc<Login>)>>,
}

/// For what a login is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The repository, if it is about one: podman's files may have a login for it alone.
    pub repository: Option<&'a Repository>,
    /// The profile that serves it.
    pub profile: &'a Profile,
    /// Whether the registry is the active profile's.
    pub is_active: bool,
}

impl Logins {
    /// The chain; asks nobody yet.
    pub(crate) fn new(env: Env, store: Store, anonymous: bool, given: Option<Found>) -> Self {
        let (profiles, used) = Default::default();
        Logins { env, store, anonymous, given, profiles, used }
    }

    /// The stores of docker and podman.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Whether the command line has a login.
    pub(crate) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The login, where it was, and what every place said. May run programs.
    pub(crate) fn find(&self, wanted: Wanted<'_>) -> Found {
        if self.anonymous {
            let mut found = Found::anonymous();
            found.trail.push("--anonymous: no place is asked".to_owned());
            return found;
        }
        if let Some(given) = &self.given {
            return not_asked(
                given.clone(),
                "the profile, the environment, docker's and podman's files",
            );
        }
        let mut before = self.ask_profile(wanted.profile);
        if before.credential.is_some() {
            return not_asked(before, "the environment, docker's and podman's files");
        }
        let (found, note) = self.ask_environment(wanted);
        before.trail.extend(note);
        let mut found = match found {
            Some(found) if found.credential.is_some() => {
                not_asked(found, "docker's and podman's files")
            }
            unusable => {
                before.trail.extend(unusable.iter().flat_map(|found| found.trail.clone()));
                before.warnings.extend(unusable.into_iter().flat_map(|found| found.warnings));
                self.store.find(wanted.registry, wanted.repository)
            }
        };
        found.trail.splice(0..0, before.trail);
        found.warnings.splice(0..0, before.warnings);
        found
    }

    /// The same for sending; its warnings go to the user.
    pub(crate) fn login(&self, wanted: Wanted<'_>, reporter: &Reporter) -> Lookup {
        let found = self.find(wanted);
        found.warnings.iter().for_each(|warning| reporter.warn(warning));
        let explicit = matches!(found.source, Source::CommandLine | Source::Prompt);
        let advice = None;
        let Some(credential) = found.credential else { return Lookup { login: None, advice } };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |(registry, login): &&(Registry, Arc<Login>)| {
            registry == wanted.registry
                && login.credential == credential
                && login.is_explicit == explicit
        };
        if let Some((_, login)) = used.iter().find(same) {
            return Lookup { login: Some(login.clone()), advice };
        }
        let login = Arc::new(Login::new(credential, found.source.to_string(), explicit));
        used.push((wanted.registry.clone(), login.clone()));
        Lookup { login: Some(login), advice }
    }

    /// Where [`Logins::find`] would look first with some hope, in a few words; runs no program.
    pub(crate) fn place(&self, profile: &Profile, is_active: bool) -> String {
        let settings = &profile.settings;
        if let (Some(username), Some(password)) = (&settings.username, settings.password_source()) {
            return format!("{username} ({})", crate::login::describe_password(&password));
        }
        let environment = || crate::login::from_environment(&self.env);
        let found = is_active.then(environment).flatten();
        let source = found.filter(|found| found.credential.is_some()).map(|found| found.source);
        source.unwrap_or_else(|| self.store.place(profile.registry())).to_string()
    }

    /// The profile's own login, its password read once in a run. A password that cannot be had is a
    /// warning: public images still work.
    fn ask_profile(&self, profile: &Profile) -> Found {
        let mut found = Found::anonymous();
        let Some(name) = profile.name() else { return found };
        let (Some(username), Some(password)) =
            (&profile.settings.username, profile.settings.password_source())
        else {
            found.trail.push(format!("profile {name}: no password configured"));
            return found;
        };
        if matches!(password, PasswordSource::Command(_)) && !self.store.runs_programs() {
            return found;
        }
        // Held while a program runs: a second thread waits for its answer.
        let mut profiles = self.profiles.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || read_profile(&self.env, name, username, &password);
        profiles.entry(name.to_owned()).or_insert_with(read).clone()
    }

    /// The login of the environment, or a note why it does not count.
    fn ask_environment(&self, wanted: Wanted<'_>) -> (Option<Found>, Option<String>) {
        match crate::login::from_environment(&self.env) {
            Some(found) if wanted.is_active => (Some(found), None),
            Some(found) => {
                let note = "they are for the active profile's registry alone";
                (None, Some(format!("{}: not used: {note}", found.source)))
            }
            None => {
                let user = ["DOCKER_USERNAME", "DOCKER_USER"];
                let user = user.into_iter().find(|name| self.env.text(name).is_some());
                let note = match (user, self.env.text("DOCKER_PASSWORD")) {
                    (Some(user), None) => format!("{user}: not used without DOCKER_PASSWORD"),
                    (None, Some(_)) => "DOCKER_PASSWORD: not used without DOCKER_USERNAME".into(),
                    _ => "DOCKER_USERNAME and DOCKER_PASSWORD: not set".to_owned(),
                };
                (None, Some(note))
            }
        }
    }
}

/// Reads a profile's password.
fn read_profile(env: &Env, name: &str, username: &str, password: &PasswordSource) -> Found {
    let place = crate::login::describe_password(password);
    match password.read(env, HELPER_LIMIT) {
        Ok(password) => {
            let username = username.to_owned();
            let credential = Credential::Basic { username, password };
            Found::new(credential, Source::Profile { name: name.to_owned(), password: place })
                .if_usable()
        }
        Err(error) => {
            let mut found = Found::anonymous();
            let reason = format!("profile {name}: {error}");
            found.warnings.push(format!("{reason}; going on without this login"));
            found.trail.push(reason);
            found
        }
    }
}

/// Adds what was not looked at because a place before it had a login.
fn not_asked(mut found: Found, places: &str) -> Found {
    found.trail.push(format!("not asked, for the first login wins: {places}"));
    found
}

/// The login of `--username`, its password read now.
///
/// # Errors
/// Options that do not go together, a password that does not come, a user name that cannot be sent.
pub(crate) fn given(username: Option<&str>, password_stdin: bool) -> Result<Option<Found>, Error> {
    let Some(username) = username else {
        return match password_stdin {
            true => Err(Error::usage(
                "--password-stdin needs --username",
                "add -u USER, or leave --password-stdin out",
            )),
            false => Ok(None),
        };
    };
    let (password, source) = if password_stdin {
        (password_from_stdin()?, Source::CommandLine)
    } else {
        (password_from_terminal(username)?, Source::Prompt)
    };
    let credential = Credential::Basic { username: username.to_owned(), password };
    credential.check().map_err(|why| {
        Error::usage(format!("--username cannot be used: {why}"), "give the user name alone")
    })?;
    Ok(Some(Found::new(credential, source)))
}

/// The password that standard input holds; one line end at its end is not part of it.
///
/// # Errors
/// Standard input is a terminal, cannot be read, or is empty.
pub(crate) fn password_from_stdin() -> Result<Secret, Error> {
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
        .take(MAX_PASSWORD + 1)
        .read_to_string(&mut text)
        .map_err(|source| Error::Io { what: "standard input".to_owned(), source })?;
    if text.len() as u64 > MAX_PASSWORD {
        return Err(Error::usage(
            format!("the password on standard input is longer than {MAX_PASSWORD} bytes"),
            "pipe the password alone into the program",
        ));
    }
    match crate::login::trim_newline(&text) {
        "" => Err(Error::usage(
            "the password on standard input is empty",
            "echo \"$TOKEN\" | docker tags … -u USER --password-stdin",
        )),
        password => Ok(Secret::new(password)),
    }
}

fn password_from_terminal(username: &str) -> Result<Secret, Error> {
    use crate::login::PromptError;
    let label = format!("Password of {}: ", crate::system::terminal::sanitize(username));
    crate::login::ask_password(&label).map_err(|error| match error {
        PromptError::Interrupted => Error::Interrupted,
        other => Error::usage(
            format!("no password for --username: {other}"),
            "pass it on standard input with --password-stdin",
        ),
    })
}
