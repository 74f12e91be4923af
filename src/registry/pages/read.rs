//! Reading one page: JSON entry by entry, as a stream in constant memory where entries are printed
//! as they come or are very many, else from a slice, which is three times as fast.
//!
//! A page is one object, and nothing behind it, with the list among its members: an array, or null
//! for an empty one. Everything else is not a list, which is an error and never an empty page. An entry
//! that is not a string, or no entry by the caller's rule, is counted and passed over.

use std::fmt;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::sync::Mutex;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{List, Page, Seen, Sink, google};
use crate::error::Error;
use crate::http::{Answer, Failure};
use crate::oci::reference::Tag;

/// The most that is read of one page.
pub(in crate::registry) const MAX_PAGE: u64 = 32 * 1024 * 1024;
/// The longest entry that is worth being asked for what follows it.
const MAX_CURSOR: usize = 1_024;

/// Pages of up to this size are read whole before they are parsed: 100,000 tags.
const WHOLE: u64 = 2 * 1024 * 1024;
/// One at a time in the whole program: held side by side they would add up.
static WHOLE_PAGE: Mutex<()> = Mutex::new(());

/// Reads a page's document, passing entries on as they come, if there is a sink.
pub(super) fn read_page<'s>(
    answer: &mut Answer,
    list: &List<'_>,
    page: &mut Page,
    seen: &mut Seen,
    sink: Option<&mut (dyn Sink + 's)>,
    sink_failed: &mut bool,
) -> Result<(), Failure> {
    let is_streamed = sink.as_ref().is_some_and(|sink| sink.is_streamed());
    let turn = WHOLE_PAGE.try_lock().ok().filter(|_| !is_streamed);
    let most = if turn.is_some() { WHOLE } else { 0 };
    let mut reading = Reading::new(list.member, list.is_entry, page, seen, sink);
    let outcome = {
        let (mut start, mut rest) = (Vec::new(), answer.reader(MAX_PAGE));
        match rest.by_ref().take(most).read_to_end(&mut start) {
            Ok(length) if (length as u64) < most => {
                reading.document(serde_json::Deserializer::from_slice(&start))
            }
            // What came before the connection broke off counts: the next attempt must not tell less.
            Err(error) => {
                let _ = reading.document(serde_json::Deserializer::from_slice(&start));
                Err(serde_json::Error::io(error))
            }
            Ok(_) => {
                let reader = BufReader::with_capacity(32 * 1024, start.chain(rest));
                reading.document(serde_json::Deserializer::from_reader(reader))
            }
        }
    };
    let Reading { failed, page, .. } = reading;
    match (outcome, failed) {
        (Ok(()), _) => Ok(()),
        (Err(_), _) if page.stopped => Ok(()),
        (Err(_), Some(Fault::Sink(error))) => {
            *sink_failed = true;
            Err(error.into())
        }
        (Err(_), Some(Fault::Shape(why))) => Err(not_a_list(answer, why).into()),
        (Err(error), None) => Err(document_failure(answer, error, "a page of the list")),
    }
}

/// What an error of the parser means: a body that is cut short, or is not a list.
pub(in crate::registry) fn document_failure(
    answer: &Answer,
    error: serde_json::Error,
    what: &'static str,
) -> Failure {
    if error.is_io() {
        return answer.body_failure(error.into(), MAX_PAGE, what);
    }
    // Nothing but the document itself says that more should have come.
    if error.is_eof() && answer.ends_with_connection() && answer.bytes_read() > 0 {
        return answer.cut_short();
    }
    not_a_list(answer, "").into()
}

/// The tags in a document of a registry's `tags/list`, and how many entries are not tags; `None` for
/// a document that is not a list. For looking at the reader alone.
pub fn parse_tags(document: &[u8]) -> Option<(Vec<String>, usize)> {
    let (mut page, mut seen, mut sink) = (Page::default(), Seen::default(), Vec::<String>::new());
    let mut reading = Reading::new("tags", Tag::is_valid, &mut page, &mut seen, Some(&mut sink));
    reading.document(serde_json::Deserializer::from_slice(document)).ok()?;
    Some((sink, page.odd))
}

