//! The built-in policies: complete, tested, and doing what their texts say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use drydock::cli::policy::{Selection, lint, lint_text, list, test};
use drydock::gate::policy::{Kind, built_in, built_in_paths};

use crate::sandbox;

const ALL: [Kind; 3] = [Kind::Danger, Kind::Style, Kind::Transition];

fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for area in std::fs::read_dir("policies").unwrap() {
        let area = area.unwrap().path();
        if area.is_dir() && !area.ends_with("lib") {
            folders.extend(
                std::fs::read_dir(area)
                    .unwrap()
                    .map(|rule| rule.unwrap().path()),
            );
        }
    }
    folders.sort();
    folders
}

#[test]
fn every_test_and_case_of_the_library_passes() {
    let selection = Selection {
        paths: vec!["policies".into()],
        ..Selection::default()
    };
    let report = test(&sandbox(), &selection, 0).unwrap();
    assert!(report.passed(), "{}", report.text());
    assert!(
        report.tests.len() >= 15 && report.cases.len() >= 14,
        "{}",
        report.text()
    );
}

#[test]
fn every_policy_has_metadata_tests_and_cases_both_ways() {
    let listing = list(&sandbox(), vec![built_in(&ALL)]).unwrap();
    assert_eq!(listing.rules.len(), folders().len());
    for rule in &listing.rules {
        let metadata = &rule.metadata;
        for (field, value) in [
            ("title", &metadata.title),
            ("description", &metadata.description),
            ("custom.fix", &metadata.fix),
            ("custom.docs", &metadata.docs),
        ] {
            assert!(value.is_some(), "{} has no {field}", rule.id);
        }
        assert!(
            metadata.kind.is_some() && metadata.severity.is_some(),
            "{}",
            rule.id
        );
        let folder = Path::new(&rule.path).parent().unwrap();
        assert!(
            folder.join("rule_test.rego").is_file(),
            "{} has no tests",
            rule.id
        );
        let cases: Vec<String> = std::fs::read_dir(folder.join("cases"))
            .unwrap()
            .map(|case| case.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        for word in ["allows-", "denies-"] {
            assert!(
                cases.iter().any(|case| case.starts_with(word)),
                "{} has no {word} case",
                rule.id
            );
        }
        let area_and_rule = folder
            .strip_prefix("policies")
            .unwrap()
            .display()
            .to_string();
        assert_eq!(
            rule.id,
            format!("drydock.{}", area_and_rule.replace('/', "."))
        );
    }
}

#[test]
fn every_file_of_the_library_is_compiled_in() {
    let embedded: BTreeSet<String> = built_in_paths().into_iter().map(str::to_owned).collect();
    let mut on_disk = BTreeSet::from(["policies/lib/kubernetes.rego".to_owned()]);
    on_disk.extend(
        folders()
            .iter()
            .map(|folder| folder.join("rule.rego").display().to_string()),
    );
    assert_eq!(embedded, on_disk);
}

#[test]
fn the_library_has_no_problems() {
    let problems = lint(&sandbox(), vec![built_in(&ALL)]).unwrap();
    assert_eq!(lint_text(&problems), "no problems\n");
}

#[test]
fn policies_are_chosen_by_kind() {
    let listing = list(
        &sandbox(),
        vec![built_in(&[Kind::Danger, Kind::Transition])],
    )
    .unwrap();
    assert!(listing.rules.iter().all(|rule| rule.kind() != Kind::Style));
    assert_eq!(listing.rules.len(), 4);
}
