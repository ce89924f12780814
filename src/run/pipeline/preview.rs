//! The preview: facts before rendering, questions after it, answers, and what follows from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cluster_facts::ClusterFacts;
use crate::finding::{Blame, Finding, Gate, NotVerified};
use crate::ids::{AppId, ClusterName};
use crate::observe::{
    Allowed, DryRun, Live, Observation, Question, Scope, Unanswered, group_by_app, questions,
};
use crate::plan::{Plan, PlannedApp, Selection};
use crate::preview::{AppPreview, Input, compose_previews, findings};
use crate::render::RenderedApp;
use crate::report::model::{NoPreview, Trouble};
use crate::report::standing;
use crate::run::observe as asking;
use crate::verdict::{GateResult, Results};

use super::{Means, Rules, Subject};

/// Where previews come from. Cheap to clone.
#[derive(Clone)]
pub enum Clusters {
    /// Nowhere: changes are compared from renderings.
    None,
    /// Nowhere for this change: there are clusters, but it comes from a fork.
    Withheld,
    /// From a recording.
    Recorded(Arc<Observation>),
    /// From connected clusters.
    Connected {
        /// The runtime that sends the requests; the caller must not be one of its tasks.
        runtime: tokio::runtime::Handle,
        /// Clients by name.
        clients: Arc<asking::Clusters>,
        /// What may be asked, by cluster; a cluster that is not named may be asked everything.
        allowed: BTreeMap<ClusterName, Allowed>,
        /// Whether objects that the change leaves alone are asked about too.
        scope: Scope,
    },
}

impl std::fmt::Debug for Clusters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Withheld => f.write_str("Withheld"),
            Self::Recorded(_) => f.write_str("Recorded"),
            Self::Connected { clients, .. } => f.debug_list().entries(clients.keys()).finish(),
        }
    }
}

/// What is known of the clusters before anything is rendered.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) known: BTreeMap<ClusterName, Arc<ClusterFacts>>,
}

/// What the preview came to.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) observation: Observation,
    pub(super) previews: BTreeMap<AppId, AppPreview>,
    pub(super) base_findings: Vec<Finding>,
    pub(super) head_findings: Vec<Finding>,
    pub(super) not_verified: Vec<NotVerified>,
    pub(super) results: Results,
    pub(super) troubles: Vec<Trouble>,
    pub(super) no_preview: Option<NoPreview>,
}

/// Versions of the destinations: charts are told them. A cluster that does not answer is asked again
/// later and reported then.
pub(super) fn facts(subject: &Subject, rules: &Rules, means: &Means) -> Facts {
    let is_same = subject.base.digest() == subject.head.digest();
    let is_idle = is_same && subject.selection == Selection::Changed;
    if !rules.gates.contains(&Gate::Preview) || is_idle {
        return Facts::default();
    }
    let known = match &means.clusters {
        Clusters::None | Clusters::Withheld => BTreeMap::new(),
        Clusters::Recorded(observation) => observation.facts.clone(),
        Clusters::Connected {
            runtime, clients, ..
        } => runtime.block_on(async {
            asking::refresh_facts(clients).await;
            asking::fetch_facts(clients, &[]).await.facts
        }),
    };
    Facts { known }
}

/// Asks about the applications of a plan.
struct Asker<'a> {
    plan: &'a Plan,
    rendered: &'a [RenderedApp],
}

impl Asker<'_> {
    /// What a recording or the connected clusters answer.
    fn observe(&self, means: &Means, facts: &Facts) -> (Observation, Vec<Question>) {
        match &means.clusters {
            Clusters::Recorded(recorded) => {
                let questions = self.ask(recorded, &BTreeMap::new(), Scope::All);
                (Observation::clone(recorded), questions)
            }
            Clusters::Connected {
                runtime,
                clients,
                allowed,
                scope,
            } if !self.plan.apps.is_empty() => {
                let observation = runtime.block_on(asking::fetch_facts(clients, self.rendered));
                let questions = self.ask(&observation, allowed, *scope);
                let asked = asking::fetch_answers(clients, &questions, observation);
                (runtime.block_on(asked), questions)
            }
            _ => self.compare(facts, None),
        }
    }

    /// The renderings alone, with the reason why no cluster was asked.
    fn compare(&self, facts: &Facts, reason: Option<NoPreview>) -> (Observation, Vec<Question>) {
        let observation = Observation {
            facts: facts.known.clone(),
            unavailable: unasked(self.plan, reason),
            ..Observation::default()
        };
        let questions = self.ask(&observation, &BTreeMap::new(), Scope::Changed);
        (observation, questions)
    }

    fn ask(
        &self,
        observation: &Observation,
        allowed: &BTreeMap<ClusterName, Allowed>,
        scope: Scope,
    ) -> Vec<Question> {
        let all = Allowed::default();
        let apps = self.plan.apps.iter().zip(self.rendered);
        apps.flat_map(|(planned, app)| {
            let cluster = destination(planned);
            let facts = observation.facts.get(&cluster).map(AsRef::as_ref);
            let allowed = allowed.get(&cluster).unwrap_or(&all);
            questions(planned, app, facts, allowed, scope)
        })
        .collect()
    }
}

