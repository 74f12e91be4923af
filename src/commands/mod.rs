//! The commands. A new one is a new file, its line in one of the three enums below and in that
//! enum's `run`.

pub(crate) mod aliases;
pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod diff;
pub(crate) mod digest;
pub(crate) mod document;
pub(crate) mod global;
pub(crate) mod image;
pub(crate) mod inspect;
pub(crate) mod install;
pub(crate) mod ls;
pub(crate) mod manifest;
pub(crate) mod namespaces;
pub(crate) mod newest;
pub(crate) mod options;
pub(crate) mod outdated;
pub(crate) mod platforms;
pub(crate) mod profile;
pub(crate) mod ratelimit;
pub(crate) mod referrers;
pub(crate) mod repos;
pub(crate) mod shells;
pub(crate) mod subject;
pub(crate) mod token;
mod typed;

use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use crate::config::ConfigError;
use crate::error::Error;
use crate::output::{TemplateError, WriteError};
use crate::system::env::Env;
use context::Context;

/// What the program can do, by what a command needs to run. No comments at the variants: they would
/// take the place of the longer ones at the commands' own `Args` in help and manual.
#[derive(Debug, Subcommand)]
#[allow(clippy::enum_variant_names, reason = "OfFiles and Files would be two names of one thing")]
pub(crate) enum Command {
    #[command(flatten)]
    OfRegistries(OfRegistries),
    #[command(flatten)]
    OfFiles(OfFiles),
    #[command(flatten)]
    OfProgram(OfProgram),
}

/// Commands that ask registries.
#[derive(Debug, Subcommand)]
pub(crate) enum OfRegistries {
    #[command(visible_alias = "list")]
    Ls(Box<ls::Args>),
    Digest(digest::Args),
    Newest(Box<newest::Args>),
    Outdated(Box<outdated::Args>),
    Aliases(Box<aliases::Args>),
    Diff(Box<diff::Args>),
    Manifest(manifest::Args),
    Platforms(platforms::Args),
    Config(config::Args),
    Inspect(inspect::Args),
    Referrers(referrers::Args),
    #[command(visible_alias = "catalog")]
    Repos(repos::Args),
    Namespaces(namespaces::Args),
    Check(check::Args),
    Token(token::Args),
    Ratelimit(ratelimit::Args),
}

/// Commands that work on this machine's files: they need no registry and no credentials, and the
/// active profile need not exist.
#[derive(Debug, Subcommand)]
pub(crate) enum OfFiles {
    Profile(profile::Args),
}

/// Commands about the program itself: they work without a configuration, or with a broken one.
#[derive(Debug, Subcommand)]
pub(crate) enum OfProgram {
    Completion(completion::Args),
    Install(install::Args),
}

impl OfRegistries {
    /// Runs the command; what it prints goes to `out`.
    ///
    /// # Errors
    /// Whatever goes wrong; the caller prints it.
    pub(crate) fn run(&self, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
        match self {
            OfRegistries::Ls(args) => ls::run(args, context, out),
            OfRegistries::Newest(args) => newest::run(args, context, out),
            OfRegistries::Aliases(args) => aliases::run(args, context, out),
            OfRegistries::Diff(args) => diff::run(args, context, out),
            OfRegistries::Digest(args) => digest::run(args, context, out),
            OfRegistries::Outdated(args) => outdated::run(args, context, out),
            OfRegistries::Manifest(args) => manifest::run(args, context, out),
            OfRegistries::Platforms(args) => platforms::run(args, context, out),
            OfRegistries::Config(args) => config::run(args, context, out),
            OfRegistries::Inspect(args) => inspect::run(args, context, out),
            OfRegistries::Referrers(args) => referrers::run(args, context, out),
            OfRegistries::Repos(args) => repos::run(args, context, out),
            OfRegistries::Namespaces(args) => namespaces::run(args, context, out),
            OfRegistries::Check(args) => check::run(args, context, out),
            OfRegistries::Token(args) => token::run(args, context, out),
            OfRegistries::Ratelimit(args) => ratelimit::run(args, context, out),
        }
    }
}

