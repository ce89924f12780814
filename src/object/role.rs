//! What the deployer does with a document.

use serde_json::Value;

use super::Role;
use crate::ids::ObjectRef;

const HELM_HOOK: &str = "helm.sh/hook";
const ARGO_HOOK: &str = "argocd.argoproj.io/hook";

/// Helm's chart tests are tests unless they are also another hook; every other hook of Helm or Argo
/// CD is a hook, also when it is a CustomResourceDefinition.
pub(super) fn role_of(object: &ObjectRef, value: &Value) -> Role {
    let annotation = |name: &str| {
        value
            .pointer("/metadata/annotations")
            .and_then(|annotations| annotations.get(name))
            .and_then(Value::as_str)
            .filter(|text| !text.trim().is_empty())
    };
    if let Some(hooks) = annotation(HELM_HOOK) {
        let is_test = |hook: &str| matches!(hook.trim(), "test" | "test-success" | "test-failure");
        return if hooks.split(',').all(is_test) {
            Role::Test
        } else {
            Role::Hook
        };
    }
    if annotation(ARGO_HOOK).is_some() {
        return Role::Hook;
    }
    role_without_hooks(object)
}

/// True for an object that Argo CD leaves as it is: all its hooks are `Skip`.
pub(super) fn is_skipped(value: &Value) -> bool {
    let annotations = value.pointer("/metadata/annotations");
    let hooks = annotations.and_then(|found| found.get(ARGO_HOOK)?.as_str());
    hooks.is_some_and(|hooks| hooks.split(',').all(|hook| hook.trim() == "Skip"))
}

/// The role of a document whose annotations mean nothing to its deployer.
pub(super) fn role_without_hooks(object: &ObjectRef) -> Role {
    if object.group == "apiextensions.k8s.io" && object.kind == "CustomResourceDefinition" {
        Role::Crd
    } else {
        Role::Object
    }
}
