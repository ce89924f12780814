mod hidden;
mod refusals;

use super::*;
use crate::config::repo::{Discovery, ListedApp, RepoConfig};
use crate::ids::DeclaredBy;
use crate::tree::Tree;
use proptest::prelude::*;

fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

/// A directory tree with these files; `name -> target` makes a link.
fn tree_of(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let full = dir.path().join(name);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        match content.strip_prefix("-> ") {
            Some(target) => std::os::unix::fs::symlink(target, full).unwrap(),
            None => std::fs::write(full, content).unwrap(),
        }
    }
    let tree = Tree::read_directory(dir.path()).unwrap();
    (dir, tree)
}

fn declared(files: &[(&str, &str)]) -> Declared {
    let (_dir, tree) = tree_of(files);
    declare(&tree, &RepoConfig::default(), &Defaults::default())
}

fn ids(declared: &Declared) -> Vec<String> {
    declared.apps.keys().map(ToString::to_string).collect()
}

fn planned(base: &[(&str, &str)], head: &[(&str, &str)], config: &RepoConfig) -> Plan {
    let ((_one, base), (_two, head)) = (tree_of(base), tree_of(head));
    build(
        &base,
        &head,
        config,
        &Defaults::default(),
        &Selection::Changed,
    )
}

/// `id: reason, reason` of every touched application.
fn touched(plan: &Plan) -> Vec<String> {
    let line = |app: &PlannedApp| {
        let why: Vec<String> = app.why.iter().map(|why| format!("{why:?}")).collect();
        format!("{}: {}", app.id, why.join(", "))
    };
    plan.apps.iter().map(line).collect()
}

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";

