use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cluster_facts::KubernetesVersion;
use crate::gate::schema::{Judgement, Schemas, Status};

fn documents() -> BTreeMap<String, Arc<Value>> {
    let apps = json!({"components": {"schemas": {
        "io.k8s.api.apps.v1.Deployment": {
            "type": "object",
            "properties": {
                "apiVersion": {"type": "string"}, "kind": {"type": "string"},
                "metadata": {"allOf": [{"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}], "default": {}},
                "spec": {"$ref": "#/components/schemas/Spec"}
            },
            "x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Deployment"}]
        },
        "Spec": {"type": "object", "properties": {
            "newest": {"type": "integer", "format": "int32"},
            "surge": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
            "memory": {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity"}
        }},
        "io.k8s.apimachinery.pkg.api.resource.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": {"type": "object", "properties": {
            "name": {"type": "string"}, "labels": {"type": "object", "additionalProperties": {"type": "string", "default": ""}}}}
    }}});
    let widgets = json!({"components": {"schemas": {
        "com.example.v1.Widget": {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
            "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}]
        }
    }}});
    BTreeMap::from([
        ("apis/apps/v1".to_owned(), Arc::new(apps)),
        ("apis/example.com/v1".to_owned(), Arc::new(widgets)),
    ])
}

fn judge(object: &Value) -> Judgement {
    Schemas::new(KubernetesVersion::default(), &[], Some(&documents())).judge(object)
}

fn deployment(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec})
}

fn lines(judged: &Judgement) -> Vec<&str> {
    judged
        .findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect()
}

#[test]
fn the_documents_of_the_cluster_win_over_the_embedded_schemas() {
    let judged = judge(&deployment(
        json!({"newest": 1, "surge": "25%", "memory": "1Gi"}),
    ));
    assert_eq!((lines(&judged), judged.status), (vec![], Status::Valid));
    let judged = judge(&deployment(
        json!({"replicas": 1, "newest": null, "surge": [], "memory": "1gb"}),
    ));
    assert_eq!(
        lines(&judged),
        [
            "`spec.memory` must be a quantity such as `128Mi` or `0.5`, is `\"1gb\"`",
            "`spec.replicas` is not a known field",
            "`spec.surge` must be an integer or a string, is a list"
        ]
    );
}

#[test]
fn a_group_without_a_document_is_judged_by_the_embedded_schemas() {
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": 1}});
    assert_eq!(
        lines(&judge(&config)),
        ["`data.a` must be a string, is `1`"]
    );
}

#[test]
fn a_custom_kind_of_the_cluster_is_closed_and_has_metadata() {
    let widget = json!({"apiVersion": "example.com/v1", "kind": "Widget",
        "metadata": {"name": "w", "labels": {"a": "b"}}, "spec": {"size": 1, "colour": "red"}});
    assert_eq!(
        lines(&judge(&widget)),
        ["`spec.colour` is not a known field"]
    );
}
