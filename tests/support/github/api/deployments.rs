//! Deployments and their statuses.

use serde_json::json;

use super::super::contract::filled;
use super::super::state::{Deployment, Repository};
use super::{Answer, Received};

pub(super) fn call(
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
