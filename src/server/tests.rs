use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{Request, StatusCode};
use secrecy::SecretString;
use tower::ServiceExt as _;

use super::*;
use crate::event::{Delivery, Event};
use crate::ids::{PrNumber, RepositoryId};

struct Intakes {
    router: axum::Router,
    taken: Arc<Mutex<Vec<Delivery>>>,
}

fn intakes(answer: Intake) -> Intakes {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let sink = taken.clone();
    let doors = Doors {
        accept: Arc::new(move |delivery| {
            sink.lock().unwrap().push(delivery);
            Box::pin(async move { answer })
        }),
        readiness: Arc::new(|| {
            Box::pin(async {
                Readiness {
                    missing: vec!["the database does not answer".into()],
                }
            })
        }),
        metrics: Arc::new(|| "drydock_deliveries_total 1\n".into()),
    };
    let secrets = Secrets::new(["new", "old"].map(SecretString::from)).unwrap();
    Intakes {
        router: router(secrets, doors),
        taken,
    }
}

fn sign(secret: &str, body: &[u8]) -> String {
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn request(body: impl Into<Vec<u8>>, signature: Option<&str>) -> Request<Body> {
    let mut request = Request::post(WEBHOOK_PATH)
        .header("x-github-event", "pull_request")
        .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    request.body(Body::from(body.into())).unwrap()
}

async fn status(intakes: &Intakes, request: Request<Body>) -> StatusCode {
    intakes
        .router
        .clone()
        .oneshot(request)
        .await
        .unwrap()
        .status()
}

async fn signed(intakes: &Intakes, body: impl Into<Vec<u8>>) -> StatusCode {
    let body = body.into();
    let signature = sign("new", &body);
    status(intakes, request(body, Some(&signature))).await
}

const OPENED: &str = r#"{"action":"opened","number":5,"pull_request":{"number":5,"head":{"x":[1,2.5,null,true]}},
  "repository":{"id":7,"full_name":"demo/shop"},"installation":{"id":3}}"#;

#[tokio::test]
async fn a_signed_delivery_is_handed_in_with_its_event_and_origin() {
    let intakes = intakes(Intake::Stored);
    assert_eq!(signed(&intakes, OPENED).await, StatusCode::ACCEPTED);
    let taken = intakes.taken.lock().unwrap();
    let expected = Event::PullRequestChanged {
        repository: RepositoryId(7),
        pr: PrNumber(5),
    };
    assert_eq!(taken[0].event, expected);
    assert_eq!(
        taken[0].origin.as_ref().unwrap().name.to_string(),
        "demo/shop"
    );
}

#[tokio::test]
async fn either_of_two_secrets_signs_while_one_replaces_the_other() {
    let intakes = intakes(Intake::Stored);
    for (secret, expected) in [("new", 202), ("old", 202), ("other", 401)] {
        let signature = sign(secret, OPENED.as_bytes());
        assert_eq!(
            status(&intakes, request(OPENED, Some(&signature)))
                .await
                .as_u16(),
            expected
        );
    }
}

