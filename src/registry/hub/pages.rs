//! Pages of Docker Hub's lists: `{"count":…,"next":…,"previous":…,"results":[…]}`.
//!
//! Pages have numbers, so they shift while others push: an entry may be lost between two of them,
//! or come twice. What shows it is `count`, which every page has: when it changes on the way, or is
//! not the number of distinct entries in the end, the list is read once more, and then it is an
//! error. `next` is followed to the end, whatever page size the server chose, but only its query is
//! used, on our own path: it can reach nothing new.

use std::fmt;
use std::io::BufReader;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Ask, Hub, not_found};
use crate::error::Error;
use crate::http::{Answer, Failure};
use crate::registry::Sink;
use crate::registry::pages::{
    self, Fetched, MAX_PAGE, Next, Page, Reader, Seen, Source, Transport,
};

/// Entries a page: the most that the API gives.
const PAGE_SIZE: usize = 100;
/// The most entries of one list.
const MAX_ENTRIES: usize = 100_000;
/// The most that is read of one entry.
const MAX_ENTRY: usize = 256 * 1024;

/// Which list to walk.
pub(super) struct List {
    pub(super) path: String,
    /// The first request's query.
    pub(super) query: &'static str,
    /// The list makes no sense without the login.
    pub(super) needs_login: bool,
    /// What is listed, for messages.
    pub(super) object: String,
}

/// Makes an entry of its text and object, and says its name. `None`: it is not one.
pub(in crate::registry) type Read<'a, T> = &'a dyn Fn(&str, &Value) -> Option<(String, T)>;

impl Hub {
    /// Walks all pages. Returns how many entries were left out because they have no name.
    pub(super) fn walk<T>(
        &self,
        list: &List,
        read: Read<'_, T>,
        sink: &mut dyn Sink<T>,
    ) -> Result<usize, Error> {
        let transport = Requests { hub: self, list };
        pages::walk(&transport, &mut Numbered::new(list.query, read, sink))
    }
}

/// The requests for the pages of one list.
struct Requests<'a> {
    hub: &'a Hub,
    list: &'a List,
}

impl Transport for Requests<'_> {
    fn get(
        &self,
        query: &str,
        read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
    ) -> Result<Option<Error>, Error> {
        let Requests { hub, list } = self;
        let (further, needs_login) = (query != list.query, list.needs_login);
        let ask = Ask { path: &list.path, query, further, needs_login };
        let is_there = hub.get(&ask, read)?;
        Ok((!is_there).then(|| not_found(&list.object)))
    }

    fn host(&self) -> String {
        self.hub.host()
    }

    fn warn(&self, text: &str) {
        self.hub.client.reporter().warn(text);
    }
}

/// A list whose pages are numbered.
pub(in crate::registry) struct Numbered<'a, T> {
    read: Read<'a, T>,
    sink: &'a mut dyn Sink<T>,
    first_query: &'static str,
    /// How many entries there are, by the pages so far.
    total: Option<u64>,
}

impl<'a, T> Numbered<'a, T> {
    pub(in crate::registry) fn new(
        first_query: &'static str,
        read: Read<'a, T>,
        sink: &'a mut dyn Sink<T>,
    ) -> Self {
        Numbered { read, sink, first_query, total: None }
    }
}

impl<T> Source for Numbered<'_, T> {
    fn first_query(&self) -> String {
        self.first_query.to_owned()
    }

    fn read(
        &mut self,
        answer: &mut Answer,
        page: &mut Page,
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        let mut reading = Reading { source: self, page, seen, next: None, failed: None };
        let reader = BufReader::with_capacity(32 * 1024, answer.reader(MAX_PAGE));
        let outcome = reading.document(reader);
        let Reading { page, next, failed, .. } = reading;
        match (outcome, failed) {
            (Ok(()), _) => {}
            (Err(_), _) if page.stopped => return Ok(()),
            (Err(_), Some(error)) => return Err(error.into()),
            (Err(error), None) if error.is_io() => {
                return Err(answer.body_failure(error.into(), MAX_PAGE, "a page of the list"));
            }
            (Err(error), None) if error.is_eof() && answer.ends_with_connection() => {
                return Err(answer.cut_short());
            }
            (Err(_), None) => return Err(not_a_page(answer).into()),
        }
        page.next = next.map(|next| next_query(answer, &next)).transpose()?;
        Ok(())
    }

    fn page(&mut self, reader: &mut Reader<'_>, query: &str) -> Result<Fetched, Error> {
        reader.fetch(self, query)
    }

    fn next(&mut self, reader: &mut Reader<'_>, page: Page) -> Result<Next, Error> {
        let entries = reader.totals.entries;
        if entries > MAX_ENTRIES {
            let limit = format!("{MAX_ENTRIES} entries");
            let host = reader.transport.host();
            return Err(Error::TooLarge { host, what: "the list", limit });
        }
        if reader.totals.pages > 1 && page.total != self.total {
            return Ok(Next::Changed(reader.changed()));
        }
        self.total = page.total;
        if let Some(next) = page.next {
            return Ok(Next::Page(next));
        }
        let distinct = reader.seen.len() + reader.totals.odd;
        let is_whole = match self.total {
            Some(total) => u64::try_from(distinct) == Ok(total),
            // Nothing says how many there are: a full page may be a part, and what comes twice shows
            // that the pages shifted.
            None => {
                let is_single = reader.totals.pages == 1;
                page.entries < PAGE_SIZE && (is_single || distinct == entries)
            }
        };
        Ok(if is_whole { Next::End } else { Next::Changed(reader.changed()) })
    }

    fn count(&self) -> usize {
        self.sink.count()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.sink.rewind(count)
    }
}

