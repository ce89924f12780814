//! Texts that are hard to read: as manifests, which Drydock reads itself, and as what the tools read.

use super::case::{CHART, Case, case, chart, kustomization, value};

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";

fn aliases(levels: u32, width: usize) -> String {
    let mut text = format!("a0: &a0 [{}]\n", ["x"; 9].join(","));
    for level in 1..levels {
        let alias = format!("*a{}", level - 1);
        text += &format!(
            "a{level}: &a{level} [{}]\n",
            vec![alias.as_str(); width].join(",")
        );
    }
    text
}

/// Name, text behind the head, what the reader says.
fn texts() -> Vec<(&'static str, Vec<u8>, &'static str, &'static str)> {
    let quadratic = format!(
        "a: &a [{}]\nb: [{}]\n",
        vec!["x"; 3000].join(","),
        vec!["*a"; 3000].join(",")
    );
    let flow = format!("a: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let block: String = (0..2_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let documents = "---\na: b\n".repeat(500_000);
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(HEAD.bytes().flat_map(|byte| [byte, 0]))
        .collect();
    vec![
        (
            "nine-levels-of-aliases",
            aliases(9, 9).into(),
            "app/a.yaml:8",
            "aliases repeat too many values",
        ),
        (
            "quadratic-aliases",
            quadratic.into(),
            "app/a.yaml:6",
            "aliases repeat too many values",
        ),
        (
            "aliases-in-themselves",
            "a: &a [*a]\n".into(),
            "app/a.yaml:5",
            "",
        ),
        (
            "merge-in-itself",
            "a: &a\n  <<: *a\n  b: c\n".into(),
            "app/a.yaml:6",
            "",
        ),
        (
            "merges-that-double",
            merges().into(),
            "app/a.yaml:32",
            "aliases repeat too many values",
        ),
        (
            "brackets-a-hundred-thousand-deep",
            flow.into(),
            "app/a.yaml:5",
            "",
        ),
        (
            "maps-two-thousand-deep",
            block.into(),
            "app/a.yaml:261",
            "recursion limit exceeded",
        ),
        (
            "half-a-million-documents",
            documents.into(),
            "app/a.yaml:40004",
            "more than 20000 documents",
        ),
        (
            "six-megabytes-of-text",
            format!("a: {}\n", "x".repeat(6 << 20)).into(),
            "app/a.yaml",
            "more than",
        ),
        ("nul", b"a: \"x\0y\"\n".to_vec(), "app/a.yaml:5", ""),
        ("utf-16", wide, "app/a.yaml:1", "the text is UTF-16"),
        (
            "directive",
            b"---\n%TAG ! tag:example.com,2000:\n---\na: b\n".to_vec(),
            "app/a.yaml:6",
            "directives are disallowed",
        ),
        (
            "unknown-alias",
            b"a: *nothing\n".to_vec(),
            "app/a.yaml:5",
            "",
        ),
    ]
}

fn merges() -> String {
    let mut text = "a0: &a0 {k0: v}\n".to_owned();
    for level in 1..40 {
        let below = level - 1;
        text += &format!("a{level}: &a{level}\n  x: {{<<: *a{below}}}\n  y: {{<<: *a{below}}}\n");
    }
    text
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, text, place, says) in texts() {
        let whole = if text.starts_with(&[0xFF]) {
            text
        } else {
            [HEAD.as_bytes(), &text].concat()
        };
        cases.push(case(name).file("app/a.yaml", whole).refused(place, says));
    }
    cases.push(
        case("not-utf-8")
            .file(
                "app/a.yaml",
                [HEAD.as_bytes(), b"data: {a: \"\xff\xfe\"}\n"].concat(),
            )
            .harmless("\u{FFFD}"),
    );
    cases.push(
        case("a-hundred-megabytes")
            .file(
                "app/a.yaml",
                [HEAD.as_bytes(), b"a: ", &vec![b'x'; 100 << 20]].concat(),
            )
            .refused("app/a.yaml", "more than"),
    );
    cases.push(
        kustomization("aliases-in-a-resource", "resources: [a.yaml]\n")
            .file("app/a.yaml", format!("{HEAD}{}", aliases(9, 9)))
            .refused("app", "was stopped"),
    );
    cases.push(
        kustomization("aliases-in-a-kustomization", &aliases(9, 9))
            .refused("app/kustomization.yaml:4", "aliases repeat too many values"),
    );
    cases.push(
        kustomization("deep-kustomization", &format!("a: {}", "[".repeat(100_000)))
            .refused("app/kustomization.yaml:1", ""),
    );
    cases.push(
        chart("aliases-in-values", &value(".Values | toJson | len"))
            .file("chart/values.yaml", aliases(9, 9))
            .refused("chart/values.yaml", "excessive aliasing"),
    );
    cases.push(
        chart("aliases-in-a-chart", &value("1"))
            .file("chart/Chart.yaml", format!("{CHART}{}", aliases(9, 9)))
            .refused("chart/Chart.yaml:7", "aliases repeat too many values"),
    );
    cases.push(
        chart("deep-values", &value("1"))
            .file(
                "chart/values.yaml",
                format!("a: {}{}\n", "[".repeat(100_000), "]".repeat(100_000)),
            )
            .refused("chart/values.yaml", ""),
    );
    cases.push(
        chart(
            "a-manifest-too-deep",
            &format!("{HEAD}a: {{{{ repeat 100000 \"[\" }}}}{{{{ repeat 100000 \"]\" }}}}\n"),
        )
        .refused("chart/templates/a.yaml", ""),
    );
    cases
}
