//! Pipelines: declarations, commands and their operands.

use std::rc::Rc;

use super::super::error::TemplateError;
use super::super::number::{parse_char, parse_number, parse_text};
use super::super::syntax::{Command, Operand, Pipe};
use super::super::token::Kind;
use super::Parser;

impl Parser {
    /// A pipeline up to and with `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: &Kind) -> Result<Pipe, TemplateError> {
        self.skip_space();
        let mut pipe = Pipe {
            line: self.line(),
            assigns: false,
            variables: Vec::new(),
            commands: Vec::new(),
        };
        self.declarations(context, &mut pipe)?;
        loop {
            let next = self.peek_word().clone();
            if next == *end {
                self.next();
                break;
            }
            if !begins_operand(&next) {
                return self.unexpected(&next, context);
            }
            let command = self.command()?;
            pipe.commands.push(command);
        }
        self.check(&pipe, context)?;
        Ok(pipe)
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Result<(), TemplateError> {
        if pipe.commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (stage, command) in pipe.commands.iter().enumerate().skip(1) {
            if matches!(
                command.first,
                Operand::Bool(_)
                    | Operand::Dot
                    | Operand::Nil
                    | Operand::Number(_)
                    | Operand::Text(_)
            ) {
                return self.error(format!(
                    "non executable command in pipeline stage {}",
                    stage + 1
                ));
            }
        }
        Ok(())
    }

    /// `$x :=`, `$x =`, and for ranges `$i, $x :=`.
    fn declarations(&mut self, context: &str, pipe: &mut Pipe) -> Result<(), TemplateError> {
        loop {
            let start = self.at;
            let Kind::Variable(name) = self.peek_word().clone() else {
                return Ok(());
            };
            self.next();
            match self.peek_word().clone() {
                sign @ (Kind::Assign | Kind::Declare) => {
                    self.next();
                    pipe.assigns = sign == Kind::Assign;
                    self.declare(name, pipe);
                    return Ok(());
                }
                Kind::Char(',') => {
                    self.next();
                    self.declare(name, pipe);
                    if context != "range" || pipe.variables.len() >= 2 {
                        return self.error(format!("too many declarations in {context}"));
                    }
                    let next = self.peek_word().clone();
                    if !matches!(next, Kind::Variable(_) | Kind::Right | Kind::CloseParen) {
                        return self.error("range can only initialize variables");
                    }
                }
                _ => {
                    self.at = start;
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, name: String, pipe: &mut Pipe) {
        let name: Rc<str> = name.into();
        pipe.variables.push(Rc::clone(&name));
        self.variables.push(name);
    }

    /// Operands up to a pipe sign or the end.
    fn command(&mut self) -> Result<Command, TemplateError> {
        let mut operands = Vec::new();
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                operands.push(operand);
            }
            match self.peek().clone() {
                Kind::Space => {
                    self.next();
                }
                Kind::Pipe => {
                    self.next();
                    break;
                }
                Kind::Right | Kind::CloseParen => break,
                other => return self.unexpected(&other, "operand"),
            }
        }
        let mut operands = operands.into_iter();
        match operands.next() {
            Some(first) => Ok(Command {
                first,
                arguments: operands.collect(),
            }),
            None => self.error("empty command"),
        }
    }

    /// A term and the fields behind it; `None` where no operand stands.
    fn operand(&mut self) -> Result<Option<Operand>, TemplateError> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        let mut fields: Vec<Rc<str>> = Vec::new();
        while let Kind::Field(name) = self.peek() {
            fields.push(name.as_str().into());
            self.at += 1;
        }
        if fields.is_empty() {
            return Ok(Some(term));
        }
        Ok(Some(match term {
            Operand::Field(mut names) => {
                names.extend(fields);
                Operand::Field(names)
            }
            Operand::Variable(name, mut names) => {
                names.extend(fields);
                Operand::Variable(name, names)
            }
            Operand::Function(_) | Operand::Pipe(_) | Operand::Chain(..) => {
                Operand::Chain(Box::new(term), fields)
            }
            Operand::Bool(_)
            | Operand::Text(_)
            | Operand::Number(_)
            | Operand::Nil
            | Operand::Dot => return self.error("unexpected `.` behind a constant"),
        }))
    }

    fn term(&mut self) -> Result<Option<Operand>, TemplateError> {
        let read = |result: Result<Operand, String>, parser: &Self| {
            result.or_else(|reason| parser.error(reason))
        };
        let operand = match self.peek().clone() {
            Kind::Identifier(name) => {
                self.check_function(&name)?;
                Operand::Function(name.into())
            }
            Kind::Dot => Operand::Dot,
            Kind::Nil => Operand::Nil,
            Kind::Bool(bool) => Operand::Bool(bool),
            Kind::Field(name) => Operand::Field(vec![name.into()]),
            Kind::Variable(name) => {
                if !self.knows(&name) {
                    return self.error(format!("undefined variable `{name}`"));
                }
                Operand::Variable(name.into(), Vec::new())
            }
            Kind::Number(text) => read(parse_number(&text).map(Operand::Number), self)?,
            Kind::CharConstant(text) => read(parse_char(&text).map(Operand::Number), self)?,
            Kind::Quoted(text) | Kind::RawQuoted(text) => read(
                parse_text(&text).map(|text| Operand::Text(text.into())),
                self,
            )?,
            Kind::OpenParen => {
                self.next();
                let pipe =
                    self.deeper(|parser| parser.pipeline("parenthesis", &Kind::CloseParen))?;
                return Ok(Some(Operand::Pipe(Box::new(pipe))));
            }
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(operand))
    }
}

fn begins_operand(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Bool(_)
            | Kind::CharConstant(_)
            | Kind::Dot
            | Kind::Field(_)
            | Kind::Identifier(_)
            | Kind::Number(_)
            | Kind::Nil
            | Kind::RawQuoted(_)
            | Kind::Quoted(_)
            | Kind::Variable(_)
            | Kind::OpenParen
    )
}
