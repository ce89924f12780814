//! `drydock policy list | lint | test | eval`: what authors of policies ask for.
//!
//! Everything is evaluated in the confined worker, exactly as `check` does it. Functions here give
//! values; each value knows its text and its JSON.

mod cases;
mod files;

use std::fmt::Write as _;

use serde_json::{Value, json};

pub use cases::CaseResult;
pub use files::{Selection, SourceError, load_data, load_source};

use crate::gate::policy::{BUILT_IN, PolicySource, Problem, RuleInfo};
use crate::gate::wire::{Load, TestResult, WIRE_VERSION};
use crate::run::judge::{self, Judge, JudgeError, RULE_LIMIT};
use crate::sandbox::Sandbox;

/// The rules that would be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In order of source, package, name.
    pub rules: Vec<RuleInfo>,
    /// (source, package) with rules that were not asked for.
    pub ignored: Vec<(String, String)>,
}

impl Listing {
    /// A line of titles, one line for each rule, and what the built-in ones do.
    pub fn text(&self) -> String {
        let width = self
            .rules
            .iter()
            .map(|rule| rule.id.len())
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        if !self.rules.is_empty() {
            let _ = writeln!(
                text,
                "{:width$}  {:8}  {:10}  finds  (file:line)",
                "rule", "severity", "kind"
            );
        }
        for rule in &self.rules {
            let title = rule.metadata.title.as_deref().unwrap_or("no title");
            let _ = writeln!(
                text,
                "{:width$}  {:8}  {:10}  {title}  ({}:{})",
                rule.id,
                severity_word(rule),
                rule.kind().word(),
                rule.path,
                rule.line
            );
        }
        if self.rules.iter().any(|rule| rule.source == BUILT_IN) {
            text.push_str("\nBuilt-in rules warn, whatever their severity; those of `policies` do what their mode says.\n");
        }
        for (source, package) in &self.ignored {
            let _ = writeln!(
                text,
                "not evaluated: package {package} of {source} was not asked for"
            );
        }
        text
    }

    /// An object with `rules` and `ignored`.
    pub fn json(&self) -> Value {
        let rules: Vec<Value> = self
            .rules
            .iter()
            .map(|rule| {
                json!({
                    "id": rule.id,
                    "source": rule.source,
                    "package": rule.package,
                    "rule": rule.name,
                    "severity": severity_word(rule),
                    "kind": rule.kind().word(),
                    "title": rule.metadata.title,
                    "description": rule.metadata.description,
                    "fix": rule.metadata.fix,
                    "docs": rule.metadata.docs,
                    "path": rule.path,
                    "line": rule.line,
                })
            })
            .collect();
        let ignored: Vec<Value> = self
            .ignored
            .iter()
            .map(|(source, package)| json!({"source": source, "package": package}))
            .collect();
        json!({"rules": rules, "ignored": ignored})
    }
}

fn severity_word(rule: &RuleInfo) -> &'static str {
    crate::finding::Severity::from(rule.severity()).word()
}

/// What would be evaluated.
pub fn list(sandbox: &Sandbox, sources: Vec<PolicySource>) -> Result<Listing, JudgeError> {
    let judge = Judge::start(sandbox, load(sources, 0))?;
    let loaded = judge.loaded();
    Ok(Listing {
        rules: loaded.rules.clone(),
        ignored: loaded.ignored.clone(),
    })
}

/// Policies alone, on one thread.
fn load(sources: Vec<PolicySource>, now_ns: i64) -> Load {
    Load {
        version: WIRE_VERSION,
        sources,
        schemas: Vec::new(),
        now_ns,
        rule_limit_ms: u64::try_from(RULE_LIMIT.as_millis()).unwrap_or(u64::MAX),
        threads: 1,
    }
}

/// Everything that keeps these sources, test files included, from being used; empty when nothing
/// does. `Err` only when the worker could not be asked.
pub fn lint(sandbox: &Sandbox, sources: Vec<PolicySource>) -> Result<Vec<Problem>, JudgeError> {
    let mut problems = match list(sandbox, sources.clone()) {
        Ok(_) => Vec::new(),
        Err(JudgeError::Refused(problems)) => problems,
        Err(error) => return Err(error),
    };
    match judge::run_tests(sandbox, sources, 0) {
        Ok(_) => {}
        Err(JudgeError::Refused(more)) => problems.extend(more),
        Err(error) => return Err(error),
    }
    problems.sort();
    problems.dedup();
    Ok(problems)
}

