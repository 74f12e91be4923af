//! The commands. A new one is a new file, and its line in [`Command`] and in [`Command::run`].

pub mod check;
pub mod config;
pub mod context;
pub mod digest;
pub mod document;
pub mod global;
pub mod image;
pub mod inspect;
pub mod login;
pub mod ls;
pub mod manifest;
pub mod namespaces;
pub mod platforms;
pub mod profile;
pub mod ratelimit;
pub mod repos;
pub mod token;

use std::io::Write;

use clap::Subcommand;

use crate::error::Error;
use context::Context;

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the tags of repositories, newest version first
    #[command(visible_alias = "list")]
    Ls(Box<ls::Args>),
    /// Print the digests that tags point to
    Digest(digest::Args),
    /// Print a manifest or manifest list
    Manifest(manifest::Args),
    /// List the platforms that an image is made for
    Platforms(platforms::Args),
    /// Print the config of an image, plugin or artifact
    Config(config::Args),
    /// Describe images as skopeo inspect does
    Inspect(inspect::Args),
    /// List the repositories of a registry, or of a user or organisation of Docker Hub
    #[command(visible_alias = "catalog")]
    Repos(repos::Args),
    /// List the Docker Hub namespaces of the login
    Namespaces(namespaces::Args),
    /// Show how a name is understood, which login applies, and what the registry answers
    Check(check::Args),
    /// Print the bearer token for a repository, for use with curl
    Token(token::Args),
    /// Show how many pulls Docker Hub has left for us
    Ratelimit(ratelimit::Args),
    /// Manage profiles: how each registry is reached, and as whom
    Profile(profile::Args),
}

impl Command {
    /// Whether the command works on this machine's files alone: it needs no registry, no login and
    /// no profile that is active.
    pub fn is_local(&self) -> bool {
        matches!(self, Command::Profile(_))
    }

    /// Runs the command; what it prints goes to `out`.
    ///
    /// # Errors
    /// Whatever goes wrong; the caller prints it.
    pub fn run(&self, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
        match self {
            Command::Ls(args) => ls::run(args, context, out),
            Command::Digest(args) => digest::run(args, context, out),
            Command::Manifest(args) => manifest::run(args, context, out),
            Command::Platforms(args) => platforms::run(args, context, out),
            Command::Config(args) => config::run(args, context, out),
            Command::Inspect(args) => inspect::run(args, context, out),
            Command::Repos(args) => repos::run(args, context, out),
            Command::Namespaces(args) => namespaces::run(args, context, out),
            Command::Check(args) => check::run(args, context, out),
            Command::Token(args) => token::run(args, context, out),
            Command::Ratelimit(args) => ratelimit::run(args, context, out),
            Command::Profile(args) => profile::run(args, context, out),
        }
    }
}

/// Runs a step for each of several names: all are tried, each failure is reported as it happens,
/// and the worst exit code is returned.
///
/// # Errors
/// The only failure itself when there is just one name; otherwise the worst exit code.
pub fn each<T>(
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
pub struct Outcomes<'a> {
    context: &'a Context,
    count: usize,
    worst: u8,
}

impl<'a> Outcomes<'a> {
    /// For so many tries.
    pub fn new(context: &'a Context, count: usize) -> Self {
        Outcomes { context, count, worst: 0 }
    }

    /// Notes how one ended.
    ///
    /// # Errors
    /// The failure itself when it is the only try, or when there is no point in going on.
    pub fn note(&mut self, outcome: Result<(), Error>) -> Result<(), Error> {
        match outcome {
            Ok(()) => {}
            Err(error) if self.count == 1 || is_final(&error) => return Err(error),
            Err(error) => {
                self.worst = self.worst.max(error.exit_code());
                self.context.reporter.error(&error);
            }
        }
        Ok(())
    }

    /// The end of all tries.
    ///
    /// # Errors
    /// The worst exit code, unless it is 0.
    pub fn end(self) -> Result<(), Error> {
        if self.worst == 0 { Ok(()) } else { Err(Error::Reported(self.worst)) }
    }
}

/// Whether there is no point in going on: nobody reads the output, or the user broke off.
fn is_final(error: &Error) -> bool {
    matches!(error, Error::Interrupted | Error::Io { .. })
}

/// What a writer of rows reports, as the program's error.
pub fn write_error(error: crate::output::WriteError) -> Error {
    match error {
        crate::output::WriteError::Io(source) => Error::stdout(source),
        crate::output::WriteError::Template(error) => template_error(error),
    }
}

/// A template that does not fit, as the program's error.
pub fn template_error(error: crate::output::TemplateError) -> Error {
    Error::usage(error.to_string(), "`--format json` shows the names that a template can use")
}
