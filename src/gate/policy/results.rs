//! From what a rule evaluates to, to findings.

use regorus::Value;
use serde::{Deserialize, Serialize};

use super::metadata::Level;
use super::problem::{Code, Problem};
use super::rules::RuleInfo;
use super::source::Dialect;

/// A finding before it is known whose object it is and where its text stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyFinding {
    /// The rule's id.
    pub rule: String,
    /// How grave.
    pub severity: Level,
    /// JSON pointer into the object, where the rule gave one.
    pub pointer: Option<String>,
    /// One sentence without a final period.
    pub message: String,
    /// What to do, from the rule's result or its METADATA.
    pub fix: Option<String>,
    /// Where to read more, from METADATA.
    pub docs: Option<String>,
    /// What tells this finding from others of the same rule and place; the message when the rule
    /// gives neither pointer nor subject, because then nothing else does.
    pub subject: String,
}

/// The findings of one rule for one object, sorted, without repetitions.
pub(super) fn read(rule: &RuleInfo, value: &Value) -> Result<Vec<PolicyFinding>, Problem> {
    let items: Vec<&Value> = match value {
        Value::Undefined => Vec::new(),
        Value::Set(items) => items.iter().collect(),
        Value::Array(items) => items.iter().collect(),
        // conftest reads the values of an object as results too.
        Value::Object(fields) if rule.dialect == Dialect::Conftest => {
            fields.iter_sorted().map(|(_, value)| value).collect()
        }
        other => {
            let what = noun(other);
            let message = format!("`{}` is {what}, not a set of messages", rule.name);
            return Err(wrong(rule, message));
        }
    };
    let mut findings = Vec::new();
    for item in items {
        findings.push(match item {
            Value::String(message) => build(rule, message, None),
            Value::Object(_) => read_object(rule, item)?,
            // conftest drops what is neither, without a word; here that is an error.
            other => {
                let what = noun(other);
                let message = format!(
                    "`{}` gave {what}, which is neither a message nor an object with `msg`",
                    rule.name
                );
                return Err(wrong(rule, message));
            }
        });
    }
    findings.sort();
    findings.dedup();
    Ok(findings)
}

fn wrong(rule: &RuleInfo, message: String) -> Problem {
    Problem {
        path: rule.path.clone(),
        line: rule.line,
        column: 0,
        code: Code::Evaluation,
        message,
    }
}

fn read_object(rule: &RuleInfo, item: &Value) -> Result<PolicyFinding, Problem> {
    let find = |name: &str| {
        let fields = item.as_object().ok()?;
        fields.get(&Value::from(name))
    };
    let text = |name: &str| {
        find(name)
            .and_then(|value| value.as_string().ok())
            .map(ToString::to_string)
    };
    let title = match rule.dialect {
        Dialect::Drydock => rule.metadata.title.clone(),
        _ => None,
    };
    let message = text("msg").or(title).ok_or_else(|| {
        let message = format!("`{}` gave an object without the text `msg`", rule.name);
        wrong(rule, message)
    })?;
    let mut finding = build(rule, &message, text("subject"));
    finding.pointer = match pointer(find("pointer"), find("path")) {
        Ok(pointer) => pointer,
        Err(message) if rule.dialect == Dialect::Drydock => return Err(wrong(rule, message)),
        Err(_) => None,
    };
    if finding.pointer.is_some() && text("subject").is_none() {
        finding.subject = String::new();
    }
    finding.fix = text("fix").or(finding.fix);
    Ok(finding)
}

fn build(rule: &RuleInfo, message: &str, subject: Option<String>) -> PolicyFinding {
    let message = message.trim().trim_end_matches('.').to_owned();
    PolicyFinding {
        rule: rule.id.clone(),
        severity: rule.severity(),
        pointer: None,
        subject: subject.unwrap_or_else(|| message.clone()),
        message,
        fix: rule.metadata.fix.clone(),
        docs: rule.metadata.docs.clone(),
    }
}

/// `pointer`: a JSON pointer. `path`: the same as an array of keys and indices.
fn pointer(pointer: Option<&Value>, path: Option<&Value>) -> Result<Option<String>, String> {
    match (pointer, path) {
        (None, None) => Ok(None),
        (Some(Value::String(text)), _) if text.is_empty() || text.starts_with('/') => {
            Ok(Some(text.to_string()))
        }
        (Some(_), _) => Err("`pointer` must be a JSON pointer such as `/spec/replicas`".to_owned()),
        (None, Some(Value::Array(parts))) => {
            let mut text = String::new();
            for part in parts.iter() {
                let segment = match part {
                    Value::String(segment) => segment.replace('~', "~0").replace('/', "~1"),
                    Value::Number(_) => part.to_string(),
                    _ => return Err("`path` must hold keys and indices".to_owned()),
                };
                text.push('/');
                text.push_str(&segment);
            }
            Ok(Some(text))
        }
        (None, Some(_)) => Err("`path` must be an array of keys and indices".to_owned()),
    }
}

fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a single text",
        Value::Array(_) => "an array",
        Value::Set(_) => "a set",
        Value::Object(_) => "an object",
        Value::Undefined => "undefined",
    }
}
