//! The embedded sample, run as a newcomer runs it.

use std::process::Command;

use crate::binary::{self, drydock};

/// A run on a machine without Helm and Kustomize.
fn without_tools(folder: &std::path::Path) -> binary::Ran {
    binary::run(
        Command::new(env!("CARGO_BIN_EXE_drydock"))
            .arg("demo")
            .current_dir(folder)
            .env("PATH", folder),
    )
}

#[test]
fn the_demo_shows_a_violation_a_schema_error_drift_and_a_deletion() {
    let folder = tempfile::tempdir().unwrap();
    let ran = drydock(folder.path(), &["demo"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in [
        "3 apps touched of 3, 6 rendered",
        "error[schema.type]: `spec.replicas` must be an integer",
        "17 |   replicas: \"3\"",
        "error[policy drydock.images.fixed-version]",
        "− PersistentVolumeClaim shop/receipts",
        "~ Deployment shop/worker   (drifted, not by this change)",
        "spec.replicas: 5 → 2",
        "tickets  harbour  ~1     passes",
        "Refused: 2 findings block.",
        "What to try next",
    ] {
        assert!(
            ran.stdout.contains(part),
            "{part} is not in\n{}",
            ran.stdout
        );
    }
    assert!(!ran.stdout.contains("not verified"), "{}", ran.stdout);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn equal_demos_print_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let first = drydock(folder.path(), &["demo"]);
    assert_eq!(first.stdout, drydock(folder.path(), &["demo"]).stdout);
}

#[test]
fn without_tools_the_demo_names_the_lines_that_install_them_and_judges_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let ran = without_tools(folder.path());
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in [
        "1 app touched of 1, 2 rendered",
        "error[schema.type]",
        "Left out on this machine",
        "shop: Kustomize 5 is not on this machine: `go install sigs.k8s.io/kustomize/",
        "tickets: Helm 4 is not on this machine: `go install helm.sh/helm/",
        "Refused: 1 finding blocks.",
    ] {
        assert!(
            ran.stdout.contains(part),
            "{part} is not in\n{}",
            ran.stdout
        );
    }
}

#[test]
fn a_kept_sample_is_judged_as_it_was_edited() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["demo", "--keep", "sample"];
    assert!(
        drydock(folder.path(), &args)
            .stdout
            .contains("Refused: 2 findings block.")
    );
    for (file, wrong, right) in [
        ("notices/board.yaml", "replicas: \"3\"", "replicas: 3"),
        ("shop/base/web.yaml", "shop:latest", "shop:1.5.0"),
    ] {
        let file = folder.path().join("sample/head").join(file);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, text.replace(wrong, right)).unwrap();
    }
    let ran = drydock(folder.path(), &args);
    assert!(
        ran.stdout.contains("Passes: nothing blocks.")
            && ran.stdout.contains("no dry run of what was edited")
            && !ran.stdout.contains("refuses"),
        "{}",
        ran.stdout
    );
}
