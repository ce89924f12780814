//! Tokens to a template: texts, actions and control structures.

mod control;
mod pipeline;

use std::collections::BTreeMap;
use std::rc::Rc;

use super::error::TemplateError;
use super::functions;
use super::lexer::lex;
use super::syntax::{MAIN, Node, Template};
use super::token::{Keyword, Kind, Token};

/// Control structures and parentheses inside one another: more than people write, and safe on
/// every thread's stack.
const DEPTH: usize = 64;

/// Parses a text. `inherited` are definitions that it may use and replace by empty ones only.
pub(super) fn parse(text: &str, inherited: Option<&Template>) -> Result<Template, TemplateError> {
    let mut parser = Parser {
        tokens: lex(text)?,
        at: 0,
        variables: vec![Rc::from("$")],
        ranges: 0,
        depth: 0,
        defined: BTreeMap::new(),
    };
    let main = parser.top()?;
    parser.define(MAIN.into(), main)?;
    let mut template = inherited.cloned().unwrap_or_default();
    for (name, body) in parser.defined {
        let keep = is_empty(&body) && template.definitions.contains_key(&name);
        if !keep || &*name == MAIN {
            template.definitions.insert(name, body);
        }
    }
    Ok(template)
}

/// How a list of nodes ended.
enum Ending {
    End,
    Else,
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// Names of variables in scope, outermost first.
    variables: Vec<Rc<str>>,
    ranges: usize,
    depth: usize,
    defined: BTreeMap<Rc<str>, Rc<[Node]>>,
}

impl Parser {
    fn peek(&self) -> &Kind {
        self.tokens
            .get(self.at)
            .map_or(&Kind::End, |token| &token.kind)
    }

    fn line(&self) -> u32 {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(1, |token| token.line)
    }

    fn next(&mut self) -> Kind {
        let kind = self.peek().clone();
        self.at += 1;
        kind
    }

    fn skip_space(&mut self) {
        while *self.peek() == Kind::Space {
            self.at += 1;
        }
    }

    fn peek_word(&mut self) -> &Kind {
        self.skip_space();
        self.peek()
    }

    fn next_word(&mut self) -> Kind {
        self.skip_space();
        self.next()
    }

    fn error<T>(&self, reason: impl Into<String>) -> Result<T, TemplateError> {
        Err(TemplateError::Syntax {
            line: self.line(),
            reason: reason.into(),
        })
    }

    fn unexpected<T>(&self, kind: &Kind, context: &str) -> Result<T, TemplateError> {
        self.error(format!("unexpected {} in {context}", describe(kind)))
    }

    fn expect_right(&mut self, context: &str) -> Result<(), TemplateError> {
        match self.next_word() {
            Kind::Right => Ok(()),
            other => self.unexpected(&other, context),
        }
    }

