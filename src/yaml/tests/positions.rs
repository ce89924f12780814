//! Where things stand.

use super::*;

const TEXT: &str = "\
# first
apiVersion: v1
spec:
  ports:
  - name: \"ü\"  # text
    port: 80
  empty:
  flow: {a: [1, {b: x}], c: }
  text: |
    one
    two
last/one~x: 1
";

fn show(pointer: &str) -> (String, Option<String>, bool) {
    let document = one(TEXT);
    let located = document.locate(pointer);
    let cut = |span: Span| TEXT[span.start.offset..span.end.offset].to_owned();
    (cut(located.value), located.key.map(cut), located.exact)
}

#[test]
fn every_pointer_leads_to_its_key_and_value() {
    let key = |text: &str| Some(text.to_owned());
    assert_eq!(show("/apiVersion"), ("v1".into(), key("apiVersion"), true));
    assert_eq!(
        show("/spec/ports/0/name"),
        ("\"ü\"".into(), key("name"), true)
    );
    assert_eq!(show("/spec/flow/a/1/b"), ("x".into(), key("b"), true));
    assert_eq!(show("/spec/flow/a/0"), ("1".into(), None, true));
    assert_eq!(show("/spec/flow/a"), ("[1, {b: x}]".into(), key("a"), true));
    assert_eq!(show("/spec/empty"), (String::new(), key("empty"), true));
    assert_eq!(show("/last~1one~0x"), ("1".into(), key("last/one~x"), true));
    assert_eq!(show("/spec/ports").0, "name: \"ü\"  # text\n    port: 80");
    assert_eq!(show("").1, None);
}

#[test]
fn a_missing_segment_leads_to_the_deepest_place_that_exists() {
    let document = one(TEXT);
    for (pointer, depth, line) in [
        ("/spec/ports/0/protocol", 3, 5),
        ("/spec/ports/1", 2, 4),
        ("/spec/ports/00", 2, 4),
        ("/apiVersion/x", 1, 2),
        ("/none/x", 0, 2),
    ] {
        let located = document.locate(pointer);
        assert!(!located.exact, "{pointer}");
        assert_eq!(located.depth, depth, "{pointer}");
        let start = located.key.unwrap_or(located.value).start;
        assert_eq!(start.line, line, "{pointer}");
    }
}

#[test]
fn columns_count_characters_and_offsets_bytes() {
    let document = one("ü: [ä, b]\n");
    let item = document.locate("/ü/1").value.start;
    assert_eq!((item.line, item.column, item.offset), (1, 8, 9));
}

#[test]
fn later_documents_and_marks_keep_the_files_lines_and_offsets() {
    let text = "\u{FEFF}a: 1\r\n---\r\n# c\r\nb: 2\r\n";
    let stream = read_file(text.as_bytes());
    let place = stream.documents[1].locate("/b").value.start;
    assert_eq!((place.line, place.column), (4, 4));
    assert_eq!(&text.as_bytes()[place.offset..=place.offset], b"2");
    let first = stream.documents[0].locate("/a").value.start;
    assert_eq!(&text.as_bytes()[first.offset..=first.offset], b"1");
    let json = "{\"a\":1}\n {\"b\":\n2}";
    let place = read_file(json.as_bytes()).documents[1]
        .locate("/b")
        .value
        .start;
    assert_eq!((place.line, place.column), (3, 1));
    let place = read_file(json.as_bytes()).documents[1]
        .locate("/b")
        .key
        .unwrap()
        .start;
    assert_eq!((place.line, place.column), (2, 3));
}

#[test]
fn what_an_alias_or_merge_brings_stands_where_the_anchor_is() {
    let document = one("base: &b\n  p: 1\nx:\n  <<: *b\nz: *b\n");
    assert_eq!(document.locate("/x/p").value.start.line, 2);
    assert_eq!(document.locate("/z").value.start.line, 2);
    assert_eq!(document.locate("/z").key.unwrap().start.line, 5);
}
