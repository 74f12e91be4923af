//! `inspect`: skopeo's summary of an image, and a page for people.

mod page;
mod steps;
mod text;

use std::io::Write;

use super::context::Context;
use super::image::{self, Chosen, Image};
use super::options::Choice;
use crate::error::Error;
use crate::oci::manifest::{ImageConfig, Inspect, Kind};
use crate::output::{Format, json};
use crate::system::terminal::sanitize_json;

const EXAMPLES: &str = "\
Examples:
  docker tags inspect alpine:3.20
  docker tags inspect alpine --platform linux/arm64
  docker tags inspect alpine | jq -r .Created
  docker tags inspect alpine --page | less
  docker tags inspect alpine redis --format '{{.Name}} {{.Architecture}}'
  docker tags inspect quay.io/org/app --tags --format json";

/// The names of the document's members, which a template can use.
const KEYS: [&str; 13] = [
    "Name",
    "Tag",
    "Digest",
    "RepoTags",
    "Created",
    "DockerVersion",
    "Labels",
    "Architecture",
    "Variant",
    "Os",
    "Layers",
    "LayersData",
    "Env",
];

/// Show details of images.
///
/// Prints a page on a terminal. In a pipe, or with --format json, prints the document of
/// `skopeo inspect`. For a multi-platform image it describes the image for this machine, or for
/// --platform. Plugins, charts and other artifacts are described as well.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Images, such as alpine:3.20 or quay.io/org/app@sha256:…
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<String>,

    #[command(flatten)]
    choice: Choice,

    /// Include all tags of the repository
    #[arg(long, help_heading = "Output")]
    tags: bool,

    /// Show the page for people, also in a pipe; short for --format page
    #[arg(long, help_heading = "Output")]
    page: bool,
}

/// What was found out about an image.
struct Sheet {
    chosen: Chosen,
    /// The config blob as it is; `None` where there is none.
    config_bytes: Option<Vec<u8>>,
    /// The config as an image's, where it can be read as one.
    config: Option<ImageConfig>,
    tags: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// Invalid names, before any request; then the failures of images.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let wants_page = args.page || context.globals.format.as_deref() == Some("page");
    let format = if wants_page { Format::Plain } else { context.format(Format::Plain)? };
    let is_page = wants_page || context.style.stdout_terminal;
    match &format {
        Format::Template(template) => {
            template.check_fields(KEYS.iter().copied())?;
        }
        Format::Table | Format::TableTemplate(_) => {
            return Err(Error::usage(
                "inspect prints a document and has no table format",
                "use --format page for people, --format json, or a Go template such as '{{.Created}}'",
            ));
        }
        Format::Plain | Format::Json => {}
    }
    if context.globals.raw {
        let write = |_: &Image, bytes: Vec<u8>| out.write_all(&bytes).map_err(Error::stdout);
        let root = |image: &Image| image.root().map(|root| root.bytes);
        return image::each(context, &args.images, &args.choice.kind, root, write);
    }
    let mut is_first = true;
    image::each(
        context,
        &args.images,
        &args.choice.kind,
        |image| args.look_up(context, image),
        |image, sheet| {
            let text = match &format {
                Format::Template(template) => template.render(&sheet.summary(image))? + "\n",
                Format::Json => {
                    json::to_string(&sheet.summary(image)).map_err(Error::stdout)? + "\n"
                }
                _ if is_page => {
                    let gap = if is_first { "" } else { "\n" };
                    gap.to_owned() + &page::page(image, &sheet, &page::Layout::of(context))
                }
                _ => sanitize_json(&sheet.summary(image).to_json()).into_owned(),
            };
            is_first = false;
            out.write_all(text.as_bytes()).map_err(Error::stdout)
        },
    )
}

impl Args {
    fn look_up(&self, context: &Context, image: &Image) -> Result<Sheet, Error> {
        let chosen = image.descend_if_possible(context, self.choice.platform())?;
        let document = &chosen.manifest().document;
        let config_bytes = match image.config(&chosen) {
            // An artifact may keep anything there.
            Err(Error::TooLarge { .. }) if Kind::of(document) != Kind::Image => None,
            config => config?,
        };
        let config = image::image_config(document, config_bytes.as_deref());
        let tags = if self.tags { all_tags(image)? } else { Vec::new() };
        Ok(Sheet { chosen, config_bytes, config, tags })
    }
}

impl Sheet {
    fn summary(&self, image: &Image) -> Inspect {
        Inspect::new(
            &image.subject.name(),
            &self.chosen.root.digest,
            &self.chosen.manifest().document,
            self.config.as_ref(),
            self.tags.clone(),
        )
    }
}

/// All tags of an image's repository, in the registry's order.
fn all_tags(image: &Image) -> Result<Vec<String>, Error> {
    let mut tags = Vec::new();
    image.repository.tags(None, &mut tags)?;
    Ok(tags)
}