    /// Runs one level deeper, with an end.
    fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        if self.depth >= DEPTH {
            return self.error(format!("more than {DEPTH} levels inside one another"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// The whole text; definitions stand at this level only.
    fn top(&mut self) -> Result<Vec<Node>, TemplateError> {
        let mut nodes = Vec::new();
        loop {
            match self.next() {
                Kind::End => return Ok(nodes),
                Kind::Text(text) => nodes.push(Node::Text(text.into())),
                Kind::Left => {
                    if *self.peek_word() == Kind::Keyword(Keyword::Define) {
                        self.next();
                        self.definition()?;
                        continue;
                    }
                    match self.action()? {
                        Piece::Node(node) => nodes.push(node),
                        Piece::Ending(_) => return self.error("`end` or `else` closes nothing"),
                    }
                }
                other => return self.unexpected(&other, "input"),
            }
        }
    }

    fn definition(&mut self) -> Result<(), TemplateError> {
        let name = self.template_name("define")?;
        self.expect_right("define")?;
        let body = self.own_scope()?;
        self.define(name, body)
    }

    /// A body that knows only `$`, up to its `end`.
    fn own_scope(&mut self) -> Result<Vec<Node>, TemplateError> {
        let outer = std::mem::replace(&mut self.variables, vec![Rc::from("$")]);
        let ranges = std::mem::take(&mut self.ranges);
        let result = self.deeper(Self::body);
        self.variables = outer;
        self.ranges = ranges;
        match result? {
            (body, Ending::End) => Ok(body),
            (_, Ending::Else) => self.error("`else` in a definition"),
        }
    }

    fn define(&mut self, name: Rc<str>, body: Vec<Node>) -> Result<(), TemplateError> {
        let taken = self
            .defined
            .get(&name)
            .is_some_and(|existing| !is_empty(existing));
        if !taken {
            self.defined.insert(name, body.into());
        } else if !is_empty(&body) {
            return self.error(format!("template `{name}` is defined twice"));
        }
        Ok(())
    }

    fn template_name(&mut self, context: &str) -> Result<Rc<str>, TemplateError> {
        match self.next_word() {
            Kind::Quoted(text) | Kind::RawQuoted(text) => match super::number::parse_text(&text) {
                Ok(name) => Ok(name.into()),
                Err(reason) => self.error(reason),
            },
            other => self.unexpected(&other, context),
        }
    }

    /// Nodes up to `end` or `else`.
    fn body(&mut self) -> Result<(Vec<Node>, Ending), TemplateError> {
        let mut nodes = Vec::new();
        loop {
            match self.next() {
                Kind::Text(text) => nodes.push(Node::Text(text.into())),
                Kind::Left => match self.action()? {
                    Piece::Node(node) => nodes.push(node),
                    Piece::Ending(ending) => return Ok((nodes, ending)),
                },
                Kind::End => return self.error("unexpected end of the text, `end` is missing"),
                other => return self.unexpected(&other, "input"),
            }
        }
    }

    /// What follows `{{`.
    fn action(&mut self) -> Result<Piece, TemplateError> {
        let Kind::Keyword(keyword) = *self.peek_word() else {
            let pipe = self.pipeline("command", &Kind::Right)?;
            return Ok(Piece::Node(Node::Action(pipe)));
        };
        if keyword == Keyword::Define {
            return self.error("`define` inside another action's body");
        }
        let line = self.line();
        self.next();
        Ok(match keyword {
            Keyword::End => {
                self.expect_right("end")?;
                Piece::Ending(Ending::End)
            }
            Keyword::Else => {
                // `else if` and `else with` are read by the structure they belong to.
                if !matches!(self.peek_word(), Kind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect_right("else")?;
                }
                Piece::Ending(Ending::Else)
            }
            Keyword::If => Piece::Node(Node::If(self.branch(Keyword::If)?)),
            Keyword::With => Piece::Node(Node::With(self.branch(Keyword::With)?)),
            Keyword::Range => Piece::Node(Node::Range(self.branch(Keyword::Range)?)),
            Keyword::Break => Piece::Node(self.leaves_range(Node::Break)?),
            Keyword::Continue => Piece::Node(self.leaves_range(Node::Continue)?),
            Keyword::Template | Keyword::Block | Keyword::Define => {
                Piece::Node(self.template(keyword, line)?)
            }
        })
    }

    fn knows(&self, variable: &str) -> bool {
        self.variables.iter().any(|known| **known == *variable)
    }

    fn check_function(&self, name: &str) -> Result<(), TemplateError> {
        if functions::exists(name) {
            return Ok(());
        }
        self.error(format!("function `{name}` is not defined"))
    }
}

/// What an action is.
enum Piece {
    Node(Node),
    Ending(Ending),
}

/// True for a body of nothing but space.
fn is_empty(body: &[Node]) -> bool {
    body.iter()
        .all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::End => "end of the text".to_owned(),
        Kind::Right => "`}}`".to_owned(),
        Kind::Space => "space".to_owned(),
        Kind::Char(c) => format!("`{c}`"),
        Kind::Field(name) => format!("`.{name}`"),
        Kind::Identifier(text)
        | Kind::Variable(text)
        | Kind::Number(text)
        | Kind::Quoted(text)
        | Kind::RawQuoted(text)
        | Kind::CharConstant(text) => format!("`{text}`"),
        other => format!("{other:?}").to_lowercase(),
    }
}
