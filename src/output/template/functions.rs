//! The functions of templates: Go's builtins and docker's.
//!
//! [`FUNCTIONS`] is the whole list; a new function is one more line there. Docker's functions want
//! strings in Go because docker's columns are strings; ours are raw values, so any value will do
//! and its text is taken.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::printf::sprintf;
use super::value::Value;
use crate::output::json;

type Call = fn(&[Value]) -> Result<Value, String>;

/// A function that templates can call.
#[derive(Debug)]
pub(super) struct Function {
    /// Its name.
    pub name: &'static str,
    /// The fewest and the most arguments.
    arguments: (usize, usize),
    /// What it does.
    pub kind: Kind,
}

/// How a function is called.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Stops at the first argument that is false.
    And,
    /// Stops at the first argument that is true.
    Or,
    /// Always called.
    Plain(Call),
    /// Changes how its first argument looks; a column's header it leaves as it is.
    Shaping(Call),
    /// Is told whether its arguments are headers.
    Printf(fn(&[Value], bool) -> Result<Value, String>),
}

const MANY: usize = usize::MAX;

const fn function(name: &'static str, arguments: (usize, usize), kind: Kind) -> Function {
    Function { name, arguments, kind }
}

/// All functions, by name.
static FUNCTIONS: &[Function] = &[
    function("and", (1, MANY), Kind::And),
    function("eq", (2, MANY), Kind::Plain(eq)),
    function("ge", (2, 2), Kind::Plain(|a| compare(a, Ordering::is_ge))),
    function("gt", (2, 2), Kind::Plain(|a| compare(a, Ordering::is_gt))),
    function("html", (1, MANY), Kind::Plain(html)),
    function("index", (1, MANY), Kind::Shaping(index)),
    function("join", (2, 2), Kind::Shaping(join)),
    function("json", (1, 1), Kind::Shaping(to_json)),
    function("le", (2, 2), Kind::Plain(|a| compare(a, Ordering::is_le))),
    function("len", (1, 1), Kind::Plain(len)),
    function("lower", (1, 1), Kind::Shaping(|a| Ok(Value::text(a[0].to_text().to_lowercase())))),
    function("lt", (2, 2), Kind::Plain(|a| compare(a, Ordering::is_lt))),
    function("ne", (2, 2), Kind::Plain(|a| Ok(Value::Bool(!equal(&a[0], &a[1])?)))),
    function("not", (1, 1), Kind::Plain(|a| Ok(Value::Bool(!a[0].is_true())))),
    function("or", (1, MANY), Kind::Or),
    function("pad", (3, 3), Kind::Plain(pad)),
    function("print", (0, MANY), Kind::Plain(|a| Ok(Value::text(print(a))))),
    function("printf", (1, MANY), Kind::Printf(|a, header| sprintf(a, header).map(Value::text))),
    function("println", (0, MANY), Kind::Plain(println)),
    function("slice", (1, 3), Kind::Shaping(slice)),
    function("split", (2, 2), Kind::Shaping(split)),
    function("title", (1, 1), Kind::Shaping(|a| Ok(Value::text(title(&a[0].to_text()))))),
    function("truncate", (2, 2), Kind::Shaping(truncate)),
    function("upper", (1, 1), Kind::Shaping(|a| Ok(Value::text(a[0].to_text().to_uppercase())))),
    function("urlquery", (1, MANY), Kind::Plain(urlquery)),
];

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl Function {
    /// Checks a number of arguments.
    pub(super) fn check(&self, count: usize) -> Result<(), String> {
        let (least, most) = self.arguments;
        if (least..=most).contains(&count) {
            return Ok(());
        }
        let want = if count < least { format!("at least {least}") } else { format!("{most}") };
        Err(format!("wrong number of arguments for {}: want {want}, got {count}", self.name))
    }
}

fn equal(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (Value::Nil, b) => Ok(*b == Value::Nil),
        (_, Value::Nil) => Ok(false),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Int(a), Value::Int(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        (a, b) => match (a.raw(), b.raw()) {
            (Some(a), Some(b)) => Ok(a == b),
            _ => Err(incompatible(a, b)),
        },
    }
}

fn incompatible(a: &Value, b: &Value) -> String {
    format!("cannot compare a {} with a {}", a.type_name(), b.type_name())
}

