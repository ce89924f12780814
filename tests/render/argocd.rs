//! Applications of Argo CD: what they declare, and what a change of a file then affects.

use drydock::config::repo::RepoConfig;
use drydock::ids::DeclaredBy;
use drydock::plan::{
    AppSide, Declared, Defaults, HelmParameter, Membership, OnRemoval, Origin, RefusalKind,
    RendererInput,
};
use drydock::render::Outcome;
use drydock::run::pipeline::{self, declare_all};

use crate::workbench::{Repository, settings};

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
fn a_change_of_the_set_says_what_becomes_of_the_objects() {
    let with = |text: &str| {
        let repository = Repository::with(&[]);
        repository.write("shop/cm.yaml", CONFIG_MAP);
        repository.write("apps/keep.yaml", &application("keep", &here("shop", "")));
        if !text.is_empty() {
            repository.write("apps/app.yaml", text);
        }
        repository
    };
    let plain = application("web", &here("shop", ""));
    let finalizer = plain.replace(
        "namespace: argocd}",
        "namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}",
    );
    let moved = plain.replace("namespace: shop", "namespace: other");
    let membership = |before: &str, after: &str| {
        let (base, head) = (with(before), with(after));
        let judged = pipeline::plan_change(
            &base.tree(),
            &head.tree(),
            &RepoConfig::default(),
            &defaults(),
            &settings(),
        );
        let app = judged.apps.into_iter().find(|app| app.id.name == "web");
        app.and_then(|app| app.membership())
    };
    assert_eq!(membership("", &plain), Some(Membership::Added));
    let removed = |objects| Some(Membership::Removed { objects });
    assert_eq!(membership(&plain, ""), removed(OnRemoval::Kept));
    assert_eq!(membership(&finalizer, ""), removed(OnRemoval::Deleted));
    assert!(matches!(
        membership(&plain, &moved),
        Some(Membership::Retargeted { .. })
    ));
    assert_eq!(membership(&plain, &plain), None);
}

#[test]
fn what_a_failing_parent_declares_is_withheld_not_removed() {
    let with = |kustomization: &str| {
        let repository = Repository::with(&[]);
        repository.write("root/kustomization.yaml", kustomization);
        repository.write("root/app.yaml", &application("web", &here("shop", "")));
        repository.write("shop/cm.yaml", CONFIG_MAP);
        repository
    };
    let (base, head) = (
        with("resources: [app.yaml]\n"),
        with("resources: [app.yaml, gone.yaml]\n"),
    );
    let plan = pipeline::plan_change(
        &base.tree(),
        &head.tree(),
        &RepoConfig::default(),
        &defaults(),
        &settings(),
    );
    let touched: Vec<String> = plan.apps.iter().map(|app| app.id.to_string()).collect();
    assert_eq!(touched, ["kustomization:root"]);
    assert!(
        plan.untouched
            .iter()
            .any(|item| format!("{item:?}").contains("DeclarationUnknown"))
    );
}

#[test]
fn a_changed_base_touches_exactly_the_roots_that_use_it() {
    let with = |value: &str| {
        let repository = Repository::with(&[]);
        for base in ["used", "other"] {
            repository.write(
                &format!("{base}/kustomization.yaml"),
                "resources: [cm.yaml]\n",
            );
            repository.write(&format!("{base}/cm.yaml"), CONFIG_MAP);
        }
        repository.write("used/cm.yaml", &CONFIG_MAP.replace("v}", value));
        for number in 0..130 {
            let base = if number < 100 { "used" } else { "other" };
            let text = format!("resources: [../../{base}]\nnamePrefix: n{number}-\n");
            repository.write(&format!("roots/r{number}/kustomization.yaml"), &text);
        }
        repository
    };
    let (base, head) = (with("v}"), with("w}"));
    let plan = pipeline::plan_change(
        &base.tree(),
        &head.tree(),
        &RepoConfig::default(),
        &defaults(),
        &settings(),
    );
    assert_eq!(plan.apps.len(), 100);
    assert_eq!(plan.untouched.len(), 30);
}

fn set(generators: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all, namespace: argocd}}\nspec:\n  goTemplate: true\n{more}  \
         generators:\n{generators}  template:\n    metadata: {{name: '{{{{ .path.basename }}}}'}}\n    spec:\n      project: default\n      \
         source: {{repoURL: {URL}, path: '{path}'}}\n      destination: {{namespace: shop, server: https://kubernetes.default.svc}}\n"
    )
}

