//! Intake: every real payload is taken, nothing else is, and what is taken is never lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use drydock::clients::store::Store;
use drydock::server::{Doors, Intake, Readiness, Secrets, router};
use secrecy::SecretString;
use serde_json::json;

use crate::github::{self, WEBHOOK_SECRET, new_guid, official_webhook_examples, post, sign};

/// The server over a real store, as `serve` puts them together.
async fn intake() -> (SocketAddr, Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("drydock.db"))
        .await
        .unwrap();
    let door = store.clone();
    let doors = Doors {
        accept: Arc::new(move |delivery| {
            let store = door.clone();
            Box::pin(async move {
                match store.accept(&delivery, SystemTime::now()).await {
                    Ok(_) => Intake::Stored,
                    Err(_) => Intake::NotStored,
                }
            })
        }),
        readiness: Arc::new(|| Box::pin(async { Readiness::default() })),
        metrics: Arc::new(String::new),
    };
    let secrets = Secrets::new([SecretString::from(WEBHOOK_SECRET)]).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router(secrets, doors)).await });
    (address, store, folder)
}

#[tokio::test]
async fn every_official_example_is_taken() {
    let (bot, store, _folder) = intake().await;
    let examples = official_webhook_examples();
    assert_eq!(examples.len(), 329);
    for (event, payload) in &examples {
        let status = github::deliver_to(bot, event, &new_guid(), payload).await;
        assert_eq!(status, 202, "{event} {:?}", payload["action"]);
    }
    let backlog = store.backlog().await.unwrap();
    assert!(backlog.queued > 0, "pull requests and pushes ask for work");
    for repository in store.repositories().await.unwrap() {
        assert!(repository.granted);
    }
}

#[tokio::test]
async fn a_large_event_is_taken_and_one_byte_too_many_is_not() {
    let (bot, store, _folder) = intake().await;
    let event = |length: usize| {
        let shell =
            json!({"action": "opened", "number": 1, "repository": {"id": 5}, "x": ""}).to_string();
        shell.replace(
            r#""x":"""#,
            &format!(r#""x":"{}""#, "y".repeat(length - shell.len())),
        )
    };
    let send = async |body: &str| {
        let guid = new_guid();
        let headers = [
            ("x-github-event", "pull_request"),
            ("x-github-delivery", guid.as_str()),
            ("x-hub-signature-256", &sign(body.as_bytes())),
        ];
        post(bot, "/webhook", &headers, body.as_bytes()).await
    };
    let limit = 25 * 1024 * 1024;
    let started = Instant::now();
    assert_eq!(send(&event(limit)).await, 202);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(send(&event(limit + 1)).await, 413);
    assert_eq!(send(&event(26_000_000 + 500_000)).await, 413);
    assert_eq!(store.backlog().await.unwrap().queued, 1);
}

#[tokio::test]
async fn one_delivery_a_hundred_times_at_once_is_one_piece_of_work() {
    let (bot, store, _folder) = intake().await;
    let payload = json!({
        "action": "synchronize", "number": 3, "repository": {"id": 5, "full_name": "demo/shop"},
        "installation": {"id": 9},
    });
    let guid = new_guid();
    let all = (0..100).map(|_| github::deliver_to(bot, "pull_request", &guid, &payload));
    let statuses = futures::future::join_all(all).await;
    assert!(statuses.iter().all(|status| *status == 202), "{statuses:?}");
    assert_eq!(store.backlog().await.unwrap().queued, 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_acknowledged() {
    let (bot, store, _folder) = intake().await;
    store.close().await;
    let payload = json!({"action": "opened", "number": 3, "repository": {"id": 5}});
    let status = github::deliver_to(bot, "pull_request", &new_guid(), &payload).await;
    assert_eq!(status, 503);
}
