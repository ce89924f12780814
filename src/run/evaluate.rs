//! From a pull request to a report: fetch the exact commits, merge, judge by the base.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::UNIX_EPOCH;

use secrecy::SecretString;
use tokio::sync::OwnedSemaphorePermit;

use super::deploy::Deployers;
use super::pipeline::{self, Clusters, Means, PolicyChoice, PolicyInput, Rules, Subject};
use super::{Ctx, Failure};
use crate::clients::cluster::PreviewClient;
use crate::clients::git::{self, FetchRequest, Merge, Want};
use crate::clients::github::{Comparison, Pull, RepositoryRef, Scope};
use crate::cluster_facts::KubernetesVersion;
use crate::config::settings::{ClusterSettings, Patterns};
use crate::finding::{Blame, Gate, Retry};
use crate::ids::{CommitSha, Digest, RepoName};
use crate::observe::Unanswered;
use crate::plan::{Defaults, Origin, Selection};
use crate::report::model::Report;
use crate::report::standing;
use crate::run::observe as asking;
use crate::tree::Revision;

/// What judges: tools, sandbox, clusters, and the operator's defaults.
#[derive(Debug, Clone)]
pub struct Bench {
    /// Tools and connections; the time in it is replaced by each judgement's.
    pub means: Means,
    /// The repositories that are served; all others are refused.
    pub serves: Patterns,
    /// The operator's clusters by name: credentials and what they may be used for.
    pub clusters: BTreeMap<String, ClusterSettings>,
    /// What holds where a repository's configuration says nothing.
    pub defaults: Defaults,
    /// The version that judges where nothing else says one.
    pub kubernetes: Option<KubernetesVersion>,
    /// Everything of the operator's and of this program that decides a result: another digest judges
    /// every open pull request again.
    pub digest: Digest,
    /// Who writes to clusters; empty: Drydock deploys nothing.
    pub deployers: Arc<Deployers>,
    /// What the process lacks to judge, one phrase each, found at start.
    pub lacks: Vec<String>,
}

impl Bench {
    /// What is missing now, one phrase each.
    pub fn missing(&self) -> Vec<String> {
        let stopped = self
            .previews()
            .filter_map(PreviewClient::find_fence_trouble)
            .map(|error| error.to_string());
        self.lacks.iter().cloned().chain(stopped).collect()
    }

    /// Proves every fence whose proof is too old, so that what is missing is known without a pull
    /// request. What the proofs show is kept by the clients.
    pub(super) async fn check_fences(&self) {
        let checks = self.previews().map(PreviewClient::check_fence);
        futures::future::join_all(checks).await;
    }

    /// How many clusters previews are made on, and how many they are not made on.
    pub(super) fn count_previews(&self) -> (usize, usize) {
        let Clusters::Connected { clients, .. } = &self.means.clusters else {
            return (0, 0);
        };
        let open = self
            .previews()
            .filter(|client| client.find_fence_trouble().is_none())
            .count();
        (open, clients.len() - open)
    }

    fn previews(&self) -> impl Iterator<Item = &PreviewClient> {
        let clients = match &self.means.clusters {
            Clusters::Connected { clients, .. } => Some(clients.values()),
            _ => None,
        };
        clients
            .into_iter()
            .flatten()
            .filter_map(|client| client.as_ref().ok())
    }
}

/// What is judged.
pub(super) struct Matter<'a> {
    pub(super) repository: &'a RepositoryRef,
    pub(super) pull: &'a Pull,
    pub(super) comparison: &'a Comparison,
}

/// Judges the merge of the head into the base tip. `Err` only for what is worth another attempt or is
/// not the change's fault.
pub(super) async fn evaluate(
    ctx: &Arc<Ctx>,
    matter: &Matter<'_>,
    permit: Option<OwnedSemaphorePermit>,
) -> Result<Report, Failure> {
    let token = ctx
        .github
        .mint_token(matter.repository, Scope::Review)
        .await?;
    let task = Task {
        token,
        url: matter.pull.clone_url.clone(),
        comparison: matter.comparison.clone(),
        head: matter.pull.head.sha.clone(),
        target: matter.pull.base.branch.clone(),
        repository: matter.repository.name.clone(),
        from_fork: matter.pull.is_from_fork(),
        origin: origin(matter.pull),
    };
    let deadline = ctx.limits.deadline;
    let ctx = Arc::clone(ctx);
    // The permit goes along: work that is past its deadline still takes its place until it ends.
    let judging = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        task.run(&ctx)
    });
    match tokio::time::timeout(deadline, judging).await {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => Err(Failure::internal(format!(
            "the judgement broke off: {error}"
        ))),
        Err(_) => Err(Failure {
            said: "the judgement took longer than it may",
            detail: format!("no report within {} s", deadline.as_secs()),
            blame: Blame::Operator,
            retry: Retry::After(deadline),
            lost_access: false,
        }),
    }
}

