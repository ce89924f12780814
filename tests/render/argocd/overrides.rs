//! Options that lie beside an Application: the files in its source's folder, and operations.

use super::*;

const KUSTOMIZATION: &str = "resources: [cm.yaml]\n";
const PREFIX: &str = "kustomize: {namePrefix: p-}\n";

fn with(files: &[(&str, &str)]) -> Repository {
    let repository = Repository::with(files);
    repository.write("app/kustomization.yaml", KUSTOMIZATION);
    repository.write("app/cm.yaml", CONFIG_MAP);
    repository.write("apps/web.yaml", &application("web", &here("app", "")));
    repository
}

fn prefix(side: &AppSide) -> Option<&str> {
    match &side.sources[0].renderer {
        RendererInput::Kustomize(input) => input.edits.name_prefix.as_deref(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_of_the_folder_are_laid_over_the_source_and_touch_the_application() {
    for name in ["app/.argocd-source.yaml", "app/.argocd-source-web.yaml"] {
        let head = with(&[(name, PREFIX)]);
        let declared = declare(&head);
        let side = find(&declared, "web");
        assert_eq!(prefix(side), Some("p-"), "{name}");
        assert!(files(side).contains(&name));
        let ids = touched(&with(&[]), &head);
        assert!(ids.iter().any(|id| id.contains("web")), "{name}: {ids:?}");
    }
    // Another application's.
    let other = with(&[("app/.argocd-source-shop.yaml", PREFIX)]);
    assert_eq!(prefix(find(&declare(&other), "web")), None);
    // The application's own comes last.
    let both = with(&[
        ("app/.argocd-source.yaml", "kustomize: {namePrefix: all-}\n"),
        ("app/.argocd-source-web.yaml", PREFIX),
    ]);
    assert_eq!(prefix(find(&declare(&both), "web")), Some("p-"));
}

#[test]
fn a_file_that_cannot_be_read_or_may_be_meant_for_another_is_refused() {
    for (name, text, kind) in [
        ("app/.argocd-source.yaml", "a: [\n", RefusalKind::Unreadable),
        ("app/.argocd-source.yaml", "", RefusalKind::Unreadable),
        (
            "app/.argocd-source.yaml",
            "Kustomize: {}\n",
            RefusalKind::Declaration,
        ),
        (
            "app/.argocd-source-argocd_web.yaml",
            PREFIX,
            RefusalKind::Declaration,
        ),
    ] {
        let declared = declare(&with(&[(name, text)]));
        let side = find(&declared, "web");
        assert_eq!(kinds(side), [kind], "{name} {text}");
        assert_eq!(side.refusals[0].path.as_str(), name);
    }
}

#[test]
fn outside_of_the_known_namespaces_both_names_count_unless_they_differ() {
    const BARE: &str = "app/.argocd-source-web.yaml";
    const FULL: &str = "app/.argocd-source-argo-cd_web.yaml";
    let there = |files: &[(&str, &str)]| {
        let repository = with(files);
        let text = application("web", &here("app", ""));
        let text = text.replace("namespace: argocd", "namespace: argo-cd");
        repository.write("apps/web.yaml", &text);
        repository
    };
    for (files, told) in [
        (vec![(BARE, PREFIX)], 1),
        (vec![(FULL, PREFIX)], 1),
        (vec![(BARE, PREFIX), (FULL, PREFIX)], 2),
    ] {
        let head = there(&files);
        let declared = declare(&head);
        let side = find(&declared, "web");
        assert!(side.refusals.is_empty(), "{files:?}: {:?}", side.refusals);
        assert_eq!(prefix(side), Some("p-"), "{files:?}");
        // Which of them is read is told while it is new.
        assert_eq!(doubts(&there(&[]), &head).len(), told, "{files:?}");
        assert!(doubts(&head, &there(&files)).is_empty(), "{files:?}");
    }
    let head = there(&[(BARE, PREFIX), (FULL, "kustomize: {namePrefix: q-}\n")]);
    let declared = declare(&head);
    let side = find(&declared, "web");
    assert_eq!(kinds(side), [RefusalKind::Declaration]);
    assert_eq!(side.refusals[0].path.as_str(), FULL);
}

#[test]
fn another_kustomize_than_the_one_here_is_told_of_every_change() {
    let base = with(&[]);
    let options = "    kustomize: {version: v4.5.7}\n";
    base.write("apps/web.yaml", &application("web", &here("app", options)));
    let head = with(&[]);
    head.write("apps/web.yaml", &application("web", &here("app", options)));
    head.write("app/cm.yaml", &CONFIG_MAP.replace("k: v", "k: w"));
    let found = doubts(&base, &head);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("`v4.5.7`"), "{found:?}");
}

#[test]
fn an_operation_in_a_declaration_is_refused() {
    let repository = with(&[]);
    let text = application("web", &here("app", ""));
    let operation = "operation: {sync: {manifests: ['{}']}}\n";
    repository.write("apps/web.yaml", &format!("{text}{operation}"));
    let declared = declare(&repository);
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::Declaration]);
}

#[test]
fn options_that_say_nothing_leave_the_choice_of_the_tool_to_the_files() {
    let repository = with(&[]);
    let options = "    directory: {recurse: false}\n";
    repository.write("apps/web.yaml", &application("web", &here("app", options)));
    let declared = declare(&repository);
    let side = find(&declared, "web");
    assert!(matches!(
        side.sources[0].renderer,
        RendererInput::Kustomize(_)
    ));
    // Among several sources Argo CD has left them as they are, by a slip that may be mended any day.
    let several = format!(
        "  sources:\n  - {{repoURL: {URL}, path: app, directory: {{}}}}\n  destination: {{namespace: shop, server: https://kubernetes.default.svc}}\n"
    );
    repository.write("apps/web.yaml", &application("web", &several));
    let declared = declare(&repository);
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::Declaration]);
    assert!(files(find(&declared, "web")).contains(&"app/kustomization.yaml"));
    // Two tools at once are an error of Argo CD's.
    let options = "    helm: {releaseName: a}\n    kustomize: {namePrefix: a-}\n";
    repository.write("apps/web.yaml", &application("web", &here("app", options)));
    let declared = declare(&repository);
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::Declaration]);
}
