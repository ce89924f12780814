//! Manifests that their deployer applies, written so that a planner might overlook them.

use super::*;
use crate::yaml::Budget;

const SPEC: &str = "metadata: {name: x}\nspec: {hostNetwork: true}\n";

/// The files that the application `app` reads, when these are added to it.
fn read_of(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![("app/known.yaml", OBJECT)];
    all.extend_from_slice(files);
    let declared = declared(&all);
    let id = declared.apps.keys().find(|id| id.name == "app").unwrap();
    let closure = &declared.apps.get(id).unwrap().closure;
    closure.iter().map(ToString::to_string).collect()
}

fn assert_read(text: &str) {
    let files = read_of(&[("app/new.yaml", text)]);
    assert_eq!(files, ["app/known.yaml", "app/new.yaml"], "{text:.200}");
}

fn assert_not_read(text: &str) {
    let files = read_of(&[("app/new.yaml", text)]);
    assert_eq!(files, ["app/known.yaml"], "{text:.200}");
}

#[test]
fn a_manifest_whose_file_name_begins_with_a_dot_is_read() {
    let files = read_of(&[("app/.new.yaml", OBJECT), ("app/.git-hub/new.yaml", OBJECT)]);
    assert_eq!(files, ["app/.new.yaml", "app/known.yaml"]);
}

#[test]
fn a_manifest_whose_keys_are_written_with_escapes_is_read() {
    assert_read(&format!(
        "\"\\x61piVersion\": v1\n\"k\\u0069nd\": Pod\n{SPEC}"
    ));
    assert_read(
        "{\"\\u0061piVersion\":\"v1\",\"kin\\u0064\":\"Pod\",\"metadata\":{\"name\":\"x\"}}",
    );
    assert_read(&format!(
        "? \"api\\\n  Version\"\n: v1\n? \"ki\\\n  nd\"\n: Pod\n{SPEC}"
    ));
    for tag in ["!!binary", "!<tag:yaml.org,2002:binary>"] {
        assert_read(&format!(
            "{tag} YXBpVmVyc2lvbg==: v1\n{tag} a2luZA==: Pod\n{SPEC}"
        ));
    }
}

#[test]
fn a_manifest_that_only_drydock_refuses_is_read_however_much_it_looks_like_a_template() {
    let start = "# {{ a }}\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\n";
    for rest in [
        "args: [a:]\n",
        "...\nfoo: bar\n",
        "...\n{{ foo }}\n",
        "# \u{2028}\n",
        "a: |\n  {{ \u{2028} }}\n",
        "a: \"b\n{{ c\"\n",
    ] {
        assert_read(&format!("{start}{rest}"));
    }
    let deep = format!("{start}a: {}{}\n", "[".repeat(300), "]".repeat(300));
    assert_read(&deep);
    assert_read(&format!("{start}a: [{}1]\n", "1,".repeat(Budget::NODES)));
    assert_read(&format!(
        "{start}{}",
        "# comment\n".repeat(Budget::FILE_BYTES / 10)
    ));
}

#[test]
fn a_manifest_in_utf_16_is_read() {
    let text = format!("\u{feff}apiVersion: v1\nkind: Pod\n{SPEC}");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("app")).unwrap();
    std::fs::write(dir.path().join("app/new.yaml"), wide).unwrap();
    let tree = Tree::read_directory(dir.path()).unwrap();
    let declared = declare(&tree, &RepoConfig::default(), &Defaults::default());
    assert_eq!(ids(&declared), ["directory:app"]);
}

