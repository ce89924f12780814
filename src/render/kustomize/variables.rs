//! Files of variables of which Secrets are made. Of a line without `=` Kustomize takes the value from
//! the environment of whoever runs it, and the line as a key, which every report shows: more often
//! than not it is a secret that lacks its name.

use serde_json::Value;

use super::{FILE_NAMES, values};
use crate::ids::RepoPath;
use crate::render::workspace::Workspace;
use crate::render::{Problem, Request};

/// Refuses such lines, by their numbers only.
pub(super) fn check(request: &Request<'_>, workspace: &Workspace) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    let is_kustomization = |path: &&RepoPath| FILE_NAMES.contains(&path.file_name());
    for file in request.closure.iter().filter(is_kustomization) {
        let text = workspace.read(file).unwrap_or_default();
        // Kustomize says itself what is wrong with one that cannot be read.
        let Ok(kustomization) = values::read(&text) else {
            continue;
        };
        for path in find_sources(&kustomization, &file.parent()) {
            let text = workspace.read(&path).unwrap_or_default();
            problems.extend(find_nameless(&text).map(|line| Problem {
                line,
                ..Problem::about(&path, MESSAGE.to_owned())
            }));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

const MESSAGE: &str = "this line of variables for a Secret has no `=`: Kustomize takes it as a name and the value from the environment of the deployer, which is not known here; write `NAME=value`";

fn find_sources(kustomization: &Value, folder: &RepoPath) -> Vec<RepoPath> {
    let entries = kustomization
        .get("secretGenerator")
        .and_then(Value::as_array);
    let mut paths = Vec::new();
    for entry in entries.into_iter().flatten() {
        let listed = entry.get("envs").and_then(Value::as_array);
        let names = listed.into_iter().flatten().chain(entry.get("env"));
        paths.extend(names.filter_map(|name| folder.join(name.as_str()?)));
    }
    paths
}

/// The numbers of lines that are variables and have no value, from 1.
fn find_nameless(text: &str) -> impl Iterator<Item = u32> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    (1..).zip(text.lines()).filter_map(|(number, line)| {
        let line = line.trim_start();
        let is_nameless = !line.is_empty() && !line.starts_with('#') && !line.contains('=');
        is_nameless.then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_without_a_value_are_nameless() {
        let text = "\u{FEFF}# note\nA=1\n\n  b\nC=\nd e\n  # x\n";
        assert_eq!(find_nameless(text).collect::<Vec<_>>(), [4, 6]);
    }
}
