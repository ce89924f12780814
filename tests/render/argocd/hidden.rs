//! Declarations whose words stand in no file, more of them than are followed, and what hides behind
//! them.

use super::*;

fn with(files: &[(&str, &str)], data: &str) -> Repository {
    let repository = Repository::with(files);
    repository.write(".shop/cm.yaml", &CONFIG_MAP.replace("{k: v}", data));
    repository
}

/// The applications that a change of what is deployed touches, where these files declare it.
fn touched_through(files: &[(&str, &str)]) -> Vec<String> {
    touched(&with(files, "{k: v}"), &with(files, "{k: w}"))
}

#[test]
fn a_declaration_is_found_whichever_way_its_group_is_written() {
    let plain = application("web", &here(".shop", ""));
    let escaped = plain
        .replace("argoproj.io/", "\"argoproj\\x2eio/\\\n  ")
        .replace("v1alpha1\n", "v1alpha1\"\n");
    let json = "{\"apiVersion\":\"argoproj.io\\/v1alpha1\",\"kind\":\"Application\",\"metadata\":{\"name\":\"web\",\"namespace\":\"argocd\"},\"spec\":{\"source\":{\"repoURL\":\"https:\\/\\/github.com\\/example\\/deploy\",\"path\":\".shop\",\"targetRevision\":\"main\"},\"destination\":{\"namespace\":\"x\"}}}";
    for (name, text) in [
        ("apps/web.yaml", plain.as_str()),
        ("apps/web.yaml", &escaped),
        ("apps/web.json", json),
    ] {
        assert_eq!(touched_through(&[(name, text)]), ["argocd:web"], "{text}");
    }
}

#[test]
fn a_declaration_is_found_that_a_chart_computes() {
    let template = application("web", &here(".shop", ""));
    let by_value = template.replace("argoproj.io", "{{ .Values.group }}");
    let by_words = template.replace("argoproj.io", "{{ printf \"argo%s.io\" \"proj\" }}");
    let whole = format!(
        "{{{{- define \"app\" }}}}\n{by_words}{{{{ end }}}}\n{{{{ include \"app\" . }}}}\n"
    );
    for text in [by_value, by_words, whole] {
        let files = [
            ("chart/Chart.yaml", CHART),
            ("chart/values.yaml", "group: argoproj.io\n"),
            ("chart/templates/app.yaml", text.as_str()),
        ];
        assert_eq!(touched_through(&files), ["argocd:web"], "{text}");
    }
}

#[test]
fn a_declaration_is_found_that_replacements_make() {
    let other = application("web", &here(".shop", ""))
        .replace("argoproj.io/v1alpha1", "example.com/v1alpha1");
    let files = [
        ("root/app.yaml", other.as_str()),
        (
            "root/group.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: group}\ndata: {group: argoproj.io}\n",
        ),
        (
            "root/kustomization.yaml",
            "resources: [app.yaml, group.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: group, fieldPath: data.group}\n  targets:\n  - select: {kind: Application}\n    fieldPaths: [apiVersion]\n    options: {delimiter: /, index: 0}\n",
        ),
    ];
    assert_eq!(touched_through(&files), ["argocd:web"]);
}

#[test]
fn applications_that_go_on_declaring_others_are_refused_by_name() {
    let repository = Repository::with(&[]);
    for parent in 0..=1_000 {
        let app = application(
            &format!("parent-{parent}"),
            &here(&format!(".p/{parent}"), ""),
        );
        repository.write(&format!("apps/{parent}.yaml"), &app);
        let child = application(&format!("child-{parent}"), &here(".shop", ""));
        repository.write(&format!(".p/{parent}/app.yaml"), &child);
    }
    let declared = declare(&repository);
    let refused = declared
        .apps
        .values()
        .filter(|side| kinds(side) == [RefusalKind::TooMany]);
    assert_eq!(refused.count(), 1_001);
    assert_eq!(
        declared
            .apps
            .keys()
            .filter(|id| id.name.starts_with("child"))
            .count(),
        0
    );
}

const FLUX_SOURCE: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: flux-system}\nspec: {url: 'https://github.com/example/deploy', ref: {branch: main}}\n";

fn kustomization(name: &str, path: &str, more: &str) -> String {
    format!(
        "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\nspec:\n  path: ./{path}\n  prune: true\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"
    )
}

