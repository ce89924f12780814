//! `Kustomization`, field by field.

use super::*;
use crate::plan::OnRemoval;
use serde_json::json;

/// A `Kustomization` of the repository with these further fields.
fn app(name: &str, fields: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\nspec:\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{fields}"
    )
}

fn one(fields: &str, files: &[(&str, &str)]) -> AppSide {
    let text = format!("{SOURCE}{}", app("app", fields));
    let mut all = vec![("clusters/prod/apps.yaml", text.as_str())];
    all.extend(files);
    let found = found(&all, &["clusters/prod/apps.yaml"]);
    side(&found, "app").clone()
}

#[test]
fn a_folder_with_a_kustomization_is_built_with_open_restrictor_and_its_closure() {
    let side = one(
        "  path: ./app\n  prune: true\n",
        &[
            (
                "app/kustomization.yaml",
                "resources: [a.yaml, ../base/b.yaml]\n",
            ),
            ("app/a.yaml", OBJECT),
            ("base/b.yaml", OBJECT),
        ],
    );
    assert_eq!(texts(&side), [""; 0]);
    assert_eq!(
        closure(&side),
        ["app/a.yaml", "app/kustomization.yaml", "base/b.yaml"]
    );
    assert_eq!(side.sources[0].path, path("app"));
    assert_eq!(side.engine, crate::config::repo::Engine::Flux);
    assert!(kustomize(&side).open_load_restrictor);
    assert_eq!(kustomize(&side).generated, None);
    let declaration = side.declaration.unwrap();
    assert_eq!(declaration.on_removal, OnRemoval::Deleted);
    assert_eq!(declaration.path, Some(path("clusters/prod/apps.yaml")));
    assert_eq!(declaration.line, 6);
}

#[test]
fn a_folder_without_one_gets_what_flux_would_generate() {
    let side = one(
        "  path: app/\n",
        &[
            ("app/b.yml", OBJECT),
            ("app/a/c.yaml", OBJECT),
            ("app/a.json", "{}"),
            ("app/c/kustomization.yml", "resources: [d.yaml]\n"),
            ("app/c/d.yaml", OBJECT),
            ("app/c/unlisted.yaml", "not: kubernetes\n"),
            ("app/.hidden/e.yaml", OBJECT),
            ("app/.sops.yaml", "creation_rules: []\n"),
            ("app/link.yaml", "-> b.yml"),
        ],
    );
    assert_eq!(texts(&side), [""; 0]);
    let generated = kustomize(&side).generated.clone().unwrap();
    assert_eq!(
        generated,
        ["./.hidden/e.yaml", "./a/c.yaml", "./b.yml", "./c"]
    );
    assert_eq!(
        closure(&side),
        [
            "app/.hidden/e.yaml",
            "app/a/c.yaml",
            "app/b.yml",
            "app/c/d.yaml",
            "app/c/kustomization.yml"
        ]
    );
}

#[test]
fn yaml_that_is_no_object_is_refused_where_flux_generates() {
    let side = one(
        "  path: app\n",
        &[
            ("app/a.yaml", OBJECT),
            ("app/values.yaml", "# values\na: 1\n"),
        ],
    );
    assert_eq!(side.refusals.len(), 1);
    assert_eq!(side.refusals[0].path, path("app/values.yaml"));
    assert_eq!(side.refusals[0].line, 2);
    assert!(
        side.refusals[0].text.contains("no `kind`"),
        "{:?}",
        side.refusals
    );
}

#[test]
fn a_path_never_leaves_the_source_and_must_exist() {
    let side = one("  path: ../../app\n", &[("app/a.yaml", OBJECT)]);
    assert_eq!(closure(&side), ["app/a.yaml"]);
    let side = one("  path: ./none\n", &[]);
    assert_eq!(texts(&side), ["Missing none/"]);
    let side = one("  path: 3\n", &[]);
    assert!(texts(&side).contains(&"Declaration `spec.path` is not text".to_owned()));
}

