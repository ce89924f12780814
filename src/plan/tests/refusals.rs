//! Every reason not to build a kustomization, with file and line.

use super::*;

/// The refusals of the kustomization `app`, as `kind path:line text`.
fn refusals(kustomization: &str, others: &[(&str, &str)]) -> Vec<String> {
    let mut files = vec![("app/kustomization.yaml", kustomization)];
    files.extend_from_slice(others);
    let (_dir, tree) = tree_of(&files);
    let config = RepoConfig::default();
    let declared = declare_at(&tree, &config, &Defaults::default(), &path("app"));
    let side = declared.apps.values().next().unwrap();
    let line = |refusal: &Refusal| {
        let Refusal {
            kind,
            path,
            line,
            text,
        } = refusal;
        format!("{kind:?} {path}:{line} {text}")
    };
    side.refusals.iter().map(line).collect()
}

#[test]
fn remote_references_are_refused_with_file_and_line() {
    for (field, text) in [
        ("resources", "https://example.com/a.yaml"),
        ("resources", "github.com/org/repo?ref=main"),
        ("bases", "git@example.com:org/repo.git"),
        ("Resources", "file:///srv/repo?ref=--upload-pack=sh"),
        ("reſources", "ssh://git@example.com/org/repo"),
        ("resources", "example.com/org/repo?ref=v1"),
        ("components", "git::https://example.com/org/repo"),
        ("crds", "https://example.com/crd.json"),
        ("configurations", "http://example.com/c.yaml"),
        ("generators", "https://example.com/g.yaml"),
        ("patchesStrategicMerge", "https://example.com/p.yaml"),
    ] {
        let kustomization = format!("namePrefix: x\n{field}:\n- {text}\n");
        let expected = format!("RemoteReference app/kustomization.yaml:3 {text}");
        assert_eq!(refusals(&kustomization, &[]), [expected]);
    }
    for nested in [
        "patches:\n- path: https://example.com/p\n",
        "replacements:\n- path: https://example.com/p\n",
        "openapi:\n  path: https://example.com/p\n",
        "configMapGenerator:\n- files: [key=https://example.com/p]\n",
        "secretGenerator:\n- envs: ['https://example.com/p']\n",
        "secretGenerator:\n- env: https://example.com/p\n",
    ] {
        let expected = "RemoteReference app/kustomization.yaml:2 ";
        let found = refusals(nested, &[]);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{found:?}"
        );
    }
}

#[test]
fn a_remote_reference_in_a_base_names_the_base() {
    let base = (
        "base/kustomization.yml",
        "resources:\n- https://example.com/x\n",
    );
    assert_eq!(
        refusals("resources: [../base]\n", &[base]),
        ["RemoteReference base/kustomization.yml:2 https://example.com/x"]
    );
}

#[test]
fn paths_that_leave_the_repository_are_refused() {
    assert_eq!(
        refusals("resources:\n- /etc/passwd\n- ../../x\n", &[]),
        [
            "LeavesRepository app/kustomization.yaml:2 /etc/passwd",
            "LeavesRepository app/kustomization.yaml:3 ../../x"
        ]
    );
}

#[test]
fn links_that_leave_the_repository_or_the_root_are_refused() {
    let others = [
        ("app/a.yaml", "-> ../../../etc/passwd"),
        ("app/b.yaml", "-> ../secret.yaml"),
        ("secret.yaml", OBJECT),
        ("link", "-> app/inner"),
        ("app/inner/kustomization.yaml", "resources: [../x.yaml]\n"),
        ("x.yaml", OBJECT),
    ];
    assert_eq!(
        refusals("resources:\n- a.yaml\n- b.yaml\n- ../link\n", &others),
        [
            "UnsafeEntry app/kustomization.yaml:2 a.yaml",
            "UnsafeEntry app/kustomization.yaml:3 b.yaml",
            "UnsafeEntry link/kustomization.yaml:1 ../x.yaml"
        ]
    );
}

#[test]
fn charts_and_programs_in_kustomizations_are_refused() {
    let others = [(
        "app/fn.yaml",
        "apiVersion: example.com/v1\nkind: Fn\nmetadata:\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run}\n",
    )];
    let kustomization = "helmCharts:\n- name: x\nhelmGlobals:\n  configHome: plugins\ntransformers:\n- fn.yaml\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: a}\n  name: x\nvalidators:\n- |-\n  apiVersion: a/v1\n  kind: B\n";
    assert_eq!(
        refusals(kustomization, &others),
        [
            "KustomizeHelm app/kustomization.yaml:2 helmCharts without a releaseName",
            "KustomizeHelm app/kustomization.yaml:4 helmGlobals.configHome",
            "KustomizeHelm app/kustomization.yaml:8 HelmChartInflationGenerator without a releaseName",
            "RunsProgram app/fn.yaml:1 example.com/v1 Fn",
            "RunsProgram app/kustomization.yaml:14 a/v1 B",
        ]
    );
}

