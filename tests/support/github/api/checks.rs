//! Check runs.

use serde_json::{Value, json};

use super::super::contract::filled;
use super::super::state::{CheckRun, Repository, State};
use super::{Answer, LIMIT, Received, number};

pub(super) fn call(
    repository: &mut Repository,
    id: u64,
    request: &Received<'_>,
    rest: &[&str],
) -> Answer {
    match (request.method, rest) {
        ("POST", ["check-runs"]) => {
            let mut check = CheckRun::default_of(id, request.body());
            update_check(&mut check, request.body())?;
            repository.checks.push(check.clone());
            Ok((201, check_json(&check)))
        }
        ("PATCH" | "GET", ["check-runs", check]) => {
            let wanted = number(check)?;
            let check = repository
                .checks
                .iter_mut()
                .find(|check| check.id == wanted)
                .ok_or((404, "Not Found"))?;
            if request.method == "PATCH" {
                update_check(check, request.body())?;
            }
            Ok((200, check_json(check)))
        }
        ("GET", ["commits", sha, "check-runs"]) => {
            let all: Vec<Value> = repository
                .checks
                .iter()
                .rev()
                .filter(|check| {
                    check.head == *sha
                        && request
                            .asked("check_name")
                            .is_none_or(|name| name == check.name)
                })
                .map(check_json)
                .collect();
            assert_eq!(
                request.asked("filter"),
                Some("all"),
                "without it GitHub hides replaced runs"
            );
            Ok((
                200,
                json!({"total_count": all.len(), "check_runs": request.page(all)}),
            ))
        }
        _ => Err((404, "Not Found")),
    }
}

impl CheckRun {
    fn default_of(id: u64, body: &Value) -> Self {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Self {
            id,
            name: text("name"),
            head: text("head_sha"),
            external_id: text("external_id"),
            status: "queued".to_owned(),
            conclusion: None,
            title: String::new(),
            summary: String::new(),
            text: String::new(),
            annotations: Vec::new(),
        }
    }
}

fn update_check(check: &mut CheckRun, body: &Value) -> Result<(), (u16, &'static str)> {
    let output = &body["output"];
    let new = output["annotations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let long = ["summary", "text"]
        .iter()
        .any(|name| output[name].as_str().is_some_and(|text| text.len() > LIMIT));
    let wrong_columns = new.iter().any(|note| {
        note["start_line"].as_u64() == Some(0)
            || (note.get("start_column").is_some() && note["start_line"] != note["end_line"])
    });
    if long || new.len() > 50 || wrong_columns {
        return Err((422, "Validation Failed"));
    }
    if let Some(status) = body["status"].as_str() {
        if status == "completed" && !body["conclusion"].is_string() {
            return Err((422, "Validation Failed"));
        }
        check.status = status.to_owned();
        check.conclusion = None;
    }
    if let Some(conclusion) = body["conclusion"].as_str() {
        check.status = "completed".to_owned();
        check.conclusion = Some(conclusion.to_owned());
    }
    for (name, into) in [
        ("title", &mut check.title),
        ("summary", &mut check.summary),
        ("text", &mut check.text),
    ] {
        if let Some(text) = output[name].as_str() {
            text.clone_into(into);
        }
    }
    check.annotations.extend(new);
    Ok(())
}

fn check_json(check: &CheckRun) -> Value {
    let mut value = filled(
        "check-run",
        json!({
            "id": check.id, "head_sha": check.head, "name": check.name, "external_id": check.external_id,
            "status": check.status, "conclusion": check.conclusion, "app": {"id": State::APP_ID},
        }),
    );
    value["output"] = json!({
        "title": check.title, "summary": check.summary, "text": check.text,
        "annotations_count": check.annotations.len(), "annotations_url": "",
    });
    value
}
