//! References that lead out of the checkout, round in circles, or to too much.

use super::case::{Case, PLAIN, case, kustomization};

const REMOTE: &str = "fetched from another host";
const LEAVES: &str = "leads out of the repository";
const UNSAFE: &str = "symbolic link that leads out";

/// Name, kustomization, place, what the problem says.
const TEXTS: &[(&str, &str, &str, &str)] = &[
    (
        "http-base",
        "resources:\n- @URL@/base\n",
        "app/kustomization.yaml:2",
        REMOTE,
    ),
    (
        "http-file",
        "resources:\n- @URL@/base.yaml\n",
        "app/kustomization.yaml:2",
        REMOTE,
    ),
    (
        "metadata-service",
        "resources:\n- http://169.254.169.254/latest/meta-data\n",
        "app/kustomization.yaml:2",
        REMOTE,
    ),
    (
        "http-patch",
        "patches:\n- path: @URL@/patch.yaml\n",
        "app/kustomization.yaml:2",
        REMOTE,
    ),
    (
        "http-openapi",
        "openapi:\n  path: @URL@/schema.json\n",
        "app/kustomization.yaml:2",
        REMOTE,
    ),
    (
        "http-crd",
        "crds:\n- @URL@/crd.json\n",
        "app/kustomization.yaml:2",
        REMOTE,
    ),
    (
        "http-transformer",
        "transformers:\n- @URL@/t.yaml\n",
        "app/kustomization.yaml:2",
        REMOTE,
    ),
    (
        "http-replacement",
        "replacements:\n- path: @URL@/r.yaml\n",
        "app/kustomization.yaml:2",
        REMOTE,
    ),
    (
        "http-generator-file",
        "configMapGenerator:\n- name: x\n  files:\n  - @URL@/x\n",
        "app/kustomization.yaml:4",
        REMOTE,
    ),
    (
        "absolute-file",
        "resources:\n- @OUTSIDE@/secret.yaml\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "absolute-folder",
        "resources:\n- @OUTSIDE@\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "absolute-component",
        "components:\n- @OUTSIDE@\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "sibling-folder",
        "resources:\n- ../../@NAME@\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "sibling-file",
        "resources:\n- ../../@NAME@/secret.yaml\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "passwd-in-a-config-map",
        "configMapGenerator:\n- name: x\n  files: [/etc/passwd]\n",
        "app/kustomization.yaml:3",
        LEAVES,
    ),
    (
        "passwd-under-a-key",
        "configMapGenerator:\n- name: x\n  files: [\"k=/etc/passwd\"]\n",
        "app/kustomization.yaml:3",
        LEAVES,
    ),
    (
        "passwd-by-parents",
        "secretGenerator:\n- name: x\n  files: [\"../../../../../../etc/passwd\"]\n",
        "app/kustomization.yaml:3",
        LEAVES,
    ),
    (
        "envs-outside",
        "configMapGenerator:\n- name: x\n  envs: [../../@NAME@/token]\n",
        "app/kustomization.yaml:3",
        LEAVES,
    ),
    (
        "env-outside",
        "configMapGenerator:\n- name: x\n  env: /proc/self/environ\n",
        "app/kustomization.yaml:3",
        LEAVES,
    ),
    (
        "openapi-outside",
        "openapi:\n  path: ../../@NAME@/secret.yaml\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "crd-outside",
        "crds:\n- ../../@NAME@/secret.yaml\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "configuration-outside",
        "configurations:\n- @OUTSIDE@/secret.yaml\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "patch-outside",
        "patches:\n- path: ../../@NAME@/secret.yaml\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "legacy-patch-outside",
        "patchesStrategicMerge:\n- ../../@NAME@/secret.yaml\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "replacement-outside",
        "replacements:\n- path: ../../@NAME@/secret.yaml\n",
        "app/kustomization.yaml:2",
        LEAVES,
    ),
    (
        "itself",
        "resources:\n- ../app\n",
        "app/kustomization.yaml:2",
        "refers back to itself",
    ),
    (
        "its-parent",
        "resources:\n- ..\n",
        "app/kustomization.yaml:2",
        "refers back to itself",
    ),
    (
        "a-dot",
        "resources:\n- .\n",
        "app/kustomization.yaml:2",
        "refers back to itself",
    ),
    (
        "another-case",
        "resources:\n- PLAIN.yaml\n",
        "app/kustomization.yaml:2",
        "does not exist",
    ),
];

