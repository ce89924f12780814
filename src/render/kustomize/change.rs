//! A kustomization as it is written again: what was rendered for it comes in by a component.

use serde_json::{Value, json};

use super::file::{Kustomization, Mistyped};
use crate::ids::RepoPath;
use crate::render::workspace::Workspace;
use crate::render::{Problem, draft};
use crate::yaml;

/// Makes Kustomize leave the namespace of an object to its chart.
const ADOPT: &str = "apiVersion: builtin
kind: AnnotationsTransformer
metadata:
  name: made-by-helm
annotations:
  internal.config.kubernetes.io/helm-generated: \"true\"
fieldSpecs:
- path: metadata/annotations
  create: true
";

/// A kustomization that is written anew.
pub(super) struct Change {
    /// Its file.
    pub(super) file: RepoPath,
    /// What it says.
    pub(super) kustomization: Kustomization,
    /// What its charts render to, in order.
    pub(super) charts: Vec<String>,
    /// Objects of generators that are replaced.
    pub(super) objects: Vec<Value>,
}

impl Change {
    /// Objects come in by a component: behind resources and generators, before everything that changes
    /// them, as those of Kustomize's own generators do.
    pub(super) fn write(mut self, workspace: &Workspace) -> Result<(), Vec<Problem>> {
        let folder = self.file.parent();
        let charts: Vec<&String> = self.charts.iter().filter(|text| has_object(text)).collect();
        if !charts.is_empty() || !self.objects.is_empty() {
            let name = (0..u16::MAX)
                .map(|index| format!("drydock-objects-{index}"))
                .find(|name| {
                    folder
                        .join(name)
                        .is_none_or(|path| !workspace.exists(&path))
                })
                .unwrap_or_default();
            let write = |inside: &str, text: &str| {
                let path = folder.join(&format!("{name}/{inside}"));
                workspace.write(&path.unwrap_or_default(), text)
            };
            let mut resources = Vec::new();
            if !self.objects.is_empty() {
                write("objects.yaml", &yaml::write_all(&self.objects))?;
                resources.push("objects.yaml".to_owned());
            }
            let mut files = Vec::new();
            for (index, text) in charts.iter().enumerate() {
                let file = format!("chart-{index}.yaml");
                write(&format!("charts/{file}"), text)?;
                files.push(file);
            }
            if !files.is_empty() {
                resources.push("charts".to_owned());
                let inner = json!({"resources": files, "transformers": [ADOPT]});
                write("charts/kustomization.yaml", &yaml::write(&inner))?;
            }
            let component = json!({
                "apiVersion": "kustomize.config.k8s.io/v1alpha1",
                "kind": "Component",
                "resources": resources,
            });
            write("kustomization.yaml", &yaml::write(&component))?;
            let failed = |error: Mistyped| vec![Problem::about(&self.file, error.to_string())];
            self.kustomization
                .list("components")
                .map_err(failed)?
                .insert(0, Value::from(name));
        }
        if self.kustomization.is_empty() {
            // Its charts gave nothing: Kustomize refuses a kustomization without any field.
            self.kustomization.set("resources", Vec::<Value>::new());
        }
        workspace.write(&self.file, &self.kustomization.write())
    }
}

/// True for text with more than comments and separators.
fn has_object(text: &str) -> bool {
    draft::split(text).iter().any(|document| {
        let mut lines = document.lines().map(str::trim);
        lines.any(|line| !line.is_empty() && !line.starts_with('#'))
    })
}
