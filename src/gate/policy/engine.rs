//! One engine per source: loaded, checked, rewritten, and ready to be cloned for every thread.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, LimitError, Value};

use super::problem::{Code, Problem};
use super::rewrite::{Rewritten, rewrite};
use super::source::{PolicySource, RegoVersion};
use super::syntax::{self, Parsed, REWRITTEN_COLUMNS};
use super::{builtins, lint, recursion};

/// What an evaluation may depend on beside the input, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// The time that `time.now_ns()` gives, in nanoseconds since 1970.
    pub now_ns: i64,
    /// How long one rule may take on one object. Loops are stopped at this time; a single built-in
    /// call is not, and falls to the worker's own limits.
    pub rule_limit: Duration,
}

impl Default for Conditions {
    /// 1970, and five seconds: a rule takes microseconds, so what takes five seconds does not end.
    fn default() -> Self {
        Self {
            now_ns: 0,
            rule_limit: Duration::from_secs(5),
        }
    }
}

/// The clock is read once in so many steps.
const STEPS_BETWEEN_CLOCK_READS: NonZeroU32 = NonZeroU32::MIN.saturating_add(255);

/// A checked source and its engine. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) files: Vec<Parsed>,
    engine: Engine,
    originals: BTreeMap<String, (String, Rewritten)>,
}

/// Parses and checks every file and builds the engine. With `tests`, `*_test.rego` files are loaded
/// too; without, they are not even parsed.
pub(super) fn load(
    source: &PolicySource,
    conditions: Conditions,
    tests: bool,
) -> Result<Loaded, Vec<Problem>> {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for file in source.files.iter().filter(|file| tests || !file.is_test()) {
        match syntax::parse(file) {
            Ok(parsed) => files.push(parsed),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        problems.extend(lint::lint(&files));
        problems.extend(recursion::find_recursion(&files));
    }
    let mut rewritten = Vec::new();
    for parsed in &files {
        match rewrite(parsed) {
            Ok(text) => rewritten.push(text),
            Err(more) => problems.extend(more),
        }
    }
    if !problems.is_empty() {
        problems.sort();
        problems.dedup();
        return Err(problems);
    }
    build(source, conditions, files, rewritten)
}

fn build(
    source: &PolicySource,
    conditions: Conditions,
    files: Vec<Parsed>,
    rewritten: Vec<Rewritten>,
) -> Result<Loaded, Vec<Problem>> {
    let mut engine = Engine::new();
    engine.set_policy_length_config(regorus::PolicyLengthConfig {
        max_col: REWRITTEN_COLUMNS,
        ..Default::default()
    });
    engine.set_strict_builtin_errors(true);
    engine.set_gather_prints(true);
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: conditions.rule_limit,
        check_interval: STEPS_BETWEEN_CLOCK_READS,
    });
    let failed = |error: &anyhow::Error, code: Code| {
        vec![Problem::of_engine(&source.name, &error.to_string(), code)]
    };
    builtins::install(&mut engine, conditions.now_ns)
        .map_err(|error| failed(&error, Code::Unsupported))?;
    engine
        .add_data(Value::from(source.data.clone()))
        .map_err(|error| failed(&error, Code::Parse))?;
    let mut originals = BTreeMap::new();
    for (parsed, text) in files.iter().zip(rewritten) {
        engine.set_rego_v0(parsed.file.rego == RegoVersion::V0);
        engine
            .add_policy(parsed.file.path.clone(), text.text.clone())
            .map_err(|error| failed(&error, Code::Unsupported))?;
        originals.insert(parsed.file.path.clone(), (parsed.file.text.clone(), text));
    }
    Ok(Loaded {
        files,
        engine,
        originals,
    })
}

impl Loaded {
    /// Lets the engine analyse everything, with this rule (`data.…`) as the entry.
    pub(super) fn prepare(&mut self, rule: &str) -> Result<(), Problem> {
        match self.engine.compile_with_entrypoint(&rule.into()) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.problem(rule, &error, Code::Unsupported)),
        }
    }

    /// Puts a document under `data`.
    pub(super) fn add_data(&mut self, data: Value) -> Result<(), Problem> {
        self.engine
            .add_data(data)
            .map_err(|error| Problem::of_file("data", Code::Evaluation, error.to_string()))
    }

    /// Sets what `input` is, for every evaluation until the next call.
    pub(super) fn set_input(&mut self, input: Value) {
        self.engine.set_input(input);
    }

    /// Evaluates one rule (`data.…`), which must exist. Undefined is `Value::Undefined`.
    pub(super) fn evaluate(&mut self, rule: &str) -> Result<Value, Problem> {
        match self.engine.eval_rule(rule.to_owned()) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.problem(rule, &error, Code::Evaluation)),
        }
    }

    /// Evaluates a query.
    pub(super) fn query(&mut self, query: &str) -> Result<regorus::QueryResults, Problem> {
        match self.engine.eval_query(query.to_owned(), false) {
            Ok(results) => Ok(results),
            Err(error) => Err(self.problem(query, &error, Code::Evaluation)),
        }
    }

    /// What `print` wrote since the last call, at most 100 lines.
    pub(super) fn prints(&mut self) -> Vec<String> {
        let mut lines = self.engine.take_prints().unwrap_or_default();
        lines.truncate(100);
        lines
    }

    fn problem(&self, what: &str, error: &anyhow::Error, code: Code) -> Problem {
        let text = error.to_string();
        let timed_out = error.downcast_ref::<LimitError>().is_some();
        let mut problem = Problem::of_engine(what, &text, code);
        if timed_out {
            problem.code = Code::Timeout;
            "it took longer than one rule may take on one object".clone_into(&mut problem.message);
        }
        if let Some((original, rewritten)) = self.originals.get(&problem.path)
            && problem.line > 0
        {
            (problem.line, problem.column) =
                rewritten.locate(original, problem.line, problem.column);
        }
        problem
    }
}
