//! Kinds that the destination's version does not serve: removed, not there yet, misspelt, or none of
//! Kubernetes' own.

use std::collections::BTreeSet;

use crate::finding::Severity;
use crate::ids::ObjectRef;

use super::bundle::{Bundle, Kind, Slot};
use super::judgement::RawFinding;
use super::phrase;

/// Groups that older versions served and the oldest embedded one does not.
const FORMER_GROUPS: [&str; 1] = ["extensions"];

/// What is known of a kind that has no schema in the destination's version; `None` when it is not
/// one of Kubernetes' own, as far as that can be told.
pub(super) fn judge(
    bundle: &Bundle,
    slot: Slot,
    group: &str,
    version: &str,
    kind: &str,
) -> Option<RawFinding> {
    if let Some(known) = bundle.find_kind(group, version, kind) {
        return Some(unserved(bundle, slot, known));
    }
    let groups: BTreeSet<&str> = bundle
        .kinds()
        .iter()
        .map(|kind| kind.group.as_str())
        .collect();
    let own = groups.contains(group) || FORMER_GROUPS.contains(&group);
    let replacement = find_replacement(bundle, slot, group, kind);
    let api_version = join(group, version);
    if own {
        if let Some(replacement) = replacement {
            let former = is_former(group, version);
            let fix = Some(format!(
                "write `apiVersion: {}`",
                api_version_of(replacement)
            ));
            return Some(if former {
                let message = format!(
                    "`{api_version}` of {kind} is not served by Kubernetes {}: it was removed",
                    slot.version()
                );
                finding(
                    "schema.removed-api",
                    "/apiVersion",
                    message,
                    fix,
                    &api_version,
                )
            } else {
                let message = format!(
                    "Kubernetes {} has no {kind} in `{api_version}`",
                    slot.version()
                );
                finding(
                    "schema.unknown-kind",
                    "/apiVersion",
                    message,
                    fix,
                    &api_version,
                )
            });
        }
        let nearest = find_nearest_kind(bundle, slot, group, kind);
        // Groups with a dot can be extended by others; a near name still says what was meant.
        if nearest.is_none() && group.contains('.') {
            return None;
        }
        if nearest.is_none() && is_former(group, version) {
            let message = format!(
                "`{api_version}` of {} is not served by Kubernetes {}",
                phrase::shorten(kind),
                slot.version()
            );
            let rule = "schema.removed-api";
            return Some(finding(rule, "/apiVersion", message, None, &api_version));
        }
        let message = format!(
            "Kubernetes {} has no kind `{}` in `{api_version}`",
            slot.version(),
            phrase::shorten(kind)
        );
        let fix = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
        return Some(finding("schema.unknown-kind", "/kind", message, fix, kind));
    }
    // A group that is none of Kubernetes' own, with a kind that is: probably a slip.
    let replacement = replacement?;
    let near = phrase::find_nearest(
        group,
        groups
            .iter()
            .copied()
            .filter(|name| *name == replacement.group),
    )
    .is_some();
    // Custom groups have a dot: a server refuses to define others.
    let impossible = !group.contains('.');
    (near || impossible).then(|| {
        let message = format!(
            "Kubernetes {} has no API group `{}`",
            slot.version(),
            phrase::shorten(group)
        );
        let fix = Some(format!(
            "write `apiVersion: {}`",
            api_version_of(replacement)
        ));
        finding(
            "schema.unknown-kind",
            "/apiVersion",
            message,
            fix,
            &api_version,
        )
    })
}

/// Whether a group and version may have been served once: alpha and beta versions come and go.
fn is_former(group: &str, version: &str) -> bool {
    FORMER_GROUPS.contains(&group) || version.contains("alpha") || version.contains("beta")
}

/// A warning about a kind that the next version no longer serves; `None` when it does.
pub(super) fn warn_deprecated(bundle: &Bundle, slot: Slot, kind: &Kind) -> Option<RawFinding> {
    let next = slot.next()?;
    if kind.is_served(next) {
        return None;
    }
    let message = format!(
        "`{}` of {} is removed in Kubernetes {}",
        api_version_of(kind),
        kind.name,
        next.version()
    );
    let fix = find_replacement(bundle, next, &kind.group, &kind.name)
        .map(|replacement| format!("write `apiVersion: {}`", api_version_of(replacement)));
    let mut finding = finding(
        "schema.deprecated-api",
        "/apiVersion",
        message,
        fix,
        &api_version_of(kind),
    );
    finding.severity = Severity::Warning;
    Some(finding)
}

fn unserved(bundle: &Bundle, slot: Slot, known: &Kind) -> RawFinding {
    let api_version = api_version_of(known);
    let later = Slot::all()
        .filter(|other| *other > slot)
        .find(|other| known.is_served(*other));
    let removed_in = Slot::all()
        .filter(|other| *other <= slot)
        .rfind(|other| known.is_served(*other))
        .and_then(Slot::next);
    let (rule, when) = match (removed_in, later) {
        (Some(version), _) => (
            "schema.removed-api",
            format!("it was removed in {}", version.version()),
        ),
        (None, Some(version)) => (
            "schema.unserved-api",
            format!("it begins with {}", version.version()),
        ),
        (None, None) => ("schema.removed-api", "it was removed".to_owned()),
    };
    let message = format!(
        "`{api_version}` of {} is not served by Kubernetes {}: {when}",
        known.name,
        slot.version()
    );
    let fix = find_replacement(bundle, slot, &known.group, &known.name)
        .map(|replacement| format!("write `apiVersion: {}`", api_version_of(replacement)));
    finding(rule, "/apiVersion", message, fix, &api_version)
}

/// The same kind as this version serves it: in the same group where possible, the most stable
/// version first.
fn find_replacement<'b>(
    bundle: &'b Bundle,
    slot: Slot,
    group: &str,
    kind: &str,
) -> Option<&'b Kind> {
    bundle
        .kinds()
        .iter()
        .filter(|known| known.name == kind && known.is_served(slot))
        .min_by_key(|known| {
            (
                known.group != group,
                stability(&known.version),
                std::cmp::Reverse(&known.version),
            )
        })
}

fn stability(version: &str) -> u8 {
    if version.contains("alpha") {
        2
    } else {
        u8::from(version.contains("beta"))
    }
}

fn find_nearest_kind<'b>(
    bundle: &'b Bundle,
    slot: Slot,
    group: &str,
    kind: &str,
) -> Option<&'b str> {
    let served = |known: &&Kind| known.is_served(slot);
    let same = bundle
        .kinds()
        .iter()
        .filter(served)
        .filter(|known| known.group == group);
    phrase::find_nearest(kind, same.map(|known| known.name.as_str()))
}

fn join(group: &str, version: &str) -> String {
    ObjectRef {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: String::new(),
        namespace: None,
        name: String::new(),
    }
    .api_version()
}

fn api_version_of(kind: &Kind) -> String {
    join(&kind.group, &kind.version)
}

fn finding(
    rule: &'static str,
    pointer: &str,
    message: String,
    fix: Option<String>,
    subject: &str,
) -> RawFinding {
    RawFinding {
        pointer: pointer.to_owned(),
        rule,
        message,
        fix,
        subject: subject.to_owned(),
        severity: Severity::Error,
        at_key: false,
    }
}
