//! `token`: the bearer token for a repository, for use with curl.

use std::io::Write;

use super::context::Context;
use crate::auth::token::claims;
use crate::error::Error;
use crate::output::json;

const EXAMPLES: &str = "\
Examples:
  docker tags token alpine
  curl -H \"$(docker tags token -H alpine)\" https://registry-1.docker.io/v2/library/alpine/tags/list
  docker tags token --claims alpine";

/// Print the bearer token for a repository, for use with curl.
///
/// The registry's token service issues it for pulling. It is a secret and expires after some
/// minutes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The repository, such as alpine or quay.io/org/app
    #[arg(value_name = "REPO")]
    repository: String,

    /// Print it as a header: Authorization: Bearer …
    #[arg(short = 'H', long)]
    header: bool,

    /// Print the token's claims as JSON
    #[arg(long, conflicts_with = "header")]
    claims: bool,
}

/// Runs the command.
///
/// # Errors
/// A registry that gives no tokens, and the failures of asking for one.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let target = context.resolve(&args.repository)?;
    let (reference, profile) = (&target.reference, &target.profile);
    let registry = context.registry(reference.registry(), profile)?;
    let repository = registry.repository(reference.repository(), false);
    let (token, _) = repository.admission()?.token.ok_or_else(|| {
        Error::usage(
            format!("{} does not use tokens", reference.registry()),
            "it is open, or it takes a user name and password with each request: curl -u USER",
        )
    })?;
    let text = if args.claims {
        let claims = claims(token.expose()).ok_or_else(|| {
            Error::usage(
                format!("the token of {} has no claims: it is not a JWT", reference.registry()),
                "to print the token itself, leave out --claims",
            )
        })?;
        json::to_string(&claims).map_err(Error::stdout)?
    } else if args.header {
        format!("Authorization: Bearer {}", token.expose())
    } else {
        token.expose().to_owned()
    };
    writeln!(out, "{text}").map_err(Error::stdout)
}
