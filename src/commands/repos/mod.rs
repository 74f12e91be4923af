//! `repos`: the repositories of a registry, or of a Docker Hub user or organization.
//!
//! `place` says what the argument means, `find` asks, `tags` goes on to the tags of everything
//! that was found; here is what people see.

mod find;
mod place;
mod tags;

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::context::Context;
use crate::error::Error;
use crate::output::{Column, Format, Look, Row, Writer, json};
use crate::tags::select::Glob;
use find::{Entry, Filter, Found};
use place::Place;

const EXAMPLES: &str = "\
Examples:
  docker tags repos ansible              a Docker Hub user or organization
  docker tags repos                      your own, or the active registry's
  docker tags repos -l ansible           with stars, pulls and descriptions
  docker tags repos localhost:5000       the catalog of a registry
  docker tags repos --tags acme          every image:tag of an organization
  docker tags repos quay.io/coreos       below a path
  docker tags repos --format json ansible";

/// The columns of `-l`.
const LONG: [&str; 6] = ["Name", "Stars", "Pulls", "Updated", "Private", "Description"];
/// How much of a description a table shows.
const DESCRIPTION: usize = 45;

/// List the repositories of a registry or of a Docker Hub namespace.
///
/// Reads a registry's catalog. Docker Hub has none, so there it lists the repositories of one
/// namespace; private ones need credentials. Prints one path per line, sorted by name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A registry (quay.io), a path on it (quay.io/org), or a Docker Hub namespace
    #[arg(value_name = "REGISTRY or NAMESPACE")]
    place: Option<String>,

    /// Show repositories that match a pattern (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    filter: Vec<String>,

    /// Show at most N repositories
    #[arg(long, value_name = "N", help_heading = "Selection")]
    limit: Option<usize>,

    /// Continue after this repository of the list
    #[arg(long, value_name = "NAME", help_heading = "Selection", hide_short_help = true)]
    last: Option<String>,

    /// Show stars, pulls, last update and description
    #[arg(short, long, help_heading = "Output")]
    long: bool,

    /// Print REPOSITORY:TAG for every tag
    #[arg(long, conflicts_with = "long", help_heading = "Output")]
    tags: bool,

    /// Print REGISTRY/REPOSITORY
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    full_ref: bool,
}

/// A repository as `repos` prints it. What a registry's catalog does not tell is `null`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RepositoryRow<'a> {
    /// Registry and path.
    repository: String,
    /// The path.
    name: &'a str,
    stars: Option<u64>,
    pulls: Option<u64>,
    updated: Option<Timestamp>,
    private: Option<bool>,
    description: Option<&'a str>,
    #[serde(skip)]
    full_ref: bool,
}

impl Row for RepositoryRow<'_> {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Repository", header: "REPOSITORY" },
        Column { key: "Name", header: "NAME" },
        Column { key: "Stars", header: "STARS" },
        Column { key: "Pulls", header: "PULLS" },
        Column { key: "Updated", header: "UPDATED" },
        Column { key: "Private", header: "PRIVATE" },
        Column { key: "Description", header: "DESCRIPTION" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let known = |text: Option<String>| text.unwrap_or_else(|| "N/A".to_owned());
        vec![
            self.repository.clone(),
            self.plain().into_owned(),
            known(self.stars.map(|n| n.to_string())),
            known(self.pulls.map(|n| n.to_string())),
            look.age(self.updated),
            known(self.private.map(|private| if private { "yes" } else { "no" }.to_owned())),
            shortened(self.description.unwrap_or_default(), look.no_trunc),
        ]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(if self.full_ref { &self.repository } else { self.name })
    }
}

