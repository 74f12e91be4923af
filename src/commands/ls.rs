//! `ls`: the tags of repositories.

use std::borrow::Cow;
use std::io::Write;

use clap::ValueEnum;
use serde::Serialize;

use super::context::Context;
use super::{each, template_error, write_error};
use crate::config::Resolved;
use crate::error::Error;
use crate::output::{Column, Format, Look, Row, Writer, json};
use crate::reference::{Reference, Tag};
use crate::registry::{Flow, ListOptions, Sink};
use crate::select::{self, Glob, Regex, Selection, Sort, TagList};

const EXAMPLES: &str = "\
Examples:
  docker tags ls alpine
  docker tags alpine redis                     the word ls may be left out
  docker tags ls quay.io/coreos/dnsmasq
  docker tags ls nginx --semver '^1.27' --limit 5
  docker tags ls node --filter '22*-alpine*'
  docker tags ls alpine --format json
  docker tags ls alpine --raw | jq -r '.tags[]'";

/// List the tags of repositories, newest version first.
///
/// Versions come first, the newest on top; then the tags that are no versions, by name. One tag
/// per line; with several repositories each line is REPOSITORY:TAG.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Repositories, such as alpine, quay.io/org/app or localhost:5000/app
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,

    /// Show tags that match this glob pattern (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    filter: Vec<String>,

    /// Show tags that match this whole regular expression (repeatable: any of them)
    #[arg(long, value_name = "REGEX", help_heading = "Selection", hide_short_help = true)]
    include: Vec<String>,

    /// Leave out tags that match this whole regular expression (repeatable)
    #[arg(long, value_name = "REGEX", help_heading = "Selection", hide_short_help = true)]
    exclude: Vec<String>,

    /// Show versions in this range: '^1.27', '~3.1', '>=2 <4', '1.x || 2.x'
    #[arg(long, value_name = "RANGE", help_heading = "Selection")]
    semver: Option<String>,

    /// Leave out tags that stand for a digest (signatures, attestations)
    #[arg(long, help_heading = "Selection", hide_short_help = true)]
    omit_digest_tags: bool,

    /// Order of the list; none keeps the registry's order and streams
    #[arg(long, value_enum, value_name = "ORDER", help_heading = "Selection")]
    sort: Option<Order>,

    /// Turn the order round
    #[arg(short, long, help_heading = "Selection")]
    reverse: bool,

    /// Show at most so many tags of each repository
    #[arg(long, value_name = "N", help_heading = "Selection")]
    limit: Option<usize>,

    /// Show only what comes after this tag in the list
    #[arg(long, value_name = "TAG", help_heading = "Selection", hide_short_help = true)]
    last: Option<String>,

    /// Print REGISTRY/REPOSITORY:TAG
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    full_ref: bool,

    /// What the repositories hold
    #[arg(
        long,
        value_enum,
        value_name = "TYPE",
        default_value = "image",
        help_heading = "Selection",
        hide_short_help = true
    )]
    r#type: Type,
}

/// `--sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    /// Newest version first
    Version,
    /// By name
    Name,
    /// As the registry sends them
    None,
}

/// `--type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Type {
    /// Images and other artifacts
    #[default]
    Image,
    /// Docker engine plugins
    Plugin,
}

/// A tag as `ls` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagRow {
    /// Registry and repository.
    repository: String,
    tag: String,
    /// What stands in front of the tag on a bare line.
    #[serde(skip)]
    prefix: String,
}

impl Row for TagRow {
    const COLUMNS: &'static [Column] =
        &[Column { key: "Repository", header: "REPOSITORY" }, Column { key: "Tag", header: "TAG" }];

    fn cells(&self, _look: &Look) -> Vec<String> {
        vec![self.repository.clone(), self.tag.clone()]
    }

