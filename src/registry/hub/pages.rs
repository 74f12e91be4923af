//! Pages of Docker Hub's lists: `{"count":…,"next":…,"previous":…,"results":[…]}`.
//!
//! `next` is followed to the end, whatever page size the server chose, but only its query is
//! used, on our own path: it can reach nothing new. Entries that were seen before are dropped,
//! because pages shift while others push. A list that repeats, never ends or breaks off is an
//! error, never a short list that looks whole.

use std::collections::HashSet;
use std::ops::ControlFlow;

use serde_json::Value;

use super::{Ask, EntrySink, Hub, not_found};
use crate::error::Error;
use crate::http::url::{Url, quoted};

/// Entries a page: the most that the API gives.
const PAGE_SIZE: usize = 100;
const MAX_PAGES: usize = 5_000;
const MAX_ENTRIES: usize = 500_000;
const MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Which list to walk.
pub(super) struct List {
    pub(super) path: String,
    /// Further parameters of the first request's query.
    pub(super) query: &'static str,
    /// The member that names an entry.
    pub(super) key: &'static str,
    /// The list makes no sense without the login.
    pub(super) needs_login: bool,
    /// What is listed, for messages.
    pub(super) object: String,
}

impl Hub {
    /// Walks all pages. Returns how many entries were left out because they have no name.
    pub(super) fn walk(&self, list: &List, sink: EntrySink<'_, Value>) -> Result<usize, Error> {
        let mut query = format!("page_size={PAGE_SIZE}");
        if !list.query.is_empty() {
            query = format!("{query}&{}", list.query);
        }
        let (mut asked, mut names) = (HashSet::new(), HashSet::new());
        let (mut odd, mut bytes, mut entries, mut idle) = (0, 0u64, 0usize, 0);
        loop {
            let first = asked.is_empty();
            if !asked.insert(query.clone()) {
                return Err(self.pages_repeat());
            }
            let needs_login = list.needs_login;
            let ask = Ask { path: &list.path, query: &query, further: !first, needs_login };
            let Some(found) = self.get(&ask)? else {
                if first {
                    return Err(not_found(&list.object));
                }
                // A page behind the end: the list became shorter while it was read.
                self.client.reporter().warn(&format!(
                    "{}: the list changed while it was read; it may be incomplete",
                    list.object
                ));
                return Ok(odd);
            };
            let mut page = found.document;
            let Some(Value::Array(results)) = page.get_mut("results").map(Value::take) else {
                return Err(self.unusable("the answer is no page of a list"));
            };
            bytes = bytes.saturating_add(found.bytes);
            entries = entries.saturating_add(results.len());
            let before = names.len();
            for entry in results {
                let Some(name) = entry.get(list.key).and_then(Value::as_str) else {
                    odd += 1;
                    continue;
                };
                if names.insert(name.to_owned()) && sink(entry)? == ControlFlow::Break(()) {
                    return Ok(odd);
                }
            }
            let Some(next) = self.next_query(&list.path, page.get("next"))? else { return Ok(odd) };
            idle = if names.len() == before { idle + 1 } else { 0 };
            if idle > 1 {
                return Err(self.pages_repeat());
            }
            self.check_totals(asked.len(), entries, bytes)?;
            query = next;
        }
    }

    /// The query of the next page.
    fn next_query(&self, path: &str, next: Option<&Value>) -> Result<Option<String>, Error> {
        let Some(next) = next.and_then(Value::as_str).filter(|next| !next.is_empty()) else {
            return Ok(None);
        };
        let refused = |why: &str| Error::Refused {
            host: self.host(),
            what: format!("the link to the next page leads to \"{}\": {why}", quoted(next)),
            hint: "the list is not complete; is hub-api of the profile right?".to_owned(),
        };
        let base: Url = self.origin.url(path, None);
        let target = base.join(next).map_err(|why| refused(&why.to_string()))?;
        if target.origin().host() != self.origin.host() {
            return Err(refused("another host"));
        }
        Ok(Some(target.query().unwrap_or_default().to_owned()))
    }

    fn check_totals(&self, pages: usize, entries: usize, bytes: u64) -> Result<(), Error> {
        let limit = if pages >= MAX_PAGES {
            format!("{MAX_PAGES} pages")
        } else if entries > MAX_ENTRIES {
            format!("{MAX_ENTRIES} entries")
        } else if bytes > MAX_BYTES {
            format!("{} MiB", MAX_BYTES / 1_048_576)
        } else {
            return Ok(());
        };
        Err(Error::TooLarge { host: self.host(), what: "the list", limit })
    }

    fn pages_repeat(&self) -> Error {
        Error::Answer {
            host: self.host(),
            what: "the pages of the list repeat; it would never be complete".to_owned(),
            hint: "try again later; -v shows every request",
        }
    }
}