fn not_a_list(answer: &Answer, why: &str) -> Error {
    let content_type = match answer.content_type() {
        text if text.is_empty() => "no content type".to_owned(),
        text => format!("content type {}", crate::system::terminal::server_text(&text)),
    };
    let why = if why.is_empty() { String::new() } else { format!("{why}, ") };
    Error::Answer {
        host: answer.host(),
        what: format!("this is not a registry's response ({why}{content_type})"),
        hint: "is this a container registry? A proxy or login page may be answering",
    }
}

/// Why a document is read no further.
enum Fault {
    /// The sink's own error.
    Sink(Error),
    /// It is not a list.
    Shape(&'static str),
}

/// The state while a document is read.
struct Reading<'a, 's> {
    member: &'static str,
    is_entry: fn(&str) -> bool,
    page: &'a mut Page,
    seen: &'a mut Seen,
    sink: Option<&'a mut (dyn Sink + 's)>,
    failed: Option<Fault>,
    has_list: bool,
}

impl<'a, 's> Reading<'a, 's> {
    fn new(
        member: &'static str,
        is_entry: fn(&str) -> bool,
        page: &'a mut Page,
        seen: &'a mut Seen,
        sink: Option<&'a mut (dyn Sink + 's)>,
    ) -> Self {
        Reading { member, is_entry, page, seen, sink, failed: None, has_list: false }
    }

    fn document<'de, R: serde_json::de::Read<'de>>(
        &mut self,
        mut deserializer: serde_json::Deserializer<R>,
    ) -> serde_json::Result<()> {
        deserializer.deserialize_map(&mut *self)?;
        deserializer.end()?;
        if self.has_list { Ok(()) } else { Err(self.no_list("it has no list")) }
    }

    fn no_list<E: serde::de::Error>(&mut self, why: &'static str) -> E {
        self.failed = Some(Fault::Shape(why));
        E::custom(why)
    }

    /// Receives one element of the list; `None` is one that is not a string.
    fn element<E: serde::de::Error>(&mut self, entry: Option<&str>) -> Result<(), E> {
        self.page.entries += 1;
        if let Some(text) = entry.filter(|text| text.len() <= MAX_CURSOR) {
            let last = self.page.last.get_or_insert_default();
            last.clear();
            last.push_str(text);
        }
        let Some(entry) = entry.filter(|entry| (self.is_entry)(entry)) else {
            self.page.odd += 1;
            return Ok(());
        };
        let Some(sink) = &mut self.sink else { return Ok(()) };
        if !self.page.add(self.seen, entry) {
            return Ok(());
        }
        match sink.entry(entry) {
            Ok(ControlFlow::Continue(())) => Ok(()),
            Ok(ControlFlow::Break(())) => {
                self.page.stopped = true;
                Err(E::custom("enough"))
            }
            Err(error) => {
                self.failed = Some(Fault::Sink(error));
                Err(E::custom("failed"))
            }
        }
    }
}

/// The document: an object with the list among its members.
impl<'de> Visitor<'de> for &mut Reading<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "an object with the member {}", self.member)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == self.member {
                if std::mem::replace(&mut self.has_list, true) {
                    return Err(self.no_list("it has two lists"));
                }
                map.next_value_seed(Elements(self))?;
            } else if name == "errors" {
                if !map.next_value_seed(IsEmpty)? {
                    return Err(self.no_list("it holds errors"));
                }
            } else if let Some(sink) = &mut self.sink
                && name == google::MEMBER
                && sink.wants_manifests()
            {
                map.next_value_seed(google::Manifests(&mut **sink))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Whether a value is null or holds nothing.
struct IsEmpty;

impl<'de> DeserializeSeed<'de> for IsEmpty {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        let value: Box<serde_json::value::RawValue> =
            serde::Deserialize::deserialize(deserializer)?;
        Ok(["null", "[]", "{}"].contains(&value.get().replace(' ', "").as_str()))
    }
}

/// The list itself: an array, or `null` for an empty one.
struct Elements<'r, 'a, 's>(&'r mut Reading<'a, 's>);

impl<'de> DeserializeSeed<'de> for Elements<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_, '_> {
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

/// One element: a string, or a plain value, which is odd but no reason to fail.
struct Element<'r, 'a, 's>(&'r mut Reading<'a, 's>);

impl<'de> DeserializeSeed<'de> for Element<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.0.element(Some(text))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.0.element(None)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.0.element(None)
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.0.element(None)
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.0.element(None)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.0.element(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.0.no_list("a list is among its entries"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.0.no_list("an object is among its entries"))
    }
}
