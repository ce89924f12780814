//! Applications of Argo CD: what they declare, and what a change of a file then affects.

use std::sync::Arc;

use drydock::config::repo::RepoConfig;
use drydock::ids::DeclaredBy;
use drydock::plan::{
    AppSide, AppSource, Declared, Defaults, HelmParameter, Membership, OnRemoval, Origin,
    RefusalKind, RendererInput, find_doubts,
};
use drydock::render::{Known, Outcome, ToolPaths, render_side};
use drydock::run::pipeline::{self, declare_all};

use crate::workbench::{Repository, path, settings, settings_with};

mod changes;
mod checkout;
mod directories;
mod escapes;
mod hidden;
mod options;
mod overrides;
mod standing;
mod values;

const URL: &str = "https://github.com/example/deploy";
const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n";
const CHART: &str = "apiVersion: v2\nname: api\nversion: 1.0.0\n";

fn defaults() -> Defaults {
    Defaults {
        origin: Origin {
            urls: vec![URL.to_owned()],
            target: Some("main".to_owned()),
            default: Some("main".to_owned()),
        },
        ..Defaults::default()
    }
}

fn declare(repository: &Repository) -> Declared {
    declare_all(
        &repository.tree(),
        &RepoConfig::default(),
        &defaults(),
        &settings(),
    )
}

fn find<'a>(declared: &'a Declared, name: &str) -> &'a AppSide {
    let mut named = declared
        .apps
        .iter()
        .filter(|(id, _)| id.kind == DeclaredBy::ArgoApplication && id.name == name);
    let found = named.next();
    assert!(named.next().is_none(), "{name} is declared twice");
    found.unwrap_or_else(|| panic!("{name} is not declared")).1
}

fn files(side: &AppSide) -> Vec<&str> {
    side.closure.iter().map(|path| path.as_str()).collect()
}

fn kinds(side: &AppSide) -> Vec<RefusalKind> {
    side.refusals.iter().map(|refusal| refusal.kind).collect()
}

/// The applications that this change touches.
fn touched(base: &Repository, head: &Repository) -> Vec<String> {
    let plan = pipeline::plan_change(
        &base.tree(),
        &head.tree(),
        &RepoConfig::default(),
        &defaults(),
        &settings(),
    );
    plan.apps.iter().map(|app| app.id.to_string()).collect()
}

/// What is said of the applications that this change touches and not judged.
fn doubts(base: &Repository, head: &Repository) -> Vec<String> {
    let plan = pipeline::plan_change(
        &base.tree(),
        &head.tree(),
        &RepoConfig::default(),
        &defaults(),
        &settings(),
    );
    let found = find_doubts(&plan).into_iter();
    found.map(|(_, text)| text.to_owned()).collect()
}

/// The repository that the corpus's Applications speak of.
fn corpus() -> Option<Repository> {
    let folder = crate::figures::corpora()?.join("appsets/applications");
    let repository = Repository::with(&[]);
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap();
        if name == "index.json" {
            continue;
        }
        let folder = if name == "app-of-apps.yaml" {
            "bootstrap"
        } else {
            "argocd/apps"
        };
        let text = std::fs::read_to_string(&file).unwrap();
        repository.write(&format!("{folder}/{name}"), &text);
    }
    for path in [
        "apps/guestbook/cm.yaml",
        "cluster/x.yaml",
        "cluster/deep/y.json.yaml",
        "cluster/drafts/y.yaml",
        "cluster/z-test.yaml",
        "overlays/production/cm.yaml",
        "overlays/staging/cm.yaml",
        "extras/metrics/cm.yaml",
        "templated/cm.yaml",
    ] {
        repository.write(path, CONFIG_MAP);
    }
    for overlay in ["production", "staging"] {
        let path = format!("overlays/{overlay}/kustomization.yaml");
        repository.write(&path, "resources: [cm.yaml]\n");
    }
    repository.write("charts/api/Chart.yaml", CHART);
    repository.write("charts/api/values.yaml", "replicas: 1\n");
    repository.write("charts/api/templates/cm.yaml", CONFIG_MAP);
    repository.write("env/production/metrics.yaml", "a: b\n");
    repository.write("env/staging/api.yaml", "image: {tag: x}\n");
    Some(repository)
}

