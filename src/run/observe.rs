//! Asks the clusters what the pure questions want to know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream;
use serde_json::Value;

use crate::clients::cluster::{
    self, Apply, CONCURRENT_REQUESTS, ClusterError, PreviewClient, Rejection,
};
use crate::cluster_facts::{ClusterFacts, ServedKind};
use crate::finding::Blame;
use crate::ids::ClusterName;
use crate::intent::compose_apply;
use crate::object::Manifest;
use crate::observe::{
    Answer, DryRun, Live, Observation, Question, Refusal, Unanswered, describe_misfit, is_guarded,
};
use crate::render::RenderedApp;

/// Clusters that can be asked, or why one cannot.
pub type Clusters = BTreeMap<ClusterName, Result<PreviewClient, Unanswered>>;

/// How often a live object is read again that moved between its reading and the dry run.
const READS: u32 = 3;

impl From<ClusterError> for Unanswered {
    fn from(error: ClusterError) -> Self {
        Self {
            message: error.to_string(),
            blame: error.blame(),
        }
    }
}

/// Forgets what is known of the clusters: kinds and schemas change while a process lives, and every
/// judgement is made with those of its own time.
pub async fn refresh_facts(clusters: &Clusters) {
    for client in clusters.values().flatten() {
        client.refresh_facts().await;
    }
}

/// Facts of every cluster with the schemas of the groups that these applications use; a cluster that
/// does not answer is in `unavailable`.
pub async fn fetch_facts(clusters: &Clusters, rendered: &[RenderedApp]) -> Observation {
    let groups: BTreeSet<(String, String)> = rendered
        .iter()
        .flat_map(|app| [&app.base, &app.head])
        .filter_map(|outcome| outcome.manifests())
        .flatten()
        .map(|manifest| {
            let object = manifest.object();
            (object.group.clone(), object.version.clone())
        })
        .collect();
    let mut observation = Observation::default();
    let asked = clusters.iter().map(async |(name, client)| {
        let facts = match client {
            Ok(client) => client.facts(&groups).await.map_err(Unanswered::from),
            Err(reason) => Err(reason.clone()),
        };
        (name, facts)
    });
    for (name, facts) in join_all(asked).await {
        match facts {
            Ok(facts) => {
                observation.facts.insert(name.clone(), facts);
            }
            Err(reason) => {
                observation.unavailable.insert(name.clone(), reason);
            }
        }
    }
    observation
}

/// Adds the answers to all questions. Clusters that are unavailable, and questions of clusters that
/// nobody connected, stay without an answer.
pub async fn fetch_answers(
    clusters: &Clusters,
    questions: &[Question],
    mut observation: Observation,
) -> Observation {
    let facts = observation.facts.clone();
    let asked = questions.iter().filter_map(|question| {
        let facts = facts.get(&question.cluster)?;
        let client = clusters.get(&question.cluster)?.as_ref().ok()?;
        Some((question, Asker { client, facts }))
    });
    let answers: Vec<_> = stream::iter(asked)
        .map(|(question, asker)| async move {
            let key = (question.app.clone(), question.object.key());
            (key, asker.answer(question).await)
        })
        .buffer_unordered(CONCURRENT_REQUESTS)
        .collect()
        .await;
    observation.answers.extend(answers);
    observation
}

struct Asker<'a> {
    client: &'a PreviewClient,
    facts: &'a Arc<ClusterFacts>,
}

