use std::sync::atomic::{AtomicU32, Ordering};

use http::Response;

use super::*;

#[test]
fn warning_texts_are_unquoted_and_kept_in_order() {
    let mut headers = HeaderMap::new();
    headers.append(
        header::WARNING,
        r#"299 - "unknown field \"spec.replica\"""#.parse().unwrap(),
    );
    headers.append(
        header::WARNING,
        r#"299 - "one", 299 - "two, three""#.parse().unwrap(),
    );
    assert_eq!(
        parse_warnings(&headers),
        [r#"unknown field "spec.replica""#, "one", "two, three"]
    );
}

/// A connection whose server is too busy for the first answers.
fn busy_server(busy: u32) -> (Connection, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let service = tower::service_fn(move |_: Request<Body>| {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        let answer = if number < busy {
            Response::builder()
                .status(429)
                .header(header::RETRY_AFTER, "0")
                .body(Body::empty())
        } else {
            Response::builder().body(Body::from(b"{}".to_vec()))
        };
        std::future::ready(answer)
    });
    let client = kube::Client::new(service, "default");
    (Connection::new(client, "the cluster".to_owned()), asked)
}

#[tokio::test]
async fn a_busy_server_is_asked_again_as_often_as_allowed() {
    let (connection, asked) = busy_server(BUSY_TRIES);
    let reply = connection.send(&Call::get("/version", "read")).await;
    assert_eq!(reply.unwrap().code, 200);
    assert_eq!(asked.load(Ordering::SeqCst), BUSY_TRIES + 1);
}

#[tokio::test]
async fn a_server_that_stays_busy_is_an_error() {
    let (connection, asked) = busy_server(u32::MAX);
    let error = connection.send(&Call::get("/version", "read")).await.err();
    assert!(matches!(error, Some(ClusterError::Busy { .. })));
    assert_eq!(asked.load(Ordering::SeqCst), BUSY_TRIES + 1);
}
