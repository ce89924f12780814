use serde_json::{Value, json};

use crate::cluster_facts::KubernetesVersion;
use crate::gate::schema::{Judgement, Schemas, Status};

fn definition(schema: Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema},
                 "subresources": {"status": {}}},
                {"name": "v1alpha1", "served": false, "storage": false,
                 "schema": {"openAPIV3Schema": {"type": "object"}}}
            ]
        }
    })
}

fn spec(properties: Value) -> Value {
    definition(json!({"type": "object", "properties": {
        "spec": {"type": "object", "properties": properties},
        "status": {"type": "object", "required": ["ready"], "properties": {"ready": {"type": "boolean"}}}
    }}))
}

fn widget(spec: Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec})
}

fn judge_with(definition: Value, object: &Value) -> Judgement {
    Schemas::new(KubernetesVersion::default(), &[definition], None).judge(object)
}

fn lines(judged: &Judgement) -> Vec<String> {
    judged
        .findings
        .iter()
        .map(|finding| format!("{}: {}: {}", finding.pointer, finding.rule, finding.message))
        .collect()
}

/// What a Widget's `spec.field` is told, under this schema of the field.
fn field(schema: Value, value: Value) -> Vec<String> {
    lines(&judge_with(
        spec(json!({"field": schema})),
        &widget(json!({"field": value})),
    ))
}

#[test]
fn a_definition_of_the_tree_judges_its_custom_resources() {
    let judged = judge_with(
        spec(json!({"size": {"type": "integer"}})),
        &widget(json!({"size": "3", "colour": "red"})),
    );
    assert_eq!(judged.status, Status::Invalid);
    assert_eq!(
        lines(&judged),
        [
            "/spec/colour: schema.unknown-field: `spec.colour` is not a known field",
            "/spec/size: schema.type: `spec.size` must be an integer, is `\"3\"`"
        ]
    );
}

#[test]
fn objects_are_closed_unless_they_say_otherwise() {
    assert_eq!(field(json!({"type": "object"}), json!({"x": 1})).len(), 1);
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true,
        "properties": {"known": {"type": "object", "properties": {"a": {"type": "string"}}}}});
    assert_eq!(
        field(open.clone(), json!({"x": {"y": 1}})),
        Vec::<String>::new()
    );
    // Fields that are specified below an open object are closed again.
    assert_eq!(field(open, json!({"known": {"b": 1}})).len(), 1);
    let each = json!({"type": "object", "additionalProperties": {"type": "string"}});
    assert_eq!(field(each.clone(), json!({"x": "y"})), Vec::<String>::new());
    assert_eq!(field(each, json!({"x": 1})).len(), 1);
}

#[test]
fn metadata_is_judged_as_kubernetes_judges_it() {
    let schema = definition(json!({"type": "object", "properties": {
        "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}}}}));
    let object = json!({"apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "long", "labels": {"a": 1}, "finaliser": []}});
    assert_eq!(
        lines(&judge_with(schema, &object)),
        [
            "/metadata/finaliser: schema.unknown-field: `metadata.finaliser` is not a known field",
            "/metadata/labels/a: schema.type: `metadata.labels.a` must be a string, is `1`",
            "/metadata/name: schema.range: `metadata.name` must have at most 3 characters, has 4"
        ]
    );
}

#[test]
fn null_needs_nullable_or_a_default() {
    let text = json!({"type": "string"});
    assert_eq!(
        field(text, Value::Null),
        ["/spec/field: schema.type: `spec.field` must be a string, is empty (null)"]
    );
    assert_eq!(
        field(json!({"type": "string", "nullable": true}), Value::Null),
        Vec::<String>::new()
    );
    assert_eq!(
        field(json!({"type": "string", "default": "x"}), Value::Null),
        Vec::<String>::new()
    );
}

#[test]
fn an_embedded_resource_needs_its_type_and_may_have_metadata() {
    let schema = json!({"type": "object", "x-kubernetes-embedded-resource": true,
        "properties": {"data": {"type": "string"}}});
    let fine = json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "n"}, "data": "d"});
    assert_eq!(field(schema.clone(), fine), Vec::<String>::new());
    assert_eq!(
        field(schema, json!({"data": "d"})),
        [
            "/spec/field: schema.required: `spec.field.apiVersion` is required",
            "/spec/field: schema.required: `spec.field.kind` is required"
        ]
    );
}

#[test]
fn int_or_string_takes_both_and_nothing_else() {
    let schema = json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]});
    assert_eq!(field(schema.clone(), json!(1)), Vec::<String>::new());
    assert_eq!(field(schema.clone(), json!("1")), Vec::<String>::new());
    assert_eq!(
        field(schema, json!(true)),
        ["/spec/field: schema.type: `spec.field` must be an integer or a string, is `true`"]
    );
}

#[test]
fn alternatives_that_do_not_fit_give_one_sentence() {
    let needs = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
    assert_eq!(
        field(needs.clone(), json!({})),
        ["/spec/field: schema.form: `spec.field` needs `a` or `b`"]
    );
    assert_eq!(
        field(needs, json!({"a": "x", "b": "y"})),
        [
            "/spec/field: schema.form: `spec.field` has `a` and `b` together, which exclude each other"
        ]
    );
    let not = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "not": {"required": ["a", "b"]}});
    assert_eq!(
        field(not, json!({"a": "x", "b": "y"})),
        ["/spec/field: schema.form: `spec.field` must not have `a` and `b` together"]
    );
    let types = json!({"x-kubernetes-preserve-unknown-fields": true, "anyOf": [{"type": "string"}, {"type": "boolean"}]});
    assert_eq!(
        field(types, json!(3)),
        ["/spec/field: schema.type: `spec.field` must be a string or true or false, is `3`"]
    );
}

