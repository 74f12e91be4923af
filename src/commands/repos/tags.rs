//! `repos --tags`: every tag of every repository, several repositories at a time.

use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;

use serde::Serialize;

use super::find::{Entry, Found};
use super::place::Place;
use crate::commands::Outcomes;
use crate::commands::context::Context;
use crate::error::Error;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::registry::Sink;
use crate::system::parallel;
use crate::tags::select::{Selection, TagList};

/// The most bytes of names that wait until the repositories before them are printed.
const MAX_WAITING: usize = 1024 * 1024;
/// What a tag takes beside its name while it is collected.
const ENTRY: usize = 24;

/// A tag, under the keys of `ls`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagRow {
    /// Registry and path.
    repository: String,
    tag: String,
    /// The text before the colon on a bare line.
    #[serde(skip)]
    shown: String,
}

impl Row for TagRow {
    const COLUMNS: &'static [Column] =
        &[Column { key: "Repository", header: "REPOSITORY" }, Column { key: "Tag", header: "TAG" }];

    fn cells(&self, _look: &Look) -> Vec<String> {
        vec![self.repository.clone(), self.tag.clone()]
    }

    fn plain(&self) -> Cow<'_, str> {
        format!("{}:{}", self.shown, self.tag).into()
    }
}

/// Collects tags, unless their names are too long together.
struct Bounded {
    tags: TagList,
    left: usize,
    is_over: bool,
}

impl Sink for Bounded {
    fn entry(&mut self, tag: &str) -> Result<ControlFlow<()>, Error> {
        match self.left.checked_sub(tag.len() + ENTRY) {
            Some(left) => self.left = left,
            None => {
                self.is_over = true;
                return Ok(ControlFlow::Break(()));
            }
        }
        self.tags.entry(tag)
    }

    fn count(&self) -> usize {
        self.tags.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.tags.rewind(count)
    }
}

/// Prints the tags of all repositories, newest version first. A repository that fails is reported
/// and the rest goes on; after a rate limit there is no rest.
///
/// # Errors
/// The worst exit code of the failures.
pub(super) fn print(
    full_ref: bool,
    context: &Context,
    place: &Place,
    found: &Found,
    format: &Format,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let (name, profile) = (place.registry(), place.profile());
    let registry = context.registry(&name, profile)?;
    let mut writer = Writer::new(out, format, context.look())?;
    let mut outcomes = Outcomes::new(context, found.entries.len());
    let list = |entry: &Entry, most| {
        let mut sink = Bounded { tags: TagList::new(), left: most, is_over: false };
        registry.repository(&entry.path, false).tags(None, &mut sink)?;
        Ok((!sink.is_over).then(|| Selection::default().apply(sink.tags)))
    };
    let work = |entry: &Entry| list(entry, MAX_WAITING);
    let take = |entry: &Entry, tags: Result<Option<TagList>, Error>| {
        let repository = format!("{name}/{}", entry.path);
        // A list that is too long to wait for its turn is asked for again when its turn has come.
        let tags = match tags {
            Ok(None) => list(entry, usize::MAX),
            tags => tags,
        };
        let tags = match tags {
            Ok(tags) => tags.unwrap_or_default(),
            Err(error @ Error::RateLimited { .. }) => return Err(error),
            Err(error) => return outcomes.note_for(&repository, Err(error)),
        };
        let shown = if full_ref { repository.clone() } else { entry.path.to_string() };
        let mut row = TagRow { repository, tag: String::new(), shown };
        tags.iter().try_for_each(|tag| {
            row.tag.clear();
            row.tag.push_str(tag);
            writer.write_row(&row).map_err(Error::from)
        })
    };
    let outcome = parallel::in_order(&found.entries, context.jobs(profile), work, take);
    writer.end(outcome.and_then(|()| outcomes.end()))
}
