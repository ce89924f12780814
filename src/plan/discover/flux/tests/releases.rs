//! `HelmRelease`, field by field.

use super::*;
use crate::plan::{Hooks, OnRemoval};
use serde_json::json;

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";

fn release(fields: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: shop, namespace: apps}}\nspec:\n{fields}"
    )
}

const LOCAL: &str = "  chart: {spec: {chart: ./charts/shop, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}\n";

fn one(fields: &str, more: &str) -> AppSide {
    let text = format!("{SOURCE}{more}{}", release(fields));
    let files = [
        ("x/apps.yaml", text.as_str()),
        ("charts/shop/Chart.yaml", CHART),
        ("charts/shop/values.yaml", "a: 1\n"),
        ("charts/shop/values-prod.yaml", "a: 2\n"),
        ("charts/shop/templates/a.yaml", "x"),
    ];
    let found = found(&files, &["x/apps.yaml"]);
    side(&found, "shop").clone()
}

#[test]
fn a_chart_of_the_repository_is_rendered_from_its_folder() {
    let side = one(LOCAL, "");
    assert_eq!(texts(&side), [""; 0]);
    assert_eq!(side.sources[0].path, path("charts/shop"));
    assert_eq!(side.sources[0].repository, None);
    assert_eq!(side.closure.len(), 4);
    assert_eq!(side.namespace.as_deref(), Some("apps"));
    let input = helm(&side);
    assert_eq!(
        (input.release.as_str(), input.namespace.as_str()),
        ("shop", "apps")
    );
    assert!(input.include_crds && input.hooks == Hooks::Run);
    assert_eq!(side.declaration.unwrap().on_removal, OnRemoval::Deleted);
}

#[test]
fn value_files_take_the_place_of_the_charts_values() {
    let chart = |files: &str| LOCAL.replace("chart: ./", &format!("{files}, chart: ./"));
    let side = one(&chart("valuesFiles: [charts/shop/values-prod.yaml]"), "");
    assert_eq!(helm(&side).values, [path("charts/shop/values-prod.yaml")]);
    assert!(!side.closure.contains("charts/shop/values.yaml"));
    let both = "valuesFiles: [charts/shop/values.yaml, charts/shop/values-prod.yaml]";
    let side = one(&chart(both), "");
    assert_eq!(helm(&side).values.len(), 2);
    assert!(side.closure.contains("charts/shop/values.yaml"));
    let side = one(&chart("valuesFile: charts/shop/values-prod.yaml"), "");
    assert_eq!(
        texts(&side),
        ["Declaration `spec.chart.spec.valuesFile` is gone since v2: use `valuesFiles`"]
    );
    let side = one(&chart("valuesFiles: [none.yaml]"), "");
    assert_eq!(texts(&side), ["Missing none.yaml"]);
    let side = one(
        &chart("ignoreMissingValuesFiles: true, valuesFiles: [none.yaml]"),
        "",
    );
    assert_eq!(texts(&side), [""; 0]);
    assert!(side.closure.contains("charts/shop/values.yaml"));
}

#[test]
fn names_and_namespaces_follow_the_declaration() {
    let side = one(&format!("{LOCAL}  targetNamespace: prod\n"), "");
    let input = helm(&side);
    assert_eq!(
        (input.release.as_str(), input.namespace.as_str()),
        ("prod-shop", "prod")
    );
    let long = "a-very-lengthy-target-namespace-with-a-nice-object";
    let side = one(&format!("{LOCAL}  targetNamespace: {long}\n"), "");
    assert_eq!(helm(&side).release.len(), 53);
    assert!(
        helm(&side)
            .release
            .starts_with("a-very-lengthy-target-namespace-with-a-n")
    );
    let side = one(
        &format!("{LOCAL}  targetNamespace: prod\n  releaseName: web\n  storageNamespace: z\n"),
        "",
    );
    assert_eq!(helm(&side).release, "web");
}

#[test]
fn install_and_upgrade_decide_about_crds_and_hooks() {
    let crds = |fields: &str| helm(&one(&format!("{LOCAL}{fields}"), "")).include_crds;
    assert!(!crds("  install: {crds: Skip}\n"));
    assert!(crds(
        "  install: {crds: Skip}\n  upgrade: {crds: CreateReplace}\n"
    ));
    assert!(!crds("  install: {skipCRDs: true}\n"));
    assert!(crds("  install: {crds: Create}\n  upgrade: {crds: Skip}\n"));
    let hooks = |fields: &str| helm(&one(&format!("{LOCAL}{fields}"), "")).hooks;
    assert_eq!(hooks("  install: {disableHooks: true}\n"), Hooks::Run);
    let both =
        "  install: {disableHooks: true, createNamespace: true}\n  upgrade: {disableHooks: true}\n";
    assert_eq!(hooks(both), Hooks::LeaveOut);
    assert!(one(&format!("{LOCAL}{both}"), "").creates_namespace);
}

