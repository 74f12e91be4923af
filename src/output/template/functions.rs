//! The functions of templates: Go's builtins and docker's.
//!
//! [`FUNCTIONS`] is the whole list; a new function is one more line there. Docker's functions want
//! strings in Go because docker's columns are strings; ours are raw values, so any value will do
//! and its text is taken. What is not known stays so (`null` in, `null` out).

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::text::{is_true, raw, text, type_name};

/// A function that templates can call. `and`, `or`, `json` and `printf` are the evaluator's own.
#[derive(Debug)]
pub(super) struct Function {
    pub name: &'static str,
    /// The fewest and the most arguments.
    arguments: (usize, usize),
    pub call: fn(&[Value]) -> Result<Value, String>,
}

const MANY: usize = usize::MAX;

macro_rules! functions {
    ($($name:literal, $least:expr, $most:expr, $call:expr;)*) => {
        &[$(Function { name: $name, arguments: ($least, $most), call: $call }),*]
    };
}

static FUNCTIONS: &[Function] = functions! {
    "and", 1, MANY, |_| Ok(Value::Null);
    "eq", 2, MANY, eq;
    "ge", 2, 2, |a| compare(a, Ordering::is_ge);
    "gt", 2, 2, |a| compare(a, Ordering::is_gt);
    "html", 1, MANY, |a| Ok(html(&print(a)).into());
    "index", 1, MANY, index;
    "join", 2, 2, join;
    "json", 1, 1, |_| Ok(Value::Null);
    "le", 2, 2, |a| compare(a, Ordering::is_le);
    "len", 1, 1, len;
    "lower", 1, 1, |a| on_text(a, |text| each_char(text, char::to_lowercase));
    "lt", 2, 2, |a| compare(a, Ordering::is_lt);
    "ne", 2, 2, |a| Ok((!equal(&a[0], &a[1])?).into());
    "not", 1, 1, |a| Ok((!is_true(&a[0])).into());
    "or", 1, MANY, |_| Ok(Value::Null);
    "pad", 3, 3, pad;
    "print", 0, MANY, |a| Ok(print(a).into());
    "printf", 1, MANY, |_| Ok(Value::Null);
    "println", 0, MANY, |a| Ok((a.iter().map(text).collect::<Vec<_>>().join(" ") + "\n").into());
    "slice", 1, 3, slice;
    "split", 2, 2, split;
    "title", 1, 1, |a| on_text(a, title);
    "truncate", 2, 2, truncate;
    "upper", 1, 1, |a| on_text(a, |text| each_char(text, char::to_uppercase));
    "urlquery", 1, MANY, |a| Ok(urlquery(&print(a)).into());
};

pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl Function {
    pub(super) fn check(&self, count: usize) -> Result<(), String> {
        let (least, most) = self.arguments;
        if (least..=most).contains(&count) {
            return Ok(());
        }
        let want = if count < least { format!("at least {least}") } else { most.to_string() };
        Err(format!("wrong number of arguments for {}: want {want}, got {count}", self.name))
    }
}

/// Two values of one kind in order; `None` where Go does not compare them.
fn order(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(Some(raw(a).cmp(&raw(b)))),
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            Some(a.as_f64()?.partial_cmp(&b.as_f64()?))
        }
        (Value::Number(a), Value::Number(b)) => {
            let whole = |n: &serde_json::Number| {
                n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from))
            };
            Some(Some(whole(a)?.cmp(&whole(b)?)))
        }
        _ => None,
    }
}

fn incompatible(a: &Value, b: &Value) -> String {
    format!("cannot compare a {} with a {}", type_name(a), type_name(b))
}

fn equal(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Ok(a == b),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        _ => order(a, b).map(|order| order == Some(Ordering::Equal)).ok_or(incompatible(a, b)),
    }
}

