//! A parsed template.

use std::collections::BTreeMap;
use std::rc::Rc;

/// A template with everything it defines, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Template {
    pub(super) definitions: BTreeMap<Rc<str>, Rc<[Node]>>,
}

/// The name under which the text itself is defined.
pub(super) const MAIN: &str = "base";

/// A piece of a template.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Text as it stands.
    Text(Rc<str>),
    /// `{{ pipeline }}`.
    Action(Pipe),
    /// `{{ if }}`.
    If(Branch),
    /// `{{ with }}`.
    With(Branch),
    /// `{{ range }}`.
    Range(Branch),
    /// `{{ template "name" pipeline }}`, and where a block stands.
    Template {
        line: u32,
        name: Rc<str>,
        pipe: Option<Pipe>,
    },
    /// `{{ break }}`.
    Break,
    /// `{{ continue }}`.
    Continue,
}

/// A control structure.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Option<Vec<Node>>,
}

/// Commands, each given the result of the one before.
#[derive(Debug, Clone)]
pub(super) struct Pipe {
    pub(super) line: u32,
    /// True for `=`, false for `:=`.
    pub(super) assigns: bool,
    /// Variables that take the result.
    pub(super) variables: Vec<Rc<str>>,
    pub(super) commands: Vec<Command>,
}

/// A first word and its arguments.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) first: Operand,
    pub(super) arguments: Vec<Operand>,
}

/// One word of a command.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Dot,
    Nil,
    Bool(bool),
    Text(Rc<str>),
    Number(Number),
    /// `.a.b`.
    Field(Vec<Rc<str>>),
    /// `$a.b`.
    Variable(Rc<str>, Vec<Rc<str>>),
    /// A function's name.
    Function(Rc<str>),
    /// A pipeline in parentheses.
    Pipe(Box<Pipe>),
    /// Fields of the result of parentheses or a function.
    Chain(Box<Operand>, Vec<Rc<str>>),
}

/// A constant, which becomes what its place needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    /// The value, where it is an integer.
    pub(super) int: Option<i64>,
    /// The value as binary64.
    pub(super) float: f64,
    /// True when it is written like a number with a fraction or exponent.
    pub(super) looks_fractional: bool,
}
