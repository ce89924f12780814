//! What a declaration tells Helm, and what Flux does to its output.

use std::collections::BTreeMap;
use std::process::Command;

use drydock::cluster_facts::KubernetesVersion;
use drydock::object::Role;
use drydock::plan::{
    AppSide, CommonMetadata, HelmInput, HelmParameter, Hooks, KustomizeEdits, RendererInput,
};
use drydock::render::{Outcome, Rendering};
use serde_json::{Value, json};

use crate::workbench::{Repository, chart, helm_input, parts, path, problems, rendering};

const SHOWS_VALUES: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  values: {{ .Values | toJson | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  files: {{ range $path, $_ := .Files.Glob \"**\" }}{{ $path }} {{ end }}
";

fn render(repository: &Repository, input: HelmInput) -> Outcome {
    repository.render(&side(repository, input))
}

fn side(repository: &Repository, input: HelmInput) -> AppSide {
    repository.side("chart", RendererInput::Helm(input))
}

fn shown(rendering: &Rendering) -> Value {
    let data = &rendering.manifests[0].value()["data"];
    serde_json::from_str(data["values"].as_str().unwrap()).unwrap()
}

fn parameter(name: &str, value: &str, force_string: bool) -> HelmParameter {
    HelmParameter {
        name: name.to_owned(),
        value: value.to_owned(),
        force_string,
    }
}

#[test]
fn values_of_the_declaration_win_over_files_and_single_values_over_both() {
    let repository = chart(&[("a.yaml", SHOWS_VALUES)]);
    repository.write(
        "chart/values.yaml",
        "a: chart\nb: chart\nc: chart\nd: chart\n",
    );
    repository.write("values/one, two.yaml", "b: file\nc: file\nd: file\n");
    repository.write("values/content.txt", "text, of a file");
    for major in [3, 4] {
        let input = HelmInput {
            values: vec![path("values/one, two.yaml")],
            inline: vec![
                json!({"c": "inline", "d": "inline", "on": "on", "n": {"m": [1, null]}}),
                json!({"d": "second"}),
            ],
            parameters: vec![
                parameter("d", "single", false),
                parameter("e.f", "a,b", false),
                parameter("list", "{x,y}", false),
                parameter("number", "1", false),
                parameter("text", "1", true),
                parameter("--post-renderer", "x", false),
            ],
            file_parameters: vec![("file".to_owned(), path("values/content.txt"))],
            kubernetes: Some(KubernetesVersion {
                major: 1,
                minor: 27,
            }),
            major,
            ..helm_input()
        };
        let outcome = render(&repository, input);
        let found = rendering(&outcome);
        assert_eq!(
            shown(found),
            json!({
                "a": "chart", "b": "file", "c": "inline", "d": "single", "e": {"f": "a,b"},
                "file": "text, of a file", "list": ["x", "y"], "n": {"m": [1, null]},
                "number": 1, "on": "on", "text": "1", "--post-renderer": "x",
            }),
        );
        let data = &found.manifests[0].value()["data"];
        assert_eq!(data["kube"], "v1.27.0");
        let files = data["files"].as_str().unwrap_or_default();
        assert!(!files.contains("declaration"), "{files}");
    }
}

#[test]
fn single_values_arrive_as_the_real_helm_takes_them_from_argo_cd() {
    let repository = chart(&[("a.yaml", SHOWS_VALUES)]);
    let values = [
        "plain", "a,b", "{a,b}", "{}", "null", "true", "1e3", "a\\,b", "x=y", "a b", "",
    ];
    for major in [3, 4] {
        for force_string in [false, true] {
            for value in values {
                let input = HelmInput {
                    parameters: vec![parameter("a.b[0]", value, force_string)],
                    major,
                    ..helm_input()
                };
                let outcome = render(&repository, input);
                let tool = if major == 3 { "bin/helm3" } else { "bin/helm" };
                let flag = if force_string {
                    "--set-string"
                } else {
                    "--set"
                };
                let escaped = match value {
                    "a,b" => "a\\,b",
                    other => other,
                };
                let output = Command::new(parts().join(tool))
                    .args(["template", "demo", "./chart", flag])
                    .arg(format!("a.b[0]={escaped}"))
                    .current_dir(repository.folder.path())
                    .output()
                    .unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                let line = text.lines().find(|line| line.starts_with("  values: "));
                let quoted = line.unwrap().trim_start_matches("  values: ");
                let json: String = serde_json::from_str(quoted).unwrap();
                let theirs: Value = serde_json::from_str(&json).unwrap();
                assert_eq!(shown(rendering(&outcome)), theirs, "{value} {force_string}");
            }
        }
    }
}

const HOOK: &str = "apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: pre-install}
spec: {template: {spec: {containers: [{name: a, image: 'alpine:1'}], restartPolicy: Never}}}
";
const TEST: &str = "apiVersion: v1
kind: Pod
metadata:
  name: probe
  annotations: {helm.sh/hook: test}
spec: {containers: [{name: a, image: 'alpine:1'}]}
";
const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {team: chart}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'nginx:1'}]}
";
const CRD: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: as.example.com}
spec: {group: example.com, names: {kind: A, plural: as}, scope: Namespaced, versions: []}
";

fn full_chart() -> Repository {
    let repository = chart(&[
        ("job.yaml", HOOK),
        ("test.yaml", TEST),
        ("web.yaml", DEPLOYMENT),
    ]);
    repository.write("chart/crds/a.yaml", CRD);
    repository
}

