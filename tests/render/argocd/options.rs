//! `kustomize.buildOptions`, and what charts in kustomizations are told of their destination, beside
//! the real Kustomize with the same options.

use std::process::Command;
use std::sync::Arc;

use drydock::cluster_facts::KubernetesVersion;
use drydock::config::repo::{self, RepoConfig};
use drydock::ids::{ClusterName, DeclaredBy};
use drydock::object::{IngestSource, Masker, ingest};
use drydock::plan::{ArgoCd, ArgoCluster};
use drydock::render::{Cache, Known, Place, Settings};
use drydock::yaml::Budget;
use serde_json::Value;

use super::*;
use crate::workbench::{parts, problems, rendering};

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: told}
data:
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  a: {{ .Capabilities.APIVersions.Has \"example.com/a\" | quote }}
  b: {{ .Capabilities.APIVersions.Has \"example.com/b\" | quote }}
  c: {{ .Capabilities.APIVersions.Has \"example.com/c\" | quote }}
";

const HOME: &str = "https://kubernetes.default.svc";

/// A kustomization with a chart, and its Application with these options.
fn repository(entry: &str, options: &str) -> Repository {
    let chart =
        format!("resources: [cm.yaml]\nhelmCharts:\n- {{name: told, releaseName: r{entry}}}\n");
    Repository::with(&[
        ("app/kustomization.yaml", &chart),
        ("app/cm.yaml", CONFIG_MAP),
        (
            "app/charts/told/Chart.yaml",
            "apiVersion: v2\nname: told\nversion: 1.0.0\n",
        ),
        ("app/charts/told/values.yaml", "a: b\n"),
        ("app/charts/told/templates/cm.yaml", TEMPLATE),
        ("apps/app.yaml", &application("web", &here("app", options))),
    ])
}

/// What an installation with these options deploys of the Application `web`; `None`: options that
/// nobody knows.
fn side(repository: &Repository, options: Option<&str>, config: &RepoConfig) -> AppSide {
    let defaults = Defaults {
        argocd: ArgoCd {
            build_options: options.map(|text| text.parse().unwrap()),
            ..ArgoCd::default()
        },
        ..defaults()
    };
    let declared = declare_all(&repository.tree(), config, &defaults, &settings());
    find(&declared, "web").clone()
}

fn render(repository: &Repository, side: &AppSide, settings: &Settings) -> Outcome {
    render_side(side, &repository.tree(), settings)
}

fn values(outcome: &Outcome) -> Vec<Value> {
    let manifests = rendering(outcome).manifests.iter();
    manifests.map(|manifest| manifest.value().clone()).collect()
}

fn real(repository: &Repository, options: &str) -> Result<Vec<Value>, String> {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(parts().join("bin/kustomize"))
        .args(["build", "app", "--helm-command"])
        .arg(parts().join("bin/helm"))
        .args(options.split_whitespace())
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
    let manifests = read.manifests.iter();
    Ok(manifests.map(|manifest| manifest.value().clone()).collect())
}

#[test]
fn charts_need_the_option_that_enables_them() {
    let repository = repository("", "");
    let config = RepoConfig::default();
    for options in [
        "--enable-helm",
        "--enable-alpha-plugins",
        "--enable-helm --enable-managedby-label",
        "--enable-exec",
        "--load-restrictor LoadRestrictionsNone",
        "--enable-helm=false",
        "",
    ] {
        let side = side(&repository, Some(options), &config);
        let ours = render(&repository, &side, &settings());
        let theirs = real(
            &repository,
            &format!("{options} --helm-kube-version 1.35.0"),
        );
        match theirs {
            Ok(theirs) => assert_eq!(values(&ours), theirs, "{options}"),
            Err(error) => {
                assert!(error.contains("must specify --enable-helm"), "{error}");
                let problem = &problems(&ours)[0];
                let place = problem.path.as_ref().map(|path| path.as_str());
                assert_eq!((place, problem.line), (Some("app/kustomization.yaml"), 3));
                assert!(problem.message.contains("`--enable-helm`"), "{problem:?}");
            }
        }
    }
    // Nobody said what the options are.
    let unknown = side(&repository, None, &config);
    assert_eq!(values(&render(&repository, &unknown, &settings())).len(), 2);
}

#[test]
fn plugins_need_the_options_that_enable_them() {
    let ksops = |annotations: &str| {
        format!(
            "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {{name: x{annotations}}}\nfiles: []\n"
        )
    };
    let function = ", annotations: {config.kubernetes.io/function: 'exec: {path: ksops}'}";
    let repository = repository("", "");
    for (annotations, options, lacks) in [
        (function, None, &[][..]),
        (function, Some("--enable-alpha-plugins --enable-exec"), &[]),
        (function, Some("--enable-alpha-plugins"), &["--enable-exec"]),
        (function, Some("--enable-exec"), &["--enable-alpha-plugins"]),
        (
            function,
            Some(""),
            &["--enable-alpha-plugins", "--enable-exec"],
        ),
        ("", Some("--enable-alpha-plugins"), &[]),
        ("", Some("--enable-helm"), &["--enable-alpha-plugins"]),
    ] {
        repository.write(
            "app/kustomization.yaml",
            "resources: [cm.yaml]\ngenerators: [k.yaml]\n",
        );
        repository.write("app/k.yaml", &ksops(annotations));
        let side = side(&repository, options, &RepoConfig::default());
        let refused: Vec<&str> = side
            .refusals
            .iter()
            .map(|refusal| refusal.text.as_str())
            .collect();
        assert_eq!(refused, lacks, "{options:?}");
        assert!(
            side.refusals
                .iter()
                .all(|refusal| refusal.path.as_str() == "app/k.yaml")
        );
        match options
            .filter(|_| !lacks.is_empty())
            .map(|text| real(&repository, text))
        {
            // Plugins are enabled and programs are not: what they generate is left out.
            Some(Ok(theirs)) => assert_eq!((theirs.len(), lacks), (1, &["--enable-exec"][..])),
            Some(Err(error)) => assert!(error.contains("external plugins disabled"), "{error}"),
            None => {}
        }
    }
}

#[test]
fn the_options_are_those_of_the_cluster_that_the_application_goes_to() {
    let repository = repository("", "");
    let config = |options: &str| {
        let text = format!(
            "version: 1\nclusters:\n  home: {{engine: argocd, argocd: {{server: '{HOME}'{options}}}}}\n  other: {{engine: argocd, argocd: {{kustomize_build_options: ''}}}}\n"
        );
        repo::parse(text.as_bytes()).unwrap()
    };
    let (lacking, enabled) = (
        config(", kustomize_build_options: ''"),
        config(", kustomize_build_options: --enable-helm"),
    );
    for (options, config, refused) in [
        (None, &config(""), false),
        (None, &lacking, true),
        (None, &enabled, false),
        // The operator's word comes first.
        (Some(""), &enabled, true),
        (Some("--enable-helm"), &lacking, false),
    ] {
        let side = side(&repository, options, config);
        let expected = if refused {
            vec![RefusalKind::BuildOption]
        } else {
            Vec::new()
        };
        assert_eq!(kinds(&side), expected, "{options:?} {config:?}");
    }
    // Of a cluster that the settings name, too.
    let named = ArgoCluster {
        cluster: ClusterName("home".to_owned()),
        server: HOME.to_owned(),
        build_options: Some("".parse().unwrap()),
        ..ArgoCluster::default()
    };
    let defaults = Defaults {
        argocd: ArgoCd {
            clusters: vec![named],
            build_options: Some("--enable-helm".parse().unwrap()),
        },
        ..defaults()
    };
    let declared = declare_all(&repository.tree(), &enabled, &defaults, &settings());
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::BuildOption]);
}

#[test]
fn what_is_found_by_its_files_has_the_options_of_a_cluster_of_argo_cd() {
    let repository = repository("", "");
    std::fs::remove_file(repository.folder.path().join("apps/app.yaml")).unwrap();
    for (engine, refused) in [("argocd", 1), ("kubectl", 0)] {
        let text = format!(
            "version: 1\nclusters:\n  home: {{engine: {engine}, argocd: {{kustomize_build_options: ''}}}}\n"
        );
        let config = repo::parse(text.as_bytes()).unwrap();
        let declared = declare_all(&repository.tree(), &config, &defaults(), &settings());
        let mut found = declared.apps.iter();
        let found = found.find(|(id, _)| id.kind == DeclaredBy::Kustomization && id.name == "app");
        assert_eq!(found.unwrap().1.refusals.len(), refused, "{engine}");
    }
}

#[test]
fn charts_are_told_what_argo_cd_tells_them() {
    let mut facts = settings();
    let home = ClusterName("home".to_owned());
    facts.versions.insert(
        home.clone(),
        KubernetesVersion {
            major: 1,
            minor: 31,
        },
    );
    let served = Arc::new(vec!["example.com/a".to_owned()]);
    facts.api_versions.insert(home, served);
    let text = format!(
        "version: 1\nclusters:\n  home: {{engine: argocd, argocd: {{server: '{HOME}'}}}}\n"
    );
    let config = repo::parse(text.as_bytes()).unwrap();
    let served = "--helm-api-versions example.com/a";
    for (entry, source, options, told) in [
        // The destination's.
        ("", "", "", format!("--helm-kube-version 1.31.0 {served}")),
        // Those of the source, as a whole.
        (
            "",
            "    kustomize: {kubeVersion: 1.29.3, apiVersions: [example.com/b]}\n",
            "",
            "--helm-kube-version 1.29.0 --helm-api-versions example.com/b".to_owned(),
        ),
        // Those of the entry before all.
        (
            ", kubeVersion: 1.28.0, apiVersions: [example.com/c]",
            "    kustomize: {kubeVersion: 1.29.3, apiVersions: [example.com/b]}\n",
            "",
            "--helm-kube-version 1.29.0 --helm-api-versions example.com/b".to_owned(),
        ),
        // Those of the options beside them.
        (
            "",
            "",
            "--helm-api-versions=example.com/c",
            format!("--helm-kube-version 1.31.0 {served}"),
        ),
    ] {
        let repository = repository(entry, source);
        let options = format!("--enable-helm {options}");
        let side = side(&repository, Some(&options), &config);
        let ours = values(&render(&repository, &side, &facts));
        let theirs = real(&repository, &format!("{options} {told}")).unwrap();
        assert_eq!(ours, theirs, "{entry} {source} {options}");
    }
    let repository = repository("", "    kustomize: {kubeVersion: newest}\n");
    let side = side(&repository, None, &config);
    assert_eq!(kinds(&side), [RefusalKind::Declaration]);
}

#[test]
fn what_charts_are_told_decides_what_is_rendered_again() {
    let repository = repository("", "");
    let text = format!(
        "version: 1\nclusters:\n  home: {{engine: argocd, argocd: {{server: '{HOME}'}}}}\n"
    );
    let config = repo::parse(text.as_bytes()).unwrap();
    let plain = side(&repository, None, &config);
    let home = ClusterName("home".to_owned());
    let mut serving = settings();
    let served = Arc::new(vec!["example.com/a".to_owned()]);
    serving.api_versions.insert(home.clone(), served);
    let mut older = settings();
    older.versions.insert(
        home,
        KubernetesVersion {
            major: 1,
            minor: 30,
        },
    );
    let mut of_source = plain.clone();
    let RendererInput::Kustomize(input) = &mut of_source.sources[0].renderer else {
        panic!("{of_source:?}");
    };
    input.api_versions = vec!["example.com/b".to_owned()];
    let folder = tempfile::tempdir().unwrap();
    let tree = repository.tree();
    let mut known = Known::default();
    let mut seen = Vec::new();
    for (side, settings) in [
        (&plain, settings()),
        (&plain, serving),
        (&plain, older),
        (&of_source, settings()),
    ] {
        let mut settings = settings;
        let of_memory = values(&known.render(&[(side, &tree)], &settings)[0]);
        let place = Place::Folder(folder.path().to_owned());
        settings.cache = Some(Cache::open(&place, Cache::DEFAULT_BYTES).unwrap());
        for _ in 0..2 {
            assert_eq!(values(&render_side(side, &tree, &settings)), of_memory);
        }
        let counts = settings.cache.unwrap().counts();
        assert_eq!(counts.found, 1, "the second time");
        assert!(!seen.contains(&of_memory), "{of_memory:?}");
        seen.push(of_memory);
    }
}
