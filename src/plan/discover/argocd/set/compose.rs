//! One application of one parameter set.

use serde_json::{Map, Value, json};

use super::super::{find_text, texts};
use super::expander::Expander;
use super::params::Params;
use super::patch;
use super::problem::{Fault, Stop};

/// What makes Argo CD delete an application's objects with it.
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

impl Expander<'_> {
    /// One application.
    pub(super) fn application(
        &self,
        set: &Value,
        template: &Value,
        params: &Params,
        at: &str,
    ) -> Result<Value, Stop> {
        let mut application = skeleton(template);
        // Without parameters the controller takes the template as it stands.
        if !params.is_empty() {
            application = self.language.fill_value(&application, params, at)?;
            self.add_finalizer(&mut application);
        }
        if let Some(text) = set.pointer("/spec/templatePatch").and_then(Value::as_str) {
            let at = "/spec/templatePatch";
            let text = self.language.fill(text, params, at)?;
            application = patch::apply(&application, &text)
                .map_err(|reason| Stop::fault(at, Fault::Patch(reason)))?;
        }
        // Applications live where their set lives, whatever the template says.
        if let Some(metadata) = application
            .get_mut("metadata")
            .and_then(Value::as_object_mut)
        {
            metadata.remove("namespace");
            if let Some(namespace) = find_text(set, "/metadata/namespace") {
                metadata.insert("namespace".to_owned(), json!(namespace));
            }
        }
        Ok(application)
    }

    fn add_finalizer(&self, application: &mut Value) {
        let has_finalizers = texts(application, "/metadata/finalizers").next().is_some();
        if self.policy.keeps_resources || has_finalizers {
            return;
        }
        if let Some(metadata) = application
            .get_mut("metadata")
            .and_then(Value::as_object_mut)
        {
            metadata.insert("finalizers".to_owned(), json!([FINALIZER]));
        }
    }
}

/// What of a template becomes the application.
fn skeleton(template: &Value) -> Value {
    let mut metadata = Map::new();
    for key in ["name", "namespace", "labels", "annotations", "finalizers"] {
        let field = template
            .get("metadata")
            .and_then(|metadata| metadata.get(key));
        if let Some(value) = field.filter(|value| !value.is_null()) {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": metadata,
        "spec": template.get("spec").cloned().unwrap_or_else(|| json!({})),
    })
}

/// A name that objects can have: lower-case labels with dots between them.
pub(super) fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        label.starts_with(edge)
            && label.ends_with(edge)
            && label.chars().all(|c| edge(c) || c == '-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}
