//! `diff`: what differs between two repositories, a repository and a list that was saved, or two images.

mod images;
mod saved;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use clap::ValueEnum;
use serde::Serialize;

use self::saved::Saved;
pub use self::saved::parse_saved;
use super::context::Context;
use super::ls::{Digests, Scope};
use super::options::{FilterOptions, PlatformOption};
use super::subject::Subject;
use crate::error::{self, Error};
use crate::oci::layout::LayoutName;
use crate::oci::platform::Platform;
use crate::oci::reference::Digest;
use crate::output::progress::Progress;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::system::lock;
use crate::system::parallel;
use crate::tags::select::{Selection, TagList};

const EXAMPLES: &str = "\
Examples:
  docker tags diff nginx mirror.example/nginx             is the mirror complete?
  docker tags diff nginx mirror.example/nginx --only removed --filter '1.29*'
  docker tags diff nginx mirror.example/nginx --platform linux/amd64
  docker tags ls --digests --format json nginx > before.json
  docker tags diff before.json nginx                      what has changed since?
  docker tags diff nginx:1.27.5 nginx:1.29.0              compare two images";

/// Compare the tags of two repositories, or two images.
///
/// Prints "+ TAG" for a tag that only B has, "- TAG" for one that only A has, and "! TAG" for one
/// that points to different digests. Prints nothing if they are equal.
///
/// A or B can be a file with the output of `ls --digests --format json`, or - for standard input. A
/// name that exists as a file is a file.
///
/// Only tags that both have are compared by digest. Unless the registry lists tags with their digests, as
/// Docker Hub does, each takes one request per repository. With --names it takes one request for each list.
///
/// Two images are compared by digest, size, platforms, date, labels, environment, command and layers.
///
/// Exit code 0 means equal, and 10 means different. A list that may be incomplete is an error.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("platform", |arg| arg.help("Compare the images for this platform"))
)]
pub(crate) struct Args {
    /// The first repository, image or saved list
    #[arg(value_name = "REPO|IMAGE|FILE")]
    a: String,

    /// The second repository, image or saved list
    #[arg(value_name = "REPO|IMAGE|FILE")]
    b: String,

    /// Compare names only, not digests
    #[arg(long, help_heading = "Selection")]
    names: bool,

    /// Report only these differences (repeatable)
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    only: Vec<State>,

    /// Show equal tags, too
    #[arg(long, help_heading = "Output")]
    all: bool,

    #[command(flatten)]
    of: PlatformOption,

    #[command(flatten)]
    filters: FilterOptions,
}

/// How a tag of A is in B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Only B has it
    Added,
    /// Only A has it
    Removed,
    /// Both have it, with different digests
    Moved,
    /// Both have it
    Same,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Added => "added",
            State::Removed => "removed",
            State::Moved => "moved",
            State::Same => "same",
        }
    }
}

/// A tag, compared.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagRow {
    state: State,
    tag: String,
    /// What it points to in A, as far as that is known.
    a: Option<String>,
    b: Option<String>,
    #[serde(skip)]
    line: String,
}

impl TagRow {
    fn new(tag: &str, state: State, digests: [Option<Digest>; 2], context: &Context) -> Self {
        let [a, b] = digests.map(|digest| digest.map(|digest| digest.to_string()));
        let look = context.look();
        let short = |digest: &Option<String>| look.digest(digest.as_deref().unwrap_or_default());
        let line = match state {
            _ if context.globals.quiet => tag.to_owned(),
            State::Added => format!("+ {tag}"),
            State::Removed => format!("- {tag}"),
            State::Moved => format!("! {tag}  {} → {}", short(&a), short(&b)),
            State::Same => format!("= {tag}"),
        };
        TagRow { state, tag: tag.to_owned(), a, b, line }
    }
}

