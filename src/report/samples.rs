//! Reports for the tests of every output, made once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::config::repo::{Mode, RendererKind};
use crate::finding::{
    Blame, Finding, Gate, Judged, NotVerified, Precision, Severity, Source, State,
};
use crate::ids::Side;
use crate::ids::{AppId, ClusterName, CommitSha, DeclaredBy, Digest, ObjectRef, RepoPath, RunId};
use crate::plan::{AppSource, RendererInput, Untouched, UntouchedItem, UntouchedReason, Why};
use crate::preview::{Action, AppPreview, Basis, Change, Danger, FieldChange, Origin};
use crate::render::Problem;
use crate::tree::Revision;
use crate::verdict::{AppOutcome, Evidence, GateResult, Verdict, conclude};

use super::model::{
    AppReport, DeploymentRow, DeploymentState, FailedDeployment, ObjectReport, Occasion, Report,
    SchemaStatus, Trouble,
};

pub(super) fn sha(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

pub(super) fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

pub(super) fn app_id(name: &str, cluster: &str) -> AppId {
    AppId {
        kind: DeclaredBy::Kustomization,
        cluster: ClusterName(cluster.to_owned()),
        namespace: String::new(),
        name: format!("apps/{name}"),
        variant: None,
    }
}

pub(super) fn object(kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
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

pub(super) fn occasion() -> Occasion {
    Occasion {
        target: "main".to_owned(),
        head: sha('3'),
        base: sha('9'),
        run: RunId("1a2b".to_owned()),
        files: Some("https://github.example/acme/gitops/blob".to_owned()),
        page: Some("https://drydock.example/runs/1a2b".to_owned()),
    }
}

fn passed() -> Verdict {
    let touched = BTreeSet::new();
    let (modes, results) = (BTreeMap::new(), BTreeMap::new());
    conclude(&Evidence {
        touched: &touched,
        rendered: &[],
        modes: &modes,
        results: &results,
        findings: &[],
        preview_tolerated: &touched,
        not_evaluable: &touched,
        unevaluable: Mode::Block,
        whole: &[],
    })
    .verdict
}

pub(super) fn nothing() -> Report {
    let pass = |gate| (gate, GateResult::Pass);
    Report {
        verdict: passed(),
        base_name: Some("main".to_owned()),
        gates: Gate::ALL.into_iter().map(pass).collect(),
        declared: 41,
        untouched: vec![Untouched {
            what: UntouchedItem::Path(path("README.md")),
            reason: UntouchedReason::NoApplicationReadsIt,
        }],
        ..Report::of_troubles(
            Some(Revision::Commit(sha('9'))),
            Some(Revision::Worktree),
            Vec::new(),
        )
    }
}

pub(super) fn app(name: &str, cluster: &str) -> AppReport {
    let id = app_id(name, cluster);
    AppReport {
        path: path(&format!("apps/{name}")),
        renderer: RendererKind::Kustomize,
        sources: vec![AppSource {
            repository: None,
            path: path(&format!("apps/{name}")),
            renderer: RendererInput::Kustomize {
                open_load_restrictor: false,
            },
        }],
        cluster: id.cluster.clone(),
        namespace: Some(name.to_owned()),
        why: vec![Why::File(path(&format!("apps/{name}/web.yaml")))],
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

pub(super) fn field(pointer: &str, before: Option<Value>, after: Option<Value>) -> FieldChange {
    FieldChange {
        pointer: pointer.to_owned(),
        before,
        after,
    }
}

pub(super) fn change(object: ObjectRef, action: Action, fields: Vec<FieldChange>) -> Change {
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

pub(super) fn preview(app: &AppReport, changes: Vec<Change>) -> Option<AppPreview> {
    Some(AppPreview {
        app: app.id.clone(),
        changes,
        unchanged: 9,
        withheld: false,
    })
}

pub(super) fn finding(gate: Gate, rule: &str, message: &str, app: &AppId) -> Judged {
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

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  replicas: \"3\"\n  template:\n    spec:\n      containers:\n        - name: web\n          image: registry.example/web:1.5.0\n";

fn shop(cluster: &str) -> AppReport {
    let mut app = app("shop", cluster);
    app.outcome = AppOutcome::Fail;
    app.gates.insert(Gate::Schema, GateResult::Fail);
    app.gates.insert(Gate::Policy, GateResult::Fail);
    let image = "/spec/template/spec/containers/0/image";
    let mut config = change(
        object("ConfigMap", Some("shop"), "web"),
        Action::Update,
        vec![field(
            "/data/app.ini",
            Some(json!("level=info\nport=80\n")),
            Some(json!("level=debug\nport=80\n")),
        )],
    );
    config.diff =
        " data:\n   app.ini: |\n-    level=info\n+    level=debug\n     port=80\n".to_owned();
    let mut changes = vec![
        config,
        change(
            object("Deployment", Some("shop"), "web"),
            Action::Update,
            vec![
                field("/spec/replicas", Some(json!(2)), Some(json!("3"))),
                field(
                    image,
                    Some(json!("registry.example/web:1.4.2")),
                    Some(json!("registry.example/web:1.5.0")),
                ),
            ],
        ),
    ];
    if cluster == "production" {
        let mut gone = change(
            object("PersistentVolumeClaim", Some("shop"), "data"),
            Action::Delete,
            Vec::new(),
        );
        gone.dangers = vec![Danger {
            rule: "danger.delete-volume-claim".to_owned(),
            message: "deleting the claim can delete the data of its volume".to_owned(),
        }];
        changes.push(gone);
        let mut drift = change(
            object("Deployment", Some("shop"), "worker"),
            Action::Update,
            vec![field("/spec/replicas", Some(json!(5)), Some(json!(2)))],
        );
        drift.origin = Origin::Drift;
        changes.push(drift);
    }
    app.preview = preview(&app, changes);
    app
}

/// Two findings at one place in two clusters, a danger, drift, a missing schema, older findings.
pub(super) fn refused() -> Report {
    let (production, staging) = (shop("production"), shop("staging"));
    let mut ingress = app("ingress", "production");
    let mut edge = change(
        object("Service", Some("edge"), "gate"),
        Action::Create,
        Vec::new(),
    );
    edge.basis = Basis::Estimated;
    edge.note = Some("namespace `edge` is new".to_owned());
    ingress.preview = preview(&ingress, vec![edge]);
    let mut findings = Vec::new();
    for app in [&production.id, &staging.id] {
        let mut schema = finding(
            Gate::Schema,
            "schema.type",
            "`spec.replicas` must be an integer, is \"3\"",
            app,
        );
        schema.finding.fix = Some("write 3 without quotes".to_owned());
        findings.push(schema);
    }
    for app in [&production.id, &staging.id] {
        let rule = "drydock.workload.run-as-non-root";
        let mut policy = finding(Gate::Policy, rule, "container `web` runs as root", app);
        policy.finding.pointer = Some("/spec/template/spec/containers/0".to_owned());
        policy.finding.url = Some("https://policies.example/run-as-non-root".to_owned());
        if let Some(source) = &mut policy.finding.source {
            (source.line, source.column, source.width) = (11, 11, 4);
            source.precision = Precision::Parent;
        }
        findings.push(policy);
    }
    let mut warning = finding(
        Gate::Policy,
        "drydock.workload.limits",
        "container `web` has no memory limit",
        &production.id,
    );
    (
        warning.blocks,
        warning.finding.severity,
        warning.finding.source,
    ) = (false, Severity::Warning, None);
    findings.push(warning);
    for (state, rule) in [
        (State::Existing, "older"),
        (State::Waived, "waived"),
        (State::Fixed, "gone"),
    ] {
        let mut other = finding(Gate::Policy, rule, "image has no digest", &staging.id);
        (other.blocks, other.state) = (false, state);
        findings.push(other);
    }
    let mut gates = nothing().gates;
    gates.insert(Gate::Schema, GateResult::Fail);
    gates.insert(Gate::Policy, GateResult::Fail);
    Report {
        verdict: Verdict::Fail,
        gates,
        apps: vec![ingress, production, staging],
        findings,
        rendered: 6,
        not_verified: vec![NotVerified {
            app: Some(app_id("ingress", "production")),
            object: Some(object("Certificate", Some("edge"), "gate")),
            gate: Gate::Schema,
            reason: "no schema for `cert-manager.io/v1 Certificate`".to_owned(),
        }],
        excerpts: BTreeMap::from([(path("apps/shop/web.yaml"), Arc::from(WEB))]),
        judged_with: BTreeMap::from([
            ("drydock".to_owned(), "0.1.0".to_owned()),
            ("kustomize".to_owned(), "5.8.0".to_owned()),
        ]),
        ..nothing()
    }
}

/// One application, one change, nothing wrong.
pub(super) fn passing() -> Report {
    let mut shop = app("shop", "");
    shop.preview = preview(
        &shop,
        vec![change(
            object("Deployment", Some("shop"), "web"),
            Action::Update,
            vec![field("/spec/replicas", Some(json!(2)), Some(json!(3)))],
        )],
    );
    Report {
        apps: vec![shop],
        rendered: 2,
        ..nothing()
    }
}

/// The head of one application does not render; the base of another did not either.
pub(super) fn broken() -> Report {
    let problem = |message: &str, line| Problem {
        message: message.to_owned(),
        path: Some(path("apps/shop/kustomization.yaml")),
        line,
        blame: Blame::Author,
    };
    let mut shop = app("shop", "");
    shop.head = None;
    shop.outcome = AppOutcome::Fail;
    shop.gates = BTreeMap::from([(Gate::Render, GateResult::Fail)]);
    shop.problems = vec![(
        Side::Head,
        problem("`web.yml` does not exist\nresources are read in order", 4),
    )];
    let mut repaired = app("repaired", "");
    repaired.base = None;
    repaired.problems = vec![(Side::Base, problem("base `../common` does not exist", 0))];
    Report {
        verdict: Verdict::Fail,
        gates: BTreeMap::from([
            (Gate::Render, GateResult::Fail),
            (Gate::Schema, GateResult::Error),
            (Gate::Policy, GateResult::Error),
            (Gate::Preview, GateResult::Off),
        ]),
        apps: vec![repaired, shop],
        rendered: 4,
        ..nothing()
    }
}

/// A cluster did not answer.
pub(super) fn undecided() -> Report {
    let mut shop = app("shop", "production");
    shop.outcome = AppOutcome::Error;
    shop.gates.insert(Gate::Preview, GateResult::Error);
    let mut gates = nothing().gates;
    gates.insert(Gate::Preview, GateResult::Error);
    Report {
        verdict: Verdict::Error,
        gates,
        apps: vec![shop],
        rendered: 2,
        confined: false,
        troubles: vec![Trouble {
            what: "cluster `production` did not answer within 10 s".to_owned(),
            app: None,
            place: None,
            blame: Blame::Operator,
            hint: Some("check that its API server can be reached from here".to_owned()),
        }],
        ..nothing()
    }
}

/// Files judged without Git.
pub(super) fn files() -> Report {
    let id = AppId {
        kind: DeclaredBy::Files,
        name: "files".to_owned(),
        ..app_id("files", "")
    };
    let mut wrong = finding(
        Gate::Schema,
        "schema.type",
        "must be an integer, is \"3\"",
        &id,
    );
    wrong.finding.app = None;
    let item = |kind: &str, name: &str, schema| ObjectReport {
        object: object(kind, Some("shop"), name),
        path: path("apps/shop/web.yaml"),
        line: 1,
        schema,
    };
    let mut gates = nothing().gates;
    gates.insert(Gate::Schema, GateResult::Fail);
    gates.insert(Gate::Preview, GateResult::Off);
    Report {
        verdict: Verdict::Fail,
        base: None,
        head: None,
        base_name: None,
        gates,
        findings: vec![wrong],
        objects: vec![
            item("Deployment", "web", SchemaStatus::Invalid),
            item("Service", "web", SchemaStatus::Valid),
            item("Certificate", "web", SchemaStatus::NoSchema),
        ],
        untouched: Vec::new(),
        declared: 0,
        excerpts: BTreeMap::from([(path("apps/shop/web.yaml"), Arc::from(WEB))]),
        ..nothing()
    }
}

/// Far more than any comment holds.
pub(super) fn large() -> Report {
    let mut apps = Vec::new();
    let mut findings = Vec::new();
    for number in 0..150 {
        let mut app = app(&format!("service-{number:03}"), "production");
        let changes = (0..8)
            .map(|object_number| {
                change(
                    object(
                        "ConfigMap",
                        Some("shop"),
                        &format!("settings-{object_number}"),
                    ),
                    Action::Update,
                    (0..6)
                        .map(|key| {
                            let pointer = format!("/data/key-{key}");
                            field(
                                &pointer,
                                Some(json!("old `value`")),
                                Some(json!("new ```value")),
                            )
                        })
                        .collect(),
                )
            })
            .collect();
        app.preview = preview(&app, changes);
        app.outcome = AppOutcome::Fail;
        let mut judged = finding(
            Gate::Policy,
            "drydock.workload.run-as-non-root",
            &format!("container `web-{number}` runs as root"),
            &app.id,
        );
        if let Some(source) = &mut judged.finding.source {
            source.line = number + 1;
        }
        findings.push(judged);
        apps.push(app);
    }
    Report {
        verdict: Verdict::Fail,
        apps,
        findings,
        declared: 150,
        rendered: 300,
        ..nothing()
    }
}

/// Every name and text of a stranger's choice.
pub(super) fn hostile(text: &str) -> Report {
    let mut report = refused();
    report.base_name = Some(text.to_owned());
    for app in &mut report.apps {
        app.id.name = text.to_owned();
        app.id.variant = Some(text.to_owned());
        app.id.cluster = ClusterName(text.to_owned());
        app.cluster = app.id.cluster.clone();
        app.namespace = Some(text.to_owned());
        app.path = RepoPath::root().join(text).unwrap_or_default();
        app.why = vec![Why::File(app.path.clone())];
        let file = app.path.clone();
        app.problems = vec![(
            Side::Base,
            Problem {
                message: text.to_owned(),
                path: Some(file),
                line: 3,
                blame: Blame::Author,
            },
        )];
        for change in app
            .preview
            .iter_mut()
            .flat_map(|preview| &mut preview.changes)
        {
            change.object = object(text, Some(text), text);
            change.note = Some(text.to_owned());
            change.diff = text.to_owned();
            change.fields.push(field(
                &format!("/{text}"),
                Some(json!(text)),
                Some(json!({ text: text })),
            ));
            for danger in &mut change.dangers {
                danger.message = text.to_owned();
            }
        }
    }
    for judged in &mut report.findings {
        judged.finding.app = report.apps.first().map(|app| app.id.clone());
        judged.finding.object = Some(object(text, Some(text), text));
        judged.finding.message = text.to_owned();
        judged.finding.fix = Some(text.to_owned());
        // An address is a policy's, not the change's; what is no plain web page is not linked.
        judged.finding.url = Some(format!("javascript:{text}"));
        judged.finding.rule = text.to_owned();
        if let Some(source) = &mut judged.finding.source {
            source.path = RepoPath::root().join(text).unwrap_or_default();
        }
    }
    for item in &mut report.not_verified {
        item.reason = text.to_owned();
        item.object = Some(object(text, Some(text), text));
    }
    report.troubles = vec![Trouble {
        what: text.to_owned(),
        app: None,
        place: RepoPath::root().join(text).map(|path| (path, 1, 1)),
        blame: Blame::Author,
        hint: Some(text.to_owned()),
    }];
    report
}

pub(super) fn deployments() -> Vec<DeploymentRow> {
    let row = |cluster: &str, state, note: Option<&str>| DeploymentRow {
        app: app_id("shop", cluster),
        cluster: ClusterName(cluster.to_owned()),
        commit: sha('7'),
        state,
        since: "2026-11-21T13:14:06Z".to_owned(),
        note: note.map(str::to_owned),
    };
    vec![
        row(
            "production",
            DeploymentState::InProgress,
            Some("3 of 5 objects are ready"),
        ),
        row("staging", DeploymentState::Deployed, None),
        row(
            "edge",
            DeploymentState::Elsewhere,
            Some("Argo CD deploys it"),
        ),
    ]
}

pub(super) fn failed_deployment() -> FailedDeployment {
    FailedDeployment {
        app: app_id("shop", "production"),
        cluster: ClusterName("production".to_owned()),
        commit: sha('7'),
        merge: true,
        failures: vec![
            "`Deployment shop/web` is not ready after 10 min: `ImagePullBackOff` in 2 of 3 pods"
                .to_owned(),
        ],
        live: vec!["`Deployment shop/web` runs 2 pods of the version before".to_owned()],
        page: None,
    }
}

/// The name of every fixed sample, with the sample.
pub(super) fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("refused", refused()),
        ("passing", passing()),
        ("broken", broken()),
        ("undecided", undecided()),
        ("files", files()),
        ("nothing", nothing()),
    ]
}
