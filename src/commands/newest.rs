//! `newest`: the newest version of a repository, or the newest tag like one that somebody has.

mod choose;
mod look;
mod question;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::Serialize;

use self::choose::Chooser;
use self::look::{Looked, Looker};
use self::question::Question;
use super::Outcomes;
use super::context::Context;
use super::options::{FilterOptions, PlatformOption, UpdateOptions};
use crate::error::Error;
use crate::oci::platform::Platform;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::system::parallel;
use crate::tags::kind::{Kind, Level};
use crate::tags::select::{self, Selection, TagList};
use crate::tags::version::Range;

const EXAMPLES: &str = "\
Examples:
  docker tags newest nginx                         the newest stable version
  docker tags newest nginx:1.27.0-alpine           the newest tag of this kind
  docker tags newest 'nginx:^1.27' 'node:22.x-alpine'
  docker tags newest postgres:16.4-alpine --level minor
  docker tags newest node --semver '20 || 22 || 24'
  docker tags newest nginx:1.27.0 --digest         for pinning: NAME:TAG@DIGEST
  docker tags newest nginx -n 5
  docker tags newest redis:7.2 --min-age 7d --platform linux/arm64";

/// Print the newest version of an image.
///
/// Without a tag: the newest stable version, without a suffix. With a tag: the newest tag of its
/// kind, in which only the numbers of the version differ. For 1.27.0-alpine that is 1.29.0-alpine,
/// never 1.29.0-alpine-perl. With a range: the newest version in the range. Quote ranges.
///
/// A range without a suffix means versions without a suffix. A suffix after the last version
/// applies to the whole range. Pre-releases are left out, unless the tag or the range has one.
///
/// Tags do not say which versions have long-term support (node, ubuntu, java): use a range, such as
/// '20 || 22 || 24'. Code names have no order: bookworm is never replaced by trixie. If a project
/// changes its tag scheme, the new tags are a new kind.
///
/// Exit code 3 means that no tag fits. The message then names the newest tags that do not fit.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Images: NAME, NAME:TAG or 'NAME:RANGE'
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<String>,

    /// Include only versions in this range: '^1.27', '>=2 <4', '20 || 22'
    #[arg(long, value_name = "RANGE", help_heading = "Selection")]
    semver: Option<String>,

    #[command(flatten)]
    update: UpdateOptions,

    #[command(flatten)]
    of: PlatformOption,

    #[command(flatten)]
    filters: FilterOptions,

    /// Print the N newest tags [default: 1]
    #[arg(short = 'n', long, value_name = "N", help_heading = "Selection")]
    limit: Option<usize>,

    /// Print NAME:TAG@DIGEST
    #[arg(long, help_heading = "Output")]
    digest: bool,

    /// Print REGISTRY/REPOSITORY:TAG
    #[arg(long, help_heading = "Output")]
    full_ref: bool,
}

/// A tag as it is printed.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewestRow {
    repository: String,
    tag: String,
    /// The tag that was asked about.
    current: Option<String>,
    digest: Option<String>,
    /// What changes from the current tag; `None` where it is the newest.
    level: Option<&'static str>,
    /// The newest with another version of its base image.
    other_base: Option<String>,
    created: Option<Timestamp>,
    /// The line that stands for the row.
    #[serde(skip)]
    line: String,
}

impl Row for NewestRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Repository", header: "REPOSITORY" },
        Column { key: "Tag", header: "TAG" },
        Column { key: "Current", header: "CURRENT" },
        Column { key: "Digest", header: "DIGEST" },
        Column { key: "Level", header: "LEVEL" },
        Column { key: "OtherBase", header: "OTHER BASE" },
        Column { key: "Created", header: "CREATED" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let digest = self.digest.as_deref().map_or_else(String::new, |digest| look.digest(digest));
        vec![
            self.repository.clone(),
            self.tag.clone(),
            text(&self.current),
            digest,
            self.level.unwrap_or_default().to_owned(),
            text(&self.other_base),
            look.age(self.created),
        ]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.line)
    }
}

/// What must be asked for beside the list.
#[derive(Debug, Clone, Copy, Default)]
struct Needs {
    digest: bool,
    created: bool,
}

impl Needs {
    fn of(args: &Args, format: &Format) -> Self {
        let (Format::Template(template) | Format::TableTemplate(template)) = format else {
            return Needs { digest: args.digest, created: false };
        };
        Needs {
            digest: args.digest || template.names("Digest"),
            created: template.names("Created"),
        }
    }
}

/// A call, understood.
struct Plan<'a> {
    args: &'a Args,
    context: &'a Context,
    needs: Needs,
    selection: Selection,
    semver: Option<Range>,
    platform: Option<Platform>,
}

