//! Builds the tree of a template, and finds all that is wrong with it before a row is printed.
//!
//! Unknown functions, wrong numbers of arguments, unknown variables and misplaced `end`s are found
//! here, and the fields of the row that the template names are noted, so that the caller can check
//! them too. Nesting is bounded, and with it the recursion of parser and evaluator.

use std::collections::VecDeque;

use serde_json::Value;

use super::Failure;
use super::functions::{self, Function};
use super::lexer::{Token, Word};

/// How deep parentheses and control structures may nest.
const MAX_DEPTH: usize = 64;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Action(Pipeline),
    /// Condition or list, body, and the text after `else`.
    Control(Control, Pipeline, Vec<Node>, Vec<Node>),
    Break,
    Continue,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Control {
    If,
    With,
    Range,
}

/// `$a, $b := command | command`
#[derive(Debug, Clone)]
pub(super) struct Pipeline {
    pub variables: Vec<String>,
    /// Whether the variables are new (`:=`).
    pub declares: bool,
    /// At least one command; each gets the value of the one before as its last argument.
    pub commands: Vec<Command>,
    pub at: usize,
}

/// A function and its arguments, or one operand alone.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub function: Option<&'static Function>,
    pub operands: Vec<Operand>,
    pub at: usize,
}

/// A value's source, and the fields to follow from there.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub base: Base,
    pub fields: Vec<String>,
    pub at: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Base {
    Dot,
    Variable(String),
    Constant(Value),
    Pipeline(Box<Pipeline>),
}

#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    /// The row's fields that it names, and where.
    pub fields: Vec<(String, usize)>,
    /// Whether it uses the row as a whole, as `{{json .}}` does.
    pub whole_row: bool,
}

pub(super) fn parse(words: Vec<Word>, length: usize) -> Result<Tree, Failure> {
    let mut parser = Parser {
        words: words.into(),
        length,
        depth: 0,
        ranges: 0,
        variables: vec!["$".to_owned()],
        dot_is_row: true,
        fields: Vec::new(),
        whole_row: false,
    };
    let (nodes, stop) = parser.list()?;
    match stop {
        None => Ok(Tree { nodes, fields: parser.fields, whole_row: parser.whole_row }),
        Some((word, at)) => Err(Failure::new(at, format!("unexpected {{{{{word}}}}}"))),
    }
}

