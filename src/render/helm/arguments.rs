//! The command line of `helm template`. Every text of the plan is part of an argument that begins
//! otherwise, so that none becomes a flag.

use std::ffi::OsString;

use crate::cluster_facts::KubernetesVersion;
use crate::ids::RepoPath;
use crate::plan::{HelmInput, Hooks};
use crate::render::Problem;
use crate::render::workspace::Start;

/// A release or namespace is written into a command line: it has to be a name, never a flag.
pub(in crate::render) fn check_names(
    input: &HelmInput,
    root: &RepoPath,
) -> Result<(), Vec<Problem>> {
    for (what, text) in [("release", &input.release), ("namespace", &input.namespace)] {
        if !is_name(text) {
            let message = format!(
                "`{text}` cannot be the {what} of a chart: lower-case letters, digits, `-` and `.`, at most 63"
            );
            return Err(vec![Problem::about(root, message)]);
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && !text.starts_with(['-', '.'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
}

/// The arguments. `private` are value files that the declaration itself gives, written beside the
/// closure; with any of them Helm starts above it.
pub(in crate::render) fn build(
    input: &HelmInput,
    chart: &RepoPath,
    version: KubernetesVersion,
    start: Start,
    private: &[String],
) -> Vec<OsString> {
    let version = input.kubernetes.unwrap_or(version);
    let mut arguments = vec![
        "template".to_owned(),
        input.release.clone(),
        start.reference(chart),
        format!("--namespace={}", input.namespace),
        format!("--kube-version={}.{}.0", version.major, version.minor),
    ];
    let mut flag = |wanted: bool, flag: &str| {
        if wanted {
            arguments.push(flag.to_owned());
        }
    };
    flag(input.include_crds, "--include-crds");
    flag(input.skip_tests, "--skip-tests");
    flag(input.skip_schema_validation, "--skip-schema-validation");
    flag(input.hooks == Hooks::LeaveOut, "--no-hooks");
    let files = input.values.iter().map(|file| start.reference(file));
    for file in files.chain(private.iter().cloned()) {
        arguments.push(format!("--values={}", quote(&file)));
    }
    for parameter in &input.parameters {
        let flag = if parameter.force_string {
            "--set-string"
        } else {
            "--set"
        };
        let value = escape(&parameter.value);
        arguments.push(format!("{flag}={}={value}", parameter.name));
    }
    for (name, file) in &input.file_parameters {
        let file = start
            .reference(file)
            .replace('\\', "\\\\")
            .replace(',', "\\,");
        arguments.push(format!("--set-file={name}={file}"));
    }
    for api in &input.api_versions {
        arguments.push(format!("--api-versions={api}"));
    }
    arguments.into_iter().map(OsString::from).collect()
}

/// Helm splits the names of value files at commas, as lines of comma-separated values.
fn quote(file: &str) -> String {
    if file.contains([',', '"']) {
        format!("\"{}\"", file.replace('"', "\"\""))
    } else {
        file.to_owned()
    }
}

/// Argo CD's escaping of a single value: commas separate values, but inside of `{}` they are a list's.
fn escape(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut escaped = String::new();
    let mut before = None;
    for letter in value.chars() {
        if letter == ',' && before != Some('\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
        before = Some(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::HelmParameter;

    fn input(release: &str, namespace: &str) -> HelmInput {
        HelmInput {
            values: vec!["a,b/values.yaml".parse().unwrap()],
            api_versions: vec!["a/v1".to_owned()],
            ..HelmInput::new(release, namespace)
        }
    }

    fn parameter(name: &str, value: &str, force_string: bool) -> HelmParameter {
        HelmParameter {
            name: name.to_owned(),
            value: value.to_owned(),
            force_string,
        }
    }

    #[test]
    fn nothing_of_the_plan_can_become_a_flag() {
        let hostile = "--post-renderer=x";
        let input = HelmInput {
            parameters: vec![parameter(hostile, hostile, false), parameter("", "", true)],
            file_parameters: vec![(hostile.to_owned(), hostile.parse().unwrap())],
            api_versions: vec![hostile.to_owned()],
            values: vec![hostile.parse().unwrap(), "a,\"b".parse().unwrap()],
            skip_tests: true,
            skip_schema_validation: true,
            hooks: Hooks::LeaveOut,
            kubernetes: Some(KubernetesVersion {
                major: 1,
                minor: 29,
            }),
            ..input("r", "n")
        };
        let root = hostile.parse().unwrap();
        let private = ["./one.yaml".to_owned()];
        let arguments = build(
            &input,
            &root,
            KubernetesVersion::default(),
            Start::Above,
            &private,
        );
        assert_eq!(
            arguments,
            [
                "template",
                "r",
                "./drydock-checkout/--post-renderer=x",
                "--namespace=n",
                "--kube-version=1.29.0",
                "--include-crds",
                "--skip-tests",
                "--skip-schema-validation",
                "--no-hooks",
                "--values=./drydock-checkout/--post-renderer=x",
                "--values=\"./drydock-checkout/a,\"\"b\"",
                "--values=./one.yaml",
                "--set=--post-renderer=x=--post-renderer=x",
                "--set-string==",
                "--set-file=--post-renderer=x=./drydock-checkout/--post-renderer=x",
                "--api-versions=--post-renderer=x",
            ]
        );
        for (release, namespace) in [("--debug", "n"), ("r", "--x"), ("", "n"), ("R", "n")] {
            let hostile = HelmInput::new(release, namespace);
            assert!(check_names(&hostile, &root).is_err());
        }
    }

    #[test]
    fn single_values_are_escaped_as_argo_cd_does() {
        for (value, expected) in [
            ("a,b", "a\\,b"),
            ("a\\,b", "a\\,b"),
            ("{a,b}", "{a,b}"),
            ("{a,b", "{a\\,b"),
            (",,", "\\,\\,"),
            ("a=b.c[0]", "a=b.c[0]"),
            ("a\nb", "a\nb"),
        ] {
            assert_eq!(escape(value), expected);
        }
    }
}
