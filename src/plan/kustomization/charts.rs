//! The charts that a kustomization inflates: what of them is read, and which cannot be.

use super::entry::InflatedChart;
use super::parse::{Inflated, Parsed, Role, fold, values};
use crate::plan::RefusalKind;
use crate::yaml::Node;

/// Lists of charts, in the order in which Kustomize inflates them.
const LISTS: [&str; 2] = ["helmCharts", "helmChartInflationGenerator"];

/// Reads the charts of a kustomization.
pub(super) fn read(root: &Node, parsed: &mut Parsed) {
    if let Some(folder) = values(root, "helmGlobals")
        .flat_map(|globals| values(globals, "configHome"))
        .find(|folder| folder.as_str().is_some_and(|text| !text.is_empty()))
    {
        // Plugins of Helm would be looked for there.
        let line = folder.span.start.line;
        parsed.refuse(RefusalKind::KustomizeHelm, line, "helmGlobals.configHome");
    }
    let keys = ["helmGlobals", "helmCharts", "helmChartInflationGenerator"];
    if !keys
        .into_iter()
        .any(|key| values(root, key).next().is_some())
    {
        return;
    }
    // What is wrong with a list has no entry to point to.
    let entries = LISTS.into_iter().flat_map(|key| find_items(root, key));
    let entries = entries.chain(std::iter::repeat(root));
    let charts = InflatedChart::of_kustomization(&root.to_json());
    for (chart, entry) in charts.into_iter().zip(entries) {
        take(chart, entry, "helmCharts", parsed);
    }
}

/// Reads a configuration of kind `HelmChartInflationGenerator`.
pub(super) fn read_generator(root: &Node, parsed: &mut Parsed) {
    let chart = InflatedChart::of_generator(&root.to_json());
    take(chart, root, "HelmChartInflationGenerator", parsed);
}

/// The items of the list that counts, where keys differ in case only.
fn find_items<'a>(root: &'a Node, key: &str) -> &'a [Node] {
    let pairs = root.as_mapping().unwrap_or_default().iter();
    let mut named: Vec<_> = pairs
        .filter(|pair| fold(&pair.key.text) == fold(key) && !pair.value.is_null())
        .collect();
    named.sort_by_key(|pair| &*pair.key.text);
    let last = named.pop();
    last.and_then(|pair| pair.value.as_sequence())
        .unwrap_or_default()
}

fn take(chart: Result<InflatedChart, String>, entry: &Node, what: &str, parsed: &mut Parsed) {
    let line = entry.span.start.line;
    let chart = match chart {
        Ok(chart) => chart,
        Err(why) => return parsed.refuse(RefusalKind::Unreadable, line, why),
    };
    // Without a release name Helm makes one up at each rendering.
    for (is_wrong, why) in [
        (
            chart.name.is_empty() || chart.name.starts_with('-'),
            " without a name",
        ),
        (chart.release.is_empty(), " without a releaseName"),
        (!chart.name_template.is_empty(), ".nameTemplate"),
        (
            what != "helmCharts" && !chart.config_home.is_empty(),
            ".configHome",
        ),
    ] {
        if is_wrong {
            return parsed.refuse(RefusalKind::KustomizeHelm, line, format!("{what}{why}"));
        }
    }
    for list in values(entry, "additionalValuesFiles") {
        for file in list.as_sequence().unwrap_or_default() {
            parsed.refer_text(file.as_str().unwrap_or_default(), file, Role::File);
        }
    }
    // The former list calls it `values`.
    let written = ["valuesFile", "values"]
        .into_iter()
        .flat_map(|key| values(entry, key).collect::<Vec<_>>());
    let values_line = written.last().map_or(line, |file| file.span.start.line);
    parsed.charts.push(Inflated {
        chart,
        line,
        values_line,
    });
}
