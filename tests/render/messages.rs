//! What tools say when they fail, as problems: with the place and the error, and without a secret.

use std::time::{SystemTime, UNIX_EPOCH};

use drydock::config::repo::{Engine, RepoConfig};
use drydock::object::Masker;
use drydock::plan::{
    self, AppSide, Defaults, HelmInput, HelmParameter, KustomizeEdits, KustomizeInput,
    RendererInput,
};
use drydock::render::{Outcome, hide_in_refusals};
use serde_json::json;

use crate::workbench::{Repository, chart, helm_input, path, problems, rendering};

/// The value that no message may have, and its base64.
const SECRET: &str = "hunter2";
const ENCODED: &str = "aHVudGVyMg";

/// What went wrong, all problems as one text, after a look for the secret.
fn said(outcome: &Outcome) -> String {
    let all: Vec<String> = problems(outcome)
        .iter()
        .map(|problem| {
            let path = problem.path.as_ref().map(ToString::to_string);
            format!(
                "{}:{}: {}",
                path.unwrap_or_default(),
                problem.line,
                problem.message
            )
        })
        .collect();
    let text = all.join("\n");
    for secret in [SECRET, ENCODED, "hunte", "unter2"] {
        let lower = text.to_lowercase();
        assert!(!lower.contains(&secret.to_lowercase()), "{text}");
    }
    assert!(!text.contains("/tmp"), "{text}");
    text
}

fn kustomize(files: &[(&str, &str)]) -> String {
    let repository = Repository::with(files);
    said(&repository.render(&repository.kustomize("k")))
}

const PLAIN: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";

