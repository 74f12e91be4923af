//! JSON as documents of a registry need it: nothing is lost that makes a document ambiguous.
//!
//! The usual map keeps one of two members with the same name, and which one differs from reader to
//! reader: a server can thus show one document to a scanner and another to the one who runs it
//! (CVE-2021-41190 was of this kind). Here both are kept, and asking for such a member is an
//! error. Go's readers, which are most, take names without regard to case; so do these.
//! Numbers matter only as sizes; anything but a whole number up to 2^53 is kept as odd.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::ManifestError;

/// The most values in one document: bounds the memory that a few megabytes of `[[],[],…]` take.
const MAX_VALUES: usize = 200_000;
/// The largest whole number that all JSON readers agree on.
const MAX_INTEGER: u64 = 1 << 53;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Integer(u64),
    OddNumber,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses a whole text. Fails on what is not JSON, nests deeper than 127, or has too many values.
    pub(super) fn parse(bytes: &[u8]) -> Result<Json, ManifestError> {
        let read = |bytes: &[u8]| {
            let count = Cell::new(0);
            let mut source = serde_json::Deserializer::from_slice(bytes);
            let json = Seed(&count).deserialize(&mut source);
            json.and_then(|json| source.end().map(|()| json))
        };
        read(bytes)
            .or_else(|error| without_huge_numbers(bytes).map_or(Err(error), |bytes| read(&bytes)))
            .map_err(|error| ManifestError::NotJson(error.to_string()))
    }

    /// The member of an object; `null` counts as missing. An error when it is there twice.
    pub(super) fn get(&self, name: &str) -> Result<Option<&Json>, ManifestError> {
        let mut found = self.members(name);
        let first = found.next();
        match found.next() {
            Some(_) => Err(ManifestError::Ambiguous(format!("more than one {name:?}"))),
            None => Ok(first.filter(|json| **json != Json::Null)),
        }
    }

    /// The last member of that name, as Go's reader takes it; `null` counts as missing.
    pub(super) fn last(&self, name: &str) -> Option<&Json> {
        self.members(name).last().filter(|json| **json != Json::Null)
    }

    fn members<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Json> + use<'a, 'n> {
        let members = match self {
            Json::Object(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, json)| json)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<u64> {
        match self {
            Json::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Json]> {
        match self {
            Json::List(list) => Some(list),
            _ => None,
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self, Json::Object(_))
    }

    /// The names of an object's members, sorted, each once.
    pub(super) fn keys(&self) -> Vec<String> {
        let Json::Object(members) = self else { return Vec::new() };
        let mut keys: Vec<String> = members.iter().map(|(key, _)| key.clone()).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// An object as a map of texts. A `null` is the empty text, as Go reads it; what is neither
    /// is left out.
    pub(super) fn text_map(&self) -> Option<BTreeMap<String, String>> {
        let Json::Object(members) = self else { return None };
        let text = |json: &Json| match json {
            Json::Null => Some(String::new()),
            other => other.text().map(str::to_owned),
        };
        Some(members.iter().filter_map(|(key, json)| Some((key.clone(), text(json)?))).collect())
    }

    /// A list as texts. A `null` is the empty text, as Go reads it; what is neither is left out.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        let text = |json: &Json| match json {
            Json::Null => Some(String::new()),
            other => other.text().map(str::to_owned),
        };
        Some(self.list()?.iter().filter_map(text).collect())
    }
}

/// The document with `null` for each number that no float can hold, such as `1e400`: JSON allows
/// them, serde_json refuses the document. `None` when there is none.
pub(crate) fn without_huge_numbers(json: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut inside, mut escaped, mut kept, mut at) = (false, false, 0, 0);
    while let Some(&byte) = json.get(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'-' | b'0'..=b'9' if !inside => {
                let is_digit =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                let end = at + json[at..].iter().take_while(|byte| is_digit(byte)).count();
                let number = std::str::from_utf8(&json[at..end]).ok()?.parse::<f64>();
                if number.is_ok_and(f64::is_infinite) {
                    out.extend_from_slice(&json[kept..at]);
                    out.extend_from_slice(b"null");
                    kept = end;
                }
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    out.extend_from_slice(&json[kept..]);
    (kept > 0).then_some(out)
}

/// Builds a [`Json`] and counts the values while it does.
struct Seed<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Json, D::Error> {
        self.0.set(self.0.get() + 1);
        if self.0.get() > MAX_VALUES {
            return Err(D::Error::custom("too many values"));
        }
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(if value <= MAX_INTEGER { Json::Integer(value) } else { Json::OddNumber })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::OddNumber)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::OddNumber)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(json) = access.next_element_seed(Seed(self.0))? {
            list.push(json);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            members.push((key, access.next_value_seed(Seed(self.0))?));
        }
        Ok(Json::Object(members))
    }
}
