//! Walks an object along its shape and notes what does not fit.

use serde_json::{Map, Value};

use crate::finding::Severity;

use super::bundle::{Bundle, Slot};
use super::judgement::RawFinding;
use super::phrase::{self, Path};
use super::shape::{Null, Rest, Shape, Special, Target, Types};
use super::{format, lists, names};

/// References that lead to references are followed this far; a longer chain is a circle.
const REFERENCE_LIMIT: u32 = 64;

/// Deeper values are not judged; readers refuse them long before.
const DEPTH_LIMIT: u32 = 512;

/// Whose rules an object follows where built-in kinds and custom resources differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// A kind of Kubernetes itself: a server reads it into a Go type.
    BuiltIn,
    /// A custom resource: a server checks it against its schema.
    Custom,
}

/// One walk over one object.
pub(super) struct Walk<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) slot: Slot,
    pub(super) locals: &'a [Shape],
    pub(super) family: Family,
    /// True for Secrets: no value appears in a sentence.
    pub(super) hidden: bool,
    /// The server drops `status` on a write, so that only its form is checked.
    pub(super) drops_status: bool,
    /// True while below a dropped `status`.
    pub(super) dropped: bool,
    pub(super) findings: Vec<RawFinding>,
    /// What could not be checked, as phrases.
    pub(super) unchecked: Vec<String>,
    depth: u32,
}

impl<'a> Walk<'a> {
    /// A walk that has found nothing yet.
    pub(super) fn new(bundle: &'a Bundle, slot: Slot, locals: &'a [Shape], family: Family) -> Self {
        Self {
            bundle,
            slot,
            locals,
            family,
            hidden: false,
            drops_status: family == Family::BuiltIn,
            dropped: false,
            findings: Vec::new(),
            unchecked: Vec::new(),
            depth: 0,
        }
    }

    /// Judges a value. Null fields of built-in kinds never come here.
    pub(super) fn value(&mut self, shape: &Shape, value: &Value, path: Path<'_>) {
        if self.depth >= DEPTH_LIMIT {
            self.uncheck(path, "is nested too deeply");
            return;
        }
        self.depth += 1;
        if let Some(shape) = self.resolve(shape, path) {
            self.resolved(shape, value, path);
        }
        self.depth -= 1;
    }

    /// The definition behind references. The result borrows from the bundle or the document, or is
    /// the shape itself.
    pub(super) fn resolve<'s>(&mut self, shape: &'s Shape, path: Path<'_>) -> Option<&'s Shape>
    where
        'a: 's,
    {
        let mut here = shape;
        for _ in 0..REFERENCE_LIMIT {
            let next = match here.target {
                None => return Some(here),
                Some(Target::Bundle(name)) => self.bundle.find_shape(name, self.slot),
                Some(Target::Local(number)) => self.locals.get(number),
                Some(Target::Missing) => None,
            };
            let Some(next) = next else { break };
            here = next;
        }
        self.uncheck(path, "has a schema that refers to nothing");
        None
    }

    fn resolved(&mut self, shape: &Shape, value: &Value, path: Path<'_>) {
        if value.is_null() {
            if shape.null == Null::Refused {
                self.wrong_type(shape, value, path);
            }
            return;
        }
        match shape.special {
            Special::IntOrString => self.int_or_string(value, path),
            Special::Quantity => self.quantity(value, path),
            Special::ObjectMeta => {
                for finding in names::check_keys(value, path, self.hidden) {
                    self.note(finding);
                }
            }
            Special::Plain => {}
        }
        if !shape.types.allow(value) {
            self.wrong_type(shape, value, path);
            return;
        }
        match value {
            Value::Object(fields) => self.fields(shape, fields, path),
            Value::Array(elements) => self.elements(shape, elements, path),
            _ => {}
        }
        if let Some(checks) = &shape.checks {
            self.narrow(checks, value, path);
        }
    }

    fn fields(&mut self, shape: &Shape, fields: &Map<String, Value>, path: Path<'_>) {
        for (name, value) in fields {
            let path = path.key(name);
            let known = shape.properties.get(name.as_str());
            let shape = match (known, &shape.rest) {
                (Some(known), _) => known,
                (None, Rest::Each(each)) => each,
                (None, Rest::Open) => continue,
                (None, Rest::Closed) => {
                    self.unknown_field(shape, name, path);
                    continue;
                }
            };
            if value.is_null() && self.is_absent(shape, path) {
                continue;
            }
            let at_status = self.depth == 1 && name == "status" && self.drops_status;
            self.dropped |= at_status;
            self.value(shape, value, path);
            if at_status {
                self.dropped = false;
            }
        }
        for name in &shape.required {
            let there = match fields.get(&**name) {
                None => false,
                Some(Value::Null) => shape.null != Null::Absent,
                Some(_) => true,
            };
            if !there && !self.dropped {
                self.missing(name, path);
            }
        }
    }

    fn is_absent(&mut self, shape: &Shape, path: Path<'_>) -> bool {
        self.resolve(shape, path)
            .is_none_or(|shape| shape.null == Null::Absent)
    }

