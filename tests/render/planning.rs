//! Which applications the real pull requests touch, and which roots the real repositories have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use drydock::config::repo::RepoConfig;
use drydock::ids::{DeclaredBy, RepoPath, Side};
use drydock::plan::{self, AppSide, Defaults, Plan, RefusalKind, Selection, UntouchedItem};
use drydock::tree::Tree;
use serde_json::Value;

use crate::expected::{compare, corpora};

fn read_json(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(of)
        .unwrap()
        .map(|item| item.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn tree(folder: &Path) -> Tree {
    if folder.is_dir() {
        Tree::read_directory(folder).unwrap()
    } else {
        Tree::empty()
    }
}

fn planned(folder: &Path) -> Plan {
    plan::build(
        &tree(&folder.join("base")),
        &tree(&folder.join("head")),
        &RepoConfig::default(),
        &Defaults::default(),
        &Selection::Changed,
    )
}

/// `kind path` of the Kustomize and chart roots that a plan touches.
fn touched(plan: &Plan) -> BTreeSet<String> {
    plan.apps
        .iter()
        .filter_map(|app| match app.id.kind {
            DeclaredBy::Kustomization => Some(format!("kustomize {}", app.id.name)),
            DeclaredBy::Chart => Some(format!("helm {}", app.id.name)),
            _ => None,
        })
        .collect()
}

fn expected(meta: &Value) -> BTreeSet<String> {
    meta["roots"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|root| root["kind"] != "plain")
        .map(|root| {
            let path = root["path"].as_str().unwrap().trim_start_matches('.');
            format!("{} {path}", root["kind"].as_str().unwrap())
        })
        .collect()
}

/// Every pull request of the corpus: its name, what is known of it, and our plan.
fn pulls(root: &Path) -> impl Iterator<Item = (String, Value, Plan)> {
    folders(root)
        .into_iter()
        .flat_map(|repository| folders(&repository))
        .map(move |folder| {
            let name = folder.strip_prefix(folder.ancestors().nth(2).unwrap());
            let name = name.unwrap().to_string_lossy().into_owned();
            let meta = read_json(&folder.join("meta.json"));
            let plan = planned(&folder);
            (name, meta, plan)
        })
}

#[test]
fn every_real_pull_request_touches_exactly_the_right_roots() {
    let Some(root) = corpora("pulls") else { return };
    let mut exact = 0;
    for (name, meta, plan) in pulls(&root) {
        let (found, wanted) = (touched(&plan), expected(&meta));
        if found == wanted {
            exact += 1;
        } else {
            let missing: Vec<_> = wanted.difference(&found).collect();
            let extra: Vec<_> = found.difference(&wanted).collect();
            println!("{name}: missing {missing:?}, too many {extra:?}");
        }
    }
    let reached = BTreeMap::from([("pulls exact roots".to_owned(), exact)]);
    compare("planning", "pulls exact roots", &reached);
}

#[test]
fn every_changed_manifest_of_a_real_pull_request_is_read_by_an_application_or_has_a_reason() {
    let Some(root) = corpora("pulls") else { return };
    let mut plain = 0;
    for (name, meta, plan) in pulls(&root) {
        let read: BTreeSet<&RepoPath> = plan
            .apps
            .iter()
            .flat_map(|app| [&app.base, &app.head])
            .flatten()
            .flat_map(|side| &side.closure)
            .collect();
        let reasons: BTreeSet<&RepoPath> = plan
            .untouched
            .iter()
            .filter_map(|item| match &item.what {
                UntouchedItem::Path(path) => Some(path),
                UntouchedItem::App(_) => None,
            })
            .collect();
        for change in &plan.changed {
            for path in std::iter::once(&change.path).chain(&change.previous) {
                assert!(
                    read.contains(path) != reasons.contains(path),
                    "{name}: {path} must be read or have a reason, and not both"
                );
            }
        }
        let files = meta["roots"].as_array().unwrap().iter();
        for file in files.filter_map(|root| root["files"].as_array()).flatten() {
            let path: RepoPath = file.as_str().unwrap().parse().unwrap();
            if read.contains(&path) {
                plain += 1;
            } else if is_deployable(&root.join(&name), &path) {
                println!("{name}: {path} is no application's");
            }
        }
    }
    let reached = BTreeMap::from([("pulls plain files".to_owned(), plain)]);
    compare("planning", "pulls plain files", &reached);
}

/// True for a file that reads like a manifest, and stands in a folder without a kustomization.
fn is_deployable(pull: &Path, path: &RepoPath) -> bool {
    ["base", "head"].into_iter().any(|side| {
        let file = pull.join(side).join(path.as_str());
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let begins = |key: &str| text.lines().any(|line| line.starts_with(key));
        begins("apiVersion:")
            && begins("kind:")
            && !file.with_file_name("kustomization.yaml").exists()
    })
}

/// Kustomizations that are referred to only by folders that the corpus leaves out.
const REFERRED_TO_FROM_OUTSIDE: [&str; 2] = [
    "crunchy-postgres-operator/instance/overlays/predefined-user-pass-and-db",
    "crunchy-postgres-operator/operator/overlays/v5",
];

/// What the corpus calls the result of a side that is refused for this.
fn refused_as(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::RemoteReference => "needs-network",
        RefusalKind::KustomizeHelm | RefusalKind::RemoteChart => "needs-helm",
        RefusalKind::MissingDependency => "needs-dependencies",
        _ => "error",
    }
}

/// Every result that this side's refusals could be called; `ok` without any.
fn results(side: Option<&AppSide>) -> BTreeSet<&'static str> {
    match side {
        None => BTreeSet::from(["absent"]),
        Some(side) if side.refusals.is_empty() => BTreeSet::from(["ok"]),
        Some(side) => side
            .refusals
            .iter()
            .map(|refusal| refused_as(refusal.kind))
            .collect(),
    }
}

