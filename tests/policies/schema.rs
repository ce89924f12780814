//! The schema gate against kubeconform's fixtures, every built-in kind, and schemas of custom
//! resources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drydock::cluster_facts::KubernetesVersion;
use drydock::finding::Severity;
use drydock::gate::schema::{Judgement, RawFinding, Schemas, Status};
use drydock::object::{IngestSource, Ingested, Masker, ingest};
use drydock::yaml::Budget;
use serde_json::Value;

use crate::expected;

fn read(path: &Path) -> Ingested {
    let name = path.file_name().unwrap().to_str().unwrap();
    let source = IngestSource::PlainFile(name.parse().unwrap());
    let bytes = std::fs::read(path).unwrap();
    ingest(&bytes, &source, &Masker::new([7; 32]), &Budget::default())
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What is in a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Where Drydock refuses what kubeconform, run as its case says, lets pass.
const STRICTER: [(&str, &str); 2] = [
    ("extra-property", "unknown fields are always findings"),
    ("duplicate-key", "repeated keys are always findings"),
];

/// Cases about options that have no counterpart in judging an object.
const OPTIONS: [&str; 8] = [
    "no-such-file",
    "bad-schema-location",
    "bad-schema-template",
    "bad-version",
    "skip-kind",
    "skip-gvk",
    "reject-kind",
    "ignore-file-patterns",
];

/// Schemas that a case brings along: option value, group, version, kind, file.
const LOCATIONS: [(&str, [&str; 3], &str); 2] = [
    (
        "fixtures/registry",
        ["sagemaker.aws.amazon.com", "v1", "TrainingJob"],
        "fixtures/registry/trainingjob-sagemaker-v1.json",
    ),
    (
        "grafanaalertrulegroup",
        [
            "grafana.integreatly.org",
            "v1beta1",
            "GrafanaAlertRuleGroup",
        ],
        "fixtures/grafanaalertrulegroup_v1beta1.json",
    ),
];

/// Verdicts by `apiVersion kind name`, in the words of kubeconform.
fn verdicts(schemas: &Schemas, path: &Path) -> Vec<(String, &'static str)> {
    let read = read(path);
    let mut verdicts = Vec::new();
    for manifest in &read.manifests {
        let object = manifest.object();
        let verdict = match schemas.judge(manifest.value()).status {
            _ if !read.duplicates.is_empty() => "invalid",
            Status::Valid => "valid",
            Status::Invalid => "invalid",
            Status::NoSchema | Status::Error => "error",
        };
        let name = object.name.trim_end_matches('*');
        verdicts.push((
            format!("{} {} {name}", object.api_version(), object.kind),
            verdict,
        ));
    }
    verdicts.extend(read.errors.iter().map(|_| (String::new(), "error")));
    verdicts
}

/// Whether our verdict keeps kubeconform's: what it accepts is accepted, what it refuses or has no
/// schema for is refused or has none.
fn agrees(theirs: &str, ours: &str) -> bool {
    match theirs {
        "valid" => ours == "valid",
        "skipped" => ours == "error",
        _ => ours != "valid",
    }
}

fn schemas_of(case: &Value, folder: &Path) -> Schemas {
    let mut schemas = Schemas::new(KubernetesVersion::default(), &[], None);
    for argument in case["args"].as_array().unwrap() {
        for (option, [group, version, kind], file) in LOCATIONS {
            if argument.as_str().unwrap().contains(option) {
                schemas.add_schema(group, version, kind, &read_json(&folder.join(file)));
            }
        }
    }
    schemas
}

#[test]
fn kubeconform_fixtures_get_the_same_verdict_or_a_documented_stricter_one() {
    let Some(folder) = expected::corpora("kubeconform") else {
        return;
    };
    let (mut same, mut stricter, mut options) = (0, 0, 0);
    for case in read_json(&folder.join("cases.json"))["cases"]
        .as_array()
        .unwrap()
    {
        let id = case["id"].as_str().unwrap();
        if OPTIONS.contains(&id) {
            options += 1;
            continue;
        }
        let schemas = schemas_of(case, &folder);
        let mut ours: BTreeMap<&str, Vec<(String, &str)>> = BTreeMap::new();
        let mut differences = Vec::new();
        for theirs in case["verdicts"].as_array().unwrap() {
            let text = |key: &str| theirs[key].as_str().unwrap();
            let file = match text("file") {
                "stdin" => case["stdin"].as_str().unwrap(),
                file => file,
            };
            let left = ours
                .entry(file)
                .or_insert_with(|| verdicts(&schemas, &folder.join(file)));
            if text("verdict").is_empty() {
                continue;
            }
            // kubeconform shows a generated name as a template of its own.
            let name = text("name").trim_end_matches("{{ generateName }}");
            let identity = format!("{} {} {name}", text("apiVersion"), text("kind"));
            let found = left
                .iter()
                .position(|(known, _)| *known == identity || known.is_empty());
            let verdict = found.map_or("absent", |index| left.remove(index).1);
            if !agrees(text("verdict"), verdict) {
                differences.push(format!(
                    "{identity}: {} there, {verdict} here",
                    text("verdict")
                ));
            }
        }
        differences.extend(
            ours.into_values()
                .flatten()
                .map(|left| format!("only here: {left:?}")),
        );
        match (
            differences.is_empty(),
            STRICTER.iter().find(|(known, _)| *known == id),
        ) {
            (true, None) => same += 1,
            (false, Some((_, why))) => {
                println!("stricter: {id}: {why}");
                stricter += 1;
            }
            (true, Some(_)) => panic!("{id} is listed as stricter and is not"),
            (false, None) => panic!("{id}: {}", differences.join("; ")),
        }
    }
    assert_eq!(same + stricter + options, 58);
    expected::compare(
        "schema",
        "kubeconform.",
        &BTreeMap::from([
            ("kubeconform.same".to_owned(), same),
            ("kubeconform.same_or_stricter".to_owned(), same + stricter),
        ]),
    );
}

/// The corpus fills every field with the field's own name and `Value`, which enumerations, formats
/// and names rightly refuse; its claims request `requestsKey` instead of the `storage` that servers
/// ask for.
fn is_placeholder(finding: &RawFinding) -> bool {
    if finding.rule == "schema.required" && finding.subject == "storage" {
        return true;
    }
    let rule = [
        "schema.enum",
        "schema.name",
        "schema.quantity",
        "schema.format",
    ]
    .contains(&finding.rule);
    rule && finding.subject.contains("Value")
}

/// What the corpus has and no server serves: types of older versions, which the newer ones can still
/// read, and one that only the server's own storage has.
fn is_unserved(finding: &RawFinding) -> bool {
    let old = ["schema.removed-api", "schema.deprecated-api"].contains(&finding.rule);
    old || finding.rule == "schema.unknown-kind" && finding.subject == "RangeAllocation"
}

#[test]
fn no_built_in_kind_raises_a_false_alarm() {
    let Some(folder) = expected::corpora("kubernetes-api/v1.35.0") else {
        return;
    };
    let schemas = Schemas::new(KubernetesVersion::default(), &[], None);
    let (mut judged, mut unserved, mut placeholders) = (0, 0, 0);
    let (mut alarms, mut unknown) = (Vec::new(), Vec::new());
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_str().unwrap();
        // What the types of a newer version make of the file beside it.
        if name.contains(".after_roundtrip.") {
            continue;
        }
        for manifest in read(&path).manifests {
            let judgement = schemas.judge(manifest.value());
            if judgement.status == Status::NoSchema {
                unknown.push(name.to_owned());
                continue;
            }
            assert_ne!(judgement.status, Status::Error, "{name}: {judgement:?}");
            let old = judgement
                .findings
                .iter()
                .any(|finding| is_unserved(finding) && finding.severity == Severity::Error);
            if old {
                unserved += 1
            } else {
                judged += 1
            }
            for finding in judgement.findings {
                if is_placeholder(&finding) {
                    placeholders += 1;
                } else if !is_unserved(&finding) {
                    alarms.push(format!("{name}: {finding:?}"));
                }
            }
        }
    }
    println!(
        "{judged} judged, {unserved} unserved, {placeholders} placeholders refused, no schema: {unknown:?}"
    );
    assert!(
        alarms.is_empty(),
        "{} alarms\n{}",
        alarms.len(),
        alarms.join("\n")
    );
    let reached = [
        ("kubernetes_api.judged", judged),
        ("kubernetes_api.unserved_found", unserved),
    ];
    let reached = reached.map(|(name, number)| (name.to_owned(), number));
    expected::compare("schema", "kubernetes_api.", &BTreeMap::from(reached));
}

