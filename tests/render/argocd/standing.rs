//! What stood for itself before a change goes on being judged, whatever the change lays over it.

use drydock::plan::Plan;

use super::*;

fn with(files: &[(&str, &str)]) -> Repository {
    let repository = Repository::with(files);
    repository.write("shop/cm.yaml", CONFIG_MAP);
    repository
}

fn plan(base: &Repository, head: &Repository) -> Plan {
    pipeline::plan_change(
        &base.tree(),
        &head.tree(),
        &RepoConfig::default(),
        &defaults(),
        &settings(),
    )
}

/// The head of the application of this id.
fn head_of<'a>(plan: &'a Plan, id: &str) -> &'a AppSide {
    let app = plan.apps.iter().find(|app| app.id.to_string() == id);
    let ids: Vec<_> = plan.apps.iter().map(|app| app.id.to_string()).collect();
    let head = app.and_then(|app| app.head.as_ref());
    head.unwrap_or_else(|| panic!("{id} is not in {ids:?}"))
}

#[test]
fn a_folder_is_judged_by_itself_under_a_new_kustomization_or_chart() {
    let changed = CONFIG_MAP.replace("kind:", "# changed\nkind:");
    for (file, text) in [
        ("kustomization.yaml", "resources: [app/cm.yaml]\n"),
        (
            "kustomization.yaml",
            "configMapGenerator: [{name: x, files: [app/cm.yaml]}]\n",
        ),
        ("Chart.yaml", CHART),
    ] {
        let base = with(&[("app/cm.yaml", CONFIG_MAP)]);
        let head = with(&[("app/cm.yaml", &changed), (file, text)]);
        let plan = plan(&base, &head);
        let side = head_of(&plan, "directory:app");
        assert_eq!(files(side), ["app/cm.yaml"], "{file}");
        assert_eq!(kinds(side), [], "{file}");
    }
}

#[test]
fn a_chart_that_becomes_a_dependency_is_judged_by_itself_too() {
    let sub = [
        ("charts/app/Chart.yaml", CHART),
        ("charts/app/templates/cm.yaml", CONFIG_MAP),
    ];
    let changed = CONFIG_MAP.replace("kind:", "# changed\nkind:");
    let base = with(&sub);
    let head = with(&[
        sub[0],
        ("charts/app/templates/cm.yaml", &changed),
        ("Chart.yaml", CHART),
    ]);
    let plan = plan(&base, &head);
    assert!(files(head_of(&plan, "chart:charts/app")).contains(&"charts/app/templates/cm.yaml"));
}

#[test]
fn a_deployed_declaration_does_not_hide_another_one_that_lies_in_a_folder() {
    let plain = application("web", &here("shop", ""));
    let moved = application("web", &here("other", ""));
    let root = application("root", &here(".child", ""));
    let base = with(&[("apps/web.yaml", &plain), ("other/cm.yaml", CONFIG_MAP)]);
    let head = with(&[
        ("apps/web.yaml", &moved),
        ("apps/root.yaml", &root),
        (".child/web.yaml", &plain),
        ("other/cm.yaml", CONFIG_MAP),
    ]);
    let plan = plan(&base, &head);
    assert_eq!(files(head_of(&plan, "argocd:web#apps")), ["other/cm.yaml"]);
}

const SOURCE: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: deploy, namespace: flux-system}\nspec: {url: '@', ref: {branch: main}}\n";

fn kustomization(name: &str, folder: &str, source: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\nspec:\n  \
         path: {folder}\n  prune: true\n  sourceRef: {{kind: GitRepository, name: {source}}}\n{more}"
    )
}

#[test]
fn a_new_parent_may_not_render_a_declaration_otherwise_than_it_was_deployed() {
    let source = SOURCE.replace('@', URL);
    let patch = "  patches:\n  - patch: '[{\"op\": \"replace\", \"path\": \"/spec/path\", \"value\": \"./shop\"}]'\n    target: {kind: Kustomization, name: web}\n";
    let web = |folder: &str| kustomization("web", folder, "deploy", "");
    let state = |folder: &str, root: Option<&str>| {
        let repository = with(&[
            ("prod/source.yaml", &source),
            ("prod/web.yaml", &web(folder)),
            ("other/cm.yaml", CONFIG_MAP),
        ]);
        if let Some(more) = root {
            let root = kustomization("root", "./prod", "deploy", more);
            repository.write("prod/root.yaml", &root);
        }
        repository
    };
    let refused = |head: &Repository| {
        let plan = plan(&state("./shop", None), head);
        let web = plan.apps.iter().filter(|app| app.id.name == "web");
        let mut heads = web.filter_map(|app| app.head.as_ref());
        heads.any(|side| !side.refusals.is_empty())
    };
    assert!(refused(&state("./other", Some(patch))));
    // Rendered as the file has it, and what was so before.
    assert!(!refused(&state("./other", Some(""))));
    let covered = plan(
        &state("./shop", Some(patch)),
        &state("./other", Some(patch)),
    );
    let heads = covered.apps.iter().filter_map(|app| app.head.as_ref());
    assert!(heads.into_iter().all(|side| side.refusals.is_empty()));
}

#[test]
fn a_source_that_nothing_declares_may_not_take_the_place_of_another() {
    let source = SOURCE.replace('@', URL);
    let state = |name: &str, is_declared: bool| {
        let repository = with(&[("prod/web.yaml", &kustomization("web", "./shop", name, ""))]);
        if is_declared {
            repository.write("prod/source.yaml", &source);
        }
        repository
    };
    let refusals = |base: &Repository, head: &Repository| {
        let plan = plan(base, head);
        plan.apps
            .iter()
            .filter_map(|app| app.head.as_ref())
            .flat_map(kinds)
            .collect::<Vec<_>>()
    };
    let declared = state("deploy", true);
    assert_eq!(
        refusals(&declared, &state("tenant", true)),
        [RefusalKind::Elsewhere]
    );
    let assumed = state("flux-system", false);
    assert_eq!(
        refusals(&assumed, &state("tenant", false)),
        [RefusalKind::Elsewhere]
    );
    // The same name as before, and the first of a repository.
    let moved = state("flux-system", false);
    moved.write(
        "shop/more.yaml",
        &CONFIG_MAP.replace("name: ", "name: more-"),
    );
    assert_eq!(refusals(&assumed, &moved), []);
    assert_eq!(refusals(&with(&[]), &assumed), []);
}
