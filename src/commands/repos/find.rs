//! Finding repositories: a catalog, a tree of them, or Docker Hub's API.

use std::ops::ControlFlow;

use super::place::Place;
use crate::commands::context::Context;
use crate::error::Error;
use crate::oci::reference::{DOCKER_HUB, Repository};
use crate::registry::hub::{HubRepository, Namespace};
use crate::registry::{Registry, Sink};
use crate::system::parallel;
use crate::tags::select::Glob;

/// The most places of a tree that are asked, and how deep it may be.
const MAX_NODES: usize = 20_000;
const MAX_DEPTH: usize = 32;
/// The most that is kept of what Docker Hub says of repositories.
const MAX_TEXTS: usize = 16 * 1024 * 1024;

/// Which repositories are asked for.
pub(super) struct Filter {
    /// A repository must match one of these, if there are any.
    pub(super) filters: Vec<Glob>,
    /// The maximum number.
    pub(super) limit: Option<usize>,
    /// Only what comes after this path, which need not exist.
    pub(super) last: Option<String>,
}

impl Filter {
    /// Whether the path, or its last part, passes the filters.
    fn keeps(&self, path: &Repository) -> bool {
        let path = path.as_str();
        let name = path.rsplit('/').next().unwrap_or_default();
        let matches = |glob: &Glob| glob.matches(path) || glob.matches(name);
        self.last.as_deref().is_none_or(|last| path > last)
            && (self.filters.is_empty() || self.filters.iter().any(matches))
    }

    /// How many entries are enough in the server's own order, which is by name.
    fn first(&self) -> Option<usize> {
        self.limit.filter(|_| self.filters.is_empty() && self.last.is_none())
    }
}

/// A repository.
pub(super) struct Entry {
    pub(super) path: Repository,
    /// What Docker Hub tells of it.
    pub(super) details: Option<HubRepository>,
}

/// What was found, by name.
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    /// Whether the server tells more than paths.
    pub(super) has_details: bool,
}

/// Finds the repositories of a place.
///
/// # Errors
/// A place that gives no list, and every failure on the way to a whole one.
pub(super) fn find(context: &Context, place: &Place, filter: &Filter) -> Result<Found, Error> {
    let (mut entries, has_details) = match place {
        _ if filter.limit == Some(0) => (Vec::new(), matches!(place, Place::Hub(..))),
        Place::Hub(namespace, _) => (on_hub(context, place, namespace.as_ref(), filter)?, true),
        Place::Registry(_, prefix, _) => {
            (in_registry(context, place, prefix.as_ref(), filter)?, false)
        }
    };
    let listed = entries.len();
    entries.retain(|entry| filter.keeps(&entry.path));
    if listed > 0 && entries.is_empty() {
        let option =
            if filter.filters.is_empty() { "comes after --last" } else { "matches --filter" };
        let all =
            if listed == 1 { "1 repository".to_owned() } else { format!("{listed} repositories") };
        context.reporter.warn(&format!("no repository {option} ({all})"));
    }
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    entries.truncate(filter.limit.unwrap_or(usize::MAX));
    Ok(Found { entries, has_details })
}

fn on_hub(
    context: &Context,
    place: &Place,
    namespace: Option<&Namespace>,
    filter: &Filter,
) -> Result<Vec<Entry>, Error> {
    let hub = context.hub(place.profile())?;
    let namespace = match namespace {
        Some(namespace) => namespace.clone(),
        None => hub.user().map_err(without_namespace)?.0,
    };
    let mut sink = Details { first: filter.first(), entries: Vec::new(), bytes: 0 };
    let odd = hub.repositories(&namespace, context.globals.raw, &mut sink)?;
    let name = format!("{DOCKER_HUB}/{namespace}");
    warn_of_odd(context, &name, odd);
    if sink.entries.is_empty() {
        context
            .reporter
            .warn(&format!("{name} has no repositories that your credentials can read"));
    }
    Ok(sink.entries)
}

/// Collects what Docker Hub tells of repositories.
struct Details {
    /// How many are enough.
    first: Option<usize>,
    entries: Vec<Entry>,
    /// The length of the texts that are kept.
    bytes: usize,
}

impl Sink<HubRepository> for Details {
    fn entry(&mut self, repository: &HubRepository) -> Result<ControlFlow<()>, Error> {
        let texts = [&repository.text, &repository.description.as_deref().map(Box::from)];
        self.bytes += texts.iter().filter_map(|text| Some(text.as_ref()?.len())).sum::<usize>();
        if self.bytes > MAX_TEXTS {
            let limit = format!("{} MiB", MAX_TEXTS / 1_048_576);
            return Err(Error::TooLarge { host: DOCKER_HUB.to_owned(), what: "the list", limit });
        }
        let (path, details) = (repository.path.clone(), Some(repository.clone()));
        self.entries.push(Entry { path, details });
        Ok(enough(self.first, self.entries.len()))
    }