#[test]
fn a_set_declares_an_application_for_each_folder_and_names_what_it_cannot_know() {
    let repository = Repository::with(&[]);
    for app in ["one", "two"] {
        repository.write(&format!("apps/{app}/cm.yaml"), CONFIG_MAP);
    }
    let generators = format!(
        "    - git: {{repoURL: {URL}, directories: [{{path: 'apps/*'}}]}}\n    - pullRequest: {{github: {{owner: acme, repo: deploy}}}}\n"
    );
    repository.write("sets/all.yaml", &set(&generators, "{{ .path.path }}", ""));
    let declared = declare(&repository);
    let side = find(&declared, "one");
    assert_eq!(files(side), ["apps/one/cm.yaml"]);
    let declaration = side.declaration.as_ref().unwrap();
    assert_eq!(declaration.set.as_deref(), Some("argocd/all"));
    assert_eq!(declaration.path.as_ref().unwrap().as_str(), "sets/all.yaml");
    assert_eq!(files(find(&declared, "two")), ["apps/two/cm.yaml"]);
    let unknown: Vec<RefusalKind> = declared
        .apps
        .iter()
        .filter(|(id, _)| id.kind == DeclaredBy::ArgoApplicationSet)
        .flat_map(|(_, side)| kinds(side))
        .collect();
    assert_eq!(unknown, [RefusalKind::OtherGenerator]);
}

#[test]
fn a_folder_less_is_an_application_less() {
    let with = |apps: &[&str], more: &str| {
        let repository = Repository::with(&[]);
        for app in apps {
            repository.write(&format!("apps/{app}/cm.yaml"), CONFIG_MAP);
        }
        let generators =
            format!("    - git: {{repoURL: {URL}, directories: [{{path: 'apps/*'}}]}}\n");
        repository.write("sets/all.yaml", &set(&generators, "{{ .path.path }}", more));
        repository
    };
    let removed = |more: &str| {
        let (base, head) = (with(&["one", "two"], more), with(&["one"], more));
        let plan = pipeline::plan_change(
            &base.tree(),
            &head.tree(),
            &RepoConfig::default(),
            &defaults(),
            &settings(),
        );
        let named: Vec<(String, Option<Membership>)> = plan
            .apps
            .iter()
            .map(|app| (app.id.to_string(), app.membership()))
            .collect();
        assert_eq!(named.len(), 1, "{named:?}");
        assert_eq!(named[0].0, "argocd:two");
        named[0].1.clone()
    };
    // The controller gives every application a finalizer, unless the set keeps what it deployed.
    let deleted = Membership::Removed {
        objects: OnRemoval::Deleted,
    };
    assert_eq!(removed(""), Some(deleted));
    let kept = Membership::Removed {
        objects: OnRemoval::Kept,
    };
    assert_eq!(
        removed("  syncPolicy: {preserveResourcesOnDeletion: true}\n"),
        Some(kept)
    );
}

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

#[test]
fn a_copy_of_a_declaration_does_not_hide_what_becomes_of_the_original() {
    let with = |files: &[(&str, &str)]| {
        let repository = Repository::with(files);
        repository.write("shop/cm.yaml", CONFIG_MAP);
        repository.write("other/cm.yaml", CONFIG_MAP);
        repository
    };
    let before = application("web", &here("shop", ""));
    let after = application("web", &here("other", ""));
    let base = with(&[("apps/web.yaml", &before)]);
    let head = with(&[("aaa/web.yaml", &before), ("apps/web.yaml", &after)]);
    let ids = touched(&base, &head);
    assert!(ids.contains(&"argocd:web#apps".to_owned()), "{ids:?}");
    // Two in one place hide nothing either.
    let twice = format!("{before}---\n{after}");
    let declared = declare(&with(&[("apps/web.yaml", &twice)]));
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::Declaration]);
}

#[test]
fn a_declaration_that_no_word_gives_away_is_found_in_what_a_change_touches() {
    let with = |files: &[(&str, &str)]| {
        let repository = Repository::with(files);
        repository.write("shop/cm.yaml", CONFIG_MAP);
        repository
    };
    let template =
        application("web", &here("shop", "")).replace("argoproj.io", "{{ .Values.group }}");
    let base = with(&[]);
    let head = with(&[
        ("chart/Chart.yaml", CHART),
        ("chart/values.yaml", "group: argoproj.io\n"),
        ("chart/templates/app.yaml", &template),
    ]);
    assert_eq!(touched(&base, &head), ["chart:chart", "argocd:web"]);
}

#[test]
fn a_foreign_source_cannot_pass_for_a_fetched_one() {
    let repository = Repository::with(&[]);
    let spec = "  source: {repoURL: https://git.example/x.git, path: .drydock-outside/a}\n  destination: {namespace: x}\n";
    repository.write("apps/a.yaml", &application("web", spec));
    let declared = declare(&repository);
    assert!(matches!(
        repository.render(find(&declared, "web")),
        Outcome::Failed(_)
    ));
}

#[test]
fn what_a_repaired_parent_declares_is_judged() {
    let with = |root: &str| {
        let repository = Repository::with(&[]);
        repository.write(
            "bootstrap/root.yaml",
            &application("root", &here("apps", root)),
        );
        repository.write("apps/web.yaml", &application("web", &here("shop", "")));
        repository.write("shop/cm.yaml", CONFIG_MAP);
        repository
    };
    let base = with("    plugin: {name: x}\n");
    let head = with("");
    let ids = touched(&base, &head);
    assert!(ids.contains(&"argocd:web".to_owned()), "{ids:?}");
}
