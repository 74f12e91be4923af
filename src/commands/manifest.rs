//! `manifest`: a manifest or index as the registry has it.

use std::io::Write;

use super::context::Context;
use super::document::{Destination, Printer};
use super::image::{self, Image};
use super::options::Choice;
use crate::error::Error;
use crate::oci::manifest::Content;
use crate::oci::platform::Platform;
use crate::registry::Fetched;

const EXAMPLES: &str = "\
Examples:
  docker tags manifest alpine:3.20
  docker tags manifest alpine:3.20 | sha256sum
  docker tags manifest alpine --platform linux/arm64
  docker tags manifest alpine --platform local --format '{{range .layers}}{{.digest}} {{.size}}{{println}}{{end}}'
  docker tags manifest alpine --list | jq -r '.manifests[].platform.architecture'";

/// Print a manifest or manifest list.
///
/// Prints the exact bytes in a pipe, so that their sha256 is the digest. On a terminal the document
/// is indented. Templates use the document's own names, such as {{.mediaType}}.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The image, such as alpine:3.20 or quay.io/org/app@sha256:…
    #[arg(value_name = "IMAGE")]
    image: String,

    #[command(flatten)]
    choice: Choice,

    /// Fail unless it is a manifest list or matches --platform
    #[arg(long, help_heading = "Selection")]
    list: bool,

    #[command(flatten)]
    destination: Destination,
}

/// Runs the command.
///
/// # Errors
/// An image that is not there, or not as it is asked for; what cannot be written.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let printer = Printer::new(context, &args.destination)?;
    let image = image::one(context, &args.image, &args.choice.kind)?;
    let wanted = args.choice.platform();
    let fetched = match wanted {
        _ if args.list => list(&image, wanted)?,
        Some(_) => {
            let chosen = image.descend(context, wanted)?;
            chosen.child.unwrap_or(chosen.root)
        }
        None => image.root()?,
    };
    printer.print(&fetched.bytes, &image.short_name(), out)
}

/// The manifest list; of a single image its manifest, if it is for exactly the wanted platform.
fn list(image: &Image, wanted: Option<&Platform>) -> Result<Fetched, Error> {
    let root = image.root()?;
    if matches!(root.document.content, Content::Index(_)) {
        return Ok(root);
    }
    let (platform, _) = image.platform_of(&root.document)?;
    let is_wanted = match (wanted, &platform) {
        (Some(wanted), Some(platform)) => wanted.normalized() == platform.normalized(),
        _ => false,
    };
    if is_wanted {
        return Ok(root);
    }
    let hint = match &platform {
        Some(platform) => format!(
            "to print its manifest for {}: docker tags manifest {}",
            crate::system::terminal::server_text(&platform.to_string()),
            image.short_name()
        ),
        None => format!("to print its manifest: docker tags manifest {}", image.short_name()),
    };
    let name = format!("{}: it is not multi-platform", image.full_name());
    Err(Error::NotFoundIn { object: "manifest list".to_owned(), name, hint })
}
