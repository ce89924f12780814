//! Manifests given by themselves: one application without base, destination or repository.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::repo::Engine;
use crate::finding::{Finding, Gate, Precision, Severity, Source};
use crate::ids::{AppId, ClusterName, DeclaredBy, Digest, RepoPath};
use crate::object::{IngestSource, ingest};
use crate::plan::{AppSide, AppSource, Plan, PlannedApp, RendererInput, Selection, Why};
use crate::render::{Outcome, RenderedApp, Rendering};
use crate::report::model::{ObjectReport, Report};
use crate::tree::{Revision, Tree};
use crate::yaml::Budget;

use super::gates::Gated;
use super::preview::{Facts, Seen};
use super::{Means, Rules, Subject, assemble, gates};

/// One file as it was given.
#[derive(Debug, Clone)]
pub struct GivenFile {
    /// What reports call it.
    pub path: RepoPath,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Judges every object of the files. A document that is no object is a finding and does not hide the
/// others.
pub fn judge_files(files: &[GivenFile], rules: &Rules, means: &Means) -> Report {
    let (rendering, broken) = ingest_files(files, means);
    let plan = plan_of(files);
    let Some(planned) = plan.apps.first() else {
        return Report::of_troubles(None, None, Vec::new());
    };
    let rendered = vec![RenderedApp {
        id: planned.id.clone(),
        base: Outcome::Absent,
        head: Outcome::Rendered(rendering),
    }];
    let subject = Subject {
        base: Tree::empty(),
        head: Tree::empty(),
        base_name: None,
        head_name: None,
        selection: Selection::All,
    };
    let mut gated = gates::judge(&subject, &plan, &rendered, rules, means, &Facts::default());
    gated
        .head
        .extend(broken.iter().map(|broken| broken.finding(&planned.id)));
    let objects = read_objects(&rendered, &mut gated, rules);
    let text_of = |path: &RepoPath| {
        let file = files.iter().find(|file| file.path == *path)?;
        Some(Arc::from(String::from_utf8_lossy(&file.bytes).into_owned()))
    };
    let judgement = assemble::assemble(
        &subject,
        rules,
        means,
        plan,
        rendered,
        gated,
        Seen::default(),
        &text_of,
    );
    Report {
        objects,
        ..without_app(judgement.report)
    }
}

/// Everything that was given, as the rendering of one application.
fn ingest_files(files: &[GivenFile], means: &Means) -> (Rendering, Vec<Broken>) {
    let mut rendering = Rendering {
        manifests: Vec::new(),
        digest: Digest::of_parts(files.iter().map(|file| file.bytes.as_slice())),
        duplicates: Vec::new(),
        oddities: Vec::new(),
        placeholders: Vec::new(),
        repeated: Vec::new(),
        others: Vec::new(),
        fails_elsewhere: None,
    };
    let mut broken = Vec::new();
    for file in files {
        let source = IngestSource::PlainFile(file.path.clone());
        let ingested = ingest(&file.bytes, &source, &means.masker, &Budget::file());
        rendering.manifests.extend(ingested.manifests);
        let at = || file.path.clone();
        rendering
            .duplicates
            .extend(ingested.duplicates.into_iter().map(|found| (at(), found)));
        rendering
            .oddities
            .extend(ingested.oddities.into_iter().map(|found| (at(), found)));
        broken.extend(ingested.errors.into_iter().map(|error| Broken {
            path: file.path.clone(),
            line: error.line,
            column: error.column,
            message: error.message,
        }));
    }
    (rendering, broken)
}

/// The application that stood for the files, and its sides, are nothing that a reader knows.
fn without_app(mut report: Report) -> Report {
    report.base = None;
    report.head = None;
    report.apps.clear();
    report.declared = 0;
    report.rendered = 0;
    for judged in &mut report.findings {
        judged.finding.app = None;
    }
    for not_verified in &mut report.not_verified {
        not_verified.app = None;
    }
    for trouble in &mut report.troubles {
        trouble.app = None;
    }
    report
}

/// A document that is no object.
struct Broken {
    path: RepoPath,
    line: u32,
    column: u32,
    message: String,
}

impl Broken {
    fn finding(&self, app: &AppId) -> Finding {
        Finding {
            gate: Gate::Render,
            rule: "render.no-object".to_owned(),
            severity: Severity::Error,
            app: Some(app.clone()),
            object: None,
            pointer: None,
            source: Some(Source {
                path: self.path.clone(),
                line: self.line.max(1),
                column: self.column.max(1),
                width: 0,
                precision: Precision::Exact,
            }),
            message: self.message.clone(),
            fix: None,
            url: None,
            subject: self.message.clone(),
        }
    }
}

fn plan_of(files: &[GivenFile]) -> Plan {
    let id = AppId {
        kind: DeclaredBy::Files,
        cluster: ClusterName::default(),
        namespace: String::new(),
        name: "files".to_owned(),
        variant: None,
    };
    let closure: BTreeSet<RepoPath> = files.iter().map(|file| file.path.clone()).collect();
    let side = AppSide {
        sources: vec![AppSource::here(
            RepoPath::root(),
            RendererInput::Directory {
                files: closure.clone(),
            },
        )],
        engine: Engine::Kubectl,
        closure,
        ..AppSide::default()
    };
    Plan {
        base: Revision::Empty,
        head: Revision::Worktree,
        apps: vec![PlannedApp {
            id,
            base: None,
            head: Some(side),
            why: vec![Why::Asked],
        }],
        untouched: Vec::new(),
        changed: Vec::new(),
    }
}

/// One line per object, in input order.
fn read_objects(rendered: &[RenderedApp], gated: &mut Gated, rules: &Rules) -> Vec<ObjectReport> {
    use crate::report::model::SchemaStatus;
    let unknown = if rules.gates.contains(&Gate::Schema) {
        SchemaStatus::Error
    } else {
        SchemaStatus::Skipped
    };
    // Equal objects in two places have the same status, whichever answer is taken.
    let mut known: BTreeMap<_, SchemaStatus> =
        std::mem::take(&mut gated.statuses).into_iter().collect();
    for finding in gated
        .head
        .iter()
        .filter(|finding| finding.gate == Gate::Schema && finding.severity == Severity::Error)
    {
        if let (Some(object), Some(source)) = (&finding.object, &finding.source) {
            for ((named, path, _), status) in &mut known {
                if named == object && *path == source.path && *status == SchemaStatus::Valid {
                    *status = SchemaStatus::Invalid;
                }
            }
        }
    }
    let manifests = rendered
        .iter()
        .flat_map(|app| app.head.manifests().unwrap_or_default());
    manifests
        .map(|manifest| {
            let provenance = manifest.provenance();
            let path = provenance.path.clone().unwrap_or_default();
            let key = (manifest.object().clone(), path.clone(), provenance.line);
            let schema = known.get(&key).copied().unwrap_or(unknown);
            ObjectReport {
                object: manifest.object().clone(),
                path,
                line: provenance.line.max(1),
                schema,
            }
        })
        .collect()
}
