//! Parity with the real tools on real repositories: what Drydock renders is, document for document,
//! what `kustomize build` and `helm template` rendered from the complete repositories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use drydock::config::repo::Engine;
use drydock::ids::{AppId, ClusterName, DeclaredBy, RepoPath, Side};
use drydock::object::{IngestSource, Manifest, Masker, ingest};
use drydock::plan::{AppSide, AppSource, HelmInput, Plan, PlannedApp, RendererInput, Why};
use drydock::render::{self, Outcome, Problem, Settings};
use drydock::tree::{Revision, Tree};
use drydock::yaml::{Budget, Node, NodeKind};
use serde_json::Value;

use crate::figures;
use crate::workbench::settings;

/// One root of one corpus on one side, and what the real tool made of it.
struct Case {
    name: String,
    tool: &'static str,
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
    apps: Vec<PlannedApp>,
    cases: Vec<(usize, Side, Case)>,
    /// Holds copies of charts that need one more values file.
    _folders: Vec<tempfile::TempDir>,
}

fn corpora() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    folder.join("pulls/index.json").is_file().then_some(folder)
}

fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

fn side_of(tree: &Tree, root: &str, renderer: RendererInput) -> AppSide {
    let _ = root;
    AppSide {
        sources: vec![AppSource {
            repository: None,
            path: path(root),
            renderer,
        }],
        cluster: ClusterName::default(),
        namespace: None,
        engine: Engine::Kubectl,
        closure: tree.entries().keys().cloned().collect(),
        refusals: Vec::new(),
    }
}

fn kustomize_side(tree: &Tree, root: &str) -> AppSide {
    side_of(
        tree,
        root,
        RendererInput::Kustomize {
            open_load_restrictor: false,
        },
    )
}

fn helm_side(tree: &Tree, root: &str, values: Vec<RepoPath>) -> AppSide {
    let mut side = side_of(
        tree,
        root,
        RendererInput::Helm(HelmInput {
            release: "demo".to_owned(),
            namespace: "default".to_owned(),
            values: values.clone(),
            major: 4,
            include_crds: false,
            api_versions: Vec::new(),
        }),
    );
    side.closure
        .retain(|file| file.is_within(&path(root)) || values.contains(file));
    side
}

