//! Control structures, and where other templates are called.

use std::rc::Rc;

use super::super::error::TemplateError;
use super::super::syntax::{Branch, Node};
use super::super::token::{Keyword, Kind};
use super::{Ending, Parser};

impl Parser {
    pub(super) fn leaves_range(&mut self, node: Node) -> Result<Node, TemplateError> {
        self.expect_right("break or continue")?;
        if self.ranges == 0 {
            return self.error("`break` or `continue` outside a range");
        }
        Ok(node)
    }

    pub(super) fn template(&mut self, keyword: Keyword, line: u32) -> Result<Node, TemplateError> {
        let name = self.template_name("template")?;
        if keyword == Keyword::Template && *self.peek_word() == Kind::Right {
            self.next();
            return Ok(Node::Template {
                line,
                name,
                pipe: None,
            });
        }
        let pipe = Some(self.pipeline("template", &Kind::Right)?);
        if keyword == Keyword::Block {
            let body = self.own_scope()?;
            self.define(Rc::clone(&name), body)?;
        }
        Ok(Node::Template { line, name, pipe })
    }

    pub(super) fn branch(&mut self, keyword: Keyword) -> Result<Branch, TemplateError> {
        let scope = self.variables.len();
        let result = self.deeper(|parser| parser.branch_inside(keyword));
        self.variables.truncate(scope);
        result
    }

    fn branch_inside(&mut self, keyword: Keyword) -> Result<Branch, TemplateError> {
        let context = if keyword == Keyword::Range {
            "range"
        } else {
            "condition"
        };
        let pipe = self.pipeline(context, &Kind::Right)?;
        self.ranges += usize::from(keyword == Keyword::Range);
        let (body, ending) = self.body()?;
        self.ranges -= usize::from(keyword == Keyword::Range);
        let otherwise = match ending {
            Ending::End => None,
            Ending::Else => Some(self.otherwise(keyword)?),
        };
        Ok(Branch {
            pipe,
            body,
            otherwise,
        })
    }

    /// What follows `else`: a chained condition shares the `end`.
    fn otherwise(&mut self, keyword: Keyword) -> Result<Vec<Node>, TemplateError> {
        match (keyword, self.peek().clone()) {
            (Keyword::If, Kind::Keyword(Keyword::If)) => {
                self.next();
                Ok(vec![Node::If(self.branch(Keyword::If)?)])
            }
            (Keyword::With, Kind::Keyword(Keyword::With)) => {
                self.next();
                Ok(vec![Node::With(self.branch(Keyword::With)?)])
            }
            (_, other @ Kind::Keyword(_)) => self.unexpected(&other, "else"),
            _ => match self.body()? {
                (body, Ending::End) => Ok(body),
                (_, Ending::Else) => self.error("expected `end`, found `else`"),
            },
        }
    }
}
