//! What policy authors ask for: the tests of a source, and the answer to one query.

use regorus::Value;

use super::engine::{self, Conditions, Loaded};
use super::evaluate::engine_value;
use super::problem::{Code, Problem};
use super::rules::rule_path;
use super::source::{Dialect, PolicySource};
use super::syntax::{self, head};
use crate::gate::wire::TestResult;

/// Runs every `test_` rule of a source, in order of package and name. A `todo_test_` rule is none.
pub(in crate::gate) fn run_tests(
    source: &PolicySource,
    conditions: Conditions,
) -> Result<Vec<TestResult>, Vec<Problem>> {
    let mut loaded = engine::load(source, conditions, true)?;
    let mut tests: Vec<TestResult> = Vec::new();
    for parsed in &loaded.files {
        for rule in &parsed.module.policy {
            let head = head(rule);
            let result = TestResult {
                package: parsed.package_name(),
                name: head.name().to_owned(),
                path: parsed.file.path.clone(),
                line: head.span.line,
                passed: false,
                notes: Vec::new(),
            };
            let known = tests
                .iter()
                .any(|test| test.package == result.package && test.name == result.name);
            if head.path.len() == 1 && result.name.starts_with("test_") && !known {
                tests.push(result);
            }
        }
    }
    tests.sort_by(|a, b| (&a.package, &a.name).cmp(&(&b.package, &b.name)));
    for test in &mut tests {
        loaded.set_input(Value::new_object());
        match loaded.evaluate(&rule_path(&test.package, &test.name)) {
            Ok(Value::Bool(true)) => test.passed = true,
            Ok(Value::Undefined | Value::Bool(false)) => {}
            Ok(_) => test.notes.push("the rule is not true or false".to_owned()),
            Err(problem) => test.notes.push(problem.to_string()),
        }
        test.notes.extend(loaded.prints());
    }
    Ok(tests)
}

/// Evaluates a query and gives `{"result": [{"expressions": [{"value", "text", "location"}], "bindings"}]}`
/// and what was printed. A query over calls that the engine does not know is refused like a policy.
pub(in crate::gate) fn evaluate_query(
    source: &PolicySource,
    conditions: Conditions,
    query: &str,
    input: Option<&serde_json::Value>,
) -> Result<(serde_json::Value, Vec<String>), Vec<Problem>> {
    if source.dialect == Dialect::Gatekeeper {
        return Err(vec![Problem::of_file(
            &source.name,
            Code::Unsupported,
            "Gatekeeper templates are not supported by this version",
        )]);
    }
    let mut loaded: Loaded = engine::load(&with_query(source, query)?, conditions, false)?;
    if let Some(input) = input {
        let input = engine_value(input).map_err(|problem| vec![problem])?;
        loaded.set_input(input);
    }
    let results = loaded.query(query).map_err(|problem| vec![problem])?;
    let prints = loaded.prints();
    let value = serde_json::to_value(&results).map_err(|error| {
        vec![Problem::of_file(
            "query",
            Code::Evaluation,
            error.to_string(),
        )]
    })?;
    Ok((value, prints))
}

/// The source with the query as the body of one more rule, so that its calls are checked too.
fn with_query(source: &PolicySource, query: &str) -> Result<PolicySource, Vec<Problem>> {
    let rego = source
        .files
        .first()
        .map(|file| file.rego)
        .unwrap_or_default();
    let file = super::source::PolicyFile {
        path: "query".to_owned(),
        text: format!("package drydock_query\nimport rego.v1\nanswer if {{\n{query}\n}}\n"),
        rego,
    };
    syntax::parse(&file).map_err(|mut problem| {
        problem.line = problem.line.saturating_sub(3);
        vec![problem]
    })?;
    let mut source = source.clone();
    source.files.push(file);
    Ok(source)
}
