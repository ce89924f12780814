//! Health, readiness and metrics: for probes and Prometheus, without any content of a repository.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::Inside;

/// The process answers; says nothing about anything else, so that a broken database does not make
/// the platform restart it in a circle.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 when all prerequisites hold, else 503 with one line for each that does not.
pub(crate) async fn readyz(State(inside): State<Inside>) -> Response {
    let readiness = (inside.doors.readiness)().await;
    if readiness.missing.is_empty() {
        return "ready\n".into_response();
    }
    let mut text = readiness.missing.join("\n");
    text.push('\n');
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

pub(crate) async fn metrics(State(inside): State<Inside>) -> Response {
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    (
        [(axum::http::header::CONTENT_TYPE, content_type)],
        (inside.doors.metrics)(),
    )
        .into_response()
}
