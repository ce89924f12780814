//! What Drydock ships for its own installation passes its own gates.

use std::path::Path;

use crate::binary::drydock;
use crate::repo::{Repo, copy};

#[test]
fn the_shipped_installation_passes_its_own_check() {
    let repo = Repo::new();
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy"),
        &repo.path().join("deploy"),
    );
    repo.commit("installation");
    let ran = drydock(repo.path(), &["check", "--all", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.json();
    assert!(!report["apps"].as_array().unwrap().is_empty(), "{report}");
    let wrong: Vec<&serde_json::Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
