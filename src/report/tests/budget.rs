//! What does not fit is counted and never cut.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::super::{check_run, comment, samples};

/// Opened and closed parts of a page.
fn assert_whole(markdown: &str) {
    let (mut details, mut summaries) = (0i32, 0i32);
    for event in Parser::new_ext(markdown, Options::all()) {
        if let Event::Html(html) | Event::InlineHtml(html) = event {
            let count = |text: &str| i32::try_from(html.matches(text).count()).unwrap();
            details += count("<details>") - count("</details>");
            summaries += count("<summary>") - count("</summary>");
        } else if let Event::Start(Tag::Image { .. }) = event {
            panic!("an image in {markdown}");
        }
    }
    assert_eq!((details, summaries), (0, 0), "{markdown}");
    let fences = markdown
        .lines()
        .filter(|line| line.starts_with("```"))
        .count();
    assert_eq!(fences % 2, 0, "{markdown}");
}

#[test]
fn a_comment_never_exceeds_its_budget_and_says_what_it_leaves_out() {
    let (report, occasion) = (samples::large(), samples::occasion());
    for budget in [6_000, 6_001, 9_999, 30_000, 65_535, 250_000, 5_000_000] {
        let page = comment::compose(&report, &occasion, &[], budget);
        assert!(page.text.len() <= budget, "{} > {budget}", page.text.len());
        assert_whole(&page.text);
        assert_eq!(
            page.left_out > 0,
            page.text.contains("in the check's details"),
            "{budget}"
        );
    }
}

#[test]
fn a_small_report_is_never_shortened() {
    for (name, report) in samples::all() {
        let page = comment::compose(&report, &samples::occasion(), &[], comment::BUDGET);
        assert_eq!(page.left_out, 0, "{name}");
    }
}

#[test]
fn a_too_long_report_still_concludes() {
    let check = check_run::compose(&samples::large(), &samples::occasion());
    assert_eq!(check.conclusion, check_run::Conclusion::Failure);
    let text = check.text.unwrap();
    for part in [&check.summary, &text] {
        assert!(part.len() <= check_run::LIMIT);
        assert_whole(part);
    }
    assert!(text.len() > check.summary.len());
    assert!(
        check
            .annotations
            .iter()
            .all(|batch| batch.len() <= check_run::BATCH)
    );
    assert_eq!(check.annotations.iter().map(Vec::len).sum::<usize>(), 150);
}

#[test]
fn blocking_findings_are_annotated_first_and_only_on_known_lines() {
    let mut report = samples::refused();
    report.findings.reverse();
    let check = check_run::compose(&report, &samples::occasion());
    let levels: Vec<_> = check
        .annotations
        .iter()
        .flatten()
        .map(|a| a.level)
        .collect();
    assert!(levels.is_sorted());
    assert_eq!(
        levels.len(),
        2,
        "the finding without a line has no annotation"
    );
}
