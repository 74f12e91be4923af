//! Builds the tree of a template, and finds all that is wrong with it before a row is printed.
//!
//! Unknown functions, wrong numbers of arguments, unknown variables and misplaced `end`s are found
//! here, and the fields of the row that the template names are noted, so that the caller can check
//! them too. Nesting is bounded, and with it the recursion of parser and evaluator.

use std::collections::VecDeque;

use super::Failure;
use super::functions::{self, Function};
use super::lexer::{Kind, Token};
use super::tree::{Base, Command, Control, Node, Operand, Pipeline, Tree};
use super::value::Value;

/// How deep parentheses and control structures may nest.
const MAX_DEPTH: usize = 64;

/// Parses the words of a template.
pub(super) fn parse(tokens: Vec<Token>, length: usize) -> Result<Tree, Failure> {
    let mut parser = Parser {
        tokens: tokens.into_iter().collect(),
        length,
        depth: 0,
        ranges: 0,
        variables: vec!["$".to_owned()],
        dot_is_row: true,
        fields: Vec::new(),
        whole_row: false,
    };
    match parser.list()? {
        (nodes, Stop::Template) => {
            Ok(Tree { nodes, fields: parser.fields, whole_row: parser.whole_row })
        }
        (_, Stop::End(at)) => Err(Failure::new(at, "unexpected {{end}}")),
        (_, Stop::Else(at)) => Err(Failure::new(at, "unexpected {{else}}")),
    }
}

/// What a list of nodes ended with. After `else` the rest of its action is still unread.
enum Stop {
    Template,
    End(usize),
    Else(usize),
}

struct Parser {
    tokens: VecDeque<Token>,
    length: usize,
    depth: usize,
    ranges: usize,
    variables: Vec<String>,
    dot_is_row: bool,
    fields: Vec<(String, usize)>,
    whole_row: bool,
}

