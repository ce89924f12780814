//! Label selectors, of generators and of clusters. Values may be any text, keys are label names.

use std::collections::BTreeMap;

use serde_json::Value;

/// Requirements that must all hold.
#[derive(Debug)]
pub(super) struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Debug)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    Absent,
}

impl Selector {
    /// A selector as it is written; why it is none, otherwise.
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let mut requirements = Vec::new();
        let labels = value.get("matchLabels").and_then(Value::as_object);
        for (key, value) in labels.into_iter().flatten() {
            let value = value
                .as_str()
                .ok_or_else(|| format!("the value of `{key}` must be text"))?;
            requirements.push(Requirement::new(key, Operator::In, vec![value.to_owned()])?);
        }
        let expressions = value.get("matchExpressions").and_then(Value::as_array);
        for expression in expressions.into_iter().flatten() {
            let text = |key: &str| expression.get(key).and_then(Value::as_str);
            let operator = match text("operator").unwrap_or_default() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::Absent,
                other => return Err(format!("`{other}` is not an operator")),
            };
            let values = expression.get("values").and_then(Value::as_array);
            let values: Option<Vec<String>> = values
                .into_iter()
                .flatten()
                .map(|value| value.as_str().map(str::to_owned))
                .collect();
            let values = values.ok_or_else(|| "values must be texts".to_owned())?;
            requirements.push(Requirement::new(
                text("key").unwrap_or_default(),
                operator,
                values,
            )?);
        }
        Ok(Self { requirements })
    }

    /// True for a selector that asks for nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    pub(super) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.holds(labels.get(&requirement.key)))
    }
}

impl Requirement {
    fn new(key: &str, operator: Operator, values: Vec<String>) -> Result<Self, String> {
        if !is_label_name(key) {
            return Err(format!("`{key}` is not a label name"));
        }
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                Err(format!("`{key}` is compared with no value"))
            }
            Operator::Exists | Operator::Absent if !values.is_empty() => {
                Err(format!("`{key}` has values that nothing compares"))
            }
            _ => Ok(Self {
                key: key.to_owned(),
                operator,
                values,
            }),
        }
    }

    fn holds(&self, value: Option<&String>) -> bool {
        let is_listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => is_listed,
            Operator::NotIn => !is_listed,
            Operator::Exists => value.is_some(),
            Operator::Absent => value.is_none(),
        }
    }
}

/// A name of at most 63 letters, digits, `-`, `_` and `.`, behind a DNS name and a slash if at all.
fn is_label_name(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let edges = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    let is_name = name.len() <= 63
        && edges(name)
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    is_name && prefix.is_none_or(super::compose::is_dns_name)
}