impl OfFiles {
    /// Runs the command; see [`OfRegistries::run`].
    pub(crate) fn run(&self, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
        match self {
            OfFiles::Profile(args) => profile::run(args, context, out),
        }
    }
}

impl OfProgram {
    /// Runs the command; see [`OfRegistries::run`].
    pub(crate) fn run(
        &self,
        env: &Env,
        config_dir: Option<PathBuf>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        match self {
            OfProgram::Completion(args) => completion::run(args, out),
            OfProgram::Install(args) => install::run(args, env, config_dir, out),
        }
    }
}

/// Runs a step for each of several names: all are tried, each failure is reported as it happens,
/// and the worst exit code is returned.
///
/// # Errors
/// The only failure itself when there is just one name; otherwise the worst exit code.
pub(crate) fn each<T>(
    context: &Context,
    names: &[T],
    mut step: impl FnMut(&T) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut outcomes = Outcomes::new(context, names.len());
    for name in names {
        outcomes.note(step(name))?;
    }
    outcomes.end()
}

/// The outcomes of several tries: failures are reported as they come, the worst exit code counts.
pub(crate) struct Outcomes<'a> {
    context: &'a Context,
    count: usize,
    worst: u8,
    said: Said,
}

/// What was reported already: a host that cannot be reached is told once for all its names, and so is
/// a hint.
#[derive(Debug, Default)]
pub(crate) struct Said(HashSet<String>);

impl Said {
    /// Reports a failure of one of several tries. The name is put in front of an error that does not
    /// have it.
    pub(crate) fn report(&mut self, context: &Context, name: &str, error: &Error) {
        let mut text = error.to_string();
        let names_it = match error {
            Error::Network { .. } if !self.0.insert(text.clone()) => return,
            Error::Network { .. } | Error::NotFoundIn { .. } => true,
            Error::NotFound { object, .. } => object.starts_with("repository "),
            _ => false,
        };
        if !names_it && !text.contains(name) {
            text = format!("{name}: {text}");
        }
        let hint = error.hint().filter(|hint| self.0.insert(hint.clone()));
        context.reporter.error(&text, hint.as_deref());
    }
}

impl<'a> Outcomes<'a> {
    /// For this number of tries.
    pub(crate) fn new(context: &'a Context, count: usize) -> Self {
        Outcomes { context, count, worst: 0, said: Said::default() }
    }

    /// Notes how one ended.
    ///
    /// # Errors
    /// The failure itself when it is the only try, or when there is no point in going on.
    pub(crate) fn note(&mut self, outcome: Result<(), Error>) -> Result<(), Error> {
        self.note_for("", outcome)
    }

    /// Notes how the try for a name ended, and reports a failure as [`Said::report`] does.
    ///
    /// # Errors
    /// As for [`Outcomes::note`].
    pub(crate) fn note_for(&mut self, name: &str, outcome: Result<(), Error>) -> Result<(), Error> {
        let Err(error) = outcome else { return Ok(()) };
        if self.count == 1 || is_final(&error) {
            return Err(error);
        }
        self.worst = self.worst.max(error.exit_code());
        self.said.report(self.context, name, &error);
        Ok(())
    }

    /// The end of all tries.
    ///
    /// # Errors
    /// The worst exit code, unless it is 0.
    pub(crate) fn end(self) -> Result<(), Error> {
        if self.worst == 0 { Ok(()) } else { Err(Error::Exit(self.worst)) }
    }
}

/// Whether there is no point in going on: no one reads the output, or the user interrupted the program.
pub(crate) fn is_final(error: &Error) -> bool {
    matches!(error, Error::Interrupted | Error::Io { .. })
}

/// What a writer of rows reports, as the program's error.
impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Io(source) => Error::stdout(source),
            WriteError::Template(error) => error.into(),
        }
    }
}

/// A template that does not fit, as the program's error.
impl From<TemplateError> for Error {
    fn from(error: TemplateError) -> Self {
        Error::usage(error.to_string(), "`--format json` shows the names that a template can use")
    }
}

/// A configuration that cannot be used, as the program's error.
impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        let hint = error.hint().unwrap_or_default().to_owned();
        Error::Config { message: error.to_string(), hint }
    }
}
