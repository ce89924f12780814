use super::*;

fn errors_of(text: &str) -> Vec<String> {
    parse(text.as_bytes())
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The example that the design shows, every key used.
const FULL: &str = r#"
version: 1
clusters:
  staging:    { kubernetes: "1.36", engine: flux }
  production: { kubernetes: "1.35", engine: argocd, protected: true }
apps:
  - { name: shop, path: charts/shop, renderer: helm, release: shop, namespace: shop, values: [values-prod.yaml], cluster: production }
discovery: { argocd: false, flux: true, kustomize: true, helm: true, directories: ["manifests/**"], exclude: ["archive/**"] }
policies:
  - { path: policies, dialect: auto, mode: block_new }
gates: { schema: block_new, policy: block, preview: off }
preview_unavailable: hold
unevaluable: block_new
waivers: .drydock/waivers.yaml
sync: { on_merge: off, order: [staging, production] }
"#;

#[test]
fn every_key_of_the_file_is_read() {
    let config = parse(FULL.as_bytes()).unwrap();
    let production = &config.clusters[&ClusterName("production".into())];
    assert_eq!(production.engine, Engine::ArgoCd);
    assert!(production.protected);
    assert_eq!(production.kubernetes.unwrap().to_string(), "1.35");
    let app = &config.apps[0];
    assert_eq!(app.path.as_str(), "charts/shop");
    assert_eq!(app.renderer, Some(RendererKind::Helm));
    assert_eq!(app.values, ["values-prod.yaml"]);
    assert!(!config.discovery.argocd);
    assert_eq!(
        config.discovery.directories.as_deref().unwrap(),
        ["manifests/**"]
    );
    assert_eq!(config.policies.as_ref().unwrap()[0].mode, Mode::BlockNew);
    assert_eq!(config.gate_mode(Gate::Preview), Mode::Off);
    assert_eq!(config.gate_mode(Gate::Render), Mode::Block);
    assert_eq!(config.preview_unavailable, Unavailable::Hold);
    assert_eq!(
        config.waivers.as_ref().unwrap().as_str(),
        ".drydock/waivers.yaml"
    );
    assert_eq!(config.on_merge, OnMerge::Off);
    assert_eq!(config.sync_order.len(), 2);
}

#[test]
fn a_file_with_only_its_version_has_the_defaults() {
    assert_eq!(parse(b"version: 1\n").unwrap(), RepoConfig::default());
    assert_eq!(
        parse(b"version: 1\napps:\ngates:\n").unwrap(),
        RepoConfig::default()
    );
}

#[test]
fn all_errors_are_given_in_source_order_with_the_nearest_key() {
    let text = "version: 2
cluster: {}
clusters:
  a: {kubernetes: 1.30, engine: argo, protectd: true}
apps:
  - {name: x, path: ../out}
  - {name: x, pth: y, values: z}
discovery: {helm: maybe, exclude: ['a[']}
gates: {shema: block, policy: blok}
sync: {on_merge: on, order: [a, a]}
sync: {}
";
    assert_eq!(
        errors_of(text),
        [
            "1:10: this version of Drydock reads `version: 1` only",
            "2:1: unknown key `cluster`; did you mean `clusters`?",
            "4:19: `clusters.a.kubernetes` must be text, and is a number; put it in quotes",
            "4:33: `clusters.a.engine` must be `apply`, `argocd`, `flux` or `kubectl`, and is `argo`; did you mean `argocd`?",
            "4:39: unknown key `clusters.a.protectd`; did you mean `protected`?",
            "6:21: `apps[0].path` must be a path inside the repository, and is `../out`",
            "7:5: `apps[1].path` is missing",
            "7:12: a second app is called `x`",
            "7:15: unknown key `apps[1].pth`; did you mean `path`?",
            "7:31: `apps[1].values` must be a list, and is text",
            "8:19: `discovery.helm` must be `true` or `false`, and is text",
            "8:36: `a[` is not a path pattern: unclosed character class; missing ']'",
            "9:9: unknown key `gates.shema`; did you mean `schema`?",
            "9:31: `gates.policy` must be `off`, `shadow`, `warn`, `block_new` or `block`, and is `blok`; did you mean `block`?",
            "11:1: the key `sync` is written twice, first in line 10",
        ]
    );
    assert_eq!(
        errors_of(
            "version: 1\nclusters:\n  a: {argocd: {kustomize_build_options: --enable-hlem}}\n  b: {argocd: {kustomize_build_options: 1}}\n"
        ),
        [
            "3:41: `clusters.a.argocd.kustomize_build_options`: `--enable-hlem` is no option of `kustomize build`",
            "4:41: `clusters.b.argocd.kustomize_build_options` must be text",
        ]
    );
    assert_eq!(
        errors_of("version: 1\nsync: {on_merge: on, order: [a, a]}\n"),
        [
            "2:18: `sync.on_merge` must be `off`, `observe` or `trigger`, and is a boolean",
            "2:33: `a` is named twice",
        ]
    );
}

#[test]
fn a_file_without_version_or_with_broken_yaml_is_an_error() {
    assert_eq!(errors_of(""), ["1:1: `version: 1` is missing"]);
    assert_eq!(errors_of("apps: []\n"), ["1:1: `version: 1` is missing"]);
    assert_eq!(
        errors_of("- 1\n"),
        ["1:1: the file must be a map, and is a list"]
    );
    assert_eq!(
        errors_of("version: 1\n---\nversion: 1\n"),
        ["3:1: the file must hold one document"]
    );
    assert_eq!(errors_of("version: 1\nx: [\n").len(), 1);
}

#[test]
fn a_misspelt_cluster_is_an_error_with_its_place_and_the_name_that_is_near() {
    let text = "version: 1\nclusters:\n  production: { protected: true }\napps:\n  - { name: shop, path: shop, cluster: prodution }\nsync: { order: [staging] }\n";
    let errors = errors_of(text);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(
        errors[0].contains("5:") && errors[0].contains("`prodution` is not one of `clusters`"),
        "{errors:?}"
    );
    assert!(errors[0].contains("production"), "{errors:?}");
    assert!(errors[1].contains("6:"), "{errors:?}");
    // Without a description of its clusters a file may use the operator's names.
    parse(b"version: 1\napps:\n  - { name: shop, path: shop, cluster: any }\n").unwrap();
}

#[test]
fn a_preview_is_demanded_by_protection_or_by_hold_and_never_less_by_a_newer_file() {
    let read = |text: &str| parse(format!("version: 1\n{text}").as_bytes()).unwrap();
    let (shop, other) = (ClusterName("shop".into()), ClusterName("other".into()));
    let open = read("clusters: { shop: {}, other: {} }\n");
    let protected = read("clusters: { shop: { protected: true } }\n");
    let hold = read("preview_unavailable: hold\n");
    assert!(!open.demands_preview(&shop) && !open.demands_preview(&ClusterName::default()));
    assert!(protected.demands_preview(&shop) && !protected.demands_preview(&other));
    assert!(hold.demands_preview(&other) && hold.demands_preview(&ClusterName::default()));
    for (before, after) in [(&open, &protected), (&protected, &open)] {
        let mut both = before.clone();
        both.tighten(after);
        assert!(both.demands_preview(&shop) && !both.demands_preview(&other));
    }
    let mut held = open.clone();
    held.tighten(&hold);
    assert!(held.demands_preview(&other));
}
