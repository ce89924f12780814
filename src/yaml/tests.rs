use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;

mod kubectl;
mod positions;
mod properties;
mod suite;

/// The corpus, where it is present.
fn corpus(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("not run: corpora are not here");
    None
}

fn read_file(text: &[u8]) -> Stream {
    read(text, &Budget::file())
}

fn one(text: &str) -> Document {
    let mut stream = read_file(text.as_bytes());
    assert_eq!(stream.errors, [], "{text}");
    assert_eq!(stream.documents.len(), 1, "{text}");
    stream.documents.remove(0)
}

fn values(text: &str) -> Vec<Value> {
    let stream = read_file(text.as_bytes());
    assert_eq!(stream.errors, [], "{text}");
    stream.documents.iter().map(Document::to_json).collect()
}

/// The only error of a text: line, column, message.
fn refusal(text: &[u8]) -> (u32, u32, String) {
    let stream = read_file(text);
    let [error] = stream.errors.as_slice() else {
        panic!("{stream:?}");
    };
    let SyntaxError { message, position } = error.clone();
    (position.line, position.column, message)
}

/// Beyond the corpus; each was compared with Kubernetes' own decoder.
#[test]
fn rare_scalars_mean_what_go_makes_of_them() {
    for (text, expected) in [
        ("0b-101", json!(-5)),
        ("-0b11", json!(-3)),
        ("0X1f", json!(31)),
        ("-0x10", json!(-16)),
        ("0_8", json!(8)),
        (
            "4611686018427387904.0",
            json!(4_611_686_018_427_388_000_i64),
        ),
        ("-0.0", json!(0)),
        (".5_0", json!(".5_0")),
        ("+18446744073709551615", json!(1.844_674_407_370_955_2e19)),
        ("! 12", json!(12)),
        ("!!timestamp 2001-12-14", json!("2001-12-14")),
        ("!!binary gIGC", json!("\u{FFFD}\u{FFFD}\u{FFFD}")),
        ("!<tag:yaml.org,2002:int> '7'", json!(7)),
        ("!!null ''", json!(null)),
        ("YES", json!(true)),
    ] {
        assert_eq!(
            one(&format!("v: {text}\n")).to_json()["v"],
            expected,
            "{text}"
        );
    }
    for text in [
        "!!int x",
        "!!bool 1",
        "!!float x",
        "!!null x",
        "!!timestamp x",
        "!!binary '*'",
    ] {
        let (line, column, message) = refusal(format!("v: {text}\n").as_bytes());
        assert_eq!(line, 1, "{text}");
        assert!(
            column > 3 && message.ends_with("as its tag says"),
            "{message}"
        );
    }
}

#[test]
fn keys_become_text_as_go_writes_them() {
    let keys = |text: &str| -> Vec<String> {
        let value = one(text).to_json();
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        keys(
            "{on: 1, 0x10: 1, 1.5: 1, 1e3: 1, 1e6: 1, 1.5e-7: 1, -.inf: 1, .nan: 1, 2001-01-01: 1}"
        ),
        [
            "true",
            "16",
            "1.5",
            "1000",
            "1e+06",
            "1.5e-07",
            "-.inf",
            ".nan",
            "2001-01-01"
        ]
    );
    assert_eq!(refusal(b"null: a\n").0, 1);
    assert_eq!(refusal(b"18446744073709551615: a\n").0, 1);
}

#[test]
fn a_merge_replaces_what_stands_before_it_and_is_no_repetition() {
    let document = one("b: &b {p: 1, q: 2}\nx: {q: 3, <<: *b, p: 4}\nz: {<<: {a: 1}, \"<<\": t}\n");
    let value = document.to_json();
    assert_eq!(value["x"], json!({"q": 2, "p": 4}));
    assert_eq!(value["z"], json!({"a": 1, "<<": "t"}));
    assert_eq!(document.duplicates, []);
    for text in [
        "a: &a [{}]\nx: {<<: *a}\n",
        "x: {<<: 1}\n",
        "x: {<<: [1]}\n",
        "x: {<<: }\n",
    ] {
        assert!(refusal(text.as_bytes()).2.contains("`<<`"), "{text}");
    }
}

#[test]
fn a_repeated_key_is_reported_with_both_places_and_the_last_value_wins() {
    let document = one("a: 1\nb:\n  - c: 1\n    c: 2\n    1: x\n    '1': z\n");
    assert_eq!(document.to_json()["b"][0], json!({"c": 2, "1": "z"}));
    let duplicates: Vec<_> = document
        .duplicates
        .iter()
        .map(|d| (d.pointer.as_str(), d.first.start.line, d.second.start.line))
        .collect();
    assert_eq!(duplicates, [("/b/0/c", 3, 4), ("/b/0/1", 5, 6)]);
    let many: String = (0..100).map(|n| format!("k{}: {n}\n", n % 60)).collect();
    assert_eq!(one(&many).duplicates.len(), 40);
}

