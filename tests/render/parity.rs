//! Parity with the real tools on real repositories: what Drydock renders is, document for document,
//! what `kustomize build` and `helm template` rendered from the complete repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use drydock::config::repo::{Discovery, ListedApp, RendererKind, RepoConfig};
use drydock::ids::{RepoPath, Side};
use drydock::object::{IngestSource, Manifest, Masker, ingest};
use drydock::plan::{self, Defaults, Plan, Selection};
use drydock::render::{self, Outcome, Problem, Settings};
use drydock::tree::Tree;
use drydock::yaml::{Budget, Node, NodeKind};
use serde_json::Value;

use crate::figures::{self, folders_in};
use crate::workbench::{path, settings};

/// One root of one corpus on one side, and what the real tool made of it.
struct Case {
    name: String,
    tool: String,
    expected: Expected,
}

enum Expected {
    /// The rendering, and the lines that differ between two runs of the tool.
    Documents {
        file: PathBuf,
        unstable: BTreeSet<u32>,
    },
    /// The tool fails.
    Error,
    /// It needs a network, chart dependencies or Helm inside Kustomize.
    Refusal,
}

/// Everything to render of one repository or pull request.
struct Corpus {
    base: Tree,
    head: Tree,
    apps: Vec<ListedApp>,
    /// By the name of their application.
    cases: Vec<(String, Side, Case)>,
    /// Holds copies of charts that need one more values file.
    folders: Vec<tempfile::TempDir>,
}

impl Corpus {
    fn new(base: Tree, head: Tree) -> Self {
        Self {
            base,
            head,
            apps: Vec::new(),
            cases: Vec::new(),
            folders: Vec::new(),
        }
    }

    /// Declares an application as a repository would in `.drydock.yaml`; gives its name.
    fn declare(&mut self, root: &str, renderer: RendererKind, values: Vec<String>) -> String {
        let name = format!("{root} {}", values.join(" "));
        self.apps.push(ListedApp {
            name: name.clone(),
            path: path(root),
            renderer: Some(renderer),
            release: Some("demo".to_owned()),
            namespace: Some("default".to_owned()),
            values,
            helm: None,
            cluster: None,
        });
        name
    }

    /// The plan of these applications and no others.
    fn plan(&mut self) -> Plan {
        let config = RepoConfig {
            apps: std::mem::take(&mut self.apps),
            discovery: Discovery {
                argocd: false,
                flux: false,
                kustomize: false,
                helm: false,
                directories: Some(Vec::new()),
                exclude: Vec::new(),
            },
            ..RepoConfig::default()
        };
        let defaults = Defaults {
            include_crds: false,
            ..Defaults::default()
        };
        plan::build(&self.base, &self.head, &config, &defaults, &Selection::All)
    }
}

