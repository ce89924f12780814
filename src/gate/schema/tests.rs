use proptest::prelude::*;
use serde_json::{Value, json};

use super::bundle::{Bundle, Slot};
use super::*;

mod kinds;

fn schemas(version: &str) -> Schemas {
    Schemas::new(version.parse().unwrap(), &[], None)
}

/// `pointer: severity rule: message (fix)` of every finding.
fn lines(judged: &Judgement) -> Vec<String> {
    let line = |finding: &RawFinding| {
        let fix = finding
            .fix
            .as_ref()
            .map_or_else(String::new, |fix| format!(" ({fix})"));
        format!(
            "{}: {} {}: {}{fix}",
            finding.pointer,
            finding.severity.word(),
            finding.rule,
            finding.message
        )
    };
    judged.findings.iter().map(line).collect()
}

fn judge(object: &Value) -> Vec<String> {
    lines(&schemas("1.35").judge(object))
}

/// A valid Deployment with one place changed.
fn deployment(pointer: &str, value: Value) -> Value {
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{
                    "name": "web", "image": "web:1",
                    "ports": [{"containerPort": 80}],
                    "env": [{"name": "A", "value": "1"}],
                    "resources": {"limits": {"memory": "128Mi", "cpu": 1}},
                    "livenessProbe": {"httpGet": {"port": "http", "path": "/"}}
                }]}
            }
        }
    });
    if let Some((parent, key)) = pointer.rsplit_once('/') {
        match object.pointer_mut(parent).unwrap() {
            Value::Object(map) => drop(map.insert(key.to_owned(), value)),
            Value::Array(list) => list.push(value),
            _ => panic!("no container at {parent}"),
        }
    }
    object
}

const CONTAINER: &str = "/spec/template/spec/containers/0";

fn at(tail: &str, value: Value) -> Vec<String> {
    judge(&deployment(&format!("{CONTAINER}{tail}"), value))
}

#[test]
fn every_embedded_definition_compiles_and_refers_to_definitions_that_exist() {
    let bundle = Bundle::embedded().unwrap();
    for kind in bundle.kinds() {
        for slot in Slot::all().filter(|slot| kind.is_served(*slot)) {
            let mut todo = vec![kind.definition];
            let mut seen = std::collections::HashSet::new();
            while let Some(name) = todo.pop().filter(|_| true) {
                if seen.insert(name) {
                    let shape = bundle
                        .find_shape(name, slot)
                        .expect("a definition is missing");
                    targets(shape, &mut todo);
                }
            }
        }
    }
}

fn targets(shape: &Shape, into: &mut Vec<super::bundle::NameId>) {
    match shape.target {
        Some(super::shape::Target::Bundle(name)) => into.push(name),
        None => {}
        other => panic!("{other:?}"),
    }
    shape
        .properties
        .values()
        .for_each(|shape| targets(shape, into));
    shape.items.iter().for_each(|shape| targets(shape, into));
    if let super::shape::Rest::Each(each) = &shape.rest {
        targets(each, into);
    }
}

#[test]
fn a_valid_object_has_no_finding_in_any_version_that_serves_it() {
    for slot in Slot::all() {
        let judged = Schemas::new(slot.version(), &[], None).judge(&deployment("", Value::Null));
        assert_eq!(
            (lines(&judged), judged.status, judged.note),
            (vec![], Status::Valid, None)
        );
    }
}

