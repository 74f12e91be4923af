//! `ls`: the tags of repositories.

mod api;
mod args;
mod details;
mod digests;
mod fetch;
mod hub;
mod listing;
mod names;
mod needs;
mod rows;
mod window;

use std::io::Write;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

pub(crate) use self::args::Args;
use self::details::groups;
pub(crate) use self::digests::{Digests, Scope};
use self::listing::{Known, Lookup, TaggedImage};
use self::needs::Needs;
use self::rows::{GroupRow, TagRow};
use super::context::Context;
use super::{Outcomes, each};
use crate::commands::subject::Subject;
use crate::error::Error;
use crate::oci::platform::Platform;
use crate::output::progress::Progress;
use crate::output::{Format, Writer, json};
use crate::system::parallel;
use crate::tags::select::{Selection, TagList};

/// What a call asks for, understood.
struct Plan<'a> {
    args: &'a Args,
    context: &'a Context,
    selection: Selection,
    format: Format,
    needs: Needs,
    platform: Option<Platform>,
    targets: Vec<Subject>,
    progress: Progress,
}

/// What was found in a repository.
enum Found {
    /// Names are enough.
    Names(TagList),
    Details(Vec<TaggedImage>),
}

/// Runs the command.
///
/// # Errors
/// Options that cannot be understood, before any request; then the failures of repositories.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let plan = Plan::new(args, context)?;
    if context.globals.raw {
        plan.documents(out)
    } else if args.is_grouped() {
        plan.digests(out)
    } else {
        plan.tags(out)
    }
}

impl<'a> Plan<'a> {
    fn new(args: &'a Args, context: &'a Context) -> Result<Self, Error> {
        let raw = context.globals.raw;
        let selection = args.selection(raw)?;
        let format = context.format(args.default_format())?;
        let needs = Needs::of(args, &format, raw);
        let platform = args.of.platform.as_ref().map(Platform::normalized);
        let mut targets = Vec::new();
        for text in &args.repositories {
            targets.push(target(context, text)?);
        }
        let has_documents =
            !args.digests && targets.iter().all(|target| hub::has_api(args, target));
        if raw && args.is_long() && !has_documents {
            return Err(Error::usage(
                "--raw prints the registry's own list, which has no details",
                "leave --raw out, or group: --group-by digest --raw. On Docker Hub, -l --raw prints its \
                 documents",
            ));
        }
        let progress = Progress::new(context.reporter.clone(), context.can_draw());
        Ok(Plan { args, context, selection, format, needs, platform, targets, progress })
    }

    /// Prints a line for each tag.
    fn tags(&self, out: &mut dyn Write) -> Result<(), Error> {
        let (args, context) = (self.args, self.context);
        let writer = Writer::new(out, &self.format, context.look())?;
        let mut writer = writer.with_columns(match () {
            () if args.long => &["Tag", "Digest", "Size", "Platforms", "Created"],
            () if args.digests => &["Tag", "Digest"],
            () => &["Repository", "Tag"],
        });
        let row = |target: &Subject| TagRow::new(target.name(), self.prefix(target));
        let outcome = if self.selection.can_stream() && self.is_names_only() {
            each(context, &self.targets, |target| {
                let mut row = row(target);
                names::stream(args, context, target, &self.selection, &mut |tag| {
                    row.set_tag(tag);
                    writer.write_row(&row).map_err(Error::from)
                })
            })
        } else {
            self.each(|target, found| {
                let mut row = row(target);
                match found {
                    Found::Names(tags) => tags.iter().try_for_each(|tag| {
                        row.set_tag(tag);
                        writer.write_row(&row).map_err(Error::from)
                    }),
                    Found::Details(found) => found.iter().try_for_each(|tagged| {
                        row.set(tagged, &self.needs);
                        writer.write_row(&row).map_err(Error::from)
                    }),
                }
            })
        };
        writer.end(outcome)
    }

    /// Prints a line for each digest.
    fn digests(&self, out: &mut dyn Write) -> Result<(), Error> {
        let named = self.args.full_ref || self.targets.len() > 1;
        let named = named || matches!(self.format, Format::Template(_) | Format::TableTemplate(_));
        let mut columns = if named { vec!["Repository", "Digest"] } else { vec!["Digest"] };
        if self.args.long {
            columns.extend(["Size", "Platforms", "Created"]);
        }
        columns.push("Tags");
        let look = self.context.look();
        let writer = Writer::new(out, &self.format, look)?;
        let mut writer = writer.with_columns(&columns);
        let outcome = self.each(|target, found| {
            let Found::Details(found) = found else { return Ok(()) };
            groups(&found).iter().try_for_each(|group| {
                let repository = named.then(|| target.name());
                let row = GroupRow::new(repository, group, &self.needs);
                writer.write_row(&row).map_err(Error::from)
            })
        });
        writer.end(outcome)
    }

