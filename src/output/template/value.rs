//! What a template computes with: Go's values, and who wrote each text.
//!
//! Text is either [foreign](Value::Foreign) (it came from a row, so from a server) or
//! [ours](Value::Text) (the user's template says so, or a function made it from sanitised parts).
//! Whatever turns a value into text sanitises the foreign ones, so that a label cannot print a line
//! feed while `{{"\n"}}` can. Comparing, indexing and JSON work on the real text.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use crate::system::terminal::sanitize;

/// A field's or an entry's name.
pub(super) type Key = Cow<'static, str>;

/// A value; cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing: JSON's `null`, or an entry that a map does not have.
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// Any whole number.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// Text from a row, to be sanitised before it is printed.
    Foreign(Arc<str>),
    /// Text that is safe, or the user's own, as it is.
    Text(Arc<str>),
    /// A list.
    List(Arc<[Value]>),
    /// A map, sorted by key.
    Map(Arc<[(Key, Value)]>),
    /// A record whose names are fixed, in their order.
    Struct(Arc<[(Key, Value)]>),
}

impl Value {
    /// Text of our own.
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        Value::Text(text.into())
    }

    /// Text from a row.
    pub(super) fn foreign(text: impl Into<Arc<str>>) -> Self {
        Value::Foreign(text.into())
    }

    /// A map of these entries, in any order.
    pub(super) fn map(mut entries: Vec<(Key, Value)>) -> Self {
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Value::Map(entries.into())
    }

    /// The text of a string, unsanitised: for comparing and looking up only.
    pub(super) fn raw(&self) -> Option<&str> {
        match self {
            Value::Foreign(text) | Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A field or an entry.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Map(entries) | Value::Struct(entries) => {
                entries.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Whether Go calls this true: neither zero nor empty nor nothing.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Foreign(text) | Value::Text(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(entries) => !entries.is_empty(),
            Value::Struct(_) => true,
        }
    }

    /// What Go calls its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float64",
            Value::Foreign(_) | Value::Text(_) => "string",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Struct(_) => "struct",
        }
    }

    /// The value as an action prints it: safe, as Go's `%v` words it.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Value::Nil => Cow::Borrowed("<no value>"),
            Value::Foreign(text) => sanitize(text),
            Value::Text(text) => Cow::Borrowed(text),
            other => {
                let mut out = String::new();
                other.print(&mut out);
                Cow::Owned(out)
            }
        }
    }

    /// Appends the value in Go's `%v` form, as it stands inside a list or a map.
    fn print(&self, out: &mut String) {
        match self {
            Value::Nil => out.push_str("<nil>"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Int(value) => {
                write!(out, "{value}").expect("writing to a String cannot fail");
            }
            Value::Float(value) => out.push_str(&float(*value)),
            Value::Foreign(_) | Value::Text(_) => out.push_str(&self.to_text()),
            _ => self.print_parts(out, |value, out| value.print(out)),
        }
    }

    /// Appends a list, map or record with Go's brackets, its parts written by `print`.
    pub(super) fn print_parts(&self, out: &mut String, mut print: impl FnMut(&Value, &mut String)) {
        let space = |index: usize, out: &mut String| {
            if index > 0 {
                out.push(' ');
            }
        };
        match self {
            Value::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    space(index, out);
                    print(item, out);
                }
                out.push(']');
            }
            Value::Map(entries) => {
                out.push_str("map[");
                for (index, (key, value)) in entries.iter().enumerate() {
                    space(index, out);
                    print(&Value::foreign(key.as_ref()), out);
                    out.push(':');
                    print(value, out);
                }
                out.push(']');
            }
            Value::Struct(entries) => {
                out.push('{');
                for (index, (_, value)) in entries.iter().enumerate() {
                    space(index, out);
                    print(value, out);
                }
                out.push('}');
            }
            _ => {}
        }
    }
}

/// A float as Go's `%v` prints it: the shortest form, with an exponent when it is below 1e-4 or
/// not below 1e21.
pub(super) fn float(value: f64) -> String {
    let size = value.abs();
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        _ if value.is_infinite() => if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
        _ if size == 0.0 || (1e-4..1e21).contains(&size) => format!("{value}"),
        _ => exponent(&format!("{value:e}")),
    }
}

/// Rust's `1e-7` as Go writes it: `1e-07`.
pub(super) fn exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once('e') else { return text.to_owned() };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Nil => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i128(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Foreign(text) | Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Value::Map(entries) | Value::Struct(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}
