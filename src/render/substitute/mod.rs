//! Variables in the text of built objects, as Flux replaces them (`postBuild`).
//!
//! The syntax is that of Flux's own reader, quirks included: only `${name…}` is replaced, `$$` stands
//! for one `$`, a name that is not set is empty text, and what is no correct expression fails the
//! application. Values that cannot be known here become a placeholder that names its variable.

mod evaluate;
mod pattern;
mod syntax;

use std::collections::BTreeSet;

use crate::plan::Substitution;

/// What a substitution made of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Substituted {
    /// The text.
    pub(super) text: String,
    /// The variables whose placeholders stand in it.
    pub(super) unknown: BTreeSet<String>,
}

/// Why a text cannot be substituted in. Quotes nothing of it: it may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SubstituteError {
    /// A source of variables has a key that Flux refuses.
    #[error("`{0}` cannot be the name of a variable: letters, digits and `_`, no digit first")]
    Name(String),
    /// An expression that Flux refuses.
    #[error("a `${{…}}` expression is not correct: {0} (a literal `${{` is written `$${{`)")]
    Syntax(&'static str),
    /// Expressions inside one another, or what they give.
    #[error("its `${{…}}` expressions give or nest more than rendering accepts")]
    TooLarge,
}

/// Replaces the variables of one object's text.
pub(super) fn substitute(
    text: &str,
    substitution: &Substitution,
) -> Result<Substituted, SubstituteError> {
    let names = substitution.variables.keys().chain(&substitution.unknown);
    for name in names {
        if !is_name(name) {
            return Err(SubstituteError::Name(name.clone()));
        }
    }
    evaluate::evaluate(&syntax::parse(text)?, substitution)
}

/// True where Flux replaces variables at all: it leaves objects alone while there are none, unless the
/// declaration says otherwise.
pub(super) fn has_variables(substitution: &Substitution) -> bool {
    substitution.always
        || substitution.open
        || !substitution.variables.is_empty()
        || !substitution.unknown.is_empty()
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.bytes().next().is_some_and(is_letter)
        && name
            .bytes()
            .all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