#[test]
fn every_application_of_the_corpus_is_found_with_its_sources_and_its_reasons() {
    let Some(repository) = corpus() else {
        return;
    };
    let index = crate::figures::corpora()
        .unwrap()
        .join("appsets/applications/index.json");
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(index).unwrap()).unwrap();
    let declared = declare(&repository);
    let expected = index["applications"].as_array().unwrap();
    let mut sources = 0;
    for app in expected {
        let side = find(&declared, app["name"].as_str().unwrap());
        for source in app["sources"].as_array().unwrap() {
            let renderer = source["renderer"].as_str().unwrap();
            let (own, path) = (source["same_repository"].as_bool(), source["path"].as_str());
            let revision = source["revision"].as_str();
            let followed = matches!(revision, None | Some("HEAD" | "main"));
            let there = side.sources.iter().any(|found| {
                let is_own = found.repository.is_none() == (own == Some(true) && followed);
                is_own && path.is_none_or(|path| found.path.as_str() == path || path == ".")
            });
            let right = match renderer {
                // Only a name for value files.
                "reference-only" => true,
                "plugin" => kinds(side) == [RefusalKind::OtherRenderer],
                _ if path.is_none() => side.sources.iter().any(|found| found.repository.is_some()),
                _ => there,
            };
            assert!(right, "{app}: {:?} {:?}", side.sources, side.refusals);
            for file in source["value_files"].as_array().into_iter().flatten() {
                assert!(files(side).contains(&file.as_str().unwrap()), "{app}");
            }
            sources += 1;
        }
    }
    println!(
        "Argo CD corpus: {} Applications, {sources} sources found",
        expected.len()
    );
}

#[test]
fn a_directory_reads_what_its_patterns_say() {
    let Some(repository) = corpus() else {
        return;
    };
    let declared = declare(&repository);
    let side = find(&declared, "cluster-config");
    assert_eq!(files(side), ["cluster/deep/y.json.yaml", "cluster/x.yaml"]);
    // What lies beside it is found as before.
    let drafts = declared.apps.keys().any(|id| id.name == "cluster/drafts");
    assert!(drafts, "excluded files belong to nobody else");
}

fn application(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n{spec}"
    )
}

fn here(path: &str, options: &str) -> String {
    format!(
        "  source:\n    repoURL: {URL}.git\n    path: {path}\n{options}  destination: {{namespace: shop, server: https://kubernetes.default.svc}}\n"
    )
}

