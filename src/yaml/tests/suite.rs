//! The YAML test suite: a torture for every path of the reader.

use super::*;

/// The suite writes invisible characters visibly.
fn reveal(text: &str) -> String {
    let text = text
        .replace('␣', " ")
        .replace('↵', "")
        .replace('←', "\r")
        .replace('⇔', "\u{FEFF}");
    let mut revealed = String::new();
    let mut dashes = String::new();
    for c in text.chars() {
        match c {
            '—' => dashes.push(c),
            '»' => {
                dashes.clear();
                revealed.push('\t');
            }
            _ => {
                revealed.push_str(&std::mem::take(&mut dashes));
                revealed.push(c);
            }
        }
    }
    match revealed.find('∎') {
        Some(end) => revealed[..end].to_owned(),
        None => revealed,
    }
}

#[test]
fn the_yaml_test_suite_is_read_or_refused_and_values_are_right() {
    let Some(folder) = corpus("yaml/yaml-test-suite") else {
        return;
    };
    let folder = if folder.join("src").is_dir() {
        folder.join("src")
    } else {
        folder
    };
    let (mut cases, mut equal) = (0, 0);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "yaml"))
    {
        let list = read_file(&std::fs::read(file).unwrap());
        assert_eq!(list.errors, [], "{}", file.display());
        let list = list.documents[0].to_json();
        let mut inherited = (None, None);
        for case in list.as_array().unwrap() {
            cases += 1;
            let Some(text) = case["yaml"].as_str().map(reveal).or(inherited.0.clone()) else {
                continue;
            };
            inherited.0 = Some(text.clone());
            if let Some(json) = case["json"].as_str() {
                inherited.1 = Some(json.to_owned());
            }
            let stream = read_file(text.as_bytes());
            let fails = case["fail"] == true;
            let expected = inherited
                .1
                .as_deref()
                .map(|json| read_file(reveal(json).as_bytes()));
            let values = |stream: &Stream| -> Vec<Value> {
                stream.documents.iter().map(Document::to_json).collect()
            };
            let same = expected.is_some_and(|expected| values(&expected) == values(&stream));
            equal += usize::from(if fails {
                !stream.errors.is_empty()
            } else {
                stream.errors.is_empty() && same
            });
        }
    }
    // The rest are YAML 1.2 only: what kubectl refuses or reads by the rules of YAML 1.1.
    println!("{equal} of {cases} cases as YAML 1.2 wants them");
    assert!(cases >= 214, "{cases}");
    assert!(equal >= 100, "{equal}");
}
