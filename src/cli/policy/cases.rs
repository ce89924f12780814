//! Sample objects beside a rule: `cases/allows-<why>.yaml` and `cases/denies-<why>.yaml`.
//!
//! A case holds `object` and `old`, either of which may be missing, and for a denial optionally
//! `findings`, the complete list of what must be found: `[{message, pointer}]`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::PolicyError;
use super::files::{SourceError, read_yaml, show};
use crate::gate::policy::{PolicyFinding, PolicySource};
use crate::gate::wire::{Batch, Item, SideAnswer};
use crate::run::judge::{Judge, JudgeError};
use crate::sandbox::Sandbox;

/// What one case came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// Its file.
    pub path: String,
    /// Why it failed; `None` when it passed.
    pub failure: Option<String>,
}

struct Case {
    path: PathBuf,
    denies: bool,
    item: Item,
    findings: Option<Vec<(String, Option<String>)>>,
}

/// Judges all cases with the rules of the source.
pub(super) fn run(
    sandbox: &Sandbox,
    source: &PolicySource,
    paths: &[PathBuf],
    now_ns: i64,
) -> Result<Vec<CaseResult>, PolicyError> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut judge = Judge::start(sandbox, super::load(vec![source.clone()], now_ns))?;
    let mut results = Vec::new();
    for path in paths {
        let failure = match read_case(path)? {
            Ok(case) => run_case(&mut judge, &case)?,
            Err(wrong) => Some(wrong),
        };
        results.push(CaseResult {
            path: show(path),
            failure,
        });
    }
    Ok(results)
}

/// Reads a case; the inner error is what is wrong with it.
fn read_case(path: &Path) -> Result<Result<Case, String>, SourceError> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let denies = name.starts_with("denies-");
    if !denies && !name.starts_with("allows-") {
        return Ok(Err(
            "a case is called allows-<why>.yaml or denies-<why>.yaml".to_owned(),
        ));
    }
    let value = read_yaml(path)?;
    let Some(fields) = value.as_object() else {
        return Ok(Err("a case is a map with `object` or `old`".to_owned()));
    };
    if let Some(unknown) = fields
        .keys()
        .find(|key| !["object", "old", "findings"].contains(&key.as_str()))
    {
        return Ok(Err(format!("`{unknown}` is none of object, old, findings")));
    }
    let side = |name: &str| {
        fields
            .get(name)
            .filter(|value| !value.is_null())
            .map(|value| Arc::new(value.clone()))
    };
    let item = Item {
        base: side("old"),
        head: side("object"),
        role: "object".to_owned(),
    };
    if item.base.is_none() && item.head.is_none() {
        return Ok(Err("a case needs `object` or `old`".to_owned()));
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let findings = fields
        .get("findings")
        .and_then(Value::as_array)
        .map(|list| {
            let mut list: Vec<(String, Option<String>)> = list
                .iter()
                .map(|finding| {
                    (
                        text(finding, "message").unwrap_or_default(),
                        text(finding, "pointer"),
                    )
                })
                .collect();
            list.sort();
            list
        });
    Ok(Ok(Case {
        path: path.to_owned(),
        denies,
        item,
        findings,
    }))
}

/// The rule of a case is the one in the folder above `cases`.
fn run_case(judge: &mut Judge, case: &Case) -> Result<Option<String>, JudgeError> {
    let folder = case
        .path
        .parent()
        .and_then(Path::parent)
        .map(show)
        .unwrap_or_default();
    let rules: Vec<String> = judge
        .loaded()
        .rules
        .iter()
        .filter(|rule| Path::new(&rule.path).parent().map(show) == Some(folder.clone()))
        .map(|rule| rule.id.clone())
        .collect();
    if rules.is_empty() {
        return Ok(Some("there is no rule in the folder above".to_owned()));
    }
    let batch = Batch {
        app: None,
        cluster: None,
        base_schemas: None,
        head_schemas: None,
        policies: true,
        items: vec![case.item.clone()],
    };
    let answer = judge.judge_batch(&batch)?;
    let side = answer.items.into_iter().next().and_then(|item| item.head);
    Ok(side.map_or_else(
        || Some("the worker gave no answer".to_owned()),
        |side| compare(case, &rules, &side),
    ))
}

fn compare(case: &Case, rules: &[String], side: &SideAnswer) -> Option<String> {
    if let Some((rule, problem)) = side.failures.iter().find(|(rule, _)| rules.contains(rule)) {
        return Some(format!("{rule} could not be evaluated: {problem}"));
    }
    let found: Vec<&PolicyFinding> = side
        .policy
        .iter()
        .filter(|finding| rules.contains(&finding.rule))
        .collect();
    let said = || {
        let messages: Vec<&str> = found
            .iter()
            .map(|finding| finding.message.as_str())
            .collect();
        messages.join("; ")
    };
    match (case.denies, found.is_empty()) {
        (true, true) => return Some("is denied by nothing".to_owned()),
        (false, false) => return Some(format!("is denied: {}", said())),
        _ => {}
    }
    let expected = case.findings.as_ref()?;
    let mut actual: Vec<(String, Option<String>)> = found
        .iter()
        .map(|finding| (finding.message.clone(), finding.pointer.clone()))
        .collect();
    actual.sort();
    (actual != *expected).then(|| format!("is denied for other reasons: {actual:?}"))
}
