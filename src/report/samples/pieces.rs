//! Ids, objects, findings and changes that the samples are made of.

use serde_json::Value;

use crate::config::repo::RendererKind;
use crate::finding::{Finding, Gate, Judged, Precision, Severity, Source, State};
use crate::ids::{AppId, ClusterName, CommitSha, DeclaredBy, Digest, ObjectRef, RepoPath, RunId};
use crate::plan::{AppSource, KustomizeInput, RendererInput, Why};
use crate::preview::{Action, AppPreview, Basis, Change, FieldChange, Origin};
use crate::report::model::{AppReport, Occasion};
use crate::report::values;
use crate::verdict::{AppOutcome, GateResult};

pub(in crate::report) fn sha(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

pub(in crate::report) fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

pub(in crate::report) fn app_id(name: &str, cluster: &str) -> AppId {
    AppId {
        kind: DeclaredBy::Kustomization,
        cluster: ClusterName(cluster.to_owned()),
        namespace: String::new(),
        name: format!("apps/{name}"),
        variant: None,
    }
}

pub(in crate::report) fn object(kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
    let group = match kind {
        "Deployment" => "apps",
        "Certificate" => "cert-manager.io",
        _ => "",
    };
    ObjectRef {
        group: group.to_owned(),
        version: "v1".to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
    }
}

pub(in crate::report) fn occasion() -> Occasion {
    Occasion {
        target: "main".to_owned(),
        head: sha('3'),
        base: sha('9'),
        run: RunId("1a2b".to_owned()),
        files: Some("https://github.example/acme/gitops/blob".to_owned()),
        page: Some("https://drydock.example/runs/1a2b".to_owned()),
    }
}

pub(in crate::report) fn app(name: &str, cluster: &str) -> AppReport {
    let id = app_id(name, cluster);
    AppReport {
        path: path(&format!("apps/{name}")),
        renderer: RendererKind::Kustomize,
        sources: vec![AppSource::here(
            path(&format!("apps/{name}")),
            RendererInput::Kustomize(KustomizeInput::default()),
        )],
        cluster: id.cluster.clone(),
        namespace: Some(name.to_owned()),
        why: vec![Why::File(path(&format!("apps/{name}/web.yaml")))],
        declaration: None,
        membership: None,
        outcome: AppOutcome::Pass,
        gates: Gate::ALL
            .into_iter()
            .map(|gate| (gate, GateResult::Pass))
            .collect(),
        base: Some((Digest::of(b"base"), 12)),
        head: Some((Digest::of(b"head"), 12)),
        problems: Vec::new(),
        preview: None,
        id,
    }
}

pub(in crate::report) fn field(
    pointer: &str,
    before: Option<Value>,
    after: Option<Value>,
) -> FieldChange {
    FieldChange {
        pointer: pointer.to_owned(),
        path: values::steps(pointer),
        before,
        after,
    }
}

pub(in crate::report) fn change(
    object: ObjectRef,
    action: Action,
    fields: Vec<FieldChange>,
) -> Change {
    Change {
        object,
        action,
        origin: Origin::ThisPr,
        basis: Basis::Server,
        note: None,
        fields,
        diff: String::new(),
        dangers: Vec::new(),
        uid: None,
    }
}

pub(in crate::report) fn preview(app: &AppReport, changes: Vec<Change>) -> Option<AppPreview> {
    Some(AppPreview {
        app: app.id.clone(),
        changes,
        unchanged: 9,
        withheld: false,
    })
}

pub(in crate::report) fn finding(gate: Gate, rule: &str, message: &str, app: &AppId) -> Judged {
    Judged {
        finding: Finding {
            gate,
            rule: rule.to_owned(),
            severity: Severity::Error,
            app: Some(app.clone()),
            object: Some(object("Deployment", Some("shop"), "web")),
            pointer: Some("/spec/replicas".to_owned()),
            source: Some(Source {
                path: path("apps/shop/web.yaml"),
                line: 7,
                column: 13,
                width: 3,
                precision: Precision::Exact,
            }),
            message: message.to_owned(),
            fix: None,
            url: None,
            subject: String::new(),
        },
        state: State::New,
        blocks: true,
    }
}

pub(super) const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  replicas: \"3\"\n  template:\n    spec:\n      containers:\n        - name: web\n          image: registry.example/web:1.5.0\n";
