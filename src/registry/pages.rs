//! Lists that come in pages: tags and repositories.
//!
//! The first request asks for no page size, because some servers answer a whole list at once and
//! take twenty times longer in pages; a server that pages says so with a `Link`. Of a link only
//! the query is used, on our own scheme, host and path, so that it can heal a registry behind a
//! confused proxy and reach nothing else. A list that repeats, never ends or breaks off is an
//! error, never a short list that looks whole.

use std::collections::HashSet;
use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::auth::{Call, Resource, Session};
use crate::error::Error;
use crate::http::url::{Url, escape_query};
use crate::http::{Answer, Failure, Method, link};

/// The most that is read of one page.
const MAX_PAGE: u64 = 32 * 1024 * 1024;
const MAX_PAGES: usize = 5_000;
const MAX_ENTRIES: usize = 500_000;
/// The longest entry that is worth being asked for what follows it.
const MAX_CURSOR: usize = 1_024;
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// What a link's `n` is raised to: the ceiling of Amazon's registry and of distribution.
const PAGE_SIZE: usize = 1_000;
/// Counts at which a list without a link may be a page all the same (old Gitea).
const LIKELY_PAGE_SIZES: [usize; 9] = [10, 20, 25, 50, 100, 200, 500, 1_000, 10_000];

/// What becomes of a list's entries.
pub trait Sink {
    /// Takes one entry.
    ///
    /// # Errors
    /// An error ends the list and is passed on.
    fn entry(&mut self, entry: &str) -> Result<Flow, Error>;
}

/// What a [`Sink`] says about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
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
                404 => return Err(super::not_found(answer, &self.list.object)),
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
        what: format!(
            "the link to the next page leads to \"{}\": {why}",
            crate::terminal::server_text(&target)
        ),
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

/// Reads a page's document as a stream, passing entries on as they come.
fn read_page(
    answer: &mut Answer,
    list: &List,
    page: &mut Page,
    skip: usize,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let host = answer.host();
    let mut reading = Reading { list, page, skip, sink, failed: None, host };
    let mut reader = BufReader::with_capacity(32 * 1024, answer.reader(MAX_PAGE));
    let mut json = serde_json::Deserializer::from_reader(&mut reader);
    let outcome = json.deserialize_map(&mut reading);
    let (failed, stopped) = (reading.failed.take(), reading.page.stopped);
    drop(reader_rest(reader));
    match outcome {
        Ok(()) => Ok(()),
        Err(_) if stopped => Ok(()),
        Err(error) => match failed {
            Some(error) => Err(error.into()),
            None if error.is_io() => {
                Err(answer.body_failure(error.into(), MAX_PAGE, "a page of the list"))
            }
            // Nothing but the document itself says that more should have come.
            None if error.is_eof() && answer.ends_with_connection() && answer.bytes_read() > 0 => {
                Err(answer.cut_short())
            }
            None => Err(not_a_list(answer).into()),
        },
    }
}

/// Lets go of the reader; what is left of the answer is drained by the client.
fn reader_rest<R: Read>(reader: BufReader<R>) -> R {
    reader.into_inner()
}

/// A list that was read again after a cut must begin as it did before: the part that was taken
/// already and the rest would be of two different lists.
fn list_changed(host: String) -> Error {
    Error::Answer {
        host,
        what: "the connection broke off, and the list was another one afterwards".to_owned(),
        hint: "try again",
    }
}

fn not_a_list(answer: &Answer) -> Error {
    let content_type = match answer.content_type() {
        text if text.is_empty() => "no content type".to_owned(),
        text => format!("content type {}", crate::terminal::server_text(&text)),
    };
    Error::Answer {
        host: answer.host(),
        what: format!("this is not a registry's answer ({content_type})"),
        hint: "is this a container registry? A proxy or login page may stand in between",
    }
}

/// The state while a document is read.
struct Reading<'a> {
    list: &'a List,
    page: &'a mut Page,
    skip: usize,
    sink: &'a mut dyn Sink,
    failed: Option<Error>,
    host: String,
}

impl Reading<'_> {
    /// Takes one element of the list; `None` is one that is no string.
    fn take<E: serde::de::Error>(&mut self, entry: Option<&str>) -> Result<(), E> {
        self.page.entries += 1;
        if self.page.entries <= self.skip {
            let is_seam = self.page.entries == self.skip;
            let entry = entry.filter(|text| text.len() <= MAX_CURSOR);
            if is_seam && entry.is_some() && entry != self.page.last.as_deref() {
                self.failed = Some(list_changed(self.host.clone()));
                return Err(E::custom("failed"));
            }
            return Ok(());
        }
        if let Some(text) = entry {
            self.page.last = (text.len() <= MAX_CURSOR).then(|| text.to_owned());
        }
        let Some(entry) = entry.filter(|entry| (self.list.is_entry)(entry)) else {
            self.page.odd += 1;
            return Ok(());
        };
        match self.sink.entry(entry) {
            Ok(Flow::New) => self.page.new += 1,
            Ok(Flow::Known) => {}
            Ok(Flow::Stop) => {
                self.page.stopped = true;
                return Err(E::custom("enough"));
            }
            Err(error) => {
                self.failed = Some(error);
                return Err(E::custom("failed"));
            }
        }
        Ok(())
    }
}

/// The document: an object with the list among its members.
impl<'de> Visitor<'de> for &mut Reading<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "an object with the member {}", self.list.member)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == self.list.member {
                map.next_value_seed(Elements(self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The list itself: an array, or `null` for an empty one.
struct Elements<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Elements<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Element(self.0))?.is_some() {}
        Ok(())
    }
}

/// One element: a string, or anything else, which is odd but no reason to fail.
struct Element<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.0.take(Some(text))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.0.take(None)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.0.take(None)
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.0.take(None)
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.0.take(None)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.0.take(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.0.take(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.0.take(None)
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
