//! Requests and answers: who asks, whether they may, and which resource answers.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Inside};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use http::StatusCode;
use octocrab::jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use super::contract::{check_request, filled};
use super::state::{FaultKind, Repository, State, Write};
use super::{Inner, git, public_key_der};

mod app;
mod checks;
mod comments;
mod deployments;
mod pulls;
mod routes;

pub(super) use pulls::{pull_json, repository_json};

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
        Some(FaultKind::Hold) => inner.wait_for_release().await,
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
        return app::call(state, request, &segments);
    }
    let (narrowed, permissions) = state
        .tokens
        .get(token)
        .cloned()
        .ok_or((401, "Bad credentials"))?;
    let (template, needs) =
        routes::template(request.method, &segments).ok_or((404, "Not Found"))?;
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
        return pulls::compare(&folder, &segments[4..].join("/"));
    }
    repository_call(repository, id, request, &segments[3..])
}

fn repository_call(
    repository: &mut Repository,
    id: u64,
    request: &Received<'_>,
    rest: &[&str],
) -> Answer {
    match rest {
        ["pulls", ..] => pulls::call(repository, request, rest),
        ["check-runs", ..] | ["commits", _, "check-runs"] => {
            checks::call(repository, id, request, rest)
        }
        ["issues", ..] => comments::call(repository, id, request, rest),
        ["deployments", ..] => deployments::call(repository, id, request, rest),
        ["collaborators", login, "permission"] => {
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

fn number(text: &str) -> Result<u64, (u16, &'static str)> {
    text.parse().map_err(|_| (404, "Not Found"))
}
