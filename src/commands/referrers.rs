//! `referrers`: signatures, SBOMs, provenance and other artifacts about an image.

mod find;
mod print;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;

use self::find::{Finder, Referrer};
use super::context::Context;
use super::image::{self, Image};
use super::options::{PlatformOption, TypeOption};
use crate::error::Error;
use crate::oci::manifest::{Content, Created};
use crate::output::{Column, Format, Look, Row, Writer, human};
use crate::tags::select::Glob;

/// The annotation with the time at which an artifact was made.
const CREATED: &str = "org.opencontainers.image.created";

const EXAMPLES: &str = "\
Examples:
  docker tags referrers alpine:3.20
  docker tags referrers alpine:3.20 -l               with sizes and predicates
  docker tags referrers ghcr.io/org/app:1 --type '*signature*'
  docker tags referrers alpine --platform linux/arm64
  docker tags referrers alpine --sbom | jq -r '.packages[].name'
  docker tags referrers alpine --provenance --platform linux/arm64
  docker tags referrers oci:layout:1.0 --format json";

/// List signatures, SBOMs and other artifacts about an image.
///
/// Asks the registry's referrers API, or reads the tag that stands in for it, and cosign's tags.
/// Attestations inside the image's index are listed with the platform that they are for. SIZE is
/// the size of the manifest; -l reads every manifest and adds the size of the content and the
/// predicates of attestations.
///
/// --sbom and --provenance print the document itself for one platform. Signatures are not
/// verified: use cosign verify or notation verify.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The image, such as alpine:3.20 or oci:DIR:TAG
    #[arg(value_name = "IMAGE")]
    image: String,

    #[command(flatten)]
    of: PlatformOption,

    /// Show artifacts whose type or predicate matches a glob pattern
    #[arg(long = "type", value_name = "GLOB", help_heading = "Selection")]
    artifact_type: Option<String>,

    /// Show the size of the content and the predicates
    #[arg(short, long, help_heading = "Output")]
    long: bool,

    /// Print the SBOM of one platform (with --raw, its statement)
    #[arg(long, conflicts_with_all = ["artifact_type", "long"], help_heading = "Output")]
    sbom: bool,

    /// Print the provenance of one platform (with --raw, its statement)
    #[arg(
        long,
        conflicts_with_all = ["artifact_type", "long", "sbom"],
        help_heading = "Output"
    )]
    provenance: bool,
}

/// An artifact as it is listed.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReferrerRow {
    r#type: String,
    digest: String,
    /// Bytes of the manifest.
    size: Option<u64>,
    /// RFC 3339.
    created: Option<String>,
    /// The digest of the manifest that it is about.
    r#for: String,
    /// The platform of that manifest; empty where it is for all, or unknown.
    platform: String,
    /// What attestations say; `None` when their manifest was not read.
    predicates: Option<Vec<String>>,
    /// Bytes of config and layers; `None` when the manifest was not read.
    content_size: Option<u64>,
    media_type: String,
    /// Where it was found: `api`, `index`, or a tag.
    source: String,
    annotations: BTreeMap<String, String>,
    #[serde(skip)]
    time: Option<Timestamp>,
}

impl Row for ReferrerRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Type", header: "TYPE" },
        Column { key: "Digest", header: "DIGEST" },
        Column { key: "Size", header: "SIZE" },
        Column { key: "Created", header: "CREATED" },
        Column { key: "For", header: "FOR" },
        Column { key: "Platform", header: "PLATFORM" },
        Column { key: "Predicates", header: "PREDICATES" },
        Column { key: "ContentSize", header: "CONTENT SIZE" },
        Column { key: "MediaType", header: "MEDIA TYPE" },
        Column { key: "Source", header: "SOURCE" },
        Column { key: "Annotations", header: "ANNOTATIONS" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let size = |size: Option<u64>| size.map_or_else(|| "N/A".to_owned(), human::size);
        let about =
            if self.platform.is_empty() { look.digest(&self.r#for) } else { self.platform.clone() };
        let annotations = self.annotations.iter().map(|(key, value)| format!("{key}={value}"));
        vec![
            if self.r#type.is_empty() { "unknown".to_owned() } else { self.r#type.clone() },
            look.digest(&self.digest),
            size(self.size),
            look.age(self.time),
            about,
            self.platform.clone(),
            self.predicates.as_ref().map_or_else(|| "N/A".to_owned(), |list| list.join(", ")),
            size(self.content_size),
            self.media_type.clone(),
            self.source.clone(),
            annotations.collect::<Vec<_>>().join(", "),
        ]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.digest)
    }
}