fn eq(arguments: &[Value]) -> Result<Value, String> {
    for other in &arguments[1..] {
        if equal(&arguments[0], other)? {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn compare(arguments: &[Value], wanted: fn(Ordering) -> bool) -> Result<Value, String> {
    match (&arguments[0], &arguments[1]) {
        // What is not known is neither more nor less than anything.
        (Value::Null, _) | (_, Value::Null) => Ok(false.into()),
        (a, b) => {
            let order = order(a, b).ok_or_else(|| incompatible(a, b))?;
            Ok(order.is_some_and(wanted).into())
        }
    }
}

fn len(arguments: &[Value]) -> Result<Value, String> {
    Ok(match &arguments[0] {
        Value::Null => 0,
        Value::String(text) => raw(text).len(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        other => return Err(format!("a {} has no length", type_name(other))),
    }
    .into())
}

fn index(arguments: &[Value]) -> Result<Value, String> {
    let mut value = arguments[0].clone();
    for key in &arguments[1..] {
        let position = || {
            let wrong = || format!("cannot index a {} with {}", type_name(&value), text(key));
            key.as_i64().ok_or_else(wrong)
        };
        let outside = |at: i64| format!("index out of range: {at}");
        value = match &value {
            Value::Null => Value::Null,
            Value::Array(items) => {
                let at = position()?;
                let item = usize::try_from(at).ok().and_then(|at| items.get(at));
                item.cloned().ok_or_else(|| outside(at))?
            }
            Value::String(text) => {
                let at = position()?;
                let byte = usize::try_from(at).ok().and_then(|at| raw(text).bytes().nth(at));
                byte.ok_or_else(|| outside(at))?.into()
            }
            Value::Object(members) => {
                let name = key.as_str().ok_or("a map's key must be a string")?;
                // As Go's map[string]string: what is not there is the empty string.
                let strings = members.values().all(Value::is_string);
                let missing = if strings { "".into() } else { Value::Null };
                members.get(name).cloned().unwrap_or(missing)
            }
            other => return Err(format!("can't index a {}", type_name(other))),
        };
    }
    Ok(value)
}

fn slice(arguments: &[Value]) -> Result<Value, String> {
    let value = &arguments[0];
    let len = match value {
        Value::Null => return Ok(Value::Null),
        Value::String(text) => text.len(),
        Value::Array(items) => items.len(),
        other => return Err(format!("can't slice a {}", type_name(other))),
    };
    let bound = |argument: usize, default: usize| {
        let Some(at) = arguments.get(argument) else { return Ok(default) };
        let bound = at.as_u64().and_then(|at| usize::try_from(at).ok()).filter(|at| *at <= len);
        bound.ok_or_else(|| format!("index out of range: {}", text(at)))
    };
    let (start, end) = (bound(1, 0)?, bound(2, len)?);
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    match value {
        Value::Array(items) => Ok(items[start..end].to_vec().into()),
        other => {
            let part = other.as_str().and_then(|text| text.get(start..end));
            part.map(Value::from).ok_or_else(|| "inside a character".to_owned())
        }
    }
}

/// The items in a row, or a map's values in order.
fn join(arguments: &[Value]) -> Result<Value, String> {
    let mut parts: Vec<Cow<'_, str>> = match &arguments[0] {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Object(members) => members.values().map(text).collect(),
        other => return Err(format!("expected a list, not a {}", type_name(other))),
    };
    if arguments[0].is_object() {
        parts.sort();
    }
    Ok(parts.join(&text(&arguments[1])).into())
}

fn split(arguments: &[Value]) -> Result<Value, String> {
    if arguments[0].is_null() {
        return Ok(Value::Null);
    }
    let (text, separator) = (text(&arguments[0]), text(&arguments[1]));
    if separator.is_empty() {
        return Ok(text.chars().map(String::from).collect::<Vec<_>>().into());
    }
    Ok(text.split(separator.as_ref()).collect::<Vec<_>>().into())
}

fn on_text(arguments: &[Value], change: impl Fn(&str) -> String) -> Result<Value, String> {
    let value = &arguments[0];
    Ok(if value.is_null() { Value::Null } else { change(&text(value)).into() })
}

/// Changes each character for one other, as Go does: `ß` has no single capital and stays.
fn each_char<I: ExactSizeIterator<Item = char>>(text: &str, change: fn(char) -> I) -> String {
    let one = |c: char| {
        let mut changed = change(c);
        if changed.len() == 1 || c == 'İ' { changed.next().unwrap_or(c) } else { c }
    };
    text.chars().map(one).collect()
}

/// `strings.Title`: the first character of each word in upper case.
fn title(text: &str) -> String {
    let mut start = true;
    let mut titled = String::with_capacity(text.len());
    for c in text.chars() {
        let part = if start {
            each_char(c.encode_utf8(&mut [0; 4]), char::to_uppercase)
        } else {
            c.into()
        };
        titled.push_str(&part);
        start =
            if c.is_ascii() { !c.is_ascii_alphanumeric() && c != '_' } else { c.is_whitespace() };
    }
    titled
}

fn count(value: &Value, most: usize) -> Result<usize, String> {
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    count.filter(|count| *count <= most).ok_or_else(|| format!("{} is out of range", text(value)))
}

/// `pad TEXT BEFORE AFTER`: blanks around a text that is not empty.
fn pad(arguments: &[Value]) -> Result<Value, String> {
    let (before, after) = (count(&arguments[1], 10_000)?, count(&arguments[2], 10_000)?);
    let text = text(&arguments[0]);
    Ok(if text.is_empty() {
        "".into()
    } else {
        format!("{:before$}{text}{:after$}", "", "").into()
    })
}

/// `truncate TEXT LENGTH`: at most LENGTH characters. (Docker counts bytes and may cut one in two.)
fn truncate(arguments: &[Value]) -> Result<Value, String> {
    let length = count(&arguments[1], MANY)?;
    on_text(arguments, |text| text.chars().take(length).collect())
}

/// As Go's `fmt.Sprint`: a space between two values of which neither is a string.
fn print(arguments: &[Value]) -> String {
    let mut out = String::new();
    for (index, value) in arguments.iter().enumerate() {
        if index > 0 && !value.is_string() && !arguments[index - 1].is_string() {
            out.push(' ');
        }
        out.push_str(&text(value));
    }
    out
}

fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn urlquery(text: &str) -> String {
    let mut out = String::new();
    for byte in raw(text).bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
