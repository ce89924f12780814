//! The App itself: its installation and its tokens.

use serde_json::json;

use super::super::contract::{check_request, filled};
use super::super::state::State;
use super::{Answer, Received};

pub(super) fn call(state: &mut State, request: &Received<'_>, segments: &[&str]) -> Answer {
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