    fn elements(&mut self, shape: &Shape, elements: &[Value], path: Path<'_>) {
        let Some(items) = &shape.items else { return };
        for (index, element) in elements.iter().enumerate() {
            let path = path.index(index, element);
            if element.is_null() && self.is_absent(items, path) {
                // An element cannot be absent: a server makes an empty one of it.
                let shape = self.resolve(items, path);
                if shape.is_some_and(|shape| shape.types.has(Types::OBJECT)) {
                    self.value(items, &Value::Object(Map::new()), path);
                }
                continue;
            }
            self.value(items, element, path);
        }
        if let Some(items) = self.resolve(items, path) {
            lists::check(self, shape, items, elements, path);
        }
    }

    fn int_or_string(&mut self, value: &Value, path: Path<'_>) {
        let fits = match value {
            Value::String(_) => true,
            Value::Number(number) => {
                Types::INTEGER.allow(value)
                    && format::is_within(number, (i64::from(i32::MIN), i64::from(i32::MAX)))
            }
            _ => false,
        };
        if !fits {
            let message = format!(
                "`{}` must be an integer or a string, is {}",
                path.words(),
                self.shown(value)
            );
            self.error("schema.type", path, message, None, value);
        }
    }

    fn quantity(&mut self, value: &Value, path: Path<'_>) {
        let text = match value {
            Value::Number(_) => return,
            Value::String(text) => text.trim(),
            _ => "",
        };
        if format::is_quantity(text) {
            return;
        }
        let message = format!(
            "`{}` must be a quantity such as `128Mi` or `0.5`, is {}",
            path.words(),
            self.shown(value)
        );
        let fix = format::find_quantity(text).map(|meant| format!("write `{meant}`"));
        self.error("schema.quantity", path, message, fix, value);
    }

    fn wrong_type(&mut self, shape: &Shape, value: &Value, path: Path<'_>) {
        let expected = if shape.special == Special::IntOrString {
            "an integer or a string".to_owned()
        } else {
            phrase::types(shape.types)
        };
        let message = format!(
            "{} must be {expected}, is {}",
            place(path),
            self.shown(value)
        );
        let fix = if self.hidden {
            None
        } else {
            find_retyped(shape.types, value)
        };
        self.error("schema.type", path, message, fix, value);
    }

    fn unknown_field(&mut self, shape: &Shape, name: &str, path: Path<'_>) {
        let known = shape.properties.keys().map(|name| &**name);
        let fix =
            phrase::find_nearest(name, known).map(|nearest| format!("did you mean `{nearest}`?"));
        self.note(RawFinding {
            pointer: path.pointer(),
            rule: "schema.unknown-field",
            message: format!("`{}` is not a known field", path.words()),
            fix,
            subject: String::new(),
            severity: Severity::Error,
            at_key: true,
        });
    }

    fn missing(&mut self, name: &str, path: Path<'_>) {
        self.note(RawFinding {
            pointer: path.pointer(),
            rule: "schema.required",
            message: format!("`{}` is required", path.key(name).words()),
            fix: None,
            subject: name.to_owned(),
            severity: Severity::Error,
            at_key: true,
        });
    }

    /// The value in a sentence; of Secrets only what kind of value it is.
    pub(super) fn shown(&self, value: &Value) -> String {
        if self.hidden {
            phrase::kind(value).to_owned()
        } else {
            phrase::value(value)
        }
    }

    /// Notes an error at a value.
    pub(super) fn error(
        &mut self,
        rule: &'static str,
        path: Path<'_>,
        message: String,
        fix: Option<String>,
        value: &Value,
    ) {
        let subject = if self.hidden {
            String::new()
        } else {
            phrase::subject(value)
        };
        self.note(RawFinding {
            pointer: path.pointer(),
            rule,
            message,
            fix,
            subject,
            severity: Severity::Error,
            at_key: false,
        });
    }

    /// Notes a finding.
    pub(super) fn note(&mut self, finding: RawFinding) {
        self.findings.push(finding);
    }

    /// Notes that a value was not checked.
    pub(super) fn uncheck(&mut self, path: Path<'_>, why: &str) {
        self.unchecked.push(format!("{} {why}", place(path)));
    }
}

/// The place as the subject of a sentence.
pub(super) fn place(path: Path<'_>) -> String {
    let words = path.words();
    if words.is_empty() {
        "the object".to_owned()
    } else {
        format!("`{words}`")
    }
}

/// What to write where only the type of a scalar is wrong.
fn find_retyped(types: Types, value: &Value) -> Option<String> {
    match value {
        Value::Bool(_) | Value::Number(_) if types.has(Types::STRING) => {
            Some(format!("write `\"{value}\"`, in quotes"))
        }
        Value::String(text) => {
            let parsed: Value = serde_json::from_str(text.trim()).ok()?;
            let scalar = matches!(parsed, Value::Bool(_) | Value::Number(_));
            (scalar && types.allow(&parsed)).then(|| format!("write `{parsed}`, without quotes"))
        }
        _ => None,
    }
}
