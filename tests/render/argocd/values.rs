//! Values and images with patterns and variables in them.

use super::*;

fn chart(options: &str, names: &[&str]) -> Repository {
    let repository = Repository::with(&[]);
    repository.write("chart/Chart.yaml", CHART);
    repository.write("chart/templates/cm.yaml", CONFIG_MAP);
    for name in names {
        repository.write(name, "a: b\n");
    }
    let options = format!("    helm: {options}\n");
    repository.write(
        "apps/web.yaml",
        &application("web", &here("chart", &options)),
    );
    repository
}

fn values(side: &AppSide) -> Vec<&str> {
    let RendererInput::Helm(input) = &side.sources[0].renderer else {
        panic!("{:?}", side.sources);
    };
    input.values.iter().map(|path| path.as_str()).collect()
}

#[test]
fn patterns_find_value_files_folder_by_folder() {
    let names = ["chart/env/c.yaml", "chart/env/b/y.yaml", "chart/env/a.yaml"];
    for (list, wanted) in [
        ("[env/*.yaml]", vec!["chart/env/a.yaml", "chart/env/c.yaml"]),
        (
            "[env/**/*.yaml]",
            vec!["chart/env/a.yaml", "chart/env/c.yaml", "chart/env/b/y.yaml"],
        ),
        // What is named besides stands where it is named.
        (
            "['env/*.yaml', env/a.yaml]",
            vec!["chart/env/c.yaml", "chart/env/a.yaml"],
        ),
        ("['/chart/env/[!a].yaml']", vec!["chart/env/c.yaml"]),
    ] {
        let declared = declare(&chart(&format!("{{valueFiles: {list}}}"), &names));
        let side = find(&declared, "web");
        assert_eq!(values(side), wanted, "{list}");
        assert!(wanted.iter().all(|name| files(side).contains(name)));
    }
    for (list, kind) in [
        ("[gone/*.yaml]", RefusalKind::Missing),
        ("['env/*']", RefusalKind::Declaration),
        ("['env/{a,b}*.yaml']", RefusalKind::Declaration),
        (
            "[env/a.yaml, env/c.yaml, env/a.yaml]",
            RefusalKind::Declaration,
        ),
        ("[env/$ARGOCD_APP_REVISION.yaml]", RefusalKind::Declaration),
    ] {
        let declared = declare(&chart(&format!("{{valueFiles: {list}}}"), &names));
        let side = find(&declared, "web");
        assert_eq!(kinds(side), [kind], "{list}");
        let is_pattern = list.contains('*') && kind == RefusalKind::Declaration;
        assert!(
            !is_pattern || files(side).contains(&"chart/env/a.yaml"),
            "{list}"
        );
    }
    let lenient = "{ignoreMissingValueFiles: true, valueFiles: [gone/*.yaml]}";
    let declared = declare(&chart(lenient, &names));
    assert!(find(&declared, "web").refusals.is_empty());
}

#[test]
fn a_value_of_the_commit_itself_is_named_as_not_known() {
    let options = "{parameters: [{name: a, value: 'x-${ARGOCD_APP_REVISION}$gone'}]}";
    let repository = chart(options, &[]);
    let declared = declare(&repository);
    let side = find(&declared, "web");
    let RendererInput::Helm(input) = &side.sources[0].renderer else {
        panic!("{:?}", side.sources);
    };
    assert_eq!(
        input.parameters[0].value,
        "x-unknown-value-of-argocd-app-revision"
    );
    assert_eq!(input.unknown.len(), 1);
}

#[test]
fn images_are_replaced_and_what_is_not_known_of_them_is_named() {
    let repository = Repository::with(&[]);
    repository.write("app/kustomization.yaml", "resources: [pod.yaml, cm.yaml]\n");
    repository.write("app/cm.yaml", CONFIG_MAP);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: nginx}]}\n";
    repository.write("app/pod.yaml", pod);
    let options = "    kustomize: {images: ['nginx=re${X}g.example/nginx:$ARGOCD_APP_REVISION']}\n";
    repository.write("apps/web.yaml", &application("web", &here("app", options)));
    let declared = declare(&repository);
    let outcome = repository.render(find(&declared, "web"));
    let rendering = crate::workbench::rendering(&outcome);
    let image = "reg.example/nginx:unknown-value-of-argocd-app-revision";
    let of = |kind: &str| {
        let mut all = rendering.manifests.iter();
        all.find(|one| one.object().kind == kind)
            .unwrap()
            .value()
            .clone()
    };
    assert_eq!(of("Pod")["spec"]["containers"][0]["image"], image);
    let unsure: Vec<&str> = rendering
        .placeholders
        .iter()
        .map(|one| one.object.kind.as_str())
        .collect();
    assert_eq!(unsure, ["Pod"]);
}

#[test]
fn a_pattern_among_components_is_refused_also_where_they_may_be_missing() {
    let repository = Repository::with(&[]);
    repository.write("app/kustomization.yaml", "resources: [cm.yaml]\n");
    repository.write("app/cm.yaml", CONFIG_MAP);
    repository.write("comp/a/kustomization.yaml", "kind: Component\n");
    let options = "    kustomize: {ignoreMissingComponents: true, components: ['../comp/*']}\n";
    repository.write("apps/web.yaml", &application("web", &here("app", options)));
    let declared = declare(&repository);
    let side = find(&declared, "web");
    assert_eq!(kinds(side), [RefusalKind::Declaration]);
    assert!(files(side).contains(&"comp/a/kustomization.yaml"));
}

#[test]
fn patterns_of_many_folders_cost_no_more_than_the_names_there_are() {
    let deep = (0..40)
        .map(|level| format!("d{level}/"))
        .collect::<String>();
    let file = format!("chart/{deep}x.yaml");
    let many = "**/".repeat(30);
    for (list, wanted) in [
        (format!("['{many}x.yaml']"), vec![file.as_str()]),
        // Between any two stands a place of its own.
        (format!("['{}x.yaml']", "**/*/".repeat(10)), vec![&file]),
    ] {
        let declared = declare(&chart(&format!("{{valueFiles: {list}}}"), &[&file]));
        assert_eq!(values(find(&declared, "web")), wanted, "{list}");
    }
    // Links to the folder that they stand in: each part of the pattern doubles the ways.
    let repository = chart(
        &format!("{{valueFiles: ['/env/{}x.yaml']}}", "*/".repeat(30)),
        &["env/x.yaml"],
    );
    for name in ["a", "b"] {
        std::os::unix::fs::symlink(".", repository.folder.path().join("env").join(name)).unwrap();
    }
    let declared = declare(&repository);
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::Declaration]);
}