/// Runs the command.
///
/// # Errors
/// An image that is not there; failures of requests.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let wanted = match (args.sbom, args.provenance) {
        (true, _) => Some(print::Wanted::Sbom),
        (_, true) => Some(print::Wanted::Provenance),
        _ => None,
    };
    let platform = args.of.platform.as_ref();
    if let Some(wanted) = wanted {
        return print::run(context, &args.image, platform, wanted, out);
    }
    if context.globals.raw {
        return Err(Error::usage(
            "--raw needs --sbom or --provenance",
            "for the list: --format json",
        ));
    }
    let format = context.format(Format::Table)?;
    let glob = args.artifact_type.as_deref().map(Glob::parse_type).transpose()?;
    let image = image::one(context, &args.image, &TypeOption::default())?;
    let mut columns = vec!["Type", "Digest", "Size", "Created", "For"];
    if args.long {
        columns.extend(["ContentSize", "Predicates"]);
    }
    let mut writer = Writer::new(out, &format, context.look())?.with_columns(&columns);
    let (root, child) = match platform {
        Some(_) => {
            let chosen = image.descend(context, platform)?;
            (chosen.root, chosen.child.map(|child| child.digest))
        }
        None => (image.root()?, None),
    };
    let finder = Finder { context, image: &image };
    let subject = child.as_ref().unwrap_or(&root.digest);
    let mut found = finder.in_index(&root, child.as_ref());
    finder.add(&mut found, finder.of(subject)?);
    let count = found.len();
    let needs = Needs::of(args, &format);
    let mut shown = 0;
    finder.read(
        found,
        |referrer| needs.all || (needs.types && referrer.has_no_type()),
        |referrer| {
            let row = ReferrerRow::of(&referrer);
            if glob.as_ref().is_some_and(|glob| !row.matches(glob)) {
                return Ok(());
            }
            shown += 1;
            writer.write_row(&row).map_err(Error::from)
        },
    )?;
    if shown == 0 {
        say_none(context, &image, args.artifact_type.as_deref(), count);
    }
    writer.finish().map_err(Error::from).map(drop)
}

fn say_none(context: &Context, image: &Image, glob: Option<&str>, count: usize) {
    let name = image.short_name();
    context.reporter.line(&match glob {
        Some(glob) if count > 0 => {
            let noun = if count == 1 { "artifact" } else { "artifacts" };
            format!("no artifact attached to {name} matches --type '{glob}' ({count} {noun})")
        }
        _ => format!("no signatures, SBOMs or other artifacts found for {name}"),
    });
}

/// What has to be read of the manifests.
struct Needs {
    /// All of them.
    all: bool,
    /// Those of which the list does not tell the type.
    types: bool,
}

impl Needs {
    fn of(args: &Args, format: &Format) -> Self {
        let (all, types) = match format {
            Format::Plain => (false, false),
            Format::Table | Format::Json => (false, true),
            Format::Template(template) | Format::TableTemplate(template) => (
                ["ContentSize", "Predicates"].iter().any(|name| template.names(name)),
                template.uses_whole_row() || template.names("Type"),
            ),
        };
        Needs { all: all || args.long, types: types || args.artifact_type.is_some() }
    }
}

impl ReferrerRow {
    fn of(referrer: &Referrer) -> Self {
        let entry = &referrer.entry;
        let document = referrer.manifest.as_ref().map(|fetched| &fetched.document);
        let annotations = referrer.annotations();
        let created = annotations.get(CREATED).map(|text| Created::new(text));
        let content_size = document.and_then(|document| match &document.content {
            Content::Image(manifest) => manifest.size(),
            _ => {
                let sizes = document.blobs().iter().map(|blob| blob.size);
                sizes.sum::<Option<u64>>()
            }
        });
        ReferrerRow {
            r#type: referrer.artifact_type(),
            digest: entry.digest.to_string(),
            size: entry.size,
            time: created.as_ref().and_then(Created::credible),
            created: created.and_then(|created| created.rfc3339()),
            r#for: referrer.subject.as_ref().map(ToString::to_string).unwrap_or_default(),
            platform: referrer.platform.clone(),
            predicates: referrer.predicates(),
            content_size,
            media_type: entry.media_type.to_string(),
            source: referrer.source.clone(),
            annotations,
        }
    }

    fn matches(&self, glob: &Glob) -> bool {
        let predicates = self.predicates.iter().flatten();
        glob.matches(&self.r#type) || predicates.into_iter().any(|text| glob.matches(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_their_columns() {
        let look = Look { now: Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        crate::output::assert_fits(&ReferrerRow::default(), &look);
    }
}
