//! Nothing that declares an application, and nothing that it declares, escapes its judgement.

use super::*;

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
fn unknown_values_excuse_no_failure_that_is_not_the_charts() {
    let repository = Repository::with(&[]);
    repository.write("chart/Chart.yaml", CHART);
    repository.write(
        "chart/templates/cm.yaml",
        "{{ required \"a is needed\" .Values.a }}\n",
    );
    let mut side = repository.helm("chart");
    if let RendererInput::Helm(input) = &mut side.sources[0].renderer {
        input.unknown.insert("Secret shop/values".to_owned());
    }
    assert!(matches!(repository.render(&side), Outcome::NotEvaluable(_)));
    let without_tools = settings_with(ToolPaths::default());
    let outcome = render_side(&side, &repository.tree(), &without_tools);
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[test]
fn what_counts_as_the_same_object_depends_on_the_namespace() {
    let repository = Repository::with(&[]);
    repository.write("one/cm.yaml", CONFIG_MAP);
    let named = CONFIG_MAP.replace("{name: a}", "{name: a, namespace: b}");
    repository.write("two/cm.yaml", &named);
    let side = |namespace: &str| AppSide {
        engine: drydock::config::repo::Engine::ArgoCd,
        sources: ["one", "two"]
            .map(|folder| {
                let file = path(&format!("{folder}/cm.yaml"));
                let files = [file].into_iter().collect();
                AppSource::here(path(folder), RendererInput::Directory { files })
            })
            .into(),
        namespace: Some(namespace.to_owned()),
        closure: [path("one/cm.yaml"), path("two/cm.yaml")]
            .into_iter()
            .collect(),
        ..AppSide::default()
    };
    let (b, c, tree) = (side("b"), side("c"), repository.tree());
    let outcomes = Known::default().render(&[(&b, &tree), (&c, &tree)], &settings());
    let counts: Vec<usize> = outcomes
        .iter()
        .map(|outcome| outcome.manifests().unwrap().len())
        .collect();
    assert_eq!(counts, [1, 2]);
}
