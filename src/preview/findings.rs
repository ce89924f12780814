//! What the cluster's answers say against a change.

use super::Input;
use super::announced::Announced;
use super::compare::destination;
use super::field_path::to_pointer;
use super::immutable::says_immutable;
use super::settle::{not_asked, withheld};
use crate::finding::{Finding, Gate, NotVerified, Severity};
use crate::gate::position;
use crate::ids::Side;
use crate::object::Manifest;
use crate::observe::{DryRun, Live, Observation, Question, Refusal};

/// The preview gate's findings of both sides, so that only what a change introduces blocks it, and
/// what could not be verified.
#[derive(Debug, Clone, Default)]
pub struct PreviewFindings {
    /// What the cluster says against the state before.
    pub base: Vec<Finding>,
    /// What it says against the state after.
    pub head: Vec<Finding>,
    /// What was not verified, and why; one entry for an application whose cluster is not available.
    pub not_verified: Vec<NotVerified>,
}

/// Findings in order of object and rule.
pub fn findings(input: &Input<'_>) -> PreviewFindings {
    let announced = Announced::read(input.planned, input.rendered);
    let mut found = PreviewFindings::default();
    for planned in input.planned {
        let cluster = destination(planned);
        if let Some(reason) = input.observation.find_unavailable(&cluster) {
            found.not_verified.push(NotVerified {
                app: Some(planned.id.clone()),
                object: None,
                gate: Gate::Preview,
                reason: reason.message,
            });
        }
    }
    for question in input.questions {
        let key = (question.app.clone(), question.object.key());
        let Some(answer) = input.observation.answers.get(&key) else {
            found
                .not_verified
                .extend(unasked(question, input.observation));
            continue;
        };
        for (side, dry_run, manifest) in [
            (Side::Base, &answer.base, &question.base),
            (Side::Head, &answer.head, &question.head),
        ] {
            let Some(manifest) = manifest else { continue };
            let teller = Teller {
                question,
                manifest,
                announced: &announced,
            };
            match side {
                Side::Base => found.base.extend(teller.tell(dry_run)),
                Side::Head => {
                    found.head.extend(teller.tell(dry_run));
                    found.not_verified.extend(teller.unverified(dry_run));
                }
            }
        }
        if let Live::Unanswered(reason) = &answer.live {
            found
                .not_verified
                .push(not_verified(question, reason.message.clone()));
        }
    }
    for list in [&mut found.base, &mut found.head] {
        list.sort_by_cached_key(Finding::sort_key);
    }
    found.not_verified.sort();
    found.not_verified.dedup();
    found
}

fn not_verified(question: &Question, reason: String) -> NotVerified {
    NotVerified {
        app: Some(question.app.clone()),
        object: Some(question.object.clone()),
        gate: Gate::Preview,
        reason,
    }
}

/// An answer is missing although the cluster is there: a recording of another change.
fn unasked(question: &Question, observation: &Observation) -> Option<NotVerified> {
    if !observation.facts.contains_key(&question.cluster) {
        return None;
    }
    let reason = question
        .withheld
        .map_or("there is no answer for this object", withheld);
    Some(not_verified(question, reason.to_owned()))
}

/// What one answer about one side says.
struct Teller<'a> {
    question: &'a Question,
    manifest: &'a Manifest,
    announced: &'a Announced,
}

