//! Counts, made once, so that every output says the same numbers and they add up.

use std::collections::BTreeSet;

use crate::finding::{Gate, Judged, NotVerified, Severity};
use crate::ids::{ClusterName, Side};
use crate::preview::{Action, Change, Origin};
use crate::verdict::GateResult;

use super::groups::{self, Part};
use super::model::{AppReport, NoPreview, Report};
use super::wording::{count, listed};

/// The counts of a report. Findings are counted one by one, places by what a person reads as one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Findings that refuse the change.
    pub(super) blocking: usize,
    /// Places in files they stand at.
    pub(super) blocking_places: usize,
    /// New findings of severity error or warning that do not block.
    pub(super) warnings: usize,
    /// New findings of severity info.
    pub(super) notes: usize,
    /// Findings that were there before.
    pub(super) older: usize,
    /// Findings that the change removes.
    pub(super) fixed: usize,
    /// Findings covered by a waiver.
    pub(super) waived: usize,
    /// Findings of gates in shadow mode.
    pub(super) shadowed: usize,
    /// What a gate did not judge.
    pub(super) not_verified: Unverified,
    /// Applications whose head could not be rendered.
    pub(super) broken: usize,
    /// Applications that merging changes.
    pub(super) changed: usize,
    /// What merging does to objects.
    pub(super) effect: Effect,
    /// Clusters of the changed applications.
    pub(super) clusters: usize,
}

/// How many objects are made, changed and removed by this change, and what it does not cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) deleted: usize,
    /// Objects that drifted and that this change leaves alone.
    pub(super) drifted: usize,
    /// Objects that are live already as head wants them.
    pub(super) already: usize,
}

impl Effect {
    /// The effect of a list of changes.
    pub(super) fn of(changes: &[Change]) -> Self {
        let mut effect = Self::default();
        for change in changes {
            match (change.origin, change.action) {
                (Origin::Drift, _) => effect.drifted += 1,
                (Origin::AlreadyLive, _) => effect.already += 1,
                (_, Action::Create) => effect.created += 1,
                (_, Action::Update) => effect.updated += 1,
                (_, Action::Delete) => effect.deleted += 1,
                (_, Action::Unchanged) => {}
            }
        }
        effect
    }

    fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.deleted += other.deleted;
        self.drifted += other.drifted;
        self.already += other.already;
    }

    /// Objects that this change touches.
    pub(super) fn total(self) -> usize {
        self.created + self.updated + self.deleted
    }

    /// `~2 +1 −1`; empty when nothing changes.
    pub(super) fn marks(self) -> String {
        [
            ("~", self.updated),
            ("+", self.created),
            ("−", self.deleted),
        ]
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(mark, number)| format!("{mark}{number}"))
        .collect::<Vec<_>>()
        .join(" ")
    }

    /// `2 updated, 1 created, 1 deleted`; empty when nothing changes.
    pub(super) fn words(self) -> String {
        [
            (self.updated, "updated"),
            (self.created, "created"),
            (self.deleted, "deleted"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect::<Vec<_>>()
        .join(", ")
    }
}

/// What was not verified: whole applications, single objects, and policies that nobody asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Unverified {
    pub(super) apps: usize,
    pub(super) objects: usize,
    pub(super) packages: usize,
}

impl Unverified {
    fn of<'a>(items: impl IntoIterator<Item = &'a NotVerified>) -> Self {
        let mut unverified = Self::default();
        for item in items {
            match (&item.app, &item.object) {
                (_, Some(_)) => unverified.objects += 1,
                (Some(_), None) => unverified.apps += 1,
                (None, None) => unverified.packages += 1,
            }
        }
        unverified
    }

    /// `1 application and 2 objects`; empty when nothing.
    pub(super) fn words(self) -> String {
        let parts: Vec<String> = [
            (self.apps, "application", "applications"),
            (self.objects, "object", "objects"),
            (self.packages, "policy package", "policy packages"),
        ]
        .into_iter()
        .filter(|(number, _, _)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
        listed(&parts)
    }
}

impl Tally {
    /// Counts a report.
    pub(super) fn of(report: &Report) -> Self {
        let mut tally = Self {
            not_verified: Unverified::of(&report.not_verified),
            blocking_places: groups::build(report, Part::Blocking)
                .iter()
                .filter(|group| !is_broken_app(report, group.first))
                .count(),
            ..Self::default()
        };
        for judged in &report.findings {
            if judged.blocks && is_broken_app(report, judged) {
                // Counted as an application that does not render.
                continue;
            }
            match (Part::of(report, judged), judged.finding.severity) {
                (None, _) => tally.shadowed += 1,
                (Some(Part::Blocking), _) => tally.blocking += 1,
                (Some(Part::Older), _) => tally.older += 1,
                (Some(Part::Fixed), _) => tally.fixed += 1,
                (Some(Part::Waived), _) => tally.waived += 1,
                (Some(Part::New), Severity::Info) => tally.notes += 1,
                (Some(Part::New), Severity::Warning | Severity::Error) => tally.warnings += 1,
            }
        }
        let mut clusters: BTreeSet<&ClusterName> = BTreeSet::new();
        for app in &report.apps {
            tally.effect.add(effect(app));
            if head_is_broken(app) {
                tally.broken += 1;
            }
            if is_changed(app) {
                tally.changed += 1;
                clusters.insert(&app.cluster);
            }
        }
        clusters.retain(|cluster| !cluster.0.is_empty());
        tally.clusters = clusters.len();
        tally
    }

