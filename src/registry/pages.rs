//! Lists that come in pages: one walker for tags, catalogs and the lists of Docker Hub's API.
//!
//! The promise: what the walker reports as whole is whole. A list that repeats, never ends, changes
//! while it is read or breaks off is an error, never a short list that looks complete. What an
//! attempt at a page said is forgotten when the next attempt begins. How the next page is found is
//! the business of a [`Source`]: registries link their pages (`links`), Docker Hub numbers them.

mod google;
mod links;
mod read;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::error::Error;
use crate::http::{Answer, Failure};
use crate::tags::select::TagList;
pub(crate) use google::Listed;
pub(super) use links::{Links, List, next_query};
pub use read::parse_tags;
pub(super) use read::{MAX_PAGE, document_failure};
pub(super) use seen::Seen;

const MAX_PAGES: usize = 5_000;
const MAX_ENTRIES: usize = 500_000;
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// The names of all entries together, in bytes: they are what a list costs in memory.
const MAX_NAMES: usize = 32 * 1024 * 1024;

/// Receives the entries of a list, each once. After an error it does not hold a whole list.
pub(crate) trait Sink<T: ?Sized = str> {
    /// Receives an entry; [`ControlFlow::Break`]: no more are wanted.
    ///
    /// # Errors
    /// An error ends the list and is passed on.
    fn entry(&mut self, entry: &T) -> Result<ControlFlow<()>, Error>;

    /// How many entries it holds.
    fn count(&self) -> usize {
        0
    }

    /// Drops all entries but the first `count`, because what brought the others is read again.
    /// `false`: it cannot (they are printed already); then it gets no entry a second time.
    fn rewind(&mut self, count: usize) -> bool;

    /// Whether entries are to come while the page still arrives.
    fn is_streamed(&self) -> bool {
        false
    }

    /// Whether [`Sink::manifest`] is to be called; reading that member costs time.
    fn wants_manifests(&self) -> bool {
        false
    }

    /// Receives what Google's registries say of a manifest beside their list of tags. A page that
    /// is read again says it twice.
    fn manifest(&mut self, _listed: Listed) {}
}

impl Sink for TagList {
    fn entry(&mut self, entry: &str) -> Result<ControlFlow<()>, Error> {
        self.append(entry);
        Ok(ControlFlow::Continue(()))
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.truncate(count);
        true
    }
}

impl<T: ?Sized + ToOwned> Sink<T> for Vec<T::Owned> {
    fn entry(&mut self, entry: &T) -> Result<ControlFlow<()>, Error> {
        self.push(entry.to_owned());
        Ok(ControlFlow::Continue(()))
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.truncate(count);
        true
    }
}

/// Sends the requests for pages.
pub(super) trait Transport {
    /// Asks for the page of a query; `read` sees each attempt at an answer with status 200. A
    /// `404` is the inner error.
    fn get(
        &self,
        query: &str,
        read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
    ) -> Result<Option<Error>, Error>;

    /// The server, for messages.
    fn host(&self) -> String;

    fn warn(&self, text: &str);
}

/// How a kind of server pages its lists.
pub(super) trait Source {
    fn first_query(&self) -> String;

    /// Reads one attempt at a page.
    fn read(
        &mut self,
        answer: &mut Answer,
        page: &mut Page,
        seen: &mut Seen,
    ) -> Result<(), Failure>;

    /// Fetches the page of a query: with [`Reader::fetch`], unless there is a better way.
    fn page(&mut self, reader: &mut Reader<'_>, query: &str) -> Result<Fetched, Error>;

    /// What follows this page.
    fn next(&mut self, reader: &mut Reader<'_>, page: Page) -> Result<Next, Error>;

    /// [`Sink::count`] and [`Sink::rewind`] of the sink behind it.
    fn count(&self) -> usize;
    fn rewind(&mut self, count: usize) -> bool;
}

/// One page as it was read.
#[derive(Default)]
pub(super) struct Page {
    /// How many entries it has, whatever they are.
    pub(super) entries: usize,
    /// How many of them were not in the list before.
    pub(super) new: usize,
    /// How many are not entries: numbers, digests, escapes.
    pub(super) odd: usize,
    /// The bytes of the names that are new.
    names: usize,
    pub(super) bytes: u64,
    /// The last entry that is a text.
    pub(super) last: Option<String>,
    /// The query of the next page, where the server gives one.
    pub(super) next: Option<String>,
    /// How many entries the whole list has, where the server says so.
    pub(super) total: Option<u64>,
    /// The sink wants no more.
    pub(super) stopped: bool,
}

impl Page {
    /// Counts an entry; `true`: the sink is to receive it.
    pub(super) fn add(&mut self, seen: &mut Seen, name: &str) -> bool {
        let added = seen.add(name);
        if added != seen::Added::Known {
            self.new += 1;
            self.names += name.len();
        }
        added == seen::Added::New
    }
}

pub(super) enum Fetched {
    Page(Page),
    /// There is no such page (404).
    Gone(Error),
}

pub(super) enum Next {
    /// The page of this query.
    Page(String),
    /// The list is whole.
    End,
    /// The list changed while it was read: once more from the start, or this error.
    Changed(Error),
}

/// Sums over the pages of a list.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) pages: usize,
    pub(super) entries: usize,
    pub(super) odd: usize,
    names: usize,
    bytes: u64,
    /// Pages in a row that added nothing.
    idle: u32,
    /// Empty pages in a row.
    empty: u32,
}

/// Walks all pages, and a second time where the list changed meanwhile. Returns how many entries
/// were left out because they are none.
///
/// # Errors
/// Whatever keeps the list from being whole; what the sink returns.
pub(super) fn walk(transport: &dyn Transport, source: &mut dyn Source) -> Result<usize, Error> {
    let mut reader = Reader {
        transport,
        seen: Seen::default(),
        totals: Totals::default(),
        asked: HashSet::new(),
    };
    if reader.pass(source)?.is_some() {
        let is_rewound = source.rewind(0);
        reader.seen.rewind(is_rewound);
        reader.asked.clear();
        reader.totals = Totals { bytes: reader.totals.bytes, ..Totals::default() };
        if let Some(error) = reader.pass(source)? {
            return Err(error);
        }
    }
    Ok(reader.totals.odd)
}

/// What a walk knows on its way.
pub(super) struct Reader<'a> {
    pub(super) transport: &'a dyn Transport,
    pub(super) seen: Seen,
    pub(super) totals: Totals,
    /// The queries asked so far.
    asked: HashSet<String>,
}

