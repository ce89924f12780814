//! The built-in policies, compiled into the program.

use super::metadata::{self, Kind};
use super::source::{Dialect, PolicyFile, PolicySource, RegoVersion};
use crate::config::repo::Mode;

/// The name of the built-in source in reports.
pub const BUILT_IN: &str = "built-in";

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../", $path)))),+]
    };
}

/// Every file below `policies/` that is not a test.
const FILES: &[(&str, &str)] = files![
    "policies/gitops/delete-stateful/rule.rego",
    "policies/lib/kubernetes.rego",
    "policies/supply-chain/image-tag/rule.rego",
    "policies/transition/replica-drop/rule.rego",
    "policies/transition/selector-change/rule.rego",
    "policies/workload/privileged/rule.rego",
    "policies/workload/run-as-non-root/rule.rego",
];

/// The paths of the built-in files, in order.
pub fn built_in_paths() -> Vec<&'static str> {
    FILES.iter().map(|(path, _)| *path).collect()
}

/// The built-in policies that judge without configuration: danger and transition always, style only
/// where the repository has no policies of its own.
pub fn embedded(with_style: bool) -> PolicySource {
    if with_style {
        built_in(&[Kind::Danger, Kind::Style, Kind::Transition])
    } else {
        built_in(&[Kind::Danger, Kind::Transition])
    }
}

/// The built-in policies of these kinds, with their libraries.
pub fn built_in(kinds: &[Kind]) -> PolicySource {
    let mut source = PolicySource::new(BUILT_IN, Dialect::Drydock);
    source.files = FILES
        .iter()
        .filter(|(path, text)| {
            path.starts_with("policies/lib/")
                || metadata::read(path, text)
                    .is_ok_and(|blocks| kinds.contains(&blocks.package.kind.unwrap_or_default()))
        })
        .map(|(path, text)| PolicyFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
            rego: RegoVersion::V1,
        })
        .collect();
    source
}

/// What the built-in policies do where nothing is configured: they warn. Danger and transition speak
/// about what was meant, and style is a taste that a repository has not chosen.
pub const DEFAULT_MODE: Mode = Mode::Warn;
