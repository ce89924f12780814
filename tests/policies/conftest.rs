//! conftest's own examples: the same messages for the same files, or a refusal by name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use drydock::cli::policy::{Selection, load_source};
use drydock::gate::policy::{Dialect, Level, Namespaces, RegoVersion};
use drydock::gate::wire::{Batch, Item, Load, WIRE_VERSION};
use drydock::run::judge::{Judge, run_tests};
use drydock::yaml::{self, Budget};
use serde_json::Value;

use crate::{expected, sandbox};

/// What a case came to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
enum Came {
    Agreed,
    /// Drydock refuses what conftest lets pass, for this reason.
    Stricter(&'static str),
    /// Not of Drydock's business, or not supported: said by name before anything is judged.
    Unsupported(String),
    Disagreed(String),
}

/// Where a pass of conftest's is none here.
const STRICTER: [(&str, &str); 1] = [(
    "unknown-namespace-passes",
    "a namespace without any policy is an error, never a pass",
)];

/// Flags that only change what is printed.
const PRINTING: [&str; 6] = [
    "--no-color",
    "--quiet",
    "--suppress-exceptions",
    "--trace",
    "-o",
    "--output",
];

struct Arguments {
    selection: Selection,
    files: Vec<String>,
}

/// Reads a case's arguments; the error names what is not supported.
fn arguments(case: &Value, root: &Path) -> Result<Arguments, String> {
    let folder = root.join(case["cwd"].as_str().unwrap_or("."));
    let mut selection = Selection {
        dialect: Some(Dialect::Conftest),
        rego: RegoVersion::V1,
        ..Selection::default()
    };
    let mut files = Vec::new();
    let mut names = Vec::new();
    let mut words = case["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap());
    while let Some(word) = words.next() {
        match word {
            "" => {}
            "-p" | "--policy" => selection.paths.push(folder.join(words.next().unwrap())),
            "-d" | "--data" => selection.data.push(folder.join(words.next().unwrap())),
            "--namespace" => names.push(words.next().unwrap().to_owned()),
            "--all-namespaces" => selection.namespaces = Namespaces::All,
            "--parser" => match words.next().unwrap() {
                "yaml" => {}
                other => return Err(format!("parser {other}")),
            },
            "-o" | "--output" => drop(words.next()),
            "--fail-on-warn" => {}
            flag if PRINTING.contains(&flag) => {}
            flag if flag.starts_with('-') && flag != "-" => return Err(flag.to_owned()),
            file => files.push(file.to_owned()),
        }
    }
    if !names.is_empty() {
        selection.namespaces = Namespaces::Named(names);
    }
    if selection.paths.is_empty() {
        return Err("settings of conftest.toml".to_owned());
    }
    Ok(Arguments { selection, files })
}

/// The documents of a file as conftest sees them; top-level arrays element by element.
fn documents(path: &Path, stdin: Option<&str>) -> Result<Vec<Value>, String> {
    let extension = match (stdin, path.extension().and_then(std::ffi::OsStr::to_str)) {
        (Some(_), _) => "yaml",
        (None, Some(extension)) => extension,
        (None, None) => return Err("parsers of other formats".to_owned()),
    };
    if !["yaml", "yml", "json"].contains(&extension) {
        return Err(format!("parser {extension}"));
    }
    let text = stdin.map_or_else(|| std::fs::read_to_string(path).unwrap(), str::to_owned);
    let values = if extension == "json" {
        vec![serde_json::from_str(&text).unwrap()]
    } else {
        let stream = yaml::read(text.as_bytes(), &Budget::default());
        assert_eq!(stream.errors, []);
        stream
            .documents
            .iter()
            .map(yaml::Document::to_json)
            .collect()
    };
    Ok(values
        .into_iter()
        .flat_map(|value| match value {
            Value::Array(items) => items,
            other => vec![other],
        })
        .collect())
}

type Messages = BTreeMap<(String, bool), Vec<String>>;

fn judge(arguments: &Arguments, case: &Value, root: &Path) -> Result<Messages, String> {
    let folder = root.join(case["cwd"].as_str().unwrap_or("."));
    let source = load_source(&arguments.selection).map_err(|error| format!("error: {error}"))?;
    let mut inputs = Vec::new();
    for file in &arguments.files {
        let stdin = (file == "-")
            .then(|| std::fs::read_to_string(root.join(case["stdin"].as_str().unwrap())).unwrap());
        for document in documents(&folder.join(file), stdin.as_deref())? {
            inputs.push((
                file.replace('-', if stdin.is_some() { "" } else { "-" }),
                document,
            ));
        }
    }
    let load = Load {
        version: WIRE_VERSION,
        sources: vec![source],
        schemas: Vec::new(),
        now_ns: 0,
        rule_limit_ms: 5000,
        threads: 2,
    };
    let mut judge = Judge::start(&sandbox(), load)
        .map_err(|error| format!("error: {}", error.problems()[0]))?;
    let item = |value: &Value| Item {
        base: None,
        head: Some(Arc::new(value.clone())),
        role: "object".to_owned(),
    };
    let batch = Batch {
        app: None,
        cluster: None,
        base_schemas: None,
        head_schemas: None,
        policies: true,
        items: inputs.iter().map(|(_, value)| item(value)).collect(),
    };
    let answer = judge.judge_batch(&batch).unwrap();
    let mut messages = Messages::new();
    for ((file, _), item) in inputs.iter().zip(answer.items) {
        let side = item.head.unwrap();
        if let Some((rule, problem)) = side.failures.first() {
            return Err(format!("error: {rule}: {problem}"));
        }
        for finding in side.policy {
            let key = (file.clone(), finding.severity == Level::Error);
            messages.entry(key).or_default().push(finding.message);
        }
    }
    Ok(messages)
}

/// What conftest printed as JSON, as the same map.
fn recorded(results: &Value) -> Messages {
    let mut messages = Messages::new();
    for result in results.as_array().unwrap() {
        let file = result["filename"].as_str().unwrap().to_owned();
        for (list, is_error) in [("failures", true), ("warnings", false)] {
            for found in result[list].as_array().into_iter().flatten() {
                let message = found["msg"]
                    .as_str()
                    .unwrap()
                    .trim()
                    .trim_end_matches('.')
                    .to_owned();
                messages
                    .entry((file.clone(), is_error))
                    .or_default()
                    .push(message);
            }
        }
    }
    messages
}

fn sorted(messages: Messages) -> BTreeMap<(String, bool), BTreeSet<String>> {
    messages
        .into_iter()
        .map(|(key, list)| (key, list.into_iter().collect()))
        .collect()
}

fn run(case: &Value, results: &Value, root: &Path) -> Came {
    let id = case["id"].as_str().unwrap();
    let exit = case["exit_measured"]
        .as_i64()
        .or(case["exit"].as_i64())
        .unwrap();
    let command = case["command"].as_str().unwrap();
    if command == "parse" {
        return Came::Unsupported("conftest parse".to_owned());
    }
    let arguments = match arguments(case, root) {
        Ok(arguments) => arguments,
        Err(what) => return Came::Unsupported(what),
    };
    if command == "verify" {
        return verify(&arguments, exit);
    }
    match judge(&arguments, case, root) {
        Err(what) if !what.starts_with("error") => Came::Unsupported(what),
        Err(_) if exit != 0 => Came::Agreed,
        Err(what) => STRICTER
            .iter()
            .find(|(known, _)| *known == id)
            .map_or(Came::Disagreed(what), |(_, reason)| Came::Stricter(reason)),
        Ok(messages) => match results.get(id) {
            Some(results) => {
                let (ours, theirs) = (sorted(messages), sorted(recorded(results)));
                if ours == theirs {
                    Came::Agreed
                } else {
                    Came::Disagreed(format!("{ours:?} instead of {theirs:?}"))
                }
            }
            None if messages.keys().any(|(_, is_error)| *is_error) == (exit != 0) => Came::Agreed,
            None => Came::Disagreed(format!("{messages:?} instead of exit code {exit}")),
        },
    }
}

fn verify(arguments: &Arguments, exit: i64) -> Came {
    let Ok(source) = load_source(&arguments.selection) else {
        return if exit == 0 {
            Came::Disagreed("there are no policies".to_owned())
        } else {
            Came::Agreed
        };
    };
    match run_tests(&sandbox(), vec![source], 0) {
        Err(error) => Came::Unsupported(error.problems()[0].message.clone()),
        Ok(tests) => {
            let failed = tests.iter().any(|test| !test.passed);
            if failed == (exit != 0) {
                Came::Agreed
            } else {
                Came::Disagreed(format!("{tests:?} instead of exit code {exit}"))
            }
        }
    }
}

#[test]
fn conftest_examples_mean_the_same_or_are_refused_by_name() {
    let Some(root) = expected::corpora("conftest") else {
        return;
    };
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(PathBuf::from(&root).join(name)).unwrap()).unwrap()
    };
    let (cases, results) = (read("cases.json"), read("results-json.json"));
    let mut disagreed = Vec::new();
    let mut reached: BTreeMap<String, u64> = BTreeMap::new();
    for case in cases["cases"].as_array().unwrap() {
        let came = run(case, &results, &root);
        let word = match &came {
            Came::Agreed => "agreed",
            Came::Stricter(_) => "stricter",
            Came::Unsupported(_) => "unsupported",
            Came::Disagreed(_) => "disagreed",
        };
        if came != Came::Agreed {
            println!("{}: {came:?}", case["id"].as_str().unwrap());
        }
        if let Came::Disagreed(_) = came {
            disagreed.push(case["id"].clone());
        }
        *reached.entry(word.to_owned()).or_default() += 1;
    }
    println!("{reached:?}");
    assert!(disagreed.is_empty(), "{disagreed:?}");
    reached.retain(|word, _| word == "agreed");
    expected::compare("conftest", "", &reached);
}
