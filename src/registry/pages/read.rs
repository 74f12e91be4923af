//! Reading one page: JSON as a stream, entry by entry, in constant memory.
//!
//! Of the document only the list matters. An entry that is no string, or no entry by the caller's
//! rule, is counted and passed over; a document that is no list at all is an error that says so.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Flow, List, Page, Sink, google};
use crate::error::Error;
use crate::http::{Answer, Failure};
use crate::oci::reference::Tag;

/// The most that is read of one page.
const MAX_PAGE: u64 = 32 * 1024 * 1024;
/// The longest entry that is worth being asked for what follows it.
const MAX_CURSOR: usize = 1_024;

/// Reads a page's document as a stream, passing entries on as they come.
pub(super) fn read_page(
    answer: &mut Answer,
    list: &List,
    page: &mut Page,
    skip: usize,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let (host, is_entry) = (answer.host(), list.is_entry);
    let mut reading =
        Reading { member: list.member, is_entry, page, skip, sink, failed: None, host };
    let reader = BufReader::with_capacity(32 * 1024, answer.reader(MAX_PAGE));
    let outcome = reading.document(reader);
    let (failed, stopped) = (reading.failed.take(), reading.page.stopped);
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

/// The tags in a document of a registry's `tags/list`, and how many entries are none; `None` for
/// a document that is no list. For looking at the reader alone.
pub fn parse_tags(document: &[u8]) -> Option<(Vec<String>, usize)> {
    struct Collect(Vec<String>);
    impl Sink for Collect {
        fn entry(&mut self, entry: &str) -> Result<Flow, Error> {
            self.0.push(entry.to_owned());
            Ok(Flow::New)
        }
    }
    let (mut page, mut sink) = (Page::default(), Collect(Vec::new()));
    let mut reading = Reading {
        member: "tags",
        is_entry: Tag::is_valid,
        page: &mut page,
        skip: 0,
        sink: &mut sink,
        failed: None,
        host: String::new(),
    };
    reading.document(document).ok()?;
    Some((sink.0, page.odd))
}

/// A list that was read again after a cut must begin as it did before: the part that was taken
/// already and the rest would be of two different lists.
pub(super) fn list_changed(host: String) -> Error {
    Error::Answer {
        host,
        what: "the connection broke off, and the list was another one afterwards".to_owned(),
        hint: "try again",
    }
}

fn not_a_list(answer: &Answer) -> Error {
    let content_type = match answer.content_type() {
        text if text.is_empty() => "no content type".to_owned(),
        text => format!("content type {}", crate::system::terminal::server_text(&text)),
    };
    Error::Answer {
        host: answer.host(),
        what: format!("this is not a registry's answer ({content_type})"),
        hint: "is this a container registry? A proxy or login page may stand in between",
    }
}

/// The state while a document is read.
struct Reading<'a> {
    member: &'static str,
    is_entry: fn(&str) -> bool,
    page: &'a mut Page,
    skip: usize,
    sink: &'a mut dyn Sink,
    failed: Option<Error>,
    host: String,
}

impl Reading<'_> {
    fn document(&mut self, reader: impl Read) -> serde_json::Result<()> {
        serde_json::Deserializer::from_reader(reader).deserialize_map(self)
    }

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
        let Some(entry) = entry.filter(|entry| (self.is_entry)(entry)) else {
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
        write!(f, "an object with the member {}", self.member)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == self.member {
                map.next_value_seed(Elements(self))?;
            } else if name == google::MEMBER && self.sink.wants_manifests() {
                map.next_value_seed(google::Manifests(self.sink))?;
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
