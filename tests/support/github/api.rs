//! Requests and answers.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Inside};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use http::StatusCode;
use octocrab::jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use super::contract::{check_request, example, filled};
use super::state::{CheckRun, Comment, Deployment, FaultKind, Pull, Repository, State, Write};
use super::{Inner, git, public_key_der};

const LIMIT: usize = 65_535;

type Answer = Result<(u16, Value), (u16, &'static str)>;

pub(super) async fn answer(Inside(inner): Inside<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap().to_vec();
    let path = parts.uri.path().to_owned();
    if let Some(path) = path.strip_prefix("/git") {
        if !may_read_git(&inner, &parts.headers, path) {
            return StatusCode::NOT_FOUND.into_response();
        }
        return git::serve(inner.folder.path(), &parts, body, path).await;
    }
    let Some(path) = path.strip_prefix("/api/v3") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let method = parts.method.as_str();
    let body: Option<Value> = (!body.is_empty()).then(|| serde_json::from_slice(&body).unwrap());
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let (fault, outcome) = {
        let mut state = inner.lock();
        let fault = state.take_fault(method, path);
        let outcome = match fault {
            Some(FaultKind::Refuse(status)) => Err((status, "a fault")),
            _ => {
                let request = Received {
                    method,
                    path,
                    query: &query,
                    body: body.as_ref(),
                    address: inner.address,
                };
                handle(&mut state, &inner, &parts.headers, &request)
            }
        };
        (fault, outcome)
    };
    inner.touch();
    match fault {
        Some(FaultKind::NeverAnswer) => std::future::pending().await,
        Some(FaultKind::LoseAnswer) => {
            let broken =
                futures::stream::iter([Ok(vec![b'{']), Err(std::io::Error::other("lost"))]);
            return Response::builder()
                .header("content-length", 1000)
                .body(Body::from_stream(broken))
                .unwrap();
        }
        _ => {}
    }
    let (status, value) = match outcome {
        Ok(answer) => answer,
        Err((status, message)) => (
            status,
            json!({"message": message, "documentation_url": "https://docs.github.com/rest"}),
        ),
    };
    (StatusCode::from_u16(status).unwrap(), axum::Json(value)).into_response()
}

struct Received<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a [(String, String)],
    body: Option<&'a Value>,
    address: SocketAddr,
}

impl Received<'_> {
    fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn body(&self) -> &Value {
        self.body.unwrap_or(&Value::Null)
    }

    /// One page of a list.
    fn page(&self, all: Vec<Value>) -> Vec<Value> {
        let number = |name: &str, default: usize| {
            self.asked(name)
                .map_or(default, |text| text.parse().unwrap())
        };
        let (per_page, page) = (number("per_page", 30).min(100), number("page", 1));
        all.into_iter()
            .skip(per_page * (page - 1))
            .take(per_page)
            .collect()
    }
}

fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    headers
        .get("authorization")?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn may_read_git(inner: &Inner, headers: &http::HeaderMap, path: &str) -> bool {
    let token = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok())
        .and_then(|bytes| {
            Some(
                String::from_utf8(bytes)
                    .ok()?
                    .strip_prefix("x-access-token:")?
                    .to_owned(),
            )
        });
    let state = inner.lock();
    let name = path
        .trim_start_matches('/')
        .split(".git")
        .next()
        .unwrap_or_default();
    let Some(repository) = state.repositories.get(name) else {
        return false;
    };
    let Some((narrowed, permissions)) = token.and_then(|token| state.tokens.get(&token)) else {
        return false;
    };
    narrowed
        .as_ref()
        .is_none_or(|ids| ids.contains(&repository.id))
        && permissions["contents"].is_string()
}

fn handle(
    state: &mut State,
    inner: &Inner,
    headers: &http::HeaderMap,
    request: &Received<'_>,
) -> Answer {
    let segments: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let token = bearer(headers).ok_or((401, "Requires authentication"))?;
    if !headers.contains_key("user-agent") {
        return Err((403, "Request forbidden by administrative rules"));
    }
    if segments.first() == Some(&"app") {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_issuer(&[State::APP_ID.to_string()]);
        let claims = decode::<Value>(token, &DecodingKey::from_rsa_der(&public_key_der()), &rules)
            .map_err(|_| (401, "A JSON web token could not be decoded"))?
            .claims;
        let lasts = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert!(lasts <= 660, "GitHub allows ten minutes ahead");
        return app(state, request, &segments);
    }
    let (narrowed, permissions) = state
        .tokens
        .get(token)
        .cloned()
        .ok_or((401, "Bad credentials"))?;
    let (template, needs) = template(request.method, &segments).ok_or((404, "Not Found"))?;
    if let Err(violation) = check_request(request.method, template, request.body) {
        state.violations.push(violation);
        return Err((422, "Validation Failed"));
    }
    if segments.first() == Some(&"installation") {
        let all = state
            .repositories
            .values()
            .map(|repository| repository_json(request.address, repository))
            .collect();
        let mut answer = json!({"total_count": state.repositories.len()});
        answer["repositories"] = request.page(all).into();
        return Ok((200, answer));
    }
    let name = format!("{}/{}", segments[1], segments[2]);
    let known = state.repositories.get(&name).ok_or((404, "Not Found"))?;
    if narrowed.is_some_and(|ids| !ids.contains(&known.id)) {
        return Err((404, "Not Found"));
    }
    let (permission, level) = needs.split_once(':').unwrap();
    let granted = permissions[permission].as_str().unwrap_or_default();
    if granted != level && granted != "write" {
        return Err((403, "Resource not accessible by integration"));
    }
    if request.method != "GET" {
        state.writes.push(Write {
            method: request.method.to_owned(),
            path: request.path.to_owned(),
            body: request.body().clone(),
        });
    }
    let id = state.next_id();
    let repository = state.repository_mut(&name);
    if segments[3] == "compare" {
        let folder = inner.folder.path().join(format!("{name}.git"));
        return compare(&folder, &segments[4..].join("/"));
    }
    repository_call(repository, id, request, &segments[3..])
}