impl Parser {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.front().map(|token| &token.kind)
    }

    fn at(&self) -> usize {
        self.tokens.front().map_or(self.length, |token| token.at)
    }

    fn take_if(&mut self, wanted: impl FnOnce(&Token) -> bool) -> Option<Token> {
        self.tokens.front().is_some_and(wanted).then(|| self.tokens.pop_front())?
    }

    fn next_if(&mut self, kind: &Kind) -> bool {
        self.take_if(|token| token.kind == *kind).is_some()
    }

    fn keyword(&mut self) -> Option<String> {
        const KEYWORDS: [&str; 10] = [
            "if", "with", "range", "else", "end", "break", "continue", "define", "template",
            "block",
        ];
        let is_keyword = |token: &Token| matches!(&token.kind, Kind::Word(word) if KEYWORDS.contains(&word.as_str()));
        match self.take_if(is_keyword)?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn close(&mut self, after: &str) -> Result<(), Failure> {
        let at = self.at();
        match self.next_if(&Kind::Close) {
            true => Ok(()),
            false => Err(Failure::new(at, format!("unexpected word after {after}"))),
        }
    }

    fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.depth == MAX_DEPTH {
            return Err(Failure::new(self.at(), "the template is nested too deeply"));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn list(&mut self) -> Result<(Vec<Node>, Stop), Failure> {
        let mut nodes = Vec::new();
        while let Some(Token { kind, at, .. }) = self.tokens.pop_front() {
            if let Kind::Text(text) = kind {
                nodes.push(Node::Text(text));
                continue;
            }
            let node = match self.keyword().as_deref() {
                None => {
                    let pipeline = self.pipeline(false)?;
                    self.close("this pipeline")?;
                    Node::Action(pipeline)
                }
                Some("if") => self.deeper(|parser| parser.control(Control::If, at))?,
                Some("with") => self.deeper(|parser| parser.control(Control::With, at))?,
                Some("range") => self.deeper(|parser| parser.control(Control::Range, at))?,
                Some("end") => {
                    self.close("end")?;
                    return Ok((nodes, Stop::End(at)));
                }
                Some("else") => return Ok((nodes, Stop::Else(at))),
                Some(word @ ("break" | "continue")) => {
                    if self.ranges == 0 {
                        return Err(Failure::new(at, format!("{word} outside range")));
                    }
                    self.close(word)?;
                    if word == "break" { Node::Break } else { Node::Continue }
                }
                Some(word) => return Err(Failure::new(at, format!("{word} is not supported"))),
            };
            nodes.push(node);
        }
        Ok((nodes, Stop::Template))
    }

    /// Parses from behind the keyword through the matching `end`.
    fn control(&mut self, control: Control, at: usize) -> Result<Node, Failure> {
        let outside = self.variables.len();
        let dot_is_row = self.dot_is_row;
        let pipeline = self.pipeline(control == Control::Range)?;
        self.close("this pipeline")?;

        let inside = self.variables.len();
        self.dot_is_row = dot_is_row && control == Control::If;
        self.ranges += usize::from(control == Control::Range);
        let (body, end) = self.list()?;
        self.ranges -= usize::from(control == Control::Range);
        self.dot_is_row = dot_is_row;
        self.variables.truncate(inside);

        let (otherwise, end) = match end {
            Stop::Else(at) => self.otherwise(at)?,
            end => (Vec::new(), end),
        };
        self.variables.truncate(outside);
        match end {
            Stop::End(_) => Ok(Node::Control(control, pipeline, body, otherwise)),
            Stop::Else(at) => Err(Failure::new(at, "a second {{else}}")),
            Stop::Template => Err(Failure::new(at, "this has no {{end}}")),
        }
    }

    /// What follows `else`: a list, or another `if` or `with` that shares our `end`.
    fn otherwise(&mut self, at: usize) -> Result<(Vec<Node>, Stop), Failure> {
        let control = match self.keyword().as_deref() {
            Some("if") => Control::If,
            Some("with") => Control::With,
            _ => {
                self.close("else")?;
                return self.list();
            }
        };
        let node = self.deeper(|parser| parser.control(control, at))?;
        Ok((vec![node], Stop::End(at)))
    }

    /// Parses up to, not including, the closing braces or parenthesis.
    fn pipeline(&mut self, in_range: bool) -> Result<Pipeline, Failure> {
        let at = self.at();
        let (variables, declares) = self.declaration(in_range)?;
        let mut commands = Vec::new();
        loop {
            commands.push(self.command(!commands.is_empty())?);
            if !self.next_if(&Kind::Pipe) {
                break;
            }
        }
        if declares {
            self.variables.extend(variables.iter().cloned());
        }
        Ok(Pipeline { variables, declares, commands, at })
    }

    fn declaration(&mut self, in_range: bool) -> Result<(Vec<String>, bool), Failure> {
        let mut ahead = self.tokens.iter().map(|token| &token.kind);
        let most = if in_range { 2 } else { 1 };
        let mut variables = Vec::new();
        let declares = loop {
            let Some(Kind::Variable(name)) = ahead.next() else { return Ok((Vec::new(), false)) };
            variables.push(name.clone());
            match ahead.next() {
                Some(Kind::Comma) if variables.len() < most => {}
                Some(Kind::Declare) => break true,
                Some(Kind::Assign) => break false,
                _ => return Ok((Vec::new(), false)),
            }
        };
        for name in &variables {
            let at = self.at();
            if name == "$" || !(declares || self.variables.contains(name)) {
                return Err(Failure::new(at, format!("cannot set variable {name}")));
            }
            self.tokens.pop_front();
            self.tokens.pop_front();
        }
        Ok((variables, declares))
    }

    fn command(&mut self, piped: bool) -> Result<Command, Failure> {
        let at = self.at();
        let mut function = None;
        if let Some(Kind::Word(_)) = self.peek() {
            function = self.function()?;
        }
        let mut operands = Vec::new();
        let mut first = function.is_none();
        while !matches!(self.peek(), Some(Kind::Pipe | Kind::Close | Kind::RightParen) | None) {
            let spaced = self.tokens.front().is_some_and(|token| token.spaced);
            if !spaced && !first {
                return Err(Failure::new(self.at(), "unexpected word; is a space missing?"));
            }
            operands.push(self.operand()?);
            first = false;
        }
        let count = operands.len() + usize::from(piped);
        match function {
            Some(function) => function.check(count).map_err(|message| Failure::new(at, message))?,
            None if operands.is_empty() => return Err(Failure::new(at, "a value is missing here")),
            None if count > 1 => {
                return Err(Failure::new(at, "cannot give arguments to what is not a function"));
            }
            None if matches!(operands[0].base, Base::Constant(Value::Nil)) => {
                return Err(Failure::new(at, "nil is not a command"));
            }
            None => {}
        }
        Ok(Command { function, operands, at })
    }

    /// Takes a function's name; leaves `true`, `false` and `nil`.
    fn function(&mut self) -> Result<Option<&'static Function>, Failure> {
        let at = self.at();
        let Some(Kind::Word(word)) = self.peek() else { return Ok(None) };
        if matches!(word.as_str(), "true" | "false" | "nil") {
            return Ok(None);
        }
        let function = functions::find(word)
            .ok_or_else(|| Failure::new(at, format!("function {word:?} not defined")))?;
        self.tokens.pop_front();
        Ok(Some(function))
    }

    fn operand(&mut self) -> Result<Operand, Failure> {
        let function = self.function()?;
        let at = self.at();
        let mut fields = Vec::new();
        let base = match function {
            Some(function) => {
                function.check(0).map_err(|message| Failure::new(at, message))?;
                Base::Call(function)
            }
            None => self.base(&mut fields)?,
        };
        while let Some(token) =
            self.take_if(|token| !token.spaced && matches!(token.kind, Kind::Field(_)))
        {
            if let Kind::Field(name) = token.kind {
                fields.push(name);
            }
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
        match self.tokens.pop_front().map(|token| token.kind) {
            Some(Kind::Dot) => Ok(Base::Dot),
            Some(Kind::Field(name)) => {
                fields.push(name);
                Ok(Base::Dot)
            }
            Some(Kind::Variable(name)) if self.variables.contains(&name) => {
                Ok(Base::Variable(name))
            }
            Some(Kind::Variable(name)) => {
                Err(Failure::new(at, format!("undefined variable {name:?}")))
            }
            Some(Kind::Constant(value)) => Ok(Base::Constant(value)),
            Some(Kind::Word(word)) => Ok(Base::Constant(match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::Nil,
            })),
            Some(Kind::LeftParen) => {
                let pipeline = self.deeper(|parser| parser.pipeline(false))?;
                match self.next_if(&Kind::RightParen) {
                    true => Ok(Base::Paren(Box::new(pipeline))),
                    false => Err(Failure::new(at, "this parenthesis is not closed")),
                }
            }
            Some(Kind::RightParen) => unexpected(")"),
            Some(Kind::Comma) => unexpected(","),
            Some(Kind::Assign) => unexpected("="),
            Some(Kind::Declare) => unexpected(":="),
            Some(Kind::Pipe) => unexpected("|"),
            Some(Kind::Open | Kind::Close | Kind::Text(_)) | None => unexpected("end"),
        }
    }
}
