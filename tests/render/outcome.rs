//! What rendering hands on: manifests with their origin, problems with their place.

use std::sync::Arc;

use drydock::config::repo::Engine;
use drydock::finding::Blame;
use drydock::ids::Side;
use drydock::object::Role;
use drydock::plan::{KustomizeInput, Refusal, RefusalKind, RendererInput};
use drydock::render::{Outcome, ToolKind, ToolPaths, render, render_side};

use crate::workbench::{
    CONFIG_MAP, Repository, chart, helm_input, parts, path, plan_of, problems, rendering, settings,
    settings_with,
};

#[test]
fn one_side_that_fails_is_a_problem_and_never_an_absence() {
    let base = Repository::with(&[
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", CONFIG_MAP),
    ]);
    let head = Repository::with(&[
        (
            "app/kustomization.yaml",
            "resources: [a.yaml]\nugly: true\n",
        ),
        ("app/a.yaml", CONFIG_MAP),
    ]);
    let plan = plan_of(vec![
        (
            "both",
            Some(base.kustomize("app")),
            Some(head.kustomize("app")),
        ),
        ("removed", Some(base.kustomize("app")), None),
    ]);
    let rendered = render(&plan, &base.tree(), &head.tree(), &settings());
    assert_eq!(rendering(rendered[0].side(Side::Base)).manifests.len(), 1);
    let problem = &problems(&rendered[0].head)[0];
    assert_eq!(problem.path, Some(path("app/kustomization.yaml")));
    assert_eq!(problem.line, 2, "{problem:?}");
    assert_eq!(problem.blame, Blame::Author);
    assert!(rendered[0].head.manifests().is_none());
    assert!(matches!(rendered[1].head, Outcome::Absent));
}

#[test]
fn equal_inputs_on_both_sides_are_rendered_once() {
    let files = [
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", CONFIG_MAP),
    ];
    let (base, head) = (Repository::with(&files), Repository::with(&files));
    let plan = plan_of(vec![(
        "app",
        Some(base.kustomize("app")),
        Some(head.kustomize("app")),
    )]);
    let rendered = render(&plan, &base.tree(), &head.tree(), &settings());
    let values = [Side::Base, Side::Head]
        .map(|side| rendering(rendered[0].side(side)).manifests[0].shared_value());
    assert!(Arc::ptr_eq(&values[0], &values[1]));
}

#[test]
fn the_digest_does_not_depend_on_the_order_of_documents() {
    let other = CONFIG_MAP.replace("settings", "other");
    let files = [("app/a.yaml", CONFIG_MAP), ("app/b.yaml", other.as_str())];
    let digest = |order: &str| {
        let repository = Repository::with(&files);
        repository.write("app/kustomization.yaml", order);
        rendering(&repository.render(&repository.kustomize("app"))).digest
    };
    assert_eq!(
        digest("resources: [a.yaml, b.yaml]\n"),
        digest("resources: [b.yaml, a.yaml]\n")
    );
    assert_ne!(
        digest("resources: [a.yaml]\n"),
        digest("resources: [b.yaml]\n")
    );
}

#[test]
fn a_kustomized_object_names_its_resource_file_and_line() {
    let repository = Repository::with(&[
        ("base/kustomization.yaml", "resources: [all.yaml]\n"),
        (
            "base/all.yaml",
            "# settings first\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n",
        ),
        (
            "app/kustomization.yaml",
            "namePrefix: dev-\nresources: [../base]\n",
        ),
    ]);
    let outcome = repository.render(&repository.kustomize("app"));
    let places: Vec<_> = rendering(&outcome)
        .manifests
        .iter()
        .map(|manifest| {
            (
                manifest.object().name.clone(),
                manifest.provenance().path.clone(),
                manifest.provenance().line,
            )
        })
        .collect();
    let file = Some(path("base/all.yaml"));
    assert_eq!(
        places,
        [
            ("dev-settings".to_owned(), file.clone(), 2),
            ("dev-web".to_owned(), file, 7)
        ]
    );
}

