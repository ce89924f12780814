//! Rendering everything of a plan: both sides, in parallel, equal inputs once.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::repo::{Engine, RendererKind};
use crate::finding::Blame;
use crate::ids::{Digest, RepoPath, Side};
use crate::object::Manifest;
use crate::plan::{AppSide, AppSource, Plan, PlannedApp, Refusal, RendererInput};
use crate::tree::Tree;

use super::directory::Directory;
use super::helm::Helm;
use super::kustomize::Kustomize;
use super::{
    Outcome, Output, Problem, RenderedApp, Renderer, Rendering, Request, Settings, prescan,
};

/// Renders every application of the plan, in its order. Blocks; works on as many threads as there
/// are permits. A side fails alone, and never takes another with it.
pub fn render(plan: &Plan, base: &Tree, head: &Tree, settings: &Settings) -> Vec<RenderedApp> {
    let tree_of = |side| match side {
        Side::Base => base,
        Side::Head => head,
    };
    let mut work: Vec<Work<'_>> = Vec::new();
    let mut known: BTreeMap<Digest, usize> = BTreeMap::new();
    let mut tasks: Vec<[Option<usize>; 2]> = Vec::new();
    for app in &plan.apps {
        tasks.push([Side::Base, Side::Head].map(|side| {
            let app = app.side(side)?;
            let tree = tree_of(side);
            let key = digest_inputs(app, tree, settings);
            Some(*known.entry(key).or_insert_with(|| {
                work.push(Work { app, tree });
                work.len() - 1
            }))
        }));
    }
    let outcomes = render_work(&work, settings);
    let outcome = |task: Option<usize>| match task {
        None => Outcome::Absent,
        Some(index) => outcomes.get(index).cloned().flatten().unwrap_or_else(|| {
            Outcome::Failed(vec![Problem {
                message: "the rendering was given up before it ended".to_owned(),
                path: None,
                line: 0,
                blame: Blame::Operator,
            }])
        }),
    };
    let pair = |(app, [base, head]): (&PlannedApp, [Option<usize>; 2])| RenderedApp {
        id: app.id.clone(),
        base: outcome(base),
        head: outcome(head),
    };
    plan.apps.iter().zip(tasks).map(pair).collect()
}

/// Renders one side alone, as the `render` command does.
pub fn render_side(app: &AppSide, tree: &Tree, settings: &Settings) -> Outcome {
    let _permit = settings.permits.acquire();
    if !app.refusals.is_empty() {
        let problems = prescan::build_problems(&app.refusals);
        let mistakes = |refusal: &Refusal| !refusal.kind.is_not_evaluable();
        return if app.refusals.iter().any(mistakes) {
            Outcome::Failed(problems)
        } else {
            Outcome::NotEvaluable(problems)
        };
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
        Outcome::Rendered(output.finish())
    } else {
        problems.sort();
        problems.dedup();
        Outcome::Failed(problems)
    }
}

fn render_source(
    app: &AppSide,
    source: &AppSource,
    tree: &Tree,
    settings: &Settings,
) -> Result<Output, Vec<Problem>> {
    if let Some(repository) = &source.repository {
        let message = format!(
            "its source is another repository (`{repository}`), which this version does not fetch"
        );
        return Err(vec![Problem {
            blame: Blame::Operator,
            ..Problem::about(&source.path, message)
        }]);
    }
    let request = Request {
        tree,
        closure: &app.closure,
        path: &source.path,
        version: settings.version_for(&app.cluster),
        settings,
    };
    let renderer: Box<dyn Renderer + '_> = match &source.renderer {
        RendererInput::Directory { files } => Box::new(Directory { files }),
        RendererInput::Kustomize(input) => Box::new(Kustomize { input }),
        RendererInput::Helm(input) => Box::new(Helm { input }),
    };
    let mut output = renderer.render(&request)?;
    // Only Helm leaves chart tests aside, and only Helm and Argo CD know hooks: to every other deployer
    // these are objects.
    let plainly: fn(Manifest) -> Manifest = match (source.renderer.kind(), app.engine) {
        (RendererKind::Helm, _) => return Ok(output),
        (_, Engine::Flux | Engine::Kubectl) => Manifest::without_hooks,
        (_, Engine::Apply | Engine::ArgoCd) => Manifest::without_tests,
    };
    output.manifests = output.manifests.into_iter().map(plainly).collect();
    Ok(output)
}

struct Work<'a> {
    app: &'a AppSide,
    tree: &'a Tree,
}

fn render_work(work: &[Work<'_>], settings: &Settings) -> Vec<Option<Outcome>> {
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
fn digest_inputs(app: &AppSide, tree: &Tree, settings: &Settings) -> Digest {
    let version = settings.version_for(&app.cluster);
    let inputs = format!(
        "{:?} {:?} {:?} {version:?}",
        app.sources, app.refusals, app.engine
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
    }

    fn finish(self) -> Rendering {
        let mut parts: Vec<_> = self
            .manifests
            .iter()
            .map(|manifest| (manifest.object().clone(), manifest.digest().to_string()))
            .collect();
        parts.sort();
        Rendering {
            digest: Digest::of_parts(parts.iter().map(|(_, digest)| digest.as_bytes())),
            manifests: self.manifests,
            duplicates: self.duplicates,
            oddities: self.oddities,
        }
    }
}
