//! Reading one page: JSON as a stream, entry by entry, in constant memory.
//!
//! Of the document only the list matters. An entry that is no string, or no entry by the caller's
//! rule, is counted and passed over; a document that is no list at all is an error that says so.

use std::fmt;
use std::io::BufReader;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Flow, List, Page, Sink, google};
use crate::error::Error;
use crate::http::{Answer, Failure};

/// The most that is read of one page.
const MAX_PAGE: u64 = 32 * 1024 * 1024;

/// Reads a page's document as a stream, passing entries on as they come.
pub(super) fn read_page(
    answer: &mut Answer,
    list: &List,
    page: &mut Page,
    skip: usize,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut reading = Reading { list, page, skip, sink, failed: None };
    let reader = BufReader::with_capacity(32 * 1024, answer.reader(MAX_PAGE));
    let mut json = serde_json::Deserializer::from_reader(reader);
    let outcome = json.deserialize_map(&mut reading);
    let (failed, stopped) = (reading.failed.take(), reading.page.stopped);
    drop(json);
    match outcome {
        Ok(()) => Ok(()),
        Err(_) if stopped => Ok(()),
        Err(error) => match failed {
            Some(error) => Err(error.into()),
            None if error.is_io() => {
                Err(answer.body_failure(error.into(), MAX_PAGE, "a page of the list"))
            }
            None => Err(not_a_list(answer).into()),
        },
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
}

impl Reading<'_> {
    /// Takes one element of the list; `None` is one that is no string.
    fn take<E: serde::de::Error>(&mut self, entry: Option<&str>) -> Result<(), E> {
        self.page.entries += 1;
        if self.page.entries <= self.skip {
            return Ok(());
        }
        if let Some(text) = entry {
            self.page.last = Some(text.to_owned());
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
