//! The process that is observed: renders the cases of one group one after the other, as planned and,
//! where planning refused, once more by the tool alone, and says what came of each.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drydock::config::repo::{self, RepoConfig};
use drydock::ids::RepoPath;
use drydock::plan::{AppSide, Defaults, declare_at};
use drydock::render::{Outcome, Settings, render_side};
use drydock::sandbox::Limits;
use drydock::tree::{Entry as TreeEntry, EntryKind, Revision, Tree};
use serde_json::{Value, json};

use super::case::{CHART, Case, Entry, PLAIN};
use super::{Outside, cases_of, processes};
use crate::workbench::{Repository, path, settings};

/// What the observed process is told by its environment: which group, and where to answer.
pub(super) const GROUP: &str = "ABUSE_GROUP";
pub(super) const ANSWERS: &str = "ABUSE_ANSWERS";

/// Which part of a case is being done; it shows in the trace, as a link that is looked for in vain.
pub(super) fn mark(group: &str, case: &str, part: &str) {
    assert!(std::fs::read_link(format!("/abuse/{group}/{case}/{part}")).is_err());
}

/// Does the group, when this process was started for one.
pub(super) fn drive() {
    let Ok(group) = std::env::var(GROUP) else {
        return;
    };
    let outside = Outside::inherited();
    let settings = Settings {
        limits: Limits {
            time: Duration::from_secs(3),
            memory: 3 << 29,
            ..Limits::default()
        },
        ..settings()
    };
    let benign = [benign_kustomization(), benign_chart()];
    for repository in &benign {
        assert!(renders(repository, &settings));
    }
    let mut answers = Vec::new();
    if group == processes::GROUP {
        answers.extend(processes::drive(&outside, &settings));
    }
    for case in cases_of(&group) {
        answers.extend(drive_case(&group, &case, &outside, &settings));
        mark(&group, case.name, "next");
        answers.push(measured(case.name, "next", &outside, || {
            // The same tool; plain files need none.
            let [kustomization, chart] = &benign;
            let is_chart = case.root == "chart";
            let next = renders(if is_chart { chart } else { kustomization }, &settings);
            json!({ "rendered": next })
        }));
    }
    let text: Vec<String> = answers.iter().map(Value::to_string).collect();
    std::fs::write(std::env::var_os(ANSWERS).unwrap(), text.join("\n")).unwrap();
}

fn benign_kustomization() -> Repository {
    Repository::with(&[
        ("kustomization.yaml", "resources: [plain.yaml]\n"),
        ("plain.yaml", PLAIN),
    ])
}

fn benign_chart() -> Repository {
    Repository::with(&[("Chart.yaml", CHART), ("templates/plain.yaml", PLAIN)])
}

fn renders(repository: &Repository, settings: &Settings) -> bool {
    let tree = repository.tree();
    let side = if tree.is_file(&path("Chart.yaml")) {
        repository.helm("")
    } else {
        repository.kustomize("")
    };
    let outcome = render_side(&side, &tree, settings);
    outcome
        .rendering()
        .is_some_and(|rendering| rendering.manifests.len() == 1)
}

fn drive_case(group: &str, case: &Case, outside: &Outside, settings: &Settings) -> Vec<Value> {
    let repository = Repository::with(&[]);
    case.write(repository.folder.path(), |text| outside.fill_in(text));
    let mut answers = Vec::new();
    let mut refused = false;
    let majors: &[u8] = if case.root == "chart" { &[4, 3] } else { &[4] };
    for major in majors {
        let part = format!("planned-{major}");
        mark(group, case.name, &part);
        let answer = measured(case.name, &part, outside, || {
            let (answer, by_plan) = as_planned(case, repository.folder.path(), *major, settings);
            refused = by_plan;
            answer
        });
        answers.push(answer);
    }
    if refused && case.has_tool() {
        mark(group, case.name, "alone");
        answers.push(measured(case.name, "alone", outside, || {
            alone(case, &repository, settings)
        }));
    }
    answers
}

