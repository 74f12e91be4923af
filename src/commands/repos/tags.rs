//! `repos --tags`: every tag of every repository, several repositories at a time.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::find::{Entry, Found};
use super::place::Place;
use crate::commands::Outcomes;
use crate::commands::context::Context;
use crate::error::Error;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::system::parallel;
use crate::tags::select::{Selection, TagList};

/// A tag, under the keys of `ls`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagRow {
    /// Registry and path.
    repository: String,
    tag: String,
    /// What stands before the colon on a bare line.
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
    let work = |entry: &Entry| {
        let mut tags = TagList::new();
        registry.repository(&entry.path, false).tags(None, &mut tags)?;
        Ok(Selection::default().apply(tags))
    };
    let take = |entry: &Entry, tags: Result<TagList, Error>| {
        let repository = format!("{name}/{}", entry.path);
        let tags = match tags {
            Ok(tags) => tags,
            Err(error @ Error::RateLimited { .. }) => return Err(error),
            Err(error) => return outcomes.note_of(&repository, error),
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