#[test]
fn a_chart_gets_the_values_parameters_and_switches_of_its_application() {
    let repository = Repository::with(&[]);
    repository.write("charts/api/Chart.yaml", CHART);
    repository.write("charts/api/templates/cm.yaml", CONFIG_MAP);
    repository.write("charts/api/prod.yaml", "a: 1\n");
    repository.write("charts/api/cert.pem", "x");
    repository.write("global.yaml", "b: 1\n");
    let options = "    helm:\n      releaseName: web\n      valueFiles: [prod.yaml, /global.yaml, missing.yaml]\n      ignoreMissingValueFiles: true\n      values: |\n        c: 1\n      parameters: [{name: d, value: \"$ARGOCD_APP_NAME-1\"}, {name: e, value: \"2\", forceString: true}]\n      fileParameters: [{name: f, path: cert.pem}]\n      skipCrds: true\n      skipTests: true\n      kubeVersion: 1.31.2\n      apiVersions: [a/v1]\n";
    repository.write(
        "apps/api.yaml",
        &application("api", &here("charts/api", options)),
    );
    let declared = declare(&repository);
    let side = find(&declared, "api");
    let RendererInput::Helm(input) = &side.sources[0].renderer else {
        panic!("{:?}", side.sources);
    };
    assert_eq!(
        (input.release.as_str(), input.namespace.as_str()),
        ("web", "shop")
    );
    let values: Vec<&str> = input.values.iter().map(|path| path.as_str()).collect();
    assert_eq!(values, ["charts/api/prod.yaml", "global.yaml"]);
    assert_eq!(input.inline, [serde_json::json!({"c": 1})]);
    let parameter = |name: &str, value: &str, force_string| HelmParameter {
        name: name.to_owned(),
        value: value.to_owned(),
        force_string,
    };
    assert_eq!(
        input.parameters,
        [parameter("d", "api-1", false), parameter("e", "2", true)]
    );
    assert_eq!(input.file_parameters[0].1.as_str(), "charts/api/cert.pem");
    assert!(!input.include_crds && input.skip_tests);
    assert_eq!(input.kubernetes.unwrap().minor, 31);
    assert_eq!(input.api_versions, ["a/v1"]);
    // The chart that was found by its files is this one.
    assert!(!declared.apps.keys().any(|id| id.kind == DeclaredBy::Chart));
}

#[test]
fn a_value_file_that_may_not_be_missing_is_the_authors_mistake() {
    let repository = Repository::with(&[]);
    repository.write("charts/api/Chart.yaml", CHART);
    for (file, kind) in [
        ("gone.yaml", RefusalKind::Missing),
        ("../../../etc/passwd", RefusalKind::LeavesRepository),
        ("https://example.com/v.yaml", RefusalKind::RemoteReference),
        ("$nothing/v.yaml", RefusalKind::Declaration),
    ] {
        let options = format!("    helm: {{valueFiles: [{file:?}]}}\n");
        repository.write(
            "apps/api.yaml",
            &application("api", &here("charts/api", &options)),
        );
        let declared = declare(&repository);
        let side = find(&declared, "api");
        assert_eq!(kinds(side), [kind], "{file}");
        let place = &side.refusals[0];
        assert_eq!((place.path.as_str(), place.line), ("apps/api.yaml", 1));
    }
}

#[test]
fn a_kustomization_gets_the_edits_of_its_application() {
    let repository = Repository::with(&[]);
    repository.write("app/kustomization.yaml", "resources: [cm.yaml]\n");
    repository.write("app/cm.yaml", CONFIG_MAP);
    repository.write(
        "extra/kustomization.yaml",
        "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n",
    );
    let options = "    kustomize:\n      namePrefix: p-\n      images: [\"a=b:1\"]\n      replicas: [{name: web, count: \"3\"}]\n      commonLabels: {team: x}\n      commonAnnotations: {app: $ARGOCD_APP_NAME}\n      commonAnnotationsEnvsubst: true\n      components: [../extra, ../gone]\n      ignoreMissingComponents: true\n";
    repository.write("apps/app.yaml", &application("web", &here("app", options)));
    let declared = declare(&repository);
    let side = find(&declared, "web");
    let RendererInput::Kustomize(input) = &side.sources[0].renderer else {
        panic!("{:?}", side.sources);
    };
    let edits = &input.edits;
    assert_eq!(edits.name_prefix.as_deref(), Some("p-"));
    assert_eq!(
        edits.images,
        [serde_json::json!({"name": "a", "newName": "b", "newTag": "1"})]
    );
    assert_eq!(
        edits.replicas,
        [serde_json::json!({"name": "web", "count": 3})]
    );
    assert_eq!(edits.annotations["app"], "web");
    assert_eq!(edits.components, ["../extra"]);
    assert!(edits.labels_in_selectors);
    assert!(files(side).contains(&"extra/kustomization.yaml"));
}