impl Asker<'_> {
    async fn answer(&self, question: &Question) -> Answer {
        let object = &question.object;
        let exact = self
            .facts
            .find_kind(&object.group, &object.version, &object.kind);
        if question.withheld.is_some() {
            let live = match exact {
                Some(served) if question.read_live => self.read(served, question).await,
                _ => Live::NotAsked,
            };
            return Answer {
                live,
                base: DryRun::NotAsked,
                head: DryRun::NotAsked,
            };
        }
        let Some(served) = exact else {
            return self.answer_unserved(question).await;
        };
        let base = self.ask(served, question, question.base.as_ref()).await;
        // Equal requests have equal answers: the second one is saved.
        let equal = match (&question.base, &question.head) {
            (Some(base), Some(head)) => base.value() == head.value(),
            _ => false,
        };
        let head = if equal {
            base.clone()
        } else {
            self.ask(served, question, question.head.as_ref()).await
        };
        Answer {
            live: self.read_matching(served, question, &head).await,
            base,
            head,
        }
    }

    /// The kind is not served in this version. The object can be live under another one.
    async fn answer_unserved(&self, question: &Question) -> Answer {
        let object = &question.object;
        let other = self
            .facts
            .kinds
            .iter()
            .find(|served| served.group == object.group && served.kind == object.kind);
        let live = match other {
            Some(served) => self.read(served, question).await,
            None => Live::Absent,
        };
        let missing = |side: &Option<Manifest>| match side {
            Some(_) => DryRun::KindMissing,
            None => DryRun::NotAsked,
        };
        Answer {
            live,
            base: missing(&question.base),
            head: missing(&question.head),
        }
    }

    async fn read(&self, served: &ServedKind, question: &Question) -> Live {
        match self.client.read(served, &question.object).await {
            Ok(Some(manifest)) => Live::Present(manifest),
            Ok(None) => Live::Absent,
            Err(error) => Live::Unanswered(error.into()),
        }
    }

    /// The live object that the dry run saw: read again while it moves. An object that never stands
    /// still is compared as it was read last; the next run sees it again.
    async fn read_matching(&self, served: &ServedKind, question: &Question, head: &DryRun) -> Live {
        let seen = match head {
            DryRun::Accepted { object, .. } => resource_version(object),
            _ => None,
        };
        let mut live = self.read(served, question).await;
        for _ in 1..READS {
            match (&live, seen) {
                (Live::Present(manifest), Some(seen))
                    if resource_version(manifest).is_some_and(|version| version < seen) =>
                {
                    live = self.read(served, question).await;
                }
                _ => break,
            }
        }
        live
    }

    /// Asks without force first: the refusal names the fields that the apply would take over.
    async fn ask(
        &self,
        served: &ServedKind,
        question: &Question,
        desired: Option<&Manifest>,
    ) -> DryRun {
        let Some(desired) = desired else {
            return DryRun::NotAsked;
        };
        let request = compose_apply(question.engine, &question.object, desired);
        let mut apply = Apply {
            object: &request.object,
            served,
            manifest: &request.manifest,
            labels: &request.labels,
            annotations: &request.annotations,
            field_manager: &request.field_manager,
            force: false,
        };
        let mut takes_over = Vec::new();
        let mut answer = self.client.dry_run(&apply).await;
        if let Ok(cluster::Answer::Rejected(Rejection::Conflict(fields))) = &answer
            && request.force
        {
            takes_over.clone_from(fields);
            apply.force = true;
            answer = self.client.dry_run(&apply).await;
        }
        match answer {
            Ok(cluster::Answer::Accepted { object, warnings }) => DryRun::Accepted {
                object,
                warnings,
                takes_over,
            },
            Ok(cluster::Answer::Rejected(rejection)) => {
                self.read_rejection(rejection, question, desired.value())
            }
            Err(ClusterError::Forbidden { .. }) if is_guarded(&question.object) => DryRun::NotAsked,
            Err(error) => DryRun::Unanswered(error.into()),
        }
    }

    fn read_rejection(&self, rejection: Rejection, question: &Question, desired: &Value) -> DryRun {
        match rejection {
            Rejection::NamespaceMissing => DryRun::NamespaceMissing,
            Rejection::KindMissing => DryRun::KindMissing,
            Rejection::DoesNotFitSchema => {
                DryRun::Refused(describe_misfit(self.facts, &question.object, desired))
            }
            Rejection::WebhookWithoutDryRun(message) => DryRun::Unanswered(Unanswered {
                message: format!("a webhook does not support dry runs: {message}"),
                blame: Blame::Operator,
            }),
            Rejection::Conflict(causes) => DryRun::Refused(Refusal {
                code: 409,
                reason: "Conflict".to_owned(),
                causes,
                message: "other field managers own fields that the apply sets".to_owned(),
            }),
            Rejection::Refused {
                code,
                reason,
                causes,
                message,
            } => DryRun::Refused(Refusal {
                code,
                reason,
                causes,
                message,
            }),
        }
    }
}

/// etcd's revision of an object; the API promises only equality, but every release since 1.35 also
/// promises that versions of one object compare as numbers.
fn resource_version(manifest: &Manifest) -> Option<u64> {
    manifest
        .value()
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str)
        .and_then(|version| version.parse().ok())
}