impl Row for TagRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "State", header: "STATE" },
        Column { key: "Tag", header: "TAG" },
        Column { key: "A", header: "A" },
        Column { key: "B", header: "B" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let digest = |digest: &Option<String>| {
            digest.as_deref().map(|digest| look.digest(digest)).unwrap_or_default()
        };
        vec![self.state.name().to_owned(), self.tag.clone(), digest(&self.a), digest(&self.b)]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.line)
    }
}

/// What is compared.
enum Input {
    Repository(Box<Subject>),
    Image,
    /// The file's name, `-` for standard input.
    Saved(String),
}

impl Input {
    fn parse(context: &Context, text: &str) -> Result<Self, Error> {
        let path = Path::new(text);
        let is_layout = LayoutName::parse(text).is_some();
        let is_file = path.exists() && !path.is_dir() || text.ends_with(".json");
        if text == "-" || (!is_layout && is_file) {
            return Ok(Input::Saved(text.to_owned()));
        }
        let subject = Subject::resolve(context, text)?;
        let is_image = subject.tag().is_some() || subject.digest().is_some();
        Ok(if is_image { Input::Image } else { Input::Repository(Box::new(subject)) })
    }
}

/// Runs the command.
///
/// # Errors
/// Names, files and options that cannot be read, before any request; whatever keeps a list from being
/// whole; [`Error::Exit`] if there are differences.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let inputs = [Input::parse(context, &args.a)?, Input::parse(context, &args.b)?];
    let is_different = match &inputs {
        [Input::Image, Input::Image] => {
            let is_about_tags =
                args.names || args.all || !args.only.is_empty() || args.filters.is_given();
            if is_about_tags {
                return Err(Error::usage(
                    "--names, --only, --all and filters compare repositories, not images",
                    "leave out the tags to compare all tags of two repositories",
                ));
            }
            images::run([&args.a, &args.b], args.of.platform.as_ref(), context, out)?
        }
        [Input::Image, _] | [_, Input::Image] => {
            return Err(Error::usage(
                format!(
                    "cannot compare \"{}\" with \"{}\": only one of them is an image",
                    args.a, args.b
                ),
                "give two repositories without tags, or two images with tags",
            ));
        }
        [Input::Saved(a), Input::Saved(b)] if a == "-" && b == "-" => {
            return Err(Error::usage("only one of the lists can be -", "save the other in a file"));
        }
        _ => tags(args, &inputs, context, out)?,
    };
    if is_different { Err(Error::Exit(error::DIFFERENT)) } else { Ok(()) }
}

/// Where the tags of a side come from.
#[allow(clippy::large_enum_variant, reason = "there are two of them in a run")]
enum Origin<'a> {
    Repository(Scope<'a>),
    Saved(Saved),
}

/// The tags of a side, in order.
struct List<'o> {
    tags: TagList,
    source: Source<'o>,
}

/// Where digests come from.
enum Source<'o> {
    Registry(Box<Mutex<Digests<'o>>>),
    Saved(&'o Saved),
    /// They do not matter.
    None,
}

/// What tags point to; `None`: there is no image for the platform.
type Found = HashMap<Box<str>, Option<Digest>>;

impl Origin<'_> {
    fn list(&self, selection: &Selection, names_only: bool) -> Result<List<'_>, Error> {
        let (tags, source) = match self {
            Origin::Saved(saved) => (selection.apply(saved.tags.clone()), Source::Saved(saved)),
            Origin::Repository(scope) if names_only => (scope.names()?, Source::None),
            Origin::Repository(scope) => {
                let (tags, digests) = scope.list()?;
                (tags, Source::Registry(Box::new(Mutex::new(digests))))
            }
        };
        Ok(List { tags, source: if names_only { Source::None } else { source } })
    }
}

impl List<'_> {
    /// The digests of the common tags, and those of others that cost nothing.
    fn digests(&self, common: &HashSet<&str>, has_platform: bool) -> Result<Found, Error> {
        let digests = match &self.source {
            Source::None => return Ok(Found::new()),
            Source::Saved(saved) => return Ok(saved.digests.clone()),
            Source::Registry(digests) => digests,
        };
        let mut digests = lock(digests);
        let is_asked = |tag: &&str| common.contains(tag) || (!has_platform && digests.knows(tag));
        let asked: Vec<&str> = self.tags.iter().filter(is_asked).collect();
        let found = digests.of(&asked)?;
        digests.note_vanished();
        Ok(found.into_iter().collect())
    }
}

