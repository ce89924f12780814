//! The form of a recording in JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answers::{RecordedDryRun, RecordedLive};
use super::{SCHEMA, SnapshotError};
use crate::cluster_facts::{ClusterFacts, ServedKind};
use crate::finding::Blame;
use crate::ids::{AppId, ClusterName, DeclaredBy, ObjectKey};
use crate::observe::{Answer, Observation, Unanswered};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    schema: String,
    clusters: Vec<Cluster>,
    unavailable: Vec<Unavailable>,
    answers: Vec<Recorded>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cluster {
    name: String,
    version: Option<String>,
    kinds: Vec<Served>,
    /// Documents of groups that Kubernetes itself does not define; those are known by version.
    openapi: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Served {
    group: String,
    version: String,
    kind: String,
    plural: String,
    namespaced: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unavailable {
    cluster: String,
    #[serde(flatten)]
    why: Why,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Why {
    message: String,
    blame: Party,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Party {
    Author,
    Operator,
    Upstream,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    app: App,
    object: Object,
    live: RecordedLive,
    base: RecordedDryRun,
    head: RecordedDryRun,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    declared_by: String,
    cluster: String,
    namespace: String,
    name: String,
    variant: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl Snapshot {
    pub(super) fn of(observation: &Observation) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            clusters: observation
                .facts
                .iter()
                .map(|(name, facts)| Cluster::of(name, facts))
                .collect(),
            unavailable: observation
                .unavailable
                .iter()
                .map(|(cluster, why)| Unavailable {
                    cluster: cluster.0.clone(),
                    why: Why::of(why),
                })
                .collect(),
            answers: observation
                .answers
                .iter()
                .map(|((app, object), answer)| Recorded {
                    app: App::of(app),
                    object: Object {
                        group: object.group.clone(),
                        kind: object.kind.clone(),
                        namespace: object.namespace.clone(),
                        name: object.name.clone(),
                    },
                    live: RecordedLive::of(&answer.live),
                    base: RecordedDryRun::of(&answer.base),
                    head: RecordedDryRun::of(&answer.head),
                })
                .collect(),
        }
    }

    pub(super) fn into_observation(self) -> Result<Observation, SnapshotError> {
        let mut observation = Observation {
            recorded: true,
            ..Observation::default()
        };
        for cluster in self.clusters {
            let name = ClusterName(cluster.name.clone());
            observation.facts.insert(name, Arc::new(cluster.read()?));
        }
        for entry in self.unavailable {
            observation
                .unavailable
                .insert(ClusterName(entry.cluster), entry.why.read());
        }
        for entry in self.answers {
            let object = ObjectKey {
                group: entry.object.group,
                kind: entry.object.kind,
                namespace: entry.object.namespace,
                name: entry.object.name,
            };
            let answer = Answer {
                live: entry.live.read()?,
                base: entry.base.read()?,
                head: entry.head.read()?,
            };
            observation
                .answers
                .insert((entry.app.read()?, object), answer);
        }
        Ok(observation)
    }
}

impl Cluster {
    fn of(name: &ClusterName, facts: &ClusterFacts) -> Self {
        let foreign = |path: &str| {
            path.split('/')
                .nth(1)
                .is_some_and(|group| group.contains('.') && !group.ends_with(".k8s.io"))
        };
        Self {
            name: name.0.clone(),
            version: facts.version.map(|version| version.to_string()),
            kinds: facts
                .kinds
                .iter()
                .map(|kind| Served {
                    group: kind.group.clone(),
                    version: kind.version.clone(),
                    kind: kind.kind.clone(),
                    plural: kind.plural.clone(),
                    namespaced: kind.namespaced,
                })
                .collect(),
            openapi: facts
                .openapi
                .iter()
                .filter(|(path, _)| foreign(path))
                .map(|(path, document)| (path.clone(), Value::clone(document)))
                .collect(),
        }
    }

    fn read(self) -> Result<ClusterFacts, SnapshotError> {
        let version = self
            .version
            .map(|text| {
                text.parse()
                    .map_err(|error: crate::ids::InvalidId| SnapshotError::Unusable {
                        what: format!("the version of cluster `{}`", self.name),
                        reason: error.to_string(),
                    })
            })
            .transpose()?;
        let kinds: BTreeSet<ServedKind> = self
            .kinds
            .into_iter()
            .map(|kind| ServedKind {
                group: kind.group,
                version: kind.version,
                kind: kind.kind,
                plural: kind.plural,
                namespaced: kind.namespaced,
            })
            .collect();
        Ok(ClusterFacts {
            version,
            kinds,
            openapi: self
                .openapi
                .into_iter()
                .map(|(path, document)| (path, Arc::new(document)))
                .collect(),
        })
    }
}

impl Why {
    pub(super) fn of(why: &Unanswered) -> Self {
        Self {
            message: why.message.clone(),
            blame: match why.blame {
                Blame::Author => Party::Author,
                // A cluster has no maintainers.
                Blame::Maintainer | Blame::Operator => Party::Operator,
                Blame::Upstream => Party::Upstream,
            },
        }
    }

    pub(super) fn read(self) -> Unanswered {
        Unanswered {
            message: self.message,
            blame: match self.blame {
                Party::Author => Blame::Author,
                Party::Operator => Blame::Operator,
                Party::Upstream => Blame::Upstream,
            },
        }
    }
}

impl App {
    fn of(app: &AppId) -> Self {
        Self {
            declared_by: app.kind.word().to_owned(),
            cluster: app.cluster.0.clone(),
            namespace: app.namespace.clone(),
            name: app.name.clone(),
            variant: app.variant.clone(),
        }
    }

    fn read(self) -> Result<AppId, SnapshotError> {
        let kind = DeclaredBy::find(&self.declared_by).ok_or_else(|| SnapshotError::Unusable {
            what: format!("the application `{}`", self.name),
            reason: format!("`{}` declares no applications", self.declared_by),
        })?;
        Ok(AppId {
            kind,
            cluster: ClusterName(self.cluster),
            namespace: self.namespace,
            name: self.name,
            variant: self.variant,
        })
    }
}
