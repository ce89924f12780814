use serde_json::json;

use super::*;
use crate::yaml::Budget;

const CANARY: &str = "c4n4ry-v4lu3";

fn masker() -> Masker {
    Masker::new([7; 32])
}

fn ingest_file(text: &str) -> Ingested {
    let source = IngestSource::PlainFile("a/b.yaml".parse().unwrap());
    ingest(text.as_bytes(), &source, &masker(), &Budget::file())
}

fn one(text: &str) -> Manifest {
    let mut ingested = ingest_file(text);
    assert_eq!(ingested.errors, []);
    assert_eq!(ingested.manifests.len(), 1, "{text}");
    ingested.manifests.remove(0)
}

#[test]
fn an_object_knows_its_group_version_kind_namespace_and_name() {
    let manifest =
        one("# head\n\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\n");
    let object = manifest.object();
    assert_eq!(object.group, "apps");
    assert_eq!(object.version, "v1");
    assert_eq!(object.to_string(), "Deployment b/a");
    assert_eq!(manifest.provenance().line, 3);
    assert!(!manifest.is_masked());
    let generated = one("{apiVersion: v1, kind: Pod, metadata: {generateName: a-}}");
    assert_eq!(generated.object().name, "a-*");
}

#[test]
fn lists_are_unpacked_with_the_place_of_each_item() {
    let ingested = ingest_file(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n\
         - apiVersion: v1\n  kind: SecretList\n  items:\n  - metadata: {name: s}\n    data: {k: eA==}\n",
    );
    assert_eq!(ingested.errors, []);
    let [map, secret] = ingested.manifests.as_slice() else {
        panic!("{ingested:?}");
    };
    assert_eq!(map.provenance().prefix, "/items/0");
    assert_eq!(map.provenance().line, 4);
    assert_eq!(secret.provenance().prefix, "/items/1/items/0");
    assert_eq!(secret.object().to_string(), "Secret s");
    assert_eq!(secret.unseal().unwrap()["data"]["k"], "eA==");
    assert!(is_tag(secret.value()["data"]["k"].as_str().unwrap()));
}

#[test]
fn what_is_missing_is_named_with_file_line_and_column() {
    let ingested = ingest_file(
        "kind: A\nmetadata: {name: a}\n---\napiVersion: v1\nmetadata: {name: a}\n---\n\
         apiVersion: v1\nkind: B\nmetadata:\n  labels: {}\n---\n- 1\n---\n{{ x }}\n---\n\
         apiVersion: v1\nkind: C\nmetadata:\n  name: 1\n",
    );
    let errors: Vec<_> = ingested.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "a/b.yaml:1:1: the object has no `apiVersion`",
            "a/b.yaml:4:1: the object has no `kind`",
            "a/b.yaml:9:1: the B has no `metadata.name`",
            "a/b.yaml:12:1: a Kubernetes object is a map, and this is a list",
            "a/b.yaml:14:2: a list or map cannot be a key",
            "a/b.yaml:19:3: `metadata.name` is a number; put it in quotes",
        ]
    );
    assert!(ingested.manifests.is_empty());
}

#[test]
fn hooks_tests_and_crds_have_their_roles() {
    let role = |annotations: &str| {
        one(&format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: a, annotations: {{{annotations}}}}}}}"
        ))
        .role()
    };
    assert_eq!(role("helm.sh/hook: test"), Role::Test);
    assert_eq!(role("helm.sh/hook: 'test-success, test'"), Role::Test);
    assert_eq!(role("helm.sh/hook: 'test,post-install'"), Role::Hook);
    assert_eq!(role("argocd.argoproj.io/hook: PreSync"), Role::Hook);
    assert_eq!(role("other: x"), Role::Object);
    let crd = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}}";
    assert_eq!(one(crd).role(), Role::Crd);
}

