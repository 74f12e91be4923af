//! `platforms`: what an index holds, as a table.

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;

use super::context::Context;
use super::image::{self, Image};
use super::options::TypeOption;
use crate::error::Error;
use crate::oci::manifest::{Content, Descriptor, Document, Entry, Kind};
use crate::oci::platform::Platform;
use crate::output::{Column, Format, Look, Row, Writer, human};
use crate::registry::Fetched;
use crate::system::parallel;

const EXAMPLES: &str = "\
Examples:
  docker tags platforms alpine:3.20
  docker tags platforms alpine -l                    with creation dates
  docker tags platforms alpine --all                 with attestations
  docker tags platforms alpine --format '{{.Os}}:{{.Architecture}}'
  docker tags platforms alpine --format json | jq -r 'select(.Size > 4e6) | .Platform'";

/// List the platforms of an image.
///
/// SIZE is the compressed size of config and layers, which is what a pull downloads. It takes one
/// request per platform. With -q, or a template without {{.Size}}, it takes one request in all.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The image, such as alpine:3.20 or quay.io/org/app@sha256:…
    #[arg(value_name = "IMAGE")]
    image: String,

    /// Include attestations and unknown entries
    #[arg(long, help_heading = "Selection")]
    all: bool,

    /// Show when each image was created
    #[arg(short, long, help_heading = "Output")]
    long: bool,

    #[command(flatten)]
    kind: TypeOption,
}

/// An entry of an index, or a single image.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PlatformRow {
    platform: String,
    digest: String,
    /// Config and layers, compressed; `None` when it is not known.
    size: Option<u64>,
    /// RFC 3339; `None` when it is not known or was not asked for.
    created: Option<String>,
    r#type: String,
    /// The image that an attestation is of.
    of: Option<String>,
    os: String,
    architecture: String,
    variant: String,
    os_version: String,
    media_type: String,
    #[serde(skip)]
    time: Option<Timestamp>,
}

impl Row for PlatformRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Platform", header: "PLATFORM" },
        Column { key: "Digest", header: "DIGEST" },
        Column { key: "Size", header: "SIZE" },
        Column { key: "Created", header: "CREATED" },
        Column { key: "Type", header: "TYPE" },
        Column { key: "Of", header: "OF" },
        Column { key: "Os", header: "OS" },
        Column { key: "Architecture", header: "ARCHITECTURE" },
        Column { key: "Variant", header: "VARIANT" },
        Column { key: "OsVersion", header: "OS VERSION" },
        Column { key: "MediaType", header: "MEDIA TYPE" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        vec![
            self.platform.clone(),
            look.digest(&self.digest),
            self.size.map_or_else(|| "N/A".to_owned(), human::size),
            look.age(self.time),
            self.r#type.clone(),
            self.of.as_deref().map_or_else(String::new, |of| look.digest(of)),
            self.os.clone(),
            self.architecture.clone(),
            self.variant.clone(),
            self.os_version.clone(),
            self.media_type.clone(),
        ]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.platform)
    }
}

/// What has to be fetched of each image.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Needs {
    size: bool,
    created: bool,
}

/// Runs the command.
///
/// # Errors
/// An image that is not there; failures of requests.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(Format::Table)?;
    let image = image::one(context, &args.image, &args.kind)?;
    let mut columns = vec!["Platform", "Digest", "Size"];
    if args.long {
        columns.push("Created");
    }
    if args.all {
        columns.extend(["Type", "Of"]);
    }
    let writer = Writer::new(&mut *out, &format, context.look())?;
    let mut writer = writer.with_columns(&columns);
    let root = image.root()?;
    if context.globals.raw {
        drop(writer);
        return out.write_all(&root.bytes).map_err(Error::stdout);
    }
    let Content::Index(index) = &root.document.content else {
        writer.write_row(&single(&image, &root)?)?;
        return writer.finish().map_err(Error::from).map(drop);
    };
    let is_shown = |entry: &&Descriptor| args.all || entry.entry() == Entry::Image;
    let entries: Vec<&Descriptor> = index.manifests.iter().filter(is_shown).collect();
    let hidden = index.manifests.len() - entries.len();
    if entries.is_empty() && hidden > 0 {
        context.reporter.warn(&format!(
            "{}: none of its {hidden} entries is an image; --all shows them",
            image.short_name()
        ));
    }
    let needs = args.needs(&format);
    let is_for_reading = context.style.stdout_terminal && matches!(format, Format::Table);
    parallel::in_order(
        &entries,
        image.jobs,
        |entry| row(&image, entry, needs),
        |entry, row| {
            let row = match row {
                Ok(row) => row,
                Err(error @ Error::NotFoundIn { .. }) => {
                    // A mirror may have some of the platforms only.
                    context.reporter.warn(&error.to_string());
                    describe(entry)
                }
                Err(error) => return Err(error),
            };
            writer.write_row(&row).map_err(Error::from)
        },
    )?;
    writer.finish()?;
    let is_attestation = |entry: &&Descriptor| matches!(entry.entry(), Entry::Attestation { .. });
    let attestations = index.manifests.iter().filter(is_attestation).count();
    if attestations > 0 && !args.all && is_for_reading {
        let name = image.short_name();
        context.reporter.line(&format!(
            "attestations: {attestations}; to list them: docker tags referrers {name}"
        ));
    }
    Ok(())
}

