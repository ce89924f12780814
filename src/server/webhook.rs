//! Intake: size, signature, payload, row, answer — in this order.

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::decode::{NotAPayload, parse_event};
use super::metrics::{self, Intaken};
use super::{BODY_LIMIT, Inside, Intake, SMALL_BODY};
use crate::event::{Delivery, Event};
use crate::ids::Digest;

/// GitHub's delivery ids are UUIDs; a longer one is not stored.
const GUID_LIMIT: usize = 64;

/// `POST /webhook`: 202 after the delivery's row is written; 401 without a right signature, 413
/// above the size limit, 400 for what is no payload, 503 when the row could not be written, so that
/// GitHub counts the delivery as failed and it can be delivered again.
pub(crate) async fn receive(State(inside): State<Inside>, request: Request) -> Response {
    let started = Instant::now();
    let (intaken, status, text) = take(&inside, request).await;
    metrics::intake(intaken, started);
    (status, text).into_response()
}

type Taken = (Intaken, StatusCode, &'static str);

async fn take(inside: &Inside, request: Request) -> Taken {
    let (parts, body) = request.into_parts();
    let announced = text(&parts.headers, header::CONTENT_LENGTH.as_str())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_LIMIT) {
        return (
            Intaken::TooLarge,
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than 25 MiB",
        );
    }
    // A small body never waits, so that slow senders of large ones cannot hold up what GitHub sends.
    let small = announced.is_some_and(|length| length <= SMALL_BODY);
    let _permit = if small {
        None
    } else {
        inside.bodies.acquire().await.ok()
    };
    let limit = if small { SMALL_BODY } else { BODY_LIMIT };
    let body = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return (
                Intaken::TooLarge,
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is larger than 25 MiB",
            );
        }
        Err(_) => {
            return (
                Intaken::Malformed,
                StatusCode::BAD_REQUEST,
                "the body ended early",
            );
        }
    };
    let signed = text(&parts.headers, "x-hub-signature-256")
        .is_some_and(|signature| inside.secrets.signed(signature, &body));
    if !signed {
        return (
            Intaken::NotSigned,
            StatusCode::UNAUTHORIZED,
            "the signature is missing or wrong: compare the webhook secret of the App with Drydock's",
        );
    }
    match parse_delivery(&parts.headers, &body) {
        Ok(delivery) => store(inside, delivery).await,
        Err(reason) => (Intaken::Malformed, StatusCode::BAD_REQUEST, reason),
    }
}

async fn store(inside: &Inside, delivery: Delivery) -> Taken {
    let guid = delivery.guid.clone();
    let name = delivery.name.clone();
    let idle = delivery.event == Event::Nothing;
    match (inside.doors.accept)(delivery).await {
        Intake::Stored => {
            tracing::info!(delivery.id = %guid, delivery.event = %name, "delivery stored");
            let intaken = if idle {
                Intaken::NothingToDo
            } else {
                Intaken::Stored
            };
            (intaken, StatusCode::ACCEPTED, "stored")
        }
        Intake::NotStored => (
            Intaken::NotStored,
            StatusCode::SERVICE_UNAVAILABLE,
            "the delivery could not be stored: deliver it again",
        ),
    }
}

fn parse_delivery(headers: &HeaderMap, body: &Bytes) -> Result<Delivery, &'static str> {
    let name = text(headers, "x-github-event")
        .filter(|name| !name.is_empty() && name.len() <= GUID_LIMIT)
        .ok_or("the header X-GitHub-Event is missing")?;
    let guid = text(headers, "x-github-delivery")
        .filter(|guid| !guid.is_empty() && guid.len() <= GUID_LIMIT)
        .ok_or("the header X-GitHub-Delivery is missing")?;
    let (event, origin) = parse_event(name, body).map_err(|reason| match reason {
        NotAPayload::Encoding => "the body is not UTF-8",
        NotAPayload::Json => "the body is not a JSON object: set the content type application/json",
        NotAPayload::Depth => "the body nests too deep",
    })?;
    Ok(Delivery {
        guid: guid.to_owned(),
        name: name.to_owned(),
        body: Digest::of(body),
        event,
        origin,
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