pub(super) fn cases() -> Vec<Case> {
    let text = |(name, text, place, says): &(&'static str, &str, &'static str, &'static str)| {
        kustomization(name, text).plain().refused(place, says)
    };
    let mut cases: Vec<Case> = TEXTS.iter().map(text).collect();
    cases.extend(links());
    cases.extend(circles());
    cases.extend(sizes());
    cases.extend(odd_trees());
    cases
}

fn links() -> Vec<Case> {
    let file = |name, target| {
        kustomization(name, "resources:\n- a.yaml\n")
            .link("app/a.yaml", target)
            .refused("app/kustomization.yaml:2", UNSAFE)
    };
    let folder = |name, target| {
        kustomization(name, "resources:\n- base\n")
            .link("app/base", target)
            .refused("app/kustomization.yaml:2", UNSAFE)
    };
    vec![
        file("linked-file", "@OUTSIDE@/secret.yaml"),
        file("linked-file-by-parents", "../../@NAME@/secret.yaml"),
        file("linked-environment", "/proc/self/environ"),
        file(
            "linked-token",
            "/var/run/secrets/kubernetes.io/serviceaccount/token",
        ),
        file("linked-to-itself", "a.yaml"),
        folder("linked-folder", "@OUTSIDE@"),
        folder("linked-folder-by-parents", "../../@NAME@"),
        folder("linked-root-of-the-machine", "/"),
        kustomization("linked-in-two-steps", "resources:\n- one/secret.yaml\n")
            .link("app/one", "../two")
            .link("two", "@OUTSIDE@")
            .refused("app/kustomization.yaml:2", UNSAFE),
        case("linked-kustomization")
            .plain()
            .link("app/kustomization.yaml", "@OUTSIDE@/kustomization.yaml")
            .refused("app/kustomization.yaml", UNSAFE),
    ]
}

fn circles() -> Vec<Case> {
    let mutual = |name, field: &str, kind: &str| {
        let to = |other: &str| format!("{kind}{field}:\n- ../{other}\n");
        kustomization(name, &format!("{field}:\n- ../a\n"))
            .file("a/kustomization.yaml", to("b"))
            .file("b/kustomization.yaml", to("a"))
    };
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    vec![
        mutual("circle-of-bases", "resources", "")
            .refused("b/kustomization.yaml:2", "refers back to itself"),
        mutual("circle-of-components", "components", component)
            .refused("b/kustomization.yaml:4", "refers back to itself"),
    ]
}

