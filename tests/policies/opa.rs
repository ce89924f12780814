//! OPA's own compliance cases: how much of Rego means the same here.

use std::collections::BTreeMap;
use std::path::Path;

use drydock::gate::policy::{Code, Dialect, PolicyFile, PolicySource, RegoVersion};
use drydock::run::judge::{JudgeError, evaluate_query};
use serde_json::{Value, json};

use crate::{expected, sandbox};

/// What a case came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    /// The same result, or an error where OPA has one.
    Right,
    /// Refused, or an error, where OPA has a result: visible to whoever is judged.
    Refused,
    /// Another result, or a result where OPA has an error.
    Wrong,
}

/// Cases whose JSON form says too little to compare.
const INCOMPARABLE: [(&str, &str); 4] = [
    (
        "inputvalues/input set",
        "a set in the input becomes an array on its way to the worker",
    ),
    (
        "refheads/general, multiple result-set entries",
        "the order of results means nothing",
    ),
    (
        "walkbuiltin/arrays no path",
        "the order of a set of mixed types means nothing",
    ),
    (
        "walkbuiltin/objects no path",
        "the order of a set of mixed types means nothing",
    ),
];

fn source(case: &Value) -> PolicySource {
    let mut source = PolicySource::new("case", Dialect::Conftest);
    for (index, module) in case["modules"].as_array().into_iter().flatten().enumerate() {
        source.files.push(PolicyFile {
            path: format!("m{index}.rego"),
            text: module.as_str().unwrap().to_owned(),
            rego: RegoVersion::V1,
        });
    }
    if case["data"].is_object() {
        source.data = case["data"].clone();
    }
    source
}

/// The input, which may be written as a Rego term.
fn input(case: &Value) -> Result<Option<Value>, JudgeError> {
    if let Some(term) = case["input_term"].as_str() {
        let empty = PolicySource::new("input", Dialect::Conftest);
        let (result, _) = evaluate_query(&sandbox(), empty, &format!("x := {term}"), None, 0)?;
        return Ok(result.pointer("/result/0/bindings/x").cloned());
    }
    Ok(case.get("input").filter(|input| !input.is_null()).cloned())
}

fn run(case: &Value) -> (Came, String) {
    let wants_error = case.get("want_error").is_some() || case.get("want_error_code").is_some();
    let query = case["query"].as_str().unwrap();
    let answer =
        input(case).and_then(|input| evaluate_query(&sandbox(), source(case), query, input, 0));
    let (result, _) = match answer {
        Err(_) if wants_error => return (Came::Right, String::new()),
        Err(error) => {
            let problem = error.problems().first();
            // OPA takes an error of a built-in function for undefined unless told otherwise.
            let lenient = problem.is_some_and(|problem| problem.code == Code::Evaluation)
                && case["want_result"] == json!([]);
            let what = problem.map_or_else(|| error.to_string(), ToString::to_string);
            let came = if lenient { Came::Right } else { Came::Refused };
            return (came, what);
        }
        Ok(result) => result,
    };
    if wants_error {
        return (Came::Wrong, format!("{result} instead of an error"));
    }
    let mut ours: Vec<Value> = result["result"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| one.get("bindings").cloned().unwrap_or_else(|| json!({})))
        .collect();
    let mut theirs: Vec<Value> = case["want_result"].as_array().cloned().unwrap_or_default();
    if case["sort_bindings"] == true {
        for list in [&mut ours, &mut theirs] {
            list.sort_by_key(ToString::to_string);
        }
    }
    let equal = ours.len() == theirs.len()
        && ours
            .iter()
            .zip(&theirs)
            .all(|(ours, theirs)| alike(ours, theirs));
    let note = case["note"].as_str().unwrap_or_default();
    let incomparable = INCOMPARABLE.iter().any(|(known, _)| *known == note);
    if equal || incomparable || case.get("want_result").is_none() {
        (Came::Right, String::new())
    } else {
        (Came::Wrong, format!("{ours:?} instead of {theirs:?}"))
    }
}

/// Equal as OPA sees it: numbers by value, objects without regard to order.
fn alike(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        (a, b) => a == b,
    }
}

fn cases(root: &Path) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(root.join("v1"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read(file).unwrap();
            let bundle: Value = serde_json::from_slice(&text).unwrap();
            bundle["cases"].as_array().unwrap().clone()
        })
        .collect()
}

#[test]
fn opa_compliance_cases_reach_their_number() {
    let Some(root) = expected::corpora("opa") else {
        return;
    };
    let mut counts: BTreeMap<Came, u64> = BTreeMap::new();
    for case in cases(&root) {
        let (came, what) = run(&case);
        if came != Came::Right {
            println!(
                "{came:?} {}: {what}",
                case["note"].as_str().unwrap_or_default()
            );
        }
        *counts.entry(came).or_default() += 1;
    }
    println!("{counts:?}");
    let count = |came: Came| counts.get(&came).copied().unwrap_or_default();
    assert_eq!(count(Came::Wrong), 0, "silently wrong");
    let reached = BTreeMap::from([("right".to_owned(), count(Came::Right))]);
    expected::compare("opa", "", &reached);
}
