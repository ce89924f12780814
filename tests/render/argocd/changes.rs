//! ApplicationSets, and changes of what is declared.

use super::*;

fn set(generators: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all, namespace: argocd}}\nspec:\n  goTemplate: true\n{more}  \
         generators:\n{generators}  template:\n    metadata: {{name: '{{{{ .path.basename }}}}'}}\n    spec:\n      project: default\n      \
         source: {{repoURL: {URL}, path: '{path}'}}\n      destination: {{namespace: shop, server: https://kubernetes.default.svc}}\n"
    )
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
