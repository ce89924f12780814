//! Rendering everything of a plan: both sides, in parallel, equal inputs once.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::repo::{Engine, RendererKind};
use crate::finding::Blame;
use crate::ids::{Digest, ObjectRef, RepoPath, Side};
use crate::object::Manifest;
use crate::plan::outside::is_fetched;
use crate::plan::{
    AppSide, AppSource, HelmInput, KustomizeInput, Plan, PlannedApp, Refusal, RendererInput,
};
use crate::tree::Tree;

use super::directory::Directory;
use super::helm::{self, Helm};
use super::known::Known;
use super::kustomize::Kustomize;
use super::secrecy::{Discreet, hide_in_refusals};
use super::unstable::Repeated;
use super::{
    Outcome, Output, Problem, RenderedApp, Renderer, Rendering, Request, Settings, cache, prescan,
};

/// Renders every application of the plan, in its order. Blocks; works on as many threads as there
/// are permits. A side fails alone, and never takes another with it.
pub fn render(plan: &Plan, base: &Tree, head: &Tree, settings: &Settings) -> Vec<RenderedApp> {
    render_known(plan, base, head, settings, &mut Known::default())
}

/// The same, with what earlier rounds of planning rendered.
pub fn render_known(
    plan: &Plan,
    base: &Tree,
    head: &Tree,
    settings: &Settings,
    known: &mut Known,
) -> Vec<RenderedApp> {
    let tree_of = |side| match side {
        Side::Base => base,
        Side::Head => head,
    };
    let sides: Vec<(&AppSide, &Tree)> = plan
        .apps
        .iter()
        .flat_map(|app| [Side::Base, Side::Head].map(|side| (app.side(side), tree_of(side))))
        .filter_map(|(app, tree)| Some((app?, tree)))
        .collect();
    let mut outcomes = known.render(&sides, settings).into_iter();
    let mut next = |app: Option<&AppSide>| match app {
        None => Outcome::Absent,
        // One outcome for each side that is there; a missing one is a failure, never nothing.
        Some(_) => outcomes.next().unwrap_or(Outcome::Failed(Vec::new())),
    };
    let pair = |app: &PlannedApp| RenderedApp {
        id: app.id.clone(),
        base: next(app.base.as_ref()),
        head: next(app.head.as_ref()),
    };
    plan.apps.iter().map(pair).collect()
}