fn roles(rendering: &Rendering) -> Vec<(Role, String)> {
    let manifests = rendering.manifests.iter();
    let mut roles: Vec<_> = manifests
        .map(|manifest| (manifest.role(), manifest.object().name.clone()))
        .collect();
    roles.sort();
    roles
}

#[test]
fn tests_hooks_and_schemas_are_left_out_where_the_declaration_says_so() {
    let repository = full_chart();
    let all = rendering(&render(&repository, helm_input())).clone();
    assert_eq!(
        roles(&all)
            .iter()
            .map(|(role, _)| *role)
            .collect::<Vec<_>>(),
        [Role::Object, Role::Hook, Role::Crd, Role::Test]
    );
    for (input, missing) in [
        (
            HelmInput {
                skip_tests: true,
                ..helm_input()
            },
            vec!["probe"],
        ),
        (
            HelmInput {
                hooks: Hooks::LeaveOut,
                ..helm_input()
            },
            vec!["migrate", "probe"],
        ),
    ] {
        let outcome = render(&repository, input);
        let left: Vec<String> = roles(rendering(&outcome))
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        for name in missing {
            assert!(!left.iter().any(|found| found == name), "{name}: {left:?}");
        }
    }
    repository.write("chart/values.schema.json", r#"{"required": ["must"]}"#);
    problems(&render(&repository, helm_input()));
    let unchecked = HelmInput {
        skip_schema_validation: true,
        ..helm_input()
    };
    rendering(&render(&repository, unchecked));
}

#[test]
fn post_renderers_change_what_helm_hands_them_and_nothing_else() {
    let repository = full_chart();
    let post = vec![
        KustomizeEdits {
            patches: vec![json!({
                "patch": "- {op: add, path: /metadata/labels/patched, value: 'yes'}",
                "target": {"kind": "Deployment"},
            })],
            ..KustomizeEdits::default()
        },
        KustomizeEdits {
            images: vec![
                json!({"name": "nginx", "newTag": "2"}),
                json!({"name": "alpine", "newTag": "9"}),
            ],
            ..KustomizeEdits::default()
        },
    ];
    for major in [3, 4] {
        let input = HelmInput {
            post: post.clone(),
            common_metadata: CommonMetadata {
                labels: BTreeMap::from([("team".to_owned(), "flux".to_owned())]),
                annotations: BTreeMap::new(),
            },
            major,
            ..helm_input()
        };
        let outcome = render(&repository, input);
        let found = rendering(&outcome);
        let value = |name: &str| {
            let mut manifests = found.manifests.iter();
            let manifest = manifests.find(|manifest| manifest.object().name == name);
            manifest.unwrap().clone()
        };
        let web = value("web");
        assert_eq!(
            web.value()["metadata"]["labels"],
            json!({"team": "flux", "patched": "yes"})
        );
        assert_eq!(
            web.value()
                .pointer("/spec/template/spec/containers/0/image"),
            Some(&json!("nginx:2"))
        );
        assert_eq!(
            web.provenance().path,
            Some(path("chart/templates/web.yaml"))
        );
        assert_eq!(
            web.value().pointer("/spec/template/metadata/labels/team"),
            None
        );
        let hook = value("migrate");
        assert_eq!(hook.role(), Role::Hook);
        let image = hook
            .value()
            .pointer("/spec/template/spec/containers/0/image");
        // Helm 4 hands hooks to post-renderers, Helm 3 does not.
        assert_eq!(
            image,
            Some(&json!(if major == 3 { "alpine:1" } else { "alpine:9" }))
        );
        assert_eq!(
            value("as.example.com").value()["metadata"].get("labels"),
            None
        );
    }
}

#[test]
fn a_post_renderer_that_fails_is_the_authors_problem() {
    let repository = full_chart();
    let input = HelmInput {
        post: vec![KustomizeEdits {
            patches: vec![
                json!({"patch": "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: none}"}),
            ],
            ..KustomizeEdits::default()
        }],
        ..helm_input()
    };
    let outcome = render(&repository, input);
    let message = &problems(&outcome)[0].message;
    assert!(message.contains("no matches for"), "{message}");
}

#[test]
fn what_is_rendered_without_some_values_says_so_object_by_object() {
    let repository = chart(&[("a.yaml", SHOWS_VALUES)]);
    let input = HelmInput {
        unknown: ["Secret apps/db, key values.yaml".to_owned()].into(),
        ..helm_input()
    };
    let outcome = render(&repository, input);
    let rendering = rendering(&outcome);
    assert_eq!(rendering.placeholders.len(), 1);
    let reason = &rendering.placeholders[0].reason;
    assert!(reason.contains("Secret apps/db"), "{reason}");
}

#[test]
fn a_chart_that_demands_values_that_are_not_known_is_not_evaluated() {
    let repository = chart(&[("a.yaml", "{{ required \"a password\" .Values.password }}\n")]);
    let input = HelmInput {
        unknown: ["Secret apps/db, key values.yaml".to_owned()].into(),
        ..helm_input()
    };
    let outcome = render(&repository, input);
    assert!(matches!(outcome, Outcome::NotEvaluable(_)), "{outcome:?}");
    let known = render(&repository, helm_input());
    assert!(matches!(known, Outcome::Failed(_)), "{known:?}");
}
