//! Go templates, as `docker … --format` has them.
//!
//! Our own small engine: words (`lexer`), tree (`parser`), run (`eval`), with the functions in
//! one table (`functions`). It keeps to `text/template` where docker's users can see it (`<no
//! value>`, `%!d(string=x)`, maps in order of their keys), has no `define` and no `template`, and
//! bounds nesting, steps and output: no template, however odd, may end in a panic.

mod convert;
mod eval;
mod functions;
mod lexer;
mod parser;
mod printf;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use self::value::Value;
use crate::system::terminal::sanitize;

/// The longest template, in bytes.
const MAX_LENGTH: usize = 64 << 10;

/// A template, ready to run.
#[derive(Debug, Clone)]
pub struct Template {
    source: String,
    tree: tree::Tree,
}

/// What is wrong with a template, in one line; shown after the words `bad template`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The line of the template, from 1.
    pub line: usize,
    /// The column in that line, in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad template at {}:{}: {}", self.line, self.column, sanitize(&self.message))
    }
}

impl std::error::Error for TemplateError {}

/// What is wrong, at which byte.
#[derive(Debug)]
struct Failure {
    at: usize,
    message: String,
}

impl Failure {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Failure { at, message: message.into() }
    }

    fn locate(self, source: &str) -> TemplateError {
        let before = source.get(..self.at).unwrap_or(source);
        TemplateError {
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or("").chars().count() + 1,
            message: self.message,
        }
    }
}

impl Template {
    /// Parses a template. Everything that does not depend on the rows is checked here: syntax,
    /// functions, their numbers of arguments, variables.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let parse = || {
            if source.len() > MAX_LENGTH {
                return Err(Failure::new(0, "the template is too long"));
            }
            parser::parse(lexer::tokens(source)?, source.len())
        };
        let tree = parse().map_err(|failure: Failure| failure.locate(source))?;
        Ok(Template { source: source.to_owned(), tree })
    }

    /// Checks that every field of the row that the template names is one of these.
    pub fn check_fields<'k>(
        &self,
        keys: impl Iterator<Item = &'k str> + Clone,
    ) -> Result<(), TemplateError> {
        let unknown = |(field, _): &&(String, usize)| !keys.clone().any(|key| key == field);
        let Some((field, at)) = self.tree.fields.iter().find(unknown) else { return Ok(()) };
        let known = keys.clone().collect::<Vec<_>>().join(", ");
        let message = format!("can't evaluate field {field}; the fields are {known}");
        Err(Failure::new(*at, message).locate(&self.source))
    }

    /// Whether the template names this field of the row.
    pub fn names(&self, field: &str) -> bool {
        self.tree.fields.iter().any(|(name, _)| name == field)
    }

    /// Whether the template uses the row as a whole, as `{{json .}}` does.
    pub fn uses_whole_row(&self) -> bool {
        self.tree.whole_row
    }

    /// Runs the template over a row. Text from the row comes out sanitised.
    pub fn render(&self, row: &(impl Serialize + ?Sized)) -> Result<String, TemplateError> {
        self.run(&self.value(row)?)
    }

    /// Like [`Template::render`], but for every value of the row that `cells` names and that is no
    /// list and no map, its text for people takes the place of the value.
    pub fn render_cells(
        &self,
        row: &(impl Serialize + ?Sized),
        cells: &[(&str, String)],
    ) -> Result<String, TemplateError> {
        let value = match self.value(row)? {
            Value::Struct(fields) => Value::Struct(humanize(&fields, cells)),
            Value::Map(fields) => Value::Map(humanize(&fields, cells)),
            other => other,
        };
        self.run(&value)
    }

    /// The line of headers: the template run over the headers themselves. Never fails; what cannot
    /// be worked out is left away, as docker does.
    pub fn render_header(
        &self,
        headers: impl Iterator<Item = (&'static str, &'static str)>,
    ) -> String {
        let headers = headers.map(|(key, header)| (Cow::Borrowed(key), Value::text(header)));
        eval::run(&self.tree.nodes, &Value::Struct(headers.collect()), true).0
    }

    fn value(&self, row: &(impl Serialize + ?Sized)) -> Result<Value, TemplateError> {
        let unfit = |error: convert::Unfit| Failure::new(0, error.to_string()).locate(&self.source);
        convert::to_value(row).map_err(unfit)
    }

    fn run(&self, row: &Value) -> Result<String, TemplateError> {
        let (text, result) = eval::run(&self.tree.nodes, row, false);
        result.map(|()| text).map_err(|failure| failure.locate(&self.source))
    }
}

fn humanize(
    fields: &[(value::Key, Value)],
    cells: &[(&str, String)],
) -> std::sync::Arc<[(value::Key, Value)]> {
    let field = |(key, value): &(value::Key, Value)| {
        let cell = match value {
            Value::List(_) | Value::Map(_) | Value::Struct(_) => None,
            _ => cells.iter().find(|(name, _)| name == key),
        };
        let value = cell.map_or_else(|| value.clone(), |(_, text)| Value::foreign(text.as_str()));
        (key.clone(), value)
    };
    fields.iter().map(field).collect()
}
