//! Whether words of a template may lead to the files of its chart without naming them: by going through
//! everything that the template is given, or by a key that is computed.

use std::collections::BTreeSet;

use super::super::token::Kind;

/// Methods of a chart's files.
const METHODS: [&str; 6] = ["Get", "GetBytes", "Glob", "Lines", "AsConfig", "AsSecrets"];

/// What a template is given besides the files.
const GIVEN: [&str; 5] = [
    ".Values",
    ".Release",
    ".Chart",
    ".Capabilities",
    ".Template",
];

/// Variables by what they hold. A variable of several declarations counts as the worst of them.
#[derive(Debug, Default)]
pub(super) struct Variables {
    clean: BTreeSet<String>,
    mixed: BTreeSet<String>,
}

impl Variables {
    /// Takes up a declaration or assignment. False where a clean variable gets something else: what
    /// was read before may be read again after it.
    pub(super) fn declare(&mut self, name: &str, is_clean: bool) -> bool {
        if is_clean {
            self.clean.insert(name.to_owned());
            return true;
        }
        self.mixed.insert(name.to_owned());
        !self.clean.contains(name)
    }

    fn is_clean(&self, name: &str) -> bool {
        self.clean.contains(name) && !self.mixed.contains(name)
    }

    /// True where nothing in the words can hold the chart's files. `dot`: the same for the dot.
    pub(super) fn are_clean(&self, words: &[Kind], dot: bool) -> bool {
        let is_given = |word: Option<&Kind>, lead: &str| {
            matches!(word, Some(Kind::Field(name))
                if GIVEN.iter().any(|given| given.strip_prefix('.') == name.strip_prefix(lead)))
        };
        words.iter().enumerate().all(|(place, word)| match word {
            Kind::Variable(name) if name == "$" => is_given(words.get(place + 1), ""),
            Kind::Variable(name) => self.is_clean(name),
            Kind::Dot => dot,
            Kind::Field(name) if name.starts_with('.') => dot || is_given(Some(word), "."),
            _ => true,
        })
    }

    /// True where a function in the words may find the files, or make something that looks like values.
    pub(super) fn may_reach(&self, words: &[Kind], dot: bool) -> bool {
        let names_files = has_field(words, |name| name.contains("Files"));
        let calls = has_field(words, |name| METHODS.contains(&name));
        let inside = has_field(words, |name| name == "Subcharts");
        inside
            || calls && !names_files
            || words.iter().enumerate().any(|(place, word)| {
                let Kind::Identifier(name) = word else {
                    return *word == Kind::Quoted("\"Values\"".to_owned());
                };
                let arguments = arguments(words.get(place + 1..).unwrap_or_default());
                match name.as_str() {
                    "index" | "get" => !self.are_known(&arguments, dot),
                    "dict" => {
                        arguments.len() % 2 == 1
                            || arguments.iter().step_by(2).any(|key| !is_constant(key))
                    }
                    _ => false,
                }
            })
    }

    /// True for a look into something clean, or by constants.
    fn are_known(&self, arguments: &[&[Kind]], dot: bool) -> bool {
        let Some((subject, keys)) = arguments.split_first() else {
            return false;
        };
        !keys.is_empty()
            && (self.are_clean(subject, dot) || keys.iter().all(|key| is_constant(key)))
    }
}

/// True where the files are named, and not as a map of texts.
pub(super) fn names_raw_files(words: &[Kind]) -> bool {
    has_field(words, |name| name.contains("Files"))
        && !has_field(words, |name| matches!(name, "AsConfig" | "AsSecrets"))
}

fn has_field(words: &[Kind], is: impl Fn(&str) -> bool) -> bool {
    words
        .iter()
        .any(|word| matches!(word, Kind::Field(name) if is(name.trim_start_matches('.'))))
}

fn is_constant(argument: &[Kind]) -> bool {
    matches!(argument, [Kind::Quoted(_) | Kind::Number(_)])
}

/// The arguments of a call, up to its end.
fn arguments(words: &[Kind]) -> Vec<&[Kind]> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (place, word) in words.iter().enumerate() {
        if depth == 0 && matches!(word, Kind::CloseParen | Kind::Pipe) {
            found.extend(words.get(start..place).filter(|words| !words.is_empty()));
            return found;
        }
        let goes_on = matches!(word, Kind::Field(name) if !name.starts_with('.'));
        if depth == 0 && !goes_on && place > start {
            found.extend(words.get(start..place));
            start = place;
        }
        match word {
            Kind::OpenParen => depth += 1,
            Kind::CloseParen => depth -= 1,
            _ => {}
        }
    }
    found.extend(words.get(start..).filter(|words| !words.is_empty()));
    found
}
