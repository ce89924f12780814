//! Functions on slash-separated paths.

use super::super::heap::Value;
use super::{Function, Param, fixed, text};

pub(super) fn find(name: &str) -> Option<Function> {
    const ONE: &[Param] = &[Param::Text];
    Some(match name {
        "base" | "osBase" => fixed(ONE, |heap, args| heap.text(base(text(args, 0)?))),
        "dir" | "osDir" => fixed(ONE, |heap, args| heap.text(dir(text(args, 0)?))),
        "clean" | "osClean" => fixed(ONE, |heap, args| heap.text(clean(text(args, 0)?))),
        "ext" | "osExt" => fixed(ONE, |heap, args| {
            let name = text(args, 0)?;
            let last = name.rsplit('/').next().unwrap_or_default();
            let dot = last.rfind('.').unwrap_or(last.len());
            heap.text(last.get(dot..).unwrap_or_default())
        }),
        "isAbs" | "osIsAbs" => fixed(ONE, |_, args| {
            Ok(Value::Bool(text(args, 0)?.starts_with('/')))
        }),
        _ => return None,
    })
}

/// The last element; `.` of nothing, `/` of slashes.
pub(in crate::plan) fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/";
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

/// All but the last element, cleaned.
pub(in crate::plan) fn dir(path: &str) -> String {
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    clean(path.get(..end).unwrap_or_default())
}

/// The shortest path that means the same.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
