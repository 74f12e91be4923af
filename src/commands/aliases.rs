//! `aliases`: all tags of an image, such as the version that `latest` is.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::Outcomes;
use super::context::Context;
use super::image::{self, Image};
use super::ls::{Digests, Scope};
use super::options::{FilterOptions, PlatformOption, TypeOption};
use super::subject::Subject;
use crate::error::Error;
use crate::oci::platform::Platform;
use crate::oci::reference::{Digest, Tag};
use crate::output::progress::Progress;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::registry::Target;
use crate::tags::kind::{self, Kind};
use crate::tags::select::Selection;

const EXAMPLES: &str = "\
Examples:
  docker tags aliases nginx                        every tag of nginx:latest
  docker tags aliases nginx --version              the version of nginx:latest
  docker tags aliases alpine:edge redis:7 --version
  docker tags aliases node:lts --filter '*-alpine*'
  docker tags aliases nginx@sha256:…               the tags of a digest
  docker tags aliases nginx --platform linux/arm64
  docker tags aliases nginx --format json";

/// Print all tags of an image.
///
/// Prints every tag that points to the same digest, in the order of `ls`, including the tag that you
/// asked about. Prints REPOSITORY:TAG for several images.
///
/// With --version, prints only the most precise version: 1.29.0, not 1.29. The newest versions are
/// checked first, and the search stops when one is found. So it answers what latest is with few
/// requests.
///
/// Docker Hub, Quay, Harbor and Google registries list tags with their digests. On other registries this
/// takes one request per tag. Filters reduce that.
///
/// Exit code 3 means that the tag does not exist or that no tag has the digest.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("platform", |arg| arg.help("Compare the images for this platform"))
)]
pub(crate) struct Args {
    /// Images, such as nginx, alpine:edge or nginx@sha256:…
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<String>,

    /// Print only the most precise version
    #[arg(long, help_heading = "Selection")]
    version: bool,

    #[command(flatten)]
    of: PlatformOption,

    #[command(flatten)]
    filters: FilterOptions,
}

/// The tags of a digest.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasesRow {
    repository: String,
    digest: String,
    tags: Vec<String>,
    /// Whether there are no other tags: all were compared, and all that fit are here.
    complete: bool,
    #[serde(skip)]
    line: String,
}

impl Row for AliasesRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Repository", header: "REPOSITORY" },
        Column { key: "Digest", header: "DIGEST" },
        Column { key: "Tags", header: "TAGS" },
        Column { key: "Complete", header: "COMPLETE" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let digest = look.digest(&self.digest);
        vec![self.repository.clone(), digest, self.tags.join(", "), self.complete.to_string()]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.line)
    }
}

/// Runs the command.
///
/// # Errors
/// Names and filters that cannot be read, before any request; then the failures of images.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(Format::Plain)?;
    let writer = Writer::new(out, &format, context.look())?;
    let mut writer = writer.with_columns(&["Repository", "Digest", "Tags"]);
    let plan = Plan {
        args,
        context,
        selection: args.filters.selection()?,
        platform: args.of.platform.as_ref().map(Platform::normalized),
    };
    let subjects = args.images.iter().map(|text| Subject::resolve(context, text));
    let subjects = subjects.collect::<Result<Vec<_>, _>>()?;
    let mut outcomes = Outcomes::new(context, subjects.len());
    let is_named = subjects.len() > 1 && !context.globals.quiet;
    let outcome = args.images.iter().zip(&subjects).try_for_each(|(text, subject)| {
        let outcome = plan.row(text, subject).and_then(|mut row| {
            if !matches!(format, Format::Plain) {
                return writer.write_row(&row).map_err(Error::from);
            }
            for tag in std::mem::take(&mut row.tags) {
                let name = if is_named { subject.familiar_name() + ":" } else { String::new() };
                row.line = name + &tag;
                writer.write_row(&row)?;
            }
            Ok(())
        });
        outcomes.note_for(&subject.familiar(), outcome)
    });
    writer.end(outcome.and_then(|()| outcomes.end()))
}

/// A call, understood.
struct Plan<'a> {
    args: &'a Args,
    context: &'a Context,
    selection: Selection,
    platform: Option<Platform>,
}