#[test]
fn exactly_the_sides_that_need_network_helm_or_dependencies_are_refused_before_rendering() {
    let Some(root) = corpora("pulls") else { return };
    let mut right = 0;
    for (name, meta, plan) in pulls(&root) {
        for root in meta["roots"].as_array().unwrap() {
            let Some(path) = root["path"].as_str() else {
                continue;
            };
            let app = plan.apps.iter().find(|app| {
                app.id.name == path.trim_start_matches('.') && app.id.variant.is_none()
            });
            for side in [Side::Base, Side::Head] {
                let wanted = root[side.word()].as_str().unwrap();
                let found = results(app.and_then(|app| app.side(side)));
                // A build that fails for another reason fails in the tool, not before.
                if found.contains(wanted) || wanted == "error" && found.contains("ok") {
                    right += 1;
                } else {
                    println!("{name} {path} {}: {wanted}, found {found:?}", side.word());
                }
            }
        }
    }
    let reached = BTreeMap::from([("pulls refused sides".to_owned(), right)]);
    compare("planning", "pulls refused sides", &reached);
}

#[test]
fn every_root_of_the_real_repositories_is_found() {
    let Some(root) = corpora("repos") else { return };
    let mut right = 0;
    for folder in folders(&root) {
        let tree = tree(&folder.join("tree"));
        let (config, defaults) = (RepoConfig::default(), Defaults::default());
        let declared = plan::declare(&tree, &config, &defaults);
        let meta = read_json(&folder.join("meta.json"));
        let roots = meta["roots"].as_array().unwrap();
        for root in roots {
            let path: RepoPath = root["path"].as_str().unwrap().parse().unwrap();
            let kind = match root["kind"].as_str().unwrap() {
                "helm" => DeclaredBy::Chart,
                _ => DeclaredBy::Kustomization,
            };
            let is_declared = declared
                .apps
                .keys()
                .any(|id| id.kind == kind && id.name == path.as_str());
            let by_name = plan::declare_at(&tree, &config, &defaults, &path);
            let found = results(by_name.apps.values().next());
            let referenced = root["referenced_by_others"] == true;
            let files = root["files"].as_u64();
            let closure = by_name
                .apps
                .values()
                .next()
                .map(|side| side.closure.len() as u64);
            if is_declared != referenced
                && found == BTreeSet::from([root["result"].as_str().unwrap()])
                && (files == closure || files.is_none())
            {
                right += 1;
            } else {
                assert!(
                    REFERRED_TO_FROM_OUTSIDE.contains(&path.as_str()),
                    "{} {path}: {} referenced {referenced}, {files:?} files; found {found:?}, declared {is_declared}, {closure:?} files",
                    folder.display(),
                    root["result"]
                );
            }
        }
    }
    let reached = BTreeMap::from([("repos roots".to_owned(), right)]);
    compare("planning", "repos roots", &reached);
}