#[test]
fn applications_that_declare_applications_are_followed_to_the_tenth_level_and_refused_beyond() {
    let chain = |levels: usize| {
        let repository = Repository::with(&[]);
        for level in 0..levels {
            let next = level + 1;
            let app = application(&format!("level-{next}"), &here(&format!("l{next}"), ""));
            repository.write(&format!("l{level}/app.yaml"), &app);
        }
        repository.write(&format!("l{levels}/cm.yaml"), CONFIG_MAP);
        repository
    };
    let declared = declare(&chain(10));
    assert_eq!(files(find(&declared, "level-10")), ["l10/cm.yaml"]);
    assert!(find(&declared, "level-10").refusals.is_empty());
}

#[test]
fn a_chart_that_declares_itself_ever_deeper_is_given_up() {
    let repository = Repository::with(&[]);
    repository.write("charts/api/Chart.yaml", CHART);
    let template = application("{{ .Release.Name }}x", &here("charts/api", ""));
    repository.write("charts/api/templates/app.yaml", &template);
    let declared = declare(&repository);
    let deep: Vec<_> = declared
        .apps
        .values()
        .filter(|side| kinds(side) == [RefusalKind::TooDeep])
        .collect();
    assert!(!deep.is_empty());
    assert!(declared.apps.len() < 30, "{}", declared.apps.len());
}

#[test]
fn applications_rendered_from_a_chart_are_found_with_the_values_that_deploy_it() {
    let repository = Repository::with(&[]);
    repository.write("charts/api/Chart.yaml", CHART);
    repository.write("charts/api/values.yaml", "env: dev\n");
    let template = application("shop-{{ .Values.env }}", &here("shop", ""));
    repository.write("charts/api/templates/app.yaml", &template);
    repository.write("shop/cm.yaml", CONFIG_MAP);
    repository.write("env/prod.yaml", "env: prod\n");
    let root = here("charts/api", "    helm: {valueFiles: [/env/prod.yaml]}\n");
    repository.write("bootstrap/root.yaml", &application("root", &root));
    let declared = declare(&repository);
    let names: Vec<&str> = declared
        .apps
        .keys()
        .filter(|id| id.kind == DeclaredBy::ArgoApplication)
        .map(|id| id.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["root", "shop-prod"],
        "the chart's own values deploy nothing"
    );
}

#[test]
fn what_is_elsewhere_is_listed_and_not_evaluated() {
    let repository = Repository::with(&[]);
    let spec = "  source: {repoURL: https://charts.example.com, chart: ingress, targetRevision: 4.x}\n  destination: {namespace: x}\n";
    repository.write("apps/a.yaml", &application("ingress", spec));
    let declared = declare(&repository);
    let side = find(&declared, "ingress");
    let Outcome::NotEvaluable(problems) = repository.render(side) else {
        panic!("it cannot be rendered here");
    };
    assert!(
        problems[0]
            .message
            .contains("chart `ingress` 4.x of `https://charts.example.com`")
    );
}

#[test]
fn charts_are_told_what_their_destination_serves_unless_they_are_told_otherwise() {
    let repository = Repository::with(&[]);
    repository.write("chart/Chart.yaml", CHART);
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {has: {{ .Capabilities.APIVersions.Has \"example.com/v1/Shop\" | quote }} }\n";
    repository.write("chart/templates/cm.yaml", template);
    let has = |side: &AppSide| {
        let mut settings = settings();
        let served = Arc::new(vec!["example.com/v1/Shop".to_owned()]);
        settings.api_versions.insert(side.cluster.clone(), served);
        let outcome = render_side(side, &repository.tree(), &settings);
        let manifests = outcome.manifests().unwrap();
        manifests[0].value()["data"]["has"].as_str() == Some("true")
    };
    let mut side = repository.helm("chart");
    assert!(has(&side));
    if let RendererInput::Helm(input) = &mut side.sources[0].renderer {
        input.api_versions = vec!["other.example/v1".to_owned()];
    }
    assert!(!has(&side));
}
