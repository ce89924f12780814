//! Both template languages, on texts and on whole values.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::budget::SetBudget;
use super::params::Params;
use super::problem::{Fault, Stop, Unknown};
use crate::plan::TemplateError;
use crate::plan::gotemplate::{MissingKey, Parsed, parse};

/// Steps that the templates of one set may take together: twenty of the largest single ones.
const STEPS: u64 = 20_000_000;

/// Templates that are kept parsed.
const TEMPLATES: usize = 1000;

/// The language of a set's templates.
#[derive(Debug)]
pub(super) struct Language {
    /// True for Go's templates, false for `{{name}}` alone.
    pub(super) is_go: bool,
    pub(super) missing: MissingKey,
    allowed: u64,
    steps: Cell<u64>,
    /// Every parameter set fills the same few templates.
    parsed: RefCell<HashMap<String, Parsed>>,
}

impl Language {
    /// Templates that take no more than the steps that `budget` still has.
    pub(super) fn new(is_go: bool, missing: MissingKey, budget: &SetBudget) -> Self {
        let steps = budget.steps(STEPS);
        Self {
            is_go,
            missing,
            allowed: steps,
            steps: Cell::new(steps),
            parsed: RefCell::default(),
        }
    }

    pub(super) fn steps_taken(&self) -> u64 {
        self.allowed.saturating_sub(self.steps.get())
    }

    /// A text with its templates filled in.
    pub(super) fn fill(&self, text: &str, params: &Params, at: &str) -> Result<String, Stop> {
        if !self.is_go {
            return fill_tags(text, params).map_err(|fault| Stop::fault(at, fault));
        }
        self.render(text, params, self.missing)
            .map_err(|error| failure(text, error, at))
    }

    /// A text with its templates filled in, or as it is where they need what is not there yet.
    pub(super) fn fill_known(&self, text: &str, params: &Params, at: &str) -> Result<String, Stop> {
        if !self.is_go {
            return self.fill(text, params, at);
        }
        match self.render(text, params, MissingKey::Error) {
            Err(TemplateError::Missing { .. }) => Ok(text.to_owned()),
            other => other.map_err(|error| failure(text, error, at)),
        }
    }

    fn render(
        &self,
        text: &str,
        params: &Params,
        missing: MissingKey,
    ) -> Result<String, TemplateError> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let known = self.parsed.borrow().get(text).cloned();
        let template = match known {
            Some(template) => template,
            None => {
                let template = parse(text)?;
                let mut parsed = self.parsed.borrow_mut();
                // Filled generators may bring any number of texts; those of the set come first.
                if parsed.len() < TEMPLATES {
                    parsed.insert(text.to_owned(), template.clone());
                }
                template
            }
        };
        template.render(params, missing, &self.steps)
    }

    /// A value with all texts and keys filled in; keys of nothing go, as the controller drops them.
    pub(super) fn fill_value(
        &self,
        value: &Value,
        params: &Params,
        at: &str,
    ) -> Result<Value, Stop> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text, params, at)?),
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.fill_value(item, params, at))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(map) => {
                let mut filled = Map::with_capacity(map.len());
                for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                    let value = self.fill_value(value, params, at)?;
                    filled.insert(self.fill(key, params, at)?, value);
                }
                Value::Object(filled)
            }
            other => other.clone(),
        })
    }
}

fn failure(text: &str, error: TemplateError, at: &str) -> Stop {
    match error {
        TemplateError::Unstable { function, .. } | TemplateError::Unsupported { function, .. } => {
            Stop::unknown(at, Unknown::Function(function))
        }
        error => Stop::fault(
            at,
            Fault::Template {
                text: text.to_owned(),
                error,
            },
        ),
    }
}

/// `{{name}}` by the text parameter of that name; any other stays as it stands. A text without a
/// whole tag in one line is no template.
fn fill_tags(text: &str, params: &Params) -> Result<String, Fault> {
    let has_tag = text
        .lines()
        .any(|line| matches!((line.find("{{"), line.rfind("}}")), (Some(open), Some(close)) if open + 2 <= close));
    if !has_tag {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((tag, further)) = behind.split_once("}}") else {
            return Err(Fault::Unclosed(text.to_owned()));
        };
        out.push_str(before);
        match params.get(tag.trim()).and_then(|value| value.as_text()) {
            Some(value) => out.push_str(value),
            None => {
                out.push_str("{{");
                out.push_str(tag);
                out.push_str("}}");
            }
        }
        rest = further;
    }
    out.push_str(rest);
    Ok(out)
}