fn read_json(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn expectation(folder: &Path, result: &str, file: &Value, unstable: &Value) -> Expected {
    match result {
        "ok" => Expected::Documents {
            file: folder.join(file.as_str().unwrap()),
            unstable: unstable
                .as_array()
                .into_iter()
                .flatten()
                .map(|line| u32::try_from(line.as_u64().unwrap()).unwrap())
                .collect(),
        },
        "error" => Expected::Error,
        needs if needs.starts_with("needs-") => Expected::Refusal,
        other => panic!("unknown result {other}"),
    }
}

/// One repository at one commit: every kustomization, and its charts.
fn load_repository(folder: &Path) -> Corpus {
    let tree = Tree::read_directory(&folder.join("tree")).unwrap();
    let meta = read_json(&folder.join("meta.json"));
    let mut corpus = Corpus::new(Tree::empty(), tree);
    for root in list(&meta, "roots") {
        let name = root["path"].as_str().unwrap();
        let tool = root["kind"].as_str().unwrap();
        let app = corpus.declare(name, RendererKind::find(tool).unwrap(), Vec::new());
        let case = Case {
            name: format!("{} {name}", folder.file_name().unwrap().to_string_lossy()),
            tool: tool.to_owned(),
            expected: expectation(
                folder,
                root["result"].as_str().unwrap(),
                &root["expected"],
                &root["unstable_lines"],
            ),
        };
        corpus.cases.push((app, Side::Head, case));
    }
    corpus
}

/// One pull request, both sides; charts that need another values file stand alone.
fn load_pull(folder: &Path) -> Vec<Corpus> {
    let [base, head] = ["base", "head"].map(|side| {
        let folder = folder.join(side);
        if folder.is_dir() {
            Tree::read_directory(&folder).unwrap()
        } else {
            Tree::empty()
        }
    });
    let meta = read_json(&folder.join("meta.json"));
    let mut corpora = vec![Corpus::new(base, head)];
    for root in list(&meta, "roots") {
        let variants = match root["kind"].as_str().unwrap() {
            "kustomize" => std::slice::from_ref(root),
            "helm" => list(root, "renders"),
            _ => continue,
        };
        let name = root["path"].as_str().unwrap();
        for variant in variants {
            add_variant(
                &mut corpora,
                folder,
                &meta,
                name,
                root["kind"].as_str().unwrap(),
                variant,
            );
        }
    }
    corpora
}

fn add_variant(
    corpora: &mut Vec<Corpus>,
    folder: &Path,
    meta: &Value,
    root: &str,
    tool: &str,
    variant: &Value,
) {
    let prefix = format!("{root}/");
    let mut values: Vec<String> = variant["values"]
        .as_str()
        .iter()
        .map(|file| file.strip_prefix(&prefix).unwrap().to_owned())
        .collect();
    // `--set` wins over values files, and so does the last one.
    let extra = variant["args"]
        .get(1)
        .map(|argument| match argument.as_str().unwrap() {
            "crds.install=false" => "crds: {install: false}\n",
            "installCRDs=false" => "installCRDs: false\n",
            other => panic!("unknown argument {other}"),
        });
    if let Some(extra) = extra {
        values.push("parity-values.yaml".to_owned());
        let own = copy_chart(&corpora[0], root, extra);
        corpora.push(own);
    }
    let at = if extra.is_some() {
        corpora.len() - 1
    } else {
        0
    };
    let corpus = &mut corpora[at];
    let app = corpus.declare(root, RendererKind::find(tool).unwrap(), values);
    for (side, word) in [(Side::Base, "base"), (Side::Head, "head")] {
        let Some(result) = variant[word].as_str().filter(|result| *result != "absent") else {
            continue;
        };
        let case = Case {
            name: format!(
                "{}#{} {word} {app}",
                meta["repo"].as_str().unwrap(),
                meta["number"]
            ),
            tool: tool.to_owned(),
            expected: expectation(
                folder,
                result,
                &variant[format!("expected_{word}")],
                &variant[format!("unstable_lines_{word}")],
            ),
        };
        corpus.cases.push((app.clone(), side, case));
    }
}

fn copy_chart(corpus: &Corpus, root: &str, values: &str) -> Corpus {
    let mut folders = Vec::new();
    let [base, head] = [&corpus.base, &corpus.head].map(|tree| {
        let folder = tempfile::tempdir().unwrap();
        let files: BTreeSet<RepoPath> = tree
            .entries()
            .keys()
            .filter(|file| file.is_within(&path(root)))
            .cloned()
            .collect();
        tree.materialise(&files, folder.path()).unwrap();
        if !files.is_empty() {
            std::fs::write(folder.path().join(root).join("parity-values.yaml"), values).unwrap();
        }
        let tree = Tree::read_directory(folder.path()).unwrap();
        folders.push(folder);
        tree
    });
    let mut copy = Corpus::new(base, head);
    copy.folders = folders;
    copy
}

/// `Ok` when the outcome is what the real tool gave.
fn judge(outcome: &Outcome, expected: &Expected) -> Result<(), String> {
    match (expected, outcome) {
        (Expected::Documents { file, unstable }, Outcome::Rendered(rendering)) => {
            compare(&rendering.manifests, file, unstable)
        }
        (
            Expected::Documents { .. },
            Outcome::Failed(problems) | Outcome::NotEvaluable(problems),
        ) => Err(format!("failed: {}", tell(problems))),
        (Expected::Error, Outcome::Failed(_)) => Ok(()),
        (Expected::Refusal, Outcome::Failed(problems)) => {
            let named = problems
                .iter()
                .all(|problem| problem.path.is_some() && problem.line > 0);
            if named {
                Ok(())
            } else {
                Err(format!("refused without file and line: {}", tell(problems)))
            }
        }
        (Expected::Error | Expected::Refusal, _) => Err("rendered, and must not".to_owned()),
        (_, Outcome::Absent) => Err("absent".to_owned()),
    }
}

fn tell(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("{:?}:{} {}", problem.path, problem.line, problem.message))
        .collect::<Vec<_>>()
        .join(" | ")
}