#[test]
fn a_broken_inline_patch_of_a_secret_is_not_repeated() {
    let strategic = "resources: [s.yaml]
patches:
- patch: |-
    apiVersion: v1
    kind: Secret
    stringData: {password: hunter2}
    bad indentation here: [
";
    let text = kustomize(&[("k/kustomization.yaml", strategic), ("k/s.yaml", PLAIN)]);
    assert!(text.starts_with("k/kustomization.yaml"), "{text}");
    assert!(text.contains("unable to parse SM or JSON patch"), "{text}");

    let json6902 = "resources: [s.yaml]
patchesJson6902:
- target: {kind: Secret, name: s, version: v1}
  patch: |-
    - op: replace
      path: /stringData/password
      value: [hunter2
";
    let text = kustomize(&[("k/kustomization.yaml", json6902), ("k/s.yaml", PLAIN)]);
    assert!(text.contains("did not find expected"), "{text}");

    let as_a_path = "resources: [s.yaml]
patchesStrategicMerge:
- |-
  apiVersion: v1
  kind: Secret
  metadata: {name: [a
  stringData: {password: hunter2}
";
    kustomize(&[("k/kustomization.yaml", as_a_path), ("k/s.yaml", PLAIN)]);

    let of_a_list = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: [hunter2]\n";
    let text = kustomize(&[
        (
            "k/kustomization.yaml",
            "resources: [s.yaml]\npatches: [{path: p.yaml}]\n",
        ),
        (
            "k/s.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: hunter2}\n",
        ),
        ("k/p.yaml", of_a_list),
    ]);
    assert!(text.contains("wrong node kind"), "{text}");
}

#[test]
fn a_patch_of_the_declaration_is_not_repeated() {
    let repository = Repository::with(&[
        ("k/kustomization.yaml", "resources: [s.yaml]\n"),
        ("k/s.yaml", PLAIN),
    ]);
    let input = KustomizeInput {
        edits: KustomizeEdits {
            patches: vec![json!({"patch": "kind: Secret\nstringData: {password: hunter2}\nx: ["})],
            ..KustomizeEdits::default()
        },
        ..KustomizeInput::default()
    };
    let side = AppSide {
        engine: Engine::Flux,
        ..repository.side("k", RendererInput::Kustomize(input))
    };
    said(&repository.render(&side));
}

#[test]
fn literals_and_generators_of_secrets_are_not_repeated() {
    for kustomization in [
        "secretGenerator: [{name: s, literals: [hunter2]}]\n",
        "secretGenerator: [{name: s, literals: ['a]: hunter2', 'x, expected key=value', hunter2]}]\n",
        "secretGenerator:\n- name: s\n  literals:\n  - a=hunter2\n  files: [missing-file]\n",
        "secretGenerator: hunter2\n",
        "generators:\n- |-\n  apiVersion: builtin\n  kind: SecretGenerator\n  metadata: {name: x}\n  literals: [hunter2\n",
        "generators:\n- |-\n  apiVersion: builtin\n  kind: SecretGenerator\n  metadata: {name: x}\n  literals: hunter2\n",
    ] {
        let text = kustomize(&[("k/kustomization.yaml", kustomization)]);
        assert!(text.starts_with("k/kustomization.yaml"), "{text}");
    }
}

#[test]
fn a_line_without_a_name_does_not_become_a_key_that_reports_show() {
    let text = kustomize(&[
        (
            "k/kustomization.yaml",
            "secretGenerator: [{name: s, envs: [e.env]}]\n",
        ),
        ("k/e.env", "# all of it\nUSER=me\nhunter2\n"),
    ]);
    assert!(text.starts_with("k/e.env:3: "), "{text}");
    assert!(text.contains("write `NAME=value`"), "{text}");
}

/// A chart of one template with these values, with both majors of Helm.
fn helm(values: &str, template: &str, more: &[(&str, &str)], input: &HelmInput) -> Vec<String> {
    let repository = chart(&[("a.yaml", template)]);
    repository.write("chart/values.yaml", values);
    for (name, text) in more {
        repository.write(name, text);
    }
    [3, 4]
        .map(|major| {
            let input = HelmInput {
                major,
                ..input.clone()
            };
            said(&repository.render(&repository.side("chart", RendererInput::Helm(input))))
        })
        .to_vec()
}

#[test]
fn a_value_that_a_schema_refuses_is_not_repeated() {
    let schema = "{\"properties\":{\"word\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{20}$\"},\"count\":{\"type\":\"integer\"}}}";
    let more = [("chart/values.schema.json", schema)];
    // No name says that the value is secret.
    for text in helm("word: hunter2\ncount: x\n", "", &more, &helm_input()) {
        assert!(
            text.contains("at '/word': the value does not match pattern '^[A-Z]{20}$'"),
            "{text}"
        );
        assert!(
            text.contains("at '/count': got string, want integer"),
            "{text}"
        );
        assert!(text.starts_with("chart/values.schema.json"), "{text}");
    }
}

#[test]
fn what_a_chart_says_itself_is_kept_without_the_secret() {
    let values = "auth: {password: hunter2}\nbroken: here\n";
    for template in [
        "{{ fail (printf \"bad %s of %s\" .Values.auth.password .Values.broken) }}",
        "{{ fail (printf \"bad %s of here\" (b64enc .Values.auth.password)) }}",
        "{{ fail (printf \"bad %q of here\" (upper .Values.auth.password)) }}",
        "{{ required (printf \"bad %s of here\" .Values.auth.password) .Values.none }}",
    ] {
        for text in helm(values, template, &[], &helm_input()) {
            assert!(text.contains("bad ") && text.contains(" of here"), "{text}");
            assert!(text.contains("[masked]"), "{text}");
            assert!(text.starts_with("chart/templates/a.yaml:1:"), "{text}");
        }
    }
    let of_a_function = "{{ mustToDate \"2006\" .Values.auth.password }}";
    helm(values, of_a_function, &[], &helm_input());
}

#[test]
fn values_of_the_declaration_and_secrets_of_templates_are_hidden_too() {
    let fails = "{{ fail (printf \"bad %s\" (.Values.db.rootPassword | toString)) }}";
    let inline = HelmInput {
        inline: vec![json!({"db": {"rootPassword": "hunter2"}})],
        ..helm_input()
    };
    let parameter = HelmInput {
        parameters: vec![HelmParameter {
            name: "db.rootPassword".to_owned(),
            value: "hunter2".to_owned(),
            force_string: true,
        }],
        ..helm_input()
    };
    let file = HelmInput {
        file_parameters: vec![("db.rootPassword".to_owned(), path("files/x.txt"))],
        ..helm_input()
    };
    let values = HelmInput {
        values: vec![path("files/prod.yaml")],
        ..helm_input()
    };
    let more = [
        ("files/x.txt", "hunter2\n"),
        ("files/prod.yaml", "db: {rootPassword: hunter2}\n"),
    ];
    for input in [inline, parameter, file, values] {
        for text in helm("", fails, &more, &input) {
            assert!(text.contains("bad [masked]"), "{text}");
        }
    }
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\nstringData:\n  a: hunter2\n{{ fail \"bad hunter2\" }}\n";
    for text in helm("", secret, &[], &helm_input()) {
        assert!(text.contains("bad [masked]"), "{text}");
    }
}

#[test]
fn a_failure_of_another_render_tells_no_secret_either() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let later = now.as_secs() + 30 * 86_400;
    let template = format!(
        "{{{{ if gt (now | unixEpoch | int64) (int64 {later}) }}}}{{{{ fail (printf \"bad %s\" .Values.password) }}}}{{{{ end }}}}\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n"
    );
    let repository = chart(&[("a.yaml", &template)]);
    repository.write("chart/values.yaml", "password: hunter2\n");
    let outcome = repository.render(&repository.helm("chart"));
    let failed = rendering(&outcome).fails_elsewhere.clone();
    let text = failed.unwrap_or_default();
    assert!(text.contains("bad [masked]"), "{text}");
}

#[test]
fn an_ordinary_error_keeps_its_words() {
    let text = kustomize(&[
        (
            "k/kustomization.yaml",
            "resources: [d.yaml]\npatches: [{path: p.yaml}]\n",
        ),
        (
            "k/d.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {password: web-secret}\n",
        ),
        (
            "k/p.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: wob}\n",
        ),
    ]);
    assert_eq!(
        text,
        "k/kustomization.yaml:0: no resource matches strategic merge patch \"Deployment.v1.apps/wob.[noNs]\": no matches for Id Deployment.v1.apps/wob.[noNs]; failed to find unique target for patch Deployment.v1.apps/wob.[noNs]"
    );
    let values =
        "tls: {key: tls-key-of-the-demo, secretName: shop}\nreplicas: 1\nexistingSecret: shop\n";
    for text in helm(values, "{{ .Values.replicas.x.y }}", &[], &helm_input()) {
        assert!(text.starts_with("chart/templates/a.yaml:1:"), "{text}");
        assert!(text.contains("shop/templates/a.yaml"), "{text}");
        assert!(!text.contains("[masked]"), "{text}");
    }
}

#[test]
fn what_planning_refuses_tells_no_secret() {
    for kustomization in [
        "helmCharts: [{name: c, releaseName: r, valuesInline: hunter2-password}]\n",
        "patchesStrategicMerge: ['kind: Secret, stringData: {password: hunter2']\n",
    ] {
        let repository = Repository::with(&[("k/kustomization.yaml", kustomization)]);
        let tree = repository.tree();
        let config = RepoConfig::default();
        let declared = plan::declare(&tree, &config, &Defaults::default());
        for side in declared.apps.values() {
            let mut side = side.clone();
            hide_in_refusals(&mut side, &tree, &Masker::new([7; 32]));
            let texts: Vec<&str> = side.refusals.iter().map(|one| one.text.as_str()).collect();
            assert!(!texts.concat().contains(SECRET), "{texts:?}");
        }
    }
}