#[tokio::test]
async fn a_wrong_signature_is_refused_before_anything_is_read() {
    let intakes = intakes(Intake::Stored);
    let right = sign("new", OPENED.as_bytes());
    let wrong = [
        None,
        Some(""),
        Some("sha256="),
        Some(&right[..70]),
        Some("sha1=0123456789012345678901234567890123456789"),
        Some(right.trim_start_matches("sha256=")),
        Some(&format!("{right}00")),
        Some(&format!("sha256={}", "zz".repeat(32))),
    ]
    .map(|text| text.map(str::to_owned));
    for signature in wrong {
        let answer = status(&intakes, request(OPENED, signature.as_deref())).await;
        assert_eq!(answer, StatusCode::UNAUTHORIZED, "{signature:?}");
    }
    assert!(intakes.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_payload_is_a_bad_request() {
    let intakes = intakes(Intake::Stored);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_inside = format!(r#"{{"x":{deep}}}"#);
    for body in [
        "",
        "no json",
        "[]",
        "7",
        "{",
        r#"{"a":1}{"b":2}"#,
        "payload=%7B%7D",
        &deep,
        &deep_inside,
    ] {
        assert_eq!(
            signed(&intakes, body).await,
            StatusCode::BAD_REQUEST,
            "{:.40}",
            body
        );
    }
    assert_eq!(
        signed(&intakes, b"{\"a\":\"\xff\"}".to_vec()).await,
        StatusCode::BAD_REQUEST
    );
    assert!(intakes.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_announced_or_not() {
    let intakes = intakes(Intake::Stored);
    let large = vec![b' '; 26 * 1024 * 1024];
    assert_eq!(
        signed(&intakes, large.clone()).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let chunks = large
        .chunks(1 << 20)
        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
    let streamed = Body::from_stream(futures::stream::iter(chunks.collect::<Vec<_>>()));
    let request = Request::post(WEBHOOK_PATH).body(streamed).unwrap();
    assert_eq!(
        status(&intakes, request).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn unexpected_types_and_unknown_events_ask_for_nothing() {
    let intakes = intakes(Intake::Stored);
    for body in [
        "{}",
        r#"{"action":null,"number":null,"pull_request":null,"repository":null,"installation":null}"#,
        r#"{"action":7,"number":"5","pull_request":[],"repository":{"id":"7"}}"#,
        r#"{"action":"opened","pull_request":{"number":-5},"repository":{"id":1e300}}"#,
        r#"{"action":"assigned","number":5,"repository":{"id":7}}"#,
    ] {
        assert_eq!(signed(&intakes, body).await, StatusCode::ACCEPTED, "{body}");
    }
    let taken = intakes.taken.lock().unwrap();
    assert!(
        taken
            .iter()
            .all(|delivery| delivery.event == Event::Nothing),
        "{taken:?}"
    );
}

#[tokio::test]
async fn a_delivery_that_could_not_be_stored_is_not_acknowledged() {
    assert!(
        signed(&intakes(Intake::NotStored), OPENED)
            .await
            .is_server_error()
    );
}

#[tokio::test]
async fn probes_and_metrics_answer() {
    let intakes = intakes(Intake::Stored);
    for (path, expected) in [
        ("/healthz", 200),
        ("/readyz", 503),
        ("/metrics", 200),
        ("/else", 404),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(status(&intakes, request).await.as_u16(), expected, "{path}");
    }
}

#[test]
fn without_a_secret_there_is_no_intake() {
    for none in [vec![], vec![""], vec!["  ", "\n"]] {
        assert_eq!(
            Secrets::new(none.into_iter().map(SecretString::from)).err(),
            Some(NoSecret)
        );
    }
}

#[test]
fn credentials_are_blanked_in_log_lines() {
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2lnbmF0dXJl";
    let long = format!("ghs_12_{jwt}");
    for secret in [
        "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11AAAAAAA0aaaaaaaaaaaa",
        jwt,
        &long,
    ] {
        let line =
            format!(r#"{{"uri":"https://x:{secret}@host/","token={secret}":"Bearer {secret}"}}"#);
        let clean = logs::redact(&line);
        assert!(!clean.contains(secret) && clean.contains("host"), "{clean}");
    }
    let basic = logs::redact("authorization: Basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0 sent");
    assert_eq!(basic, "authorization: Basic [redacted] sent");
    assert_eq!(
        logs::redact("nothing to hide in v1.35.0"),
        "nothing to hide in v1.35.0"
    );
}

#[tokio::test]
async fn a_client_that_never_ends_its_request_head_is_hung_up_on() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(serve(
        listener,
        intakes(Intake::Stored).router,
        Duration::from_millis(100),
        async move { drop(stopped.await) },
    ));
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    slow.write_all(b"POST /webhook HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{answer:?}");
    // Others are served all the time.
    let mut quick = tokio::net::TcpStream::connect(address).await.unwrap();
    quick
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    quick.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stop.send(()).unwrap();
    serving.await.unwrap();
}
