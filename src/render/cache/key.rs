//! The name of an entry: a digest of everything that decides what a renderer gives.

use crate::ids::Digest;
use crate::plan::RendererInput;
use crate::render::all::holds_chart;
use crate::render::{Request, ToolKind};

/// Raised with every change of what an entry holds or how it is written.
const FORMAT: &str = "drydock rendering 2";

/// This very program: what it does with a tool's output may change with any line of it.
const PROGRAM: &str = concat!(env!("CARGO_PKG_VERSION"), " ", env!("DRYDOCK_SOURCES"));

/// The key of a request; `None` for what is not kept: plain files, and anything whose tool cannot
/// be used.
pub(super) fn build(request: &Request<'_>, input: &RendererInput) -> Option<Digest> {
    // Every field is named, so that a new one is thought of here.
    let Request {
        tree,
        closure,
        path,
        version,
        engine,
        settings,
        // Only inside of one rendering.
        is_later: _,
    } = request;
    let tools = describe_tools(request, input)?;
    let masking = settings.masker.identity();
    // An unconfined tool may have seen more than the files.
    let confined = settings.sandbox.is_confined();
    let inputs = format!("{input:?} {version:?} {engine:?} {confined}");
    let head: [&[u8]; 6] = [
        FORMAT.as_bytes(),
        PROGRAM.as_bytes(),
        &masking,
        tools.as_bytes(),
        inputs.as_bytes(),
        path.as_str().as_bytes(),
    ];
    let files: Vec<[String; 2]> = closure
        .iter()
        .map(|path| {
            let kind = tree.entries().get(path).map(|entry| entry.kind);
            let blob = tree.find_blob(path);
            [path.as_str().to_owned(), format!("{kind:?} {blob:?}")]
        })
        .collect();
    let files = files.iter().flatten().map(String::as_bytes);
    Some(Digest::of_parts(head.into_iter().chain(files)))
}

/// Names and versions of the tools that this input may be rendered with; `None` for plain files, and
/// where the first of them cannot be used.
fn describe_tools(request: &Request<'_>, input: &RendererInput) -> Option<String> {
    // Charts in a kustomization are inflated by Helm, and edits after Helm are Kustomize's.
    let kinds: &[ToolKind] = match input {
        RendererInput::Directory { .. } => return None,
        RendererInput::Kustomize(_) if holds_chart(request.closure) => {
            &[ToolKind::Kustomize, ToolKind::Helm4, ToolKind::Helm3]
        }
        RendererInput::Kustomize(_) => &[ToolKind::Kustomize],
        RendererInput::Helm(helm) => match (helm.major, helm.post.is_empty()) {
            (3, true) => &[ToolKind::Helm3],
            (3, false) => &[ToolKind::Helm3, ToolKind::Kustomize],
            (_, true) => &[ToolKind::Helm4],
            (_, false) => &[ToolKind::Helm4, ToolKind::Kustomize],
        },
    };
    let tools = &request.settings.tools;
    tools.find_one(*kinds.first()?).ok()?;
    let describe = |kind: &ToolKind| match tools.find_one(*kind) {
        Ok(tool) => format!("{} {}\n", kind.name(), tool.version),
        Err(_) => format!("no {}\n", kind.name()),
    };
    Some(kinds.iter().map(describe).collect())
}
