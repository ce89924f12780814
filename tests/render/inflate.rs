//! Charts inside kustomizations, against the real Kustomize with the real Helm.

use std::process::Command;

use drydock::config::repo::Engine;
use drydock::ids::Side;
use drydock::object::{IngestSource, Masker, ingest};
use drydock::plan::{self, AppSide, Defaults, KustomizeInput, RendererInput, Selection};
use drydock::render::Outcome;
use drydock::tree::Tree;
use drydock::yaml::Budget;
use serde_json::Value;

use crate::workbench::{CONFIG_MAP, Repository, parts, problems, rendering};

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-values
  namespace: {{ .Release.Namespace }}
data:
  values: {{ omit .Values \"global\" | toJson | quote }}
  api: {{ .Capabilities.APIVersions.Has \"example.com/v1\" | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}}
---
apiVersion: v1
kind: Pod
metadata:
  name: probe
  annotations: {helm.sh/hook: test}
spec: {containers: [{name: a, image: 'alpine:1'}]}
";

const GENERATOR: &str = "apiVersion: builtin
kind: HelmChartInflationGenerator
metadata: {name: shop}
name: shop
releaseName: r
valuesFile: own.yaml
additionalValuesFiles: [late.yaml]
";

const CRD: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: as.example.com}
spec: {group: example.com, names: {kind: A, plural: as}, scope: Namespaced, versions: []}
";

const VALUES: &str =
    "a: chart\nword: on\nnothing:\nempty: null\nlist: [1, 2]\nmap: {x: 1, y: {z: yes}}\n";

fn repository(kustomization: &str) -> Repository {
    Repository::with(&[
        ("app/kustomization.yaml", kustomization),
        ("app/more.yaml", CONFIG_MAP),
        ("app/own.yaml", "a: own\nlist: [3]\n"),
        ("app/late.yaml", "a: late\nlate: true\n"),
        (
            "app/charts/shop/Chart.yaml",
            "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        ),
        ("app/charts/shop/values.yaml", VALUES),
        ("app/charts/shop/templates/all.yaml", TEMPLATE),
        ("app/charts/shop/crds/a.yaml", CRD),
        (
            "app/else/shop/Chart.yaml",
            "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        ),
        ("app/else/shop/values.yaml", "b: else\n"),
        ("app/else/shop/templates/all.yaml", TEMPLATE),
        (
            "app/charts/quiet/Chart.yaml",
            "apiVersion: v2\nname: quiet\nversion: 1.0.0\n",
        ),
        ("app/charts/quiet/values.yaml", ""),
        ("app/chart.yaml", GENERATOR),
        (
            "app/plugins/kustomization.yaml",
            "resources: [chart.yaml]\n",
        ),
        ("app/plugins/chart.yaml", GENERATOR),
        (
            "over/kustomization.yaml",
            "namespace: outer\nnamePrefix: o-\nresources: [../app]\n",
        ),
    ])
}

fn real(repository: &Repository, root: &str) -> Result<Vec<Value>, String> {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(parts().join("bin/kustomize"))
        .args(["build", root, "--enable-helm", "--helm-kube-version=1.35.0"])
        .arg("--helm-command")
        .arg(parts().join("bin/helm"))
        .current_dir(repository.folder.path())
        .env("HOME", home.path())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let read = ingest(
        &output.stdout,
        &IngestSource::ToolOutput,
        &Masker::new([7; 32]),
        &Budget::tool_output(),
    );
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    let manifests = read.manifests.iter();
    Ok(manifests.map(|manifest| manifest.value().clone()).collect())
}

/// Planned and rendered as the kustomization of a repository.
fn ours(repository: &Repository, root: &str) -> Outcome {
    let tree = repository.tree();
    let config = drydock::config::repo::RepoConfig::default();
    let plan = plan::build(
        &Tree::empty(),
        &tree,
        &config,
        &Defaults::default(),
        &Selection::All,
    );
    let side = plan.apps.iter().find_map(|app| {
        let side = app.side(Side::Head)?;
        let source = side.sources.first()?;
        let is_wanted =
            source.path.as_str() == root && matches!(source.renderer, RendererInput::Kustomize(_));
        is_wanted.then(|| side.clone())
    });
    repository.render(&side.unwrap())
}

fn values(outcome: &Outcome) -> Vec<Value> {
    let manifests = rendering(outcome).manifests.iter();
    manifests.map(|manifest| manifest.value().clone()).collect()
}

#[test]
fn charts_render_to_what_the_real_tools_make_of_them() {
    for kustomization in [
        "helmCharts:\n- {name: shop, releaseName: r}\n",
        "helmCharts:\n- {name: shop, releaseName: r, namespace: shop-ns, includeCRDs: true}\nresources: [more.yaml]\n",
        "namespace: ns\nnamePrefix: p-\ncommonLabels: {team: t}\nhelmCharts:\n- {name: shop, releaseName: r}\nresources: [more.yaml]\n",
        "namespace: ns\nhelmCharts:\n- {name: shop, releaseName: r, namespace: own, skipTests: true}\n",
        "helmCharts:\n- {name: shop, releaseName: r, skipHooks: true, kubeVersion: '1.29.0', apiVersions: [example.com/v1]}\n",
        "helmCharts:\n- {name: shop, releaseName: r, valuesFile: own.yaml, additionalValuesFiles: [late.yaml]}\n",
        "helmCharts:\n- name: shop\n  releaseName: r\n  valuesInline: {a: inline, map: {x: null, y: {z: no}, w: {v: null}}, list: [9], word: off}\n",
        "helmCharts:\n- name: shop\n  releaseName: r\n  valuesFile: own.yaml\n  valuesMerge: merge\n  valuesInline: {a: inline, b: inline, list: [9]}\n",
        "helmCharts:\n- name: shop\n  releaseName: r\n  valuesFile: own.yaml\n  valuesMerge: replace\n  valuesInline: {b: inline}\n  additionalValuesFiles: [late.yaml]\n",
        "helmGlobals: {chartHome: else}\nhelmCharts:\n- {name: shop, releaseName: r}\n",
        "HelmCharts:\n- {name: shop, releaseName: one, skipTests: true}\n- {name: shop, releaseName: two, skipTests: true}\nconfigMapGenerator:\n- {name: made, literals: [a=b]}\nsortOptions: {order: fifo}\nresources: [more.yaml]\n",
        "helmCharts:\n- {name: shop, releaseName: r}\npatches:\n- target: {kind: Service}\n  patch: \"- op: add\\n  path: /spec/type\\n  value: NodePort\"\nreplacements: []\nimages: [{name: alpine, newTag: '9'}]\n",
        "helmCharts:\n- {name: quiet, releaseName: r}\nresources: [more.yaml]\n",
        "helmCharts:\n- {name: quiet, releaseName: r}\n",
        // Keys count whatever their case, also inside of an entry.
        "helmCharts:\n- {Name: shop, RELEASENAME: r, valuesFile: null, IncludeCRDs: true}\n",
        // The form before.
        "helmChartInflationGenerator:\n- {chartName: shop, releaseName: r, chartHome: else, valuesLocal: {a: inline}, releaseNamespace: unread, extraArgs: [--unread]}\n",
        "helmGlobals: {chartHome: charts}\nhelmCharts:\n- {name: shop, releaseName: one, skipTests: true}\nhelmChartInflationGenerator:\n- {chartName: quiet, releaseName: two, values: own.yaml, valuesMerge: replace, chartHome: else}\n",
        // The form of plugins: in a file, in a folder, as text; no namespace but its own.
        "namespace: ns\ngenerators: [chart.yaml]\nresources: [more.yaml]\n",
        "generators: [plugins]\nnamePrefix: p-\nresources: [more.yaml]\n",
        "generators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: x}\n  name: shop\n  releaseName: r\n  chartHome: else\n  valuesInline: {b: inline}\n  other: field\n",
    ] {
        let repository = repository(kustomization);
        for root in ["app", "over"] {
            let theirs = real(&repository, root);
            if root == "app" {
                // It is a base, so planning declares what is built on it.
                let side = AppSide {
                    engine: Engine::ArgoCd,
                    ..repository.side("app", RendererInput::Kustomize(KustomizeInput::default()))
                };
                let outcome = repository.render(&side);
                assert_eq!(values(&outcome), theirs.unwrap(), "{root}: {kustomization}");
            } else {
                let outcome = ours(&repository, root);
                assert_eq!(values(&outcome), theirs.unwrap(), "{root}: {kustomization}");
            }
        }
    }
}

#[test]
fn what_the_real_tools_refuse_is_refused() {
    for kustomization in [
        "helmCharts:\n- {name: shop, releaseName: r, valuesFile: ../over/values.yaml}\n",
        "helmCharts:\n- {name: shop, releaseName: r, valuesMerge: odd, valuesInline: {a: b}}\n",
        "helmCharts:\n- {name: shop, releaseName: r, valuesInline: {a: {b: c}}}\n",
        "helmCharts:\n- {name: shop, releaseName: 'R S'}\n",
        "helmCharts:\n- {name: shop, releaseName: r}\n- {name: shop, releaseName: r}\n",
        "helmCharts:\n- {name: gone, releaseName: r}\n",
        "helmCharts:\n- {name: shop, releaseName: r, chartHome: else}\n",
        "helmGlobals: {chartHome: 1}\nhelmCharts:\n- {name: shop, releaseName: r}\n",
        "helmChartInflationGenerator:\n- {chartName: shop, releaseName: r, name: shop}\n",
        "generators:\n- |-\n  {apiVersion: builtin, kind: HelmChartInflationGenerator, name: shop, releaseName: r}\n",
        "transformers: [chart.yaml]\nresources: [more.yaml]\n",
    ] {
        let repository = repository(kustomization);
        repository.write("over/values.yaml", "a: b\n");
        real(&repository, "app").unwrap_err();
        let side = repository.kustomize("app");
        problems(&repository.render(&side));
    }
}

#[test]
fn one_base_in_two_namespaces_is_not_guessed() {
    let repository = repository("helmCharts:\n- {name: shop, releaseName: r}\n");
    repository.write(
        "all/kustomization.yaml",
        "resources: [../over, ../second]\n",
    );
    repository.write(
        "second/kustomization.yaml",
        "namespace: second\nnamePrefix: s-\nresources: [../app]\n",
    );
    let outcome = repository.render(&repository.kustomize("all"));
    let message = &problems(&outcome)[0].message;
    assert!(message.contains("different namespaces"), "{message}");
}

#[test]
fn flux_renders_no_charts_inside_kustomizations() {
    let repository = repository("helmCharts:\n- name: shop\n  releaseName: web\n");
    let outcome = |engine: Engine| {
        let mut side = repository.kustomize("app");
        side.engine = engine;
        repository.render(&side)
    };
    assert!(matches!(outcome(Engine::ArgoCd), Outcome::Rendered(_)));
    let Outcome::Failed(problems) = outcome(Engine::Flux) else {
        panic!("Flux would fail");
    };
    assert!(problems[0].message.contains("HelmRelease"), "{problems:?}");
}