/// Renders one side alone, as the `render` command does.
pub fn render_side(app: &AppSide, tree: &Tree, settings: &Settings) -> Outcome {
    let _permit = settings.permits.acquire();
    if !app.refusals.is_empty() {
        let mut discreet = app.clone();
        hide_in_refusals(&mut discreet, tree, &settings.masker);
        let problems = prescan::build_problems(&discreet.refusals);
        let mistakes = |refusal: &Refusal| !refusal.kind.is_not_evaluable();
        return if app.refusals.iter().any(mistakes) {
            Outcome::Failed(problems)
        } else {
            Outcome::NotEvaluable(problems)
        };
    }
    let elsewhere: Vec<Problem> = app.sources.iter().filter_map(find_elsewhere).collect();
    if !elsewhere.is_empty() {
        return Outcome::NotEvaluable(elsewhere);
    }
    let mut output = Output::default();
    let mut problems = Vec::new();
    for source in &app.sources {
        match render_source(app, source, tree, settings) {
            Ok(part) => output.append(part),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        return Outcome::Rendered(output.finish(app));
    }
    problems.sort();
    problems.dedup();
    let unknown: Vec<Problem> = app.sources.iter().filter_map(find_unknown).collect();
    let others = |problem: &Problem| problem.blame != Blame::Author;
    if unknown.is_empty() || problems.iter().any(others) {
        return Outcome::Failed(problems);
    }
    // What a chart demands may stand in values that are not known here.
    problems.extend(unknown);
    Outcome::NotEvaluable(problems)
}

/// The values of a source that are not known here, where there are any.
fn find_unknown(source: &AppSource) -> Option<Problem> {
    let RendererInput::Helm(input) = &source.renderer else {
        return None;
    };
    if input.unknown.is_empty() {
        return None;
    }
    let message = format!(
        "values of the release are not known here: {}",
        helm::phrase(input)
    );
    Some(Problem {
        path: None,
        ..Problem::about(&source.path, message)
    })
}

/// Why a source that is not the tree under judgement cannot be rendered.
fn find_elsewhere(source: &AppSource) -> Option<Problem> {
    let repository = source.repository.as_ref()?;
    if is_fetched(&source.path) {
        return None;
    }
    let revision = source.revision.as_deref().unwrap_or("HEAD");
    let what = match &source.chart {
        Some(chart) => format!("the chart `{chart}` {revision} of `{repository}`"),
        None => format!("`{repository}` at `{revision}`"),
    };
    Some(Problem {
        path: None,
        ..Problem::about(
            &source.path,
            format!(
                "its source is {what}, which is not at hand: allow its host (`outside.hosts` of the settings, `--allow-host`), or name this repository so (`--repository-url`)"
            ),
        )
    })
}

/// The input of charts, told what their destination serves where their declaration does not say.
fn with_capabilities<'a>(
    input: &'a RendererInput,
    app: &AppSide,
    settings: &Settings,
) -> Cow<'a, RendererInput> {
    match (input, settings.api_versions.get(&app.cluster)) {
        (RendererInput::Helm(helm), Some(served)) if helm.api_versions.is_empty() => {
            Cow::Owned(RendererInput::Helm(HelmInput {
                api_versions: served.to_vec(),
                ..helm.clone()
            }))
        }
        (RendererInput::Kustomize(kustomize), Some(served))
            if kustomize.api_versions.is_empty() && holds_chart(&app.closure) =>
        {
            Cow::Owned(RendererInput::Kustomize(KustomizeInput {
                api_versions: served.to_vec(),
                ..kustomize.clone()
            }))
        }
        _ => Cow::Borrowed(input),
    }
}

/// True where a kustomization of these files may inflate a chart.
pub(super) fn holds_chart(closure: &BTreeSet<RepoPath>) -> bool {
    closure.iter().any(|path| path.file_name() == "Chart.yaml")
}

fn render_source(
    app: &AppSide,
    source: &AppSource,
    tree: &Tree,
    settings: &Settings,
) -> Result<Output, Vec<Problem>> {
    let request = Request {
        tree,
        closure: &app.closure,
        path: &source.path,
        version: settings.version_for(&app.cluster),
        engine: app.engine,
        settings,
        is_later: false,
    };
    let input = with_capabilities(&source.renderer, app, settings);
    let renderer: Box<dyn Renderer + '_> = match input.as_ref() {
        RendererInput::Directory { files } => Box::new(Directory { files }),
        RendererInput::Kustomize(input) => Box::new(Kustomize { input }),
        RendererInput::Helm(input) => Box::new(Repeated(Helm { input })),
    };
    let discreet = Discreet {
        renderer: renderer.as_ref(),
        input: input.as_ref(),
    };
    let mut output = cache::render(&request, input.as_ref(), &discreet)?;
    // Only Helm leaves chart tests aside, and only Helm and Argo CD know hooks: to every other deployer
    // these are objects.
    let plainly: fn(Manifest) -> Manifest = match (source.renderer.kind(), app.engine) {
        (RendererKind::Helm, _) => return Ok(output),
        (_, Engine::Flux | Engine::Kubectl) => Manifest::without_hooks,
        (_, Engine::ArgoCd) => Manifest::with_tests_as_hooks,
        (_, Engine::Apply) => Manifest::without_tests,
    };
    output.manifests = output.manifests.into_iter().map(plainly).collect();
    Ok(output)
}

/// One side to render.
pub(super) struct Work<'a> {
    pub(super) app: &'a AppSide,
    pub(super) tree: &'a Tree,
}