fn eq(arguments: &[Value]) -> Result<Value, String> {
    for other in &arguments[1..] {
        if equal(&arguments[0], other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn compare(arguments: &[Value], wanted: fn(Ordering) -> bool) -> Result<Value, String> {
    let (a, b) = (&arguments[0], &arguments[1]);
    let order = match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (a, b) => match (a.raw(), b.raw()) {
            (Some(a), Some(b)) => Some(a.cmp(b)),
            _ => return Err(incompatible(a, b)),
        },
    };
    Ok(Value::Bool(order.is_some_and(wanted)))
}

fn len(arguments: &[Value]) -> Result<Value, String> {
    let len = match &arguments[0] {
        Value::Foreign(text) | Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Map(entries) => entries.len(),
        other => return Err(format!("a {} has no length", other.type_name())),
    };
    Ok(Value::Int(len as i128))
}

fn index(arguments: &[Value]) -> Result<Value, String> {
    let mut value = arguments[0].clone();
    for key in &arguments[1..] {
        value = match (&value, key) {
            (Value::List(items), Value::Int(at)) => {
                let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
                item.cloned().ok_or_else(|| format!("index out of range: {at}"))?
            }
            (Value::Map(entries), key) => {
                let name = key.raw().ok_or("a map's key must be a string")?;
                // As Go's map[string]string: what is not there is the empty string.
                let strings = entries.iter().all(|(_, value)| value.raw().is_some());
                let missing = if strings { Value::text("") } else { Value::Nil };
                value.get(name).cloned().unwrap_or(missing)
            }
            (Value::Nil, _) => return Err("nil has no entries".to_owned()),
            (Value::List(_), key) => {
                return Err(format!("cannot index a list with a {}", key.type_name()));
            }
            (other, _) => return Err(format!("can't index a {}", other.type_name())),
        };
    }
    Ok(value)
}

fn slice(arguments: &[Value]) -> Result<Value, String> {
    let value = &arguments[0];
    let len = match value {
        Value::Foreign(text) | Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        other => return Err(format!("can't slice a {}", other.type_name())),
    };
    let bound = |argument: usize, default: usize| match arguments.get(argument) {
        None => Ok(default),
        Some(Value::Int(at)) => usize::try_from(*at)
            .ok()
            .filter(|at| *at <= len)
            .ok_or_else(|| format!("index out of range: {at}")),
        Some(other) => Err(format!("cannot slice with a {}", other.type_name())),
    };
    let (start, end) = (bound(1, 0)?, bound(2, len)?);
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    let part = |text: &str| text.get(start..end).map(str::to_owned).ok_or("inside a character");
    Ok(match value {
        Value::List(items) => Value::List(items[start..end].into()),
        Value::Foreign(text) => Value::foreign(part(text)?),
        other => Value::text(part(other.raw().unwrap_or(""))?),
    })
}

fn join(arguments: &[Value]) -> Result<Value, String> {
    let separator = arguments[1].to_text();
    match &arguments[0] {
        Value::List(items) => {
            let parts: Vec<Cow<'_, str>> = items.iter().map(Value::to_text).collect();
            Ok(Value::text(parts.join(&separator)))
        }
        Value::Map(entries) => {
            let part = |(key, value): &(Cow<'static, str>, Value)| {
                format!("{}={}", Value::foreign(key.as_ref()).to_text(), value.to_text())
            };
            Ok(Value::text(entries.iter().map(part).collect::<Vec<_>>().join(&separator)))
        }
        Value::Nil => Ok(Value::text("")),
        other => Err(format!("expected a list, not a {}", other.type_name())),
    }
}

fn split(arguments: &[Value]) -> Result<Value, String> {
    let (text, separator) = (arguments[0].to_text(), arguments[1].to_text());
    let item = |part: &str| Value::text(part);
    Ok(Value::List(match separator.is_empty() {
        true => text.chars().map(|c| item(c.encode_utf8(&mut [0; 4]))).collect(),
        false => text.split(separator.as_ref()).map(item).collect(),
    }))
}

fn to_json(arguments: &[Value]) -> Result<Value, String> {
    json::to_string(&arguments[0]).map(Value::text).map_err(|error| error.to_string())
}

fn title(text: &str) -> String {
    let mut start = true;
    let mut titled = String::with_capacity(text.len());
    for c in text.chars() {
        if start {
            titled.extend(c.to_uppercase());
        } else {
            titled.push(c);
        }
        start = !(c.is_alphanumeric() || matches!(c, '_' | '\''));
    }
    titled
}

fn count(value: &Value, most: usize) -> Result<usize, String> {
    match value {
        Value::Int(count) => usize::try_from(*count)
            .ok()
            .filter(|count| *count <= most)
            .ok_or_else(|| format!("{count} is out of range")),
        other => Err(format!("expected a number, not a {}", other.type_name())),
    }
}

/// `pad TEXT BEFORE AFTER`: so many blanks around a text that is not empty.
fn pad(arguments: &[Value]) -> Result<Value, String> {
    let text = arguments[0].to_text();
    let before = count(&arguments[1], 10_000)?;
    let after = count(&arguments[2], 10_000)?;
    Ok(Value::text(match text.is_empty() {
        true => String::new(),
        false => format!("{:before$}{text}{:after$}", "", ""),
    }))
}

/// `truncate TEXT LENGTH`: at most so many characters.
fn truncate(arguments: &[Value]) -> Result<Value, String> {
    let length = count(&arguments[1], usize::MAX)?;
    Ok(Value::text(arguments[0].to_text().chars().take(length).collect::<String>()))
}

fn print(arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut after_string = true;
    for value in arguments {
        let is_string = value.raw().is_some();
        if !is_string && !after_string {
            out.push(' ');
        }
        out.push_str(&go_text(value));
        after_string = is_string;
    }
    out
}

fn println(arguments: &[Value]) -> Result<Value, String> {
    let parts: Vec<Cow<'_, str>> = arguments.iter().map(go_text).collect();
    Ok(Value::text(parts.join(" ") + "\n"))
}

/// The text that Go's `fmt` gives, which knows `<nil>` and not the `<no value>` of templates.
fn go_text(value: &Value) -> Cow<'_, str> {
    if *value == Value::Nil { Cow::Borrowed("<nil>") } else { value.to_text() }
}

/// What `html` and `urlquery` work on: one text as it is, else what `print` makes.
fn one_text(arguments: &[Value]) -> Cow<'_, str> {
    match arguments {
        [value] => value.to_text(),
        _ => Cow::Owned(print(arguments)),
    }
}

fn html(arguments: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    for c in one_text(arguments).chars() {
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
    Ok(Value::text(out))
}

fn urlquery(arguments: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    for byte in one_text(arguments).bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(Value::text(out))
}
