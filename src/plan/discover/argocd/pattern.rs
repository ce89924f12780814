//! The patterns of `directory.include` and `directory.exclude`: those of the library that Argo CD
//! uses, without separators. `*` and `**` are any text, `/` included; a class is one range or one
//! list, and `!` negates it; `{a,b}` alternates; what is no pattern matches nothing.

use std::collections::BTreeSet;

/// A pattern; one that cannot be read matches nothing, and Argo CD says nothing about it either.
#[derive(Debug)]
pub(super) struct Pattern(Option<Vec<Piece>>);

#[derive(Debug, PartialEq)]
enum Piece {
    Text(Vec<char>),
    Any,
    One,
    Class { negated: bool, members: Members },
    Either(Vec<Vec<Piece>>),
}

#[derive(Debug, PartialEq)]
enum Members {
    Range(char, char),
    List(Vec<char>),
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Self {
        let mut reader = Reader {
            chars: text.chars().collect(),
            at: 0,
        };
        Self(reader.read_pieces(0))
    }

    /// False for alternatives and classes in which the library has errors of its own: mixed with other
    /// open places, they take less, or more, than its description says.
    pub(super) fn is_certain(&self) -> bool {
        let plain = |pieces: &Vec<Piece>, also_any: bool| {
            let fits = |piece: &Piece| match piece {
                Piece::Text(_) => true,
                Piece::Any => also_any,
                _ => false,
            };
            !pieces.is_empty() && pieces.len() < 3 && pieces.iter().all(fits)
        };
        let certain = |piece: &Piece, alone: bool| match piece {
            Piece::Either(choices) => {
                let lengths: BTreeSet<usize> = choices.iter().map(Vec::len).collect();
                let repeats = |at: usize| {
                    let mut before = choices.iter().take(at);
                    before.any(|choice| choices.get(at) == Some(choice))
                };
                choices.len() > 1
                    && lengths.len() == 1
                    && !(0..choices.len()).any(repeats)
                    && choices.iter().all(|pieces| plain(pieces, alone))
            }
            _ => true,
        };
        let negated = |piece: &Piece| matches!(piece, Piece::Class { negated: true, .. });
        match self.0.as_deref() {
            Some([only]) => certain(only, true),
            Some(pieces) => {
                pieces.iter().all(|piece| certain(piece, false))
                    && !pieces.windows(2).any(|two| two.iter().all(negated))
            }
            None => true,
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let Some(pieces) = &self.0 else {
            return false;
        };
        if let [Piece::Text(front), Piece::Any, Piece::Text(back)] = pieces.as_slice() {
            // Both ends are looked at by themselves, so that they may share letters: `a/**/b` takes `a/b`.
            return chars.starts_with(front) && chars.ends_with(back);
        }
        ends(pieces, &chars, &BTreeSet::from([0])).contains(&chars.len())
    }
}

/// Where a match of these pieces can end that begins at one of `starts`.
fn ends(pieces: &[Piece], chars: &[char], starts: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut places = starts.clone();
    for piece in pieces {
        places = match piece {
            Piece::Any => match places.first() {
                Some(first) => (*first..=chars.len()).collect(),
                None => BTreeSet::new(),
            },
            Piece::Text(text) => {
                let fits = |at: &usize| chars.get(*at..).is_some_and(|rest| rest.starts_with(text));
                let found = places.into_iter().filter(fits);
                found.map(|at| at + text.len()).collect()
            }
            Piece::One => step(&places, chars, |_| true),
            Piece::Class { negated, members } => {
                step(&places, chars, |c| members.hold(c) != *negated)
            }
            Piece::Either(choices) => {
                let found = choices.iter().map(|pieces| ends(pieces, chars, &places));
                found.flatten().collect()
            }
        };
    }
    places
}

fn step(places: &BTreeSet<usize>, chars: &[char], takes: impl Fn(char) -> bool) -> BTreeSet<usize> {
    let fits = |at: &&usize| chars.get(**at).is_some_and(|c| takes(*c));
    places.iter().filter(fits).map(|at| at + 1).collect()
}

impl Members {
    fn hold(&self, c: char) -> bool {
        match self {
            Self::Range(low, high) => (*low..=*high).contains(&c),
            Self::List(list) => list.contains(&c),
        }
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    /// Up to the end, or to the `,` or `}` of the alternatives that they stand in. What opens and is
    /// not closed ends with the pattern.
    fn read_pieces(&mut self, depth: usize) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        while let Some(c) = self.peek() {
            match c {
                ',' | '}' if depth > 0 => break,
                '*' => {
                    self.at += 1;
                    if pieces.last() != Some(&Piece::Any) {
                        pieces.push(Piece::Any);
                    }
                }
                '?' => {
                    self.at += 1;
                    pieces.push(Piece::One);
                }
                '[' => {
                    self.at += 1;
                    pieces.push(self.read_class()?);
                }
                '{' => {
                    self.at += 1;
                    pieces.push(self.read_choices(depth + 1)?);
                }
                _ => {
                    let stops: &[char] = if depth > 0 {
                        &['?', '*', '[', '{', '}', ',']
                    } else {
                        &['?', '*', '[', '{']
                    };
                    let text = self.read_text(stops);
                    match pieces.last_mut() {
                        Some(Piece::Text(before)) => before.extend(text),
                        _ => pieces.push(Piece::Text(text)),
                    }
                }
            }
        }
        Some(pieces)
    }