#[test]
fn a_manifest_that_git_keeps_elsewhere_is_read() {
    assert_read("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
}

#[test]
fn templates_are_no_manifests() {
    let start = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n";
    for rest in [
        "spec: {{ .Values.spec }}\n",
        "spec: {{ .Values.spec | quote }}\n",
        "spec: {{ \"a\" | quote }}\n",
        "spec:\n  - {{ x }}\n",
        "spec:\n  - name: {{ x }}-{{ y }}\n",
        "spec:\n  {{- toYaml .x | nindent 2 }}\n",
        "{{- if .x }}\nspec: 1\n{{- end }}\n",
        "{{- /* comment */ -}}\nspec: 1\n",
        "{% if x %}\nspec: 1\n{% endif %}\n",
        "spec:\n{{- range $a := .x }}\n  - {{ $a }}\n{{- end }}\n",
    ] {
        assert_not_read(&format!("{start}{rest}"));
    }
    assert_not_read("{{- if .x }}\napiVersion: v1\nkind: Pod\nmetadata: {}\n{{- end }}\n");
}

#[test]
fn a_link_to_a_manifest_is_a_manifest_and_changes_with_its_target() {
    let before = [
        ("app/new.yaml", "-> ../docs/text.txt"),
        ("docs/text.txt", OBJECT),
    ];
    assert_eq!(read_of(&before), ["app/known.yaml", "app/new.yaml"]);
    let changed = format!("{OBJECT}data: {{a: b}}\n");
    let after = [before[0], ("docs/text.txt", changed.as_str())];
    let plan = planned(&before, &after, &RepoConfig::default());
    assert_eq!(
        touched(&plan),
        [format!(
            "directory:app: {:?}",
            Why::File(path("app/new.yaml"))
        )]
    );
    let outside = read_of(&[
        ("app/new.yaml", "-> /etc/passwd"),
        ("app/sub.yaml", "-> ../app"),
    ]);
    assert_eq!(outside, ["app/known.yaml", "app/new.yaml"]);
}

#[test]
fn what_only_an_unused_component_or_an_excluded_folder_refers_to_stays_an_application() {
    let app = ("app/kustomization.yaml", "resources: [known.yaml]\n");
    let known = ("app/known.yaml", OBJECT);
    let refers = "resources: [../app]\n";
    let component = format!("kind: Component\n{refers}");
    let found = declared(&[app, known, ("part/kustomization.yaml", &component)]);
    assert_eq!(ids(&found), ["kustomization:app"]);

    let files = [app, known, ("old/kustomization.yaml", refers)];
    let (_dir, tree) = tree_of(&files);
    let mut config = RepoConfig::default();
    config.discovery.exclude = vec!["old".to_owned()];
    let found = declare(&tree, &config, &Defaults::default());
    assert_eq!(ids(&found), ["kustomization:app"]);

    let user = ("top/kustomization.yaml", "components: [../part]\n");
    let found = declared(&[app, known, ("part/kustomization.yaml", &component), user]);
    assert_eq!(ids(&found), ["kustomization:top"]);
}

/// The refusals of the head of `app`, after a change from `base` to `head`.
fn refused(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<String> {
    let plan = planned(base, head, &RepoConfig::default());
    let heads = plan.apps.iter().filter_map(|app| app.head.as_ref());
    heads
        .flat_map(|side| &side.refusals)
        .map(|refusal| format!("{:?} {}", refusal.kind, refusal.path))
        .collect()
}

#[test]
fn a_change_that_keeps_manifests_and_hides_their_application_is_refused() {
    let known = ("app/known.yaml", OBJECT);
    let orphaned = ["Orphaned app/known.yaml"];
    for (file, text) in [
        ("app/kustomization.yaml", "kind: Component\n"),
        ("app/kustomization.yaml", "resources: []\n"),
    ] {
        assert_eq!(
            refused(&[known], &[known, (file, text)]),
            orphaned,
            "{file} {text}"
        );
    }
    let takes_over = ("app/kustomization.yaml", "resources: [known.yaml]\n");
    let none: [&str; 0] = [];
    assert_eq!(refused(&[known], &[known, takes_over]), none);
    assert_eq!(
        refused(&[known], &[("app/known.yaml", "# nothing\n")]),
        none
    );
    assert_eq!(refused(&[known], &[("docs/text.txt", "x")]), none);
}

#[test]
fn a_kustomization_that_becomes_a_component_that_nobody_uses_is_refused() {
    let known = ("app/known.yaml", OBJECT);
    let app = ("app/kustomization.yaml", "resources: [known.yaml]\n");
    let part = (
        "app/kustomization.yaml",
        "kind: Component\nresources: [known.yaml]\n",
    );
    let orphaned = ["Orphaned app/kustomization.yaml"];
    assert_eq!(refused(&[known, app], &[known, part]), orphaned);
    let user = ("top/kustomization.yaml", "components: [../app]\n");
    let none: [&str; 0] = [];
    assert_eq!(refused(&[known, app], &[known, part, user]), none);
    assert_eq!(refused(&[known, app], &[known]), none);
}

#[test]
fn a_folder_that_becomes_a_link_is_no_removed_application() {
    let before = [("app/known.yaml", OBJECT), (".other/new.yaml", OBJECT)];
    let after = [("app", "-> .other"), (".other/new.yaml", OBJECT)];
    assert_eq!(refused(&before, &after), ["Orphaned app"]);
    let outside = [("app", "-> /etc"), (".other/new.yaml", OBJECT)];
    assert_eq!(refused(&before, &outside), ["Orphaned app"]);
    let listed = RepoConfig {
        apps: vec![ListedApp {
            name: "shop".to_owned(),
            path: path("app"),
            renderer: None,
            release: None,
            namespace: None,
            values: Vec::new(),
            helm: None,
            cluster: None,
        }],
        ..RepoConfig::default()
    };
    let plan = planned(&before, &outside, &listed);
    let head = plan.apps.iter().find_map(|app| app.head.as_ref()).unwrap();
    assert!(!head.refusals.is_empty());
}
