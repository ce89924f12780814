//! The fence can be taken away while the program runs.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::place::Place;
use crate::apiserver::ApiServer;
use crate::deploy::scene::{install_previews, wait_for_fence};

const PROTECTED: &str = "clusters: { production: { engine: apply, protected: true } }\n";
const BINDING: &str = "validatingadmissionpolicybinding/drydock-dry-run-only";

/// The answer to a GET, headers included.
async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Asks until the metrics say this: they are renewed about once a second.
async fn wait_for_metric(address: SocketAddr, line: &str) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !get(address, "/metrics").await.contains(line) {
        assert!(std::time::Instant::now() < deadline, "never: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_stop_while_the_fence_is_away_and_go_on_when_it_is_back() {
    // The fence holds for a whole cluster: other tests need theirs.
    let server = ApiServer::own();
    let account = install_previews(server);
    let place = Place::start(server, &account, PROTECTED, "{ fence_age_seconds: 0 }").await;
    let first = place.commit("change", "settings", "green");
    let pull = place.open("change", false).await;
    place.check(&first, "success").await;
    place.comment(pull, "✅ server").await;
    assert!(get(place.address(), "/readyz").await.contains(" 200 "));

    let binding = server.kubectl(
        &["get", BINDING, "-o", "yaml", "--show-managed-fields=false"],
        "",
    );
    server.kubectl(&["delete", BINDING], "");
    wait_for_fence(server, &account, false);
    let second = place.commit("change", "settings", "red");
    place.deliver(pull, "synchronize").await;
    let check = place.check(&second, "failure").await;
    let reason = "the fence of cluster `production` does not hold, so nothing is previewed there";
    assert!(check.title.contains(reason), "{}", check.title);
    assert!(
        check.title.contains("(for the operator)") || check.title.ends_with('…'),
        "{}",
        check.title
    );
    let comment = place.comment(pull, "does not hold").await;
    assert!(comment.contains("a real write was accepted"), "{comment}");
    assert!(comment.contains("for the operator"), "{comment}");
    let ready = get(place.address(), "/readyz").await;
    assert!(ready.contains(" 503 ") && ready.contains(reason), "{ready}");
    wait_for_metric(place.address(), "drydock_clusters{previews=\"stopped\"} 1").await;

    let anew: Vec<&str> = binding
        .lines()
        .filter(|line| {
            !["uid:", "resourceVersion:", "creationTimestamp:"]
                .iter()
                .any(|key| line.trim_start().starts_with(key))
        })
        .collect();
    server.kubectl(&["create", "-f", "-"], &anew.join("\n"));
    wait_for_fence(server, &account, true);
    let third = place.commit("change", "settings", "white");
    place.deliver(pull, "synchronize").await;
    place.check(&third, "success").await;
    place.comment(pull, "✅ server").await;
    assert!(get(place.address(), "/readyz").await.contains(" 200 "));
    wait_for_metric(place.address(), "drydock_clusters{previews=\"stopped\"} 0").await;
    place.fake.assert_contract_kept();
}