#[test]
fn every_change_of_the_kustomization_is_taken() {
    let fields = "  path: app\n  targetNamespace: shop\n  namePrefix: a-\n  nameSuffix: -b\n  commonMetadata: {labels: {team: x}, annotations: {note: 'y'}}\n  images: [{name: i, newTag: '2', other: z}]\n  components: [../comp]\n  patches: [{patch: 'p', target: {kind: Deployment}}, {patch: 'q'}]\n  patchesStrategicMerge: [{kind: A}]\n  patchesJson6902: [{patch: [{op: remove, path: /a}], target: {kind: B}}]\n  force: true\n  suspend: true\n";
    let side = one(
        fields,
        &[
            ("app/a.yaml", OBJECT),
            (
                "comp/kustomization.yaml",
                "kind: Component\npatches: [{path: p.yaml}]\n",
            ),
            ("comp/p.yaml", ""),
        ],
    );
    assert_eq!(texts(&side), [""; 0]);
    assert_eq!(
        closure(&side),
        ["app/a.yaml", "comp/kustomization.yaml", "comp/p.yaml"]
    );
    assert_eq!(side.namespace.as_deref(), Some("shop"));
    assert!(side.declaration.as_ref().unwrap().suspended);
    let edits = &kustomize(&side).edits;
    assert_eq!(edits.namespace.as_deref(), Some("shop"));
    assert_eq!(edits.name_prefix.as_deref(), Some("a-"));
    assert_eq!(edits.name_suffix.as_deref(), Some("-b"));
    assert_eq!(edits.components, ["../comp"]);
    assert_eq!(edits.images, [json!({"name": "i", "newTag": "2"})]);
    assert_eq!(edits.common_metadata.labels["team"], "x");
    assert_eq!(edits.common_metadata.annotations["note"], "y");
    assert_eq!(
        edits.patches,
        [
            json!({"patch": "{\"kind\":\"A\"}"}),
            json!({"patch": "p", "target": {"kind": "Deployment"}}),
            json!({"patch": "q"}),
            json!({"patch": "[{\"op\":\"remove\",\"path\":\"/a\"}]", "target": {"kind": "B"}}),
        ]
    );
}

#[test]
fn a_missing_component_is_refused_unless_it_may_miss() {
    let files = [("app/a.yaml", OBJECT)];
    let side = one("  path: app\n  components: [../none]\n", &files);
    assert_eq!(texts(&side), ["Missing ../none"]);
    let side = one(
        "  path: app\n  ignoreMissingComponents: true\n  components: [../none]\n",
        &files,
    );
    assert_eq!(texts(&side), [""; 0]);
    assert_eq!(kustomize(&side).edits.components, [""; 0]);
    let side = one(
        "  path: app\n  components: ['https://git.example/a/b']\n",
        &files,
    );
    assert_eq!(texts(&side), ["RemoteReference https://git.example/a/b"]);
}