fn compare(manifests: &[Manifest], file: &Path, unstable: &BTreeSet<u32>) -> Result<(), String> {
    let text = std::fs::read(file).unwrap();
    let source = IngestSource::PlainFile(path("expected.yaml"));
    let wanted = ingest(
        &text,
        &source,
        &Masker::new([7; 32]),
        &Budget::tool_output(),
    );
    assert!(
        wanted.errors.is_empty(),
        "{}: {:?}",
        file.display(),
        wanted.errors
    );
    if manifests.len() != wanted.manifests.len() {
        return Err(format!(
            "{} documents instead of {}",
            manifests.len(),
            wanted.manifests.len()
        ));
    }
    for (got, want) in manifests.iter().zip(&wanted.manifests) {
        let mut values = [got, want].map(|manifest| manifest.unseal().unwrap().clone());
        for pointer in unstable_pointers(want, unstable) {
            for value in &mut values {
                if let Some(place) = value.pointer_mut(&pointer) {
                    *place = Value::Null;
                }
            }
        }
        let [got_value, want_value] = values;
        if got_value != want_value {
            return Err(format!("{} differs from {}", got.object(), want.object()));
        }
    }
    Ok(())
}

/// Pointers of the values that stand on one of these lines.
fn unstable_pointers(manifest: &Manifest, lines: &BTreeSet<u32>) -> Vec<String> {
    fn walk(node: &Node, pointer: &str, lines: &BTreeSet<u32>, found: &mut Vec<String>) {
        match &node.kind {
            NodeKind::Mapping(pairs) => {
                for pair in pairs.iter() {
                    let key = pair.key.text.replace('~', "~0").replace('/', "~1");
                    walk(&pair.value, &format!("{pointer}/{key}"), lines, found);
                }
            }
            NodeKind::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{pointer}/{index}"), lines, found);
                }
            }
            _ => {
                let span = node.span.start.line..=node.span.end.line;
                if lines.range(span).next().is_some() {
                    found.push(pointer.to_owned());
                }
            }
        }
    }
    let mut found = Vec::new();
    if let Some(document) = manifest
        .provenance()
        .document
        .as_ref()
        .filter(|_| !lines.is_empty())
    {
        walk(&document.root, "", lines, &mut found);
    }
    found
}

/// Renders and compares; prints each difference; gives (equal, all) by tool and expectation.
fn measure(corpora: Vec<Corpus>, settings: &Settings) -> BTreeMap<String, (usize, usize)> {
    let mut reached: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for mut corpus in corpora {
        let plan = corpus.plan();
        let rendered = render::render(&plan, &corpus.base, &corpus.head, settings);
        for (app, side, case) in &corpus.cases {
            let outcome = rendered.iter().find(|rendered| rendered.id.name == *app);
            let outcome = outcome.map_or(&Outcome::Absent, |rendered| rendered.side(*side));
            let what = match case.expected {
                Expected::Documents { .. } => "equal",
                Expected::Error => "refused as the tool refuses",
                Expected::Refusal => "refused by name",
            };
            let count = reached.entry(format!("{} {what}", case.tool)).or_default();
            count.1 += 1;
            match judge(outcome, &case.expected) {
                Ok(()) => count.0 += 1,
                Err(difference) => println!("{}: {difference}", case.name),
            }
        }
    }
    reached
}

#[test]
fn every_root_of_the_repositories_renders_as_with_the_real_tool() {
    let Some(corpora) = figures::corpora() else {
        println!("not run: corpora are not here");
        return;
    };
    let repositories = folders_in(&corpora.join("repos"))
        .iter()
        .map(|folder| load_repository(folder))
        .collect();
    figures::check("repositories", &measure(repositories, &settings()));
}

#[test]
fn both_sides_of_the_pull_requests_render_as_with_the_real_tool() {
    let Some(corpora) = figures::corpora() else {
        println!("not run: corpora are not here");
        return;
    };
    let pulls = folders_in(&corpora.join("pulls"))
        .iter()
        .flat_map(|repository| folders_in(repository))
        .flat_map(|pull| load_pull(&pull))
        .collect();
    figures::check("pull requests", &measure(pulls, &settings()));
}
