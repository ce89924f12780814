//! Findings that say the same about the same line: a base that several applications include is wrong
//! once, not once per application.

use std::collections::BTreeSet;

use crate::config::repo::Mode;
use crate::finding::{Judged, Precision, State};
use crate::ids::{AppId, ObjectRef};

use super::model::Report;

/// One or several findings with one text at one place.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The first of them in the report's order.
    pub(super) first: &'a Judged,
    /// How many findings it stands for.
    pub(super) count: usize,
    /// Their applications in order.
    pub(super) apps: Vec<&'a AppId>,
    /// Their objects in order.
    pub(super) objects: Vec<&'a ObjectRef>,
}

/// What a list of findings is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// They refuse the change.
    Blocking,
    /// The change introduces them; they do not block.
    New,
    /// They were there before and do not block.
    Older,
    /// A waiver covers them.
    Waived,
    /// The change removes them.
    Fixed,
}

impl Part {
    /// The part a finding belongs to; `None` when its gate runs in shadow and nothing is shown.
    pub(super) fn of(report: &Report, judged: &Judged) -> Option<Self> {
        if judged.blocks {
            return Some(Self::Blocking);
        }
        if report.modes.get(&judged.finding.gate) == Some(&Mode::Shadow) {
            return None;
        }
        Some(match judged.state {
            State::New => Self::New,
            State::Existing => Self::Older,
            State::Waived => Self::Waived,
            State::Fixed => Self::Fixed,
        })
    }
}

/// The findings of one part, grouped, in the report's order.
pub(super) fn build<'a>(report: &'a Report, part: Part) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places: std::collections::BTreeMap<Key<'a>, usize> = std::collections::BTreeMap::new();
    for judged in &report.findings {
        if Part::of(report, judged) != Some(part) {
            continue;
        }
        let index = *places.entry(key(judged)).or_insert_with(|| {
            groups.push(Group {
                first: judged,
                count: 0,
                apps: Vec::new(),
                objects: Vec::new(),
            });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(index) {
            group.count += 1;
            group.apps.extend(&judged.finding.app);
            group.objects.extend(&judged.finding.object);
        }
    }
    for group in &mut groups {
        group.apps = ordered(&group.apps);
        group.objects = ordered(&group.objects);
    }
    groups
}

fn ordered<'a, T: Ord>(items: &[&'a T]) -> Vec<&'a T> {
    items
        .iter()
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

type Key<'a> = (
    &'a str,
    &'a str,
    Option<&'a crate::finding::Source>,
    Option<&'a str>,
    crate::finding::Gate,
    Option<(&'a ObjectRef, Option<&'a AppId>)>,
);

/// With an exact place the objects may differ (one file, two namespaces); with a file they may not,
/// and without any place neither may the applications.
fn key(judged: &Judged) -> Key<'_> {
    let finding = &judged.finding;
    let placed = finding
        .source
        .as_ref()
        .is_some_and(|source| source.precision != Precision::File);
    (
        finding.rule.as_str(),
        finding.message.as_str(),
        finding.source.as_ref(),
        finding.pointer.as_deref(),
        finding.gate,
        if placed {
            None
        } else {
            finding.object.as_ref().map(|object| {
                (
                    object,
                    finding.app.as_ref().filter(|_| finding.source.is_none()),
                )
            })
        },
    )
}