fn sizes() -> Vec<Case> {
    let component =
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonLabels: {a: b}\n";
    let list: String = (0..10_000)
        .map(|number| format!("- ../c/{number}\n"))
        .collect();
    let mut many = kustomization(
        "ten-thousand-components",
        &format!("resources: [plain.yaml]\ncomponents:\n{list}"),
    );
    many = many.plain();
    for number in 0..10_000 {
        many = many.file(&format!("c/{number}/kustomization.yaml"), component);
    }
    let mut deep = kustomization("seventy-bases-deep", "resources:\n- ../d/0\n");
    for number in 0..70 {
        let text = format!("resources:\n- ../{}\n", number + 1);
        deep = deep.file(&format!("d/{number}/kustomization.yaml"), text);
    }
    let mut doubling = kustomization("bases-that-double", "resources:\n- ../d/0a\n- ../d/0b\n");
    for number in 0..30 {
        for side in ["a", "b"] {
            let next = number + 1;
            let text = format!("namePrefix: {side}\nresources:\n- ../{next}a\n- ../{next}b\n");
            doubling = doubling.file(&format!("d/{number}{side}/kustomization.yaml"), text);
        }
    }
    for side in ["a", "b"] {
        let path = format!("d/30{side}/");
        doubling = doubling
            .file(
                &format!("{path}kustomization.yaml"),
                format!("namePrefix: {side}\nresources: [plain.yaml]\n"),
            )
            .file(&format!("{path}plain.yaml"), PLAIN);
    }
    let copies: String = (0..40)
        .map(|number| {
            let from = if number == 0 { "/data".to_owned() } else { format!("/d{}", number - 1) };
            let into = format!("/d{number}");
            format!("    - {{op: copy, from: {from}, path: {into}}}\n    - {{op: copy, from: {from}, path: {into}/y{number}}}\n")
        })
        .collect();
    let bomb = format!(
        "resources: [plain.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n{copies}"
    );
    let long = "n".repeat(4096);
    vec![
        many.bounded("\"plain\""),
        deep.refused("d/62/kustomization.yaml:2", "more than rendering accepts"),
        doubling.refused("app", "stopped after 3 s"),
        kustomization("patch-that-doubles", &bomb)
            .plain()
            .refused("app", "stopped"),
        kustomization("name-of-4096-bytes", &format!("resources:\n- {long}\n"))
            .refused("app/kustomization.yaml:2", "does not exist"),
    ]
}

fn odd_trees() -> Vec<Case> {
    let modules = "[submodule \"x\"]\n\tpath = app/x\n\turl = ext::sh -c touch% @MARK@\n\tupdate = !touch @MARK@\n";
    let replacement = "resources: [plain.yaml]\nreplacements:\n- source: {kind: ConfigMap, fieldPath: data}\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.a.a.a, data.a]\n    options: {create: true}\n";
    let vars = "resources: [plain.yaml]\nvars:\n- name: A\n  objref: {apiVersion: v1, kind: ConfigMap, name: plain}\n  fieldref: {fieldpath: data.a}\n";
    vec![
        kustomization("submodule", "resources:\n- base\n")
            .submodule("app/base")
            .refused("app/kustomization.yaml:2", "submodule"),
        kustomization("file-in-a-submodule", "resources:\n- base/a.yaml\n")
            .submodule("app/base")
            .refused("app/kustomization.yaml:2", "submodule"),
        kustomization("commands-in-gitmodules", "resources: [plain.yaml]\n")
            .plain()
            .file(".gitmodules", modules)
            .file("app/.gitattributes", "* filter=x diff=x merge=x\n")
            .harmless("\"plain\""),
        case("kustomization-that-is-a-folder")
            .file("app/kustomization.yaml/plain.yaml", PLAIN)
            .refused("app", "nothing that can be rendered"),
        kustomization("two-kustomizations", "resources: [plain.yaml]\n")
            .plain()
            .file("app/kustomization.yml", "resources: [\"@URL@/x.yaml\"]\n")
            .refused("app/kustomization.yml", "beside kustomization.yaml"),
        kustomization("replacement-into-itself", replacement).plain().refused("app/kustomization.yaml", ""),
        kustomization("variable-of-itself", vars)
            .file("app/plain.yaml", PLAIN.replace("a: b", "a: $(A)$(A)"))
            .harmless("$(A)"),
        kustomization("name-with-a-newline", "configMapGenerator:\n- name: \"x\\n---\\nkind: Secret\"\n  literals: [a=b]\n")
            .harmless("x\\n---\\nkind: Secret-"),
        kustomization("options-with-a-newline", "generatorOptions:\n  annotations: {\"a\\nb\": \"c\\n---\\nd\"}\nconfigMapGenerator:\n- name: x\n  literals: [a=b]\n")
            .harmless("c\\n---\\nd"),
    ]
}
