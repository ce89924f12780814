//! The two kinds of patterns that git generators have: for folders, `*` stays inside a name; for
//! files, git's own, in which it crosses folders.

/// A parsed pattern, or a part of one.
#[derive(Debug)]
pub(in crate::plan::discover::argocd) struct Glob(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Char(char),
    One,
    Many,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A pattern of folders.
#[derive(Debug)]
pub(super) struct FolderGlob(Vec<Glob>);

impl FolderGlob {
    /// `None` for what is no pattern.
    pub(super) fn parse(pattern: &str) -> Option<Self> {
        pattern
            .split('/')
            .map(|part| Glob::parse(part, &['^']))
            .collect::<Option<_>>()
            .map(Self)
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        parts.len() == self.0.len()
            && self
                .0
                .iter()
                .zip(parts)
                .all(|(glob, part)| glob.matches(part))
    }
}

impl Glob {
    /// A pattern in which `*` matches any text; `negations` begin a class of everything else.
    pub(in crate::plan::discover::argocd) fn parse(
        pattern: &str,
        negations: &[char],
    ) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            pieces.push(match c {
                '*' => match pieces.last() {
                    Some(Piece::Many) => continue,
                    _ => Piece::Many,
                },
                '?' => Piece::One,
                '\\' => Piece::Char(chars.next()?),
                '[' => parse_class(&mut chars, negations)?,
                c => Piece::Char(c),
            });
        }
        Some(Self(pieces))
    }

    /// Walks the text once; the last `*` takes more where the rest does not fit.
    pub(in crate::plan::discover::argocd) fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let (mut at, mut piece) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while at < chars.len() {
            let c = chars.get(at).copied().unwrap_or_default();
            match self.0.get(piece) {
                Some(Piece::Many) => {
                    retry = Some((piece + 1, at));
                    piece += 1;
                    continue;
                }
                Some(single) if single.takes(c) => {
                    piece += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let Some((behind, start)) = retry else {
                return false;
            };
            retry = Some((behind, start + 1));
            piece = behind;
            at = start + 1;
        }
        self.0
            .iter()
            .skip(piece)
            .all(|piece| matches!(piece, Piece::Many))
    }
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Char(wanted) => *wanted == c,
            Self::One => true,
            Self::Many => false,
            Self::Class { negated, ranges } => {
                let within = ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                within != *negated
            }
        }
    }
}

fn parse_class(chars: &mut std::str::Chars<'_>, negations: &[char]) -> Option<Piece> {
    let mut rest = chars.clone();
    let negated = rest.next().is_some_and(|c| negations.contains(&c));
    if negated {
        *chars = rest;
    }
    let mut ranges = Vec::new();
    loop {
        let from = match chars.next()? {
            ']' if !ranges.is_empty() => break,
            '\\' => chars.next()?,
            c => c,
        };
        let mut behind = chars.clone();
        let to = if behind.next() == Some('-') && behind.clone().next() != Some(']') {
            *chars = behind;
            match chars.next()? {
                '\\' => chars.next()?,
                c => c,
            }
        } else {
            from
        };
        ranges.push((from, to));
    }
    Some(Piece::Class { negated, ranges })
}

/// The folder above the first name that a pattern leaves open: what must be looked at to follow it.
pub(in crate::plan::discover::argocd) fn fixed_folder(pattern: &str) -> String {
    let parts: Vec<&str> = pattern.split('/').collect();
    let open = |part: &&str| part.contains(['*', '?', '[', '{', '\\']);
    let fixed = parts.iter().position(open).unwrap_or(parts.len());
    parts
        .iter()
        .take(fixed)
        .copied()
        .collect::<Vec<_>>()
        .join("/")
}
