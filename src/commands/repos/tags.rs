//! `repos --tags`: every tag of every repository, several repositories at a time.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::find::{Entry, Found};
use super::place::Place;
use crate::commands::context::Context;
use crate::commands::is_final;
use crate::error::Error;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::registry::{Flow, ListOptions, Sink};
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

/// Keeps tags, each once.
#[derive(Default)]
struct Collected(TagList);

impl Sink for Collected {
    fn entry(&mut self, tag: &str) -> Result<Flow, Error> {
        Ok(if self.0.push(tag) { Flow::New } else { Flow::Known })
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
    let mut worst = 0;
    let work = |entry: &Entry| {
        let mut tags = Collected::default();
        let odd = registry.tags(&entry.path, ListOptions::default(), &mut tags)?;
        Ok((Selection::default().apply(tags.0), odd))
    };
    let take = |entry: &Entry, listed: Result<(TagList, usize), Error>| {
        let repository = format!("{name}/{}", entry.path);
        let (tags, odd) = match listed {
            Ok(listed) => listed,
            Err(error) if is_final(&error) || matches!(error, Error::RateLimited { .. }) => {
                return Err(error);
            }
            Err(error) => {
                worst = worst.max(error.exit_code());
                let text = error.to_string();
                let named = text.contains(&repository);
                let prefix = if named { String::new() } else { format!("{repository}: ") };
                context.reporter.line(&format!("error: {prefix}{text}"));
                return Ok(());
            }
        };
        if odd > 0 {
            context.reporter.warn(&format!("{repository}: {odd} entries of the list are no tags"));
        }
        let shown = if full_ref { repository.clone() } else { entry.path.to_string() };
        let mut row = TagRow { repository, tag: String::new(), shown };
        tags.iter().try_for_each(|tag| {
            row.tag.clear();
            row.tag.push_str(tag);
            writer.write_row(&row).map_err(Error::from)
        })
    };
    let outcome = parallel::in_order(&found.entries, context.jobs(profile), work, take);
    let all = if worst == 0 { Ok(()) } else { Err(Error::Reported(worst)) };
    writer.end(outcome.and(all))
}
