//! What holds for every value and every text.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Number;

use super::*;

/// Text that readers get wrong, and any text.
fn text() -> impl Strategy<Value = String> {
    let hard = [
        "",
        " ",
        "yes",
        "on",
        "y",
        "n",
        "NO",
        "~",
        "null",
        "true",
        "1_000",
        "0777",
        "0o7",
        "0x1F",
        "1e3",
        ".inf",
        ".nan",
        "-",
        "- a",
        "?",
        "? a",
        ":",
        "a: b",
        "a:",
        "# c",
        "a # b",
        "[a]",
        "{a}",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'",
        "\"",
        "---",
        "...",
        "--- a",
        "a\nb",
        "a\n",
        "\na",
        "a\n\nb\n\n",
        " a",
        "a ",
        "\ta",
        "a\t",
        "a\tb",
        "  a\n b",
        "a\n  ",
        "2001-12-14",
        "12:30:45",
        "<<",
        "=",
        "é",
        "\u{1F600}",
        "\u{7F}",
        "\u{85}",
        "\u{2028}",
        "\u{FEFF}",
        "\u{0}",
        "a\r\nb",
        "\r",
        "0b1",
        "+1",
        "1.",
        "-0",
        "\\",
        "a\\n",
        "---\nb",
        "x\n---\ny",
        "a\n#b",
        "\u{FFFE}",
        "a\n\tb",
        "\t\n",
        "\n",
        "  \n",
        "0.0",
        "1e400",
        "_1",
    ];
    prop_oneof![
        proptest::sample::select(hard.to_vec()).prop_map(str::to_owned),
        ".{0,12}",
        "[ -~\\n\\t]{0,30}",
        "[a-z ]{60,140}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        // Floats that JSON would write as integers come back as integers.
        any::<f64>()
            .prop_filter("finite, with a fraction", |f| f.is_finite()
                && f.fract() != 0.0)
            .prop_filter_map("a number", |f| Number::from_f64(f).map(Value::Number)),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            btree_map(text(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Every pointer of a value with what it leads to.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, value);
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}/{index}"), visit);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                walk(value, &pointer::push(path.to_owned(), key), visit);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(value in value()) {
        let value = json!({"v": value});
        let text = write(&value);
        let stream = read_file(text.as_bytes());
        prop_assert_eq!(&stream.errors, &[], "{}", text);
        prop_assert_eq!(stream.documents.len(), 1);
        prop_assert_eq!(stream.documents[0].to_json(), value, "{}", text);
    }

    #[test]
    fn several_written_documents_are_read_back(one in value(), two in value()) {
        let values = [json!({"v": one}), json!({"w": two})];
        let text = write_all(&values);
        let stream = read_file(text.as_bytes());
        prop_assert_eq!(&stream.errors, &[], "{}", text);
        let read: Vec<_> = stream.documents.iter().map(Document::to_json).collect();
        prop_assert_eq!(read, values, "{}", text);
    }

    #[test]
    fn every_place_of_a_written_document_holds_its_value(value in value()) {
        let text = write(&json!({"v": value}));
        let document = one(&text);
        let value = document.to_json();
        let mut wrong = Vec::new();
        walk(&value, "", &mut |pointer, expected| {
            let located = document.locate(pointer);
            let cut = &text[located.value.start.offset..located.value.end.offset];
            // A block scalar's place is its lines without their indicator, so only what stands on
            // one line can be read again on its own.
            let alone = !cut.contains('\n') && !expected.is_array() && !expected.is_object();
            let header = text[..located.value.start.offset].trim_end_matches([' ', '\n']);
            let block = header.ends_with(['|', '>', '-', '+']) || header.ends_with(char::is_numeric);
            let same = read_file(format!("v: {cut}\n").as_bytes())
                .documents
                .first()
                .is_some_and(|document| document.to_json()["v"] == *expected);
            if !located.exact || (alone && !same && !block) {
                wrong.push(format!("{pointer}: {cut:?}, not {expected}"));
            }
        });
        prop_assert!(wrong.is_empty(), "{text}\n{wrong:?}");
    }

    #[test]
    fn json_text_is_read_as_json(value in value()) {
        // Raw control characters and non-characters are what the parser refuses of JSON.
        let text: String = json!({"v": value}).to_string().chars().map(|c| match c {
            '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => format!("\\u{:04x}", c as u32),
            c => c.to_string(),
        }).collect();
        let stream = read_file(text.as_bytes());
        prop_assert_eq!(&stream.errors, &[], "{}", text);
        prop_assert_eq!(stream.documents[0].to_json(), json!({"v": value}));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400)) {
        read_file(&bytes);
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(
        text in "([ \\-:#{}\\[\\],&*!|>'\"%@`?~\\t\\n\\r\\u{FEFF}]|a|b1|<<|---\\n|\\.\\.\\.|: |- ){0,120}"
    ) {
        let stream = read_file(text.as_bytes());
        for document in &stream.documents {
            walk(&document.to_json(), "", &mut |pointer, _| assert!(document.locate(pointer).exact));
        }
        for error in &stream.errors {
            assert!(error.position.line >= 1 && error.position.offset <= text.len() + 1);
        }
    }
}