/// `end` or `else`, and where it is. After `else` the rest of its action is still unread.
type Stop = Option<(&'static str, usize)>;

struct Parser {
    words: VecDeque<Word>,
    length: usize,
    depth: usize,
    ranges: usize,
    variables: Vec<String>,
    dot_is_row: bool,
    fields: Vec<(String, usize)>,
    whole_row: bool,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.words.front().map(|word| &word.token)
    }

    fn at(&self) -> usize {
        self.words.front().map_or(self.length, |word| word.at)
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, Failure> {
        Err(Failure::new(self.at(), message))
    }

    fn skip(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        if is_next {
            self.words.pop_front();
        }
        is_next
    }

    fn close(&mut self, after: &str) -> Result<(), Failure> {
        if self.peek() != Some(&Token::Close) {
            return self.fail(format!("unexpected word after {after}"));
        }
        self.words.pop_front();
        Ok(())
    }

    fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.depth == MAX_DEPTH {
            return self.fail("the template is nested too deeply");
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn keyword(&mut self) -> Option<&'static str> {
        const KEYWORDS: [&str; 10] = [
            "if", "with", "range", "else", "end", "break", "continue", "define", "template",
            "block",
        ];
        let Some(Token::Word(word)) = self.peek() else { return None };
        let keyword = KEYWORDS.into_iter().find(|keyword| keyword == word)?;
        self.words.pop_front();
        Some(keyword)
    }

    fn list(&mut self) -> Result<(Vec<Node>, Stop), Failure> {
        let mut nodes = Vec::new();
        while let Some(Word { token, at, .. }) = self.words.pop_front() {
            if let Token::Text(text) = token {
                nodes.push(Node::Text(text));
                continue;
            }
            nodes.push(match self.keyword() {
                None => {
                    let pipeline = self.pipeline(1)?;
                    self.close("this pipeline")?;
                    Node::Action(pipeline)
                }
                Some("if") => self.deeper(|parser| parser.control(Control::If, at))?,
                Some("with") => self.deeper(|parser| parser.control(Control::With, at))?,
                Some("range") => self.deeper(|parser| parser.control(Control::Range, at))?,
                Some("else") => return Ok((nodes, Some(("else", at)))),
                Some("end") => {
                    self.close("end")?;
                    return Ok((nodes, Some(("end", at))));
                }
                Some(word @ ("break" | "continue")) => {
                    if self.ranges == 0 {
                        return Err(Failure::new(at, format!("{word} outside range")));
                    }
                    self.close(word)?;
                    if word == "break" { Node::Break } else { Node::Continue }
                }
                Some(word) => return Err(Failure::new(at, format!("{word} is not supported"))),
            });
        }
        Ok((nodes, None))
    }

    /// Parses from behind the keyword through the matching `end`.
    fn control(&mut self, control: Control, at: usize) -> Result<Node, Failure> {
        let (outside, dot_is_row) = (self.variables.len(), self.dot_is_row);
        let is_range = control == Control::Range;
        let pipeline = self.pipeline(if is_range { 2 } else { 1 })?;
        self.close("this pipeline")?;

        let inside = self.variables.len();
        self.dot_is_row = dot_is_row && control == Control::If;
        self.ranges += usize::from(is_range);
        let (body, mut stop) = self.list()?;
        self.ranges -= usize::from(is_range);
        self.dot_is_row = dot_is_row;
        self.variables.truncate(inside);

        let mut otherwise = Vec::new();
        if let Some(("else", at)) = stop {
            (otherwise, stop) = self.otherwise(at)?;
        }
        self.variables.truncate(outside);
        match stop {
            Some(("end", _)) => Ok(Node::Control(control, pipeline, body, otherwise)),
            Some((_, at)) => Err(Failure::new(at, "a second {{else}}")),
            None => Err(Failure::new(at, "this has no {{end}}")),
        }
    }

    /// What follows `else`: a list, or another `if` or `with` that shares our `end`.
    fn otherwise(&mut self, at: usize) -> Result<(Vec<Node>, Stop), Failure> {
        let control = match self.keyword() {
            Some("if") => Control::If,
            Some("with") => Control::With,
            _ => {
                self.close("else")?;
                return self.list();
            }
        };
        let node = self.deeper(|parser| parser.control(control, at))?;
        Ok((vec![node], Some(("end", at))))
    }

    /// Parses up to, not including, the closing braces or parenthesis. It may set `most` variables.
    fn pipeline(&mut self, most: usize) -> Result<Pipeline, Failure> {
        let at = self.at();
        let (variables, declares) = self.declaration(most)?;
        let mut commands = vec![self.command(false)?];
        while self.skip(&Token::Symbol("|")) {
            commands.push(self.command(true)?);
        }
        if declares {
            self.variables.extend(variables.iter().cloned());
        }
        Ok(Pipeline { variables, declares, commands, at })
    }

    fn declaration(&mut self, most: usize) -> Result<(Vec<String>, bool), Failure> {
        let mut ahead = self.words.iter().map(|word| &word.token);
        let mut variables = Vec::new();
        let declares = loop {
            let Some(Token::Variable(name)) = ahead.next() else { return Ok((Vec::new(), false)) };
            variables.push(name.clone());
            match ahead.next() {
                Some(Token::Symbol(",")) if variables.len() < most => {}
                Some(Token::Symbol(":=")) => break true,
                Some(Token::Symbol("=")) => break false,
                _ => return Ok((Vec::new(), false)),
            }
        };
        for name in &variables {
            if name == "$" || !(declares || self.variables.contains(name)) {
                return self.fail(format!("cannot set variable {name}"));
            }
            self.words.drain(..2);
        }
        Ok((variables, declares))
    }

    fn command(&mut self, piped: bool) -> Result<Command, Failure> {
        let at = self.at();
        let function = self.function()?;
        let mut operands = Vec::new();
        while !matches!(self.peek(), Some(Token::Symbol("|" | ")") | Token::Close) | None) {
            let spaced = self.words.front().is_some_and(|word| word.spaced);
            if !spaced && (function.is_some() || !operands.is_empty()) {
                return self.fail("unexpected word; is a space missing?");
            }
            operands.push(self.operand()?);
        }
        let count = operands.len() + usize::from(piped);
        let is_nil = |operand: &Operand| matches!(operand.base, Base::Constant(Value::Null));
        let wrong = match function {
            Some(function) => function.check(count).err(),
            None if operands.is_empty() => Some("a value is missing here".to_owned()),
            None if count > 1 => Some("cannot give arguments to what is not a function".to_owned()),
            None if is_nil(&operands[0]) => Some("nil is not a command".to_owned()),
            None => None,
        };
        wrong.map_or(Ok(Command { function, operands, at }), |why| Err(Failure::new(at, why)))
    }

    /// Takes a function's name; leaves `true`, `false` and `nil`.
    fn function(&mut self) -> Result<Option<&'static Function>, Failure> {
        let Some(Token::Word(word)) = self.peek() else { return Ok(None) };
        if matches!(word.as_str(), "true" | "false" | "nil") {
            return Ok(None);
        }
        let Some(function) = functions::find(word) else {
            return self.fail(format!("function {word:?} not defined"));
        };
        self.words.pop_front();
        Ok(Some(function))
    }

    fn operand(&mut self) -> Result<Operand, Failure> {
        let at = self.at();
        let mut fields = Vec::new();
        let base = match self.function()? {
            Some(function) => {
                function.check(0).map_err(|why| Failure::new(at, why))?;
                let command = Command { function: Some(function), operands: Vec::new(), at };
                let (variables, commands) = (Vec::new(), vec![command]);
                Base::Pipeline(Box::new(Pipeline { variables, declares: false, commands, at }))
            }
            None => self.base(&mut fields)?,
        };
        while let Some(Word { token: Token::Field(name), spaced: false, .. }) = self.words.front() {
            fields.push(name.clone());
            self.words.pop_front();
        }
        let from_row = match &base {
            Base::Dot => self.dot_is_row,
            Base::Variable(name) => name == "$",
            Base::Constant(_) if !fields.is_empty() => {
                return Err(Failure::new(at, "a constant has no fields"));
            }
            _ => false,
        };
        match fields.first() {
            Some(field) if from_row => self.fields.push((field.clone(), at)),
            None if from_row => self.whole_row = true,
            _ => {}
        }
        Ok(Operand { base, fields, at })
    }

    fn base(&mut self, fields: &mut Vec<String>) -> Result<Base, Failure> {
        let at = self.at();
        let unexpected = |what: &str| Err(Failure::new(at, format!("unexpected {what}")));
        match self.words.pop_front().map(|word| word.token) {
            Some(Token::Symbol(".")) => Ok(Base::Dot),
            Some(Token::Field(name)) => {
                fields.push(name);
                Ok(Base::Dot)
            }
            Some(Token::Variable(name)) if self.variables.contains(&name) => {
                Ok(Base::Variable(name))
            }
            Some(Token::Variable(name)) => {
                Err(Failure::new(at, format!("undefined variable {name:?}")))
            }
            Some(Token::Constant(value)) => Ok(Base::Constant(value)),
            Some(Token::Word(word)) if word == "nil" => Ok(Base::Constant(Value::Null)),
            Some(Token::Word(word)) => Ok(Base::Constant(Value::Bool(word == "true"))),
            Some(Token::Symbol("(")) => {
                let pipeline = self.deeper(|parser| parser.pipeline(1))?;
                if self.skip(&Token::Symbol(")")) {
                    return Ok(Base::Pipeline(Box::new(pipeline)));
                }
                Err(Failure::new(at, "this parenthesis is not closed"))
            }
            Some(Token::Symbol(symbol)) => unexpected(symbol),
            Some(Token::Open | Token::Close | Token::Text(_)) | None => unexpected("end"),
        }
    }
}
