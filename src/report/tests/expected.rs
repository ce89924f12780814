//! Every output of every sample, byte for byte as in `fixtures/expected/report/`. With
//! `DRYDOCK_EXPECT=write` the files are written instead, to be read before they are committed.

use std::path::PathBuf;

use super::super::{json, samples, text};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/expected/report")
}

/// Compares with the expected file and says which files differ.
pub(super) fn check(name: &str, actual: &str) -> Result<(), String> {
    let file = folder().join(name);
    if std::env::var_os("DRYDOCK_EXPECT").is_some_and(|word| word == "write") {
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(&file, actual).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    Err(format!("{name} differs:\n{actual}"))
}

#[test]
fn the_terminal_report_reads_as_expected() {
    let failures: Vec<String> = samples::all()
        .iter()
        .filter_map(|(name, report)| {
            check(
                &format!("{name}.txt"),
                &text::compose(report, text::Colour::Off),
            )
            .err()
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_json_report_reads_as_expected() {
    let failures: Vec<String> = samples::all()
        .iter()
        .filter_map(|(name, report)| check(&format!("{name}.json"), &json::compose(report)).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn colour_only_supports() {
    for (name, report) in samples::all() {
        let coloured = text::compose(&report, text::Colour::On);
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain.push_str(before);
            rest = after.split_once('m').map_or("", |(_, rest)| rest);
        }
        plain.push_str(rest);
        assert_eq!(plain, text::compose(&report, text::Colour::Off), "{name}");
    }
}
