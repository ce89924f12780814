//! The report as JSON, `drydock.report/1`: a contract that scripts depend on. Fields are added, never
//! renamed; `fixtures/report.schema.json` describes it. The types here mirror the report so that a
//! change inside Drydock cannot change the output by accident.

mod shape;

use crate::finding::{Blame, Gate, Judged, NotVerified};
use crate::ids::{Digest, ObjectRef};
use crate::plan::outside::own_path;
use crate::plan::{AppSource, Declaration, OnRemoval, Untouched, UntouchedItem};
use crate::preview::Change;
use crate::tree::Revision;
use crate::verdict::GateResult;

use super::model::{AppReport, ObjectReport, Report, Trouble};
use super::{membership, wording};
use shape::{
    App, Changed, Danger, DeclaredBy, Field, FileObject, FilePlace, Finding, Gates, LeftOut,
    Object, Place, Problem, Rendering, Root, Source, Stopped, Unverified,
};

/// The value of `schema`.
pub const SCHEMA: &str = "drydock.report/1";

/// The report, indented by two spaces, with a final line break.
pub fn compose(report: &Report) -> String {
    // A value made of these types always serialises; an empty object would fail every reader.
    let mut text = serde_json::to_string_pretty(&mirror(report)).unwrap_or_else(|_| "{}".into());
    text.push('\n');
    text
}

fn mirror(report: &Report) -> Root<'_> {
    let file_mode = report.head.is_none();
    Root {
        schema: SCHEMA,
        verdict: report.verdict.word(),
        base: report.base.as_ref().and_then(revision),
        head: report.head.as_ref().and_then(revision),
        confined: report.confined,
        gates: gates(&report.gates),
        apps: report
            .apps
            .iter()
            .map(|app| mirror_app(app, report.head.as_ref()))
            .collect(),
        findings: report.findings.iter().map(mirror_finding).collect(),
        objects: file_mode.then(|| report.objects.iter().map(mirror_object).collect()),
        not_verified: report.not_verified.iter().map(mirror_unverified).collect(),
        untouched: report.untouched.iter().map(mirror_left_out).collect(),
        troubles: report.troubles.iter().map(mirror_trouble).collect(),
        judged_with: &report.judged_with,
    }
}

fn revision(revision: &Revision) -> Option<String> {
    match revision {
        Revision::Commit(sha) => Some(sha.as_str().to_owned()),
        Revision::Worktree => Some("worktree".to_owned()),
        Revision::Empty => None,
    }
}

fn gates(results: &std::collections::BTreeMap<Gate, GateResult>) -> Gates {
    let word = |gate| results.get(&gate).map_or("off", |result| result.word());
    Gates {
        render: word(Gate::Render),
        schema: word(Gate::Schema),
        policy: word(Gate::Policy),
        preview: word(Gate::Preview),
    }
}

fn mirror_app<'a>(app: &'a AppReport, head: Option<&Revision>) -> App<'a> {
    let preview = app.preview.as_ref().filter(|preview| !preview.withheld);
    App {
        id: app.id.to_string(),
        name: app.id.display_name(),
        path: app.path.to_string(),
        renderer: app.renderer.word(),
        sources: app
            .sources
            .iter()
            .map(|source| mirror_source(source, head))
            .collect(),
        cluster: Some(app.cluster.0.as_str()).filter(|name| !name.is_empty()),
        namespace: app.namespace.as_deref(),
        why: app.why.iter().map(wording::why).collect(),
        declared_by: app.declaration.as_ref().map(mirror_declaration),
        set_change: Some(membership::compose(app)).filter(|text| !text.is_empty()),
        outcome: app.outcome.word(),
        gates: gates(&app.gates),
        base: app.base.map(rendering),
        head: app.head.map(rendering),
        problems: app
            .problems
            .iter()
            .map(|(side, problem)| Problem {
                side: side.word(),
                message: &problem.message,
                path: problem.path.as_ref().map(crate::ids::RepoPath::as_str),
                line: known(problem.line),
                blame: blame(problem.blame),
            })
            .collect(),
        changes: preview
            .iter()
            .flat_map(|preview| &preview.changes)
            .map(mirror_change)
            .collect(),
        unchanged: preview.map(|preview| preview.unchanged),
    }
}