/// The template of a path in GitHub's description, and the permission it needs.
fn template(method: &str, segments: &[&str]) -> Option<(&'static str, &'static str)> {
    let rest = segments.get(3..).unwrap_or_default();
    Some(match (method, rest) {
        ("GET", []) if segments == ["installation", "repositories"] => {
            ("/installation/repositories", "metadata:read")
        }
        ("GET", ["pulls"]) => ("/repos/{owner}/{repo}/pulls", "pull_requests:read"),
        ("GET", ["pulls", _]) => (
            "/repos/{owner}/{repo}/pulls/{pull_number}",
            "pull_requests:read",
        ),
        ("GET", ["compare", ..]) => ("/repos/{owner}/{repo}/compare/{basehead}", "contents:read"),
        ("POST", ["check-runs"]) => ("/repos/{owner}/{repo}/check-runs", "checks:write"),
        ("PATCH", ["check-runs", _]) => (
            "/repos/{owner}/{repo}/check-runs/{check_run_id}",
            "checks:write",
        ),
        ("GET", ["check-runs", _]) => (
            "/repos/{owner}/{repo}/check-runs/{check_run_id}",
            "checks:read",
        ),
        ("GET", ["commits", _, "check-runs"]) => (
            "/repos/{owner}/{repo}/commits/{ref}/check-runs",
            "checks:read",
        ),
        ("POST", ["issues", _, "comments"]) => (
            "/repos/{owner}/{repo}/issues/{issue_number}/comments",
            "pull_requests:write",
        ),
        ("GET", ["issues", _, "comments"]) => (
            "/repos/{owner}/{repo}/issues/{issue_number}/comments",
            "pull_requests:read",
        ),
        ("PATCH", ["issues", "comments", _]) => (
            "/repos/{owner}/{repo}/issues/comments/{comment_id}",
            "pull_requests:write",
        ),
        ("POST", ["deployments"]) => ("/repos/{owner}/{repo}/deployments", "deployments:write"),
        ("GET", ["deployments"]) => ("/repos/{owner}/{repo}/deployments", "deployments:read"),
        ("POST", ["deployments", _, "statuses"]) => (
            "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
            "deployments:write",
        ),
        ("GET", ["deployments", _, "statuses"]) => (
            "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
            "deployments:read",
        ),
        ("GET", ["collaborators", _, "permission"]) => (
            "/repos/{owner}/{repo}/collaborators/{username}/permission",
            "metadata:read",
        ),
        _ => return None,
    })
}

fn app(state: &mut State, request: &Received<'_>, segments: &[&str]) -> Answer {
    match (request.method, segments) {
        ("GET", ["app"]) => Ok((
            200,
            filled(
                "integration",
                json!({"id": State::APP_ID, "slug": State::SLUG}),
            ),
        )),
        ("GET", ["app", "installations"]) => {
            let one = filled(
                "base-installation-items",
                json!({"id": State::INSTALLATION, "app_id": State::APP_ID, "suspended_at": null}),
            );
            Ok((200, request.page(vec![one]).into()))
        }
        ("POST", ["app", "installations", id, "access_tokens"]) => {
            let template = "/app/installations/{installation_id}/access_tokens";
            if let Err(violation) = check_request("POST", template, request.body) {
                state.violations.push(violation);
                return Err((422, "Validation Failed"));
            }
            if *id != State::INSTALLATION.to_string() {
                return Err((404, "Not Found"));
            }
            // The new shape: longer than forty characters, with dots.
            let token = format!(
                "ghs_{}_{}.{}",
                State::APP_ID,
                state.next_id(),
                "x".repeat(280)
            );
            let narrowed = request.body()["repository_ids"]
                .as_array()
                .map(|ids| ids.iter().map(|id| id.as_u64().unwrap()).collect());
            let permissions = request.body()["permissions"].clone();
            state.tokens.insert(token.clone(), (narrowed, permissions));
            Ok((201, filled("installation-token", json!({"token": token}))))
        }
        _ => Err((404, "Not Found")),
    }
}