/// The smallest object of a kind; what it lacks is a finding, which is fine here.
fn smallest(group: &str, version: &str, kind: &str) -> Value {
    serde_json::json!({"apiVersion": format!("{group}/{version}"), "kind": kind, "metadata": {"name": "x"}, "unknown": 1})
}

fn messages(judgement: &Judgement) -> Vec<&str> {
    judgement
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.message.as_str())
        .collect()
}

#[test]
fn every_catalogued_schema_judges_objects_of_its_kind() {
    let Some(folder) = expected::corpora("crds") else {
        return;
    };
    let mut usable = 0;
    for group in files(&folder).into_iter().filter(|path| path.is_dir()) {
        let group_name = group.file_name().unwrap().to_str().unwrap();
        for path in files(&group) {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let (kind, version) = stem.rsplit_once('_').unwrap();
            let mut schemas = Schemas::new(KubernetesVersion::default(), &[], None);
            schemas.add_schema(group_name, version, kind, &read_json(&path));
            let judgement = schemas.judge(&smallest(group_name, version, kind));
            assert_eq!(judgement.status, Status::Invalid, "{}", path.display());
            assert!(
                messages(&judgement).contains(&"`unknown` is not a known field"),
                "{}: {judgement:?}",
                path.display()
            );
            usable += 1;
        }
    }
    expected::compare(
        "schema",
        "crds.",
        &BTreeMap::from([("crds.usable".to_owned(), usable)]),
    );
}