    /// What refuses the change: `1 application does not render`, `2 findings block`; empty when
    /// nothing does.
    pub(super) fn refusals(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.broken > 0 {
            parts.push(count(
                self.broken,
                "application does not render",
                "applications do not render",
            ));
        }
        if self.blocking > 0 {
            let places = if self.blocking_places < self.blocking {
                let at = count(self.blocking_places, "place", "places");
                format!(" at {at}")
            } else {
                String::new()
            };
            let verb = if self.blocking == 1 {
                "blocks"
            } else {
                "block"
            };
            parts.push(format!(
                "{}{places} {verb}",
                count(self.blocking, "finding", "findings")
            ));
        }
        parts
    }

    /// What else was found: `1 warning, 3 older findings`; empty when nothing.
    pub(super) fn others(&self) -> Vec<String> {
        [
            (self.warnings, "warning", "warnings"),
            (self.notes, "note", "notes"),
            (self.older, "older finding", "older findings"),
            (self.fixed, "finding fixed", "findings fixed"),
            (self.waived, "finding waived", "findings waived"),
            (self.shadowed, "finding in shadow", "findings in shadow"),
        ]
        .into_iter()
        .filter(|(number, _, _)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect()
    }
}

/// What merging does to one application's objects.
pub(super) fn effect(app: &AppReport) -> Effect {
    match &app.preview {
        Some(preview) if !preview.withheld => Effect::of(&preview.changes),
        _ => Effect::default(),
    }
}

/// True when the head of an application could not be rendered.
pub(super) fn head_is_broken(app: &AppReport) -> bool {
    app.head.is_none() && app.problems.iter().any(|(side, _)| *side == Side::Head)
}

/// True when a finding says that the head of an application does not render.
fn is_broken_app(report: &Report, judged: &Judged) -> bool {
    judged.finding.gate == Gate::Render
        && report
            .apps
            .iter()
            .any(|app| judged.finding.app.as_ref() == Some(&app.id) && head_is_broken(app))
}

/// True when merging changes what the application renders to, as far as that is known.
pub(super) fn is_changed(app: &AppReport) -> bool {
    if head_is_broken(app) {
        return false;
    }
    match &app.preview {
        Some(preview) if !preview.withheld => Effect::of(&preview.changes).total() > 0,
        _ => app.base.map(|(digest, _)| digest) != app.head.map(|(digest, _)| digest),
    }
}

/// Blocking findings of one application and gate.
pub(super) fn blocking(report: &Report, app: &AppReport, gate: Gate) -> usize {
    report
        .findings
        .iter()
        .filter(|judged| {
            judged.blocks
                && judged.finding.gate == gate
                && judged.finding.app.as_ref() == Some(&app.id)
        })
        .count()
}

/// The reasons of what was not verified, each with its gate and how much it is, in order of gate and
/// reason.
pub(super) fn not_verified(report: &Report) -> Vec<(Gate, String, String)> {
    let mut groups: std::collections::BTreeMap<(Gate, &str), Vec<&NotVerified>> =
        std::collections::BTreeMap::new();
    for item in &report.not_verified {
        let group = groups.entry((item.gate, item.reason.as_str())).or_default();
        group.push(item);
    }
    groups
        .into_iter()
        .map(|((gate, reason), items)| (gate, reason.to_owned(), Unverified::of(items).words()))
        .collect()
}

/// True when an application's gate is off for want of a cluster that could be asked, and nothing
/// demands its preview.
pub(super) fn without_preview(report: &Report) -> Option<NoPreview> {
    let off = |app: &AppReport| app.gates.get(&Gate::Preview) == Some(&GateResult::Off);
    report.no_preview.filter(|_| report.apps.iter().any(off))
}

/// `3 applications`, with how many clusters they go to where that is known.
pub(super) fn reach(tally: &Tally) -> String {
    let apps = count(tally.changed, "application", "applications");
    if tally.clusters > 1 {
        format!("{apps} in {}", count(tally.clusters, "cluster", "clusters"))
    } else {
        apps
    }
}