#[test]
fn a_wrong_type_is_named_with_what_to_write() {
    assert_eq!(
        judge(&deployment("/spec/replicas", json!("3"))),
        [
            "/spec/replicas: error schema.type: `spec.replicas` must be an integer, is `\"3\"` (write `3`, without quotes)"
        ]
    );
    assert_eq!(
        at("/env/0/value", json!(5)),
        [
            "/spec/template/spec/containers/0/env/0/value: error schema.type: `spec.template.spec.containers[web].env[A].value` must be a string, is `5` (write `\"5\"`, in quotes)"
        ]
    );
    assert_eq!(
        judge(&deployment("/spec/paused", json!("yes"))),
        ["/spec/paused: error schema.type: `spec.paused` must be true or false, is `\"yes\"`"]
    );
    assert_eq!(
        judge(&deployment("/spec/replicas", json!(1.5))),
        ["/spec/replicas: error schema.type: `spec.replicas` must be an integer, is `1.5`"]
    );
    assert_eq!(
        judge(&deployment("/spec/template", json!([1]))),
        ["/spec/template: error schema.type: `spec.template` must be a map, is a list"]
    );
    assert_eq!(
        at("/livenessProbe/httpGet/port", json!(true)),
        [
            "/spec/template/spec/containers/0/livenessProbe/httpGet/port: error schema.type: `spec.template.spec.containers[web].livenessProbe.httpGet.port` must be an integer or a string, is `true`"
        ]
    );
}

#[test]
fn an_unknown_field_is_named_with_the_nearest_known_one() {
    assert_eq!(
        judge(&deployment("/spec/replica", json!(3))),
        [
            "/spec/replica: error schema.unknown-field: `spec.replica` is not a known field (did you mean `replicas`?)"
        ]
    );
    assert_eq!(
        judge(&deployment("/spec/colour", json!("red"))),
        ["/spec/colour: error schema.unknown-field: `spec.colour` is not a known field"]
    );
    assert_eq!(
        judge(&deployment("/metadata/anotations", json!({}))),
        [
            "/metadata/anotations: error schema.unknown-field: `metadata.anotations` is not a known field (did you mean `annotations`?)"
        ]
    );
}

#[test]
fn a_missing_field_points_at_the_map_that_should_hold_it() {
    let mut object = deployment("", Value::Null);
    object["spec"].as_object_mut().unwrap().remove("selector");
    let judged = schemas("1.35").judge(&object);
    assert_eq!(
        lines(&judged),
        ["/spec: error schema.required: `spec.selector` is required"]
    );
    assert!(judged.findings[0].at_key);
    assert_eq!(
        judge(&deployment("/spec/selector", Value::Null)),
        ["/spec: error schema.required: `spec.selector` is required"]
    );
}

#[test]
fn an_enumeration_lists_what_is_allowed() {
    assert_eq!(
        at("/imagePullPolicy", json!("always")),
        [
            "/spec/template/spec/containers/0/imagePullPolicy: error schema.enum: `spec.template.spec.containers[web].imagePullPolicy` must be `Always`, `IfNotPresent` or `Never`, is `\"always\"` (did you mean `Always`?)"
        ]
    );
    assert_eq!(at("/imagePullPolicy", json!("")), Vec::<String>::new());
}

#[test]
fn a_number_beyond_its_range_is_refused() {
    assert_eq!(
        judge(&deployment("/spec/replicas", json!(2_147_483_648_u64))),
        [
            "/spec/replicas: error schema.range: `spec.replicas` must be between -2147483648 and 2147483647, is `2147483648`"
        ]
    );
}

#[test]
fn a_quantity_has_a_syntax() {
    let pointer = "/spec/template/spec/containers/0/resources/limits/memory";
    assert_eq!(
        at("/resources/limits/memory", json!("1gb")),
        [format!(
            "{pointer}: error schema.quantity: `spec.template.spec.containers[web].resources.limits.memory` must be a quantity such as `128Mi` or `0.5`, is `\"1gb\"` (write `1G`)"
        )]
    );
    for fine in [
        json!("1.5Gi"),
        json!("100m"),
        json!(2),
        json!(0.5),
        json!("1e3"),
        json!("+.5"),
        json!(" 1Gi "),
        Value::Null,
    ] {
        assert_eq!(
            at("/resources/limits/memory", fine.clone()),
            Vec::<String>::new(),
            "{fine}"
        );
    }
    for wrong in ["", "Mi", "1.2.3", "1 Gi", "1GiB", "0x1", "1e", "--1", "1mi"] {
        assert_eq!(
            at("/resources/limits/memory", json!(wrong)).len(),
            1,
            "{wrong}"
        );
    }
}