    fn plain(&self) -> Cow<'_, str> {
        if self.prefix.is_empty() {
            Cow::Borrowed(&self.tag)
        } else {
            Cow::Owned(format!("{}{}", self.prefix, self.tag))
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Options that cannot be understood, before any request; then the failures of repositories.
pub fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let selection = args.selection(context.globals.raw)?;
    let format = context.format(Format::Plain)?;
    let mut targets = Vec::new();
    for text in &args.repositories {
        targets.push(target(context, text)?);
    }
    if context.globals.raw {
        return each(context, &targets, |target| {
            let tags = collect(args, context, target, &selection)?;
            write_raw(target, &selection.apply(tags), out)
        });
    }
    let mut writer = Writer::new(out, &format, context.look()).map_err(template_error)?;
    let outcome = each(context, &targets, |target| {
        let (repository, prefix) = (target.reference.name(), args.prefix(target, targets.len()));
        let mut row = TagRow { repository, tag: String::new(), prefix };
        let mut print = |tag: &str| {
            row.tag.clear();
            row.tag.push_str(tag);
            writer.write_row(&row).map_err(write_error)
        };
        if selection.can_stream() {
            return stream(args, context, target, &selection, &mut print);
        }
        let tags = collect(args, context, target, &selection)?;
        selection.apply(tags).iter().try_for_each(&mut print)
    });
    writer.finish().map_err(write_error)?;
    outcome
}

impl Args {
    fn selection(&self, raw: bool) -> Result<Selection, Error> {
        let parse = || {
            Ok(Selection {
                filters: self.filter.iter().map(|f| Glob::parse(f)).collect::<Result<_, _>>()?,
                include: self
                    .include
                    .iter()
                    .map(|r| Regex::include(r))
                    .collect::<Result<_, _>>()?,
                exclude: self
                    .exclude
                    .iter()
                    .map(|r| Regex::exclude(r))
                    .collect::<Result<_, _>>()?,
                range: self.semver.as_deref().map(select::parse_range).transpose()?,
                omit_digest_tags: self.omit_digest_tags,
                sort: match self.sort {
                    Some(Order::Version) => Sort::Version,
                    Some(Order::Name) => Sort::Name,
                    Some(Order::None) => Sort::None,
                    None if raw => Sort::None,
                    None => Sort::Version,
                },
                reverse: self.reverse,
                limit: self.limit,
                last: self.last.clone(),
            })
        };
        parse().map_err(|error: select::SelectError| {
            let hint = match error.option() {
                "--filter" => "patterns look like '1.*', '*-alpine' or '3.[0-9]'",
                "--semver" => "ranges look like '^1.27', '~3.1', '>=2 <4' or '1.x || 2.x'",
                _ => "expressions look like '1\\.[0-9]+(-alpine)?' and must match the whole tag",
            };
            Error::usage(error.to_string(), hint)
        })
    }

    /// What stands in front of each tag of a repository.
    fn prefix(&self, target: &Resolved, targets: usize) -> String {
        if self.full_ref {
            format!("{}:", target.reference.name())
        } else if targets > 1 {
            format!("{}:", target.reference.familiar_name())
        } else {
            String::new()
        }
    }

