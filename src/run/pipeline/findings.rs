//! From renderings and the worker's answers to findings with their places.

use std::collections::BTreeSet;

use crate::finding::{Blame, Finding, Gate, NotVerified, Precision, Severity, Source};
use crate::gate::wire::{ItemAnswer, SchemaStatus, SideAnswer};
use crate::gate::{position, schema};
use crate::ids::{AppId, Digest, ObjectRef, RepoPath, Side};
use crate::object::Manifest;
use crate::plan::Plan;
use crate::render::{Outcome, Problem, RenderedApp, Rendering};
use crate::report::model::{self, Trouble};
use crate::run::judge::JudgeError;
use crate::verdict::GateResult;
use crate::yaml::Document;

use super::answers::sides;
use super::gates::Gated;
use super::pairs::Pair;
use super::unstable;

/// What rendering itself says: problems that are the author's, repeated keys, ambiguous values.
pub(super) fn of_rendering(plan: &Plan, rendered: &[RenderedApp], gated: &mut Gated) {
    debug_assert_eq!(plan.apps.len(), rendered.len());
    for app in rendered {
        for side in [Side::Base, Side::Head] {
            let mut found = Vec::new();
            match app.side(side) {
                Outcome::Absent | Outcome::NotEvaluable(_) => {}
                Outcome::Failed(problems) => {
                    let authors = problems
                        .iter()
                        .filter(|problem| problem.blame == Blame::Author);
                    found.extend(authors.map(|problem| of_problem(&app.id, problem)));
                }
                Outcome::Rendered(rendering) => {
                    found.extend(unstable::find(app, rendering));
                    if side == Side::Head {
                        gated.not_verified.extend(unshown(&app.id, rendering));
                    }
                    for (path, duplicate) in &rendering.duplicates {
                        let object = find_object(rendering, path, |document| {
                            document.duplicates.contains(duplicate)
                        });
                        found.push(schema::duplicate_key_finding(
                            Some(&app.id),
                            object,
                            path,
                            duplicate,
                        ));
                    }
                    for (path, oddity) in &rendering.oddities {
                        let object = find_object(rendering, path, |document| {
                            document.oddities.contains(oddity)
                        });
                        found.push(schema::oddity_finding(Some(&app.id), object, path, oddity));
                    }
                }
            }
            match side {
                Side::Base => gated.base.extend(found),
                Side::Head => gated.head.extend(found),
            }
        }
    }
}

/// What a rendering holds that was not judged as it will be deployed.
fn unshown(app: &AppId, rendering: &Rendering) -> impl Iterator<Item = NotVerified> {
    let line = |object: &ObjectRef, reason: &str| NotVerified {
        app: Some(app.clone()),
        object: Some(object.clone()),
        gate: Gate::Render,
        reason: reason.to_owned(),
    };
    let placeholders = rendering.placeholders.iter();
    let repeated = rendering.repeated.iter();
    placeholders
        .map(move |found| line(&found.object, &found.reason))
        .chain(repeated.map(move |object| {
            line(
                object,
                "several sources give it: only the last, which is deployed, was judged",
            )
        }))
}

/// The object whose document of this file holds something.
fn find_object<'a>(
    rendering: &'a Rendering,
    path: &RepoPath,
    holds: impl Fn(&Document) -> bool,
) -> Option<&'a ObjectRef> {
    let found = rendering.manifests.iter().find(|manifest| {
        let provenance = manifest.provenance();
        provenance.path.as_ref() == Some(path)
            && provenance
                .document
                .as_ref()
                .is_some_and(|document| holds(document))
    });
    found.map(Manifest::object)
}

fn of_problem(app: &AppId, problem: &Problem) -> Finding {
    let source = problem.path.clone().map(|path| Source {
        path,
        line: problem.line.max(1),
        column: 1,
        width: 0,
        precision: if problem.line == 0 {
            Precision::File
        } else {
            Precision::Parent
        },
    });
    Finding {
        gate: Gate::Render,
        rule: "render.failed".to_owned(),
        severity: Severity::Error,
        app: Some(app.clone()),
        object: None,
        pointer: None,
        source,
        message: problem.message.clone(),
        fix: None,
        url: None,
        subject: problem.message.clone(),
    }
}

/// What the worker says about one object.
pub(super) fn of_answer(app: &AppId, pair: &Pair<'_>, answer: ItemAnswer, gated: &mut Gated) {
    for (side, manifest, answer) in sides(pair, answer) {
        if side == Side::Head {
            note_unverified(app, manifest, &answer, gated);
        }
        let mut found = of_side(app, manifest, &answer);
        if side == Side::Head && pair.head.is_none() {
            // What the change removes stands in no file of the head.
            for finding in &mut found {
                finding.source = None;
            }
        }
        match side {
            Side::Base => gated.base.extend(found),
            Side::Head => gated.head.extend(found),
        }
        for (rule, problem) in answer.failures {
            if side == Side::Head {
                gated
                    .results
                    .insert((app.clone(), Gate::Policy), GateResult::Error);
                gated.troubles.push(Trouble {
                    what: format!(
                        "policy `{rule}` could not be evaluated on {}: {}",
                        manifest.object(),
                        problem.message
                    ),
                    app: Some(app.clone()),
                    place: problem
                        .path
                        .parse()
                        .ok()
                        .map(|path| (path, problem.line, problem.column)),
                    blame: Blame::Operator,
                    hint: None,
                });
            }
        }
    }
}

