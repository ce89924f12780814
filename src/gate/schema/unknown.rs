//! Kinds that the destination's version does not serve: removed, not there yet, misspelt, or none of
//! Kubernetes' own.

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
    let asked = Asked {
        group,
        version,
        kind,
    };
    let mut groups = bundle.kinds().iter().map(|kind| kind.group.as_str());
    let own = FORMER_GROUPS.contains(&group) || groups.any(|known| known == group);
    match find_replacement(bundle, slot, group, kind) {
        Some(replacement) if own => Some(elsewhere(slot, &asked, replacement)),
        Some(replacement) => judge_foreign_group(slot, &asked, replacement),
        None if own => judge_missing(bundle, slot, &asked),
        None => None,
    }
}

/// A kind that no embedded version has in this group and version.
struct Asked<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
}

impl Asked<'_> {
    fn api_version(&self) -> String {
        join(self.group, self.version)
    }
}

/// The kind exists, at another `apiVersion`.
fn elsewhere(slot: Slot, asked: &Asked<'_>, replacement: &Kind) -> RawFinding {
    let (api_version, kind) = (asked.api_version(), asked.kind);
    let kubernetes = slot.version();
    let (rule, message) = if is_former(asked.group, asked.version) {
        (
            "schema.removed-api",
            format!(
                "`{api_version}` of {kind} is not served by Kubernetes {kubernetes}: it was removed"
            ),
        )
    } else {
        (
            "schema.unknown-kind",
            format!("Kubernetes {kubernetes} has no {kind} in `{api_version}`"),
        )
    };
    let fix = Some(write_instead(replacement));
    finding(rule, "/apiVersion", message, fix, &api_version)
}

/// One of Kubernetes' own groups has no such kind, and neither has another.
fn judge_missing(bundle: &Bundle, slot: Slot, asked: &Asked<'_>) -> Option<RawFinding> {
    let nearest = find_nearest_kind(bundle, slot, asked.group, asked.kind);
    // Groups with a dot can be extended by others; a near name still says what was meant.
    if nearest.is_none() && asked.group.contains('.') {
        return None;
    }
    let (api_version, kind) = (asked.api_version(), phrase::shorten(asked.kind));
    let kubernetes = slot.version();
    if nearest.is_none() && is_former(asked.group, asked.version) {
        let message = format!("`{api_version}` of {kind} is not served by Kubernetes {kubernetes}");
        let rule = "schema.removed-api";
        return Some(finding(rule, "/apiVersion", message, None, &api_version));
    }
    let message = format!("Kubernetes {kubernetes} has no kind `{kind}` in `{api_version}`");
    let fix = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
    let rule = "schema.unknown-kind";
    Some(finding(rule, "/kind", message, fix, asked.kind))
}

/// A group that is none of Kubernetes' own, with a kind that is: probably a slip.
fn judge_foreign_group(slot: Slot, asked: &Asked<'_>, replacement: &Kind) -> Option<RawFinding> {
    let near = phrase::find_nearest(asked.group, [replacement.group.as_str()]).is_some();
    // Custom groups have a dot: a server refuses to define others.
    let impossible = !asked.group.contains('.');
    (near || impossible).then(|| {
        let message = format!(
            "Kubernetes {} has no API group `{}`",
            slot.version(),
            phrase::shorten(asked.group)
        );
        let fix = Some(write_instead(replacement));
        let rule = "schema.unknown-kind";
        finding(rule, "/apiVersion", message, fix, &asked.api_version())
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
    let fix = find_replacement(bundle, next, &kind.group, &kind.name).map(write_instead);
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
    let fix = find_replacement(bundle, slot, &known.group, &known.name).map(write_instead);
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

fn write_instead(kind: &Kind) -> String {
    format!("write `apiVersion: {}`", api_version_of(kind))
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