impl Plan<'_> {
    fn row(&self, text: &str, subject: &Subject) -> Result<AliasesRow, Error> {
        let Plan { args, context, selection, platform } = self;
        let image = image::one(context, text, &TypeOption::default())?;
        let progress = Progress::new(context.reporter.clone(), context.can_draw());
        let scope = Scope::new(context, subject, selection, platform.as_ref(), &progress);
        let (names, digests) = scope.list()?;
        let listed: Vec<&str> = names.iter().collect();
        let tags = listed.iter().copied();
        let tags = tags.filter(|tag| !args.version || Kind::parse(tag).is_some()).collect();
        let mut search = Search { scope: &scope, image: &image, digests, tags, wanted: None };
        search.ask_first(&listed)?;
        let found = search.run(args.version)?;
        search.digests.note_vanished();
        let tags: Vec<&str> = match args.version {
            true => kind::most_precise(found.iter().map(|tag| &**tag)).into_iter().collect(),
            false => found.iter().map(|tag| &**tag).collect(),
        };
        if tags.is_empty() {
            return Err(self.nothing(&image, &search, listed.len()));
        }
        Ok(AliasesRow {
            repository: subject.name(),
            tags: tags.into_iter().map(str::to_owned).collect(),
            digest: search.wanted.map(|digest| digest.to_string()).unwrap_or_default(),
            complete: !args.version && !args.filters.is_given(),
            line: String::new(),
        })
    }

    fn nothing(&self, image: &Image, search: &Search<'_>, count: usize) -> Error {
        let what = match (self.args.version, self.args.filters.is_given()) {
            (true, _) => "no version",
            (false, true) => "no tag that matches the filters",
            (false, false) => "no tag",
        };
        let (name, digest) = (image.subject.name(), search.wanted.as_ref());
        let digest = digest.map(Digest::to_string).unwrap_or_default();
        let hint = match (&image.target, &self.platform) {
            (Target::Digest(_), None) => {
                "if this is the digest of one platform's image, add --platform"
            }
            (Target::Tag(_), _) if self.args.version => {
                "to list all tags of this image, leave out --version"
            }
            _ => "",
        };
        Error::NothingFits {
            message: format!("{what} of {name} points to {digest} ({count} tags)"),
            hint: hint.to_owned(),
        }
    }
}

/// The search for the tags of one image.
struct Search<'s> {
    scope: &'s Scope<'s>,
    image: &'s Image,
    digests: Digests<'s>,
    /// The tags that may be printed, in order.
    tags: Vec<&'s str>,
    /// What they must point to, once that is known.
    wanted: Option<Digest>,
}

impl<'s> Search<'s> {
    /// Finds out what is looked for, where that is not found out together with the other tags.
    fn ask_first(&mut self, listed: &[&str]) -> Result<(), Error> {
        let digest = match &self.image.target {
            Target::Digest(digest) => digest.clone(),
            Target::Tag(tag) if listed.contains(&tag.as_str()) => return Ok(()),
            Target::Tag(_) => self.image.head()?.digest,
        };
        self.set_wanted(Some(digest))
    }

    fn set_wanted(&mut self, root: Option<Digest>) -> Result<(), Error> {
        let digest = root.map(|root| self.digests.of_digest(&root)).transpose()?.flatten();
        self.wanted = Some(digest.ok_or_else(|| self.no_image())?);
        Ok(())
    }

    /// The tags that point to the same. `stops`: those of the first batch that has any.
    fn run(&mut self, stops: bool) -> Result<Vec<Box<str>>, Error> {
        let tags = std::mem::take(&mut self.tags);
        let asked = match (&self.image.target, &self.wanted) {
            (Target::Tag(tag), None) => Some(tag.clone()),
            _ => None,
        };
        let mut found = Vec::new();
        let mut rest = &tags[..];
        let size = if stops { self.scope.jobs.max(1) } else { usize::MAX };
        loop {
            let first = asked.as_ref().filter(|_| self.wanted.is_none());
            let mut batch = &rest[..size.min(rest.len())];
            // The tag itself is asked for together with the first others.
            let extra = first.filter(|tag| !batch.contains(&tag.as_str()));
            if extra.is_some() && batch.len() == size {
                batch = &batch[..size - 1];
            }
            rest = &rest[batch.len()..];
            // Nor is it asked for a second time when its own turn comes.
            let is_told =
                |tag: &&str| first.is_none() && asked.as_ref().is_some_and(|a| a.as_str() == *tag);
            let others = batch.iter().copied().filter(|tag| !is_told(tag));
            let asks: Vec<&str> = extra.map(Tag::as_str).into_iter().chain(others).collect();
            found.extend(batch.iter().copied().filter(is_told).map(Box::from));
            let answers = self.digests.of(&asks)?;
            if let Some(tag) = first {
                match answers.iter().find(|(name, _)| **name == *tag.as_str()) {
                    Some((_, digest)) => {
                        self.wanted = Some(digest.clone().ok_or_else(|| self.no_image())?);
                    }
                    // Gone since it was listed, or just now: then this says so.
                    None => {
                        let head = self.image.head()?;
                        self.set_wanted(Some(head.digest))?;
                    }
                }
            }
            let extra = extra.map(Tag::as_str);
            let same = answers
                .into_iter()
                .filter(|(tag, digest)| *digest == self.wanted && Some(&**tag) != extra);
            found.extend(same.map(|(tag, _)| tag));
            if rest.is_empty() || (stops && !found.is_empty()) {
                return Ok(found);
            }
        }
    }

    fn no_image(&self) -> Error {
        let platform = self.scope.platform.map(ToString::to_string).unwrap_or_default();
        let name = self.image.short_name();
        Error::NotFoundIn {
            object: format!("an image for {platform}"),
            hint: format!("to list its platforms: docker tags platforms {name}"),
            name: self.image.full_name(),
        }
    }
}
