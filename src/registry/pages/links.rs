//! How registries page: each page links to the next one, or says nothing and may be cut all the
//! same.
//!
//! The first request asks for no page size, because some servers answer a whole list at once and
//! take twenty times longer in pages. Of a link only the query is used, on our own scheme, host
//! and path, so that it can heal a registry behind a confused proxy and reach nothing else. Two
//! requests are of our own making: a larger page than the link's, and the question whether a list
//! without a link goes on. Neither may cost anybody a list, or a part of it.

use super::read::read_page;
use super::{Fetched, Next, Page, Reader, Seen, Sink, Source};
use crate::error::Error;
use crate::http::url::{Origin, Url, escape_query};
use crate::http::{Answer, Failure, link};

/// What a link's `n` is raised to: the ceiling of Amazon's registry and of distribution.
const PAGE_SIZE: usize = 1_000;

/// Which list to walk.
pub(in crate::registry) struct List<'a> {
    /// The member of the document that holds the entries.
    pub(in crate::registry) member: &'static str,
    /// What is listed, for messages.
    pub(in crate::registry) object: String,
    /// Whether a string is an entry at all.
    pub(in crate::registry) is_entry: fn(&str) -> bool,
    /// The most entries that are wanted.
    pub(in crate::registry) first: Option<usize>,
    /// Where the registry is asked.
    pub(in crate::registry) origin: &'a Origin,
}

/// Whether larger pages than the links' are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Raise {
    Untried,
    /// A larger page brought entries.
    Works,
    /// The server does not take them.
    Off,
}

/// A list whose pages are linked.
pub(in crate::registry) struct Links<'a> {
    list: &'a List<'a>,
    sink: &'a mut dyn Sink,
    raise: Raise,
    is_size_refused: bool,
    /// Some page had a link.
    is_linked: bool,
    /// The last entry of the last page.
    cursor: Option<String>,
    /// Entries are counted only, not passed on.
    counts_only: bool,
    /// The sink's own error came: no other request may take its place.
    sink_failed: bool,
}

impl<'a> Links<'a> {
    pub(in crate::registry) fn new(list: &'a List<'a>, sink: &'a mut dyn Sink) -> Self {
        let raise = if list.first.is_some() { Raise::Off } else { Raise::Untried };
        Links {
            list,
            sink,
            raise,
            is_size_refused: false,
            is_linked: false,
            cursor: None,
            counts_only: false,
            sink_failed: false,
        }
    }

    /// `n=…` where the user set a limit and the server takes it.
    fn size(&self) -> Option<usize> {
        let first = self.list.first.filter(|_| !self.is_size_refused);
        first.filter(|&n| n > 0).map(|n| n.min(PAGE_SIZE))
    }

    /// The query of a link with the largest page size that every registry takes. `None`: it holds
    /// more than the last entry and a page size, such as a page number, an offset or a cursor:
    /// beside those a larger page would skip entries.
    fn raised(&self, query: &str) -> Option<String> {
        let cursor = self.cursor.as_deref().filter(|_| self.raise != Raise::Off)?;
        let (mut last, mut n) = (None, None);
        for parameter in query.split('&') {
            let known = match parameter.split_once('=')? {
                ("last", value) => last.replace(value),
                ("n", value) => n.replace(value),
                _ => return None,
            };
            if known.is_some() {
                return None;
            }
        }
        let last = last.filter(|last| unescaped(last).as_deref() == Some(cursor.as_bytes()))?;
        let is_small = n.is_none_or(|n| n.parse().is_ok_and(|n: usize| n < PAGE_SIZE));
        is_small.then(|| format!("last={last}&n={PAGE_SIZE}"))
    }

    /// Whether a list of this many entries, without a link, may be a page of a longer one.
    fn is_likely_page(&self, entries: usize) -> bool {
        let is_round = entries.is_multiple_of(10) && entries <= PAGE_SIZE;
        entries > 0 && (is_round || self.size() == Some(entries))
    }

