//! Programs, containers and plugins that a kustomization asks for.

use super::case::{Case, kustomization};

const RUNS: &str = "runs a program or container";
const CHARTS: &str = "makes Kustomize render a chart";

fn function(annotation: &str, what: &str) -> String {
    format!(
        "apiVersion: example.com/v1\nkind: Any\nmetadata:\n  name: x\n  annotations:\n    {annotation}: |\n      {what}\n"
    )
}

const EXEC: &str = "exec: {path: ./run}";
const CONTAINER: &str = "container: {image: \"example.com/image:v1\", network: true}";
const STARLARK: &str = "starlark: {path: ./run.star, name: x}";
const OLD: &str = "config.k8s.io/function";
const NEW: &str = "config.kubernetes.io/function";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, field, annotation, what) in [
        ("exec-generator", "generators", NEW, EXEC),
        ("exec-transformer", "transformers", NEW, EXEC),
        ("exec-validator", "validators", NEW, EXEC),
        ("exec-by-the-older-name", "generators", OLD, EXEC),
        ("container-generator", "generators", NEW, CONTAINER),
        ("container-transformer", "transformers", OLD, CONTAINER),
        ("starlark", "transformers", NEW, STARLARK),
    ] {
        cases.push(
            kustomization(
                name,
                &format!("resources: [plain.yaml]\n{field}: [f.yaml]\n"),
            )
            .plain()
            .file("app/f.yaml", function(annotation, what))
            .refused("app/f.yaml:1", RUNS),
        );
    }
    let indented = function(NEW, EXEC).replace('\n', "\n  ");
    cases.push(
        kustomization(
            "exec-inline",
            &format!("resources: [plain.yaml]\ntransformers:\n- |-\n  {indented}\n"),
        )
        .plain()
        .refused("app/kustomization.yaml:4", RUNS),
    );
    cases.push(
        kustomization("exec-in-a-list", "generators: [f.yaml]\n")
            .file(
                "app/f.yaml",
                format!(
                    "apiVersion: v1\nkind: AnyList\nitems:\n- {}",
                    indented.trim_end()
                ),
            )
            .refused("app/f.yaml:4", RUNS),
    );
    cases.push(
        kustomization("exec-in-a-folder", "generators: [f]\n")
            .file("app/f/kustomization.yaml", "resources: [f.yaml]\n")
            .file("app/f/f.yaml", function(NEW, EXEC))
            .refused("app/f/f.yaml:1", RUNS),
    );
    cases.push(
        kustomization("exec-in-the-second-document", "generators: [f.yaml]\n")
            .file("app/f.yaml", format!("apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {{name: x}}\nname: x\n---\n{}", function(NEW, EXEC)))
            .refused("app/f.yaml:6", RUNS),
    );
    cases.push(
        kustomization("exec-on-a-built-in", "generators: [f.yaml]\n")
            .file(
                "app/f.yaml",
                function(NEW, EXEC)
                    .replace("example.com/v1", "builtin")
                    .replace("Any", "ConfigMapGenerator"),
            )
            .harmless("\"x-"),
    );
    let plugin =
        "apiVersion: example.com/v1\nkind: Any\nmetadata:\n  name: x\nargsOneLiner: touch @MARK@\n";
    let script = "#!/bin/sh\ntouch @MARK@\n";
    cases.push(
        kustomization("plugins-in-the-repository", "generators: [f.yaml]\n")
            .file("app/f.yaml", plugin)
            .file("kustomize/plugin/example.com/v1/any/Any", script)
            .file("app/.kustomize/plugin/example.com/v1/any/Any", script)
            .file("app/plugin/example.com/v1/any/Any.so", script)
            .refused("app/f.yaml:1", RUNS),
    );
    cases.extend(charts());
    cases
}

fn charts() -> Vec<Case> {
    let generator = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\nname: x\nrepo: \"@URL@\"\nconfigHome: ./home\n";
    vec![
        kustomization("helm-charts", "helmCharts:\n- name: x\n  repo: \"@URL@\"\n")
            .refused("app/kustomization.yaml:2", CHARTS),
        kustomization("helm-globals", "helmGlobals:\n  configHome: ./home\n")
            .file("app/home/plugins/x/plugin.yaml", "name: x\nversion: 1.0.0\ncommand: touch @MARK@\n")
            .refused("app/kustomization.yaml:2", CHARTS)
            .alone_harmless("[]"),
        kustomization("helm-inflation-generator", "helmChartInflationGenerator:\n- chartName: x\n  chartRepoUrl: \"@URL@\"\n  helmBin: ./run\n")
            .refused("app/kustomization.yaml:2", CHARTS),
        kustomization("helm-inflation-in-a-file", "generators: [f.yaml]\n")
            .file("app/f.yaml", generator)
            .refused("app/f.yaml:1", CHARTS),
    ]
}
