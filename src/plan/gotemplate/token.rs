//! The words of a template.

/// A token and the line it begins on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: u32,
}

/// The kinds of token; texts are as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Text(String),
    Left,
    Right,
    Space,
    Pipe,
    Assign,
    Declare,
    OpenParen,
    CloseParen,
    Char(char),
    Dot,
    Nil,
    Bool(bool),
    /// A field, without its dot.
    Field(String),
    /// A variable, with its `$`.
    Variable(String),
    Identifier(String),
    Keyword(Keyword),
    Number(String),
    CharConstant(String),
    Quoted(String),
    RawQuoted(String),
    End,
}

/// Words that begin or end something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// What a bare word is.
pub(super) fn identifier(name: String) -> Kind {
    Kind::Keyword(match name.as_str() {
        "block" => Keyword::Block,
        "break" => Keyword::Break,
        "continue" => Keyword::Continue,
        "define" => Keyword::Define,
        "else" => Keyword::Else,
        "end" => Keyword::End,
        "if" => Keyword::If,
        "range" => Keyword::Range,
        "template" => Keyword::Template,
        "with" => Keyword::With,
        "nil" => return Kind::Nil,
        "true" => return Kind::Bool(true),
        "false" => return Kind::Bool(false),
        _ => return Kind::Identifier(name),
    })
}