/// Renders these sides, in their order; `None` where one was given up.
pub(super) fn render_work(work: &[Work<'_>], settings: &Settings) -> Vec<Option<Outcome>> {
    let outcomes: Mutex<Vec<Option<Outcome>>> = Mutex::new(vec![None; work.len()]);
    let next = AtomicUsize::new(0);
    let take = || {
        while let Some((index, item)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            work.get(index).map(|item| (index, item))
        } {
            let outcome = render_side(item.app, item.tree, settings);
            // Another thread's panic leaves the list itself whole.
            let mut outcomes = outcomes
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(place) = outcomes.get_mut(index) {
                *place = Some(outcome);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..settings.permits.total().min(work.len()) {
            // Without another thread this one does all the work.
            let _ = std::thread::Builder::new().spawn_scoped(scope, take);
        }
        take();
    });
    outcomes
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A digest of everything that decides a rendering: equal digests are rendered once.
pub(super) fn digest_inputs(app: &AppSide, tree: &Tree, settings: &Settings) -> Digest {
    let version = settings.version_for(&app.cluster);
    let inputs = format!(
        "{:?} {:?} {:?} {:?} {version:?} {:?}",
        app.sources,
        app.refusals,
        app.namespace,
        app.engine,
        settings.api_versions.get(&app.cluster),
    );
    let files = app.closure.iter().flat_map(|path: &RepoPath| {
        let blob = tree.find_blob(path).unwrap_or_default();
        [path.as_str().as_bytes(), blob.as_bytes()]
    });
    Digest::of_parts(std::iter::once(inputs.as_bytes()).chain(files))
}

impl Output {
    fn append(&mut self, other: Self) {
        self.manifests.extend(other.manifests);
        self.duplicates.extend(other.duplicates);
        self.oddities.extend(other.oddities);
        self.placeholders.extend(other.placeholders);
        self.others.extend(other.others);
        self.fails_elsewhere = self.fails_elsewhere.take().or(other.fails_elsewhere);
    }

    /// Of an object that several sources give, Argo CD deploys the last.
    fn drop_repeated(&mut self, namespace: Option<&str>) -> Vec<ObjectRef> {
        let mut seen = BTreeSet::new();
        let mut repeated = BTreeSet::new();
        let mut manifests: Vec<Manifest> = std::mem::take(&mut self.manifests)
            .into_iter()
            .rev()
            .filter(|manifest| {
                let object = manifest.object();
                let mut key = object.key();
                if key.namespace.is_none() {
                    key.namespace = namespace.map(str::to_owned);
                }
                // Generated names are never the same.
                let is_last = object.name.ends_with('*') || seen.insert(key);
                if !is_last {
                    repeated.insert(object.clone());
                }
                is_last
            })
            .collect();
        manifests.reverse();
        self.manifests = manifests;
        repeated.into_iter().collect()
    }

    fn finish(mut self, app: &AppSide) -> Rendering {
        let repeated = if app.engine == Engine::ArgoCd && app.sources.len() > 1 {
            self.drop_repeated(app.namespace.as_deref())
        } else {
            Vec::new()
        };
        let mut parts: Vec<_> = self
            .manifests
            .iter()
            .map(|manifest| (manifest.object().clone(), manifest.digest().to_string()))
            .collect();
        // What was approved holds what another time brings.
        let further = self.others.iter().filter(|other| other.is_further);
        parts.extend(further.map(|other| {
            let manifest = &other.manifest;
            let digest = format!("further {}", manifest.digest());
            (manifest.object().clone(), digest)
        }));
        parts.sort();
        self.placeholders.sort();
        Rendering {
            digest: Digest::of_parts(parts.iter().map(|(_, digest)| digest.as_bytes())),
            manifests: self.manifests,
            duplicates: self.duplicates,
            oddities: self.oddities,
            placeholders: self.placeholders,
            others: self.others,
            fails_elsewhere: self.fails_elsewhere,
            repeated,
        }
    }
}