#[test]
fn a_time_has_a_syntax() {
    let wrong = "/metadata/creationTimestamp: error schema.format: `metadata.creationTimestamp` must be a date and time such as 2026-01-31T12:00:00Z, is `\"yesterday\"`";
    assert_eq!(
        judge(&deployment(
            "/metadata/creationTimestamp",
            json!("yesterday")
        )),
        [wrong]
    );
    for fine in [
        json!("2024-02-29T23:59:59+02:00"),
        json!("2024-01-01T00:00:00.123Z"),
        Value::Null,
    ] {
        assert_eq!(
            judge(&deployment("/metadata/creationTimestamp", fine)),
            Vec::<String>::new()
        );
    }
    assert_eq!(
        judge(&deployment(
            "/metadata/creationTimestamp",
            json!("2023-02-29T00:00:00Z")
        ))
        .len(),
        1
    );
}

#[test]
fn a_repeated_key_of_a_keyed_list_is_a_warning() {
    assert_eq!(
        at("/env/-", json!({"name": "A", "value": "2"})),
        [
            "/spec/template/spec/containers/0/env/1: warning schema.duplicate-map-key: `spec.template.spec.containers[web].env` has name `\"A\"` more than once: create and update accept that, server-side apply refuses it (keep one of them)"
        ]
    );
    assert_eq!(
        at("/ports/-", json!({"containerPort": 80, "protocol": "TCP"})),
        [
            "/spec/template/spec/containers/0/ports/1: warning schema.duplicate-map-key: `spec.template.spec.containers[web].ports` has containerPort `80` with protocol `\"TCP\"` more than once: create and update accept that, server-side apply refuses it (keep one of them)"
        ]
    );
    assert_eq!(
        at("/ports/-", json!({"containerPort": 80, "protocol": "UDP"})),
        Vec::<String>::new()
    );
}

#[test]
fn names_and_label_keys_have_a_syntax() {
    assert_eq!(
        judge(&deployment("/metadata/name", json!("Web_App"))),
        [
            "/metadata/name: error schema.name: `metadata.name` must be at most 253 lower-case letters, digits, `-` and `.`, and each part between dots must begin and end with a letter or digit, is `\"Web_App\"` (write `web-app`)"
        ]
    );
    assert_eq!(
        judge(&deployment("/metadata/name", Value::Null)),
        ["/metadata: error schema.name: `metadata.name` is required"]
    );
    assert_eq!(
        judge(&deployment(
            "/metadata/labels",
            json!({"a b": "c", "d": "e f"})
        )),
        [
            "/metadata/labels/a b: error schema.name: `a b` is no label key: it must be a name of at most 63 letters, digits, `-`, `_` and `.`, with an optional domain and `/` before it",
            "/metadata/labels/d: error schema.name: the value of label `d` must be at most 63 letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit, is `\"e f\"`"
        ]
    );
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:Any_thing"}, "rules": []});
    assert_eq!(judge(&role), Vec::<String>::new());
    let generated =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-"}});
    assert_eq!(judge(&generated), Vec::<String>::new());
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "1web"}});
    assert_eq!(judge(&service).len(), 1);
}

#[test]
fn values_of_secrets_never_appear() {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": 7,
        "data": {"k": ["hunter2"], "n": 99, "tag": "not base64, a tag"}, "stringData": {"x": true}, "extra": "hunter2"});
    let judged = schemas("1.35").judge(&secret);
    let text = format!("{judged:?}");
    for value in ["hunter2", "99", "true)"] {
        assert!(!text.replace("at_key: true", "").contains(value), "{text}");
    }
    assert_eq!(
        lines(&judged),
        [
            "/data/k: error schema.type: `data.k` must be a string, is a list",
            "/data/n: error schema.type: `data.n` must be a string, is a number",
            "/data/tag: error schema.format: `data.tag` must be base64, is a string",
            "/extra: error schema.unknown-field: `extra` is not a known field",
            "/stringData/x: error schema.type: `stringData.x` must be a string, is a boolean",
            "/type: error schema.type: `type` must be a string, is a number"
        ]
    );
}