impl Args {
    /// What the output shows that only the images themselves tell.
    fn needs(&self, format: &Format) -> Needs {
        match format {
            Format::Plain => Needs { size: false, created: false },
            Format::Table | Format::Json => Needs { size: true, created: self.long },
            Format::Template(template) | Format::TableTemplate(template) => Needs {
                size: template.uses_whole_row() || template.names("Size"),
                created: self.long || template.names("Created"),
            },
        }
    }
}

/// The row of an image that is not an index.
fn single(image: &Image, root: &Fetched) -> Result<PlatformRow, Error> {
    let (platform, config) = image.platform_of(&root.document)?;
    let mut row = PlatformRow {
        digest: root.digest.to_string(),
        media_type: root.document.media_type.to_string(),
        ..PlatformRow::default()
    };
    row.set_platform(platform.as_ref());
    row.set_document(&root.document);
    row.set_created(&root.document, config.as_deref());
    Ok(row)
}

/// The row of an entry of an index.
fn row(image: &Image, entry: &Descriptor, needs: Needs) -> Result<PlatformRow, Error> {
    let mut row = describe(entry);
    if entry.digest.supported().is_none() || needs == (Needs { size: false, created: false }) {
        return Ok(row);
    }
    let fetched = image.entry(entry)?;
    row.set_document(&fetched.document);
    // An entry that does not state its platform has it in its config.
    let look = needs.created || (entry.platform.is_none() && entry.entry() == Entry::Image);
    if look {
        let (platform, config) = image.platform_of(&fetched.document)?;
        if entry.platform.is_none() {
            row.set_platform(platform.as_ref());
        }
        row.set_created(&fetched.document, config.as_deref());
    }
    if let Entry::Attestation { .. } = entry.entry() {
        Kind::Attestation.name().clone_into(&mut row.r#type);
    }
    Ok(row)
}

/// What the index itself says of an entry.
fn describe(entry: &Descriptor) -> PlatformRow {
    let (kind, of) = match entry.entry() {
        Entry::Attestation { of } => (Kind::Attestation.name(), of.map(|of| of.to_string())),
        Entry::Unknown => ("unknown", None),
        Entry::Image if entry.media_type.is_index() => (Kind::Index.name(), None),
        Entry::Image => (Kind::Image.name(), None),
    };
    let mut row = PlatformRow {
        digest: entry.digest.to_string(),
        media_type: entry.media_type.to_string(),
        r#type: kind.to_owned(),
        of,
        ..PlatformRow::default()
    };
    row.set_platform(entry.platform.as_ref());
    row
}

impl PlatformRow {
    fn set_platform(&mut self, platform: Option<&Platform>) {
        let Some(platform) = platform else {
            "unknown".clone_into(&mut self.platform);
            return;
        };
        self.platform = platform.short();
        self.os.clone_from(&platform.os);
        self.architecture.clone_from(&platform.architecture);
        self.variant.clone_from(&platform.variant);
        self.os_version.clone_from(&platform.os_version);
        if !self.os_version.is_empty() {
            self.platform = platform.to_string();
        }
    }

    fn set_document(&mut self, document: &Document) {
        self.size = match &document.content {
            Content::Image(manifest) => manifest.size(),
            _ => None,
        };
        Kind::of(document).name().clone_into(&mut self.r#type);
    }

    fn set_created(&mut self, document: &Document, config: Option<&[u8]>) {
        let created = image::image_config(document, config).and_then(|config| config.created);
        self.time = created.as_ref().and_then(|created| created.credible());
        self.created = created.and_then(|created| created.rfc3339());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_their_columns() {
        let look = Look { now: Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        crate::output::assert_fits(&PlatformRow::default(), &look);
    }
}
