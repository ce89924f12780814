//! Edits by the real `kustomize edit`, and the same as declarations say them.

use std::collections::BTreeMap;

use drydock::plan::KustomizeEdits;
use serde_json::{Value, json};

/// One kustomization, what `kustomize edit` is told, and the same as a declaration says it.
pub(super) struct Case {
    pub(super) kustomization: &'static str,
    pub(super) commands: Vec<Vec<&'static str>>,
    pub(super) edits: KustomizeEdits,
}

pub(super) fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

pub(super) fn edits() -> KustomizeEdits {
    KustomizeEdits::default()
}

pub(super) const PLAIN: &str = "resources: [all.yaml]\n";
pub(super) const DIGEST: &str =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";

#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn cases() -> Vec<Case> {
    let case = |kustomization, commands: &[&[&'static str]], edits| Case {
        kustomization,
        commands: commands.iter().map(|command| command.to_vec()).collect(),
        edits,
    };
    let prefix = |text: &str| KustomizeEdits {
        name_prefix: Some(text.to_owned()),
        ..edits()
    };
    let suffix = |text: &str| KustomizeEdits {
        name_suffix: Some(text.to_owned()),
        ..edits()
    };
    let namespace = |text: &str| KustomizeEdits {
        namespace: Some(text.to_owned()),
        ..edits()
    };
    let images = |images: Vec<Value>| KustomizeEdits { images, ..edits() };
    let replicas = |replicas: Vec<Value>| KustomizeEdits {
        replicas,
        ..edits()
    };
    let components = |components: &[&str]| KustomizeEdits {
        components: components.iter().map(|&text| text.to_owned()).collect(),
        ..edits()
    };
    let labels = |given: &[(&str, &str)]| KustomizeEdits {
        labels: pairs(given),
        labels_in_selectors: true,
        ..edits()
    };
    let outside = |given: &[(&str, &str)], templates| KustomizeEdits {
        labels: pairs(given),
        labels_in_templates: templates,
        ..edits()
    };
    let annotations = |given: &[(&str, &str)]| KustomizeEdits {
        annotations: pairs(given),
        ..edits()
    };
    vec![
        case(PLAIN, &[&["set", "nameprefix", "--", "a-"]], prefix("a-")),
        case(
            "namePrefix: old-\nresources: [all.yaml]\n",
            &[&["set", "nameprefix", "--", "new-"]],
            prefix("new-"),
        ),
        case(
            "NamePrefix: old-\nResources: [all.yaml]\n",
            &[&["set", "nameprefix", "--", "new-"]],
            prefix("new-"),
        ),
        case(PLAIN, &[&["set", "namesuffix", "--", "-z"]], suffix("-z")),
        case(
            PLAIN,
            &[&["set", "namespace", "--", "shop"]],
            namespace("shop"),
        ),
        case(
            "namespace: old\nbases: []\nresources: [all.yaml, more.yaml]\n",
            &[&["set", "namespace", "--", "new"]],
            namespace("new"),
        ),
        case(
            PLAIN,
            &[&["set", "image", "nginx:2"]],
            images(vec![json!({"name": "nginx", "newTag": "2"})]),
        ),
        case(
            PLAIN,
            &[&["set", "image", "nginx=registry.example.com/n:2", "alpine:3"]],
            images(vec![
                json!({"name": "nginx", "newName": "registry.example.com/n", "newTag": "2"}),
                json!({"name": "alpine", "newTag": "3"}),
            ]),
        ),
        case(
            PLAIN,
            &[&[
                "set",
                "image",
                "nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            ]],
            images(vec![json!({"name": "nginx", "digest": DIGEST})]),
        ),
        case(
            "images:\n- name: nginx\n  newTag: '7'\n- {name: alpine, newName: b}\nresources: [all.yaml]\n",
            &[&[
                "set",
                "image",
                "nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            ]],
            images(vec![json!({"name": "nginx", "digest": DIGEST})]),
        ),
        case(
            "images:\n- {name: nginx, newName: kept, newTag: '7'}\nresources: [all.yaml]\n",
            &[&["set", "image", "nginx=*:9"]],
            images(vec![
                json!({"name": "nginx", "newName": "*", "newTag": "9"}),
            ]),
        ),
        case(
            "imageTags:\n- {name: nginx, newTag: '7'}\nresources: [all.yaml]\n",
            &[&["set", "image", "nginx=other"]],
            images(vec![json!({"name": "nginx", "newName": "other"})]),
        ),
        case(
            "images:\n- {name: z, newName: last}\n- {name: nginx, newName: z}\nresources: [all.yaml]\n",
            &[&["set", "image", "alpine=nginx:1"]],
            images(vec![
                json!({"name": "alpine", "newName": "nginx", "newTag": "1"}),
            ]),
        ),
        case(
            PLAIN,
            &[&["set", "image", "registry.example.com:5000/side:5"]],
            images(vec![
                json!({"name": "registry.example.com:5000/side", "newTag": "5"}),
            ]),
        ),
        case(
            PLAIN,
            &[&["set", "replicas", "web=3"]],
            replicas(vec![json!({"name": "web", "count": 3})]),
        ),
        case(
            "replicas:\n- {name: web, count: 2}\nresources: [all.yaml]\n",
            &[&["set", "replicas", "web=0"]],
            replicas(vec![json!({"name": "web", "count": 0})]),
        ),
        case(
            PLAIN,
            &[&["add", "label", "team:shop", "tier:front"]],
            labels(&[("team", "shop"), ("tier", "front")]),
        ),
        case(
            "commonLabels: {a: b}\nresources: [all.yaml]\n",
            &[&["add", "label", "team:shop"]],
            labels(&[("team", "shop")]),
        ),
        case(
            "commonLabels: {team: old}\nresources: [all.yaml]\n",
            &[&["add", "label", "--force", "team:shop"]],
            KustomizeEdits {
                force_labels: true,
                ..labels(&[("team", "shop")])
            },
        ),
        case(
            PLAIN,
            &[&["add", "label", "--without-selector", "team:shop", "x:y"]],
            outside(&[("team", "shop"), ("x", "y")], false),
        ),
        case(
            PLAIN,
            &[&[
                "add",
                "label",
                "--without-selector",
                "--include-templates",
                "team:shop",
            ]],
            outside(&[("team", "shop")], true),
        ),
        case(
            "labels:\n- pairs: {a: b}\n- {pairs: {c: d}, includeTemplates: true}\n- {pairs: {e: f}, includeSelectors: true}\nresources: [all.yaml]\n",
            &[&[
                "add",
                "label",
                "--without-selector",
                "--include-templates",
                "team:shop",
            ]],
            outside(&[("team", "shop")], true),
        ),
        case(
            "labels:\n- pairs: {team: old}\nresources: [all.yaml]\n",
            &[&["add", "label", "--without-selector", "--force", "team:shop"]],
            KustomizeEdits {
                force_labels: true,
                ..outside(&[("team", "shop")], false)
            },
        ),
        case(
            PLAIN,
            &[&["add", "annotation", "note:true", "n:1"]],
            annotations(&[("note", "true"), ("n", "1")]),
        ),
        case(
            "commonAnnotations: {note: old, other: x}\nresources: [all.yaml]\n",
            &[&["add", "annotation", "--force", "note:new"]],
            KustomizeEdits {
                force_annotations: true,
                ..annotations(&[("note", "new")])
            },
        ),
        case(
            PLAIN,
            &[&["add", "component", "../one", "../two"]],
            components(&["../one", "../two"]),
        ),
        case(
            "components: [../two]\nresources: [all.yaml]\n",
            &[&["add", "component", "../one", "../two"]],
            components(&["../one", "../two"]),
        ),
        case(
            "patches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"replace\", \"path\": \"/spec/replicas\", \"value\": 5}]'\nresources: [all.yaml]\n",
            &[&["add", "patch", "--path", "patch.yaml"]],
            KustomizeEdits {
                patches: vec![json!({"path": "patch.yaml"})],
                ..edits()
            },
        ),
        case(
            "namePrefix: x-\nconfigMapGenerator:\n- name: made\n  literals: [a=yes, b=010]\nresources: [all.yaml]\n",
            &[
                &["set", "namesuffix", "--", "-s"],
                &["set", "image", "alpine:4"],
                &["add", "label", "team:shop"],
                &["add", "annotation", "note:x"],
                &["set", "namespace", "--", "all"],
                &["add", "component", "../one"],
            ],
            KustomizeEdits {
                name_suffix: Some("-s".to_owned()),
                images: vec![json!({"name": "alpine", "newTag": "4"})],
                labels: pairs(&[("team", "shop")]),
                labels_in_selectors: true,
                annotations: pairs(&[("note", "x")]),
                namespace: Some("all".to_owned()),
                components: vec!["../one".to_owned()],
                ..edits()
            },
        ),
    ]
}
