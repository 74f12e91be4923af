//! Go templates, as `docker … --format` has them.
//!
//! Our own small engine: words (`lexer`), tree (`parser`), run (`eval`), with the functions in
//! one table (`functions`) and Go's texts for values (`text`). It keeps to `text/template` where
//! docker's users can see it (`tests/vectors/templates` compares the two), prints `N/A` for what is
//! not known, has no `define` and no `template`, and bounds nesting, steps and output: no template,
//! however odd, may end in a panic.

mod eval;
mod functions;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::json;
use crate::system::terminal::sanitize;

/// The longest template, in bytes.
const MAX_LENGTH: usize = 64 << 10;

/// A template, ready to run.
#[derive(Debug, Clone)]
pub struct Template {
    source: String,
    tree: parser::Tree,
}

/// What is wrong with a template, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The line of the template, from 1.
    pub line: usize,
    /// The column in that line, in characters, from 1.
    pub column: usize,
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
            parser::parse(lexer::words(source)?, source.len())
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
        let message = format!("can't evaluate field {field}; possible fields: {known}");
        Err(Failure::new(*at, message).locate(&self.source))
    }

    /// The fields of the row that the template names.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.tree.fields.iter().map(|(name, _)| name.as_str())
    }

    /// Whether the template names this field of the row.
    pub(crate) fn names(&self, field: &str) -> bool {
        self.fields().any(|name| name == field)
    }

    /// Whether the template uses the row as a whole, as `{{json .}}` does.
    pub(crate) fn uses_whole_row(&self) -> bool {
        self.tree.whole_row
    }

    /// Runs the template over a row. Text from the row comes out sanitised.
    pub fn render(&self, row: &(impl Serialize + ?Sized)) -> Result<String, TemplateError> {
        self.render_cells(row, &[])
    }

    /// Like [`Template::render`], but for every value of the row that `cells` names and that is no
    /// list and no map, its text for people takes the place of the value.
    pub(crate) fn render_cells(
        &self,
        row: &(impl Serialize + ?Sized),
        cells: &[(&str, String)],
    ) -> Result<String, TemplateError> {
        let json = if self.tree.whole_row { json::to_string(row).map(Some) } else { Ok(None) };
        let unfit = |error: std::io::Error| Failure::new(0, error.to_string()).locate(&self.source);
        let json = json.map_err(unfit)?;
        let mut value = serde_json::to_value(row).map_err(|error| unfit(error.into()))?;
        for (name, cell) in cells {
            match value.get_mut(*name) {
                // What is not known stays so, for `json`.
                Some(Value::Null) if cell == "N/A" => {}
                None | Some(Value::Array(_) | Value::Object(_)) => {}
                Some(value) => *value = cell.as_str().into(),
            }
        }
        self.run(&value, json.as_deref())
    }

    /// Runs the template over a document.
    pub(crate) fn render_value(&self, document: &Value) -> Result<String, TemplateError> {
        self.run(document, None)
    }

    fn run(&self, value: &Value, json: Option<&str>) -> Result<String, TemplateError> {
        let (text, result) = eval::Run::new(value, json, false).run(&self.tree.nodes);
        result.map(|()| text).map_err(|failure| failure.locate(&self.source))
    }

    /// The line of headers: the template run over the headers themselves. Never fails; what cannot
    /// be worked out is left away, as docker does.
    pub fn render_header(
        &self,
        headers: impl Iterator<Item = (&'static str, &'static str)>,
    ) -> String {
        let headers = headers.map(|(key, header)| (key.to_owned(), header.into()));
        eval::Run::new(&Value::Object(headers.collect()), None, true).run(&self.tree.nodes).0
    }
}
