//! Why a set gives less than it says.

use crate::plan::TemplateError;

/// Something that only a running Argo CD can know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotEvaluable {
    /// JSON pointer into the set: the generator, or what uses a function.
    pub at: String,
    /// What is not known.
    pub reason: Unknown,
}

/// What is not known here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unknown {
    /// A generator that asks a service, by the name of its field.
    #[error("the generator `{0}` asks a service that only Argo CD can ask")]
    Service(&'static str),
    /// A git generator of another repository, or of another revision of this one.
    #[error("`{url}` at `{revision}` is not the repository and branch that is judged")]
    Elsewhere {
        /// Its address.
        url: String,
        /// Its revision; empty for the default branch.
        revision: String,
    },
    /// A cluster generator, where no cluster of Argo CD is configured.
    #[error("which clusters Argo CD knows is not configured")]
    Clusters,
    /// A file pattern in a form of git that is not read here.
    #[error("the pattern `{0}` has a form that Drydock does not read")]
    Pathspec(String),
    /// A template function without one result.
    #[error("a template calls `{0}`, which cannot be evaluated here")]
    Function(String),
}

/// Something that the controller refuses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetProblem {
    /// JSON pointer into the set.
    pub at: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    /// A Go template fails.
    #[error("the template `{text}` fails: {error}")]
    Template {
        /// The template.
        text: String,
        /// Why.
        error: TemplateError,
    },
    /// A tag of a simple template is not closed.
    #[error("`{{{{` without `}}}}` in `{0}`")]
    Unclosed(String),
    /// An option that templates do not have.
    #[error("`{0}` is not a template option")]
    Option(String),
    /// An object in `generators` that names no generator; the controller passes it over.
    #[error("no known generator")]
    NoGenerator,
    /// The same in a combination, or a combination deeper in others than it may be.
    #[error("no generator that a combination may hold here")]
    NoChild,
    /// Several generators where one is allowed.
    #[error("more than one generator")]
    ManyGenerators,
    /// A field of the wrong type, or that is missing.
    #[error("`{field}` must be {wanted}")]
    Field {
        /// The field.
        field: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A combination that has too few or too many children.
    #[error("this generator combines {wanted} generators, not {found}")]
    Children {
        /// How many it may have.
        wanted: &'static str,
        /// How many it has.
        found: usize,
    },
    /// Two parameter sets of one generator that have the same merge keys.
    #[error("two parameter sets have the same merge keys {0}")]
    NotUnique(String),
    /// A key to which two generators of a matrix give different values.
    #[error("two generators give `{key}` different values: `{first}` and `{second}`")]
    Conflict {
        /// The key.
        key: String,
        /// The first value.
        first: String,
        /// The second value.
        second: String,
    },
    /// Values of a list merged into the values of another kind of generator, which the controller
    /// cannot.
    #[error("`{0}` of a list cannot be merged into values of another generator")]
    Mixed(String),
    /// A selector that is none.
    #[error("the selector is not valid: {0}")]
    Selector(String),
    /// A pattern of folders or files that is none.
    #[error("`{0}` is not a pattern")]
    Pattern(String),
    /// A file that a pattern matches and that gives no parameters.
    #[error("`{path}` gives no parameters: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A patch that cannot be applied.
    #[error("the template patch cannot be applied: {0}")]
    Patch(String),
    /// Two applications of one name; neither would be updated.
    #[error("more than one application is called `{0}`")]
    DuplicateName(String),
    /// An application whose name is empty or that no object can have.
    #[error("`{0}` cannot be the name of an application")]
    Name(String),
    /// More than a set may give or take.
    #[error("the set gives or takes more than {0}")]
    Limit(&'static str),
}

impl Fault {
    /// True for what keeps the controller from changing anything, false for what keeps single
    /// applications away.
    pub fn stops_the_set(&self) -> bool {
        !matches!(
            self,
            Self::DuplicateName(_) | Self::Name(_) | Self::Pattern(_) | Self::NoGenerator
        )
    }
}

/// Why a generator gave nothing.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    Unknown(NotEvaluable),
    Problem(SetProblem),
}

impl Stop {
    pub(super) fn unknown(at: &str, reason: Unknown) -> Self {
        Self::Unknown(NotEvaluable {
            at: at.to_owned(),
            reason,
        })
    }

    pub(super) fn fault(at: &str, fault: Fault) -> Self {
        Self::Problem(SetProblem {
            at: at.to_owned(),
            fault,
        })
    }

    /// A field that is not what it must be.
    pub(super) fn field(at: &str, field: &str, wanted: &'static str) -> Self {
        Self::fault(
            at,
            Fault::Field {
                field: field.to_owned(),
                wanted,
            },
        )
    }
}
