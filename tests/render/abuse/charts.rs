//! Charts that reach for files, plugins, hosts and flags.

use super::case::{CHART, Case, PLAIN, case, chart, value};

const UNSAFE: &str = "symbolic link that leads out";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = links();
    cases.extend(dependencies());
    cases.extend(plugins());
    cases.extend(values());
    cases
}

fn links() -> Vec<Case> {
    let linked = |name, path: &'static str, target| {
        chart(name, PLAIN).link(path, target).refused(path, UNSAFE)
    };
    let replaced = |name, path: &'static str, target| {
        let mut case = case(name).file("chart/templates/a.yaml", PLAIN);
        if path != "chart/Chart.yaml" {
            case = case.file("chart/Chart.yaml", CHART);
        }
        case.root = "chart";
        case.link(path, target)
    };
    let mut rooted = case("linked-chart").link("chart", "@OUTSIDE@");
    rooted.root = "chart";
    vec![
        linked(
            "linked-environment",
            "chart/templates/b.yaml",
            "/proc/self/environ",
        ),
        linked(
            "linked-token",
            "chart/templates/b.yaml",
            "/var/run/secrets/kubernetes.io/serviceaccount/token",
        ),
        linked(
            "linked-template",
            "chart/templates/b.yaml",
            "../../../@NAME@/templates/secret.yaml",
        ),
        linked(
            "linked-file-of-files",
            "chart/files/secret",
            "@OUTSIDE@/token",
        ),
        linked("linked-dependency", "chart/charts/outside", "@OUTSIDE@"),
        linked("linked-crds", "chart/crds", "@OUTSIDE@"),
        linked("linked-circle", "chart/templates/b.yaml", "b.yaml"),
        linked("linked-lock", "chart/Chart.lock", "/root/.bashrc"),
        replaced(
            "linked-chart-file",
            "chart/Chart.yaml",
            "@OUTSIDE@/Chart.yaml",
        )
        .refused("chart/Chart.yaml", UNSAFE),
        replaced(
            "linked-values",
            "chart/values.yaml",
            "@OUTSIDE@/values.yaml",
        )
        .refused("chart/values.yaml", UNSAFE),
        replaced(
            "linked-schema",
            "chart/values.schema.json",
            "@OUTSIDE@/values.schema.json",
        )
        .refused("chart/values.schema.json", UNSAFE),
        rooted.refused("chart", "nothing that can be rendered"),
        chart("submodule", PLAIN)
            .submodule("chart/charts/x")
            .refused("chart/charts/x", "submodule"),
    ]
}

fn dependencies() -> Vec<Case> {
    let needs = |name, text: &str| {
        chart(name, PLAIN).file("chart/Chart.yaml", format!("{CHART}dependencies:\n{text}"))
    };
    let huge = format!("{CHART}description: \"{}\"\n", "x".repeat(6 << 20));
    vec![
        needs(
            "dependency-by-path",
            "- name: outside\n  version: 1.0.0\n  repository: file://../../@NAME@\n",
        )
        .refused("chart/Chart.yaml:5", "is not in the repository"),
        needs(
            "dependency-by-absolute-path",
            "- name: outside\n  version: 1.0.0\n  repository: file://@OUTSIDE@\n",
        )
        .refused("chart/Chart.yaml:5", "is not in the repository"),
        needs(
            "dependency-by-http",
            "- name: x\n  version: 1.0.0\n  repository: \"@URL@\"\n",
        )
        .refused("chart/Chart.yaml:5", "is not in the repository"),
        needs(
            "dependency-with-a-path-for-a-name",
            "- name: ../../@NAME@\n  version: 1.0.0\n  repository: \"\"\n",
        )
        .refused("chart/Chart.yaml:5", "is not in the repository"),
        needs(
            "dependency-with-a-path-for-an-alias",
            "- name: x\n  alias: ../../@NAME@\n  version: 1.0.0\n",
        )
        .file("chart/charts/x/Chart.yaml", CHART.replace("shop", "x"))
        .file("chart/charts/x/templates/a.yaml", PLAIN)
        .refused("chart/Chart.yaml", ""),
        chart(
            "chart-with-a-path-for-a-name",
            &value(".Chart.Name | quote"),
        )
        .file(
            "chart/Chart.yaml",
            "apiVersion: v2\nname: ../../../etc\nversion: 1.0.0\n",
        )
        .refused("chart/Chart.yaml", ""),
        chart("huge-chart-file", PLAIN)
            .file("chart/Chart.yaml", huge)
            .refused("chart/Chart.yaml", "more than"),
    ]
}