#[test]
fn a_large_definition_and_the_json_schema_made_of_it_judge_alike() {
    let Some(folder) = expected::corpora("kubeconform/crd-conversion") else {
        return;
    };
    let definition =
        read(&folder.join("prometheus-operator-0prometheusCustomResourceDefinition.yaml"));
    let definition = definition.manifests[0].value().clone();
    let by_definition = Schemas::new(
        KubernetesVersion::default(),
        std::slice::from_ref(&definition),
        None,
    );
    assert_eq!(
        messages(&by_definition.judge(&definition)),
        Vec::<&str>::new()
    );
    let mut by_schema = Schemas::new(KubernetesVersion::default(), &[], None);
    by_schema.add_schema(
        "monitoring.coreos.com",
        "v1",
        "Prometheus",
        &read_json(&folder.join("prometheus_v1-expected.json")),
    );
    for spec in [
        serde_json::json!({"replicas": 2, "storage": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}}}),
        serde_json::json!({"replicas": "2", "retention": "forever", "unknown": {}}),
        serde_json::json!({"alerting": {"alertmanagers": [{"name": "a"}]}}),
    ] {
        let object = serde_json::json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "p"}, "spec": spec});
        let (one, other) = (by_definition.judge(&object), by_schema.judge(&object));
        assert_eq!(
            (one.status, messages(&one)),
            (other.status, messages(&other)),
            "{spec}"
        );
        println!("{:?}", messages(&one));
    }
}
