//! Runs a parsed template over one row.
//!
//! The result is a string, and an error leaves no half row behind: the caller writes rows whole.
//! What is not known (`null`) has no fields, no entries and no items, and is not an error: a list must
//! not end at a row that lacks a date. Time and output are bounded, for `range` can count to
//! any number.

use serde_json::Value;

use super::Failure;
use super::functions::Function;
use super::parser::{Base, Command, Control, Node, Operand, Pipeline};
use super::text;
use crate::output::json;

/// The most nodes and items one run may visit.
const MAX_STEPS: usize = 5_000_000;
/// The most text one run may print, in bytes.
const MAX_OUTPUT: usize = 64 << 20;
/// The longest text that a function may make, in bytes.
const MAX_TEXT: usize = 16 << 20;

/// Functions that leave a table's headers as they are.
const SHAPING: [&str; 9] =
    ["index", "join", "json", "lower", "slice", "split", "title", "truncate", "upper"];

pub(super) struct Run<'t> {
    /// As it came. What is taken out of it goes through [`text::guard`] first.
    row: &'t Value,
    /// What `json` makes of the row: its members in the row's own order.
    json: Option<&'t str>,
    /// The row's values are the headers of its columns. What looks into one finds the header.
    header: bool,
    variables: Vec<(&'t str, Value)>,
    out: String,
    steps: usize,
}