/// What the worker says about objects as other renders of the same files have them, where that is not
/// said already.
pub(super) fn of_other_renders(
    app: &AppId,
    answers: Vec<(&Pair<'_>, ItemAnswer)>,
    gated: &mut Gated,
) {
    if answers.is_empty() {
        return;
    }
    let mut others = Gated::default();
    for (pair, answer) in answers {
        of_answer(app, pair, answer, &mut others);
    }
    let sides = [
        (&mut gated.base, others.base),
        (&mut gated.head, others.head),
    ];
    for (known, others) in sides {
        let own = known.iter().filter(|known| known.app.as_ref() == Some(app));
        let mut said: BTreeSet<Digest> = own.map(Finding::fingerprint).collect();
        for mut finding in others {
            if said.insert(finding.fingerprint()) {
                finding.message += " (in another render of the same files)";
                known.push(finding);
            }
        }
    }
    gated.results.extend(others.results);
    gated.not_verified.extend(others.not_verified);
    gated.troubles.extend(others.troubles);
}

fn of_side(app: &AppId, manifest: &Manifest, answer: &SideAnswer) -> Vec<Finding> {
    let schema = answer
        .schema
        .iter()
        .flat_map(|schema| &schema.findings)
        .map(|raw| Finding {
            gate: Gate::Schema,
            rule: raw.rule.clone(),
            severity: raw.severity.into(),
            app: Some(app.clone()),
            object: Some(manifest.object().clone()),
            pointer: Some(raw.pointer.clone()),
            source: position::place(&raw.pointer, raw.at_key, manifest),
            message: raw.message.clone(),
            fix: raw.fix.clone(),
            url: None,
            subject: raw.subject.clone(),
        });
    let policy = answer.policy.iter().map(|raw| Finding {
        gate: Gate::Policy,
        rule: raw.rule.clone(),
        severity: raw.severity.into(),
        app: Some(app.clone()),
        object: Some(manifest.object().clone()),
        pointer: raw.pointer.clone(),
        source: position::place(
            raw.pointer.as_deref().unwrap_or_default(),
            raw.pointer.is_none(),
            manifest,
        ),
        message: raw.message.clone(),
        fix: raw.fix.clone(),
        url: raw.docs.clone(),
        subject: raw.subject.clone(),
    });
    schema.chain(policy).collect()
}

fn note_unverified(app: &AppId, manifest: &Manifest, answer: &SideAnswer, gated: &mut Gated) {
    let Some(schema) = &answer.schema else { return };
    let provenance = manifest.provenance();
    let key = (
        manifest.object().clone(),
        provenance.path.clone().unwrap_or_default(),
        provenance.line,
    );
    gated.statuses.push((key, mirror(schema.status)));
    let reason = match (schema.status, &schema.note) {
        (_, Some(note)) => note.clone(),
        (SchemaStatus::NoSchema, None) => "no schema is known for its kind".to_owned(),
        (SchemaStatus::Error, None) => "its schema could not be used".to_owned(),
        (SchemaStatus::Valid | SchemaStatus::Invalid, None) => return,
    };
    if schema.status == SchemaStatus::Error {
        // One sentence for all objects of the application: the reason is seldom about one of them.
        let what = format!("objects could not be judged by their schemas: {reason}");
        gated.fail(app, &[Gate::Schema], &what, Blame::Operator);
    }
    gated.not_verified.push(NotVerified {
        app: Some(app.clone()),
        object: Some(manifest.object().clone()),
        gate: Gate::Schema,
        reason,
    });
}

fn mirror(status: SchemaStatus) -> model::SchemaStatus {
    match status {
        SchemaStatus::Valid => model::SchemaStatus::Valid,
        SchemaStatus::Invalid => model::SchemaStatus::Invalid,
        SchemaStatus::NoSchema => model::SchemaStatus::NoSchema,
        SchemaStatus::Error => model::SchemaStatus::Error,
    }
}

/// What kept the worker from judging, in words for people.
pub(super) fn troubles_of(error: &JudgeError, app: Option<&AppId>) -> Vec<Trouble> {
    let mut seen = BTreeSet::new();
    error
        .problems()
        .iter()
        .map(|problem| Trouble {
            what: problem.message.clone(),
            app: app.cloned(),
            place: problem
                .path
                .parse()
                .ok()
                .map(|path| (path, problem.line, problem.column)),
            blame: error.blame(),
            hint: None,
        })
        .chain(error.problems().is_empty().then(|| Trouble {
            what: error.to_string(),
            app: app.cloned(),
            place: None,
            blame: error.blame(),
            hint: None,
        }))
        .filter(|trouble| seen.insert(trouble.clone()))
        .collect()
}