    fn list_options(&self, selection: &Selection) -> ListOptions {
        // The registry can be asked for a part only where its order is ours and nothing is
        // left out.
        let is_plain = selection.can_stream()
            && selection.last.is_none()
            && selection.filters.is_empty()
            && selection.include.is_empty()
            && selection.exclude.is_empty()
            && selection.range.is_none()
            && !selection.omit_digest_tags;
        let first = selection.limit.filter(|_| is_plain);
        ListOptions { plugin: self.r#type == Type::Plugin, first }
    }
}

/// A name that must be a repository, not an image.
fn target(context: &Context, text: &str) -> Result<Resolved, Error> {
    let resolved = context.resolve(text)?;
    let reference: &Reference = &resolved.reference;
    let extra = match (reference.tag(), reference.digest()) {
        (None, None) => return Ok(resolved),
        (Some(tag), _) => format!("the tag {tag}"),
        (None, Some(_)) => "a digest".to_owned(),
    };
    let name = reference.familiar_name();
    let hint = match reference.tag().map(Tag::as_str) {
        Some(tag) => format!("docker tags ls {name} --filter '{tag}*'"),
        None => format!("docker tags ls {name}"),
    };
    Err(Error::usage(format!("\"{text}\" has {extra}; ls takes repositories"), hint))
}

/// Prints tags while they arrive.
fn stream(
    args: &Args,
    context: &Context,
    target: &Resolved,
    selection: &Selection,
    print: &mut dyn FnMut(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut sink = Streaming { stream: selection.stream(), recent: Recent::default(), print };
    if sink.stream.is_done() {
        return Ok(());
    }
    list(args, context, target, selection, &mut sink)
}

/// Collects the tags that may be printed.
fn collect(
    args: &Args,
    context: &Context,
    target: &Resolved,
    selection: &Selection,
) -> Result<TagList, Error> {
    let mut sink = Collecting { selection, tags: TagList::new(), left_out: TagList::new() };
    list(args, context, target, selection, &mut sink)?;
    Ok(sink.tags)
}

fn list(
    args: &Args,
    context: &Context,
    target: &Resolved,
    selection: &Selection,
    sink: &mut dyn Sink,
) -> Result<(), Error> {
    let reference = &target.reference;
    let registry = context.registry(reference.registry(), &target.profile)?;
    let odd = registry.tags(reference.repository(), args.list_options(selection), sink)?;
    if odd > 0 {
        context.reporter.warn(&format!(
            "{}: {odd} entries of the registry's list are no tags and were left out",
            reference.name()
        ));
    }
    Ok(())
}

/// Keeps what may be printed.
struct Collecting<'a> {
    selection: &'a Selection,
    tags: TagList,
    /// The other tags: kept so that pages which only repeat them are noticed.
    left_out: TagList,
}

impl Sink for Collecting<'_> {
    fn entry(&mut self, tag: &str) -> Result<Flow, Error> {
        let list = if self.selection.collects(tag) { &mut self.tags } else { &mut self.left_out };
        Ok(if list.push(tag) { Flow::New } else { Flow::Known })
    }
}

/// Prints what passes, in constant memory.
struct Streaming<'a> {
    stream: select::Stream<'a>,
    recent: Recent,
    print: &'a mut dyn FnMut(&str) -> Result<(), Error>,
}

impl Sink for Streaming<'_> {
    fn entry(&mut self, tag: &str) -> Result<Flow, Error> {
        if !self.recent.is_new(tag) {
            return Ok(Flow::Known);
        }
        if self.stream.admits(tag) {
            (self.print)(tag)?;
        }
        Ok(if self.stream.is_done() { Flow::Stop } else { Flow::New })
    }
}

/// The hashes of the last tags, so that a repeated page is noticed in constant memory.
#[derive(Default)]
struct Recent {
    hashes: std::collections::HashSet<u64>,
    order: std::collections::VecDeque<u64>,
    hasher: std::hash::RandomState,
}

impl Recent {
    /// How many tags are remembered: more than any registry's page holds by default.
    const SIZE: usize = 16 * 1024;

    fn is_new(&mut self, tag: &str) -> bool {
        use std::hash::BuildHasher;
        let hash = self.hasher.hash_one(tag);
        if !self.hashes.insert(hash) {
            return false;
        }
        if self.order.len() == Self::SIZE
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
        self.order.push_back(hash);
        true
    }
}

/// The registry's own document, with all pages in one.
fn write_raw(target: &Resolved, tags: &TagList, out: &mut dyn Write) -> Result<(), Error> {
    #[derive(Serialize)]
    struct Document<'a> {
        name: &'a str,
        tags: Vec<&'a str>,
    }
    let name = target.reference.repository().as_str();
    let document = Document { name, tags: tags.iter().collect() };
    let mut line = Vec::new();
    json::write(&mut line, &document).map_err(Error::stdout)?;
    line.push(b'\n');
    out.write_all(&line).map_err(Error::stdout)
}
