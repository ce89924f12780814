//! Promises of every output that no single expected file shows.

use std::sync::Arc;

use super::super::model::{Report, Trouble};
use super::super::{check_run, comment, github, json, markdown_report, samples, text};
use crate::config::repo::Mode;
use crate::finding::{Blame, Gate};
use crate::ids::{AppId, ClusterName};
use crate::verdict::{GateResult, Verdict};

fn plain(report: &Report) -> String {
    text::compose(report, text::Colour::Off)
}

#[test]
fn every_failing_gate_is_visible_in_the_comment_even_when_nothing_changes() {
    let mut report = samples::refused();
    for app in &mut report.apps {
        app.preview = None;
        app.base = app.head;
    }
    let page = comment::compose(&report, &samples::occasion(), &[], comment::BUDGET);
    for part in ["❌ 1 | ❌ 1", "schema.type", "run-as-non-root", "no change"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
}

#[test]
fn the_source_line_of_a_secret_is_not_shown() {
    let mut report = samples::files();
    let file = samples::path("apps/shop/web.yaml");
    let body = "stringData:\n  a: b\n".repeat(3) + "  password: hunter2\n";
    report.excerpts.insert(file, Arc::from(body.as_str()));
    assert!(plain(&report).contains("hunter2"), "the line is 7");
    let finding = &mut report.findings[0].finding;
    finding.object = Some(samples::object("Secret", None, "web"));
    assert!(!plain(&report).contains("hunter2"));
    report.findings[0].finding.object = None;
    let named = format!("kind: Secret # {body}");
    report
        .excerpts
        .insert(samples::path("apps/shop/web.yaml"), Arc::from(named));
    assert!(!plain(&report).contains("hunter2"));
}

#[test]
fn applications_of_one_last_name_are_told_apart() {
    let mut report = samples::passing();
    for name in ["apps/production", "clusters/production"] {
        let mut app = samples::app("production", "");
        app.id = AppId {
            name: name.to_owned(),
            cluster: ClusterName::default(),
            ..app.id
        };
        report.apps.push(app);
    }
    for part in ["\nshop ", "\napps/production ", "\nclusters/production "] {
        assert!(plain(&report).contains(part), "{part}");
    }
}

#[test]
fn a_gate_in_shadow_is_counted_and_not_shown() {
    let mut report = samples::refused();
    report.modes.insert(Gate::Policy, Mode::Shadow);
    report.findings.retain(|judged| !judged.blocks);
    let number = report.findings.len();
    let shown = plain(&report);
    assert!(!shown.contains("memory limit"), "{shown}");
    assert!(
        shown.contains(&format!("{number} findings in shadow")),
        "{shown}"
    );
    assert_eq!(
        json::compose(&report).matches("\"blocks\": false").count(),
        number
    );
}

#[test]
fn an_error_is_never_a_success_and_says_whose_move_it_is() {
    for (blame, word) in [
        (Blame::Operator, "for the operator"),
        (Blame::Upstream, "for the service it depends on"),
        (Blame::Author, "for the author"),
    ] {
        let report = Report::of_troubles(
            None,
            None,
            vec![Trouble {
                what: "the branch does not merge".to_owned(),
                app: None,
                place: None,
                blame,
                hint: None,
            }],
        );
        assert!(!matches!(report.verdict, Verdict::Pass(_)));
        let occasion = samples::occasion();
        let check = check_run::compose(&report, &occasion);
        assert_eq!(check.conclusion, check_run::Conclusion::Failure);
        assert!(comment::is_needed(&report));
        for output in [
            plain(&report),
            check.summary,
            comment::compose(&report, &occasion, &[], comment::BUDGET).text,
            markdown_report::compose(&report),
            github::compose(&report),
        ] {
            assert!(output.contains(word), "{output}");
            assert!(output.contains("the branch does not merge"), "{output}");
        }
    }
}

#[test]
fn a_report_of_no_trouble_at_all_is_still_no_pass() {
    let report = Report::of_troubles(None, None, Vec::new());
    assert_eq!(report.verdict, Verdict::Error);
    assert!(
        report
            .gates
            .values()
            .all(|result| *result == GateResult::Error)
    );
}

#[test]
fn counts_of_the_summary_and_the_json_add_up() {
    let report = samples::refused();
    let value: serde_json::Value = serde_json::from_str(&json::compose(&report)).unwrap();
    let findings = value["findings"].as_array().unwrap();
    let blocking = findings.iter().filter(|f| f["blocks"] == true).count();
    let of = |state: &str| {
        let other = |f: &&serde_json::Value| f["blocks"] == false && f["state"] == state;
        findings.iter().filter(other).count()
    };
    let sentence = format!(
        "Refused: {blocking} findings at 2 places block. {} warning, {} older finding, {} finding fixed, {} finding waived (--format markdown lists the older ones).",
        of("new"),
        of("existing"),
        of("fixed"),
        of("waived"),
    );
    assert!(plain(&report).contains(&sentence), "{sentence}");
    assert_eq!(
        blocking + of("new") + of("existing") + of("fixed") + of("waived"),
        findings.len()
    );
}
