//! Comments of pull requests.

use serde_json::{Value, json};

use super::super::contract::{example, filled};
use super::super::state::{Comment, Repository, State};
use super::{Answer, LIMIT, Received, number};

pub(super) fn call(
    repository: &mut Repository,
    id: u64,
    request: &Received<'_>,
    rest: &[&str],
) -> Answer {
    let body = request.body()["body"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if body.chars().count() > LIMIT + 1 {
        return Err((422, "Validation Failed"));
    }
    match (request.method, rest) {
        ("POST", ["issues", pull, "comments"]) => {
            let pull = number(pull)?;
            if !repository.pulls.contains_key(&pull) {
                return Err((404, "Not Found"));
            }
            let comment = Comment {
                id,
                pull,
                body,
                by: None,
                edits: 0,
            };
            repository.comments.push(comment.clone());
            Ok((201, comment_json(&comment)))
        }
        ("PATCH", ["issues", "comments", comment]) => {
            let wanted = number(comment)?;
            let comment = repository
                .comments
                .iter_mut()
                .find(|comment| comment.id == wanted)
                .ok_or((404, "Not Found"))?;
            if comment.by.is_some() {
                return Err((403, "Resource not accessible by integration"));
            }
            comment.body = body;
            comment.edits += 1;
            Ok((200, comment_json(comment)))
        }
        ("GET", ["issues", pull, "comments"]) => {
            let pull = number(pull)?;
            let of_pull = repository
                .comments
                .iter()
                .filter(|comment| comment.pull == pull);
            Ok((
                200,
                request.page(of_pull.map(comment_json).collect()).into(),
            ))
        }
        _ => Err((404, "Not Found")),
    }
}

fn comment_json(comment: &Comment) -> Value {
    let login = comment
        .by
        .clone()
        .unwrap_or_else(|| format!("{}[bot]", State::SLUG));
    let kind = if comment.by.is_some() { "User" } else { "Bot" };
    let mut value = filled(
        "issue-comment",
        json!({"id": comment.id, "body": comment.body, "user": {"login": login, "type": kind}}),
    );
    value["performed_via_github_app"] = match comment.by {
        None => example("integration"),
        Some(_) => Value::Null,
    };
    if comment.by.is_none() {
        value["performed_via_github_app"]["id"] = json!(State::APP_ID);
    }
    value
}
