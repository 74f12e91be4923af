//! Runs a parsed template over one value.
//!
//! The result is a string, and an error leaves no half row behind: the caller writes rows whole.
//! Time and output are bounded, for `range` can count to any number.

use super::Failure;
use super::functions::{Function, Kind};
use super::tree::{Base, Command, Control, Node, Operand, Pipeline};
use super::value::Value;

/// The most nodes and items one run may visit.
const MAX_STEPS: usize = 5_000_000;

/// The most text one run may print, in bytes.
const MAX_OUTPUT: usize = 64 << 20;

/// The longest text that a function may make, in bytes.
const MAX_TEXT: usize = 16 << 20;

/// One execution.
pub(super) struct Run<'t> {
    variables: Vec<(&'t str, Value)>,
    out: String,
    header: bool,
    steps: usize,
}

/// How a list of nodes ended.
#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// Runs a template over `row`. With `header` the row's values are the headers of its columns: the
/// functions leave those alone, and what looks into one finds the header itself. The text comes
/// back even when there is an error: what was printed up to there.
pub(super) fn run(nodes: &[Node], row: &Value, header: bool) -> (String, Result<(), Failure>) {
    let variables = vec![("$", row.clone())];
    let mut run = Run { variables, out: String::new(), header, steps: 0 };
    let result = run.list(nodes, row).map(|_| ());
    (run.out, result)
}

impl<'t> Run<'t> {
    fn step(&mut self, at: usize) -> Result<(), Failure> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.out.len() > MAX_OUTPUT {
            return Err(Failure::new(at, "the template does not come to an end"));
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
                        self.out.push_str(&value.to_text());
                    }
                }
                Node::Control(control, pipeline, body, otherwise) => {
                    let outside = self.variables.len();
                    let flow = self.control(*control, pipeline, (body, otherwise), dot)?;
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

    fn control(
        &mut self,
        control: Control,
        pipeline: &'t Pipeline,
        (body, otherwise): (&'t [Node], &'t [Node]),
        dot: &Value,
    ) -> Result<Flow, Failure> {
        let value = self.pipeline(pipeline, dot)?;
        match control {
            Control::Range => self.range(&value, pipeline, (body, otherwise), dot),
            _ if !value.is_true() => self.list(otherwise, dot),
            Control::If => self.list(body, dot),
            Control::With => self.list(body, &value),
        }
    }

    fn range(
        &mut self,
        value: &Value,
        pipeline: &'t Pipeline,
        (body, otherwise): (&'t [Node], &'t [Node]),
        dot: &Value,
    ) -> Result<Flow, Failure> {
        let mut any = false;
        let mut visit = |run: &mut Self, key: Value, item: &Value| {
            any = true;
            run.iteration(pipeline, body, key, item)
        };
        match value {
            Value::Nil => {}
            Value::Int(count) => {
                let mut index = 0;
                while index < *count && visit(self, Value::Int(index), &Value::Int(index))? {
                    index += 1;
                }
            }
            Value::List(items) => {
                for (index, item) in (0..).zip(items.iter()) {
                    if !visit(self, Value::Int(index), item)? {
                        break;
                    }
                }
            }
            Value::Map(entries) | Value::Struct(entries) => {
                for (key, item) in entries.iter() {
                    if !visit(self, Value::foreign(key.as_ref()), item)? {
                        break;
                    }
                }
            }
            Value::Foreign(_) | Value::Text(_) if self.header => {
                visit(self, value.clone(), value)?;
            }
            other => {
                let message = format!("range can't iterate over a {}", other.type_name());
                return Err(Failure::new(pipeline.at, message));
            }
        }
        if any { Ok(Flow::Next) } else { self.list(otherwise, dot) }
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
        let mut value = None;
        for command in &pipeline.commands {
            value = Some(self.command(command, dot, value)?);
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipeline.variables {
            self.set(name, value.clone(), pipeline.declares);
        }
        Ok(value)
    }

    fn command(
        &mut self,
        command: &'t Command,
        dot: &Value,
        piped: Option<Value>,
    ) -> Result<Value, Failure> {
        match (command.function, command.operands.first()) {
            (None, Some(operand)) => self.operand(operand, dot),
            (None, None) => Ok(Value::Nil),
            (Some(function), _) => self.call(function, command, dot, piped),
        }
    }

    fn call(
        &mut self,
        function: &'static Function,
        command: &'t Command,
        dot: &Value,
        piped: Option<Value>,
    ) -> Result<Value, Failure> {
        let mut arguments = Vec::with_capacity(command.operands.len() + 1);
        for operand in &command.operands {
            let value = self.operand(operand, dot)?;
            match function.kind {
                Kind::And if !value.is_true() => return Ok(value),
                Kind::Or if value.is_true() => return Ok(value),
                _ => arguments.push(value),
            }
        }
        arguments.extend(piped);
        let result = match function.kind {
            // All before the last decided nothing, so the last decides.
            Kind::And | Kind::Or => Ok(arguments.pop().unwrap_or(Value::Nil)),
            Kind::Plain(call) => call(&arguments),
            Kind::Shaping(_) if self.header => Ok(arguments.swap_remove(0)),
            Kind::Shaping(call) => call(&arguments),
            Kind::Printf(call) => call(&arguments, self.header),
        };
        let error = |message| Failure::new(command.at, format!("{}: {message}", function.name));
        match result {
            Ok(value) if value.raw().is_some_and(|text| text.len() > MAX_TEXT) => {
                Err(error("the result is too long".to_owned()))
            }
            result => result.map_err(error),
        }
    }

    fn operand(&mut self, operand: &'t Operand, dot: &Value) -> Result<Value, Failure> {
        let base = match &operand.base {
            Base::Dot => dot.clone(),
            Base::Constant(value) => value.clone(),
            Base::Paren(pipeline) => self.pipeline(pipeline, dot)?,
            Base::Variable(name) => self
                .variables
                .iter()
                .rev()
                .find(|(known, _)| known == name)
                .map_or(Value::Nil, |(_, value)| value.clone()),
            Base::Call(function) => match function.kind {
                Kind::Plain(call) | Kind::Shaping(call) => call(&[]),
                _ => Ok(Value::Nil),
            }
            .map_err(|message| Failure::new(operand.at, message))?,
        };
        operand.fields.iter().try_fold(base, |value, name| self.field(value, name, operand.at))
    }

    fn field(&self, value: Value, name: &str, at: usize) -> Result<Value, Failure> {
        if let Some(found) = value.get(name) {
            return Ok(found.clone());
        }
        match value {
            Value::Map(_) => Ok(Value::Nil),
            Value::Foreign(_) | Value::Text(_) if self.header => Ok(value),
            Value::Nil => Err(Failure::new(at, format!("nil has no field {name}"))),
            _ => {
                let kind = value.type_name();
                Err(Failure::new(at, format!("can't evaluate field {name} in type {kind}")))
            }
        }
    }
}