impl Teller<'_> {
    /// What the answer says, each finding with its place in the source.
    fn tell(&self, dry_run: &DryRun) -> Vec<Finding> {
        let mut findings = self.read(dry_run);
        for finding in &mut findings {
            let pointer = finding.pointer.as_deref().unwrap_or_default();
            finding.source = position::place(pointer, true, self.manifest);
        }
        findings
    }

    fn read(&self, dry_run: &DryRun) -> Vec<Finding> {
        let object = &self.question.object;
        match dry_run {
            DryRun::NotAsked | DryRun::Unanswered(_) => Vec::new(),
            DryRun::Accepted {
                warnings,
                takes_over,
                ..
            } => self.accepted(warnings, takes_over),
            DryRun::Refused(refusal) => self.refused(refusal),
            DryRun::NamespaceMissing => {
                let namespace = object.namespace.as_deref().unwrap_or_default();
                if self
                    .announced
                    .has_namespace(&self.question.cluster, namespace)
                {
                    return Vec::new();
                }
                let mut finding = self.finding(
                    "preview.namespace-missing",
                    Severity::Error,
                    format!("namespace `{namespace}` does not exist in the cluster"),
                );
                finding.pointer = Some("/metadata/namespace".to_owned());
                namespace.clone_into(&mut finding.subject);
                finding.fix = Some(format!(
                    "add a Namespace `{namespace}` to this change, or name one that exists"
                ));
                vec![finding]
            }
            DryRun::KindMissing => {
                if self
                    .announced
                    .has_kind(&self.question.cluster, &object.group, &object.kind)
                {
                    return Vec::new();
                }
                let api_version = object.api_version();
                let mut finding = self.finding(
                    "preview.kind-missing",
                    Severity::Error,
                    format!(
                        "the cluster does not serve kind `{}` of `{api_version}`",
                        object.kind
                    ),
                );
                finding.pointer = Some("/kind".to_owned());
                finding.subject = format!("{api_version} {}", object.kind);
                finding.fix = Some(
                    "install its definition first, or use a version that the cluster serves"
                        .to_owned(),
                );
                vec![finding]
            }
        }
    }

    fn accepted(&self, warnings: &[String], takes_over: &[(String, String)]) -> Vec<Finding> {
        let warned = warnings.iter().map(|text| {
            let mut finding = self.finding(
                "preview.warning",
                Severity::Warning,
                format!("the cluster warns: {}", one_line(text)),
            );
            finding.subject.clone_from(text);
            finding
        });
        let taken = takes_over.iter().map(|(field, owner)| {
            let owner = owner.strip_prefix("conflict with ").unwrap_or(owner);
            let mut finding = self.finding(
                "preview.takes-over",
                Severity::Warning,
                format!(
                    "the apply takes `{}` over from {}",
                    field.trim_start_matches('.'),
                    one_line(owner)
                ),
            );
            finding.pointer = Some(to_pointer(field, self.manifest.value()));
            finding.fix = Some(
                "remove the field from the manifest if something else sets it on purpose"
                    .to_owned(),
            );
            finding
        });
        warned.chain(taken).collect()
    }

    fn refused(&self, refusal: &Refusal) -> Vec<Finding> {
        if refusal.causes.is_empty() {
            let mut finding = self.finding(
                "preview.refused",
                Severity::Error,
                format!("the cluster refuses it: {}", one_line(&refusal.message)),
            );
            finding.subject.clone_from(&refusal.reason);
            return vec![finding];
        }
        refusal
            .causes
            .iter()
            .map(|(field, message)| {
                let immutable = says_immutable(message);
                let rule = if immutable {
                    "preview.immutable"
                } else {
                    "preview.refused"
                };
                let pointer = to_pointer(field, self.manifest.value());
                let mut finding = self.finding(
                    rule,
                    Severity::Error,
                    format!("the cluster refuses `{pointer}`: {}", one_line(message)),
                );
                finding.pointer = Some(pointer);
                finding.fix = immutable
                    .then(|| "keep the field as it is, or give the object another name".to_owned());
                finding
            })
            .collect()
    }

    fn unverified(&self, dry_run: &DryRun) -> Option<NotVerified> {
        let reason = match dry_run {
            DryRun::Accepted { .. } | DryRun::Refused(_) => return None,
            DryRun::NotAsked => self
                .question
                .withheld
                .map_or_else(|| not_asked(self.question), withheld)
                .to_owned(),
            DryRun::Unanswered(reason) => reason.message.clone(),
            DryRun::NamespaceMissing => "its namespace does not exist yet".to_owned(),
            DryRun::KindMissing => "its kind is not served yet".to_owned(),
        };
        Some(not_verified(self.question, reason))
    }

    fn finding(&self, rule: &str, severity: Severity, message: String) -> Finding {
        Finding {
            gate: Gate::Preview,
            rule: rule.to_owned(),
            severity,
            app: Some(self.question.app.clone()),
            object: Some(self.question.object.clone()),
            pointer: None,
            source: None,
            message,
            fix: None,
            url: None,
            subject: String::new(),
        }
    }
}

/// A server's text as part of one sentence.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_end_matches('.').to_owned()
}
