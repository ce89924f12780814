//! Judging objects with loaded policies.

use regorus::Value;
use serde::Deserialize as _;

use super::engine::Conditions;
use super::input::{Operation, Subject, Surroundings};
use super::problem::{Code, Problem};
use super::results::{self, PolicyFinding};
use super::rules::{self, RuleInfo, Ruleset, rule_path};
use super::source::{Dialect, PolicySource};

/// Every source, loaded. Cheap to clone.
#[derive(Clone)]
pub struct Policies {
    sets: Vec<Ruleset>,
}

/// What the policies say of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyAnswer {
    /// Findings, sorted.
    pub findings: Vec<PolicyFinding>,
    /// Rules that could not be evaluated: (rule id, why). Never a pass.
    pub failures: Vec<(String, Problem)>,
}

impl Policies {
    /// Loads all sources. Any obstacle in any of them refuses all: policies that are evaluated in
    /// part would look like a pass.
    pub fn load(sources: &[PolicySource], conditions: Conditions) -> Result<Self, Vec<Problem>> {
        let mut sets = Vec::new();
        let mut problems = Vec::new();
        for source in sources {
            match rules::load(source, conditions, false) {
                Ok(set) => sets.push(set),
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() {
            Ok(Self { sets })
        } else {
            Err(problems)
        }
    }

    /// Every rule that is evaluated, in order of source, package and name.
    pub fn rules(&self) -> Vec<RuleInfo> {
        self.sets.iter().flat_map(|set| set.rules.clone()).collect()
    }

    /// (source, package) with rules that nobody asked for.
    pub fn ignored(&self) -> Vec<(String, String)> {
        self.sets
            .iter()
            .flat_map(|set| {
                let source = set
                    .rules
                    .first()
                    .map(|rule| rule.source.clone())
                    .unwrap_or_default();
                set.ignored
                    .iter()
                    .map(move |package| (source.clone(), package.clone()))
            })
            .collect()
    }

    /// True when some rule looks at `data.objects`.
    pub fn reads_objects(&self) -> bool {
        self.sets.iter().any(|set| set.reads_objects)
    }

    /// The same policies with these objects as `data.objects`.
    pub(in crate::gate) fn with_objects(&self, objects: &[Value]) -> Result<Self, Problem> {
        let mut all = self.clone();
        for set in all.sets.iter_mut().filter(|set| set.reads_objects) {
            let mut data = regorus::value::Object::new();
            data.insert(Value::from("objects"), Value::from(objects.to_vec()));
            set.loaded.add_data(data.into_value())?;
        }
        Ok(all)
    }

    /// Judges one object.
    pub(in crate::gate) fn judge(
        &mut self,
        surroundings: &Surroundings,
        subject: &Subject,
    ) -> PolicyAnswer {
        let mut answer = PolicyAnswer::default();
        let input = surroundings.input(subject);
        for set in &mut self.sets {
            for index in 0..set.rules.len() {
                judge_rule(set, index, &input, subject, &mut answer);
            }
        }
        answer.findings.sort();
        answer.failures.sort_by(|a, b| a.0.cmp(&b.0));
        answer
    }

    /// What `print` wrote.
    pub(in crate::gate) fn prints(&mut self) -> Vec<String> {
        self.sets
            .iter_mut()
            .flat_map(|set| set.loaded.prints())
            .collect()
    }
}

fn judge_rule(
    set: &mut Ruleset,
    index: usize,
    input: &Value,
    subject: &Subject,
    answer: &mut PolicyAnswer,
) {
    let Some(rule) = set.rules.get(index) else {
        return;
    };
    // conftest's input is the document as it will be; what is removed has none.
    let input = match (rule.dialect, &subject.object) {
        (Dialect::Drydock, _) => input.clone(),
        (_, Some(object)) => object.clone(),
        (_, None) => return,
    };
    set.loaded.set_input(input);
    let evaluated = set
        .loaded
        .evaluate(&rule.query())
        .and_then(|value| results::read(rule, &value))
        .and_then(|findings| {
            let excepted = !findings.is_empty()
                && set.exceptions.contains(&rule.package)
                && is_excepted(&mut set.loaded, rule)?;
            Ok(if excepted { Vec::new() } else { findings })
        });
    match evaluated {
        Ok(findings) => answer.findings.extend(findings),
        Err(mut problem) => {
            if problem.line == 0 {
                problem.path.clone_from(&rule.path);
                problem.line = rule.line;
            }
            answer.failures.push((rule.id.clone(), problem));
        }
    }
}

/// conftest's exceptions: `data.<package>.exception[_][_]` names the rule without its prefix.
fn is_excepted(loaded: &mut super::engine::Loaded, rule: &RuleInfo) -> Result<bool, Problem> {
    let mut suffix = rule.name.as_str();
    for prefix in ["violation_", "deny_", "warn_"] {
        suffix = suffix.strip_prefix(prefix).unwrap_or(suffix);
    }
    // A rule without suffix is excepted by the empty name.
    if ["violation", "deny", "warn"].contains(&suffix) {
        suffix = "";
    }
    let exceptions = loaded.evaluate(&rule_path(&rule.package, "exception"))?;
    let name = Value::from(suffix);
    Ok(members(&exceptions)
        .iter()
        .any(|group| members(group).contains(&name)))
}

fn members(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.iter().cloned().collect(),
        Value::Set(items) => items.iter().cloned().collect(),
        Value::Object(fields) => fields
            .iter_sorted()
            .map(|(_, value)| value.clone())
            .collect(),
        _ => Vec::new(),
    }
}

/// A JSON value as the engine has it. Unlike the crate's own conversion, what cannot be converted is
/// an error and not "undefined".
pub(in crate::gate) fn engine_value(value: &serde_json::Value) -> Result<Value, Problem> {
    Value::deserialize(value).map_err(|error| {
        Problem::of_file(
            "input",
            Code::Evaluation,
            format!("the object cannot be handed to the policies: {error}"),
        )
    })
}

/// A subject of the state before: as if nothing happened to it.
pub(in crate::gate) fn unchanged(object: &Value, role: &str) -> Subject {
    Subject {
        object: Some(object.clone()),
        old: Some(object.clone()),
        operation: Operation::Unchanged,
        role: role.to_owned(),
    }
}
