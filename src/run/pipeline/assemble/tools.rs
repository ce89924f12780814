//! What the judgement was made with: this version, the policies, the renderers.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::Digest;
use crate::plan::{Plan, RendererInput};
use crate::render::ToolKind;
use crate::run::pipeline::gates::Gated;
use crate::run::pipeline::{Means, Rules};

/// Names and versions of what judged.
pub(super) fn judged_with(
    rules: &Rules,
    means: &Means,
    plan: &Plan,
    gated: &Gated,
) -> BTreeMap<String, String> {
    let mut with = BTreeMap::from([("drydock".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    if !gated.rules.is_empty() {
        let parts: Vec<&[u8]> = rules
            .policies
            .iter()
            .flat_map(|input| {
                input
                    .source
                    .files
                    .iter()
                    .flat_map(|file| [file.path.as_bytes(), file.text.as_bytes()])
            })
            .collect();
        with.insert("policies".to_owned(), Digest::of_parts(parts).short());
    }
    for kind in used_tools(plan) {
        if let Ok(tool) = means.render.tools.find_one(kind) {
            with.insert(kind.name().to_owned(), tool.version.to_string());
        }
    }
    with
}

/// The tools that the plan's applications are rendered with.
fn used_tools(plan: &Plan) -> BTreeSet<ToolKind> {
    let sides = plan
        .apps
        .iter()
        .flat_map(|app| [&app.base, &app.head])
        .flatten();
    sides
        .flat_map(|side| &side.sources)
        .filter_map(|source| match &source.renderer {
            RendererInput::Directory { .. } => None,
            RendererInput::Kustomize(_) => Some(ToolKind::Kustomize),
            RendererInput::Helm(helm) if helm.major == 3 => Some(ToolKind::Helm3),
            RendererInput::Helm(_) => Some(ToolKind::Helm4),
        })
        .collect()
}
