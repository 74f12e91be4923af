//! `config`: the config blob of an image, a plugin or an artifact.

use std::io::Write;

use super::context::Context;
use super::document::{Destination, Printer};
use super::image;
use super::options::Choice;
use crate::error::Error;
use crate::oci::manifest::Kind;

const EXAMPLES: &str = "\
Examples:
  docker tags config alpine:3.20
  docker tags config alpine | jq '.config | {Cmd, Entrypoint}'
  docker tags config alpine --platform linux/arm64 --format '{{.architecture}} {{.created}}'
  docker tags config alpine --format '{{range .history}}{{truncate .created_by 80}}{{println}}{{end}}'
  docker tags config vieux/sshfs --type plugin";

/// Print the config of an image, plugin or artifact.
///
/// Prints the exact bytes in a pipe, and an indented document on a terminal. For a multi-platform
/// image it prints the config for this machine, or for --platform. Templates use the document's own
/// names, such as {{.config.Cmd}}.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The image, such as alpine:3.20 or quay.io/org/app@sha256:…
    #[arg(value_name = "IMAGE")]
    image: String,

    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    destination: Destination,
}

/// Runs the command.
///
/// # Errors
/// An image that is not there or has no config; what cannot be written.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let printer = Printer::new(context, &args.destination)?;
    let image = image::one(context, &args.image, &args.choice.kind)?;
    let chosen = image.descend(context, args.choice.platform())?;
    let config = image.config(&chosen)?.ok_or_else(|| Error::NotFoundIn {
        object: "config".to_owned(),
        name: format!(
            "{}: this is a document of the kind \"{}\"",
            image.full_name(),
            Kind::of(&chosen.manifest().document).name()
        ),
        hint: format!("print the document: docker tags manifest {}", image.short_name()),
    })?;
    printer.print(&config, &format!("the config of {}", image.short_name()), out)
}
