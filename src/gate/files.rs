//! File mode: manifests given by themselves, without applications, a base or a cluster.

use std::sync::Arc;

use serde_json::Value;

use crate::finding::{Blame, Finding, Gate, NotVerified, Severity};
use crate::ids::{ObjectRef, RepoPath};
use crate::object::{Ingested, Manifest, Role};
use crate::render::Problem;

use super::schema::{Schemas, Status, duplicate_key_finding, oddity_finding};

/// One file that was read.
#[derive(Debug, Clone)]
pub struct GivenFile {
    /// Where it is.
    pub path: RepoPath,
    /// What it holds.
    pub content: Ingested,
}

/// One object of a file and what the schema gate says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileObject {
    /// The object.
    pub object: ObjectRef,
    /// The file.
    pub path: RepoPath,
    /// First line of the document, from 1.
    pub line: u32,
    /// What the schema gate says of it.
    pub status: Status,
}

/// What is known of all files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilesJudgement {
    /// Every object, in the order of files and of documents in them.
    pub objects: Vec<FileObject>,
    /// What is wrong or worth a look, in the total order of findings.
    pub findings: Vec<Finding>,
    /// What the schema gate did not verify, in order.
    pub not_verified: Vec<NotVerified>,
    /// Documents that are no objects, in order. They were not judged: the files do not pass.
    pub problems: Vec<Problem>,
}

/// The CustomResourceDefinitions among the files, for [`Schemas::new`]: what is given together is
/// judged together.
pub fn find_definitions(files: &[GivenFile]) -> Vec<Arc<Value>> {
    files
        .iter()
        .flat_map(|file| &file.content.manifests)
        .filter(|manifest| manifest.role() == Role::Crd)
        .map(Manifest::shared_value)
        .collect()
}

/// Judges every object of the files by its schema.
pub fn judge(files: &[GivenFile], schemas: &Schemas) -> FilesJudgement {
    let mut judged = FilesJudgement::default();
    for file in files {
        judge_file(file, schemas, &mut judged);
    }
    judged.findings.sort_by_cached_key(Finding::sort_key);
    judged.not_verified.sort();
    judged.problems.sort();
    judged
}

fn judge_file(file: &GivenFile, schemas: &Schemas, judged: &mut FilesJudgement) {
    let first = judged.objects.len();
    for manifest in &file.content.manifests {
        let judgement = schemas.judge(manifest.value());
        let findings = judgement.findings.into_iter();
        judged
            .findings
            .extend(findings.map(|finding| finding.attach(None, manifest)));
        if let Some(reason) = judgement.note {
            judged.not_verified.push(NotVerified {
                app: None,
                object: Some(manifest.object().clone()),
                gate: Gate::Schema,
                reason,
            });
        }
        judged.objects.push(FileObject {
            object: manifest.object().clone(),
            path: file.path.clone(),
            line: manifest.provenance().line.max(1),
            status: judgement.status,
        });
    }
    let mut text_findings = Vec::new();
    let here = judged.objects.get(first..).unwrap_or_default();
    for duplicate in &file.content.duplicates {
        let object = find_holder(here, duplicate.second.start.line);
        text_findings.push((
            object,
            duplicate_key_finding(None, None, &file.path, duplicate),
        ));
    }
    for oddity in &file.content.oddities {
        let object = find_holder(here, oddity.span.start.line);
        text_findings.push((object, oddity_finding(None, None, &file.path, oddity)));
    }
    for (holder, mut finding) in text_findings {
        let object = holder.and_then(|index| judged.objects.get_mut(first + index));
        finding.object = object.as_ref().map(|object| object.object.clone());
        let wrong = finding.severity == Severity::Error;
        if let Some(object) = object.filter(|object| wrong && object.status != Status::Error) {
            object.status = Status::Invalid;
        }
        judged.findings.push(finding);
    }
    judged
        .problems
        .extend(file.content.errors.iter().map(|error| Problem {
            message: error.message.clone(),
            path: Some(file.path.clone()),
            line: error.line,
            blame: Blame::Author,
        }));
}

/// The object whose document a line belongs to: the last that begins at or before it.
fn find_holder(objects: &[FileObject], line: u32) -> Option<usize> {
    objects
        .iter()
        .rposition(|object| object.line <= line)
        .filter(|_| line > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster_facts::KubernetesVersion;
    use crate::object::{IngestSource, Masker, ingest};
    use crate::yaml::Budget;

    const TEXT: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: one
data:
  a: \"1\"
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: two
data:
  a: \"1\"
  a: \"2\"
---
apiVersion: example.com/v1
kind: Widget
metadata:
  name: three
---
kind: Nothing
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: four
spec:
  replicas: \"3\"
";

    fn given(text: &str) -> GivenFile {
        let path: RepoPath = "all.yaml".parse().unwrap();
        let source = IngestSource::PlainFile(path.clone());
        let content = ingest(
            text.as_bytes(),
            &source,
            &Masker::new([0; 32]),
            &Budget::default(),
        );
        GivenFile { path, content }
    }

    #[test]
    fn every_object_has_a_status_and_nothing_is_left_out() {
        let schemas = Schemas::new(KubernetesVersion::default(), [], None);
        let judged = judge(&[given(TEXT)], &schemas);
        let statuses: Vec<_> = judged
            .objects
            .iter()
            .map(|object| (object.object.name.as_str(), object.line, object.status))
            .collect();
        assert_eq!(
            statuses,
            [
                ("one", 1, Status::Valid),
                ("two", 8, Status::Invalid),
                ("three", 16, Status::NoSchema),
                ("four", 23, Status::Invalid),
            ]
        );
        let places: Vec<_> = judged
            .findings
            .iter()
            .map(|finding| {
                let source = finding.source.as_ref().unwrap();
                let name = &finding.object.as_ref().unwrap().name;
                (
                    finding.rule.as_str(),
                    name.as_str(),
                    source.line,
                    source.column,
                )
            })
            .collect();
        assert_eq!(
            places,
            [
                ("schema.duplicate-key", "two", 14, 3),
                ("schema.required", "four", 27, 1),
                ("schema.required", "four", 27, 1),
                ("schema.type", "four", 28, 13),
            ]
        );
        assert_eq!(judged.not_verified.len(), 1);
        assert_eq!((judged.problems.len(), judged.problems[0].line), (1, 21));
    }

    #[test]
    fn definitions_among_the_files_judge_the_resources_among_them() {
        let text = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: x}
spec: {}
";
        let files = [given(text)];
        let definitions = find_definitions(&files);
        let crds = definitions.iter().map(AsRef::as_ref);
        let schemas = Schemas::new(KubernetesVersion::default(), crds, None);
        let judged = judge(&files, &schemas);
        let messages: Vec<_> = judged
            .findings
            .iter()
            .map(|finding| finding.message.as_str())
            .collect();
        assert_eq!(messages, ["`spec` is not a known field"]);
    }
}
