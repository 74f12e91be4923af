//! The tree of a template: what the parser builds and the evaluator walks.

use super::functions::Function;
use super::value::Value;

/// A part of a template.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Text to print.
    Text(String),
    /// `{{pipeline}}`
    Action(Pipeline),
    /// `{{if}}`, `{{with}}` or `{{range}}`.
    Control(Control, Pipeline, Vec<Node>, Vec<Node>),
    /// `{{break}}`
    Break,
    /// `{{continue}}`
    Continue,
}

/// The control structures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Control {
    /// `{{if}}`
    If,
    /// `{{with}}`
    With,
    /// `{{range}}`
    Range,
}

/// `$a, $b := command | command`
#[derive(Debug, Clone)]
pub(super) struct Pipeline {
    /// The variables it sets.
    pub variables: Vec<String>,
    /// Whether these are new (`:=`).
    pub declares: bool,
    /// At least one command; each gets the value of the one before as its last argument.
    pub commands: Vec<Command>,
    /// Where it starts.
    pub at: usize,
}

/// A function and its arguments, or one operand alone.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// The function, if the first word is one.
    pub function: Option<&'static Function>,
    /// Its arguments, or the operand.
    pub operands: Vec<Operand>,
    /// Where it starts.
    pub at: usize,
}

/// A value's source, and the fields to follow from there.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    /// Where to begin.
    pub base: Base,
    /// `.A.B`
    pub fields: Vec<String>,
    /// Where it stands.
    pub at: usize,
}

/// Where an operand begins.
#[derive(Debug, Clone)]
pub(super) enum Base {
    /// `.`
    Dot,
    /// `$name`
    Variable(String),
    /// A literal.
    Constant(Value),
    /// `(pipeline)`
    Paren(Box<Pipeline>),
    /// A function as an argument: called with none of its own.
    Call(&'static Function),
}

/// A parsed template.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// Its parts.
    pub nodes: Vec<Node>,
    /// The row's fields that it names, and where.
    pub fields: Vec<(String, usize)>,
    /// Whether it uses the row as a whole, as `{{json .}}` does.
    pub whole_row: bool,
}