const MAPS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: apps}\ndata:\n  values.yaml: |\n    a: {b: 1}\n  tag: \"1.2\"\n  quoted: \"'true'\"\n  list: '- a'\n  empty: ''\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: two, namespace: apps}\nstringData: {values.yaml: 'p: q', pin: '1'}\n---\n";

#[test]
fn values_come_in_the_order_in_which_later_ones_win() {
    let from = "  values: {a: {c: 2}, top: 1}\n  valuesFrom:\n  - {kind: ConfigMap, name: one}\n  - {kind: ConfigMap, name: one, valuesKey: empty}\n  - {kind: ConfigMap, name: one, valuesKey: tag, targetPath: image.tag}\n  - {kind: ConfigMap, name: one, valuesKey: quoted, targetPath: flag}\n  - {kind: ConfigMap, name: one, valuesKey: tag, targetPath: top}\n  - {kind: ConfigMap, name: none, optional: true}\n  - {kind: ConfigMap, name: one, valuesKey: none, optional: true}\n";
    let side = one(&format!("{LOCAL}{from}"), MAPS);
    assert_eq!(texts(&side), [""; 0]);
    let input = helm(&side);
    let values = [
        json!({"a": {"b": 1}}),
        json!({}),
        json!({"a": {"c": 2}, "top": 1}),
    ];
    assert_eq!(input.inline, values);
    let single: Vec<_> = input
        .parameters
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str(), one.force_string))
        .collect();
    assert_eq!(
        single,
        [("image.tag", "1.2", false), ("flag", "true", true)]
    );
    assert!(input.unknown.is_empty());
}

#[test]
fn values_that_are_not_known_are_named() {
    let from = "  valuesFrom:\n  - {kind: Secret, name: two}\n  - {kind: Secret, name: two, valuesKey: pin, targetPath: auth.pin}\n  - {kind: ConfigMap, name: none}\n";
    let side = one(&format!("{LOCAL}{from}"), MAPS);
    assert_eq!(texts(&side), [""; 0]);
    let input = helm(&side);
    let unknown: Vec<&str> = input.unknown.iter().map(String::as_str).collect();
    assert_eq!(
        unknown,
        [
            "ConfigMap apps/none, key values.yaml",
            "Secret apps/two, key pin",
            "Secret apps/two, key values.yaml",
        ]
    );
    assert_eq!(input.inline, [json!(null); 0]);
    assert_eq!(input.parameters[0].name, "auth.pin");
    assert!(!format!("{input:?}").contains("'1'"));
}

#[test]
fn a_map_of_a_folder_that_is_not_deployed_with_the_release_gives_no_values() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: apps}\ndata:\n  values.yaml: 'a: 1'\n  var: x\n";
    let release = format!(
        "{SOURCE}{}",
        release(&format!(
            "{LOCAL}  valuesFrom:\n  - {{kind: ConfigMap, name: one}}\n"
        ))
    );
    let build = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: build, namespace: apps}\n\
        spec: {path: ./deploy, prune: true, sourceRef: {kind: GitRepository, name: none}, postBuild: {substituteFrom: [{kind: ConfigMap, name: one}]}}\n";
    for (folder, is_known) in [("apps", true), ("aaa", false), ("apps/nested", false)] {
        let file = format!("{folder}/map.yaml");
        let all = found(
            &[
                ("apps/release.yaml", &release),
                ("apps/build.yaml", build),
                (&file, map),
                ("charts/shop/Chart.yaml", CHART),
                ("deploy/kustomization.yaml", ""),
            ],
            &["apps/release.yaml", "apps/build.yaml", &file],
        );
        let input = helm(side(&all, "shop"));
        assert_eq!(input.unknown.is_empty(), is_known, "{folder}");
        assert_eq!(input.inline.is_empty(), !is_known, "{folder}");
        let variables = kustomize(side(&all, "build"))
            .substitution
            .as_ref()
            .unwrap();
        assert_eq!(variables.open, !is_known, "{folder}");
        assert_eq!(variables.variables.is_empty(), !is_known, "{folder}");
    }
}