/// Asks what must be asked, and says what merging will do.
pub(super) fn look(
    plan: &Plan,
    rendered: &[RenderedApp],
    rules: &Rules,
    means: &Means,
    facts: &Facts,
) -> Seen {
    let wanted = rules.previews(&plan.apps);
    let reason = match &means.clusters {
        Clusters::None => Some(NoPreview::NotConnected),
        Clusters::Withheld => Some(NoPreview::Fork),
        Clusters::Recorded(_) | Clusters::Connected { .. } => None,
    };
    let asker = Asker { plan, rendered };
    let (observation, questions) = if wanted && reason.is_none() {
        asker.observe(means, facts)
    } else {
        asker.compare(facts, reason.filter(|_| wanted))
    };
    let input = Input {
        planned: &plan.apps,
        rendered,
        questions: &questions,
        observation: &observation,
    };
    let mut seen = Seen {
        previews: compose_previews(&input)
            .into_iter()
            .map(|preview| (preview.app.clone(), preview))
            .collect(),
        ..Seen::default()
    };
    match reason {
        _ if !wanted => {}
        Some(reason) => do_without(reason, plan, rules, &mut seen),
        None => conclude(&input, rules, &mut seen),
    }
    seen.observation = observation;
    seen
}

/// Why each destination has no answers, where no cluster is asked.
fn unasked(plan: &Plan, reason: Option<NoPreview>) -> BTreeMap<ClusterName, Unanswered> {
    let told = reason.map(|reason| Unanswered {
        message: standing::why_no_preview(reason).to_owned(),
        blame: Blame::Operator,
    });
    let destinations = plan.apps.iter().map(destination);
    destinations
        .filter_map(|cluster| Some((cluster, told.clone()?)))
        .collect()
}

/// No cluster is asked: an application that needs a preview cannot be judged, every other one has
/// its gate off, and both are said.
fn do_without(reason: NoPreview, plan: &Plan, rules: &Rules, seen: &mut Seen) {
    for planned in &plan.apps {
        let tolerated = rules.tolerates_no_preview(planned);
        let result = if tolerated {
            GateResult::Off
        } else {
            let cluster = destination(planned);
            let trouble = standing::no_preview(reason, &cluster, planned.id.clone());
            seen.troubles.push(trouble);
            GateResult::Error
        };
        seen.results
            .insert((planned.id.clone(), Gate::Preview), result);
        seen.not_verified.push(NotVerified {
            app: Some(planned.id.clone()),
            object: None,
            gate: Gate::Preview,
            reason: standing::why_no_preview(reason).to_owned(),
        });
    }
    seen.no_preview = (!plan.apps.is_empty()).then_some(reason);
}

fn conclude(input: &Input<'_>, rules: &Rules, seen: &mut Seen) {
    let found = findings(input);
    seen.base_findings = found.base;
    seen.head_findings = found.head;
    seen.not_verified = found.not_verified;
    let broken = |app: &&RenderedApp| !app.base.problems().is_empty();
    for app in input.rendered.iter().filter(broken) {
        seen.not_verified.push(NotVerified {
            app: Some(app.id.clone()),
            object: None,
            gate: Gate::Preview,
            reason: "the state before does not render, so what merging changes and removes is not known; the state after was asked about alone".to_owned(),
        });
    }
    let questions = group_by_app(input.questions);
    for planned in input.planned {
        let asked = questions.get(&planned.id).map_or(&[][..], Vec::as_slice);
        let unanswered = find_unanswered(planned, asked, input);
        let result = if unanswered.is_some() {
            GateResult::Error
        } else {
            GateResult::Pass
        };
        seen.results
            .insert((planned.id.clone(), Gate::Preview), result);
        if let Some(reason) = unanswered.filter(|_| !rules.tolerates_no_preview(planned)) {
            seen.troubles.push(Trouble {
                what: reason.message,
                app: Some(planned.id.clone()),
                place: None,
                blame: reason.blame,
                hint: Some("see that the cluster is reachable and that the credentials may read and dry-run".to_owned()),
            });
        }
    }
}

/// Why the preview of an application is not complete, where it is not.
fn find_unanswered(
    planned: &PlannedApp,
    asked: &[&Question],
    input: &Input<'_>,
) -> Option<Unanswered> {
    let cluster = destination(planned);
    if let Some(reason) = input.observation.find_unavailable(&cluster) {
        return Some(reason);
    }
    for question in asked {
        let Some(answer) = input
            .observation
            .answers
            .get(&(question.app.clone(), question.object.key()))
        else {
            if question.withheld.is_none() && !input.observation.recorded {
                return Some(Unanswered {
                    message: format!("there is no answer for {}", question.object),
                    blame: Blame::Operator,
                });
            }
            continue;
        };
        if let Live::Unanswered(reason) = &answer.live {
            return Some(reason.clone());
        }
        for dry_run in [&answer.base, &answer.head] {
            if let DryRun::Unanswered(reason) = dry_run {
                return Some(reason.clone());
            }
        }
    }
    None
}

fn destination(planned: &PlannedApp) -> ClusterName {
    let side = planned.head.as_ref().or(planned.base.as_ref());
    side.map(|side| side.cluster.clone()).unwrap_or_default()
}