/// How a list of nodes ended.
#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t> Run<'t> {
    pub(super) fn new(row: &'t Value, json: Option<&'t str>, header: bool) -> Self {
        Run { row, json, header, variables: Vec::new(), out: String::new(), steps: 0 }
    }

    /// The text comes back even when there is an error: what was printed up to there.
    pub(super) fn run(mut self, nodes: &'t [Node]) -> (String, Result<(), Failure>) {
        let result = self.list(nodes, self.row).map(drop);
        (text::escape(self.out), result)
    }

    fn step(&mut self, at: usize) -> Result<(), Failure> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.out.len() > MAX_OUTPUT {
            return Err(Failure::new(at, "the template runs for too long"));
        }
        Ok(())
    }

    fn list(&mut self, nodes: &'t [Node], dot: &Value) -> Result<Flow, Failure> {
        for node in nodes {
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    if pipeline.variables.is_empty() {
                        self.out.push_str(&text::text(&value));
                    }
                }
                Node::Control(control, pipeline, body, otherwise) => {
                    let outside = self.variables.len();
                    let value = self.pipeline(pipeline, dot)?;
                    let flow = match control {
                        Control::Range => self.range(&value, pipeline, (body, otherwise), dot),
                        _ if !text::is_true(&value) => self.list(otherwise, dot),
                        Control::If => self.list(body, dot),
                        Control::With => self.list(body, &value),
                    }?;
                    self.variables.truncate(outside);
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::Next)
    }

    fn range(
        &mut self,
        value: &Value,
        pipeline: &'t Pipeline,
        (body, otherwise): (&'t [Node], &'t [Node]),
        dot: &Value,
    ) -> Result<Flow, Failure> {
        // A declared variable held the whole list until now.
        if pipeline.declares {
            self.variables.truncate(self.variables.len() - pipeline.variables.len());
        }
        let mut visit = |key: Value, item: &Value| self.iteration(pipeline, body, key, item);
        let is_empty = match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if !visit(index.into(), item)? {
                        break;
                    }
                }
                items.is_empty()
            }
            Value::Object(members) => {
                for (key, item) in members {
                    if !visit(key.as_str().into(), item)? {
                        break;
                    }
                }
                members.is_empty()
            }
            Value::Number(count) if !count.is_f64() => {
                let count = count.as_i64().unwrap_or(i64::MAX);
                let mut index = 0;
                while index < count && visit(index.into(), &index.into())? {
                    index += 1;
                }
                count <= 0
            }
            Value::String(_) if self.header => {
                self.iteration(pipeline, body, value.clone(), value)?;
                false
            }
            Value::Null => true,
            other => {
                let message = format!("range can't iterate over a {}", text::type_name(other));
                return Err(Failure::new(pipeline.at, message));
            }
        };
        if is_empty { self.list(otherwise, dot) } else { Ok(Flow::Next) }
    }

    /// Runs the body of a range once; returns whether to go on.
    fn iteration(
        &mut self,
        pipeline: &'t Pipeline,
        body: &'t [Node],
        key: Value,
        item: &Value,
    ) -> Result<bool, Failure> {
        self.step(pipeline.at)?;
        let outside = self.variables.len();
        match pipeline.variables.as_slice() {
            [] => {}
            [name] => self.set(name, item.clone(), pipeline.declares),
            [first, second, ..] => {
                self.set(first, key, pipeline.declares);
                self.set(second, item.clone(), pipeline.declares);
            }
        }
        let flow = self.list(body, item)?;
        self.variables.truncate(outside);
        Ok(flow != Flow::Break)
    }

    fn set(&mut self, name: &'t str, value: Value, declares: bool) {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some(variable) if !declares => variable.1 = value,
            _ => self.variables.push((name, value)),
        }
    }

    fn pipeline(&mut self, pipeline: &'t Pipeline, dot: &Value) -> Result<Value, Failure> {
        self.step(pipeline.at)?;
        let mut piped = None;
        for command in &pipeline.commands {
            piped = Some(match (command.function, command.operands.first()) {
                (Some(function), _) => self.call(function, command, dot, piped)?,
                (None, Some(operand)) => self.operand(operand, dot)?,
                (None, None) => Value::Null,
            });
        }
        let value = piped.unwrap_or(Value::Null);
        for name in &pipeline.variables {
            self.set(name, value.clone(), pipeline.declares);
        }
        Ok(value)
    }

    fn call(
        &mut self,
        function: &'static Function,
        command: &'t Command,
        dot: &Value,
        piped: Option<Value>,
    ) -> Result<Value, Failure> {
        if let ("json", [operand]) = (function.name, &command.operands[..])
            && self.is_row(operand, dot)
        {
            return match self.json {
                Some(json) => Ok(json.into()),
                None => json::to_string(self.row).map(Value::from),
            }
            .map_err(|error| Failure::new(command.at, error.to_string()));
        }
        let mut arguments = Vec::with_capacity(command.operands.len() + 1);
        for operand in &command.operands {
            let value = self.operand(operand, dot)?;
            match function.name {
                "and" if !text::is_true(&value) => return Ok(value),
                "or" if text::is_true(&value) => return Ok(value),
                _ => arguments.push(value),
            }
        }
        arguments.extend(piped);
        let result = match (function.name, self.json) {
            // All before the last decided nothing, so the last decides.
            ("and" | "or", _) => Ok(arguments.pop().unwrap_or(Value::Null)),
            (name, _) if self.header && SHAPING.contains(&name) => Ok(arguments.swap_remove(0)),
            ("printf", _) => text::printf(&arguments, self.header).map(Value::from),
            ("json", Some(json)) if arguments[0] == *self.row => Ok(json.into()),
            ("json", _) => text::to_json(arguments.swap_remove(0)).map(Value::from),
            _ => (function.call)(&arguments),
        };
        let error = |message| Failure::new(command.at, format!("{}: {message}", function.name));
        match result {
            Ok(Value::String(text)) if text.len() > MAX_TEXT => {
                Err(error("the result is too long".to_owned()))
            }
            result => result.map_err(error),
        }
    }

    /// Whether an operand is the whole row: it may be large, and is not copied for its JSON.
    fn is_row(&self, operand: &Operand, dot: &Value) -> bool {
        let base = match &operand.base {
            Base::Dot => std::ptr::eq(dot, self.row),
            Base::Variable(name) => name == "$",
            _ => false,
        };
        base && operand.fields.is_empty() && !self.header
    }

    fn operand(&mut self, operand: &'t Operand, dot: &Value) -> Result<Value, Failure> {
        let made;
        let mut value = match &operand.base {
            Base::Dot => dot,
            Base::Constant(value) => value,
            Base::Variable(name) if name == "$" => self.row,
            Base::Variable(name) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                found.map_or(&Value::Null, |(_, value)| value)
            }
            Base::Pipeline(pipeline) => {
                made = self.pipeline(pipeline, dot)?;
                &made
            }
        };
        let is_raw = std::ptr::eq(value, self.row);
        for name in &operand.fields {
            value = match value {
                Value::Object(members) => members.get(name).unwrap_or(&Value::Null),
                Value::Null => value,
                Value::String(_) if self.header => value,
                other => {
                    let kind = text::type_name(other);
                    let message = format!("can't evaluate field {name} in type {kind}");
                    return Err(Failure::new(operand.at, message));
                }
            };
        }
        let mut value = value.clone();
        if is_raw {
            text::guard(&mut value);
        }
        Ok(value)
    }
}
