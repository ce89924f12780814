//! Numbers that corpus tests reach: printed, and held by a checked-in file in which they may only
//! rise.
//!
//! `fixtures/expected/<suite>.json` maps a name to a number, a higher one being better. A number
//! below the stored one fails; a higher one passes and says how to store it: run the test with
//! `DRYDOCK_EXPECT=write`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

/// Third-party data beside the repository; `None` in a plain clone, where the test says so itself
/// and the project's own fixtures cover the same situations.
pub(crate) fn corpora(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora")
        .join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("not run: corpora are not here ({name})");
    None
}

/// Compares the numbers of one suite with the stored ones. Names that are stored under other tests'
/// prefixes are left alone, so that several tests share a file.
///
/// # Panics
///
/// When a number fell, or a stored number of the given prefixes is no longer reached at all.
pub(crate) fn compare(suite: &str, prefix: &str, reached: &BTreeMap<String, u64>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/expected")
        .join(format!("{suite}.json"));
    let stored = load(&path);
    let mut fallen = Vec::new();
    for (name, old) in stored.iter().filter(|(name, _)| name.starts_with(prefix)) {
        let new = reached.get(name).copied().unwrap_or(0);
        if new < *old {
            fallen.push(format!("{name}: {new}, stored are {old}"));
        }
    }
    let mut risen = false;
    for (name, new) in reached {
        assert!(
            name.starts_with(prefix),
            "{name} does not begin with {prefix}"
        );
        let old = stored.get(name).copied();
        risen |= old.is_none_or(|old| *new > old);
        hand_to_run(&format!("{suite}: {name}: {new}"));
        match old {
            Some(old) if old != *new => println!("{suite}: {name} {new} (stored {old})"),
            Some(_) => println!("{suite}: {name} {new}"),
            None => println!("{suite}: {name} {new} (new)"),
        }
    }
    assert!(
        fallen.is_empty(),
        "{suite}: numbers fell: {}",
        fallen.join("; ")
    );
    if risen && std::env::var("DRYDOCK_EXPECT").is_ok_and(|word| word == "write") {
        store(&path, &stored, reached);
    } else if risen {
        println!("{suite}: numbers rose; store them with DRYDOCK_EXPECT=write");
    }
}

/// `tests/run` prints these lines at its end.
fn hand_to_run(line: &str) {
    if let Some(path) = std::env::var_os("DRYDOCK_FIGURES") {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path);
        writeln!(file.unwrap(), "{line}").unwrap();
    }
}

fn load(path: &PathBuf) -> BTreeMap<String, u64> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

fn store(path: &PathBuf, stored: &BTreeMap<String, u64>, reached: &BTreeMap<String, u64>) {
    let mut all = stored.clone();
    all.extend(reached.iter().map(|(name, number)| (name.clone(), *number)));
    let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
