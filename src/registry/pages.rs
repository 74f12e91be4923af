//! Lists that come in pages: tags and repositories.
//!
//! The first request asks for no page size, because some servers answer a whole list at once and
//! take twenty times longer in pages; a server that pages says so with a `Link`. Of a link only
//! the query is used, on our own scheme, host and path, so that it can heal a registry behind a
//! confused proxy and reach nothing else. A list that repeats, never ends or breaks off is an
//! error, never a short list that looks whole.

mod google;
mod read;

use std::collections::HashSet;

use crate::auth::{Call, Resource, Session};
use crate::error::Error;
use crate::http::url::{Url, escape_query, quoted};
use crate::http::{Answer, Method, link};
pub(crate) use google::Listed;
pub use read::parse_tags;
use read::{list_changed, read_page};

const MAX_PAGES: usize = 5_000;
const MAX_ENTRIES: usize = 500_000;
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// What a link's `n` is raised to: the ceiling of Amazon's registry and of distribution.
const PAGE_SIZE: usize = 1_000;
/// Counts at which a list without a link may be a page all the same (old Gitea).
const LIKELY_PAGE_SIZES: [usize; 9] = [10, 20, 25, 50, 100, 200, 500, 1_000, 10_000];

/// What becomes of a list's entries.
pub(crate) trait Sink {
    /// Takes one entry.
    ///
    /// # Errors
    /// An error ends the list and is passed on.
    fn entry(&mut self, entry: &str) -> Result<Flow, Error>;

    /// Whether [`Sink::manifest`] is to be called; reading that member costs time and memory.
    fn wants_manifests(&self) -> bool {
        false
    }

    /// Takes what Google's registries tell of a manifest beside their list of tags. A page that
    /// broke off and is read again tells it twice.
    fn manifest(&mut self, _listed: Listed) {}
}

/// What a [`Sink`] says about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It was new.
    New,
    /// It was there already.
    Known,
    /// No more entries are wanted.
    Stop,
}

/// Which list to walk.
pub(super) struct List {
    pub(super) path: String,
    /// The member of the document that holds the entries.
    pub(super) member: &'static str,
    /// What is listed, for messages.
    pub(super) object: String,
    pub(super) resource: Resource,
    /// Whether a string is an entry at all.
    pub(super) is_entry: fn(&str) -> bool,
    /// The most entries that are wanted.
    pub(super) first: Option<usize>,
}

/// Walks all pages. Returns how many entries were skipped because they are none.
pub(super) fn walk(session: &Session, list: &List, sink: &mut dyn Sink) -> Result<usize, Error> {
    let mut walk = Walk { session, list, totals: Totals::default(), seen: HashSet::new() };
    walk.run(sink)?;
    Ok(walk.totals.odd)
}

/// Sums over all pages.
#[derive(Default)]
struct Totals {
    pages: usize,
    entries: usize,
    odd: usize,
    bytes: u64,
    /// Pages in a row that added nothing.
    idle: u32,
    /// Empty pages in a row.
    empty: u32,
}

/// One page as it was read.
#[derive(Default)]
struct Page {
    entries: usize,
    new: usize,
    odd: usize,
    last: Option<String>,
    /// The query of the next page, from a link.
    next: Option<String>,
    stopped: bool,
}

struct Walk<'a> {
    session: &'a Session,
    list: &'a List,
    totals: Totals,
    /// The queries asked so far.
    seen: HashSet<String>,
}