const VARIABLES: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: flux-system}\ndata: {a: one, b: \"two\\nlines\", enc: 'ENC[AES256_GCM,data:x]'}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: two, namespace: flux-system}\ndata: {c: eA==, a: eA==}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: other}\ndata: {z: one}\n---\n";

#[test]
fn later_variables_win_and_secret_ones_are_known_by_name_only() {
    let fields = "  path: app\n  postBuild:\n    substitute: {d: \"4\", c: inline}\n    substituteFrom: [{kind: ConfigMap, name: one}, {kind: Secret, name: two}, {kind: ConfigMap, name: three, optional: true}]\n";
    let side = one(
        &format!("{fields}---\n{VARIABLES}"),
        &[("app/a.yaml", OBJECT)],
    );
    assert_eq!(texts(&side), [""; 0]);
    let found = kustomize(&side).substitution.clone().unwrap();
    let pairs: Vec<(&str, &str)> = found.variables.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(pairs, [("b", "twolines"), ("c", "inline"), ("d", "4")]);
    assert_eq!(found.unknown.iter().collect::<Vec<_>>(), ["a", "enc"]);
    assert!(!found.open);
    assert_eq!(closure(&side), ["app/a.yaml", "clusters/prod/apps.yaml"]);
    assert_eq!(side.values_from, [path("clusters/prod/apps.yaml")].into());
}

#[test]
fn a_source_of_variables_that_is_nowhere_leaves_them_open() {
    let fields = "  path: app\n  postBuild: {substituteFrom: [{kind: Secret, name: none}]}\n";
    let side = one(fields, &[("app/a.yaml", OBJECT)]);
    assert!(kustomize(&side).substitution.clone().unwrap().open);
}

#[test]
fn nothing_is_substituted_without_variables_unless_always() {
    let files = [("app/a.yaml", OBJECT)];
    assert_eq!(kustomize(&one("  path: app\n", &files)).substitution, None);
    assert_eq!(
        kustomize(&one("  path: app\n  postBuild: {substitute: {}}\n", &files)).substitution,
        None
    );
    let always = "  path: app\n  postBuild: {substituteStrategy: Always}\n";
    let found = kustomize(&one(always, &files)).substitution.clone();
    assert!(found.unwrap().always);
}

#[test]
fn a_variable_that_flux_would_refuse_is_refused() {
    let files = [("app/a.yaml", OBJECT)];
    let side = one(
        "  path: app\n  postBuild: {substitute: {a-b: x, number: 1}}\n",
        &files,
    );
    assert_eq!(
        texts(&side),
        [
            "Declaration `spec.postBuild.substitute.number` is not text",
            "Declaration `spec.postBuild` has the variable `a-b`, and Flux takes letters, digits and `_` alone",
        ]
    );
}

#[test]
fn what_happens_on_removal_follows_prune_and_policy() {
    let removal = |fields: &str| {
        let side = one(&format!("  path: app\n{fields}"), &[("app/a.yaml", OBJECT)]);
        side.declaration.unwrap().on_removal
    };
    assert_eq!(removal("  prune: true\n"), OnRemoval::Deleted);
    assert_eq!(removal("  prune: false\n"), OnRemoval::Kept);
    assert_eq!(removal(""), OnRemoval::Kept);
    assert_eq!(removal("  prune: true\n  suspend: true\n"), OnRemoval::Kept);
    assert_eq!(
        removal("  prune: true\n  deletionPolicy: Orphan\n"),
        OnRemoval::Kept
    );
    assert_eq!(
        removal("  prune: false\n  deletionPolicy: WaitForTermination\n"),
        OnRemoval::Deleted
    );
}

#[test]
fn other_repositories_branches_and_tags_are_elsewhere() {
    let source = |spec: &str| {
        let text = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: flux-system, namespace: flux-system}}\nspec: {spec}\n---\n{}",
            app("app", "  path: app\n")
        );
        let files = [("c/apps.yaml", text.as_str()), ("app/a.yaml", OBJECT)];
        let found = found(&files, &["c/apps.yaml"]);
        let side = side(&found, "app").clone();
        assert_eq!(texts(&side), [""; 0]);
        (
            side.sources[0].repository.clone(),
            side.sources[0].revision.clone(),
        )
    };
    let own = "url: https://git.example/acme/fleet";
    assert_eq!(
        source(&format!("{{{own}, ref: {{branch: main}}}}")),
        (None, None)
    );
    assert_eq!(
        source(&format!("{{{own}, ref: {{name: refs/heads/main}}}}")),
        (None, None)
    );
    let at = |revision: &str| {
        let url = "https://git.example/acme/fleet";
        (Some(url.to_owned()), Some(revision.to_owned()))
    };
    assert_eq!(source(&format!("{{{own}}}")), at("master"));
    assert_eq!(
        source(&format!("{{{own}, ref: {{branch: main, tag: v1}}}}")),
        at("v1")
    );
    assert_eq!(
        source(&format!("{{{own}, ref: {{semver: '>1'}}}}")),
        at(">1")
    );
    assert_eq!(
        source(&format!("{{{own}, ref: {{branch: main, commit: abc}}}}")),
        at("abc")
    );
    let other = source("{url: 'https://git.example/acme/other', ref: {branch: main}}");
    assert_eq!(other.0.as_deref(), Some("https://git.example/acme/other"));
}