/// What Flux replaces in `shop`, whose optional values come from a ConfigMap that `vars` makes.
fn substitution(vars: &str) -> drydock::plan::Substitution {
    let from = "  postBuild:\n    substituteFrom: [{kind: ConfigMap, name: cluster-vars, optional: true}]\n    substitute: {a: b}\n";
    let all = format!(
        "{FLUX_SOURCE}{}{}",
        kustomization("vars", "vars", ""),
        kustomization("shop", "shop", from)
    );
    let values = CONFIG_MAP.replace("{name: a}", "{name: vars, namespace: flux-system}");
    let repository = Repository::with(&[
        ("clusters/prod/all.yaml", &all),
        ("vars/kustomization.yaml", vars),
        ("vars/cm.yaml", &values),
        ("shop/cm.yaml", CONFIG_MAP),
    ]);
    let declared = declare(&repository);
    let shop = declared
        .apps
        .iter()
        .find(|(id, _)| id.kind == DeclaredBy::FluxKustomization && id.name == "shop");
    match &shop.unwrap().1.sources[0].renderer {
        RendererInput::Kustomize(input) => input.substitution.clone().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn optional_values_are_absent_only_where_nothing_may_hold_them() {
    let made = substitution("resources: [cm.yaml]\nnamePrefix: cluster-\n");
    assert_eq!(made.variables.get("k").map(String::as_str), Some("v"));
    assert!(!made.open);
    let absent = substitution("resources: [cm.yaml]\n");
    assert!(!absent.open && !absent.variables.contains_key("k"));
    let unknown = substitution("resources: [cm.yaml, gone.yaml]\nnamePrefix: cluster-\n");
    assert!(unknown.open);
}

/// What a change touches that brings the folder `tenants/new`, and these files about it.
fn touched_by_tenant(more: &[(&str, &str)]) -> Vec<String> {
    let base = [
        ("source.yaml", FLUX_SOURCE),
        ("tenants/old/cm.yaml", CONFIG_MAP),
    ];
    let mut head = base.to_vec();
    head.push(("tenants/new/cm.yaml", CONFIG_MAP));
    head.extend_from_slice(more);
    touched(&Repository::with(&base), &Repository::with(&head))
}

#[test]
fn a_new_folder_is_judged_by_itself_unless_it_is_deployed_through_another() {
    let shop = kustomization("shop", "gen", "");
    let read = |generator: &str| {
        let text = format!("{generator}\n");
        touched_by_tenant(&[("flux.yaml", &shop), ("gen/kustomization.yaml", &text)])
    };
    let new = "directory:tenants/new".to_owned();
    assert!(
        read("configMapGenerator: [{name: x, files: [../tenants/new/cm.yaml]}]").contains(&new)
    );
    assert!(!read("resources: [../tenants/new/cm.yaml]").contains(&new));
    let at = |more: &str| {
        touched_by_tenant(&[("flux.yaml", &kustomization("shop", "tenants/new", more))])
    };
    assert!(!at("").contains(&new));
    assert!(at("  suspend: true\n").contains(&new));
}

#[test]
fn sets_share_what_all_sets_may_give() {
    let elements: Vec<String> = (0..100)
        .map(|number| format!("{{a: '{number}'}}"))
        .collect();
    let (one, other) = (elements.join(", "), elements.join(", ").replace("a:", "b:"));
    let repository = Repository::with(&[("shop/cm.yaml", CONFIG_MAP)]);
    for name in ["a", "b", "c", "d"] {
        let set = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  generators:\n  - matrix:\n      generators:\n      - list: {{elements: [{one}]}}\n      - list: {{elements: [{other}]}}\n  template:\n    metadata: {{name: '{name}-{{{{a}}}}-{{{{b}}}}'}}\n    spec: {{project: d, source: {{repoURL: '{URL}', path: shop, targetRevision: main}}, destination: {{namespace: x}}}}\n"
        );
        repository.write(&format!("sets/{name}.yaml"), &set);
    }
    let declared = declare(&repository);
    let of = |kind: DeclaredBy| declared.apps.keys().filter(move |id| id.kind == kind);
    assert_eq!(of(DeclaredBy::ArgoApplication).count(), 20_000);
    let refused: Vec<&str> = of(DeclaredBy::ArgoApplicationSet)
        .map(|id| id.name.as_str())
        .collect();
    assert_eq!(refused, ["c", "d"]);
}