impl Walk<'_> {
    fn run(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        let size = self.list.first.filter(|&n| n > 0).map(|n| n.min(PAGE_SIZE));
        let mut query = size.map(|n| format!("n={n}")).unwrap_or_default();
        let mut may_raise = size.is_none();
        let mut probing = false;
        loop {
            let raised = if may_raise && self.totals.pages > 0 && !probing {
                raise_page_size(&query)
            } else {
                query.clone()
            };
            if !self.seen.insert(query.clone()) {
                return Err(self.pages_repeat());
            }
            let page = match self.page(&raised, sink)? {
                Some(page) => page,
                // The server takes no larger pages than its own.
                None if raised != query => {
                    may_raise = false;
                    match self.page(&query, sink)? {
                        Some(page) => page,
                        None => return Err(self.broke_off()),
                    }
                }
                None => return Err(self.broke_off()),
            };
            self.check(&page, probing)?;
            if page.stopped || (probing && page.new == 0) {
                return Ok(());
            }
            match (page.next, page.last) {
                (Some(next), _) => (query, probing) = (next, false),
                (None, Some(last)) if is_likely_page(page.entries, size) => {
                    let n = size.map(|n| format!("n={n}&")).unwrap_or_default();
                    (query, probing) = (format!("{n}last={}", escape_query(&last)), true);
                }
                (None, _) => return Ok(()),
            }
        }
    }

    /// Fetches one page. `None`: the server refuses this page size (400 or 405).
    fn page(&mut self, query: &str, sink: &mut dyn Sink) -> Result<Option<Page>, Error> {
        let call = Call {
            method: Method::Get,
            path: &self.list.path,
            query: Some(query),
            accept: Some("application/json"),
            resource: &self.list.resource,
        };
        let first = self.totals.pages == 0;
        let mut page = Page::default();
        let mut bytes = 0;
        let outcome = self.session.send(&call, |answer| {
            match answer.status() {
                200 => {}
                400 | 405 if !first => return Ok(None),
                404 if !first => return Ok(Some(())),
                404 => {
                    return Err(super::not_found(self.session, answer, &self.list.object).into());
                }
                _ => return Err(super::unexpected(answer)),
            }
            // When the answer was cut short and is read again, what it gave before is skipped.
            let skip = page.entries;
            page.entries = 0;
            page.next = next_query(answer)?;
            let outcome = read_page(answer, self.list, &mut page, skip, sink);
            bytes = answer.bytes_read();
            if outcome.is_ok() && page.entries < skip {
                return Err(list_changed(answer.host()).into());
            }
            outcome.map(Some)
        })?;
        if outcome.is_none() {
            return Ok(None);
        }
        self.totals.pages += 1;
        self.totals.bytes += bytes;
        if bytes == 0 && !first && page.entries == 0 && page.next.is_none() {
            self.session_warning();
        }
        Ok(Some(page))
    }

    /// The guards against lists that repeat or never end.
    fn check(&mut self, page: &Page, probing: bool) -> Result<(), Error> {
        let totals = &mut self.totals;
        totals.entries = totals.entries.saturating_add(page.entries);
        totals.odd = totals.odd.saturating_add(page.odd);
        totals.empty = if page.entries == 0 { totals.empty + 1 } else { 0 };
        totals.idle = if page.new == 0 { totals.idle + 1 } else { 0 };
        let more = page.next.is_some() && !page.stopped && !probing;
        if more && (totals.idle > 1 || totals.empty > 1) {
            return Err(self.pages_repeat());
        }
        let over = |what, limit: String| Err(Error::TooLarge { host: self.host(), what, limit });
        if more && self.totals.pages >= MAX_PAGES {
            return over("the list", format!("{MAX_PAGES} pages"));
        }
        if self.totals.entries > MAX_ENTRIES {
            return over("the list", format!("{MAX_ENTRIES} entries"));
        }
        if self.totals.bytes > MAX_BYTES {
            return over("the list", format!("{} MiB", MAX_BYTES / 1_048_576));
        }
        Ok(())
    }

    fn host(&self) -> String {
        self.session.endpoint().registry.to_string()
    }

    fn session_warning(&self) {
        self.session.warn(&format!(
            "{}: a page of the list vanished while it was read; the list may be incomplete",
            self.list.object
        ));
    }

    fn pages_repeat(&self) -> Error {
        Error::Answer {
            host: self.host(),
            what: "the registry's pages repeat; the list would never be complete".to_owned(),
            hint: "tell the registry's operator; -v shows every request",
        }
    }

    fn broke_off(&self) -> Error {
        Error::Answer {
            host: self.host(),
            what: "the registry refuses the next page of its own list".to_owned(),
            hint: "tell the registry's operator; -v shows every request",
        }
    }
}

/// The query that the answer's `Link` gives for the next page.
fn next_query(answer: &Answer) -> Result<Option<String>, Error> {
    let Some(target) = link::next(answer.headers("link")) else { return Ok(None) };
    let refused = |why: &str| Error::Refused {
        host: answer.host(),
        what: format!("the link to the next page leads to \"{}\": {why}", quoted(&target)),
        hint: "the list is not complete; the registry is misconfigured or hostile".to_owned(),
    };
    let resolved: Url = answer.url().join(&target).map_err(|why| refused(&why.to_string()))?;
    if resolved.origin().host() != answer.url().origin().host() {
        return Err(refused("another host"));
    }
    Ok(Some(resolved.query().unwrap_or_default().to_owned()))
}

/// Whether a list of this many entries, without a link, may be a page of a longer one.
fn is_likely_page(entries: usize, asked: Option<usize>) -> bool {
    Some(entries) == asked || LIKELY_PAGE_SIZES.contains(&entries)
}

/// Raises the `n` of a query to [`PAGE_SIZE`], or adds it.
fn raise_page_size(query: &str) -> String {
    let is_n = |piece: &&str| piece.starts_with("n=");
    match query.split('&').find(is_n) {
        Some(piece) => {
            let n: usize = piece[2..].parse().unwrap_or(PAGE_SIZE);
            if n >= PAGE_SIZE {
                return query.to_owned();
            }
            let raised = |p: &str| if is_n(&p) { format!("n={PAGE_SIZE}") } else { p.to_owned() };
            query.split('&').map(raised).collect::<Vec<_>>().join("&")
        }
        None if query.is_empty() => String::new(),
        None => format!("{query}&n={PAGE_SIZE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_are_raised() {
        let cases = [
            ("last=x&n=100", "last=x&n=1000"),
            ("n=50&next_page=gAA%3D", "n=1000&next_page=gAA%3D"),
            ("last=x", "last=x&n=1000"),
            ("last=x&n=5000", "last=x&n=5000"),
            ("last=x&n=odd", "last=x&n=odd"),
            ("", ""),
        ];
        for (query, raised) in cases {
            assert_eq!(raise_page_size(query), raised);
        }
    }

    #[test]
    fn likely_pages() {
        assert!(is_likely_page(100, None) && is_likely_page(7, Some(7)));
        assert!(!is_likely_page(7, None) && !is_likely_page(0, None));
    }
}