impl Reader<'_> {
    /// Reads the list from its first page to its last. The inner error: it changed meanwhile.
    fn pass(&mut self, source: &mut dyn Source) -> Result<Option<Error>, Error> {
        let mut query = source.first_query();
        loop {
            self.begin(&query)?;
            let page = match source.page(self, &query)? {
                Fetched::Page(page) => page,
                Fetched::Gone(error) if self.totals.pages == 0 => return Err(error),
                Fetched::Gone(_) => return Ok(Some(self.changed())),
            };
            self.add(&page)?;
            if page.stopped {
                return Ok(None);
            }
            query = match source.next(self, page)? {
                Next::Page(query) => query,
                Next::End => return Ok(None),
                Next::Changed(error) => return Ok(Some(error)),
            };
        }
    }

    /// Notes that a query is asked. Twice is once too often.
    pub(super) fn begin(&mut self, query: &str) -> Result<(), Error> {
        if self.asked.insert(query.to_owned()) { Ok(()) } else { Err(self.pages_repeat()) }
    }

    /// Fetches a page. Of several attempts only the last counts, and it must not tell less than
    /// those that broke off.
    pub(super) fn fetch(&mut self, source: &mut dyn Source, query: &str) -> Result<Fetched, Error> {
        self.seen.begin_page();
        let start = source.count();
        let seen = &mut self.seen;
        let (mut page, mut most, mut bytes) = (Page::default(), None, 0u64);
        let outcome = self.transport.get(query, &mut |answer| {
            if most.is_some() {
                seen.rewind_page(source.rewind(start));
            }
            page = Page::default();
            let outcome = source.read(answer, &mut page, seen);
            bytes = bytes.saturating_add(answer.bytes_read());
            if outcome.is_ok() && !page.stopped && most.is_some_and(|most| page.entries < most) {
                return Err(list_changed(answer.host()).into());
            }
            most = most.max(Some(page.entries));
            outcome
        });
        page.bytes = bytes;
        match outcome {
            Ok(None) => Ok(Fetched::Page(page)),
            Ok(Some(gone)) => {
                self.seen.rewind_page(source.rewind(start));
                Ok(Fetched::Gone(gone))
            }
            Err(error) => {
                self.seen.rewind_page(source.rewind(start));
                Err(error)
            }
        }
    }

    /// Adds a page to the sums. The guards against lists that repeat or never end.
    pub(super) fn add(&mut self, page: &Page) -> Result<(), Error> {
        let totals = &mut self.totals;
        totals.pages += 1;
        totals.entries = totals.entries.saturating_add(page.entries);
        totals.odd = totals.odd.saturating_add(page.odd);
        totals.names = totals.names.saturating_add(page.names);
        totals.bytes = totals.bytes.saturating_add(page.bytes);
        totals.empty = if page.entries == 0 { totals.empty + 1 } else { 0 };
        totals.idle = if page.new == 0 { totals.idle + 1 } else { 0 };
        let more = page.next.is_some() && !page.stopped;
        if more && (totals.idle > 1 || totals.empty > 1) {
            return Err(self.pages_repeat());
        }
        let limit = if more && totals.pages >= MAX_PAGES {
            format!("{MAX_PAGES} pages")
        } else if totals.entries > MAX_ENTRIES {
            format!("{MAX_ENTRIES} entries")
        } else if totals.bytes > MAX_BYTES {
            format!("{} MiB", MAX_BYTES / 1_048_576)
        } else if totals.names > MAX_NAMES {
            format!("{} MiB of names", MAX_NAMES / 1_048_576)
        } else {
            return Ok(());
        };
        Err(Error::TooLarge { host: self.transport.host(), what: "the list", limit })
    }

    fn pages_repeat(&self) -> Error {
        Error::Answer {
            host: self.transport.host(),
            what: "the pages of the list repeat, so it can never be complete".to_owned(),
            hint: "report this to the registry's operator; -v shows every request",
        }
    }

    /// The error for a list that was another one each time it was read.
    pub(super) fn changed(&self) -> Error {
        Error::Answer {
            host: self.transport.host(),
            what: "the list changed twice while it was read, so it is not complete".to_owned(),
            hint: "try again; -v shows every request",
        }
    }
}

/// A page that was read again after a cut and has fewer entries than had come before the cut.
fn list_changed(host: String) -> Error {
    Error::Answer {
        host,
        what: "the connection was closed, and then the list was shorter".to_owned(),
        hint: "try again",
    }
}