#[test]
fn a_chart_gives_what_the_deployer_applies_and_says_what_each_document_is() {
    let hook = |name: &str, hook: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  annotations:\n    helm.sh/hook: {hook}\n"
        )
    };
    let repository = chart(&[
        ("settings.yaml", CONFIG_MAP),
        ("hook.yaml", &hook("migrate", "pre-upgrade")),
        ("test.yaml", &hook("try", "test")),
    ]);
    repository.write(
        "chart/crds/widget.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: widgets.example.com\n",
    );
    for major in [4, 3] {
        let mut input = helm_input();
        input.major = major;
        let outcome = repository.render(&repository.side("chart", RendererInput::Helm(input)));
        let mut roles: Vec<_> = rendering(&outcome)
            .manifests
            .iter()
            .map(|manifest| {
                let file = manifest.provenance().path.as_ref().unwrap().to_string();
                (manifest.role(), file)
            })
            .collect();
        roles.sort();
        let expected = [
            (Role::Object, "chart/templates/settings.yaml"),
            (Role::Hook, "chart/templates/hook.yaml"),
            (Role::Crd, "chart/crds/widget.yaml"),
            (Role::Test, "chart/templates/test.yaml"),
        ]
        .map(|(role, file)| (role, file.to_owned()));
        assert_eq!(roles, expected, "Helm {major}");
    }
}

#[test]
fn charts_are_told_release_namespace_version_and_values() {
    let repository = chart(&[(
        "all.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\ndata:\n  version: {{ .Capabilities.KubeVersion.Version }}\n  api: {{ .Capabilities.APIVersions.Has \"example.com/v1\" | quote }}\n  colour: {{ .Values.colour }}\n",
    )]);
    repository.write("values/one.yaml", "colour: red\n");
    repository.write("values/two.yaml", "colour: blue\n");
    let mut input = helm_input();
    input.values = vec![path("values/one.yaml"), path("values/two.yaml")];
    input.api_versions = vec!["example.com/v1".to_owned()];
    let outcome = repository.render(&repository.side("chart", RendererInput::Helm(input)));
    let manifest = &rendering(&outcome).manifests[0];
    assert_eq!(manifest.object().to_string(), "ConfigMap default/demo");
    assert_eq!(
        manifest.value()["data"],
        serde_json::json!({ "version": "v1.35.0", "api": "true", "colour": "blue" })
    );
}

#[test]
fn a_secret_is_masked_before_anybody_sees_it() {
    let repository = chart(&[(
        "s.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  password: hunter2\n",
    )]);
    let outcome = repository.render(&repository.helm("chart"));
    let manifest = &rendering(&outcome).manifests[0];
    assert!(manifest.is_masked());
    assert!(!format!("{outcome:?}").contains("hunter2"));
}

#[test]
fn what_planning_refused_never_starts() {
    // Without any tool the refusal is all that is said.
    let repository = Repository::with(&[(
        "app/kustomization.yaml",
        "resources:\n- https://example.com/x.yaml\n",
    )]);
    let mut side = repository.kustomize("app");
    side.refusals.push(Refusal {
        kind: RefusalKind::RemoteReference,
        path: path("app/kustomization.yaml"),
        line: 2,
        text: "https://example.com/x.yaml".to_owned(),
    });
    let outcome = render_side(
        &side,
        &repository.tree(),
        &settings_with(ToolPaths::default()),
    );
    let problem = &problems(&outcome)[0];
    assert_eq!(
        (problem.path.as_ref(), problem.line),
        (Some(&path("app/kustomization.yaml")), 2)
    );
    assert!(
        problem.message.contains("https://example.com/x.yaml"),
        "{problem:?}"
    );
    assert_eq!(problems(&outcome).len(), 1);
}

#[test]
fn a_missing_tool_is_the_operators_move_and_names_the_line_that_installs_it() {
    let repository = Repository::with(&[("app/kustomization.yaml", "resources: []\n")]);
    let settings = settings_with(ToolPaths::default());
    let outcome = render_side(&repository.kustomize("app"), &repository.tree(), &settings);
    let problem = &problems(&outcome)[0];
    assert_eq!(problem.blame, Blame::Operator);
    assert!(
        problem.message.contains("go install sigs.k8s.io/kustomize"),
        "{problem:?}"
    );
}

#[test]
fn a_template_error_names_file_and_line_and_no_path_of_the_machine() {
    let repository = chart(&[(
        "a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.no.such }}\n",
    )]);
    let outcome = repository.render(&repository.helm("chart"));
    let problem = &problems(&outcome)[0];
    assert_eq!(
        (problem.path.as_ref(), problem.line),
        (Some(&path("chart/templates/a.yaml")), 4)
    );
    assert!(!problem.message.contains("/tmp"), "{problem:?}");
}

