//! What kubectl was seen to read, read by ours.

use super::*;

/// The one structure that must differ, and why.
const DIFFERENT: [(&str, &str); 2] = [
    (
        "utf16",
        "Kustomize, Helm and diffs do not read UTF-16, so it is refused",
    ),
    (
        "dup_int_str",
        "kubectl keeps `a` or `b` by chance, because two keys become one; the last one wins here",
    ),
];

/// Numbers as binary64 where they are not 64-bit integers, as both sides hold them.
fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_scalar_means_what_kubectl_makes_of_it() {
    let Some(folder) = corpus("yaml/kubectl-truth") else {
        return;
    };
    let truth: Vec<(String, String)> =
        serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    assert_eq!(truth.len(), 71);
    let mut wrong = Vec::new();
    for (scalar, expected) in truth {
        let stream = read_file(format!("x:\n  v: {scalar}\n").as_bytes());
        let ours = stream
            .documents
            .first()
            .map(|document| document.to_json()["x"]["v"].clone());
        let expected = (!expected.starts_with("ERR")).then(|| parse(&expected));
        if ours != expected {
            wrong.push(format!("{scalar}: {ours:?}, kubectl {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the corpus keeps of an object: everything but its head, or its name if nothing else is there.
fn reduce(mut value: Value) -> Value {
    let map = value.as_object_mut().unwrap();
    map.remove("apiVersion");
    map.remove("kind");
    let metadata = map.remove("metadata").unwrap_or_default();
    if map.is_empty() {
        return metadata["name"].clone();
    }
    value
}

#[test]
fn every_structure_is_read_as_kubectl_reads_it() {
    let Some(folder) = corpus("yaml/kubectl-truth") else {
        return;
    };
    // Our reader reads the table, too: serde_json stops at 128 levels, and one case has 200.
    let table = read_file(&std::fs::read(folder.join("structure-full.json")).unwrap());
    let table = table.documents.first().unwrap().to_json();
    let mut wrong = Vec::new();
    for (name, expected) in table.as_object().unwrap() {
        let stream = read_file(&std::fs::read(folder.join(format!("c_{name}.yaml"))).unwrap());
        let mut objects = Vec::new();
        for document in &stream.documents {
            let value = document.to_json();
            match value["items"].as_array() {
                Some(items) => objects.extend(items.iter().cloned().map(reduce)),
                None => objects.push(reduce(value)),
            }
        }
        let ok = stream.errors.is_empty();
        let equal =
            expected["ok"] == ok && (!ok || expected["objects"] == Value::Array(objects.clone()));
        let listed = DIFFERENT.iter().any(|(case, _)| case == name);
        if !equal && !listed {
            wrong.push(format!("{name}: {objects:?} {:?}", stream.errors));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