/// The query of the next page, which must be on the API's own host.
fn next_query(answer: &Answer, next: &str) -> Result<String, Error> {
    let refused = |why: &str| Error::Refused {
        host: answer.host(),
        what: format!("the link to the next page leads to \"{}\": {why}", answer.quoted(next)),
        hint: "the list is not complete; check hub-api in the profile".to_owned(),
    };
    let target = answer.url().join(next).map_err(|why| refused(&why.to_string()))?;
    if target.origin().host() != answer.url().origin().host() {
        return Err(refused("another host"));
    }
    Ok(target.query().unwrap_or_default().to_owned())
}

fn not_a_page(answer: &Answer) -> Error {
    Error::Answer {
        host: answer.host(),
        what: "the response is not a page of a list".to_owned(),
        hint: "is this Docker Hub's API? A proxy or login page may be answering",
    }
}

/// The state while a page is read.
struct Reading<'r, 's, T> {
    source: &'r mut Numbered<'s, T>,
    page: &'r mut Page,
    seen: &'r mut Seen,
    next: Option<String>,
    /// The sink's own error.
    failed: Option<Error>,
}

impl<T> Reading<'_, '_, T> {
    fn document(&mut self, reader: impl std::io::Read) -> serde_json::Result<()> {
        let mut deserializer = serde_json::Deserializer::from_reader(reader);
        deserializer.deserialize_map(&mut *self)?;
        deserializer.end()
    }

    fn entry<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        self.page.entries += 1;
        let text = Some(text).filter(|text| text.len() <= MAX_ENTRY);
        let object = text.and_then(|text| Some((text, serde_json::from_str::<Value>(text).ok()?)));
        let entry = object.and_then(|(text, object)| (self.source.read)(text, &object));
        let Some((name, entry)) = entry else {
            self.page.odd += 1;
            return Ok(());
        };
        if !self.page.add(self.seen, &name) {
            return Ok(());
        }
        match self.source.sink.entry(&entry) {
            Ok(ControlFlow::Continue(())) => Ok(()),
            Ok(ControlFlow::Break(())) => {
                self.page.stopped = true;
                Err(E::custom("enough"))
            }
            Err(error) => {
                self.failed = Some(error);
                Err(E::custom("failed"))
            }
        }
    }
}

impl<'de, T> Visitor<'de> for &mut Reading<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a page of a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut has_results = false;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "results" if has_results => return Err(serde::de::Error::custom("two lists")),
                "results" => {
                    map.next_value_seed(Results(&mut *self))?;
                    has_results = true;
                }
                "count" => self.page.total = number(&map.next_value::<Box<RawValue>>()?),
                "next" => {
                    let next = map.next_value::<Option<String>>()?;
                    self.next = next.filter(|next| !next.is_empty());
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if has_results { Ok(()) } else { Err(serde::de::Error::custom("no list")) }
    }
}

/// The entries of a page.
struct Results<'x, 'r, 's, T>(&'x mut Reading<'r, 's, T>);

impl<'de, T> DeserializeSeed<'de> for Results<'_, '_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T> Visitor<'de> for Results<'_, '_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(text) = list.next_element::<Box<RawValue>>()? {
            self.0.entry(text.get())?;
        }
        Ok(())
    }
}

fn number(text: &RawValue) -> Option<u64> {
    text.get().parse().ok()
}