#[test]
fn ranges_patterns_and_sizes_are_checked() {
    assert_eq!(
        field(
            json!({"type": "integer", "minimum": 1, "maximum": 5}),
            json!(0)
        ),
        ["/spec/field: schema.range: `spec.field` must be at least 1, is `0`"]
    );
    assert_eq!(
        field(json!({"type": "string", "pattern": "^[a-z]+$"}), json!("A")),
        ["/spec/field: schema.pattern: `spec.field` must match `^[a-z]+$`, is `\"A\"`"]
    );
    assert_eq!(
        field(
            json!({"type": "array", "minItems": 1, "items": {"type": "string"}}),
            json!([])
        ),
        ["/spec/field: schema.range: `spec.field` must not be empty"]
    );
    assert_eq!(
        field(
            json!({"type": "string", "format": "duration"}),
            json!("soon")
        ),
        [
            "/spec/field: schema.format: `spec.field` must be a duration such as 5m or 1h30m, is `\"soon\"`"
        ]
    );
    assert_eq!(
        field(
            json!({"type": "string", "format": "duration"}),
            json!("1h30m")
        ),
        Vec::<String>::new()
    );
}

#[test]
fn a_pattern_that_cannot_be_checked_is_not_a_pass_by_silence() {
    let judged = judge_with(
        spec(json!({"field": {"type": "string", "pattern": "(?=a)a"}})),
        &widget(json!({"field": "a"})),
    );
    assert_eq!(judged.status, Status::Valid);
    assert_eq!(
        judged.note.unwrap(),
        "`spec.field` has a pattern that cannot be checked in bounded time"
    );
}

#[test]
fn a_repeated_key_of_a_custom_keyed_list_is_refused_by_every_write() {
    let schema = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        "items": {"type": "object", "properties": {"name": {"type": "string"}}}});
    assert_eq!(
        field(schema, json!([{"name": "a"}, {"name": "a"}])),
        [
            "/spec/field/1: schema.duplicate-map-key: `spec.field` has name `\"a\"` more than once: the server refuses that"
        ]
    );
}

#[test]
fn a_status_that_the_server_drops_is_not_judged_for_completeness() {
    let mut object = widget(json!({}));
    object["status"] = json!({});
    assert_eq!(
        lines(&judge_with(spec(json!({})), &object)),
        Vec::<String>::new()
    );
    object["status"] = json!({"unknown": 1});
    assert_eq!(lines(&judge_with(spec(json!({})), &object)).len(), 1);
}

#[test]
fn a_version_that_the_definition_does_not_serve_is_an_error() {
    for version in ["v1alpha1", "v2"] {
        let mut object = widget(json!({}));
        object["apiVersion"] = json!(format!("example.com/{version}"));
        let judged = judge_with(spec(json!({})), &object);
        assert_eq!(
            lines(&judged),
            [format!(
                "/apiVersion: schema.unserved-api: its definition does not serve version `{version}` of Widget"
            )]
        );
        assert_eq!(
            judged.findings[0].fix.as_deref(),
            Some("write `apiVersion: example.com/v1`")
        );
    }
}

#[test]
fn a_broken_definition_is_a_finding_on_it_and_leaves_its_resources_unverified() {
    let broken = spec(json!({"size": {"type": "integr"}, "more": {}}));
    let schemas = Schemas::new(
        KubernetesVersion::default(),
        std::slice::from_ref(&broken),
        None,
    );
    let base = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    let words = "spec.versions[v1].schema.openAPIV3Schema.properties.spec.properties";
    assert_eq!(
        lines(&schemas.judge(&broken)),
        [
            format!("{base}/more: schema.definition: `{words}.more` must have a `type`"),
            format!(
                "{base}/size/type: schema.definition: `{words}.size.type` must be array, boolean, integer, number, object or string, is `integr`"
            )
        ]
    );
    let judged = schemas.judge(&widget(json!({"size": 1})));
    assert_eq!(judged.status, Status::Error);
    assert_eq!(
        judged.note.unwrap(),
        "the definition `widgets.example.com` is broken"
    );
}

#[test]
fn a_definition_must_store_one_version_and_be_named_after_its_kind() {
    let mut wrong = spec(json!({}));
    wrong["metadata"]["name"] = json!("widget.example.com");
    wrong["spec"]["versions"][0]["storage"] = json!(false);
    let judged = Schemas::new(KubernetesVersion::default(), &[], None).judge(&wrong);
    assert_eq!(
        lines(&judged),
        [
            "/metadata/name: schema.definition: `metadata.name` must be `widgets.example.com`: plural name and group",
            "/spec/versions: schema.definition: `spec.versions` must have exactly one version with `storage: true`, has 0"
        ]
    );
}

#[test]
fn of_two_definitions_of_one_kind_the_first_counts() {
    let first = spec(json!({"size": {"type": "integer"}}));
    let second = spec(json!({"size": {"type": "string"}}));
    let schemas = Schemas::new(KubernetesVersion::default(), &[first, second], None);
    assert_eq!(
        schemas.judge(&widget(json!({"size": 1}))).status,
        Status::Valid
    );
}