fn mirror_declaration(declaration: &Declaration) -> DeclaredBy<'_> {
    DeclaredBy {
        app: declaration.parent.to_string(),
        path: declaration.path.as_ref().map(crate::ids::RepoPath::as_str),
        line: known(declaration.line),
        set: declaration.set.as_deref(),
        on_removal: match declaration.on_removal {
            OnRemoval::Deleted => "deleted",
            OnRemoval::Kept => "kept",
        },
        suspended: declaration.suspended,
    }
}

/// The revision of a source in the judged repository is the judged head.
fn mirror_source<'a>(source: &'a AppSource, head: Option<&Revision>) -> Source<'a> {
    Source {
        repository: source.repository.as_deref(),
        revision: match source.repository {
            None => head.and_then(revision),
            Some(_) => source.revision.clone(),
        },
        chart: source.chart.as_deref(),
        path: own_path(&source.path).to_string(),
        renderer: source.renderer.kind().word(),
    }
}

fn rendering((digest, objects): (Digest, usize)) -> Rendering {
    Rendering {
        digest: digest.to_string(),
        objects,
    }
}

fn mirror_change(change: &Change) -> Changed<'_> {
    Changed {
        action: change.action.word(),
        object: object(&change.object),
        origin: change.origin.word(),
        basis: change.basis.word(),
        note: change.note.as_deref(),
        fields: change
            .fields
            .iter()
            .map(|field| Field {
                pointer: &field.pointer,
                before: field.before.as_ref(),
                after: field.after.as_ref(),
            })
            .collect(),
        diff: &change.diff,
        dangers: change
            .dangers
            .iter()
            .map(|danger| Danger {
                rule: &danger.rule,
                message: &danger.message,
            })
            .collect(),
    }
}

fn mirror_finding(judged: &Judged) -> Finding<'_> {
    let finding = &judged.finding;
    Finding {
        id: finding.fingerprint().to_string(),
        gate: finding.gate.word(),
        rule: &finding.rule,
        severity: finding.severity.word(),
        state: judged.state.word(),
        blocks: judged.blocks,
        app: finding.app.as_ref().map(ToString::to_string),
        object: finding.object.as_ref().map(object),
        pointer: finding.pointer.as_deref(),
        source: finding.source.as_ref().map(|source| Place {
            path: source.path.as_str(),
            line: source.line,
            column: source.column,
            precision: source.precision.word(),
        }),
        message: &finding.message,
        fix: finding.fix.as_deref(),
        url: finding.url.as_deref(),
    }
}

fn mirror_object(item: &ObjectReport) -> FileObject<'_> {
    FileObject {
        object: object(&item.object),
        source: FilePlace {
            path: item.path.as_str(),
            line: item.line,
        },
        schema: item.schema.word(),
    }
}

fn mirror_unverified(item: &NotVerified) -> Unverified<'_> {
    Unverified {
        app: item.app.as_ref().map(ToString::to_string),
        object: item.object.as_ref().map(object),
        gate: item.gate.word(),
        reason: &item.reason,
    }
}

fn mirror_left_out(item: &Untouched) -> LeftOut {
    let (app, path) = match &item.what {
        UntouchedItem::App(id) => (Some(id.to_string()), None),
        UntouchedItem::Path(path) => (None, Some(path.as_str().to_owned())),
    };
    LeftOut {
        app,
        path,
        reason: wording::left_out(item.reason),
    }
}

fn mirror_trouble(trouble: &Trouble) -> Stopped<'_> {
    let place = trouble.place.as_ref();
    Stopped {
        what: &trouble.what,
        app: trouble.app.as_ref().map(ToString::to_string),
        path: place.map(|(path, _, _)| path.as_str()),
        line: place.and_then(|(_, line, _)| known(*line)),
        column: place.and_then(|(_, _, column)| known(*column)),
        blame: blame(trouble.blame),
        hint: trouble.hint.as_deref(),
    }
}

fn object(object: &ObjectRef) -> Object<'_> {
    Object {
        group: &object.group,
        version: &object.version,
        kind: &object.kind,
        namespace: object.namespace.as_deref(),
        name: &object.name,
    }
}

fn known(number: u32) -> Option<u32> {
    (number > 0).then_some(number)
}

fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Author => "author",
        Blame::Maintainer => "maintainer",
        Blame::Operator => "operator",
        Blame::Upstream => "upstream",
    }
}