/// Runs the command.
///
/// # Errors
/// A place that gives no list; with `--tags`, the failures of repositories, after all were tried.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    if args.tags && context.globals.raw {
        return Err(Error::usage(
            "--tags cannot be used with --raw",
            "for one repository's list as the registry sent it: docker tags ls --raw REPO",
        ));
    }
    let format = context.format(if args.long { Format::Table } else { Format::Plain })?;
    let filters = args.filter.iter().map(|text| Glob::parse(text)).collect::<Result<_, _>>();
    let filters = filters.map_err(|error| {
        Error::usage(error.to_string(), "patterns look like 'web-*', '*-operator' or 'acme/*'")
    })?;
    let place = Place::understand(context, args.place.as_deref())?;
    let last = args.last.as_deref().map(|last| place.path_of(last));
    let filter = Filter { filters, limit: args.limit, last };
    let found = find::find(context, &place, &filter)?;
    if args.tags {
        return tags::print(args.full_ref, context, &place, &found, &format, out);
    }
    if context.globals.raw {
        return write_raw(&found, out);
    }
    if !found.has_details && args.long {
        let registry = place.registry();
        context.reporter.warn(&format!("the catalog of {registry} contains only names"));
    }
    let columns = if found.has_details { &LONG[..] } else { &LONG[..1] };
    let writer = Writer::new(out, &format, context.look())?;
    let mut writer = writer.with_columns(columns);
    for entry in &found.entries {
        writer.write_row(&row(&place, entry, args.full_ref))?;
    }
    writer.finish().map_err(Error::from).map(drop)
}

fn row<'a>(place: &Place, entry: &'a Entry, full_ref: bool) -> RepositoryRow<'a> {
    let details = entry.details.as_ref();
    RepositoryRow {
        repository: format!("{}/{}", place.registry(), entry.path),
        name: entry.path.as_str(),
        stars: details.and_then(|d| d.stars),
        pulls: details.and_then(|d| d.pulls),
        updated: details.and_then(|d| d.last_updated),
        private: details.and_then(|d| d.is_private),
        description: details.and_then(|d| d.description.as_deref()),
        full_ref,
    }
}

/// The server's own document, with all pages in one.
fn write_raw(found: &Found, out: &mut dyn Write) -> Result<(), Error> {
    let entries = &found.entries;
    if !found.has_details {
        let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
        let line = json::to_string(&json!({ "repositories": paths })).map_err(Error::stdout)?;
        return writeln!(out, "{line}").map_err(Error::stdout);
    }
    let count = entries.len();
    let mut line = format!("{{\"count\":{count},\"next\":null,\"previous\":null,\"results\":[");
    let mut separator = "";
    for text in entries.iter().filter_map(|entry| entry.details.as_ref()?.text.as_deref()) {
        // Read and written anew: what a terminal might obey is escaped on the way.
        let object: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        line.push_str(separator);
        line.push_str(&json::to_string(&object).map_err(Error::stdout)?);
        out.write_all(line.as_bytes()).map_err(Error::stdout)?;
        line.clear();
        separator = ",";
    }
    writeln!(out, "{line}]}}").map_err(Error::stdout)
}

/// A description for a table: on one line, and not too long.
fn shortened(text: &str, whole: bool) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if whole || text.chars().count() <= DESCRIPTION {
        return text;
    }
    let start: String = text.chars().take(DESCRIPTION - 1).collect();
    format!("{}…", start.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_their_columns() {
        let look = Look { now: Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        let mut row = RepositoryRow {
            repository: "docker.io/acme/api".to_owned(),
            name: "acme/api",
            stars: Some(1),
            pulls: None,
            updated: None,
            private: Some(true),
            description: Some("one\n two"),
            full_ref: false,
        };
        crate::output::assert_fits(&row, &look);
        assert_eq!(row.cells(&look)[1..], ["acme/api", "1", "N/A", "N/A", "yes", "one two"]);
        row.full_ref = true;
        assert_eq!(row.plain(), "docker.io/acme/api");
    }

    #[test]
    fn descriptions_are_shortened() {
        let long = "ä".repeat(46);
        assert_eq!(shortened(&long, true), long);
        assert_eq!(shortened(&long, false), format!("{}…", "ä".repeat(44)));
        assert_eq!(shortened(&long[..90], false), long[..90]);
        assert_eq!(shortened(" a\t b\n", false), "a b");
    }
}