#[test]
fn what_a_source_ignores_is_not_there() {
    let text = format!(
        "{}{}",
        SOURCE.replace("ref:", "ignore: \"/*\\n!/app\\nb.yaml\\n\", ref:"),
        app("app", "  path: app\n")
    );
    let files = [
        ("c/apps.yaml", text.as_str()),
        (
            "app/kustomization.yaml",
            "resources: [a.yaml, b.yaml, ../base/c.yaml]\n",
        ),
        ("app/a.yaml", OBJECT),
        ("app/b.yaml", OBJECT),
        ("app/.sourceignore", "a.yaml\n"),
        ("base/c.yaml", OBJECT),
    ];
    let found = found(&files, &["c/apps.yaml"]);
    assert_eq!(
        texts(side(&found, "app")),
        ["Missing ../base/c.yaml", "Missing b.yaml"]
    );
}

#[test]
fn a_source_that_is_nowhere_counts_as_this_repository_where_the_folder_exists() {
    let found = found(
        &[
            ("c/apps.yaml", &app("app", "  path: app\n")),
            ("c/none.yaml", &app("none", "  path: deploy\n")),
            ("app/a.yaml", OBJECT),
        ],
        &["c/apps.yaml", "c/none.yaml"],
    );
    assert_eq!(closure(side(&found, "app")), ["app/a.yaml"]);
    let text = "Elsewhere GitRepository `flux-system/flux-system`, which no object of the repository declares";
    assert_eq!(texts(side(&found, "none")), [text]);
}

#[test]
fn clusters_of_one_repository_are_told_apart_by_the_folder_of_their_bootstrap() {
    let bootstrap = |cluster: &str| {
        format!(
            "{SOURCE}{}",
            app("flux-system", &format!("  path: ./clusters/{cluster}\n"))
        )
    };
    let child = |cluster: &str| app("apps", &format!("  path: ./apps/{cluster}\n"));
    let files = [
        ("clusters/a/flux-system/sync.yaml", &*bootstrap("a")),
        ("clusters/a/apps.yaml", &*child("a")),
        ("clusters/b/flux-system/sync.yaml", &*bootstrap("b")),
        ("clusters/b/apps.yaml", &*child("b")),
        ("apps/a/a.yaml", OBJECT),
        ("apps/b/b.yaml", OBJECT),
    ];
    let seen = files.iter().take(4).map(|(name, _)| *name);
    let first = found(&files, &seen.collect::<Vec<_>>());
    let ids: Vec<String> = first.keys().map(ToString::to_string).collect();
    // What a Kustomization will render stands for itself as long as it is not rendered.
    let all = [
        "flux:apps#clusters/a",
        "flux:apps#clusters/b",
        "flux:flux-system#clusters/a",
        "flux:flux-system#clusters/b",
    ];
    assert_eq!(ids, all);

    let roots = first.keys().filter(|id| id.name == "flux-system");
    let roots: Vec<&AppId> = roots.collect();
    let (a, b) = (child("a"), child("b"));
    let rendered = [
        (roots[0], "clusters/a/apps.yaml", a.as_str()),
        (roots[1], "clusters/b/apps.yaml", b.as_str()),
    ];
    let seen = files.iter().take(4).map(|(name, _)| *name);
    let second = found_with(&files, &seen.collect::<Vec<_>>(), &rendered);
    let ids: Vec<String> = second.keys().map(ToString::to_string).collect();
    assert_eq!(ids, all);
    let apps: Vec<_> = second.values().take(2).map(closure).collect();
    assert_eq!(apps, [["apps/a/a.yaml"], ["apps/b/b.yaml"]]);
}

#[test]
fn what_waits_for_itself_is_refused() {
    let text = format!(
        "{SOURCE}{}---\n{}---\n{}",
        app("a", "  path: app\n  dependsOn: [{name: b}]\n"),
        app("b", "  path: app\n  dependsOn: [{name: a}]\n"),
        app("c", "  path: app\n  dependsOn: [{name: d}]\n"),
    );
    let files = [("x/apps.yaml", text.as_str()), ("app/a.yaml", OBJECT)];
    let found = found(&files, &["x/apps.yaml"]);
    let text =
        "Declaration `flux-system/a` waits for itself, or for what does, by `spec.dependsOn`";
    assert_eq!(texts(side(&found, "a")), [text]);
    assert_eq!(side(&found, "b").refusals.len(), 1);
    assert_eq!(texts(side(&found, "c")), [""; 0]);
}