#[test]
fn a_key_that_is_missing_or_no_map_is_refused() {
    let from = "  valuesFrom:\n  - {kind: ConfigMap, name: one, valuesKey: none}\n  - {kind: ConfigMap, name: one, valuesKey: list}\n";
    let side = one(&format!("{LOCAL}{from}"), MAPS);
    assert_eq!(side.refusals.len(), 2);
    assert!(texts(&side)[0].contains("`none`"), "{:?}", side.refusals);
    assert!(
        texts(&side)[1].contains("no map of values"),
        "{:?}",
        side.refusals
    );
}

#[test]
fn post_renderers_and_common_metadata_are_taken() {
    let fields = "  commonMetadata: {labels: {a: b}}\n  postRenderers: [{kustomize: {images: [{name: i, newTag: '2'}], patches: [{patch: p, target: {kind: A}}]}}, {kustomize: {patches: [{patch: q}]}}]\n";
    let side = one(&format!("{LOCAL}{fields}"), "");
    let input = helm(&side);
    assert_eq!(input.common_metadata.labels["a"], "b");
    assert_eq!(input.post.len(), 2);
    assert_eq!(input.post[0].images, [json!({"name": "i", "newTag": "2"})]);
    assert_eq!(input.post[1].patches, [json!({"patch": "q"})]);
}

fn remote(side: &AppSide) -> (Option<&str>, Option<&str>, Option<&str>) {
    let source = &side.sources[0];
    (
        source.repository.as_deref(),
        source.chart.as_deref(),
        source.revision.as_deref(),
    )
}

#[test]
fn charts_of_repositories_and_registries_are_said_as_sources() {
    let helm = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: r, namespace: apps}\nspec: {url: 'https://charts.example'}\n---\n";
    let chart = "  chart: {spec: {chart: podinfo, version: 6.x, sourceRef: {kind: HelmRepository, name: r}}}\n";
    let side = one(chart, helm);
    assert_eq!(texts(&side), [""; 0]);
    assert_eq!(
        remote(&side),
        (Some("https://charts.example"), Some("podinfo"), Some("6.x"))
    );

    let files = chart.replace("version: 6.x", "version: 6.x, valuesFiles: [prod.yaml]");
    let side = one(&files, helm);
    assert_eq!(texts(&side), [""; 0]);
    assert_eq!(side.sources[0].waiting.values, ["prod.yaml"]);

    let oci = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: r, namespace: apps}\nspec: {url: 'oci://oci.example/charts/podinfo', ref: {tag: 6.7.1}}\n---\n";
    let side = one("  chartRef: {kind: OCIRepository, name: r}\n", oci);
    assert_eq!(
        remote(&side),
        (
            Some("oci://oci.example/charts"),
            Some("podinfo"),
            Some("6.7.1")
        )
    );

    let object = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: c, namespace: apps}\nspec: {chart: podinfo, version: '7', sourceRef: {kind: HelmRepository, name: r}}\n---\n";
    let side = one(
        "  chartRef: {kind: HelmChart, name: c}\n",
        &format!("{helm}{object}"),
    );
    assert_eq!(
        remote(&side),
        (Some("https://charts.example"), Some("podinfo"), Some("7"))
    );

    let side = one(chart, "");
    let text = "Elsewhere chart `podinfo` of the HelmRepository `apps/r`, which no object of the repository declares";
    assert_eq!(texts(&side), [text]);
}

#[test]
fn a_chart_in_another_repository_keeps_its_folder() {
    let git = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: g, namespace: apps}\nspec: {url: 'https://git.example/o/r', ref: {tag: v1}}\n---\n";
    let chart = "  chart: {spec: {chart: ./charts/x, sourceRef: {kind: GitRepository, name: g}}}\n";
    let side = one(chart, git);
    assert_eq!(texts(&side), [""; 0]);
    assert_eq!(
        remote(&side),
        (Some("https://git.example/o/r"), None, Some("v1"))
    );
    assert_eq!(side.sources[0].path, path("charts/x"));
}

#[test]
fn a_release_without_a_chart_or_with_two_is_refused() {
    let side = one("  values: {}\n", "");
    assert_eq!(
        texts(&side),
        ["Declaration `spec.chartRef` is not given, nor is `chart`"]
    );
    let side = one(
        &format!("{LOCAL}  chartRef: {{kind: HelmChart, name: c}}\n"),
        "",
    );
    assert_eq!(
        texts(&side),
        ["Declaration `spec.chartRef` is given beside `chart`"]
    );
    let side = one(&LOCAL.replace("charts/shop", "charts/none"), "");
    assert_eq!(texts(&side), ["Missing charts/none/Chart.yaml"]);
}