fn compare(folder: &std::path::Path, basehead: &str) -> Answer {
    let (base, head) = basehead.split_once("...").ok_or((404, "Not Found"))?;
    let tip = git::resolve(folder, &format!("refs/heads/{base}"));
    let merge_base = git::merge_base(folder, &tip, head).ok_or((404, "No common ancestor"))?;
    let fields = json!({"base_commit": {"sha": tip}, "merge_base_commit": {"sha": merge_base}});
    Ok((200, filled("commit-comparison", fields)))
}

fn repository_call(
    repository: &mut Repository,
    id: u64,
    request: &Received<'_>,
    rest: &[&str],
) -> Answer {
    let number = |text: &str| text.parse::<u64>().map_err(|_| (404, "Not Found"));
    match (request.method, rest) {
        ("GET", ["pulls"]) => {
            let open = repository
                .pulls
                .values()
                .filter(|pull| pull.state == "open");
            let all = open
                .map(|pull| pull_json(request.address, repository, pull))
                .collect();
            Ok((200, request.page(all).into()))
        }
        ("GET", ["pulls", pull]) => {
            let pull = repository
                .pulls
                .get(&number(pull)?)
                .ok_or((404, "Not Found"))?;
            Ok((200, pull_json(request.address, repository, pull)))
        }
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
        (_, ["issues", ..]) => comment_call(repository, id, request, rest),
        (_, ["deployments", ..]) => deployment_call(repository, id, request, rest),
        ("GET", ["collaborators", login, "permission"]) => {
            let permission = if *login == "stranger" {
                "none"
            } else {
                "write"
            };
            let name = "repository-collaborator-permission-response-if-user-has-admin-permissions";
            Ok((200, filled(name, json!({"permission": permission}))))
        }
        _ => Err((404, "Not Found")),
    }
}

fn comment_call(
    repository: &mut Repository,
    id: u64,
    request: &Received<'_>,
    rest: &[&str],
) -> Answer {
    let number = |text: &str| text.parse::<u64>().map_err(|_| (404, "Not Found"));
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

fn deployment_call(
    repository: &mut Repository,
    id: u64,
    request: &Received<'_>,
    rest: &[&str],
) -> Answer {
    let body = request.body();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let of = |deployment: &Deployment| {
        filled(
            "deployment-simple-example",
            json!({
                "id": deployment.id, "sha": deployment.sha, "environment": deployment.environment,
                "task": "deploy", "payload": deployment.payload,
            }),
        )
    };
    match (request.method, rest) {
        ("POST", ["deployments"]) => {
            if body["auto_merge"] != json!(false) || body["required_contexts"] != json!([]) {
                return Err((409, "Conflict: commit status checks failed"));
            }
            let deployment = Deployment {
                id,
                sha: text("ref"),
                environment: text("environment"),
                payload: body["payload"].clone(),
                statuses: Vec::new(),
            };
            repository.deployments.push(deployment.clone());
            Ok((201, of(&deployment)))
        }
        ("GET", ["deployments"]) => {
            let fits = |deployment: &&Deployment| {
                request.asked("sha").is_none_or(|sha| sha == deployment.sha)
                    && request
                        .asked("environment")
                        .is_none_or(|name| name == deployment.environment)
            };
            let all = repository
                .deployments
                .iter()
                .rev()
                .filter(fits)
                .map(of)
                .collect();
            Ok((200, request.page(all).into()))
        }
        (_, ["deployments", wanted, "statuses"]) => {
            let deployment = repository
                .deployments
                .iter_mut()
                .find(|deployment| deployment.id.to_string() == *wanted)
                .ok_or((404, "Not Found"))?;
            let status = |(state, description): &(String, String)| {
                filled(
                    "deployment-status",
                    json!({"id": id, "state": state, "description": description}),
                )
            };
            if request.method == "POST" {
                let new = (text("state"), text("description"));
                deployment.statuses.push(new.clone());
                return Ok((201, status(&new)));
            }
            let all = deployment.statuses.iter().rev().map(status).collect();
            Ok((200, request.page(all).into()))
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

pub(super) fn repository_json(address: SocketAddr, repository: &Repository) -> Value {
    let (owner, name) = repository.name.split_once('/').unwrap();
    json!({
        "id": repository.id, "name": name, "full_name": repository.name, "owner": {"login": owner},
        "clone_url": format!("http://{address}/git/{}.git", repository.name), "default_branch": "main", "archived": false,
    })
}

pub(super) fn pull_json(address: SocketAddr, repository: &Repository, pull: &Pull) -> Value {
    let base = repository_json(address, repository);
    let mut head = base.clone();
    if pull.from_fork {
        head["id"] = json!(repository.id + 500_000);
    }
    let merged = pull.merged_as.is_some();
    let mut value = filled(
        "pull-request",
        json!({
            "number": pull.number, "state": pull.state, "draft": false, "merged": merged,
            "merged_at": merged.then_some("2026-01-02T03:04:05Z"), "merge_commit_sha": pull.merged_as,
            "user": {"login": "octocat"},
            "head": {"ref": pull.head_ref, "sha": pull.head, "repo": head},
            "base": {"ref": pull.base_ref, "sha": pull.head, "repo": base},
        }),
    );
    value["labels"] = pull
        .labels
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    value
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
