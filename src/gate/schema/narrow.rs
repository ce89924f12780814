//! What narrows a value beyond its type: enumerations, ranges, patterns, combinations.

use serde_json::Value;

use super::format::is_within;
use super::judgement::RawFinding;
use super::phrase::{self, Path};
use super::shape::{Bound, Checks, Shape};
use super::walk::{Family, Walk, place};

/// Longer enumerations are not listed whole in a sentence.
const LISTED_VALUES: usize = 8;

impl Walk<'_> {
    /// Judges a value of the right type. Nothing but the reading of built-in types is checked below
    /// a `status` that the server drops.
    pub(super) fn narrow(&mut self, checks: &Checks, value: &Value, path: Path<'_>) {
        if !self.dropped || self.family == Family::BuiltIn {
            self.format(checks, value, path);
        }
        if self.dropped {
            return;
        }
        self.enumeration(checks, value, path);
        self.range(checks, value, path);
        self.sizes(checks, value, path);
        self.pattern(checks, value, path);
        for shape in &checks.all_of {
            self.value(shape, value, path);
        }
        self.any_of(&checks.any_of, value, path);
        self.one_of(&checks.one_of, value, path);
        if let Some(not) = &checks.not {
            self.not(not, value, path);
        }
    }

    fn enumeration(&mut self, checks: &Checks, value: &Value, path: Path<'_>) {
        let Some(allowed) = &checks.allowed else {
            return;
        };
        if allowed.contains(value) {
            return;
        }
        let known: Vec<&Value> = allowed
            .iter()
            .filter(|one| one.as_str() != Some(""))
            .collect();
        let mut listed: Vec<String> = known
            .iter()
            .take(LISTED_VALUES)
            .map(|one| phrase::allowed(one))
            .collect();
        if let Some(more) = known
            .len()
            .checked_sub(LISTED_VALUES)
            .filter(|more| *more > 0)
        {
            listed.push(format!("{more} others"));
        }
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        let message = format!(
            "{} must be {}, is {}",
            place(path),
            phrase::either(&listed),
            self.shown(value)
        );
        let fix = value
            .as_str()
            .filter(|_| !self.hidden)
            .and_then(|text| find_meant(text, &known))
            .map(|meant| format!("did you mean `{meant}`?"));
        self.error("schema.enum", path, message, fix, value);
    }

    fn format(&mut self, checks: &Checks, value: &Value, path: Path<'_>) {
        let Some(format) = checks.format else { return };
        match value {
            // The tags that stand for a Secret's values are base64 exactly where the values were.
            Value::String(text) if !format.accepts(text) => {
                let message = format!(
                    "{} must be {}, is {}",
                    place(path),
                    format.phrase(),
                    self.shown(value)
                );
                self.error("schema.format", path, message, None, value);
            }
            Value::Number(number) => {
                let Some((low, high)) = format.range() else {
                    return;
                };
                if !is_within(number, (low, high)) {
                    let message = format!(
                        "{} must be between {low} and {high}, is {}",
                        place(path),
                        self.shown(value)
                    );
                    self.error("schema.range", path, message, None, value);
                }
            }
            _ => {}
        }
    }

    fn range(&mut self, checks: &Checks, value: &Value, path: Path<'_>) {
        let Value::Number(number) = value else { return };
        let Some(float) = number.as_f64() else { return };
        let outside = |bound: &Bound, sign: f64| {
            let difference = (float - bound.number.as_f64().unwrap_or(float)) * sign;
            difference < 0.0 || bound.exclusive && difference == 0.0
        };
        let mut wanted = None;
        if let Some(bound) = checks.minimum.as_ref().filter(|bound| outside(bound, 1.0)) {
            let words = if bound.exclusive {
                "more than"
            } else {
                "at least"
            };
            wanted = Some(format!("{words} {}", bound.number));
        }
        if let Some(bound) = checks.maximum.as_ref().filter(|bound| outside(bound, -1.0)) {
            let words = if bound.exclusive {
                "less than"
            } else {
                "at most"
            };
            wanted = Some(format!("{words} {}", bound.number));
        }
        if let Some(step) = checks.multiple_of.filter(|step| *step > 0.0) {
            let times = float / step;
            if (times - times.round()).abs() > 1e-9 {
                wanted = Some(format!("a multiple of {step}"));
            }
        }
        if let Some(wanted) = wanted {
            let message = format!("{} must be {wanted}, is {}", place(path), self.shown(value));
            self.error("schema.range", path, message, None, value);
        }
    }

    fn sizes(&mut self, checks: &Checks, value: &Value, path: Path<'_>) {
        let (limits, size, unit) = match value {
            Value::String(text) => (checks.length, text.chars().count(), "characters"),
            Value::Array(elements) => (checks.items, elements.len(), "elements"),
            Value::Object(fields) => (checks.fields, fields.len(), "fields"),
            _ => return,
        };
        let size = size as u64;
        let wanted = match limits {
            (Some(1), _) if size == 0 => {
                let message = format!("{} must not be empty", place(path));
                self.error("schema.range", path, message, None, value);
                return;
            }
            (Some(least), _) if size < least => format!("at least {least}"),
            (_, Some(most)) if size > most => format!("at most {most}"),
            _ => String::new(),
        };
        if !wanted.is_empty() {
            let message = format!("{} must have {wanted} {unit}, has {size}", place(path));
            self.error("schema.range", path, message, None, value);
        }
        if let (true, Value::Array(elements)) = (checks.unique, value) {
            let repeated = elements
                .iter()
                .enumerate()
                .find(|(index, one)| elements.iter().take(*index).any(|other| other == *one));
            if let Some((index, element)) = repeated {
                let message = format!("{} has {} twice", place(path), self.shown(element));
                self.error(
                    "schema.duplicate-map-key",
                    path.index(index, element),
                    message,
                    None,
                    element,
                );
            }
        }
    }

    fn pattern(&mut self, checks: &Checks, value: &Value, path: Path<'_>) {
        let (Some(pattern), Value::String(text)) = (&checks.pattern, value) else {
            return;
        };
        match pattern.matches(text) {
            Some(true) => {}
            Some(false) => {
                let message = format!(
                    "{} must match `{}`, is {}",
                    place(path),
                    phrase::shorten(&pattern.text),
                    self.shown(value)
                );
                self.error("schema.pattern", path, message, None, value);
            }
            None => self.uncheck(path, "has a pattern that cannot be checked in bounded time"),
        }
    }

    /// What one branch finds, without keeping it.
    fn branch(&mut self, shape: &Shape, value: &Value, path: Path<'_>) -> Vec<RawFinding> {
        let outer = std::mem::take(&mut self.findings);
        self.value(shape, value, path);
        std::mem::replace(&mut self.findings, outer)
    }

    fn any_of(&mut self, shapes: &[Shape], value: &Value, path: Path<'_>) {
        let mut nearest: Option<Vec<RawFinding>> = None;
        for shape in shapes {
            let found = self.branch(shape, value, path);
            if found.is_empty() {
                return;
            }
            if nearest
                .as_ref()
                .is_none_or(|best| closeness(&found) < closeness(best))
            {
                nearest = Some(found);
            }
        }
        if let Some(nearest) = nearest {
            self.no_branch(shapes, nearest, value, path);
        }
    }

    fn one_of(&mut self, shapes: &[Shape], value: &Value, path: Path<'_>) {
        let fitting: Vec<&Shape> = shapes
            .iter()
            .filter(|shape| self.branch(shape, value, path).is_empty())
            .collect();
        match fitting.as_slice() {
            [] => self.any_of(shapes, value, path),
            [_] => {}
            several => {
                let names = needed(several.iter().copied());
                let message = match names {
                    Some(names) => format!(
                        "{} has {} together, which exclude each other",
                        place(path),
                        listed(&names, " and ")
                    ),
                    None => format!(
                        "{} fits {} forms that exclude each other",
                        place(path),
                        several.len()
                    ),
                };
                self.error("schema.form", path, message, None, value);
            }
        }
    }

    /// One sentence for a value that fits no branch.
    fn no_branch(
        &mut self,
        shapes: &[Shape],
        nearest: Vec<RawFinding>,
        value: &Value,
        path: Path<'_>,
    ) {
        if let Some(names) = needed(shapes.iter()) {
            let message = format!("{} needs {}", place(path), listed(&names, " or "));
            self.error("schema.form", path, message, None, value);
            return;
        }
        let types = shapes
            .iter()
            .fold(super::shape::Types::default(), |all, shape| {
                all.with(shape.types)
            });
        let untyped = shapes.iter().any(|shape| shape.types.is_any());
        if !untyped && !types.allow(value) {
            let message = format!(
                "{} must be {}, is {}",
                place(path),
                phrase::types(types),
                self.shown(value)
            );
            self.error("schema.type", path, message, None, value);
            return;
        }
        // The branch that comes closest says best what is wrong.
        if let Some(first) = nearest.into_iter().min() {
            self.note(first);
        }
    }

    fn not(&mut self, shape: &Shape, value: &Value, path: Path<'_>) {
        if !self.branch(shape, value, path).is_empty() {
            return;
        }
        let message = match needed([shape]) {
            Some(names) if shape.required.len() > 1 => {
                format!(
                    "{} must not have {} together",
                    place(path),
                    listed(&names, " or ")
                )
            }
            Some(names) => format!("{} must not have {}", place(path), listed(&names, " or ")),
            None => format!("{} has a form that its schema excludes", place(path)),
        };
        self.error("schema.form", path, message, None, value);
    }
}

/// How far a branch is from fitting: few findings, and those deep inside, are near.
fn closeness(findings: &[RawFinding]) -> (usize, usize) {
    let depth = findings
        .iter()
        .map(|finding| finding.pointer.matches('/').count())
        .max()
        .unwrap_or(0);
    (findings.len(), usize::MAX - depth)
}

/// The fields that each branch asks for, when asking for fields is all that they do.
fn needed<'s>(shapes: impl IntoIterator<Item = &'s Shape>) -> Option<Vec<String>> {
    shapes
        .into_iter()
        .map(|shape| {
            let asks = !shape.required.is_empty() && shape.checks.is_none();
            let names = shape.required.iter().map(|name| format!("`{name}`"));
            asks.then(|| names.collect::<Vec<_>>().join(" and "))
        })
        .collect()
}

fn listed(branches: &[String], joint: &str) -> String {
    branches.join(joint)
}

/// The allowed value that was probably meant: the same but for case, or a slip.
fn find_meant<'v>(text: &str, known: &[&'v Value]) -> Option<&'v str> {
    let known = || known.iter().filter_map(|one| one.as_str());
    known()
        .find(|one| one.eq_ignore_ascii_case(text))
        .or_else(|| phrase::find_nearest(text, known()))
}