    fn read_choices(&mut self, depth: usize) -> Option<Piece> {
        // Deeper ones are nobody's pattern.
        if depth > 20 {
            return None;
        }
        let mut choices = vec![self.read_pieces(depth)?];
        while self.next() == Some(',') {
            choices.push(self.read_pieces(depth)?);
        }
        Some(Piece::Either(choices))
    }

    fn read_text(&mut self, stops: &[char]) -> Vec<char> {
        let mut text = Vec::new();
        while let Some(c) = self.peek().filter(|c| !stops.contains(c)) {
            self.at += 1;
            match c {
                '\\' => text.extend(self.next()),
                c => text.push(c),
            }
        }
        text
    }

    fn read_class(&mut self) -> Option<Piece> {
        let negated = self.peek() == Some('!');
        if negated {
            self.at += 1;
        }
        let low = self.peek()?;
        let members = if self.chars.get(self.at + 1) == Some(&'-') {
            self.at += 2;
            let high = self.next().filter(|high| *high >= low)?;
            Members::Range(low, high)
        } else {
            let list = self.read_text(&[']']);
            Members::List(Some(list).filter(|list| !list.is_empty())?)
        };
        (self.next() == Some(']')).then_some(Piece::Class { negated, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_the_library_of_argo_cd_matches() {
        // Each row was asked of that library.
        for (pattern, text, wanted) in [
            ("**/d.yaml", "d.yaml", false),
            ("**/d.yaml", "a/d.yaml", true),
            ("*.yaml", "a/b/d.yaml", true),
            ("a/**/b", "a/b", true),
            ("a/**/*.b", "a/x.b", false),
            ("a/**/*.b", "a/x/y.b", true),
            ("[a-z]*.yaml", "d.yaml", true),
            ("[a-zA-Z]*.yaml", "d.yaml", false),
            ("[^q]*.yaml", "d.yaml", false),
            ("[^q]*.yaml", "q.yaml", true),
            ("[!q]*.yaml", "d.yaml", true),
            ("[!q]*.yaml", "q.yaml", false),
            ("[b-a]*", "b", false),
            ("[]", "]", false),
            ("[a\\]]", "]", true),
            ("{a,b}/*", "b/x.yaml", true),
            ("{a,b}/*", "c/x.yaml", false),
            ("{*.yml,*.yaml}", "x.yaml", true),
            ("{a,b", "b", true),
            ("a}", "a}", true),
            ("\\*.yaml", "*.yaml", true),
            ("\\*.yaml", "x.yaml", false),
            ("?.yaml", "d.yaml", true),
            ("?.yaml", "dd.yaml", false),
        ] {
            let pattern = (pattern, Pattern::parse(pattern));
            assert!(pattern.1.is_certain(), "{}", pattern.0);
            assert_eq!(pattern.1.matches(text), wanted, "{} {text}", pattern.0);
        }
    }

    #[test]
    fn patterns_that_the_library_reads_wrongly_are_not_certain() {
        for pattern in [
            "{*b,b}",
            "{a?,b?}",
            "{a*b*,c}",
            "{a,{b,c}}",
            "*[!a][!b]",
            "{a}*",
            "{a,a}*",
        ] {
            assert!(!Pattern::parse(pattern).is_certain(), "{pattern}");
        }
    }
}
