//! Template text to tokens: text between actions, and the words of actions. Trim markers are
//! resolved here, so that the parser never sees them.

use super::error::TemplateError;
use super::token::{Kind, Token, identifier};

/// All tokens of a text, ending with [`Kind::End`].
pub(super) fn lex(text: &str) -> Result<Vec<Token>, TemplateError> {
    let mut lexer = Lexer {
        text,
        at: 0,
        line: 1,
        tokens: Vec::new(),
    };
    lexer.run()?;
    lexer.push(Kind::End);
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    tokens: Vec<Token>,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// `- ` behind `{{`.
fn trims_left(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, kind: Kind) {
        self.tokens.push(Token {
            kind,
            line: self.line,
        });
    }

    /// Goes on by this many bytes, counting lines.
    fn skip(&mut self, bytes: usize) -> &'a str {
        let start = self.at;
        self.at = (self.at + bytes).min(self.text.len());
        let passed = self.text.get(start..self.at).unwrap_or_default();
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        self.line += u32::try_from(lines).unwrap_or_default();
        passed
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.skip(end)
    }

    fn error<T>(&self, reason: impl Into<String>) -> Result<T, TemplateError> {
        Err(TemplateError::Syntax {
            line: self.line,
            reason: reason.into(),
        })
    }

    fn run(&mut self) -> Result<(), TemplateError> {
        while let Some(start) = self.rest().find("{{") {
            let text = self.rest().get(..start).unwrap_or_default();
            let behind = self.rest().get(start + 2..).unwrap_or_default();
            let trim = trims_left(behind);
            let kept = if trim {
                text.trim_end_matches(is_space)
            } else {
                text
            };
            if !kept.is_empty() {
                self.push(Kind::Text(kept.to_owned()));
            }
            self.skip(start + 2 + if trim { 2 } else { 0 });
            if self.rest().starts_with("/*") {
                self.comment()?;
            } else {
                self.push(Kind::Left);
                self.action()?;
            }
        }
        if !self.rest().is_empty() {
            let text = self.rest().to_owned();
            self.push(Kind::Text(text));
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), TemplateError> {
        let Some(end) = self.rest().get(2..).and_then(|rest| rest.find("*/")) else {
            return self.error("a comment is not closed");
        };
        self.skip(end + 4);
        if self.close_action() {
            return Ok(());
        }
        self.error("a comment must end with its action")
    }

    /// Goes behind `}}` (or ` -}}` and the space behind it), if it stands here.
    fn close_action(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("}}") {
            self.skip(2);
            return true;
        }
        let trimmed = rest.strip_prefix(is_space).unwrap_or_default();
        if trimmed.starts_with("-}}") {
            self.skip(4);
            self.skip_while(is_space);
            return true;
        }
        false
    }

    /// The words of one action, up to its end.
    fn action(&mut self) -> Result<(), TemplateError> {
        let mut depth = 0_usize;
        loop {
            let line = self.line;
            if self.close_action() {
                if depth > 0 {
                    return self.error("a left parenthesis is not closed");
                }
                self.tokens.push(Token {
                    kind: Kind::Right,
                    line,
                });
                return Ok(());
            }
            let Some(c) = self.peek() else {
                return self.error("an action is not closed");
            };
            match c {
                _ if is_space(c) => self.space(),
                '(' => {
                    depth += 1;
                    self.single(Kind::OpenParen);
                }
                ')' => {
                    let Some(outer) = depth.checked_sub(1) else {
                        return self.error("a right parenthesis closes nothing");
                    };
                    depth = outer;
                    self.single(Kind::CloseParen);
                }
                _ => self.word(c)?,
            }
        }
    }

    fn single(&mut self, kind: Kind) {
        self.push(kind);
        self.skip(1);
    }

    /// A run of spaces; the last one may belong to a trim marker.
    fn space(&mut self) {
        let rest = self.rest();
        let mut end = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
        if rest.get(end..).is_some_and(|rest| rest.starts_with("-}}")) {
            end -= 1;
        }
        if end > 0 {
            self.push(Kind::Space);
            self.skip(end);
        }
    }

    fn word(&mut self, c: char) -> Result<(), TemplateError> {
        match c {
            '=' => self.single(Kind::Assign),
            '|' => self.single(Kind::Pipe),
            ':' => {
                if !self.rest().starts_with(":=") {
                    return self.error("expected `:=`");
                }
                self.push(Kind::Declare);
                self.skip(2);
            }
            '"' | '\'' | '`' => return self.quoted(c),
            '$' => {
                let name = self.name_behind(1)?;
                self.push(Kind::Variable(format!("${name}")));
            }
            '.' if !self
                .rest()
                .chars()
                .nth(1)
                .is_some_and(|c| c.is_ascii_digit()) =>
            {
                let name = self.name_behind(1)?;
                self.push(if name.is_empty() {
                    Kind::Dot
                } else {
                    Kind::Field(name)
                });
            }
            '.' | '+' | '-' | '0'..='9' => return self.number(),
            _ if is_word(c) => {
                let name = self.name_behind(0)?;
                self.push(identifier(name));
            }
            _ if c.is_ascii_graphic() => self.single(Kind::Char(c)),
            _ => return self.error(format!("`{}` in an action", c.escape_default())),
        }
        Ok(())
    }

    /// The letters behind a sign; something must end them.
    fn name_behind(&mut self, sign: usize) -> Result<String, TemplateError> {
        self.skip(sign);
        let name = self.skip_while(is_word).to_owned();
        let ends = self.rest().starts_with("}}")
            || self
                .peek()
                .is_none_or(|c| is_space(c) || matches!(c, '.' | ',' | '|' | ':' | ')' | '('));
        if ends {
            return Ok(name);
        }
        let bad = self.peek().unwrap_or_default();
        self.error(format!("`{}` behind `{name}`", bad.escape_default()))
    }

    fn quoted(&mut self, quote: char) -> Result<(), TemplateError> {
        let line = self.line;
        let mut chars = self.rest().char_indices().skip(1);
        let end = loop {
            match chars.next() {
                Some((at, c)) if c == quote => break at + 1,
                Some((_, '\\')) if quote != '`' => {
                    if chars.next().is_none_or(|(_, c)| c == '\n') {
                        return self.error("a quoted text is not closed");
                    }
                }
                None => return self.error("a quoted text is not closed"),
                Some((_, '\n')) if quote != '`' => {
                    return self.error("a quoted text is not closed");
                }
                Some(_) => {}
            }
        };
        let text = self.skip(end).to_owned();
        let kind = match quote {
            '"' => Kind::Quoted(text),
            '`' => Kind::RawQuoted(text),
            _ => Kind::CharConstant(text),
        };
        self.tokens.push(Token { kind, line });
        Ok(())
    }

    /// A number as far as its letters can belong to one; whether it is one is seen when it is read.
    fn number(&mut self) -> Result<(), TemplateError> {
        let start = self.at;
        if matches!(self.peek(), Some('+' | '-')) {
            self.skip(1);
        }
        loop {
            let word = self.skip_while(|c| is_word(c) || c == '.');
            // The sign of an exponent.
            let decimal = !word.starts_with("0x") && !word.starts_with("0X");
            let exponent = if decimal {
                word.ends_with(['e', 'E', 'p', 'P'])
            } else {
                word.ends_with(['p', 'P'])
            };
            if exponent && matches!(self.peek(), Some('+' | '-')) {
                self.skip(1);
            } else {
                break;
            }
        }
        if matches!(self.peek(), Some('+' | '-')) {
            return self.error("complex numbers are not supported");
        }
        let text = self.text.get(start..self.at).unwrap_or_default().to_owned();
        self.push(Kind::Number(text));
        Ok(())
    }
}
