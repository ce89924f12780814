//! The figures reached on the corpora, held by a file that may only rise.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Prints the figures (equal of all, by name), hands them to `tests/run`, and compares them with
/// `fixtures/expected/rendering.json`: less is a defect, more has to be recorded there.
pub(crate) fn check(corpus: &str, reached: &BTreeMap<String, (usize, usize)>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/expected/rendering.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let lines: Vec<String> = reached
        .iter()
        .map(|(name, (equal, all))| format!("{corpus}: {name}: {equal} of {all}\n"))
        .collect();
    let lines = lines.concat();
    print!("{lines}");
    if let Some(figures) = std::env::var_os("DRYDOCK_FIGURES") {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(figures);
        file.unwrap().write_all(lines.as_bytes()).unwrap();
    }
    let reached: BTreeMap<String, Value> = reached
        .iter()
        .map(|(name, (equal, all))| (name.clone(), serde_json::json!([equal, all])))
        .collect();
    assert_eq!(
        recorded[corpus],
        serde_json::json!(reached),
        "reached (right) differs from {}; it may only rise",
        file.display()
    );
}

/// The third-party data beside the repository; a plain clone has none.
pub(crate) fn corpora() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    folder.join("pulls/index.json").is_file().then_some(folder)
}

/// The folders in a folder, in order.
pub(crate) fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}
