//! The built-in engine: server-side apply in stages, deletion of what was approved, and a watch
//! until everything is healthy.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::time::Instant;

use super::health::{self, Health};
use super::outcome::{Failure, Outcome};
use super::watch::{Limits, Memory, Step};
use super::{Deletion, Journal, Order, SyncEngine, SyncError};
use crate::clients::cluster::{
    Answer, Apply, ApplyClient, CONCURRENT_REQUESTS, Deleted, Rejection,
};
use crate::cluster_facts::ServedKind;
use crate::ids::ObjectRef;
use crate::intent::ApplyRequest;

/// Applies to one cluster. Cheap to clone.
#[derive(Clone)]
pub struct ApplyEngine {
    client: ApplyClient,
    limits: Limits,
}

/// One look at one object; `None` when it does not exist.
type Looking<'a> = BoxFuture<'a, Result<Option<(ObjectRef, Health)>, SyncError>>;

/// A write that the cluster refused: the end of the deployment, not an error.
struct Refused {
    object: ObjectRef,
    message: String,
}

impl ApplyEngine {
    /// An engine that writes through this client and watches within these limits.
    pub fn new(client: ApplyClient, limits: Limits) -> Self {
        Self { client, limits }
    }

    async fn run(&self, order: &Order, journal: &dyn Journal) -> Result<Outcome, SyncError> {
        let mut applied = 0;
        for stage in &order.intent.stages {
            journal.waiting(format!("applying {}", stage.name)).await?;
            match self.apply_stage(applied, &stage.requests, journal).await? {
                None => applied += stage.requests.len(),
                Some(refused) => return Ok(failed(refused, journal.done().len().max(applied))),
            }
            if stage.name == "definitions" {
                // Custom resources can only be sent once their kinds are served.
                let outcome = self.watch(stage.requests.iter(), journal).await?;
                if !outcome.succeeded() {
                    return Ok(outcome);
                }
                self.client.refresh_facts().await;
            }
        }
        for (index, deletion) in order.deletions.iter().enumerate() {
            let step = applied + index;
            if journal.done().contains(&step) {
                continue;
            }
            if let Some(message) = self.delete(deletion).await? {
                journal.mark(step, Some(message.clone())).await?;
                let object = deletion.object.clone();
                return Ok(failed(Refused { object, message }, applied));
            }
            journal.mark(step, None).await?;
        }
        let requests = order.intent.stages.iter().flat_map(|stage| &stage.requests);
        self.watch(requests, journal).await
    }

    /// Applies what an earlier process did not, side by side; every answer is written down before
    /// the result is looked at.
    async fn apply_stage(
        &self,
        first: usize,
        requests: &[ApplyRequest],
        journal: &dyn Journal,
    ) -> Result<Option<Refused>, SyncError> {
        let mut writes: Vec<BoxFuture<'_, Result<Option<Refused>, SyncError>>> = Vec::new();
        for (index, request) in requests.iter().enumerate() {
            let step = first + index;
            if !journal.done().contains(&step) {
                writes.push(Box::pin(async move {
                    let refused = self.apply(request).await?;
                    let reason = refused.as_ref().map(|refused| refused.message.clone());
                    journal.mark(step, reason).await?;
                    Ok(refused)
                }));
            }
        }
        let answers: Vec<Option<Refused>> = stream::iter(writes)
            .buffered(CONCURRENT_REQUESTS)
            .try_collect()
            .await?;
        Ok(answers.into_iter().flatten().next())
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Option<Refused>, SyncError> {
        let refused = |message: String| {
            Some(Refused {
                object: request.object.clone(),
                message,
            })
        };
        let Some(served) = self.served(&request.object).await? else {
            return Ok(refused("the cluster does not serve this kind".to_owned()));
        };
        let answer = self
            .client
            .apply(&Apply {
                object: &request.object,
                served: &served,
                manifest: &request.manifest,
                labels: &request.labels,
                annotations: &request.annotations,
                field_manager: &request.field_manager,
                force: request.force,
            })
            .await?;
        Ok(match answer {
            Answer::Accepted { .. } => None,
            Answer::Rejected(rejection) => refused(describe(&rejection)),
        })
    }

    async fn served(&self, object: &ObjectRef) -> Result<Option<ServedKind>, SyncError> {
        let facts = self.client.facts(&BTreeSet::new()).await?;
        Ok(facts
            .find_kind(&object.group, &object.version, &object.kind)
            .cloned())
    }

    /// Deletes exactly the object that the approved preview showed; the reason where it is refused.
    async fn delete(&self, deletion: &Deletion) -> Result<Option<String>, SyncError> {
        if crate::intent::is_kept_for_good(&deletion.object) {
            return Ok(Some(
                "the built-in engine never deletes this kind".to_owned(),
            ));
        }
        let Some(served) = self.served(&deletion.object).await? else {
            return Ok(None);
        };
        let deleted = self
            .client
            .delete(&served, &deletion.object, &deletion.uid, None)
            .await?;
        Ok(match deleted {
            Deleted::Accepted | Deleted::Absent => None,
            Deleted::Changed => {
                Some("it was made again since its deletion was approved".to_owned())
            }
            Deleted::Refused(message) => Some(message),
        })
    }

    /// Looks until every object is healthy, one failed, or time is over.
    async fn watch<'a>(
        &self,
        requests: impl Iterator<Item = &'a ApplyRequest>,
        journal: &dyn Journal,
    ) -> Result<Outcome, SyncError> {
        let wanted: Vec<ObjectRef> = requests.map(|request| request.object.clone()).collect();
        let mut memory = Memory::default();
        let started = Instant::now();
        loop {
            let seen = self.look(&wanted).await?;
            match memory.look(&wanted, &seen, started.elapsed(), &self.limits) {
                Step::Done => return Ok(Outcome::Deployed),
                Step::Failed(object, reason) => {
                    let applied = wanted.len();
                    return Ok(Outcome::Failed(Failure {
                        object: Some(object),
                        message: reason,
                        applied,
                    }));
                }
                Step::TimedOut(waiting) => {
                    let seconds = self.limits.deadline.as_secs();
                    return Ok(Outcome::TimedOut { waiting, seconds });
                }
                Step::Look { .. } if journal.is_superseded().await => {
                    return Ok(Outcome::Superseded);
                }
                Step::Look { after, waiting } => {
                    journal.waiting(waiting_for(&waiting)).await?;
                    tokio::time::sleep(after.max(Duration::from_millis(50))).await;
                }
            }
        }
    }

