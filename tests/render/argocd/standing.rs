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

/// A folder of declarations, the objects that a new Kustomization above it changes back, and the
/// application that goes on being deployed as its file has it.
struct Covering {
    web: String,
    vars: String,
    patch: &'static str,
}

const PATH_BACK: &str = "  patches:\n  - patch: '[{\"op\": \"replace\", \"path\": \"/spec/path\", \"value\": \"./shop\"}]'\n    target: {kind: Kustomization, name: web}\n";
const VALUE_BACK: &str = "  patches:\n  - patch: '[{\"op\": \"replace\", \"path\": \"/data/domain\", \"value\": \"good\"}]'\n    target: {kind: ConfigMap, name: vars}\n";

impl Covering {
    fn of(folder: &str, domain: &str, patch: &'static str) -> Self {
        let substitute = "  postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}\n";
        Self {
            web: kustomization("web", folder, "deploy", substitute),
            vars: format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: vars, namespace: flux-system}}\ndata: {{domain: {domain}}}\n"
            ),
            patch,
        }
    }

    fn repository(&self, is_covered: bool) -> Repository {
        let source = SOURCE.replace('@', URL);
        let repository = with(&[
            ("prod/source.yaml", &source),
            ("prod/web.yaml", &self.web),
            ("prod/vars.yaml", &self.vars),
            ("other/cm.yaml", CONFIG_MAP),
        ]);
        repository.write(
            "shop/cm.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: '${domain}'}\n",
        );
        if is_covered {
            let root = kustomization("root", "./prod", "deploy", self.patch);
            repository.write("prod/root.yaml", &root);
        }
        repository
    }
}

#[test]
fn what_a_new_parent_changes_back_is_judged_as_its_file_has_it() {
    let before = Covering::of("./shop", "good", "").repository(false);
    for (now, file) in [
        (Covering::of("./other", "good", PATH_BACK), "other/cm.yaml"),
        (Covering::of("./shop", "evil", VALUE_BACK), "prod/vars.yaml"),
    ] {
        let plan = plan(&before, &now.repository(true));
        let side = head_of(&plan, "flux:web#prod/as-filed");
        assert!(files(side).contains(&file), "{file}: {:?}", files(side));
        let app = plan
            .apps
            .iter()
            .find(|app| app.id.to_string() == "flux:web#prod/as-filed");
        assert!(
            app.unwrap().base.is_some(),
            "it is compared with what it was"
        );
    }
}

#[test]
fn a_new_parent_that_changes_nothing_back_adds_no_second_application() {
    let doubled = |base: &Repository, head: &Repository| {
        let plan = plan(base, head);
        let untouched = plan.untouched.iter().map(|item| format!("{:?}", item.what));
        let touched = plan.apps.iter().map(|app| app.id.to_string());
        touched.chain(untouched).any(|id| id.contains("as-filed"))
    };
    let before = Covering::of("./shop", "good", "");
    let after = Covering::of("./other", "good", "");
    assert!(!doubled(&before.repository(false), &after.repository(true)));
    // What was rendered otherwise before is deployed as that has it.
    let before = Covering::of("./shop", "good", PATH_BACK);
    let after = Covering::of("./other", "good", PATH_BACK);
    assert!(!doubled(&before.repository(true), &after.repository(true)));
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