    /// Prints a document for each repository.
    fn documents(&self, out: &mut dyn Write) -> Result<(), Error> {
        self.each(|target, found| match found {
            Found::Details(found) if self.args.is_grouped() => {
                write_document(&Groups(&groups(&found)), out)
            }
            Found::Details(found) if self.args.long => self.hub_documents(target, &found, out),
            Found::Details(found) => {
                write_document(&TagDocument::new(target, found.iter().map(|t| &*t.tag)), out)
            }
            Found::Names(tags) => write_document(&TagDocument::new(target, tags.iter()), out),
        })
    }

    /// Prints Docker Hub's document of each tag, one a line.
    fn hub_documents(
        &self,
        target: &Subject,
        found: &[TaggedImage],
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        for image in found {
            let Some(text) = image.details.document.as_deref() else {
                let what =
                    format!("{}:{} left out: not in Docker Hub's API", target.name(), image.tag);
                self.context.reporter.warn(&what);
                continue;
            };
            // Read and written anew: what a terminal might obey is escaped on the way.
            let object: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            write_document(&object, out)?;
        }
        Ok(())
    }

    /// Looks all repositories up, several at a time, and passes what was found on in their order.
    /// A repository that fails is reported, and the others go on.
    ///
    /// # Errors
    /// The only failure itself when there is just one repository; otherwise the worst exit code.
    fn each(
        &self,
        mut print: impl FnMut(&Subject, Found) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (context, targets) = (self.context, &self.targets);
        let jobs = targets.iter().map(|target| context.jobs(&target.profile)).min().unwrap_or(1);
        // Two repositories of a registry share a connection; only more are worth further ones.
        let workers = jobs.min(targets.len() / 2).max(1);
        // What is printed to a terminal row by row must not meet a line that is drawn there.
        let meets = context.style.stdout_terminal && !matches!(self.format, Format::Table);
        let mut outcomes = Outcomes::new(context, targets.len());
        let work =
            |target: &Subject| self.find(target, (context.jobs(&target.profile) / workers).max(1));
        let outcome = parallel::in_order(targets, workers, work, |target, found| {
            if meets {
                self.progress.stop();
            }
            outcomes.note(found.and_then(|found| print(target, found)))
        });
        self.progress.stop();
        outcome?;
        outcomes.end()
    }

    /// Looks up one repository with a maximum number of concurrent requests.
    fn find(&self, target: &Subject, jobs: usize) -> Result<Found, Error> {
        let Plan { args, context, selection, needs, progress, .. } = self;
        if self.is_names_only() {
            let mut known = Known::default();
            let tags = names::collect(args, context, target, selection, &mut known)?;
            let tags = names::choose(target, selection, tags)?;
            names::note_none(args, context, target, &known, tags.is_empty());
            return Ok(Found::Names(tags));
        }
        let (needs, platform) = (*needs, self.platform.as_ref());
        let lookup = Lookup { args, context, target, selection, needs, platform, jobs, progress };
        details::find(&lookup).map(Found::Details)
    }

    fn is_names_only(&self) -> bool {
        self.needs.is_empty()
    }

    /// The text before a tag: a template and a table of two columns do without.
    fn prefix(&self, target: &Subject) -> String {
        let is_prefixed = match self.format {
            Format::Plain => true,
            Format::Table => self.args.is_long(),
            _ => false,
        };
        match is_prefixed {
            true => self.args.prefix(target, self.targets.len()),
            false => String::new(),
        }
    }
}

/// The repository of a name. A tag or digest behind it is not an error: the hint after a failed pull
/// names the image as it was typed.
fn target(context: &Context, text: &str) -> Result<Subject, Error> {
    let subject = Subject::resolve(context, text)?;
    let name = subject.familiar_name();
    match (subject.tag(), subject.digest()) {
        (None, None) => {}
        (Some(tag), _) => context.reporter.warn(&format!(
            "{text}: listing all tags of {name}; --filter '{tag}*' narrows the list"
        )),
        (None, Some(_)) => {
            context.reporter.warn(&format!("{text}: listing all tags of {name}"));
        }
    }
    Ok(subject)
}

/// The registry's own document, with all pages in one.
#[derive(Serialize)]
struct TagDocument<'a> {
    name: String,
    tags: Vec<&'a str>,
}

impl<'a> TagDocument<'a> {
    fn new(target: &'a Subject, tags: impl Iterator<Item = &'a str>) -> Self {
        TagDocument { name: target.path(), tags: tags.collect() }
    }
}

/// `{digest: [tags]}`
struct Groups<'a>(&'a [Vec<&'a TaggedImage>]);

impl Serialize for Groups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for group in self.0 {
            // A tag with an unknown digest is in no group.
            if let Some(digest) = group.first().and_then(|first| first.details.digest.as_ref()) {
                let tags: Vec<&str> = group.iter().map(|tagged| &*tagged.tag).collect();
                map.serialize_entry(digest.as_str(), &tags)?;
            }
        }
        map.end()
    }
}

fn write_document(document: &impl Serialize, out: &mut dyn Write) -> Result<(), Error> {
    let mut line = Vec::new();
    json::write(&mut line, document).map_err(Error::stdout)?;
    line.push(b'\n');
    out.write_all(&line).map_err(Error::stdout)
}
