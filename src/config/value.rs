//! TOML values with their places: each reader takes a value or says what is wrong with it, where.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

/// A value and where it stands in the text.
pub(super) type Node<'i> = Spanned<DeValue<'i>>;

/// Something wrong at a byte of the text.
#[derive(Debug)]
pub(super) struct Problem {
    pub at: usize,
    pub message: String,
    pub hint: Option<String>,
}

impl Problem {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Problem { at, message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Problem { hint: Some(hint.into()), ..self }
    }
}

/// The byte at which a value begins.
pub(super) fn start(node: &Node<'_>) -> usize {
    node.span().start
}

fn wrong_type(node: &Node<'_>, expected: &str) -> Problem {
    let found = match node.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    Problem::new(start(node), format!("expected {expected}, found {found}"))
}

/// The table that `node` must be.
pub(super) fn table<'a, 'i>(node: &'a Node<'i>) -> Result<&'a toml::de::DeTable<'i>, Problem> {
    node.get_ref().as_table().ok_or_else(|| wrong_type(node, "a table"))
}

/// A text that is not empty and has no control characters.
pub(super) fn text<'a>(node: &'a Node<'_>) -> Result<&'a str, Problem> {
    let text = any_text(node)?;
    if text.chars().any(char::is_control) {
        return Err(Problem::new(start(node), "control characters are not allowed"));
    }
    Ok(text)
}

/// A text that is not empty.
pub(super) fn any_text<'a>(node: &'a Node<'_>) -> Result<&'a str, Problem> {
    match node.get_ref().as_str() {
        Some("") => Err(Problem::new(start(node), "must not be empty")),
        Some(text) => Ok(text),
        None => Err(wrong_type(node, "a string")),
    }
}

/// `true` or `false`.
pub(super) fn boolean(node: &Node<'_>) -> Result<bool, Problem> {
    node.get_ref().as_bool().ok_or_else(|| wrong_type(node, "true or false"))
}

/// A list that is not empty; its members are to be read by the caller.
pub(super) fn list<'a, 'i>(node: &'a Node<'i>) -> Result<Vec<&'a Node<'i>>, Problem> {
    match node.get_ref().as_array() {
        Some(members) if members.is_empty() => Err(Problem::new(start(node), "must not be empty")),
        Some(members) => Ok(members.iter().collect()),
        None => Err(wrong_type(node, "a list of strings")),
    }
}

/// A whole number from `low` to `high`.
pub(super) fn number(node: &Node<'_>, low: u32, high: u32) -> Result<u32, Problem> {
    let expected = format!("a whole number from {low} to {high}");
    let integer = node.get_ref().as_integer().ok_or_else(|| wrong_type(node, &expected))?;
    i64::from_str_radix(integer.as_str(), integer.radix())
        .ok()
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| Problem::new(start(node), format!("expected {expected}")))
}

/// Seconds, whole or with a fraction, from a tenth of one to an hour.
pub(super) fn seconds(node: &Node<'_>) -> Result<Duration, Problem> {
    const EXPECTED: &str = "seconds from 0.1 to 3600";
    let seconds = match node.get_ref() {
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(|n| n as f64),
        DeValue::Float(n) => n.as_str().parse().ok(),
        _ => return Err(wrong_type(node, EXPECTED)),
    };
    seconds
        .filter(|seconds| (0.1..=3600.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| Problem::new(start(node), format!("expected {EXPECTED}")))
}