    /// Asks for what follows a list of this many entries that has no link and looks like a page.
    fn probe(&mut self, reader: &mut Reader<'_>, entries: usize) -> Result<Next, Error> {
        // One entry is enough to know, and a server that sends more does not page at all.
        let mut size = if self.is_size_refused { "" } else { "n=1&" };
        loop {
            let Some(cursor) = self.cursor.clone() else { return Ok(self.doubt(reader)) };
            let query = format!("{size}last={}", escape_query(&cursor));
            if reader.begin(&query).is_err() {
                return Ok(self.doubt(reader));
            }
            let Some(page) = self.own(reader, &query)? else {
                // Perhaps it refuses `n`.
                if std::mem::take(&mut size).is_empty() {
                    return Ok(self.doubt(reader));
                }
                // A sink that cannot count was rewound to the start.
                self.cursor = Some(cursor);
                continue;
            };
            reader.add(&page)?;
            if page.stopped || page.entries == 0 {
                return Ok(Next::End);
            }
            let is_anew = page.new == 0 && page.entries > page.odd;
            if page.new > 0 || is_anew {
                self.cursor = page.last;
            }
            if size.is_empty() {
                match page.next {
                    _ if page.new == 0 => return Ok(self.doubt(reader)),
                    Some(next) => {
                        self.is_linked = true;
                        return Ok(Next::Page(next));
                    }
                    None => {}
                }
            } else if is_anew {
                let is_whole = page.entries > 1 || self.follows_first(reader, entries)?;
                return Ok(if is_whole { Next::End } else { self.doubt(reader) });
            }
            size = "";
        }
    }

    /// Whether all but the first entry follow that one, of a list of this many. The server knows
    /// `n`; it may know `last`, too, and stumble over the last entry alone (go-containerregistry).
    fn follows_first(&mut self, reader: &mut Reader<'_>, entries: usize) -> Result<bool, Error> {
        let Some(first) = &self.cursor else { return Ok(false) };
        let query = format!("last={}&n={PAGE_SIZE}", escape_query(first));
        let rest = self.look(reader, &query)?;
        Ok(rest.is_some_and(|rest| rest.next.is_none() && rest.entries + 1 == entries))
    }

    /// [`Links::own`], whose entries are not passed on.
    fn look(&mut self, reader: &mut Reader<'_>, query: &str) -> Result<Option<Page>, Error> {
        self.counts_only = true;
        let page = self.own(reader, query);
        self.counts_only = false;
        page
    }

    /// A request of our own making: only the sink's failure is one.
    fn own(&mut self, reader: &mut Reader<'_>, query: &str) -> Result<Option<Page>, Error> {
        match reader.fetch(self, query) {
            Ok(Fetched::Page(page)) => Ok(Some(page)),
            Err(error) if self.sink_failed || matches!(error, Error::Interrupted) => Err(error),
            Ok(Fetched::Gone(_)) | Err(_) => Ok(None),
        }
    }

    fn doubt(&self, reader: &Reader<'_>) -> Next {
        reader.transport.warn(&format!(
            "{}: the list may be incomplete: it looks like one page of a longer list, and the registry gives no link to the next page",
            self.list.object
        ));
        Next::End
    }
}

impl Source for Links<'_> {
    fn first_query(&self) -> String {
        self.size().map(|n| format!("n={n}")).unwrap_or_default()
    }

    fn read(
        &mut self,
        answer: &mut Answer,
        page: &mut Page,
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        page.next = next_query(answer, self.list.origin)?;
        let sink = &mut *self.sink;
        let sink = if self.counts_only { None } else { Some(sink) };
        read_page(answer, self.list, page, seen, sink, &mut self.sink_failed)
    }

    fn page(&mut self, reader: &mut Reader<'_>, query: &str) -> Result<Fetched, Error> {
        if self.size().is_some() && query == self.first_query() {
            match reader.fetch(self, query) {
                // A page size that the server does not take must not cost the list.
                Err(Error::Server { status: 400..=499, .. }) if !self.sink_failed => {}
                Ok(Fetched::Page(page)) if page.entries == 0 => {}
                outcome => return outcome,
            }
            self.is_size_refused = true;
            return reader.fetch(self, "");
        }
        if let Some(raised) = self.raised(query) {
            match reader.fetch(self, &raised) {
                // A first larger page that brings nothing may be the server's way to refuse it.
                Ok(Fetched::Page(page)) if page.new > 0 || self.raise == Raise::Works => {
                    self.raise = Raise::Works;
                    return Ok(Fetched::Page(page));
                }
                Err(error) if self.sink_failed || !is_refusal(&error) => return Err(error),
                Ok(_) | Err(_) => self.raise = Raise::Off,
            }
        }
        reader.fetch(self, query)
    }

    fn next(&mut self, reader: &mut Reader<'_>, page: Page) -> Result<Next, Error> {
        self.cursor = page.last;
        if let Some(next) = page.next {
            self.is_linked = true;
            return Ok(Next::Page(next));
        }
        if self.is_linked {
            let is_repeat = page.entries > page.odd && page.new == 0;
            return Ok(if is_repeat { self.doubt(reader) } else { Next::End });
        }
        if self.is_likely_page(page.entries) {
            self.probe(reader, page.entries)
        } else {
            Ok(Next::End)
        }
    }

    fn count(&self) -> usize {
        self.sink.count()
    }

    fn rewind(&mut self, count: usize) -> bool {
        if count == 0 {
            (self.is_linked, self.cursor) = (false, None);
        }
        self.sink.rewind(count)
    }
}

