//! Connections: bounded in number, and none that says nothing for long.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// A client that has not sent a whole request head by then is hung up on; GitHub sends it at once.
pub const HEAD_TIME: Duration = Duration::from_secs(10);

/// Connections at the same time; further ones wait in the kernel's queue.
const CONNECTIONS: usize = 1_024;

/// What a request under way gets to end in when the process stops.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// How long accepting rests after an error of the system (no more descriptors, for example).
const REST: Duration = Duration::from_millis(200);

/// Serves until `stopped` ends, then lets requests that are under way end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    head_time: Duration,
    stopped: impl Future<Output = ()>,
) {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head_time);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let open = GracefulShutdown::new();
    tokio::pin!(stopped);
    loop {
        let place = tokio::select! {
            () = &mut stopped => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = &mut stopped => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let connection = open.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_WORDS, open.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were cut off: they did not end in time");
    }
}