    fn count(&self) -> usize {
        self.entries.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.entries.truncate(count);
        true
    }
}

fn enough(first: Option<usize>, found: usize) -> ControlFlow<()> {
    match first {
        Some(first) if found >= first => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    }
}

/// Docker Hub lists by namespace only, and without a login there is none to begin with.
fn without_namespace(error: Error) -> Error {
    match error {
        Error::LoginNeeded { .. } => Error::CatalogRefused {
            host: DOCKER_HUB.to_owned(),
            hint: "to list your own, log in: docker login; or name a namespace: docker tags repos NAMESPACE"
                .to_owned(),
            detail: None,
        },
        error => error,
    }
}

fn in_registry(
    context: &Context,
    place: &Place,
    prefix: Option<&Repository>,
    filter: &Filter,
) -> Result<Vec<Entry>, Error> {
    let (name, profile) = (place.registry(), place.profile());
    let registry = context.registry(&name, profile)?;
    let first = filter.first().filter(|_| prefix.is_none());
    let mut paths = Paths { prefix, first, is_empty: true, found: Vec::new() };
    let outcome = registry.catalog(first, &mut paths);
    let refused = matches!(outcome, Err(Error::CatalogRefused { .. } | Error::LoginNeeded { .. }));
    if let Some(prefix) = prefix.filter(|_| refused)
        && let Some(found) = tree(context, &registry, prefix, context.jobs(profile))
    {
        return Ok(found.into_iter().map(entry).collect());
    }
    warn_of_odd(context, &name.to_string(), outcome?);
    if paths.is_empty {
        context.reporter.warn(&format!(
            "the catalog of {name} is empty; some registries list only what your credentials may read"
        ));
    } else if let (Some(prefix), true) = (prefix, paths.found.is_empty()) {
        context.reporter.warn(&format!("{name} has no repositories below {prefix}"));
    }
    Ok(paths.found.into_iter().map(entry).collect())
}

fn entry(path: Repository) -> Entry {
    Entry { path, details: None }
}

fn warn_of_odd(context: &Context, place: &str, odd: usize) {
    if odd > 0 {
        context
            .reporter
            .warn(&format!("{place}: skipped {odd} entries of the list that are not repositories"));
    }
}

/// Collects the paths of a catalog.
struct Paths<'a> {
    prefix: Option<&'a Repository>,
    /// How many are enough.
    first: Option<usize>,
    is_empty: bool,
    found: Vec<Repository>,
}

impl Sink for Paths<'_> {
    fn entry(&mut self, entry: &str) -> Result<ControlFlow<()>, Error> {
        self.is_empty = false;
        let is_below = self.prefix.is_none_or(|prefix| {
            let rest = entry.strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        self.found.extend(entry.parse().ok().filter(|_| is_below));
        Ok(enough(self.first, self.found.len()))
    }

    fn count(&self) -> usize {
        self.found.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.found.truncate(count);
        self.is_empty &= count == 0;
        true
    }
}

/// The repositories at and below a path, where the registry tells what is below; `None` where it
/// does not, and the refusal of its catalog is the better answer.
fn tree(
    context: &Context,
    registry: &Registry,
    root: &Repository,
    jobs: usize,
) -> Option<Vec<Repository>> {
    let node = registry.children(root).ok()?;
    let mut level = node.children?;
    let mut found: Vec<_> = Some(root.clone()).filter(|_| node.has_content).into_iter().collect();
    let (mut asked, mut depth) = (0, 0);
    while !level.is_empty() {
        (asked, depth) = (asked + level.len(), depth + 1);
        if asked > MAX_NODES || depth > MAX_DEPTH {
            context.reporter.warn(&format!(
                "the list of {root} is incomplete: only {MAX_NODES} paths are searched"
            ));
            break;
        }
        let mut next = Vec::new();
        let take = |path: &Repository, node: Result<crate::registry::Node, Error>| {
            match node {
                Ok(node) => {
                    found.extend(Some(path.clone()).filter(|_| node.has_content));
                    next.extend(node.children.unwrap_or_default());
                }
                Err(error) => context.reporter.warn(&format!("{error}; the list is incomplete")),
            }
            Ok::<(), ()>(())
        };
        // `take` never fails, so neither does this.
        let _ = parallel::in_order(&level, jobs, |path| registry.children(path), take);
        level = next;
    }
    Some(found)
}