#[test]
fn a_change_of_a_source_counts_where_it_decides_something() {
    let digest = |change: (&str, &str)| {
        let text = format!("{SOURCE}{}", app("app", "  path: app\n"));
        let text = text.replace(change.0, change.1);
        let files = [("c/apps.yaml", text.as_str()), ("app/a.yaml", OBJECT)];
        let found = found(&files, &["c/apps.yaml"]);
        side(&found, "app").declaration.clone().unwrap().digest
    };
    let before = digest(("", ""));
    assert_eq!(digest(("ref:", "interval: 9m, ref:")), before);
    assert_ne!(digest(("ref:", "ignore: x, ref:")), before);
    assert_ne!(digest(("path: app", "path: app\n  prune: true")), before);
}

#[test]
fn a_kubeconfig_names_the_cluster() {
    let files = [("app/a.yaml", OBJECT)];
    let side = one(
        "  path: app\n  kubeConfig: {secretRef: {name: stage-kubeconfig}}\n",
        &files,
    );
    assert_eq!(side.cluster, ClusterName("stage".to_owned()));
}

#[test]
fn kinds_of_the_operator_and_other_sources_are_named() {
    let text = format!(
        "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {{name: tenants, namespace: flux-system}}\nspec: {{}}\n---\n{}",
        app("app", "  path: app\n").replace("GitRepository", "Bucket")
    );
    let found = found(&[("x/apps.yaml", text.as_str())], &["x/apps.yaml"]);
    assert_eq!(
        texts(side(&found, "tenants")),
        ["OtherGenerator the ResourceSet `flux-system/tenants`"]
    );
    assert!(texts(side(&found, "app"))[0].starts_with("Elsewhere Bucket"));
}

#[test]
fn an_artifact_of_parts_of_the_repository_is_evaluated_where_they_keep_their_places() {
    let generator = |copies: &str| {
        let text = format!(
            "{SOURCE}apiVersion: source.extensions.fluxcd.io/v1beta1\nkind: ArtifactGenerator\nmetadata: {{name: g, namespace: flux-system}}\nspec:\n  sources: [{{alias: here, kind: GitRepository, name: flux-system}}]\n  artifacts: [{{name: flux-system, copy: [{copies}]}}]\n---\n{}",
            app("app", "  path: ./prod\n").replace("GitRepository", "ExternalArtifact")
        );
        let files = [
            ("x/apps.yaml", text.as_str()),
            ("apps/prod/kustomization.yaml", "resources: [../base]\n"),
            ("apps/base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("apps/base/a.yaml", OBJECT),
        ];
        side(&found(&files, &["x/apps.yaml"]), "app").clone()
    };
    let prod = "{from: '@here/apps/prod/**', to: '@artifact/prod/'}";
    let side = generator(&format!(
        "{prod}, {{from: '@here/apps/base/**', to: '@artifact/base/'}}"
    ));
    assert_eq!(texts(&side), [""; 0]);
    assert_eq!(side.sources[0].path, path("apps/prod"));
    assert_eq!(
        closure(&side),
        [
            "apps/base/a.yaml",
            "apps/base/kustomization.yaml",
            "apps/prod/kustomization.yaml"
        ]
    );
    assert_eq!(texts(&generator(prod)), ["Missing ../base"]);
    let moved = generator("{from: '@here/apps/prod/**', to: '@artifact/other/'}");
    assert!(
        texts(&moved)[0].starts_with("Elsewhere ExternalArtifact"),
        "{:?}",
        texts(&moved)
    );
}

#[test]
fn a_kustomization_that_only_reads_a_declaration_does_not_hide_it() {
    let decoy = app("decoy", "  path: ./decoy\n");
    let real = app("real", "  path: ./deploy\n");
    let files = [
        ("c/decoy.yaml", format!("{SOURCE}{decoy}")),
        ("apps/real.yaml", real),
        (
            "decoy/kustomization.yaml",
            "configMapGenerator: [{name: x, files: [../apps/real.yaml]}]\n".to_owned(),
        ),
        ("deploy/a.yaml", OBJECT.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    let found = found(&files, &["c/decoy.yaml", "apps/real.yaml"]);
    assert!(closure(side(&found, "decoy")).contains(&"apps/real.yaml"));
    assert_eq!(closure(side(&found, "real")), ["deploy/a.yaml"]);
}