#[test]
fn values_that_readers_disagree_about_are_noted() {
    let oddities = |text: &str| -> Vec<String> {
        one(text)
            .oddities
            .into_iter()
            .map(|o| format!("{} {}", o.pointer, o.message))
            .collect()
    };
    assert_eq!(
        oddities("a: [yes, 010, 1_000, 0o7, 08]\non: !!str 1\nc/d: !!int '2'\ne: !x y\n80: z\n"),
        [
            "/a/0 `yes` is read as the boolean true",
            "/a/1 `010` is read as the number 8",
            "/a/2 `1_000` is read as the number 1000",
            "/a/3 `0o7` is read as the number 7",
            "/a/4 `08` is read as the number 8",
            "/true the key `on` is read as `true`",
            "/c~1d the tag of this value makes it a number; not every reader follows tags",
            "/e the tag of this value is ignored; the value is read as text",
            "/80 the key `80` is a number, which not every reader takes for text",
        ]
    );
    assert_eq!(
        oddities("{a: true, b: 'yes', c: 0, d: 0x1F, e: 1.5, f: \"1\", g: 12, h: 0.5}"),
        [""; 0]
    );
    assert_eq!(oddities("a\u{202E}b: 1\n").len(), 1);
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let stream = read_file(b"a: 1\n---\nb: [\n---\nc: 1\nc: 2\n--- x\nlost: 1\n---\nd: 1\n");
    let indexes: Vec<_> = stream
        .documents
        .iter()
        .map(|document| document.index)
        .collect();
    assert_eq!(indexes, [0, 2, 4]);
    assert_eq!(stream.documents[1].duplicates[0].second.start.line, 6);
    let lines: Vec<_> = stream
        .errors
        .iter()
        .map(|error| error.position.line)
        .collect();
    assert_eq!(lines, [3, 7]);
}

#[test]
fn text_that_readers_disagree_about_is_refused() {
    for (text, line, column) in [
        ("a: {?b: 1}\n", 1, 5),
        ("a: [b?c]\n", 1, 5),
        ("a: {b:, c: 1}\n", 1, 5),
        ("a: [b:]\n", 1, 5),
        ("a: 1\n\t\nb: 1\n", 2, 1),
        ("a:\n-\tb\n", 2, 2),
        ("# x\u{2028}b: 1\n", 1, 4),
        ("a: 1\nb: \u{85}c\n", 2, 4),
        ("a: 1\n...\nb: 1\n", 3, 1),
        ("  a: 1\nb: 1\n", 2, 1),
        ("---\n\u{FEFF}a: 1\n", 1, 1),
        ("a: \u{7F}\n", 1, 4),
        ("a: 1\nb: \u{1}\n", 2, 4),
    ] {
        let (found_line, found_column, message) = refusal(text.as_bytes());
        assert_eq!(
            (found_line, found_column),
            (line, column),
            "{text:?} {message}"
        );
    }
    assert!(refusal(b"\xFF\xFEa\0").2.contains("UTF-16"));
    assert!(refusal(b"a\0:\0 \0").2.contains("control"));
}

#[test]
fn json_streams_are_read_as_kubectl_reads_them() {
    assert_eq!(
        values("{\"a\":1}{\"a\":2}\n {\"a\":\"\\ud83d\\ude00\"}"),
        [json!({"a": 1}), json!({"a": 2}), json!({"a": "\u{1F600}"})]
    );
    assert_eq!(
        values("{\"a\":1}\n---\nb: yes\n"),
        [json!({"a": 1}), json!({"b": true})]
    );
    assert_eq!(values("{\"a\":\"\u{2028}\"}").len(), 1);
    assert_eq!(values("\t{\"a\":1.0}"), [json!({"a": 1})]);
    let long = format!("{{\"{}\": 1}}", "k".repeat(2000));
    assert_eq!(values(&long).len(), 1);
    assert_eq!(read_file(b"{\"a\":1}{\"a\":2}\nb: 1\n").errors.len(), 1);
}

#[test]
fn every_budget_is_an_error_with_a_place() {
    let small = Budget {
        max_bytes: 400,
        max_documents: 3,
        max_nodes: 20,
        max_repeated: 13,
        max_depth: 5,
    };
    let messages = |text: &str| -> Vec<String> {
        read(text.as_bytes(), &small)
            .errors
            .into_iter()
            .map(|error| error.message)
            .collect()
    };
    assert_eq!(messages("a: [[[[]]]]\n"), [""; 0]);
    assert_eq!(messages("a: [[[[[]]]]]\n").len(), 1);
    assert!(messages(&format!("a: [{}]\n", "x,".repeat(30)))[0].contains("more than 20 values"));
    assert!(messages(&"a: 1\n---\n".repeat(5))[0].contains("more than 3 documents"));
    assert!(messages(&"#".repeat(401))[0].contains("401 bytes"));
    let repeating = "a: &a [1,2,3,4,5]\nb: [*a]\n---\n".repeat(3);
    assert_eq!(messages(&repeating), ["aliases repeat too many values"]);
    assert_eq!(
        read_file(b"a: &a [*a]\n").errors[0].message,
        "the value contains itself"
    );
}

#[test]
fn comments_are_kept_however_many_stand_together() {
    let text = format!("{}a: 1 # behind\n# last\n", "# one\n".repeat(500));
    let document = one(&text);
    assert_eq!(document.comments.len(), 502);
    let (span, text) = &document.comments[500];
    assert_eq!(
        (span.start.line, span.start.column, text.as_str()),
        (501, 6, " behind")
    );
}

#[test]
fn bytes_that_are_not_utf8_become_replacement_characters_one_by_one() {
    assert_eq!(
        read_file(b"a: x\xE9\xE2\x82y\n").documents[0].to_json()["a"],
        "x\u{FFFD}\u{FFFD}\u{FFFD}y"
    );
}
