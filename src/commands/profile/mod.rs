//! `profile`: one name for each registry, in the manner of `docker context`.
//!
//! These commands work on the file alone: they send no request, run no helper and ask for nothing.
//! What they change they say on standard error; standard output is data.

mod change;
mod inspect;
mod ls;
mod settings;

use std::io::Write;

use clap::Subcommand;

use super::context::Context;
use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  docker tags profile create work --registry ghcr.io --namespace acme \\
      --username octocat --password-env GHCR_TOKEN
  docker tags profile use work           `api` now means ghcr.io/acme/api
  docker tags profile use -              back to the previous one
  docker tags -p work api                just this once";

/// Manage profiles, one per registry.
///
/// Names without a registry use the active profile's registry. A name with a registry uses the
/// settings and credentials of that registry's profile, whichever is active.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List profiles
    #[command(visible_alias = "list")]
    Ls,
    /// Print the name of the active profile
    Show,
    /// Switch to a profile; - is the previous one
    Use(change::Use),
    /// Create a profile
    Create(Box<change::Create>),
    /// Change settings of a profile
    Update(Box<change::Update>),
    /// Show the settings of a profile and where they come from
    Inspect(inspect::Args),
    /// Remove profiles
    #[command(visible_alias = "remove")]
    Rm(change::Remove),
    /// Print the path of the configuration file
    Path,
}

/// Runs the command.
///
/// # Errors
/// A configuration file that cannot be used, names and settings that are wrong, a file that cannot be
/// written.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    // A file that is broken must still be found.
    if !matches!(args.action, Action::Path) {
        context.check_config()?;
    }
    match &args.action {
        Action::Ls => ls::run(context, out),
        Action::Show => {
            let active = context.active()?;
            print(out, active.profile.name().unwrap_or_default())
        }
        Action::Use(args) => change::choose(args, context),
        Action::Create(args) => change::create(args, context),
        Action::Update(args) => change::update(args, context),
        Action::Inspect(args) => inspect::run(args, context, out),
        Action::Rm(args) => change::remove(args, context),
        Action::Path => print(out, &context.config.path().display().to_string()),
    }
}

fn print(out: &mut dyn Write, line: &str) -> Result<(), Error> {
    writeln!(out, "{}", crate::system::terminal::sanitize(line)).map_err(Error::stdout)
}