#[test]
fn charts_that_are_not_in_the_repository_are_refused_until_they_are_fetched() {
    let others = [
        ("app/charts/here/Chart.yaml", "name: here\nversion: 1.0.0\n"),
        (
            "app/charts/far-1.0.0/far/Chart.yaml",
            "name: far\nversion: 1.0.0\n",
        ),
    ];
    let kustomization = "helmCharts:
- {name: here, releaseName: a}
- {name: far, releaseName: a, repo: 'https://example.com', version: 1.0.0}
- {name: far, releaseName: a, repo: 'https://example.com', version: 2.0.0}
- {name: gone, releaseName: a}
- {name: ../../../out, releaseName: a}
- {name: here, releaseName: a, nameTemplate: x}
- {name: -x, releaseName: a}
- {name: here, releaseName: a, valuesFile: gone.yaml}
";
    assert_eq!(
        refusals(kustomization, &others),
        [
            "LeavesRepository app/kustomization.yaml:6 charts/../../../out",
            "KustomizeHelm app/kustomization.yaml:7 helmCharts.nameTemplate",
            "KustomizeHelm app/kustomization.yaml:8 helmCharts without a name",
            "RemoteChart app/kustomization.yaml:4 chart far 2.0.0 of https://example.com/",
            "Missing app/kustomization.yaml:5 charts/gone",
            "Missing app/kustomization.yaml:9 gone.yaml",
        ]
    );
}

#[test]
fn generators_of_secrets_are_known_by_kind_and_their_files_are_read() {
    let others = [
        (
            "app/ksops.yaml",
            "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: x}\nfiles: [./a.enc.yaml]\nsecretFrom:\n- files: [k=b.enc]\n  envs: [gone.env]\n",
        ),
        ("app/a.enc.yaml", "kind: Secret\n"),
        ("app/b.enc", "x"),
        (
            "app/other.yaml",
            "apiVersion: viaduct.ai/v1\nkind: other\n---\napiVersion: example.com/v1\nkind: ksops\n",
        ),
    ];
    let kustomization = "generators:
- ksops.yaml
- other.yaml
- |-
  apiVersion: goabout.com/v1beta1
  kind: SopsSecretGenerator
  envs: [gone.txt]
";
    assert_eq!(
        refusals(kustomization, &others),
        [
            "RunsProgram app/other.yaml:1 viaduct.ai/v1 other",
            "RunsProgram app/other.yaml:4 example.com/v1 ksops",
            "Missing app/ksops.yaml:7 gone.env",
            "Missing app/kustomization.yaml:5 gone.txt",
        ]
    );
}

#[test]
fn circles_missing_files_and_unreadable_kustomizations_are_refused() {
    let others = [
        ("base/kustomization.yaml", "resources: [../app]\n"),
        ("broken/kustomization.yaml", "resources:\n- a: [\n"),
    ];
    let kustomization = "resources:\n- ../base\n- gone.yaml\n- ../broken\n- .\n";
    let found = refusals(kustomization, &others);
    let starts = [
        "Cycle app/kustomization.yaml:5 .",
        "Cycle base/kustomization.yaml:1 ../app",
        "Missing app/kustomization.yaml:3 gone.yaml",
        "Unreadable broken/kustomization.yaml:",
    ];
    assert_eq!(found.len(), starts.len(), "{found:?}");
    for (found, start) in found.iter().zip(starts) {
        assert!(found.starts_with(start), "{found} {start}");
    }
}

#[test]
fn a_kustomization_of_very_many_charts_is_refused_and_read_once_for_what_it_needs() {
    use crate::plan::outside::Mounts;

    let charts: String = (0..2_000)
        .map(|number| {
            format!(
                "- {{name: c{number}, releaseName: r, version: 1.0.0, repo: 'https://charts.example'}}\n"
            )
        })
        .collect();
    let kustomization = format!("helmCharts:\n{charts}");
    let begun = std::time::Instant::now();
    let (_dir, tree) = tree_of(&[("app/kustomization.yaml", &kustomization)]);
    let config = RepoConfig::default();
    let declared = declare_at(&tree, &config, &Defaults::default(), &path("app"));
    let refusals = &declared.apps.values().next().unwrap().refusals;
    let too_large: Vec<_> = refusals
        .iter()
        .filter(|refusal| refusal.kind == RefusalKind::TooLarge)
        .map(|refusal| (refusal.line, refusal.text.as_str()))
        .collect();
    assert_eq!(
        too_large,
        [(1_002, "charts in one kustomization (at most 1000)")]
    );

    let plan = Plan::of_sides(declared.apps, tree.revision());
    let mut mounts = Mounts::default();
    let needs = mounts.note(&plan, [&tree, &tree]).needs;
    assert_eq!(needs.len(), 1_000);
    // Reading the file for each chart took minutes.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));

    let need = needs.first().unwrap();
    let mount = crate::plan::outside::mount_of(need);
    let text = mounts.readable(&format!("a {mount}/x .drydock-outside/y: {mount}"));
    assert_eq!(text, format!("a {need}/x .drydock-outside/y: {need}"));
}
