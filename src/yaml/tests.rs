use std::path::PathBuf;

use serde_json::Value;

use super::*;

mod kubectl;

/// The corpus, where it is present.
pub(super) fn corpus(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("not run: corpora are not here");
    None
}

pub(super) fn read_file(text: &[u8]) -> Stream {
    read(text, &Budget::file())
}