/// Every form in which a Secret's value was smuggled past some tool, and some more.
fn spoofed_forms() -> Vec<String> {
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(CANARY)
    };
    let head = "metadata: {name: s}";
    let body = format!("data: {{k: {encoded}}}, stringData: {{k: {CANARY}}}");
    vec![
        format!("{{apiVersion: v1, kind: Secret, {head}, {body}}}"),
        format!(
            "{{apiVersion: v1, kind: List, items: [{{apiVersion: v1, kind: Secret, {head}, {body}}}]}}"
        ),
        format!("{{apiVersion: v1, kind: SecretList, items: [{{{head}, {body}}}]}}"),
        format!("{{apiVersion: v1, kind: SecretList, items: [{{kind: Secret, {head}, {body}}}]}}"),
        format!(
            "{{apiVersion: v1, kind: ConfigMap, items: [{{apiVersion: v1, kind: Secret, {head}, {body}}}]}}"
        ),
        format!("{{apiVersion: v1, kind: secret, {head}, {body}}}"),
        format!("{{apiVersion: v1, kind: 'Secret ', {head}, {body}}}"),
        format!("{{kind: Secret, {head}, {body}}}"),
        format!("{{apiVersion: v1, kind: Secret, {body}}}"),
        format!("{{apiVersion: example.com/v1, kind: Secret, {head}, {body}}}"),
        format!("{{apiVersion: v1, kind: Secret, {head}, data: {{k: '{CANARY}!!'}}}}"),
        format!("{{apiVersion: v1, kind: Secret, {head}, data: {CANARY}}}"),
        format!("{{apiVersion: v1, kind: Secret, {head}, data: [{CANARY}]}}"),
        format!("{{apiVersion: v1, kind: Secret, {head}, stringdata: {{k: {CANARY}}}}}"),
        format!("{{apiVersion: v1, kind: Secret, {head}, password: {CANARY}}}"),
        format!("{{apiVersion: v1, kind: Secret, {head}, stringData: {{a: {{b: [{CANARY}]}}}}}}"),
        format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: s, stringData: {{k: {CANARY}}}}}}}"
        ),
        format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: s, annotations: {{k: {CANARY}}}}}}}"
        ),
        format!("{{apiVersion: v1, kind: Secret, metadata: {CANARY}}}"),
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: s, annotations: {{{LAST_APPLIED}: '{{\"stringData\":\"{CANARY}\"}}'}}}}}}"
        ),
        format!(
            "{{apiVersion: x.io/v1, kind: Wrapper, {head}, spec: {{manifest: {{apiVersion: v1, kind: Secret, {body}}}}}}}"
        ),
        format!(
            "# {CANARY}\napiVersion: v1\nkind: Secret\n{head}\nstringData:\n  k: {CANARY} # {CANARY}\n"
        ),
        format!("x: &x {CANARY}\napiVersion: v1\nkind: Secret\n{head}\nstringData:\n  k: *x\n"),
        format!(
            "apiVersion: v1\nkind: Secret\n{head}\nstringData:\n  k: {CANARY}\n  k: {CANARY}2\n"
        ),
        format!("apiVersion: v1\nkind: Secret\n{head}\nstringData: {{k: !!int {CANARY}}}\n"),
        format!("apiVersion: v1\nkind: Secret\n{head}\nstringData: {{k: *{CANARY}}}\n"),
        format!("apiVersion: v1\nkind: Secret\n{head}\nstringData: {{k: \"{CANARY}\n"),
        format!("--- {{apiVersion: v1, kind: Secret, {head}, {body}}}"),
    ]
}

#[test]
fn no_form_of_a_secret_shows_its_value_anywhere() {
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(CANARY)
    };
    for text in spoofed_forms() {
        let ingested = ingest_file(&text);
        assert!(
            !ingested.manifests.is_empty() || !ingested.errors.is_empty(),
            "{text}"
        );
        let mut shown = format!("{ingested:?} {ingested:#?}");
        for manifest in &ingested.manifests {
            shown += &manifest.value().to_string();
            let mut input = Vec::new();
            canonical::write(manifest.value(), &mut input);
            shown += &String::from_utf8(input).unwrap();
            shown += &format!("{:?}", manifest.with_namespace("n"));
        }
        for error in &ingested.errors {
            shown += &error.to_string();
        }
        assert!(!shown.contains(CANARY), "{text}\n{shown}");
        assert!(!shown.contains(&encoded), "{text}\n{shown}");
    }
}

#[test]
fn numbers_and_booleans_of_a_secret_stay_wrong_and_hidden() {
    let manifest = one(
        "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {num: 8315297, b: no, o: 0777, z: }}",
    );
    let data = &manifest.value()["stringData"];
    assert!(data["num"].is_u64() && data["num"] != 8_315_297);
    assert_eq!(data["b"], true);
    assert_eq!(data["z"], json!(null));
    assert!(!format!("{manifest:?}").contains("8315297"));
    let ingested =
        ingest_file("{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {o: 0777}}");
    assert_eq!(ingested.oddities.len(), 1);
    assert!(!format!("{ingested:?}").contains("777"));
}

#[test]
fn equal_values_have_equal_tags_wherever_they_stand() {
    let text = "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: aGVsbG8=, l: bm8=}, \
                stringData: {m: hello}}";
    let value = one(text).shared_value();
    assert_eq!(value["data"]["k"], value["stringData"]["m"]);
    assert_ne!(value["data"]["k"], value["data"]["l"]);
    let other = ingest(
        text.as_bytes(),
        &IngestSource::ToolOutput,
        &Masker::random(),
        &Budget::tool_output(),
    );
    let other = other.manifests.first().unwrap();
    assert_ne!(other.value()["data"], value["data"]);
}

#[test]
fn tags_in_data_are_base64_unless_the_value_was_not() {
    use base64::Engine as _;
    let decode =
        |tag: &Value| base64::engine::general_purpose::STANDARD.decode(tag.as_str().unwrap());
    let manifest =
        one("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: aGVsbG8=, l: 'no!'}}");
    assert!(decode(&manifest.value()["data"]["k"]).is_ok());
    assert!(decode(&manifest.value()["data"]["l"]).is_err());
    assert!(is_tag(manifest.value()["data"]["l"].as_str().unwrap()));
}

