//! The expressions of a text.

use super::SubstituteError;

/// Expressions inside one another; real ones stay below four.
const DEPTH_LIMIT: usize = 32;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text as it is.
    Text(String),
    /// An expression.
    Call(Call),
}

/// `${name operator arguments}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// The variable.
    pub(super) name: String,
    /// What is done with its value.
    pub(super) operator: Operator,
    /// What it is done with.
    pub(super) arguments: Vec<Piece>,
}

/// What an expression does with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// The value.
    Plain,
    /// The value, or the arguments when it is empty: `=`, `:=`, `:-`, `:+` and `:?` all do this.
    Default,
    /// How many bytes it has.
    Length,
    /// The part from an offset, of a length.
    Part,
    /// Upper case of all, or of the first letter alone.
    Upper { all: bool },
    /// Lower case of all, or of the first letter alone.
    Lower { all: bool },
    /// Without the shortest or longest beginning that matches.
    TrimStart { longest: bool },
    /// Without the shortest or longest end that matches.
    TrimEnd { longest: bool },
    /// With another text for one.
    Replace(Place),
}

/// Which occurrences are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    First,
    All,
    Start,
    End,
}

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Vec<Piece>, SubstituteError> {
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let mut pieces = Vec::new();
    while !reader.rest.is_empty() {
        if reader.eat("${") {
            pieces.push(Piece::Call(reader.call()?));
        } else if let Some(run) = reader.run(|_| true, Escapes::Dollar) {
            pieces.push(Piece::Text(run));
        }
    }
    Ok(pieces)
}

/// What may be escaped where.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    None,
    /// `$$`.
    Dollar,
    /// `$$`, `\/` and `\\`.
    All,
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest.starts_with(text);
        if found {
            self.skip(text.len());
        }
        found
    }

    /// How often `letter` stands here, at most `most` times; they are taken.
    fn count(&mut self, letter: char, most: usize) -> usize {
        let mut count = 0;
        while count < most && self.peek() == Some(letter) {
            self.skip(letter.len_utf8());
            count += 1;
        }
        count
    }

    /// The letters up to the first that is not accepted, or up to an expression; `None` for none.
    fn run(&mut self, accepts: impl Fn(char) -> bool, escapes: Escapes) -> Option<String> {
        let mut run = None;
        while let Some(letter) = self.peek() {
            if self.rest.starts_with("${") {
                break;
            }
            if let Some(escaped) = self.find_escaped(escapes) {
                run.get_or_insert_with(String::new).push(escaped);
                self.skip(2);
                continue;
            }
            if !accepts(letter) {
                break;
            }
            run.get_or_insert_with(String::new).push(letter);
            self.skip(letter.len_utf8());
        }
        run
    }

    fn find_escaped(&self, escapes: Escapes) -> Option<char> {
        let mut letters = self.rest.chars();
        match (letters.next()?, letters.next()?) {
            ('$', '$') if escapes != Escapes::None => Some('$'),
            ('\\', next @ ('/' | '\\')) if escapes == Escapes::All => Some(next),
            _ => None,
        }
    }

    /// The rest of an expression, behind its `${`.
    fn call(&mut self) -> Result<Call, SubstituteError> {
        if self.depth >= DEPTH_LIMIT {
            return Err(SubstituteError::TooLarge);
        }
        self.depth += 1;
        let call = self.call_inside();
        self.depth -= 1;
        call
    }

    fn call_inside(&mut self) -> Result<Call, SubstituteError> {
        if self.eat("#") {
            let name = self.name()?;
            return self.close(name, Operator::Length, Vec::new());
        }
        let name = self.name()?;
        match self.peek() {
            Some(':') => self.colon(name),
            Some('=') => {
                self.skip(1);
                self.default(name)
            }
            Some(',' | '^') => self.casing(name),
            Some('/') => self.replace(name),
            Some(sign @ ('#' | '%')) => {
                let longest = self.count(sign, 2) == 2;
                let operator = if sign == '#' {
                    Operator::TrimStart { longest }
                } else {
                    Operator::TrimEnd { longest }
                };
                let argument = self.argument(|letter| letter != '}', Escapes::None)?;
                self.close(name, operator, vec![argument])
            }
            _ => self.close(name, Operator::Plain, Vec::new()),
        }
    }

    fn name(&mut self) -> Result<String, SubstituteError> {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        self.run(is_part, Escapes::None)
            .ok_or(SubstituteError::Syntax("it names no variable"))
    }

    fn close(
        &mut self,
        name: String,
        operator: Operator,
        arguments: Vec<Piece>,
    ) -> Result<Call, SubstituteError> {
        if !self.eat("}") {
            return Err(SubstituteError::Syntax("its `}` is not where it should be"));
        }
        Ok(Call {
            name,
            operator,
            arguments,
        })
    }

    /// A text of at least one letter, or an expression.
    fn argument(
        &mut self,
        accepts: impl Fn(char) -> bool,
        escapes: Escapes,
    ) -> Result<Piece, SubstituteError> {
        if self.eat("${") {
            return Ok(Piece::Call(self.call()?));
        }
        self.run(accepts, escapes)
            .map(Piece::Text)
            .ok_or(SubstituteError::Syntax("an argument is missing"))
    }

    fn colon(&mut self, name: String) -> Result<Call, SubstituteError> {
        self.skip(1);
        if matches!(self.peek(), Some('=' | '-' | '?' | '+')) {
            self.skip(1);
            return self.default(name);
        }
        let is_offset = |letter: char| letter != ':' && letter != '}';
        let mut arguments = vec![self.argument(is_offset, Escapes::None)?];
        if self.count(':', usize::MAX) > 0 {
            arguments.push(self.argument(|letter| letter != '}', Escapes::None)?);
        }
        self.close(name, Operator::Part, arguments)
    }

    fn default(&mut self, name: String) -> Result<Call, SubstituteError> {
        let mut arguments = Vec::new();
        while self.peek() != Some('}') {
            arguments.push(self.argument(|letter| letter != '}', Escapes::None)?);
        }
        self.close(name, Operator::Default, arguments)
    }

    fn casing(&mut self, name: String) -> Result<Call, SubstituteError> {
        let signs: String = self.rest.chars().take(2).collect();
        let operator = match signs.as_str() {
            "^^" => Operator::Upper { all: true },
            ",," => Operator::Lower { all: true },
            ",^" | "^," => Operator::Plain,
            _ if signs.starts_with('^') => Operator::Upper { all: false },
            _ => Operator::Lower { all: false },
        };
        let is_sign = |letter: char| letter == ',' || letter == '^';
        let taken = signs.chars().take_while(|letter| is_sign(*letter)).count();
        self.skip(taken);
        self.close(name, operator, Vec::new())
    }

    fn replace(&mut self, name: String) -> Result<Call, SubstituteError> {
        self.skip(1);
        let place = match self.peek() {
            Some('/') => Place::All,
            Some('#') => Place::Start,
            Some('%') => Place::End,
            _ => Place::First,
        };
        if place != Place::First {
            self.skip(1);
        }
        let old = if self.peek() == Some('/') {
            Piece::Text(String::new())
        } else {
            self.argument(|letter| letter != '/', Escapes::All)?
        };
        if self.count('/', usize::MAX) == 0 {
            return Err(SubstituteError::Syntax(
                "the new text of a replacement is missing",
            ));
        }
        let mut arguments = vec![old];
        if self.peek() != Some('}') {
            arguments.push(self.argument(|letter| letter != '}', Escapes::All)?);
        }
        self.close(name, Operator::Replace(place), arguments)
    }
}
