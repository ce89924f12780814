//! From a merged commit to what would be deployed: fetched, rendered, compared with what was approved.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use secrecy::SecretString;

use super::Merge;
use super::decide::{Decision, compare};
use super::deletions::{self, Listed};
use super::environment::destination;
use super::look::{Look, judged_again};
use crate::clients::git::{self, FetchRequest, Want};
use crate::clients::github::Scope;
use crate::clients::store::{RunApp, RunVerdict};
use crate::config::repo::RepoConfig;
use crate::ids::{AppId, ClusterName, CommitSha, Digest, RepoName};
use crate::plan::{Origin, PlannedApp};
use crate::render::{Outcome, RenderedApp};
use crate::run::pipeline::{Judgement, Rules};
use crate::run::{Ctx, Failure, evaluate};
use crate::sync::outcome::Held;
use crate::tree::Tree;

/// What would be deployed of a merge.
pub(super) struct Prepared {
    /// The newest commit of the branch when this was made.
    pub(super) tip: CommitSha,
    /// The configuration that judged.
    pub(super) config: RepoConfig,
    /// Applications of the merge, in id order.
    pub(super) apps: Vec<PreparedApp>,
    /// True when the merged commit has several parents.
    pub(super) is_merge: bool,
    /// Every application of the merged commit with what it renders to, where something is to be
    /// deleted: what another one wants must stay. One that cannot be rendered says nothing.
    pub(super) wishes: Vec<(PlannedApp, RenderedApp)>,
}

/// One application of a merge.
pub(super) struct PreparedApp {
    pub(super) planned: PlannedApp,
    pub(super) rendered: RenderedApp,
    /// Whether it may be deployed.
    pub(super) allowed: Result<(), Held>,
    /// True when a newer commit of the branch wants something else.
    pub(super) superseded: bool,
    /// What the approved preview showed as deleted.
    pub(super) deletions: Listed,
}

impl Prepared {
    /// The applications that go to this environment.
    pub(super) fn apps_of<'a>(
        &'a self,
        environment: &'a ClusterName,
    ) -> impl Iterator<Item = &'a PreparedApp> {
        let here = move |app: &&PreparedApp| destination(&app.planned).0 == *environment;
        self.apps.iter().filter(here)
    }
}

impl PreparedApp {
    /// The digest of what the merged commit renders to; `None`: nothing.
    pub(super) fn rendering(&self) -> Option<Digest> {
        match &self.rendered.head {
            Outcome::Rendered(rendering) => Some(rendering.digest),
            Outcome::Absent | Outcome::Failed(_) | Outcome::NotEvaluable(_) => None,
        }
    }
}

/// Fetches, renders and compares. `None` when the base's configuration cannot be read.
pub(super) async fn prepare(
    ctx: &Arc<Ctx>,
    merge: &Merge<'_>,
    approved: &[RunApp],
) -> Result<Option<Prepared>, Failure> {
    let tip = fetch_tip(ctx, merge).await?;
    let token = ctx
        .github
        .mint_token(merge.repository, Scope::Review)
        .await?;
    let task = Task {
        token,
        url: merge.pull.clone_url.clone(),
        base: merge.run.base.clone(),
        revision: merge.revision.clone(),
        tip,
        name: merge.repository.name.clone(),
        from_fork: merge.pull.is_from_fork(),
        origin: evaluate::origin(merge.pull),
        approved: approved.to_vec(),
        elsewhere: fetch_elsewhere(ctx, merge).await?,
    };
    let ctx = Arc::clone(ctx);
    tokio::task::spawn_blocking(move || task.run(&ctx))
        .await
        .map_err(|error| {
            Failure::internal(format!("the deployment's preparation broke off: {error}"))
        })?
}

/// What other merges had approved of applications that this one's judgement did not touch. A merge that
/// was not approved is told of everything: an old state of another merge may be what it brings back.
async fn fetch_elsewhere(
    ctx: &Ctx,
    merge: &Merge<'_>,
) -> Result<BTreeSet<(String, Option<Digest>)>, Failure> {
    if merge.run.verdict != RunVerdict::Pass {
        return Ok(BTreeSet::new());
    }
    let (pull, branch) = (merge.pull.number, &merge.pull.base.branch);
    let store = &ctx.store;
    Ok(store
        .approved_elsewhere(merge.repository.id, pull, branch)
        .await?)
}

/// The newest commit of the branch that was merged into.
pub(super) async fn fetch_tip(ctx: &Ctx, merge: &Merge<'_>) -> Result<CommitSha, Failure> {
    let branch = &merge.pull.base.branch;
    let comparison = ctx
        .github
        .fetch_comparison(merge.repository, branch, merge.revision)
        .await?;
    Ok(comparison.base_tip)
}

struct Task {
    token: SecretString,
    url: String,
    base: CommitSha,
    revision: CommitSha,
    tip: CommitSha,
    name: RepoName,
    from_fork: bool,
    origin: Origin,
    approved: Vec<RunApp>,
    /// What other merges had approved.
    elsewhere: BTreeSet<(String, Option<Digest>)>,
}