/// Whether the server said no to a request with any status but those that mean "not now".
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Server { status, .. } => *status != 503,
        Error::NotFound { .. }
        | Error::NotFoundOrPrivate { .. }
        | Error::NoAccess { .. }
        | Error::LoginRefused { .. }
        | Error::CatalogRefused { .. }
        | Error::Forbidden { .. } => true,
        _ => false,
    }
}

/// The query that the answer's `Link` gives for the next page. Its host must be the registry's or
/// the one that answered.
pub(in crate::registry) fn next_query(
    answer: &Answer,
    home: &Origin,
) -> Result<Option<String>, Error> {
    let Some(target) = link::next(answer.headers("link")) else { return Ok(None) };
    let refused = |why: &str| Error::Refused {
        host: answer.host(),
        what: format!("the link to the next page leads to \"{}\": {why}", answer.quoted(&target)),
        hint: "the list is not complete; the registry is misconfigured or hostile".to_owned(),
    };
    let resolved: Url = answer.url().join(&target).map_err(|why| refused(&why.to_string()))?;
    let host = resolved.origin().host();
    if host != answer.url().origin().host() && host != home.host() {
        return Err(refused("another host"));
    }
    Ok(Some(resolved.query().unwrap_or_default().to_owned()))
}

/// Resolves the escapes of a query's value. `None`: it has broken ones.
fn unescaped(value: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(cursor: &str, first: Option<usize>, ask: impl Fn(&Links<'_>) -> T) -> T {
        let url: Url = "https://r.example".parse().unwrap();
        let list = List {
            member: "tags",
            object: String::new(),
            is_entry: |_| true,
            first,
            origin: url.origin(),
        };
        let mut sink: Vec<String> = Vec::new();
        let mut links = Links::new(&list, &mut sink);
        links.cursor = Some(cursor.to_owned());
        ask(&links)
    }

    #[test]
    fn page_sizes_are_raised_beside_the_last_entry_alone() {
        let raised = |query: &str| with("x/1", None, |links| links.raised(query));
        for query in ["last=x%2F1&n=100", "n=50&last=x/1", "last=x%2f1"] {
            let last = query.split('&').find(|parameter| parameter.starts_with("last")).unwrap();
            assert_eq!(raised(query), Some(format!("{last}&n=1000")));
        }
        for query in [
            "",
            "n=100",
            "last=x/1&n=1000",
            "last=x/1&n=5000",
            "last=x/1&n=odd",
            "last=x/1&n=10&n=20",
            "last=x/1&last=x/1",
            "last=x/1&page=2",
            "last=x/1&n=100&",
            "last=x/1;offset=100",
            "last=100&n=100",
            "last=x%2&n=100",
            "next_page=x/1&n=100",
            "n=100&offset=100",
        ] {
            assert_eq!(raised(query), None, "{query}");
        }
        assert_eq!(with("x", Some(9), |links| links.raised("last=x&n=100")), None);
    }

    #[test]
    fn likely_pages() {
        for (entries, first, expected) in [
            (10, None, true),
            (30, None, true),
            (250, None, true),
            (1_000, None, true),
            (0, None, false),
            (7, None, false),
            (1_010, None, false),
            (10_000, None, false),
            (7, Some(7), true),
            (7, Some(8), false),
        ] {
            let found = with("x", first, |links| links.is_likely_page(entries));
            assert_eq!(found, expected, "{entries} {first:?}");
        }
    }
}
