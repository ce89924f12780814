//! Helm's engine is Go's with Sprig: every template of the tables is given to the real binary.

use std::process::{Command, Output};

use super::*;

/// One template a line; `⏎` and `⇥` stand for a line break and a tab.
fn table(text: &str) -> Vec<String> {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.replace('⏎', "\n").replace('⇥', "\t"))
        .collect();
    assert!(lines.len() >= 80, "{} templates", lines.len());
    lines
}

/// What Helm says when a chart runs these texts through its engine.
fn helm(templates: &[String]) -> Output {
    let parts = std::env::var_os("DRYDOCK_PARTS").map_or_else(
        || std::path::PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/drydock/parts"),
        std::path::PathBuf::from,
    );
    let chart = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = chart.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "Chart.yaml",
        "apiVersion: v2\nname: engine\nversion: 1.0.0\n",
    );
    // Parameters pass as text, so that both engines decode the same JSON.
    write(
        "templates/all.yaml",
        "data:\n{{- range $i, $t := .Values.templates }}\n  \
         k{{ $i }}: {{ tpl $t (fromJson $.Values.params) | toJson }}\n{{- end }}\n",
    );
    let values = serde_json::json!({
        "params": include_str!("params.json"),
        "templates": templates,
    });
    write("values.json", &values.to_string());
    Command::new(parts.join("bin/helm"))
        .args(["template", "engine"])
        .arg(chart.path())
        .arg("--values")
        .arg(chart.path().join("values.json"))
        .env_clear()
        .env("HOME", chart.path())
        .output()
        .unwrap()
}

/// Helm's options: a missing key is the zero value, and no value prints as nothing.
fn ours(template: &str) -> Result<String, TemplateError> {
    render(template, &params(), MissingKey::Zero).map(|text| text.replace("<no value>", ""))
}

#[test]
fn templates_give_what_helm_gives() {
    let templates = table(include_str!("agree.txt"));
    let output = helm(&templates);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let stream = crate::yaml::read(&output.stdout, &crate::yaml::Budget::file());
    let answers = stream.documents.first().unwrap().to_json();
    let mut wrong = Vec::new();
    for (index, template) in templates.iter().enumerate() {
        let expected = answers["data"][format!("k{index}")].as_str().unwrap();
        let got = ours(template);
        if got.as_deref() != Ok(expected) {
            wrong.push(format!("{template}\n  helm {expected:?}\n  ours {got:?}"));
        }
    }
    println!(
        "{} templates equal to Helm's",
        templates.len() - wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn templates_fail_where_helm_fails() {
    let templates = table(include_str!("refuse.txt"));
    let mut wrong = Vec::new();
    for template in &templates {
        if let Ok(text) = ours(template) {
            wrong.push(format!("{template}: {text:?}"));
        }
        let output = helm(std::slice::from_ref(template));
        if output.status.success() {
            wrong.push(format!("{template}: Helm accepts it"));
        }
    }
    println!("{} templates refused as Helm refuses them", templates.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
