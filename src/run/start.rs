//! Starting and stopping the process' tasks.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Ctx, Failure, queue, recover};
use crate::server::{self, Doors, Intake, Readiness, Secrets};

/// What the operator is told while nothing can be stored.
const DATABASE: &str = "the database cannot be written, so deliveries are refused and a later \
     sweep looks for what they were about; for the operator: look for a full disk or a read-only volume";

/// A running bot.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Takes no new work, finishes or hands back what runs, and ends.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task did not end by itself");
            }
        }
    }
}

/// Starts intake, lanes, outbox and sweeps. `metrics` renders the process' metrics.
pub async fn start(
    ctx: Arc<Ctx>,
    listener: TcpListener,
    secrets: Secrets,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
) -> Result<Running, Failure> {
    recover::prepare(&ctx).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::internal(format!("the listener has no address: {error}")))?;
    let (stop, stopped) = watch::channel(false);
    let router = server::router(secrets, doors(&ctx, metrics));
    let mut until = stopped.clone();
    let intake = tokio::spawn(async move {
        let stopped = async move {
            let _ = until.wait_for(|stop| *stop).await;
        };
        server::serve(listener, router, server::HEAD_TIME, stopped).await;
    });
    let tasks = vec![
        intake,
        tokio::spawn(queue::work(Arc::clone(&ctx), stopped.clone())),
        tokio::spawn(recover::keep_sending(Arc::clone(&ctx), stopped.clone())),
        tokio::spawn(recover::keep_sweeping(ctx, stopped)),
    ];
    Ok(Running {
        address,
        stop,
        tasks,
    })
}

fn doors(ctx: &Arc<Ctx>, metrics: Arc<dyn Fn() -> String + Send + Sync>) -> Doors {
    let (for_accept, for_readiness) = (Arc::clone(ctx), Arc::clone(ctx));
    Doors {
        accept: Arc::new(move |delivery| {
            let ctx = Arc::clone(&for_accept);
            Box::pin(async move {
                match ctx.store.accept(&delivery, ctx.now()).await {
                    Ok(_) => {
                        ctx.wake();
                        Intake::Stored
                    }
                    Err(error) => {
                        tracing::error!(delivery.id = %delivery.guid, error = %Failure::from(error).detail, "a delivery was not stored");
                        Intake::NotStored
                    }
                }
            })
        }),
        readiness: Arc::new(move || {
            let ctx = Arc::clone(&for_readiness);
            Box::pin(async move {
                let mut missing = ctx.bench.missing();
                if let Err(error) = ctx.store.probe().await {
                    let detail = Failure::from(error).detail;
                    missing.push(format!("{DATABASE}: {detail}"));
                }
                Readiness { missing }
            })
        }),
        metrics,
    }
}
