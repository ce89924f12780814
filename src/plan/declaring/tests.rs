//! Which applications are looked at for declarations, by their files alone.

use std::collections::BTreeSet;

use crate::config::repo::RepoConfig;
use crate::plan::{AppSide, Defaults, KustomizeEdits, Planner, RendererInput, Selection};
use crate::tree::Tree;

/// The applications that are rendered for what they may declare, or for these names.
fn looked_at(files: &[(&str, &str)], wanted: &[&str]) -> Vec<String> {
    looked_at_with(files, wanted, |_| {})
}

fn looked_at_with(
    files: &[(&str, &str)],
    wanted: &[&str],
    edit: impl Fn(&mut AppSide),
) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let full = dir.path().join(name);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, content).unwrap();
    }
    let tree = Tree::read_directory(dir.path()).unwrap();
    let (config, defaults) = (RepoConfig::default(), Defaults::default());
    let planner = Planner::new(&config, &defaults);
    let mut found = planner.find(&tree, &Selection::All).apps;
    found.values_mut().for_each(edit);
    let apps: Vec<_> = found.iter().collect();
    let wanted: BTreeSet<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    let ids = planner.find_declaring(&tree, &apps, &wanted);
    ids.iter().map(ToString::to_string).collect()
}

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";

fn of_chart(template: &str, values: &str) -> bool {
    let files = [
        ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("c/values.yaml", values),
        (
            "c/templates/_helpers.tpl",
            "{{- define \"one\" -}}\n{{ .Chart.Name }}\n{{- end }}\n{{- define \"two\" }}\na: b\nc: d\n{{- end }}\n",
        ),
        ("c/templates/NOTES.txt", "{{ .Values.a }}\n"),
        ("c/templates/x.yaml", template),
    ];
    !looked_at(&files, &[]).is_empty()
}

#[test]
fn a_chart_is_looked_at_unless_its_templates_say_what_they_make() {
    let rest = "kind: A\nmetadata:\n  labels:\n    {{- include \"two\" . | nindent 4 }}\n";
    let known = format!(
        "apiVersion: v1\n{rest}  name: {{{{ include \"one\" . }}}}\n  a: {{{{ .Values.a }}}}\n"
    );
    assert!(!of_chart(&known, "a: b\n"));
    assert!(of_chart(
        &format!("apiVersion: {{{{ .Values.a }}}}\n{rest}"),
        "a: b\n"
    ));
    assert!(of_chart("{{ include \"two\" . }}\n", "a: b\n"));
    // Text of several lines that is put out as it stands can be another document.
    assert!(of_chart(&known, "a: |\n  b\n  ---\n"));
    assert!(of_chart(
        &format!("apiVersion: v1\n{rest}  a: {{{{ include \"two\" . }}}}\n"),
        "a: b\n"
    ));
}

fn of_kustomization(text: &str, others: &[(&str, &str)]) -> bool {
    let mut files = vec![("k/kustomization.yaml", text), ("k/x.yaml", OBJECT)];
    files.extend_from_slice(others);
    !looked_at(&files, &[]).is_empty()
}

#[test]
fn a_kustomization_is_looked_at_when_it_may_write_a_group() {
    let patches = "patches: [{path: p.yaml}]\nreplacements:\n- source: {kind: ConfigMap, name: x}\n  targets: [{select: {kind: A}, fieldPaths: [spec.kind, metadata.name]}]\n";
    let plain = format!("resources: [x.yaml]\nnamePrefix: a-\n{patches}");
    let patch = ("k/p.yaml", "- {op: replace, path: /data/a, value: b}\n");
    assert!(!of_kustomization(&plain, &[patch]));
    for (more, others) in [
        (
            "replacements: [{source: {kind: A}, targets: [{select: {kind: A}, fieldPaths: [apiVersion]}]}]\n",
            vec![],
        ),
        (
            "replacements: [{path: r.yaml}]\n",
            vec![("k/r.yaml", "targets:\n- fieldPaths: ['[kind]']\n")],
        ),
        (
            "transformers: [t.yaml]\n",
            vec![(
                "k/t.yaml",
                "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: t}\nprefix: a\n",
            )],
        ),
        (
            "configurations: [t.yaml]\n",
            vec![("k/t.yaml", "namePrefix: [{path: apiVersion}]\n")],
        ),
        (
            "patches: [{path: p.yaml}]\n",
            vec![(
                "k/p.yaml",
                "[{op: replace, path: /apiVersion, value: \"argoproj\\x2eio/v1alpha1\"}]\n",
            )],
        ),
        (
            "patches:\n- patch: |\n    [{op: replace, path: /apiVersion, value: \"argoproj\\x2eio/v1alpha1\"}]\n",
            vec![],
        ),
    ] {
        assert!(
            of_kustomization(&format!("resources: [x.yaml]\n{more}"), &others),
            "{more}"
        );
    }
}

#[test]
fn an_edit_of_the_deployer_counts_as_one_of_the_kustomization() {
    let files = [
        ("k/kustomization.yaml", "resources: [x.yaml]\n"),
        ("k/x.yaml", OBJECT),
    ];
    let patched = |text: &str| {
        looked_at_with(&files, &[], |side| {
            if let Some(RendererInput::Kustomize(input)) =
                side.sources.first_mut().map(|source| &mut source.renderer)
            {
                input.edits = KustomizeEdits {
                    patches: vec![serde_json::json!({"patch": text})],
                    ..KustomizeEdits::default()
                };
            }
        })
    };
    assert_eq!(patched("[{op: add, path: /data/a, value: b}]"), [""; 0]);
    assert_eq!(
        patched("[{op: replace, path: /apiVersion, value: argoproj.io/v1}]"),
        ["kustomization:k"]
    );
}

#[test]
fn plain_files_are_searched_by_their_values_and_not_by_their_bytes() {
    let with = |version: &str| {
        format!("apiVersion: {version}\nkind: Application\nmetadata: {{name: x}}\n")
    };
    let files = |text: String| looked_at(&[("a/x.yaml", &text)], &[]);
    assert_eq!(files(with("apps/v1")), [""; 0]);
    for version in [
        "argoproj.io/v1alpha1",
        "\"argoproj\\x2eio/v1alpha1\"",
        "\"argoproj.io\\/v1alpha1\"",
    ] {
        assert_eq!(files(with(version)), ["directory:a"], "{version}");
    }
}

#[test]
fn values_are_looked_for_wherever_their_name_may_be_made() {
    let chart = [
        ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        (
            "c/templates/x.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}\n",
        ),
    ];
    assert_eq!(looked_at(&chart, &["values"]), ["chart:c"]);
    let of = |kustomization: &str, wanted: &str| {
        let files = [
            ("k/kustomization.yaml", kustomization),
            ("k/x.yaml", OBJECT),
        ];
        looked_at(&files, &[wanted])
    };
    assert_eq!(
        of(
            "resources: [x.yaml]\nnamePrefix: cluster-\n",
            "cluster-vars"
        ),
        ["kustomization:k"]
    );
    assert_eq!(
        of("resources: [x.yaml]\nnamePrefix: other-\n", "cluster-vars"),
        [""; 0]
    );
    assert_eq!(
        of("configMapGenerator: [{name: vars}]\n", "vars-0123456789"),
        ["kustomization:k"]
    );
}
