//! A schema in the form that objects are walked with.
//!
//! Kubernetes' schemas are structural: a value's type, fields and list keys are said once, everything
//! else narrows them. A tree of such shapes with references by number compiles in microseconds per
//! definition and only where an object leads, which a general JSON Schema validator, with references
//! inlined per kind, does not.

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::bundle::NameId;
use super::format::Format;

/// A pattern that needs more memory than this when compiled is not checked.
const PATTERN_LIMIT_BYTES: usize = 1 << 20;

/// What a value must look like.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Another definition that says the rest; the fields below then stay at their defaults.
    pub(super) target: Option<Target>,
    /// Allowed JSON types; empty allows all.
    pub(super) types: Types,
    /// A meaning that JSON types do not have.
    pub(super) special: Special,
    /// What a null means here.
    pub(super) null: Null,
    /// Known fields.
    pub(super) properties: HashMap<Box<str>, Shape>,
    /// Fields that must be there, in the schema's order.
    pub(super) required: Box<[Box<str>]>,
    /// Fields that are not known.
    pub(super) rest: Rest,
    /// Elements of a list.
    pub(super) items: Option<Box<Shape>>,
    /// What identifies an element.
    pub(super) list: List,
    /// Whether every write refuses a repeated element, also of a built-in kind.
    pub(super) unique: bool,
    /// What the server fills in; keys of keyed lists need it.
    pub(super) default: Option<Value>,
    /// What narrows the value further.
    pub(super) checks: Option<Box<Checks>>,
}

/// A definition that is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Of the embedded bundle.
    Bundle(NameId),
    /// Of the document that the shape belongs to.
    Local(usize),
    /// One that does not exist: nothing can be said about the value.
    Missing,
}

/// A set of JSON types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const OBJECT: Self = Self(1);
    pub(super) const ARRAY: Self = Self(2);
    pub(super) const STRING: Self = Self(4);
    pub(super) const INTEGER: Self = Self(8);
    pub(super) const NUMBER: Self = Self(16);
    pub(super) const BOOLEAN: Self = Self(32);

    /// The type of this schema word; `None` for `null` and for words that are no type.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "object" => Self::OBJECT,
            "array" => Self::ARRAY,
            "string" => Self::STRING,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "boolean" => Self::BOOLEAN,
            _ => return None,
        })
    }

    /// Both sets together.
    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when every type is allowed.
    pub(super) fn is_any(self) -> bool {
        self.0 == 0
    }

    /// True when one of the other's types is allowed.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether a value that is not null has an allowed type. A number without a fraction is an
    /// integer, whatever way it is written.
    pub(super) fn allow(self, value: &Value) -> bool {
        if self.is_any() {
            return true;
        }
        match value {
            Value::Null => false,
            Value::Bool(_) => self.has(Self::BOOLEAN),
            Value::Number(number) => {
                self.has(Self::NUMBER)
                    || self.has(Self::INTEGER)
                        && (number.is_i64()
                            || number.is_u64()
                            || number.as_f64().is_some_and(|float| float.fract() == 0.0))
            }
            Value::String(_) => self.has(Self::STRING),
            Value::Array(_) => self.has(Self::ARRAY),
            Value::Object(_) => self.has(Self::OBJECT),
        }
    }
}

/// A meaning that JSON types do not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Special {
    /// None.
    #[default]
    Plain,
    /// A 32-bit integer or a text.
    IntOrString,
    /// An amount such as `128Mi`.
    Quantity,
    /// `metadata`: labels and annotations have their own syntax.
    ObjectMeta,
}

/// What a null means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Null {
    /// The field is absent: how Kubernetes reads its own types.
    #[default]
    Absent,
    /// A value of its own, which is allowed.
    Allowed,
    /// A value of its own, which is not allowed.
    Refused,
}

/// Fields that are not among the known ones.
#[derive(Debug, Default)]
pub(super) enum Rest {
    /// They are findings.
    Closed,
    /// They may be anything.
    #[default]
    Open,
    /// Each must fit.
    Each(Box<Shape>),
}

/// What identifies an element of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum List {
    /// Its place.
    #[default]
    Atomic,
    /// Its value.
    Set,
    /// The values of these fields.
    Keyed(Box<[Box<str>]>),
}

/// What narrows a value beyond its type.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) allowed: Option<Vec<Value>>,
    pub(super) format: Option<Format>,
    pub(super) minimum: Option<Bound>,
    pub(super) maximum: Option<Bound>,
    pub(super) multiple_of: Option<f64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) length: (Option<u64>, Option<u64>),
    pub(super) items: (Option<u64>, Option<u64>),
    pub(super) fields: (Option<u64>, Option<u64>),
    pub(super) unique: bool,
    pub(super) all_of: Vec<Shape>,
    pub(super) any_of: Vec<Shape>,
    pub(super) one_of: Vec<Shape>,
    pub(super) not: Option<Box<Shape>>,
}

/// One end of a range of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    /// The number as the schema writes it.
    pub(super) number: serde_json::Number,
    /// True when the number itself is outside.
    pub(super) exclusive: bool,
}

/// A regular expression, compiled when first needed.
#[derive(Debug)]
pub(super) struct Pattern {
    /// As the schema writes it.
    pub(super) text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern that is not compiled yet.
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            compiled: OnceLock::new(),
        }
    }

    /// Whether it occurs in the text; `None` when it cannot be checked in linear time.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        self.compiled
            .get_or_init(|| {
                RegexBuilder::new(&self.text)
                    .size_limit(PATTERN_LIMIT_BYTES)
                    .build()
                    .ok()
            })
            .as_ref()
            .map(|regex| regex.is_match(text))
    }
}
