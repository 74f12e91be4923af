//! `digest`: the content digests that tags point to.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::context::Context;
use super::image::{self, Image};
use super::options::Choice;
use crate::error::Error;
use crate::oci::manifest::Content;
use crate::oci::reference::Tag;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::registry::Target;

const EXAMPLES: &str = "\
Examples:
  docker tags digest alpine:3.20
  docker tags digest alpine:3.20 --platform linux/arm64
  docker tags digest alpine:3.20 --full-ref          to pin an image
  docker tags digest alpine redis nginx              NAME:TAG@DIGEST for each
  docker tags digest --verify alpine:3.20@sha256:…   fails if the tag has moved";

/// Print the digests that tags point to.
///
/// This is the digest that a pull records. For a multi-platform image it is the digest of the
/// index; with --platform, that of one image. Without --platform it does not count as a pull.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Images, such as alpine:3.20 or localhost:5000/app:1
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<String>,

    #[command(flatten)]
    choice: Choice,

    /// Print REGISTRY/REPOSITORY:TAG@DIGEST
    #[arg(long, help_heading = "Output")]
    full_ref: bool,

    /// Fail if the tag of a NAME:TAG@DIGEST points to another digest now
    #[arg(long)]
    verify: bool,
}

/// A digest as it is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DigestRow {
    /// Registry and repository.
    repository: String,
    /// The tag; empty when only a digest was given.
    tag: String,
    digest: String,
    media_type: String,
    /// The text before the digest on a bare line.
    #[serde(skip)]
    prefix: String,
}

impl Row for DigestRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Repository", header: "REPOSITORY" },
        Column { key: "Tag", header: "TAG" },
        Column { key: "Digest", header: "DIGEST" },
        Column { key: "MediaType", header: "MEDIA TYPE" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let digest = look.digest(&self.digest);
        vec![self.repository.clone(), self.tag.clone(), digest, self.media_type.clone()]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}{}", self.prefix, self.digest))
    }
}

/// Runs the command.
///
/// # Errors
/// Invalid names, before any request; then the failures of images.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(Format::Plain)?;
    let mut writer = Writer::new(out, &format, context.look())?;
    if args.verify {
        args.check_pins(context)?;
    }
    let outcome = image::each(
        context,
        &args.images,
        &args.choice.kind,
        |image| args.row(context, image),
        |_, row| writer.write_row(&row).map_err(Error::from),
    );
    writer.end(outcome)
}

impl Args {
    /// Every name must have a tag and a digest, or there is nothing to verify.
    fn check_pins(&self, context: &Context) -> Result<(), Error> {
        for name in &self.images {
            let reference = context.resolve(name)?.reference;
            if reference.tag().is_none() || reference.digest().is_none() {
                return Err(Error::usage(
                    format!("--verify needs a tag and a digest: \"{name}\""),
                    "give the pinned name, such as alpine:3.20@sha256:…",
                ));
            }
        }
        Ok(())
    }

    fn row(&self, context: &Context, image: &Image) -> Result<DigestRow, Error> {
        let (digest, media_type) = match self.choice.platform() {
            Some(platform) => image.digest_for(context, platform)?,
            None => {
                let head = image.head()?;
                (head.digest, head.media_type.to_string())
            }
        };
        if let Some(moved) = moved(image)? {
            if self.verify {
                return Err(moved);
            }
            context.reporter.warn(&moved.to_string());
        }
        let repository = image.subject.name();
        let tag = match &image.target {
            Target::Tag(tag) => tag.to_string(),
            Target::Digest(_) => image.subject.tag().map(Tag::to_string).unwrap_or_default(),
        };
        let separator = if tag.is_empty() { "" } else { ":" };
        let prefix = if self.full_ref {
            format!("{repository}{separator}{tag}@")
        } else if self.images.len() > 1 {
            format!("{}{separator}{tag}@", image.subject.familiar_name())
        } else {
            String::new()
        };
        Ok(DigestRow { repository, tag, digest: digest.to_string(), media_type, prefix })
    }
}

/// Whether the tag of a pinned name points elsewhere now: one request. `None` for names that are
/// not pinned. A pin to an image inside the tag's index holds, too.
fn moved(image: &Image) -> Result<Option<Error>, Error> {
    let (Some(tag), Target::Digest(pinned)) = (image.subject.tag(), &image.target) else {
        return Ok(None);
    };
    let tagged = image.at(Target::Tag(tag.clone()));
    let now = match tagged.head() {
        Err(gone @ Error::NotFoundIn { .. }) => return Ok(Some(gone)),
        now => now?,
    };
    let holds = now.digest == *pinned
        || (now.media_type.is_index() && !image.head()?.media_type.is_index() && {
            let root = tagged.root()?;
            let Content::Index(index) = &root.document.content else { return Ok(None) };
            index.manifests.iter().any(|entry| entry.digest.supported() == Some(pinned))
        });
    Ok((!holds).then(|| Error::PinMoved {
        image: tagged.full_name(),
        pinned: pinned.to_string(),
        now: now.digest.to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_their_columns() {
        let row = DigestRow {
            repository: "docker.io/library/alpine".into(),
            tag: "3.20".into(),
            digest: format!("sha256:{}", "0".repeat(64)),
            media_type: "application/vnd.oci.image.index.v1+json".into(),
            prefix: String::new(),
        };
        let look = Look { now: jiff::Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        crate::output::assert_fits(&row, &look);
        assert_eq!(row.plain(), row.digest);
    }
}