#[test]
fn last_applied_and_managed_fields_are_left_out() {
    let value = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
        "metadata": {"name": "a", "managedFields": [{"manager": "x"}], "annotations": {LAST_APPLIED: "{}"}},
    });
    let manifest = Manifest::from_api(value, &masker()).unwrap();
    let plain = one("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}}");
    assert_eq!(manifest.value(), plain.value());
    assert_eq!(manifest.digest(), plain.digest());
    assert!(!manifest.is_masked());
}

#[test]
fn a_digest_ignores_key_order_and_notices_secret_values() {
    let secret = |data: &str| {
        one(&format!(
            "{{kind: Secret, apiVersion: v1, metadata: {{name: a}}, data: {{{data}}}}}"
        ))
        .digest()
    };
    assert_eq!(secret("k: eA==, l: eQ=="), secret("l: eQ==, k: eA=="));
    assert_ne!(secret("k: eA=="), secret("k: eQ=="));
}

#[test]
fn another_namespace_changes_object_value_original_and_digest() {
    let manifest = one("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: eA==}}");
    let moved = manifest.with_namespace("n");
    assert_eq!(moved.object().to_string(), "Secret n/a");
    assert_eq!(moved.value()["metadata"]["namespace"], "n");
    assert_eq!(moved.unseal().unwrap()["metadata"]["namespace"], "n");
    assert_eq!(moved.unseal().unwrap()["data"]["k"], "eA==");
    assert_ne!(moved.digest(), manifest.digest());
}

#[test]
fn an_object_nested_too_deep_for_the_worker_is_refused() {
    let text = format!(
        "{{apiVersion: v1, kind: A, metadata: {{name: a}}, x: {}{}}}",
        "[".repeat(150),
        "]".repeat(150)
    );
    let ingested = ingest_file(&text);
    assert_eq!(ingested.manifests.len(), 0);
    assert!(ingested.errors[0].message.contains("nested more than"));
}

#[test]
fn a_reference_to_a_secret_is_no_secret() {
    let manifest = one(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec:\n  valuesFrom:\n  - {kind: Secret, name: db, valuesKey: pin, targetPath: a.b, optional: true}\n",
    );
    assert!(!manifest.is_masked());
    assert_eq!(
        manifest.value()["spec"]["valuesFrom"][0],
        json!({"kind": "Secret", "name": "db", "valuesKey": "pin", "targetPath": "a.b", "optional": true})
    );
}

#[test]
fn what_else_stands_in_a_reference_to_a_secret_is_masked() {
    let manifest = one(
        "apiVersion: a/v1\nkind: A\nmetadata: {name: a}\nspec:\n  ref: {kind: Secret, name: db, password: hunter2, key: [hunter2]}\n  held: {kind: Secret, name: hunter2, stringData: {a: hunter2}}\n",
    );
    assert!(manifest.is_masked());
    assert_eq!(manifest.value()["spec"]["ref"]["name"], "db");
    assert!(!manifest.value().to_string().contains("hunter2"));
}

#[test]
fn what_was_read_masked_stays_masked_and_cannot_be_unsealed() {
    let secret = one("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: eA==}}");
    let again = Manifest::from_masked(secret.value().clone(), secret.role()).unwrap();
    assert_eq!(again.value(), secret.value());
    assert_eq!(again.digest(), secret.digest());
    assert!(again.is_masked());
    assert!(again.unseal().is_none());
    assert!(again.with_namespace("n").unseal().is_none());
    let plain = one("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}}");
    let again = Manifest::from_masked(plain.value().clone(), plain.role()).unwrap();
    assert!(!again.is_masked());
    assert_eq!(again.unseal(), Some(plain.value()));
}

#[test]
fn what_differs_from_render_to_render_is_no_part_of_the_digest() {
    let object = |password: &str, fixed: &str| {
        let manifest = one(&format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a-{password}}}, data: {{p: {password}, f: {fixed}}}}}"
        ));
        manifest.with_unstable(Unstable {
            pointers: ["/data/p", "/metadata/name"].map(str::to_owned).into(),
            stem: Some("a-".to_owned()),
            ..Unstable::default()
        })
    };
    let (one, other) = (object("x1", "same"), object("x2", "same"));
    assert_eq!(one.digest(), other.digest());
    assert_eq!(one.object().to_string(), "ConfigMap a-*");
    assert_eq!(
        one.with_namespace("n").digest(),
        other.with_namespace("n").digest()
    );
    assert_ne!(one.digest(), object("x1", "other").digest());
    assert_eq!(one.value()["data"]["p"], "x1");
}

#[test]
fn a_signature_is_of_one_key_and_of_all_bytes() {
    let (one, other) = (Masker::new([1; 32]), Masker::new([2; 32]));
    let code = one.sign(&[b"name", b"content"]).unwrap();
    assert!(one.verify(&[b"name", b"content"], &code));
    assert!(!one.verify(&[b"name", b"contenT"], &code));
    assert!(!one.verify(&[b"name", b"content"], &code[..31]));
    assert!(!other.verify(&[b"name", b"content"], &code));
    assert_ne!(one.identity(), other.identity());
    assert_ne!(one.identity(), [1; 32]);
}