/// What `drydock render --path` does.
fn as_planned(case: &Case, folder: &Path, major: u8, settings: &Settings) -> (Value, bool) {
    let tree = match read_tree(case, folder) {
        Ok(tree) => tree,
        Err(message) => return (refused("", &message), false),
    };
    let config = match read_config(&tree) {
        Ok(config) => config,
        Err(message) => return (refused(".drydock.yaml", &message), true),
    };
    let defaults = Defaults {
        helm_major: major,
        ..Defaults::default()
    };
    let declared = declare_at(&tree, &config, &defaults, &path(case.root));
    let Some(side) = declared.apps.into_values().next() else {
        return (
            refused(case.root, "it holds nothing that can be rendered"),
            false,
        );
    };
    let by_plan = !side.refusals.is_empty();
    (describe(&render_side(&side, &tree, settings)), by_plan)
}

/// The tool on the whole tree, as if planning had refused nothing.
fn alone(case: &Case, repository: &Repository, settings: &Settings) -> Value {
    let tree = match read_tree(case, repository.folder.path()) {
        Ok(tree) => tree,
        Err(message) => return refused("", &message),
    };
    let side = if case.root == "chart" {
        repository.helm("chart")
    } else {
        repository.kustomize(case.root)
    };
    let side = AppSide {
        closure: tree.entries().keys().cloned().collect(),
        ..side
    };
    describe(&render_side(&side, &tree, settings))
}

fn read_tree(case: &Case, folder: &Path) -> Result<Tree, String> {
    let tree = Tree::read_directory(folder).map_err(|error| error.to_string())?;
    let mut entries = tree.entries().clone();
    for (name, entry) in &case.entries {
        if matches!(entry, Entry::Submodule) {
            let entry = TreeEntry {
                kind: EntryKind::Submodule,
                blob: "0".repeat(40),
            };
            entries.insert(path(name), entry);
        }
    }
    let folder = PathBuf::from(folder);
    Ok(Tree::of_directory(Revision::Worktree, entries, folder))
}

fn read_config(tree: &Tree) -> Result<RepoConfig, String> {
    let file: RepoPath = path(".drydock.yaml");
    if !tree.is_file(&file) {
        return Ok(RepoConfig::default());
    }
    let bytes = tree.read(&file).map_err(|error| error.to_string())?;
    repo::parse(&bytes).map_err(|errors| errors[0].to_string())
}

fn describe(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Rendered(rendering) => {
            let manifests: Vec<&Value> = rendering
                .manifests
                .iter()
                .map(drydock::object::Manifest::value)
                .collect();
            json!({ "rendered": true, "text": serde_json::to_string(&manifests).unwrap() })
        }
        Outcome::Failed(problems) => {
            let place = |problem: &drydock::render::Problem| match (&problem.path, problem.line) {
                (Some(path), 0) => path.to_string(),
                (Some(path), line) => format!("{path}:{line}"),
                (None, _) => String::new(),
            };
            let problems = problems
                .iter()
                .map(|problem| json!({ "at": place(problem), "says": problem.message }));
            let is_the_authors = outcome_is_the_authors(outcome);
            json!({
                "rendered": false,
                "problems": problems.collect::<Vec<_>>(),
                "authors": is_the_authors,
            })
        }
        Outcome::Absent | Outcome::NotEvaluable(_) => refused("", "not evaluated"),
    }
}

/// What hostile content causes is its author's move, never the operator's.
fn outcome_is_the_authors(outcome: &Outcome) -> bool {
    let mut problems = outcome.problems().iter();
    problems.all(|problem| problem.blame == drydock::finding::Blame::Author)
}

pub(super) fn refused(place: &str, message: &str) -> Value {
    json!({ "rendered": false, "problems": [{ "at": place, "says": message }], "authors": true })
}

/// Adds to an answer what doing it cost this process, and what leaked.
pub(super) fn measured(
    case: &str,
    part: &str,
    outside: &Outside,
    work: impl FnOnce() -> Value,
) -> Value {
    // Makes the kernel forget the peak so far.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, started) = (memory("VmRSS:"), Instant::now());
    let mut answer = work();
    let grown = memory("VmHWM:").saturating_sub(before);
    let text = answer.to_string();
    answer["leaked"] = json!(outside.secrets().iter().any(|secret| text.contains(secret)));
    answer["marked"] = json!(outside.mark().exists());
    answer["grown"] = json!(grown);
    answer["took"] = json!(started.elapsed().as_millis());
    answer["case"] = json!(case);
    answer["part"] = json!(part);
    if let Some(text) = answer.get_mut("text") {
        let short: String = text.as_str().unwrap().chars().take(4000).collect();
        *text = json!(short);
    }
    answer
}

/// Kibibytes of this process, as the kernel counts them.
fn memory(which: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(which))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