impl Task {
    fn run(&self, ctx: &Ctx) -> Result<Option<Prepared>, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::internal(format!("the work folder `{}`: {error}", ctx.work.display()))
        };
        let folder = tempfile::tempdir_in(&ctx.work).map_err(unusable)?;
        let commits = BTreeSet::from([&self.base, &self.revision, &self.tip]);
        let wants: Vec<Want> = commits.into_iter().cloned().map(Want::Commit).collect();
        let request = FetchRequest {
            url: &self.url,
            token: Some(&self.token),
            wants: &wants,
            depth: NonZeroU32::new(1),
            interrupt: &AtomicBool::new(false),
        };
        let repository = git::fetch(&request, folder.path())?.repository;
        let base = repository.tree(&self.base)?;
        let Ok(approved_under) = Rules::read_config(&base) else {
            return Ok(None);
        };
        let merged = repository.tree(&self.revision)?;
        // What was approved before a cluster became protected was perhaps never previewed there.
        let mut config = approved_under.clone();
        if let Ok(newer) = Rules::read_config(&merged) {
            config.tighten(&newer);
        }
        let look = Look {
            ctx,
            base: &base,
            config: &config,
            approved_under: &approved_under,
            repository: &self.name,
            from_fork: self.from_fork,
            origin: &self.origin,
        };
        let rendered = look.judge(&merged, false)?;
        let deletes = self
            .approved
            .iter()
            .any(|app| !deletions::read(&app.deletions).seen.is_empty());
        let wishes = if deletes {
            look.read_wishes(&merged)?
        } else {
            Vec::new()
        };
        let newer = if self.tip == self.revision {
            BTreeMap::new()
        } else {
            heads_of(&look.judge(&repository.tree(&self.tip)?, false)?)
        };
        let apps = self.decide(&look, &merged, rendered, &newer)?;
        let is_merge = repository.parent_count(&self.revision)? > 1;
        Ok(Some(Prepared {
            tip: self.tip.clone(),
            config,
            apps,
            is_merge,
            wishes,
        }))
    }

    /// True when another merge brought the application to exactly this state: that one deploys it.
    /// What no approval knows (two changes that met only on the branch) is this merge's to judge.
    fn is_elsewhere(&self, id: &AppId, head: &Outcome) -> bool {
        let digest = match head {
            Outcome::Absent => None,
            Outcome::Rendered(rendering) => Some(rendering.digest),
            Outcome::Failed(_) | Outcome::NotEvaluable(_) => return false,
        };
        self.elsewhere.contains(&(id.to_string(), digest))
    }

    fn decide(
        &self,
        look: &Look<'_>,
        merged: &Tree,
        rendered: Judgement,
        newer: &BTreeMap<AppId, Outcome>,
    ) -> Result<Vec<PreparedApp>, Failure> {
        let approved: BTreeMap<&str, &RunApp> = self
            .approved
            .iter()
            .map(|app| (app.app.as_str(), app))
            .collect();
        let mut second: Option<Judgement> = None;
        let mut apps = Vec::new();
        for (planned, app) in rendered.plan.apps.into_iter().zip(rendered.rendered) {
            let record = approved.get(planned.id.to_string().as_str()).copied();
            if record.is_none() && self.is_elsewhere(&planned.id, &app.head) {
                continue;
            }
            let superseded = newer
                .get(&planned.id)
                .is_some_and(|tip| !same(tip, &app.head));
            let demanded = Look::demanded_by(look.config, &planned);
            let stands = !demanded || Look::demanded_by(look.approved_under, &planned);
            let known = record.filter(|_| stands).map(|record| record.head);
            let (allowed, rendered) = match compare(known, &app.head) {
                Decision::Deploy => (Ok(()), app),
                Decision::JudgeAgain => {
                    let judged = match second.take() {
                        Some(judged) => judged,
                        None => look.judge(merged, true)?,
                    };
                    let again = judged_again(&judged, &planned.id, demanded);
                    second = Some(judged);
                    // What was judged is deployed, not what was rendered for the comparison: that
                    // was made without asking the cluster for its version.
                    again.unwrap_or((Err(Held::Undecided), app))
                }
            };
            apps.push(PreparedApp {
                allowed,
                superseded,
                deletions: record
                    .map(|record| deletions::read(&record.deletions))
                    .unwrap_or_default(),
                planned,
                rendered,
            });
        }
        Ok(apps)
    }
}

fn heads_of(judgement: &Judgement) -> BTreeMap<AppId, Outcome> {
    judgement
        .rendered
        .iter()
        .map(|app| (app.id.clone(), app.head.clone()))
        .collect()
}

fn same(one: &Outcome, other: &Outcome) -> bool {
    match (one, other) {
        (Outcome::Rendered(one), Outcome::Rendered(other)) => one.digest == other.digest,
        (Outcome::Absent, Outcome::Absent) => true,
        _ => false,
    }
}