/// Does the same for both sides at once.
fn both<T: Sync, R: Send>(
    sides: &[T; 2],
    work: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<[R; 2], Error> {
    let mut found = Vec::new();
    parallel::in_order(sides, 2, work, |_, result| result.map(|result| found.push(result)))?;
    found.try_into().map_err(|_| Error::Interrupted)
}

/// Prints the tags that differ, and says whether there are any.
fn tags<'i>(
    args: &Args,
    inputs: &'i [Input; 2],
    context: &Context,
    out: &mut dyn Write,
) -> Result<bool, Error> {
    let format = context.format(Format::Plain)?;
    let mut writer = Writer::new(out, &format, context.look())?;
    let selection = args.filters.selection()?;
    let platform = args.of.platform.as_ref().map(Platform::normalized);
    if platform.is_some() && inputs.iter().any(|input| matches!(input, Input::Saved(_))) {
        return Err(Error::usage(
            "--platform needs two repositories: a saved list has only the digests of tags",
            "leave out --platform, or name two repositories",
        ));
    }
    let names_only = args.names || !(args.shows(State::Moved) || args.shows(State::Same));
    let progress = Progress::new(context.reporter.clone(), context.can_draw());
    let origin = |input: &'i Input| match input {
        Input::Repository(subject) => {
            let platform = platform.as_ref();
            Ok(Origin::Repository(Scope::new(context, subject, &selection, platform, &progress)))
        }
        Input::Saved(file) => Saved::read(file, !names_only, context).map(Origin::Saved),
        Input::Image => Err(Error::usage(
            "this is an image, not a repository",
            "to compare all tags, leave out the tag",
        )),
    };
    let origins = [origin(&inputs[0])?, origin(&inputs[1])?];
    let lists = both(&origins.each_ref(), |origin| origin.list(&selection, names_only))?;
    let names = lists.each_ref().map(|list| list.tags.iter().collect::<HashSet<&str>>());
    let common = names[0].intersection(&names[1]).copied().collect();
    let found = both(&lists, |list| list.digests(&common, platform.is_some()))?;
    progress.stop();
    let union: TagList = lists[0].tags.iter().chain(lists[1].tags.iter()).collect();
    let mut is_different = false;
    let outcome = selection.apply(union).iter().try_for_each(|tag| {
        let has = names.each_ref().map(|names| names.contains(tag));
        let digests = found.each_ref().map(|found| found.get(tag).cloned().flatten());
        let Some(state) = state(has, &digests, names_only).filter(|s| args.shows(*s)) else {
            return Ok(());
        };
        is_different |= state != State::Same;
        writer.write_row(&TagRow::new(tag, state, digests, context)).map_err(Error::from)
    });
    writer.end(outcome)?;
    Ok(is_different)
}

/// How a tag differs. `None`: it is in neither, because it is gone, or has no image for the platform.
fn state(has: [bool; 2], digests: &[Option<Digest>; 2], names_only: bool) -> Option<State> {
    match (has, digests) {
        ([true, false], _) => Some(State::Removed),
        ([false, true], _) => Some(State::Added),
        ([false, false], _) => None,
        _ if names_only => Some(State::Same),
        (_, [Some(a), Some(b)]) if a == b => Some(State::Same),
        (_, [Some(_), Some(_)]) => Some(State::Moved),
        (_, [Some(_), None]) => Some(State::Removed),
        (_, [None, Some(_)]) => Some(State::Added),
        (_, [None, None]) => None,
    }
}

impl Args {
    fn shows(&self, state: State) -> bool {
        let is_chosen = match self.only.as_slice() {
            [] => state != State::Same,
            only => only.contains(&state),
        };
        is_chosen || (self.all && state == State::Same)
    }
}