#[test]
fn what_is_no_object_is_a_finding() {
    assert_eq!(
        judge(&json!([1])),
        [": error schema.type: the document must be a map, is a list"]
    );
    assert_eq!(
        judge(&json!({"kind": 3})),
        [
            ": error schema.required: `apiVersion` is required",
            "/kind: error schema.type: `kind` must be a string that is not empty, is a number"
        ]
    );
}

#[test]
fn a_dropped_status_is_checked_for_its_form_only() {
    assert_eq!(
        judge(&deployment(
            "/status",
            json!({"conditions": [{"type": "x"}]})
        )),
        Vec::<String>::new()
    );
    assert_eq!(
        judge(&deployment("/status", json!({"replicas": "x"}))).len(),
        1
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-zA-Z0-9/. ~-]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,8}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_value_at_any_place_panics(value in any_json(), place in 0_usize..12) {
        let places = ["/metadata", "/metadata/labels", "/metadata/name", "/spec", "/spec/template", "/spec/selector",
            "/spec/template/spec/containers", "/spec/template/spec/containers/0/ports", "/status", "/kind", "/apiVersion",
            "/spec/template/spec/containers/0/resources/limits/cpu"];
        let judged = schemas("1.35").judge(&deployment(places[place], value.clone()));
        prop_assert_eq!(&judged, &schemas("1.35").judge(&deployment(places[place], value.clone())));
        schemas("1.35").judge(&value);
        let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.com"},
            "spec": {"group": "example.com", "names": {"kind": "Widget", "plural": "widgets"}, "scope": "Namespaced",
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": value}}}]}});
        let widget = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "x"}, "spec": value});
        Schemas::new(KubernetesVersion::default(), &[definition], None).judge(&widget);
    }
}

#[test]
fn what_a_server_refuses_beyond_its_openapi_is_refused_too() {
    let container = "spec.template.spec.containers[web]";
    let cases = [
        (
            "/ports/0/containerPort",
            json!(70_000),
            format!("`{container}.ports[0].containerPort` must be at most 65535, is `70000`"),
        ),
        (
            "/livenessProbe/httpGet/port",
            json!(0),
            format!("`{container}.livenessProbe.httpGet.port` must be between 1 and 65535, is `0`"),
        ),
        (
            "/livenessProbe",
            json!({}),
            format!(
                "`{container}.livenessProbe` needs `exec` or `grpc` or `httpGet` or `tcpSocket`"
            ),
        ),
        (
            "/image",
            json!(""),
            format!("`{container}.image` must not be empty"),
        ),
        (
            "/securityContext",
            json!({"runAsUser": -1}),
            format!("`{container}.securityContext.runAsUser` must be at least 0, is `-1`"),
        ),
    ];
    for (tail, value, message) in cases {
        let judged = schemas("1.35").judge(&deployment(&format!("{CONTAINER}{tail}"), value));
        let messages: Vec<_> = judged
            .findings
            .iter()
            .map(|finding| finding.message.clone())
            .collect();
        assert_eq!(messages, [message]);
    }
    let twice = json!([{"name": "a", "image": "i"}, {"name": "a", "image": "i"}]);
    assert_eq!(
        judge(&deployment("/spec/template/spec/containers", twice)),
        [
            "/spec/template/spec/containers/1: error schema.duplicate-map-key: `spec.template.spec.containers` has name `\"a\"` more than once: the server refuses that (keep one of them)"
        ]
    );
}