fn plugins() -> Vec<Case> {
    let plugin = "name: x\nversion: 1.0.0\nusage: x\ndescription: x\ncommand: touch @MARK@\nhooks: {install: touch @MARK@}\ndownloaders:\n- {command: bin/get, protocols: [http, https, file, x]}\n";
    let script = "#!/bin/sh\ntouch @MARK@\n";
    let shows = "\"plain\"";
    vec![
        chart("plugins-in-the-chart", PLAIN)
            .file("chart/plugins/x/plugin.yaml", plugin)
            .file("chart/.helm/plugins/x/plugin.yaml", plugin)
            .file("helm/plugins/x/plugin.yaml", plugin)
            .file("chart/plugins/x/bin/get", script)
            .harmless(shows),
        chart("getter-plugin-for-values", PLAIN)
            .file("chart/plugins/x/plugin.yaml", plugin)
            .file(".drydock.yaml", app("values: [\"x://host/values.yaml\"]"))
            .refused(".drydock.yaml", "fetched from another host"),
        chart("post-renderer-by-file-names", PLAIN)
            .file("chart/post-renderer", script)
            .file("chart/kustomize", script)
            .file("chart/.helmrc", "post-renderer: ./post-renderer\n")
            .file(
                "chart/values.yaml",
                "postRenderer: ./post-renderer\nhelm: {post-renderer: ./post-renderer}\n",
            )
            .harmless(shows),
        flag_as_root(script),
    ]
}

/// A folder whose name is a flag.
fn flag_as_root(script: &str) -> Case {
    let root = "--post-renderer=run";
    let mut case = case("a-flag-for-a-folder")
        .file("--post-renderer=run/Chart.yaml", CHART)
        .file("--post-renderer=run/templates/a.yaml", PLAIN)
        .file("run", script)
        .file(
            ".drydock.yaml",
            format!(
                "version: 1\napps:\n- {{name: shop, path: {root}, renderer: helm, release: shop}}\n"
            ),
        );
    case.root = root;
    case.harmless("\"plain\"")
}

fn app(more: &str) -> String {
    format!("version: 1\napps:\n- {{name: shop, path: chart, renderer: helm, {more}}}\n")
}

fn values() -> Vec<Case> {
    let shown = || value("(print .Values.value .Values.other) | quote");
    let with = |name, more: &str| {
        chart(name, &shown())
            .file("chart/values.yaml", "value: \"\"\nother: \"\"\n")
            .file(".drydock.yaml", app(more))
    };
    vec![
        with("values-by-http", "values: [\"@URL@/values.yaml\"]")
            .refused(".drydock.yaml", "fetched from another host"),
        with("values-outside", "values: [../../@NAME@/values.yaml]")
            .refused(".drydock.yaml", "leads out of the repository"),
        with(
            "values-by-absolute-path",
            "values: [\"@OUTSIDE@/values.yaml\"]",
        )
        .refused(".drydock.yaml", "leads out of the repository"),
        with("values-by-link", "values: [mine.yaml]")
            .link("chart/mine.yaml", "@OUTSIDE@/values.yaml")
            .refused("chart/mine.yaml", UNSAFE),
        with(
            "values-that-look-like-a-flag",
            "values: [--post-renderer=run]",
        )
        .file("chart/--post-renderer=run", "value: mine\n")
        .harmless("\"value\":\"mine\""),
        with("values-with-a-comma", "values: [\"a,@URL@.yaml\"]")
            .refused(".drydock.yaml", "fetched from another host"),
        with("values-named-as-two", "values: [\"one,chart/two.yaml\"]")
            .file("chart/one,chart/two.yaml", "value: right\n")
            .file("chart/one", "value: wrong\n")
            .file("chart/two.yaml", "value: wrong\n")
            .harmless("\"value\":\"right\""),
        with("release-that-is-a-flag", "release: --post-renderer=run")
            .refused("chart", "cannot be the release"),
        with("namespace-that-is-a-flag", "namespace: --debug")
            .refused("chart", "cannot be the namespace"),
    ]
}