#[test]
fn files_outside_a_root_load_only_with_the_open_load_restrictor() {
    let repository = Repository::with(&[
        ("app/kustomization.yaml", "resources: [../shared.yaml]\n"),
        ("shared.yaml", CONFIG_MAP),
    ]);
    assert!(matches!(
        repository.render(&repository.kustomize("app")),
        Outcome::Failed(_)
    ));
    let open = repository.side(
        "app",
        RendererInput::Kustomize(KustomizeInput {
            open_load_restrictor: true,
            ..KustomizeInput::default()
        }),
    );
    assert_eq!(rendering(&repository.render(&open)).manifests.len(), 1);
}

#[test]
fn a_file_outside_the_closure_does_not_exist_for_the_tool() {
    let repository = Repository::with(&[
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", CONFIG_MAP),
    ]);
    let mut side = repository.kustomize("app");
    side.closure.remove(&path("app/a.yaml"));
    let outcome = repository.render(&side);
    assert!(
        problems(&outcome)[0].message.contains("a.yaml"),
        "{outcome:?}"
    );
}

#[test]
fn plain_files_are_read_natively_with_their_positions_and_every_error() {
    let repository = Repository::with(&[
        ("app/a.yaml", CONFIG_MAP),
        (
            "app/b.yaml",
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec: {type: NodePort, type: ClusterIP}\n",
        ),
    ]);
    let settings = settings_with(ToolPaths::default());
    let side = repository.directory("app");
    let outcome = render_side(&side, &repository.tree(), &settings);
    let found = rendering(&outcome);
    assert_eq!(found.manifests.len(), 2);
    assert!(
        found
            .manifests
            .iter()
            .all(|manifest| manifest.provenance().document.is_some())
    );
    assert_eq!(found.duplicates[0].0, path("app/b.yaml"));

    repository.write("app/c.yaml", "a: [\n");
    repository.write("app/d.yaml", "apiVersion: v1\nkind: Service\n");
    let side = repository.directory("app");
    let outcome = render_side(&side, &repository.tree(), &settings);
    let files: Vec<_> = problems(&outcome)
        .iter()
        .filter_map(|problem| problem.path.clone())
        .collect();
    assert!(
        files.contains(&path("app/c.yaml")) && files.contains(&path("app/d.yaml")),
        "{outcome:?}"
    );
}

#[test]
fn hooks_are_objects_to_deployers_that_know_no_hooks() {
    let hooked = |hook: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  annotations: {{ {hook} }}\n"
        )
    };
    let role = |engine: Engine, hook: &str| {
        let repository = Repository::with(&[("app/a.yaml", &hooked(hook))]);
        let mut side = repository.directory("app");
        side.engine = engine;
        let outcome = render_side(
            &side,
            &repository.tree(),
            &settings_with(ToolPaths::default()),
        );
        rendering(&outcome).manifests[0].role()
    };
    let (argo, helm) = ("argocd.argoproj.io/hook: Skip", "helm.sh/hook: pre-install");
    for engine in [Engine::Flux, Engine::Kubectl] {
        assert_eq!(role(engine, argo), Role::Object);
        assert_eq!(role(engine, helm), Role::Object);
    }
    assert_eq!(role(Engine::ArgoCd, argo), Role::Hook);
    for engine in [Engine::Flux, Engine::Kubectl, Engine::Apply] {
        assert_eq!(role(engine, "helm.sh/hook: test"), Role::Object);
    }
    // To Argo CD a chart test is a hook without an event: not applied, and judged all the same.
    assert_eq!(role(Engine::ArgoCd, "helm.sh/hook: test"), Role::Hook);
}

#[test]
fn a_tool_that_is_linked_with_the_c_library_renders_as_confined_as_a_static_one() {
    let repository = Repository::with(&[
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", CONFIG_MAP),
    ]);
    let settings = settings_with(ToolPaths {
        kustomize: Some(parts().join("bin/kustomize-dynamic")),
        ..ToolPaths::default()
    });
    let tool = settings.tools.find_one(ToolKind::Kustomize).unwrap();
    assert!(tool.dynamic);
    let outcome = render_side(&repository.kustomize("app"), &repository.tree(), &settings);
    assert_eq!(rendering(&outcome).manifests.len(), 1);
}

#[test]
fn a_chart_of_more_objects_than_one_rendering_may_have_is_refused() {
    let object = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"x{{ . }}\"}\n";
    let template = format!("{{{{ range until 20002 }}}}\n{object}{{{{ end }}}}\n");
    let repository = chart(&[("a.yaml", &template)]);
    let outcome = repository.render(&repository.helm("chart"));
    let message = &problems(&outcome)[0].message;
    assert!(message.contains("more than 20000 objects"), "{message}");
}