/// Everything that the blocking part needs.
struct Task {
    token: SecretString,
    url: String,
    comparison: Comparison,
    head: CommitSha,
    target: String,
    repository: RepoName,
    from_fork: bool,
    origin: Origin,
}

impl Task {
    fn run(&self, ctx: &Ctx) -> Result<Report, Failure> {
        let unusable = |error: std::io::Error| {
            Failure::internal(format!("the work folder `{}`: {error}", ctx.work.display()))
        };
        // One folder for each judgement, removed with its end: nothing of one is seen by another.
        let folder = tempfile::tempdir_in(&ctx.work).map_err(unusable)?;
        let repository = self.fetch(folder.path())?;
        let tip = &self.comparison.base_tip;
        let base = repository.tree(tip)?;
        let merged = repository.merge_with_base(&self.comparison.merge_base, tip, &self.head)?;
        let head = match merged {
            Merge::Clean { tree } => tree,
            Merge::Conflict { paths } => {
                let trouble = standing::conflict(&self.target, &paths);
                return Ok(self.troubles(vec![trouble]));
            }
        };
        let config = match Rules::read_config(&base) {
            Ok(config) => config,
            Err(errors) => return Ok(self.troubles(standing::configuration(&errors))),
        };
        let policies = PolicyInput::read(&base, &config, &PolicyChoice::default())
            .map_err(|error| Failure::internal(error.to_string()))?;
        let means = means(ctx, &self.repository, self.from_fork);
        let rules = Rules {
            gates: BTreeSet::from(Gate::ALL),
            config,
            defaults: Defaults {
                origin: self.origin.clone(),
                ..ctx.bench.defaults.clone()
            },
            policies,
            crds: Vec::new(),
            preview_required: false,
            kubernetes: ctx.bench.kubernetes,
        };
        let subject = Subject {
            base,
            head,
            base_name: Some(self.target.clone()),
            head_name: None,
            selection: Selection::Changed,
        };
        Ok(pipeline::judge(&subject, &rules, &means).report)
    }

    fn fetch(&self, folder: &Path) -> Result<git::Repository, Failure> {
        let mut commits = BTreeSet::from([
            self.comparison.base_tip.clone(),
            self.comparison.merge_base.clone(),
        ]);
        commits.insert(self.head.clone());
        let wants: Vec<Want> = commits.into_iter().map(Want::Commit).collect();
        let request = FetchRequest {
            url: &self.url,
            token: Some(&self.token),
            wants: &wants,
            depth: NonZeroU32::new(1),
            interrupt: &AtomicBool::new(false),
        };
        Ok(git::fetch(&request, folder)?.repository)
    }

    fn troubles(&self, troubles: Vec<crate::report::model::Trouble>) -> Report {
        let base = Revision::Commit(self.comparison.base_tip.clone());
        let head = Revision::Commit(self.head.clone());
        Report::of_troubles(Some(base), Some(head), troubles)
    }
}

/// The repository of a pull request, as declarations in it may name it.
pub(super) fn origin(pull: &Pull) -> Origin {
    let page = pull.html_url.split("/pull/").next().unwrap_or_default();
    let default = &pull.default_branch;
    Origin {
        urls: vec![
            pull.clone_url.clone(),
            pull.ssh_url.clone(),
            page.to_owned(),
        ],
        target: Some(pull.base.branch.clone()),
        default: (!default.is_empty()).then(|| default.clone()),
    }
}

/// What a judgement of now is made with.
pub(super) fn means(ctx: &Ctx, repository: &RepoName, from_fork: bool) -> Means {
    let mut means = ctx.bench.means.clone();
    means.now_ns = ctx.now().duration_since(UNIX_EPOCH).map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    });
    if from_fork && !matches!(means.clusters, Clusters::None) {
        // A stranger's objects are not shown to a cluster, and its state is not shown to them.
        means.clusters = Clusters::Withheld;
    }
    if let Clusters::Connected { clients, .. } = &mut means.clusters {
        close_to(repository, &ctx.bench.clusters, Arc::make_mut(clients));
    }
    means
}

/// A cluster whose settings do not name the repository is not there for it.
fn close_to(
    repository: &RepoName,
    settings: &BTreeMap<String, ClusterSettings>,
    clients: &mut asking::Clusters,
) {
    for (name, client) in clients {
        let open = settings
            .get(&name.0)
            .is_some_and(|cluster| cluster.allow.previews(repository));
        if !open {
            *client = Err(Unanswered {
                message: format!("the operator's settings do not open it to `{repository}`"),
                blame: Blame::Operator,
            });
        }
    }
}
