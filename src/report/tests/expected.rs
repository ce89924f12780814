//! Every output of every sample, byte for byte as in `fixtures/expected/report/`. With
//! `DRYDOCK_EXPECT=write` the files are written instead, to be read before they are committed.

use std::path::PathBuf;

use super::super::model::Report;
use super::super::{check_run, comment, deployment, github, json, markdown_report, samples, text};

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
    compare_all("txt", |report| text::compose(report, text::Colour::Off));
}

#[test]
fn the_json_report_reads_as_expected() {
    compare_all("json", json::compose);
}

fn comment_of(report: &Report) -> String {
    comment::compose(report, &samples::occasion(), &[], comment::BUDGET).text
}

fn check_of(report: &Report) -> String {
    let check = check_run::compose(report, &samples::occasion());
    let mut out = format!("{}\n{}\n\n", check.conclusion.word(), check.title);
    for annotation in check.annotations.iter().flatten() {
        put!(out, "{annotation:#?}\n");
    }
    out
}

fn compare_all(extension: &str, compose: impl Fn(&Report) -> String) {
    let failures: Vec<String> = samples::all()
        .iter()
        .filter_map(|(name, report)| check(&format!("{name}.{extension}"), &compose(report)).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_comment_reads_as_expected() {
    compare_all("comment.md", comment_of);
}

#[test]
fn the_markdown_report_reads_as_expected() {
    compare_all("md", markdown_report::compose);
}

#[test]
fn the_check_reads_as_expected() {
    compare_all("check.txt", check_of);
}

#[test]
fn the_workflow_commands_read_as_expected() {
    compare_all("github.txt", github::compose);
}

#[test]
fn a_comment_after_the_merge_reads_as_expected() {
    let page = comment::compose(
        &samples::passing(),
        &samples::occasion(),
        &samples::deployments(),
        comment::BUDGET,
    );
    let failed = deployment::failed(&samples::failed_deployment());
    let results = [
        check("merged.comment.md", &page.text),
        check("failed-deployment.comment.md", &failed),
    ];
    for result in results {
        result.unwrap();
    }
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

#[test]
fn a_comment_beyond_its_budget_reads_as_expected() {
    let page = comment::compose(&samples::large(), &samples::occasion(), &[], 12_000);
    check("large.comment.md", &page.text).unwrap();
}