fn app(
    name: &str,
    variant: Option<String>,
    base: Option<AppSide>,
    head: Option<AppSide>,
) -> PlannedApp {
    PlannedApp {
        id: AppId {
            kind: DeclaredBy::Kustomization,
            cluster: ClusterName::default(),
            namespace: String::new(),
            name: name.to_owned(),
            variant,
        },
        base,
        head,
        why: vec![Why::Asked],
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
    let mut corpus = Corpus {
        base: Tree::empty(),
        head: tree,
        apps: Vec::new(),
        cases: Vec::new(),
        _folders: Vec::new(),
    };
    for root in list(&meta, "roots") {
        let name = root["path"].as_str().unwrap();
        let (tool, side) = match root["kind"].as_str().unwrap() {
            "kustomize" => ("kustomize", kustomize_side(&corpus.head, name)),
            "helm" => ("helm", helm_side(&corpus.head, name, Vec::new())),
            other => panic!("unknown kind {other}"),
        };
        let expected = expectation(
            folder,
            root["result"].as_str().unwrap(),
            &root["expected"],
            &root["unstable_lines"],
        );
        let name = format!("{} {name}", folder.file_name().unwrap().to_string_lossy());
        corpus.apps.push(app(&name, None, None, Some(side)));
        corpus.cases.push((
            corpus.apps.len() - 1,
            Side::Head,
            Case {
                name,
                tool,
                expected,
            },
        ));
    }
    corpus
}

/// One pull request, both sides.
fn load_pull(folder: &Path) -> Vec<Corpus> {
    let read = |side: &str| {
        let folder = folder.join(side);
        if folder.is_dir() {
            Tree::read_directory(&folder).unwrap()
        } else {
            Tree::empty()
        }
    };
    let meta = read_json(&folder.join("meta.json"));
    let pull = format!("{}#{}", meta["repo"].as_str().unwrap(), meta["number"]);
    let mut corpus = Corpus {
        base: read("base"),
        head: read("head"),
        apps: Vec::new(),
        cases: Vec::new(),
        _folders: Vec::new(),
    };
    let mut more = Vec::new();
    for root in list(&meta, "roots") {
        let name = root["path"].as_str().unwrap_or_default();
        match root["kind"].as_str().unwrap() {
            "kustomize" => add_sides(
                &mut corpus,
                folder,
                &pull,
                name,
                "kustomize",
                root,
                kustomize_side,
            ),
            "helm" => {
                for variant in list(root, "renders") {
                    add_chart(&mut corpus, &mut more, folder, &pull, name, variant);
                }
            }
            _ => {}
        }
    }
    more.push(corpus);
    more
}

fn add_chart(
    corpus: &mut Corpus,
    more: &mut Vec<Corpus>,
    folder: &Path,
    pull: &str,
    root: &str,
    variant: &Value,
) {
    let mut values: Vec<RepoPath> = variant["values"].as_str().map(path).into_iter().collect();
    let extra = match variant["args"]
        .as_array()
        .unwrap()
        .get(1)
        .map(|text| text.as_str().unwrap())
    {
        None => {
            return add_sides(corpus, folder, pull, root, "helm", variant, |tree, root| {
                helm_side(tree, root, values.clone())
            });
        }
        Some("crds.install=false") => "crds: {install: false}\n",
        Some("installCRDs=false") => "installCRDs: false\n",
        Some(other) => panic!("unknown argument {other}"),
    };
    // `--set` wins over values files, and so does the last one.
    values.push(path("parity-values.yaml"));
    let mut folders = Vec::new();
    let mut copy = |tree: &Tree| {
        let folder = tempfile::tempdir().unwrap();
        let files = tree
            .entries()
            .keys()
            .filter(|file| file.is_within(&path(root)))
            .cloned()
            .collect();
        tree.materialise(&files, folder.path()).unwrap();
        std::fs::write(folder.path().join("parity-values.yaml"), extra).unwrap();
        let tree = Tree::read_directory(folder.path()).unwrap();
        folders.push(folder);
        tree
    };
    let mut own = Corpus {
        base: copy(&corpus.base),
        head: copy(&corpus.head),
        apps: Vec::new(),
        cases: Vec::new(),
        _folders: Vec::new(),
    };
    own._folders = folders;
    add_sides(
        &mut own,
        folder,
        pull,
        root,
        "helm",
        variant,
        |tree, root| helm_side(tree, root, values.clone()),
    );
    more.push(own);
}

fn add_sides(
    corpus: &mut Corpus,
    folder: &Path,
    pull: &str,
    root: &str,
    tool: &'static str,
    results: &Value,
    side_of: impl Fn(&Tree, &str) -> AppSide,
) {
    let index = corpus.apps.len();
    let mut sides = Vec::new();
    for (side, word, tree) in [
        (Side::Base, "base", &corpus.base),
        (Side::Head, "head", &corpus.head),
    ] {
        let result = results[word].as_str().filter(|result| *result != "absent");
        sides.push(result.map(|_| side_of(tree, root)));
        if let Some(result) = result {
            let expected = expectation(
                folder,
                result,
                &results[format!("expected_{word}")],
                &results[format!("unstable_lines_{word}")],
            );
            let values = results["values"].as_str().unwrap_or_default();
            let name = format!("{pull} {word} {root} {values}");
            corpus.cases.push((
                index,
                side,
                Case {
                    name: name.trim_end().to_owned(),
                    tool,
                    expected,
                },
            ));
        }
    }
    let head = sides.pop().unwrap();
    let variant = results["values"].as_str().map(str::to_owned);
    corpus
        .apps
        .push(app(root, variant, sides.pop().unwrap(), head));
}

/// `Ok` when the outcome is what the real tool gave.
fn judge(outcome: &Outcome, expected: &Expected) -> Result<(), String> {
    match (expected, outcome) {
        (Expected::Documents { file, unstable }, Outcome::Rendered(rendering)) => {
            compare(&rendering.manifests, file, unstable)
        }
        (Expected::Documents { .. }, Outcome::Failed(problems)) => {
            Err(format!("failed: {}", tell(problems)))
        }
        (Expected::Error, Outcome::Failed(_)) => Ok(()),
        (Expected::Refusal, Outcome::Failed(problems)) => {
            let named = problems.iter().all(|problem| problem.path.is_some());
            if named {
                Ok(())
            } else {
                Err(format!("refused without a file: {}", tell(problems)))
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
        let mut values = [got.unseal().clone(), want.unseal().clone()];
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
    for corpus in corpora {
        let plan = Plan {
            base: Revision::Empty,
            head: Revision::Worktree,
            apps: corpus.apps,
            untouched: Vec::new(),
            changed: Vec::new(),
        };
        let rendered = render::render(&plan, &corpus.base, &corpus.head, settings);
        for (index, side, case) in &corpus.cases {
            let what = match case.expected {
                Expected::Documents { .. } => "equal",
                Expected::Error => "refused as the tool refuses",
                Expected::Refusal => "refused by name",
            };
            let count = reached.entry(format!("{} {what}", case.tool)).or_default();
            count.1 += 1;
            match judge(rendered[*index].side(*side), &case.expected) {
                Ok(()) => count.0 += 1,
                Err(difference) => println!("{}: {difference}", case.name),
            }
        }
    }
    reached
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

#[test]
fn every_root_of_the_repositories_renders_as_with_the_real_tool() {
    let Some(corpora) = corpora() else {
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
    let Some(corpora) = corpora() else {
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