/// Runs the command.
///
/// # Errors
/// Names, tags and options that cannot be read, before any request; then the failures of images.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(Format::Plain)?;
    let mut columns = vec!["Repository", "Tag", "Current", "Level", "OtherBase"];
    if args.digest {
        columns.insert(2, "Digest");
    }
    let mut writer = Writer::new(out, &format, context.look())?.with_columns(&columns);
    let plan = Plan {
        args,
        context,
        needs: Needs::of(args, &format),
        selection: args.filters.selection()?,
        semver: args.semver.as_deref().map(select::parse_range).transpose()?,
        platform: args.of.platform.as_ref().map(Platform::normalized),
    };
    let questions = plan.questions()?;
    let jobs = questions.iter().map(|q| context.jobs(&q.target.profile)).max().unwrap_or(1);
    let lists = plan.lists(&questions, jobs)?;
    let mut outcomes = Outcomes::new(context, questions.len());
    let work = |question: &Question| match lists.get(&question.target.reference.name()) {
        Some(Ok(list)) => plan.answer(question, list).map(Some),
        // Reported once for all images of the repository.
        Some(Err(failure)) => failure.lock().ok().and_then(|mut f| f.take()).map_or(Ok(None), Err),
        None => Ok(None),
    };
    let outcome = parallel::in_order(&questions, jobs, work, |_, rows| {
        outcomes.note(rows.and_then(|rows| {
            let mut rows = rows.into_iter().flatten();
            rows.try_for_each(|row| writer.write_row(&row).map_err(Error::from))
        }))
    });
    writer.end(outcome.and_then(|()| outcomes.end()))
}

/// The lists of repositories, or why there is none.
type Lists = HashMap<String, Result<TagList, Mutex<Option<Error>>>>;

impl Plan<'_> {
    fn questions(&self) -> Result<Vec<Question>, Error> {
        let (args, range) = (self.args, self.semver.as_ref());
        if args.limit == Some(0) {
            return Err(Error::usage("--limit 0 leaves nothing to print", "give 1 or more"));
        }
        let new = |typed: &String| {
            let question = Question::new(self.context, typed, range)?;
            if args.update.level().is_some() && question.is_without_tag() {
                return Err(Error::usage(
                    format!("--level needs a tag to start from, and \"{typed}\" has none"),
                    "name the tag that you have: NAME:TAG",
                ));
            }
            Ok(question)
        };
        args.images.iter().map(new).collect()
    }

    /// Lists each repository once.
    fn lists(&self, questions: &[Question], jobs: usize) -> Result<Lists, Error> {
        let mut unique: Vec<&Question> = Vec::new();
        for question in questions {
            let name = question.target.reference.name();
            if !unique.iter().any(|other| other.target.reference.name() == name) {
                unique.push(question);
            }
        }
        let mut lists = HashMap::new();
        let list = |question: &&Question| self.list(question);
        parallel::in_order(&unique, jobs, list, |question, list| {
            if let Err(Error::Interrupted) = list {
                return Err(Error::Interrupted);
            }
            let list = list.map_err(|error| Mutex::new(Some(error)));
            lists.insert(question.target.reference.name(), list);
            Ok(())
        })?;
        Ok(lists)
    }

    fn list(&self, question: &Question) -> Result<TagList, Error> {
        let mut list = TagList::new();
        self.context.repository(&question.target, false)?.tags(None, &mut list)?;
        Ok(list)
    }

    fn answer(&self, question: &Question, list: &TagList) -> Result<Vec<NewestRow>, Error> {
        let Plan { args, context, needs, platform, .. } = self;
        let limit = args.limit.unwrap_or(1);
        let asks = needs.digest || needs.created || args.update.min_age.is_some();
        let asks = asks || platform.is_some();
        let (selection, semver) = (&self.selection, self.semver.as_ref());
        let chooser = Chooser { args, selection, semver, all: asks || limit > 1 };
        let fitting = chooser.choose(question, list)?;
        if let Some(other) = fitting.other_base
            && context.style.stderr_terminal
            && !context.globals.quiet
        {
            context.reporter.warn(&format!(
                "{}: {other} is newer, with another version of its base image (--base any)",
                question.target.reference.familiar_name()
            ));
        }
        let found = if asks {
            let (needs, platform) = (*needs, platform.as_ref());
            Looker { context, args, needs, platform, question }.look(&fitting, limit)?
        } else {
            let newest = fitting.tags.iter().take(limit);
            newest.map(|tag| Looked { tag, digest: None, created: None }).collect()
        };
        let current = fitting.current.and_then(Kind::parse);
        let row = |looked: Looked<'_>| {
            let level = |current: &Kind<'_>| {
                let kind = Kind::parse(looked.tag).filter(|kind| kind.tag() != current.tag())?;
                Some(current.level_to(&kind))
            };
            let level = current.as_ref().and_then(level);
            NewestRow {
                repository: question.target.reference.name(),
                level: level.map(Level::name),
                current: fitting.current.map(str::to_owned),
                other_base: fitting.other_base.map(str::to_owned),
                line: self.line(question, &looked),
                tag: looked.tag.to_owned(),
                digest: looked.digest.map(|digest| digest.to_string()),
                created: looked.created,
            }
        };
        Ok(found.into_iter().map(row).collect())
    }

    fn line(&self, question: &Question, looked: &Looked<'_>) -> String {
        if self.context.globals.quiet {
            return looked.tag.to_owned();
        }
        let reference = &question.target.reference;
        let name = if self.args.full_ref { reference.name() } else { reference.familiar_name() };
        match looked.digest.as_ref().filter(|_| self.args.digest) {
            Some(digest) => format!("{name}:{}@{digest}", looked.tag),
            None => format!("{name}:{}", looked.tag),
        }
    }
}
