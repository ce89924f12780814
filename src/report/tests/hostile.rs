//! What strangers write stays text: no mention, link, HTML or structure of theirs survives.

use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::super::model::{FailedDeployment, Report};
use super::super::{
    check_run, comment, deployment, github, markdown_report, samples, text, visible,
};

const FILES: &str = "https://github.example/acme/gitops/blob/";
const PAGE: &str = "https://drydock.example/runs/1a2b";
/// HTML that our own wording uses.
const OWN_TAGS: [&str; 8] = [
    "<details>",
    "</details>",
    "<summary>",
    "</summary>",
    "<code>",
    "</code>",
    "<sub>",
    "</sub>",
];

fn outputs(text: &str) -> Vec<String> {
    let report = samples::hostile(text);
    let occasion = samples::occasion();
    let mut deployments = samples::deployments();
    for row in &mut deployments {
        row.app.name = text.to_owned();
        row.cluster.0 = text.to_owned();
        row.note = Some(text.to_owned());
    }
    vec![
        comment::compose(&report, &occasion, &deployments, 200_000).text,
        markdown_report::compose(&report),
        deployment::failed(&FailedDeployment {
            app: report.apps[0].id.clone(),
            failures: vec![text.to_owned()],
            live: vec![text.to_owned()],
            ..samples::failed_deployment()
        }),
    ]
}

fn parse(markdown: &str) -> Vec<Event<'_>> {
    Parser::new_ext(markdown, Options::all()).collect()
}

/// The tags of a piece of HTML; a `<` that opens none of ours stays in the rest.
fn foreign_html(html: &str) -> bool {
    let mut rest = html.to_owned();
    for tag in OWN_TAGS {
        rest = rest.replace(tag, "");
    }
    rest.contains('<')
}

/// What a GitHub filter would make of plain text.
fn is_active(text: &str) -> bool {
    let lower = text.to_lowercase();
    let follows = |sign: char, test: fn(char) -> bool| {
        text.match_indices(sign)
            .any(|(at, _)| text[at + 1..].chars().next().is_some_and(test))
    };
    lower.contains("http")
        || lower.contains("www.")
        || follows('@', char::is_alphanumeric)
        || follows('#', |c| c.is_ascii_digit())
}

fn assert_harmless(markdown: &str, input: &str) {
    let mut in_code = false;
    let mut opened = 0i32;
    for event in parse(markdown) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(
                    dest_url.starts_with(FILES) || &*dest_url == PAGE,
                    "link {dest_url} from {input:?}"
                );
            }
            Event::Start(Tag::Image { .. } | Tag::FootnoteDefinition(_)) => {
                panic!("an image or note from {input:?}")
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                assert!(!foreign_html(&html), "HTML {html} from {input:?}");
                opened += i32::try_from(html.matches("<details>").count()).unwrap();
                opened -= i32::try_from(html.matches("</details>").count()).unwrap();
            }
            Event::Text(text) if !in_code => {
                assert!(!is_active(&text), "text {text} from {input:?}");
            }
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {
                panic!("mathematics or a note from {input:?}")
            }
            _ => {}
        }
    }
    assert!(!in_code, "an open fence from {input:?}");
    assert_eq!(opened, 0, "open details from {input:?}");
    assert!(!markdown.contains("<!--"), "a hidden mark from {input:?}");
    let shown: String = markdown.replace('\n', "");
    assert!(
        !shown.chars().any(visible::is_hidden),
        "hidden text from {input:?}"
    );
}

/// Blocks in order: what a text may not change.
fn skeleton(markdown: &str) -> Vec<String> {
    parse(markdown)
        .into_iter()
        .filter_map(|event| match event {
            Event::Start(
                tag @ (Tag::Heading { .. }
                | Tag::List(_)
                | Tag::Item
                | Tag::Table(_)
                | Tag::TableRow
                | Tag::TableCell
                | Tag::CodeBlock(_)
                | Tag::BlockQuote(_)),
            ) => Some(format!("{tag:?}")),
            _ => None,
        })
        .collect()
}

/// The blocks of every output when nobody is hostile.
static BENIGN: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    outputs("benign")
        .iter()
        .map(|text| skeleton(text))
        .collect()
});

fn check(input: &str) {
    for (output, expected) in outputs(input).iter().zip(BENIGN.iter()) {
        assert_harmless(output, input);
        let differs = skeleton(output)
            .iter()
            .zip(expected)
            .position(|(actual, expected)| actual != expected);
        assert_eq!(
            (differs, skeleton(output).len()),
            (None, expected.len()),
            "structure changed by {input:?}\n{output}"
        );
    }
    let report = samples::hostile(input);
    // What fits depends on lengths, so a check's two texts need not have equal blocks.
    let check = check_run::compose(&report, &samples::occasion());
    assert_harmless(&check.summary, input);
    assert_harmless(check.text.as_deref().unwrap_or_default(), input);
    check_terminal(&report, input);
    check_commands(&report, input);
}

fn check_terminal(report: &Report, input: &str) {
    let plain = text::compose(report, text::Colour::Off);
    let shown = plain.replace('\n', "");
    assert!(
        !shown.chars().any(visible::is_hidden),
        "hidden text from {input:?}"
    );
}

fn check_commands(report: &Report, input: &str) {
    let commands = github::compose(report);
    let benign = github::compose(&samples::hostile("benign"));
    assert_eq!(
        commands.lines().count(),
        benign.lines().count(),
        "{input:?}"
    );
    for line in commands.lines() {
        let known = ["::error ", "::warning ", "::notice "];
        assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
    }
}

const NASTY: [&str; 34] = [
    "@acme/owners",
    "@user",
    "#12",
    "GH-12",
    "acme/gitops#3",
    "https://evil.example",
    "www.evil.example",
    "me@evil.example",
    "[x](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "<img src=x>",
    "<script>alert(1)</script>",
    "</details>",
    "</code></summary>",
    "<!-- drydock:1 -->",
    "-->",
    "`",
    "```",
    "````",
    "~~~",
    "|",
    "\\|",
    "\\",
    "\n",
    "\r\n",
    "\n\n# heading",
    "\n- item",
    "\n::error::forged",
    "%0A",
    "\u{202e}",
    "\u{200b}",
    "\u{1b}[31m",
    "$x$",
    ":smile:",
];

#[test]
fn hostile_names_and_messages_stay_inside_their_place() {
    for text in NASTY {
        check(text);
    }
    check(&NASTY.join(" "));
    check(&NASTY.concat());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_mixture_of_hostile_texts_is_harmless(
        parts in prop::collection::vec(
            prop_oneof![
                prop::sample::select(&NASTY[..]).prop_map(str::to_owned),
                "[ -~]{1,6}",
                any::<char>().prop_map(String::from),
            ],
            1..8,
        )
    ) {
        check(&parts.concat());
    }
}
