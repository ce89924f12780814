use crate::finding::Precision;
use crate::object::{IngestSource, Manifest, Masker, Provenance, ingest};
use crate::yaml::Budget;

use super::place;

const TEXT: &str = "apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports:
    - port: \"80\"
      name: http
";

fn manifest(text: &str) -> Manifest {
    let source = IngestSource::PlainFile("apps/web.yaml".parse().unwrap());
    let budget = Budget::default();
    let read = ingest(text.as_bytes(), &source, &Masker::new([0; 32]), &budget);
    read.manifests.into_iter().next().unwrap()
}

fn at(pointer: &str, at_key: bool, manifest: &Manifest) -> (u32, u32, u32, Precision) {
    let source = place(pointer, at_key, manifest).unwrap();
    assert_eq!(source.path.as_str(), "apps/web.yaml");
    (source.line, source.column, source.width, source.precision)
}

#[test]
fn plain_files_give_the_exact_value_or_key() {
    let manifest = manifest(TEXT);
    assert_eq!(
        at("/spec/ports/0/port", false, &manifest),
        (7, 13, 4, Precision::Exact)
    );
    assert_eq!(
        at("/spec/ports/0/port", true, &manifest),
        (7, 7, 4, Precision::Exact)
    );
    assert_eq!(at("/spec", true, &manifest), (5, 1, 4, Precision::Exact));
}

#[test]
fn a_field_that_does_not_exist_is_placed_at_the_nearest_enclosing_key() {
    let manifest = manifest(TEXT);
    assert_eq!(
        at("/spec/selector/app", false, &manifest),
        (5, 1, 4, Precision::Parent)
    );
    assert_eq!(at("/status", false, &manifest).3, Precision::Parent);
}

#[test]
fn an_item_of_a_list_is_placed_in_the_list() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: x}\n  data: {a: 1}\n";
    assert_eq!(
        at("/data/a", false, &manifest(text)),
        (7, 13, 1, Precision::Exact)
    );
}

#[test]
fn rendered_output_gives_the_file_and_nothing_more_exact() {
    let known = Provenance {
        path: Some("apps/web.yaml".parse().unwrap()),
        line: 12,
        ..Provenance::default()
    };
    let rendered = manifest(TEXT).with_provenance(known);
    assert_eq!(
        at("/spec/ports", false, &rendered),
        (12, 1, 0, Precision::File)
    );
    let unknown = rendered.with_provenance(Provenance::default());
    assert_eq!(place("/spec", false, &unknown), None);
}
