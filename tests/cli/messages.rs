//! No format repeats a Secret value of what a tool says when it fails.

use crate::binary::drydock;
use crate::repo::Repo;

const PLAIN: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
const PATCH: &str = "resources: [s.yaml]
patches:
- patch: |-
    apiVersion: v1
    kind: Secret
    stringData: {password: hunter2}
    bad indentation here: [
";
const AS_A_PATH: &str = "patchesStrategicMerge:
- 'kind: Secret, stringData: {password: hunter2'
";
const SCHEMA: &str =
    "{\"properties\":{\"password\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{20}$\"}}}";
const FAILS: &str =
    "{{ fail (printf \"bad %s and %s\" .Values.password (b64enc .Values.password)) }}";

/// Fails, in every format, and says what, where and no secret.
fn tells_nothing(files: &[(&str, &str)], expected: &str) {
    let repo = Repo::new();
    repo.write("README", "x");
    repo.commit("base");
    for (name, text) in files {
        repo.write(name, text);
    }
    for format in ["text", "json", "markdown", "github"] {
        let ran = drydock(
            repo.path(),
            &["check", "--base", "HEAD", "--no-cache", "--format", format],
        );
        assert_eq!(ran.code, 1, "{ran:?}");
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains(expected), "{format}: {all}");
        silent(&all);
    }
    for arguments in [["apps", "--format", "json"], ["apps", "--format", "text"]] {
        let ran = drydock(repo.path(), &arguments);
        silent(&format!("{}{}", ran.stdout, ran.stderr));
    }
    let app = files.first().and_then(|(name, _)| name.split('/').next());
    let ran = drydock(repo.path(), &["render", "--app", app.unwrap_or_default()]);
    assert_ne!(ran.code, 0, "{ran:?}");
    silent(&format!("{}{}", ran.stdout, ran.stderr));
}

fn silent(text: &str) {
    let lower = text.to_lowercase();
    for secret in ["hunter2", "ahvudgvymg"] {
        assert!(!lower.contains(secret), "{text}");
    }
}

#[test]
fn a_broken_patch_and_a_broken_literal_are_not_repeated_in_any_format() {
    tells_nothing(
        &[("k/kustomization.yaml", PATCH), ("k/s.yaml", PLAIN)],
        "unable to parse SM or JSON patch",
    );
    tells_nothing(
        &[(
            "k/kustomization.yaml",
            "secretGenerator: [{name: s, literals: [\"hunter2\"]}]\n",
        )],
        "invalid literal source",
    );
    tells_nothing(&[("k/kustomization.yaml", AS_A_PATH)], "does not exist");
}

#[test]
fn what_a_chart_and_its_schema_say_is_without_the_value_in_any_format() {
    let chart = "{apiVersion: v2, name: c, version: 1.0.0}";
    let values = "password: hunter2\n";
    tells_nothing(
        &[
            ("c/Chart.yaml", chart),
            ("c/values.yaml", values),
            ("c/values.schema.json", SCHEMA),
        ],
        "does not match pattern",
    );
    tells_nothing(
        &[
            ("c/Chart.yaml", chart),
            ("c/values.yaml", values),
            ("c/templates/a.yaml", FAILS),
        ],
        "bad ",
    );
}