/// One line for each problem, and a line that counts them.
pub fn lint_text(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let _ = writeln!(
            text,
            "{}: {} [{}]",
            problem.place(),
            problem.message,
            problem.code.word()
        );
    }
    let count = match problems.len() {
        0 => "no problems".to_owned(),
        1 => "1 problem, for the owner of the policies".to_owned(),
        more => format!("{more} problems, for the owner of the policies"),
    };
    text + &count + "\n"
}

/// `{"errors": [{"message", "code", "location": {"file", "row", "col"}}]}`, the shape of `opa eval`.
pub fn errors_json(error: &JudgeError) -> Value {
    let errors: Vec<Value> = match error {
        JudgeError::Refused(problems) => problems.iter().map(problem_json).collect(),
        other => vec![json!({"message": other.to_string(), "code": "worker"})],
    };
    json!({ "errors": errors })
}

fn problem_json(problem: &Problem) -> Value {
    json!({
        "message": problem.message,
        "code": problem.code.word(),
        "location": {"file": problem.path, "row": problem.line, "col": problem.column},
    })
}

/// What `policy test` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// `test_` rules.
    pub tests: Vec<TestResult>,
    /// `allows-` and `denies-` cases.
    pub cases: Vec<CaseResult>,
}

impl TestReport {
    /// True when everything passed. Nothing at all is no pass.
    pub fn passed(&self) -> bool {
        !(self.tests.is_empty() && self.cases.is_empty())
            && self.tests.iter().all(|test| test.passed)
            && self.cases.iter().all(|case| case.failure.is_none())
    }

    /// The failures, one block each, and a line that counts.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for test in self.tests.iter().filter(|test| !test.passed) {
            let _ = writeln!(text, "{}:{}: {} fails", test.path, test.line, test.name);
            for note in &test.notes {
                let _ = writeln!(text, "  {note}");
            }
        }
        for case in &self.cases {
            if let Some(failure) = &case.failure {
                let _ = writeln!(text, "{}: {failure}", case.path);
            }
        }
        let failed = self.tests.iter().filter(|test| !test.passed).count()
            + self
                .cases
                .iter()
                .filter(|case| case.failure.is_some())
                .count();
        if self.tests.is_empty() && self.cases.is_empty() {
            return "no test was found: write rules `test_…`, or samples `cases/allows-….yaml` and \
                    `cases/denies-….yaml` beside a rule\n"
                .to_owned();
        }
        let _ = writeln!(
            text,
            "{} tests and {} cases, {failed} failed",
            self.tests.len(),
            self.cases.len()
        );
        text
    }

    /// An object with `tests` and `cases`.
    pub fn json(&self) -> Value {
        let tests: Vec<Value> = self
            .tests
            .iter()
            .map(|test| {
                json!({
                    "package": test.package, "name": test.name, "path": test.path, "line": test.line,
                    "passed": test.passed, "notes": test.notes,
                })
            })
            .collect();
        let cases: Vec<Value> = self
            .cases
            .iter()
            .map(|case| json!({"path": case.path, "passed": case.failure.is_none(), "failure": case.failure}))
            .collect();
        json!({"passed": self.passed(), "tests": tests, "cases": cases})
    }
}

/// Runs the `test_` rules of a selection and the cases beside its rules.
pub fn test(
    sandbox: &Sandbox,
    selection: &Selection,
    now_ns: i64,
) -> Result<TestReport, PolicyError> {
    let source = load_source(selection)?;
    let tests = judge::run_tests(sandbox, vec![source.clone()], now_ns)?;
    let cases = cases::run(
        sandbox,
        &source,
        &files::find_cases(&selection.paths)?,
        now_ns,
    )?;
    Ok(TestReport { tests, cases })
}

/// Evaluates one query. The value is what `policy eval` prints, the number its exit code: 0, or 2
/// when it could not be evaluated.
pub fn eval(
    sandbox: &Sandbox,
    source: PolicySource,
    query: &str,
    input: Option<Value>,
    now_ns: i64,
) -> (Value, Vec<String>, u8) {
    match judge::evaluate_query(sandbox, source, query, input, now_ns) {
        Ok((value, prints)) => (value, prints, 0),
        Err(error) => (errors_json(&error), Vec::new(), 2),
    }
}

/// Why a policy command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The files could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The worker, or the policies themselves.
    #[error(transparent)]
    Judge(#[from] JudgeError),
}
