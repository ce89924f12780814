//! The charts that a kustomization inflates: what of them is read, and which cannot be.

use super::parse::{Inflated, Parsed, Role, values};
use crate::plan::RefusalKind;
use crate::yaml::Node;

/// Where charts lie when nothing is said.
const HOME: &str = "charts";

/// Reads `helmCharts` and `helmGlobals` of a kustomization.
pub(super) fn read(root: &Node, parsed: &mut Parsed) {
    let globals = |key: &'static str| {
        values(root, "helmGlobals")
            .flat_map(move |globals| values(globals, key))
            .filter(|value| value.as_str().is_some_and(|text| !text.is_empty()))
            .last()
    };
    if let Some(folder) = globals("configHome") {
        // Plugins of Helm would be looked for there.
        let line = folder.span.start.line;
        parsed.refuse(RefusalKind::KustomizeHelm, line, "helmGlobals.configHome");
    }
    let home = globals("chartHome").and_then(Node::as_str).unwrap_or(HOME);
    let entries =
        values(root, "helmCharts").flat_map(|list| list.as_sequence().unwrap_or_default());
    for entry in entries {
        read_entry(entry, home, parsed);
    }
}

fn read_entry(entry: &Node, home: &str, parsed: &mut Parsed) {
    let line = entry.span.start.line;
    let text = |key: &'static str| {
        let found = values(entry, key).last().and_then(Node::as_str);
        found.unwrap_or_default()
    };
    let name = text("name");
    // Without a release name Helm makes one up at each rendering.
    for (is_wrong, what) in [
        (
            name.is_empty() || name.starts_with('-'),
            "helmCharts without a name",
        ),
        (
            text("releaseName").is_empty(),
            "helmCharts without a releaseName",
        ),
        (!text("nameTemplate").is_empty(), "helmCharts.nameTemplate"),
    ] {
        if is_wrong {
            return parsed.refuse(RefusalKind::KustomizeHelm, line, what);
        }
    }
    let (origin, version) = (text("repo"), text("version"));
    let home = if origin.is_empty() || version.is_empty() {
        home.to_owned()
    } else {
        format!("{home}/{name}-{version}")
    };
    parsed.charts.push(Inflated {
        folder: format!("{home}/{name}"),
        has_origin: !origin.is_empty(),
        line,
    });
    for file in values(entry, "valuesFile") {
        parsed.refer_text(file.as_str().unwrap_or_default(), file, Role::File);
    }
    for list in values(entry, "additionalValuesFiles") {
        for file in list.as_sequence().unwrap_or_default() {
            parsed.refer_text(file.as_str().unwrap_or_default(), file, Role::File);
        }
    }
}