#[test]
fn a_circle_without_a_root_is_declared_and_not_overlooked() {
    let declared = declared(&[
        ("a/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ]);
    assert_eq!(ids(&declared), ["kustomization:a"]);
    let side = declared.apps.values().next().unwrap();
    assert_eq!(side.refusals[0].kind, RefusalKind::Cycle);
}

#[test]
fn a_closure_holds_every_file_that_the_build_reads() {
    let declared = declared(&[
        (
            "app/kustomization.yaml",
            "resources: [a.yaml, ../base]\ncomponents: [../comp]\npatches: [{path: p.yaml}, {patch: 'x: 1'}]\npatchesStrategicMerge:\n- s.yaml\n- |-\n  kind: A\n  metadata: {name: b}\nconfigMapGenerator:\n- {name: c, files: [f.txt, 'key=g.txt'], envs: [e.env], literals: [a=b]}\ntransformers: [t.yaml]\nopenapi: {path: schema.json}\n",
        ),
        ("app/a.yaml", OBJECT),
        ("app/p.yaml", ""),
        ("app/s.yaml", ""),
        ("app/f.txt", ""),
        ("app/g.txt", ""),
        ("app/e.env", ""),
        ("app/schema.json", "{}"),
        (
            "app/t.yaml",
            "apiVersion: builtin\nkind: PatchTransformer\npath: from-plugin.yaml\n",
        ),
        ("app/from-plugin.yaml", ""),
        ("app/unused.txt", OBJECT),
        ("base/Kustomization", "resources: [b.yaml]\n"),
        ("base/b.yaml", OBJECT),
        (
            "comp/kustomization.yaml",
            "kind: Component\nresources: [c.yaml]\n",
        ),
        ("comp/c.yaml", OBJECT),
    ]);
    assert_eq!(ids(&declared), ["kustomization:app"]);
    let side = declared.apps.values().next().unwrap();
    assert_eq!(side.refusals, []);
    let closure: Vec<&str> = side.closure.iter().map(RepoPath::as_str).collect();
    assert_eq!(
        closure.join(" "),
        "app/a.yaml app/e.env app/f.txt app/from-plugin.yaml app/g.txt app/kustomization.yaml app/p.yaml app/s.yaml app/schema.json app/t.yaml base/Kustomization base/b.yaml comp/c.yaml comp/kustomization.yaml"
    );
}

#[test]
fn charts_have_variants_and_dependencies_must_be_vendored() {
    let declared = declared(&[
        (
            "c/web/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: db\n  version: 1.x\n- name: cache\n",
        ),
        ("c/web/charts/db/Chart.yaml", "name: db\n"),
        ("c/web/ci/small-values.yaml", "a: 1\n"),
        ("c/web/ci/large-values.yaml", "a: 2\n"),
        ("c/web/templates/x.yaml", "{{ .Values.a }}\n"),
        ("c/lib/Chart.yaml", "name: lib\ntype: library\n"),
    ]);
    assert_eq!(
        ids(&declared),
        ["chart:c/web", "chart:c/web#large", "chart:c/web#small"]
    );
    let small = declared.apps.values().next_back().unwrap();
    let RendererInput::Helm(input) = &small.sources[0].renderer else {
        panic!()
    };
    assert_eq!(
        (input.release.as_str(), input.namespace.as_str()),
        ("web", "default")
    );
    assert_eq!(input.values, [path("c/web/ci/small-values.yaml")]);
    assert!(!small.closure.contains(&path("c/web/ci/large-values.yaml")));
    let refused = &small.refusals[0];
    assert_eq!(
        (refused.kind, refused.line, refused.text.as_str()),
        (RefusalKind::MissingDependency, 7, "cache")
    );
    assert_eq!(declared.left_out[0].reason, UntouchedReason::LibraryChart);
}

#[test]
fn folders_of_manifests_outside_everything_else_are_applications() {
    let declared = declared(&[
        ("plain/a.yaml", OBJECT),
        ("plain/values.yaml", "kind: x\napiVersions: []\n"),
        (
            "plain/deep/b.json",
            r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}"#,
        ),
        (
            "plain/program/policy.json",
            r#"{"apiVersion": "v1", "kind": "Policy", "predicates": []}"#,
        ),
        ("plain/broken/c.yaml", "apiVersion: v1\nkind: [\n"),
        (
            "plain/template/d.yaml",
            "apiVersion: v1\nkind: {{ .Kind }}\n",
        ),
        (".github/x.yaml", OBJECT),
        (
            "unused/kustomization.yaml",
            "kind: Component\nresources: [e.yaml]\n",
        ),
        ("unused/e.yaml", OBJECT),
    ]);
    assert_eq!(
        ids(&declared),
        [
            "directory:plain",
            "directory:plain/broken",
            "directory:plain/deep"
        ]
    );
    let closure = &declared.apps.values().next().unwrap().closure;
    assert_eq!(
        closure.iter().map(RepoPath::as_str).collect::<Vec<_>>(),
        ["plain/a.yaml"]
    );
}

fn listing() -> RepoConfig {
    let app = |name: &str, folder: &str| ListedApp {
        name: name.to_owned(),
        path: path(folder),
        renderer: None,
        release: None,
        namespace: Some("shop".to_owned()),
        values: vec![
            "prod.yaml".to_owned(),
            "https://example.com/v.yaml".to_owned(),
        ],
        helm: None,
        cluster: None,
    };
    RepoConfig {
        apps: vec![app("shop", "chart"), app("nowhere", "gone")],
        discovery: Discovery {
            exclude: vec!["archive/**".to_owned()],
            ..Discovery::default()
        },
        ..RepoConfig::default()
    }
}

#[test]
fn a_listed_application_replaces_what_was_discovered_there() {
    let (_dir, tree) = tree_of(&[
        ("chart/Chart.yaml", "name: chart\n"),
        ("chart/prod.yaml", "a: 1\n"),
        ("archive/a.yaml", OBJECT),
        ("archive/kustomization.yaml", "resources: [a.yaml]\n"),
    ]);
    let declared = declare(&tree, &listing(), &Defaults::default());
    assert_eq!(ids(&declared), ["config:shop"]);
    let side = declared.apps.values().next().unwrap();
    assert_eq!(side.namespace.as_deref(), Some("shop"));
    assert_eq!(side.refusals[0].kind, RefusalKind::RemoteReference);
    let reasons: Vec<_> = declared.left_out.iter().map(|left| left.reason).collect();
    let expected = [UntouchedReason::Excluded, UntouchedReason::FolderMissing];
    assert_eq!(reasons, expected);
}

#[test]
fn every_touched_application_says_why_and_every_other_file_too() {
    let base = [
        (
            "one/kustomization.yaml",
            "resources: [a.yaml, later.yaml]\n",
        ),
        ("one/a.yaml", OBJECT),
        ("two/kustomization.yaml", "resources: [b.yaml]\n"),
        ("two/b.yaml", "apiVersion: v1\nkind: Secret\n"),
        ("three/kustomization.yaml", "resources: []\n"),
        ("archive/old.yaml", OBJECT),
    ];
    let head = [
        (
            "one/kustomization.yaml",
            "resources: [a.yaml, later.yaml]\n",
        ),
        ("one/a.yaml", OBJECT),
        ("one/later.yaml", "apiVersion: v1\nkind: Service\n"),
        ("two/kustomization.yaml", "resources: [c.yaml]\n"),
        ("two/c.yaml", "apiVersion: v1\nkind: Secret\n"),
        ("three/kustomization.yaml", "resources: []\n"),
        ("four/d.yaml", OBJECT),
        (".drydock.yaml", "version: 1\n"),
        ("README.md", "x"),
        ("archive/old.yaml", "changed"),
    ];
    let plan = planned(&base, &head, &listing());
    assert_eq!(
        touched(&plan),
        [
            r#"kustomization:one: File(RepoPath("one/later.yaml"))"#,
            r#"kustomization:two: File(RepoPath("two/b.yaml")), File(RepoPath("two/c.yaml")), File(RepoPath("two/kustomization.yaml"))"#,
            r#"directory:four: File(RepoPath("four/d.yaml")), Introduced"#,
        ]
    );
    let rename = plan
        .changed
        .iter()
        .find(|change| change.status == FileStatus::Renamed)
        .unwrap();
    assert_eq!(
        (
            rename.path.as_str(),
            rename.previous.as_ref().unwrap().as_str()
        ),
        ("two/c.yaml", "two/b.yaml")
    );
    let untouched: Vec<String> = plan
        .untouched
        .iter()
        .map(|item| match &item.what {
            UntouchedItem::App(id) => format!("{id} {:?}", item.reason),
            UntouchedItem::Path(path) => format!("{path} {:?}", item.reason),
        })
        .collect();
    assert_eq!(
        untouched,
        [
            "kustomization:three NothingItReadsChanged",
            "config:nowhere FolderMissing",
            "config:shop FolderMissing",
            ".drydock.yaml Configuration",
            "README.md NoApplicationReadsIt",
            "archive/old.yaml Excluded",
        ]
    );
}

#[test]
fn a_kustomization_that_becomes_a_base_is_not_removed() {
    let base = [
        ("a/kustomization.yaml", "resources: [x.yaml]\n"),
        ("a/x.yaml", OBJECT),
    ];
    let over = [
        ("a/kustomization.yaml", "resources: [x.yaml]\n"),
        ("a/x.yaml", "apiVersion: v1\nkind: Secret\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ];
    for (base, head) in [(base.as_slice(), over.as_slice()), (&over, &base)] {
        let plan = planned(base, head, &RepoConfig::default());
        let app = plan.apps.iter().find(|app| app.id.name == "a").unwrap();
        assert!(app.base.is_some() && app.head.is_some());
        assert_eq!(app.why, [Why::File(path("a/x.yaml"))]);
    }
}

#[test]
fn a_manifest_that_its_folders_kustomization_does_not_name_is_no_application() {
    let declared = declared(&[
        ("a/kustomization.yaml", "resources: [x.yaml]\n"),
        ("a/x.yaml", OBJECT),
        ("a/forgotten.yaml", OBJECT),
    ]);
    assert_eq!(ids(&declared), ["kustomization:a"]);
}

#[test]
fn a_retargeted_link_touches_what_reads_through_it() {
    let common = [
        ("a/kustomization.yaml", "resources: [x.yaml]\n"),
        ("a/one.yaml", OBJECT),
        ("a/two.yaml", "apiVersion: v1\nkind: Secret\n"),
    ];
    let base = [common.as_slice(), &[("a/x.yaml", "-> one.yaml")]].concat();
    let head = [common.as_slice(), &[("a/x.yaml", "-> two.yaml")]].concat();
    let plan = planned(&base, &head, &RepoConfig::default());
    assert!(touched(&plan)[0].starts_with("kustomization:a: File(RepoPath(\"a/x.yaml\"))"));
}

#[test]
fn a_folder_asked_for_by_name_is_planned_even_when_others_refer_to_it() {
    let files = [
        ("app/kustomization.yaml", "resources: [../base]\n"),
        ("base/kustomization.yaml", "resources: [b.yaml]\n"),
        ("base/b.yaml", OBJECT),
    ];
    let (_dir, tree) = tree_of(&files);
    let selection = Selection::Path(path("base"));
    let plan = build(
        &Tree::empty(),
        &tree,
        &RepoConfig::default(),
        &Defaults::default(),
        &selection,
    );
    assert_eq!(plan.apps.len(), 1);
    assert_eq!(plan.apps[0].id.kind, DeclaredBy::Kustomization);
    assert!(plan.apps[0].why.contains(&Why::Asked));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_file_that_no_closure_holds_never_touches_an_application(
        folder in "(one|one/deep|lib|docs|[a-z]{1,6})",
        name in "[a-z]{1,8}\\.(txt|md|values)",
        content in "[ -~\n]{0,60}",
    ) {
        let base = vec![
            ("one/kustomization.yaml", "resources: [a.yaml, ../lib]\n"),
            ("one/a.yaml", OBJECT),
            ("lib/kustomization.yaml", "resources: [b.yaml]\n"),
            ("lib/b.yaml", OBJECT),
            ("plain/c.yaml", OBJECT),
        ];
        let added = format!("{folder}/{name}");
        let mut head = base.clone();
        head.push((&added, &content));
        let plan = planned(&base, &head, &RepoConfig::default());
        prop_assert_eq!(touched(&plan), Vec::<String>::new());
        prop_assert_eq!(plan.changed.len(), 1);
    }
}
