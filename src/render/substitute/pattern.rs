//! Shell patterns: `*`, `?`, `[…]`, and `\` before a letter that means itself.

/// Bytes of a value times bytes of a pattern that are compared at most.
pub(super) const WORK_LIMIT: usize = 64 << 20;

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Star,
    Any,
    Letter(char),
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// `None` for what is no pattern, which matches nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            tokens.push(match letter {
                '*' => Token::Star,
                '?' => Token::Any,
                '\\' => Token::Letter(letters.next()?),
                '[' => parse_class(&mut letters)?,
                letter => Token::Letter(letter),
            });
        }
        Some(Self(tokens))
    }

    /// How many bytes the shortest or longest beginning has that matches; empty ones do not count.
    pub(super) fn find_start(&self, text: &str, longest: bool) -> usize {
        let mut found = 0;
        let mut alive = vec![false; self.0.len() + 1];
        if let Some(first) = alive.first_mut() {
            *first = true;
        }
        self.pass_stars(&mut alive);
        for (at, letter) in text.char_indices() {
            alive = self.step(&alive, letter);
            self.pass_stars(&mut alive);
            if alive.last() == Some(&true) {
                found = at + letter.len_utf8();
                if !longest {
                    break;
                }
            }
            if !alive.contains(&true) {
                break;
            }
        }
        found
    }

    /// A star may match nothing.
    fn pass_stars(&self, alive: &mut [bool]) {
        for (index, token) in self.0.iter().enumerate() {
            if *token == Token::Star
                && alive.get(index) == Some(&true)
                && let Some(next) = alive.get_mut(index + 1)
            {
                *next = true;
            }
        }
    }

    /// The places in the pattern behind one more letter.
    fn step(&self, alive: &[bool], letter: char) -> Vec<bool> {
        let mut next = vec![false; alive.len()];
        for (index, token) in self.0.iter().enumerate() {
            if alive.get(index) != Some(&true) {
                continue;
            }
            let place = match token {
                Token::Star => index,
                token if token.accepts(letter) => index + 1,
                _ => continue,
            };
            if let Some(place) = next.get_mut(place) {
                *place = true;
            }
        }
        next
    }
}

impl Token {
    fn accepts(&self, letter: char) -> bool {
        match self {
            Self::Star | Self::Any => true,
            Self::Letter(wanted) => *wanted == letter,
            Self::Class { negated, ranges } => {
                let is_in = ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&letter));
                is_in != *negated
            }
        }
    }
}

/// The rest of a class, behind its `[`.
fn parse_class(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Token> {
    let negated = letters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && letters.next_if_eq(&']').is_some() {
            return Some(Token::Class { negated, ranges });
        }
        let low = parse_bound(letters)?;
        let high = match letters.next_if_eq(&'-') {
            Some(_) => parse_bound(letters)?,
            None => low,
        };
        ranges.push((low, high));
    }
}

fn parse_bound(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match letters.next()? {
        '-' | ']' => None,
        '\\' => letters.next(),
        letter => Some(letter),
    }
}