    async fn look(&self, wanted: &[ObjectRef]) -> Result<BTreeMap<ObjectRef, Health>, SyncError> {
        let mut looks: Vec<Looking<'_>> = Vec::new();
        for object in wanted {
            looks.push(Box::pin(async move {
                let Some(served) = self.served(object).await? else {
                    return Ok(None);
                };
                let live = self.client.read(&served, object).await?;
                Ok(live.map(|live| (object.clone(), health::judge(live.value()))))
            }));
        }
        let seen: Vec<Option<(ObjectRef, Health)>> = stream::iter(looks)
            .buffered(CONCURRENT_REQUESTS)
            .try_collect()
            .await?;
        Ok(seen.into_iter().flatten().collect())
    }
}

impl SyncEngine for ApplyEngine {
    fn deploy<'a>(
        &'a self,
        order: &'a Order,
        journal: &'a dyn Journal,
    ) -> BoxFuture<'a, Result<Outcome, SyncError>> {
        Box::pin(self.run(order, journal))
    }
}

fn failed(refused: Refused, applied: usize) -> Outcome {
    Outcome::Failed(Failure {
        object: Some(refused.object),
        message: refused.message,
        applied,
    })
}

fn waiting_for(waiting: &[(ObjectRef, String)]) -> String {
    match waiting {
        [] => "waiting".to_owned(),
        [(object, reason)] => format!("{object}: {reason}"),
        [(object, reason), rest @ ..] => format!("{object}: {reason}, and {} more", rest.len()),
    }
}

/// A refusal in one sentence, without values of Secrets: causes name fields.
fn describe(rejection: &Rejection) -> String {
    match rejection {
        Rejection::NamespaceMissing => "its namespace does not exist".to_owned(),
        Rejection::KindMissing => "the cluster does not serve this kind".to_owned(),
        Rejection::Conflict(fields) => {
            let names: Vec<&str> = fields.iter().map(|(field, _)| field.as_str()).collect();
            format!("other managers own {}", names.join(", "))
        }
        Rejection::DoesNotFitSchema => "it does not fit the schema of its kind".to_owned(),
        Rejection::WebhookWithoutDryRun(message) => message.clone(),
        Rejection::Refused {
            causes, message, ..
        } => match causes.as_slice() {
            [] => message.clone(),
            causes => {
                let texts: Vec<String> = causes
                    .iter()
                    .map(|(field, text)| format!("{field}: {text}"))
                    .collect();
                texts.join("; ")
            }
        },
    }
}
