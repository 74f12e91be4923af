//! JSON as Go's `encoding/json` reads it, where that differs from serde's habits.
//!
//! docker's configuration is decoded by Go, and a login is found or lost by Go's rules: field
//! names match in any case, a later field overrides an earlier one, what follows the first
//! value is ignored. So the text is read into a tree that keeps the order and the repetitions
//! of its members, and the callers decide. Messages never quote a value: it may be a secret.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value; numbers and booleans are only recognised, nobody here needs them.
pub(super) enum Json {
    Null,
    Bool,
    Number,
    Text(String),
    List(Vec<Json>),
    /// The members in the order of the file, repeated names included.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The kind of value, for messages: `a string`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool => "a boolean",
            Json::Number => "a number",
            Json::Text(_) => "a string",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

/// Parses the first value of a text. `None` when there is nothing but blanks.
///
/// Also gives what follows the value. The error says what is wrong and where, and quotes nothing.
/// Nesting deeper than 128 is an error.
pub(super) fn parse_first(text: &str) -> Result<Option<(Json, &str)>, String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    match values.next() {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some((value, text.get(values.byte_offset()..).unwrap_or_default()))),
        Some(Err(error)) => Err(error.to_string()),
    }
}

/// Whether a member's name means a struct's field: equal under Unicode's simple case folding.
///
/// All our fields are ASCII, and just two other characters fold to ASCII letters.
pub(super) fn is_field(name: &str, field: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(field.chars().map(fold))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Bool)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, is_field, parse_first};

    #[test]
    fn reads_the_first_value_only() {
        let (value, rest) = parse_first(r#" {"b":1,"a":"x","b":null} tail"#).unwrap().unwrap();
        let Json::Object(members) = value else { panic!("not an object") };
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b"]);
        assert_eq!(rest, " tail");
        assert!(parse_first(" \n").unwrap().is_none());
    }

    #[test]
    fn errors_quote_nothing() {
        let deep = "[".repeat(100_000);
        for text in ["{\"a\":\"secret\",}", "\u{feff}{}", "{\"a\":\"secret", "secret", &deep] {
            let error = parse_first(text).err().expect(text);
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn folds_names_as_go_does() {
        assert!(is_field("AUTHS", "auths") && is_field("auth\u{17f}", "auths"));
        assert!(is_field("to\u{212a}en", "token"));
        assert!(!is_field("auth", "auths") && !is_field("auths ", "auths"));
    }
}
