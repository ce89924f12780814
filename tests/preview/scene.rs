//! A change of one application, previewed the way the pipeline does it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use drydock::config::repo::Engine;
use drydock::finding::Finding;
use drydock::ids::{AppId, ClusterName, DeclaredBy, Digest, RepoPath};
use drydock::object::{IngestSource, Unstable, ingest};
use drydock::observe::{Allowed, Observation, Question, Scope, questions};
use drydock::plan::{AppSide, AppSource, PlannedApp, RendererInput, Why};
use drydock::preview::{AppPreview, Change, Input, PreviewFindings, compose_previews, findings};
use drydock::render::{Outcome, RenderedApp, Rendering};
use drydock::run::observe::{Clusters, fetch_answers, fetch_facts};
use drydock::yaml::Budget;

use crate::support::{masker, preview_client};

/// The file that the application's text is said to stand in.
const FILE: &str = "app/all.yaml";

/// A change: what Git says before and after. `None`: the application is not there on this side.
pub(crate) struct Scene {
    pub(crate) planned: PlannedApp,
    pub(crate) rendered: RenderedApp,
    pub(crate) allowed: Allowed,
    pub(crate) scope: Scope,
}

/// Everything that came of a preview.
pub(crate) struct Seen {
    pub(crate) preview: AppPreview,
    pub(crate) findings: PreviewFindings,
    pub(crate) observation: Observation,
    pub(crate) questions: Vec<Question>,
}

impl Scene {
    pub(crate) fn new(namespace: &str, base: Option<&str>, head: Option<&str>) -> Self {
        let id = AppId {
            kind: DeclaredBy::Directory,
            cluster: ClusterName("staging".into()),
            namespace: String::new(),
            name: "app".into(),
            variant: None,
        };
        Self {
            planned: PlannedApp {
                id: id.clone(),
                base: base.map(|_| side(namespace)),
                head: head.map(|_| side(namespace)),
                why: vec![Why::Asked],
            },
            rendered: RenderedApp {
                id,
                base: outcome(base),
                head: outcome(head),
            },
            allowed: Allowed::default(),
            scope: Scope::Changed,
        }
    }

    /// Every object's value at this place differs from render to render.
    pub(crate) fn mark_unstable(&mut self, pointer: &str) {
        for outcome in [&mut self.rendered.base, &mut self.rendered.head] {
            if let Outcome::Rendered(rendering) = outcome {
                for manifest in &mut rendering.manifests {
                    *manifest = manifest.clone().with_unstable(Unstable {
                        pointers: BTreeSet::from([pointer.to_owned()]),
                        ..Unstable::default()
                    });
                }
            }
        }
    }

    /// Another engine applies the application, on both sides.
    pub(crate) fn deployed_by(&mut self, engine: Engine) {
        let sides = [&mut self.planned.base, &mut self.planned.head];
        for side in sides.into_iter().flatten() {
            side.engine = engine;
        }
    }

    /// Previews the change with this identity; `None`: without any cluster.
    pub(crate) async fn preview(&self, kubeconfig: Option<PathBuf>) -> Seen {
        let mut clusters = Clusters::new();
        if let Some(kubeconfig) = kubeconfig {
            let client = preview_client(kubeconfig).await;
            clusters.insert(ClusterName("staging".into()), Ok(client));
        }
        let rendered = [self.rendered.clone()];
        let observation = fetch_facts(&clusters, &rendered).await;
        let questions = self.questions(&observation);
        let observation = fetch_answers(&clusters, &questions, observation).await;
        self.conclude(questions, observation)
    }

    /// What the change asks, given what is known of the cluster.
    pub(crate) fn questions(&self, observation: &Observation) -> Vec<Question> {
        let cluster = ClusterName("staging".into());
        let facts = observation.facts.get(&cluster).map(AsRef::as_ref);
        questions(
            &self.planned,
            &self.rendered,
            facts,
            &self.allowed,
            self.scope,
        )
    }

    /// What the answers mean.
    pub(crate) fn conclude(&self, questions: Vec<Question>, observation: Observation) -> Seen {
        let input = Input {
            planned: std::slice::from_ref(&self.planned),
            rendered: std::slice::from_ref(&self.rendered),
            questions: &questions,
            observation: &observation,
        };
        let preview = compose_previews(&input).remove(0);
        let findings = findings(&input);
        Seen {
            preview,
            findings,
            observation,
            questions,
        }
    }
}

impl Seen {
    /// The only change.
    pub(crate) fn change(&self) -> &Change {
        assert_eq!(self.preview.changes.len(), 1, "{:#?}", self.preview);
        &self.preview.changes[0]
    }

    /// The finding of this rule at head.
    pub(crate) fn finding(&self, rule: &str) -> &Finding {
        self.findings
            .head
            .iter()
            .find(|finding| finding.rule == rule)
            .unwrap_or_else(|| panic!("no {rule}: {:#?}", self.findings))
    }

    /// Everything that leaves the preview, as text.
    pub(crate) fn everything(&self) -> String {
        format!(
            "{:?} {:?} {:?} {:?}",
            self.preview, self.findings, self.observation, self.questions
        )
    }
}

fn side(namespace: &str) -> AppSide {
    AppSide {
        sources: vec![AppSource::here(
            "app".parse().unwrap(),
            RendererInput::Directory {
                files: BTreeSet::new(),
            },
        )],
        cluster: ClusterName("staging".into()),
        namespace: Some(namespace.to_owned()),
        engine: Engine::Apply,
        ..AppSide::default()
    }
}

fn outcome(text: Option<&str>) -> Outcome {
    let Some(text) = text else {
        return Outcome::Absent;
    };
    let source = IngestSource::PlainFile(FILE.parse::<RepoPath>().unwrap());
    let ingested = ingest(text.as_bytes(), &source, &masker(), &Budget::default());
    assert!(ingested.errors.is_empty(), "{:?}", ingested.errors);
    Outcome::Rendered(Rendering {
        manifests: ingested.manifests,
        digest: Digest::of(text.as_bytes()),
        duplicates: Vec::new(),
        oddities: Vec::new(),
        placeholders: Vec::new(),
        repeated: Vec::new(),
        others: Vec::new(),
        fails_elsewhere: None,
    })
}
