//! Values that differ from render to render: found with the real Helm, marked, and no part of what is
//! compared.

use drydock::ids::Digest;
use drydock::plan::{AppSide, AppSource, HelmInput, RendererInput};
use drydock::render::{Other, Outcome, render_side};
use drydock::tree::Tree;
use serde_json::Value;

use crate::figures::{self, folders_in};
use crate::workbench::{Repository, chart, helm_input, path, rendering, settings};

fn unstable(outcome: &Outcome) -> Vec<String> {
    let manifests = rendering(outcome).manifests.iter();
    let mut found: Vec<String> = manifests
        .filter_map(|manifest| Some((manifest.object(), manifest.unstable()?)))
        .flat_map(|(object, unstable)| {
            let name = format!("{} {}", object.kind, object.name);
            unstable
                .pointers
                .iter()
                .map(move |pointer| format!("{name} {pointer}"))
                .collect::<Vec<_>>()
        })
        .collect();
    found.sort();
    found
}

fn digest(outcome: &Outcome) -> Digest {
    rendering(outcome).digest
}

fn render(repository: &Repository) -> Outcome {
    repository.render(&repository.helm("chart"))
}

/// A chart with one template, rendered twice: what is marked, and that nothing else differs.
fn check(template: &str, marked: &[&str]) {
    let repository = chart(&[("all.yaml", template)]);
    let (one, other) = (render(&repository), render(&repository));
    assert_eq!(unstable(&one), marked, "{template}");
    assert_eq!(unstable(&other), marked, "{template}");
    assert_eq!(digest(&one), digest(&other), "{template}");
}

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  fixed: b\n";

#[test]
fn every_function_whose_result_is_another_one_each_time_is_noticed() {
    let many: String = (0..100).map(|n| format!("\"k{n}\" {n} ")).collect();
    for call in [
        "randAlphaNum 10",
        "randAlpha 10",
        "randNumeric 10",
        "randAscii 10 | b64enc",
        "randBytes 10",
        "uuidv4",
        "shuffle \"abcdefghijkl\"",
        "randInt 0 1000000000 | toString",
        "htpasswd \"a\" \"b\"",
        "bcrypt \"a\"",
        "encryptAES \"0123456789abcdef0123456789abcdef\" \"a\"",
        "genPrivateKey \"ed25519\" | b64enc",
        "(genCA \"a\" 10).Cert | b64enc",
        "(genCAWithKey \"a\" 10 (genPrivateKey \"ed25519\")).Cert | b64enc",
        "(genSelfSignedCert \"a\" nil nil 10).Cert | b64enc",
        "(genSelfSignedCertWithKey \"a\" nil nil 10 (genPrivateKey \"ed25519\")).Cert | b64enc",
        "(genSignedCert \"a\" nil nil 10 (genCA \"b\" 10)).Key | b64enc",
        "now | unixEpoch",
        "now | date \"2006\"",
        "now.Format \"15:04\"",
        "htmlDate now",
        // Eight keys stand in one of eight orders now and then four times in a row.
        &format!("keys (dict {many}) | join \" \""),
        &format!("values (dict {many}) | join \" \""),
    ] {
        let template = format!("{HEAD}  value: {{{{ {call} | quote }}}}\n");
        check(&template, &["ConfigMap a /data/value"]);
    }
}

#[test]
fn what_does_not_differ_is_not_marked() {
    check(
        &format!("{HEAD}  now: {{{{ derivePassword 1 \"long\" \"a\" \"b\" \"c\" | quote }}}}\n"),
        &[],
    );
    check(
        &format!(
            "{HEAD}  sorted: {{{{ keys (dict \"a\" 1 \"b\" 1 \"c\" 1) | sortAlpha | join \" \" | quote }}}}\n"
        ),
        &[],
    );
    check(
        &format!("{HEAD}  length: {{{{ randAlphaNum 5 | len | quote }}}}\n"),
        &[],
    );
}

#[test]
fn secrets_certificates_and_checksums_are_marked_and_the_rest_is_compared() {
    let template = "{{- $ca := genCA \"a\" 10 }}{{ $password := randAlphaNum 20 }}\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  \
        password: {{ $password | b64enc }}\n  tls.crt: {{ $ca.Cert | b64enc }}\n  user: YWRtaW4=\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  \
        replicas: REPLICAS\n  template:\n    metadata:\n      annotations: {checksum/secret: {{ $password | sha256sum }}, made: {{ now | date \"2006-01-02\" | quote }}}\n";
    let repository =
        |replicas: &str| chart(&[("all.yaml", &template.replace("REPLICAS", replicas))]);
    let two = render(&repository("2"));
    assert_eq!(
        unstable(&two),
        [
            "Deployment d /spec/template/metadata/annotations/checksum~1secret",
            "Deployment d /spec/template/metadata/annotations/made",
            "Secret s /data/password",
            "Secret s /data/tls.crt",
        ]
    );
    assert_eq!(digest(&two), digest(&render(&repository("2"))));
    assert_ne!(digest(&two), digest(&render(&repository("3"))));
}

#[test]
fn a_random_name_is_paired_by_what_it_begins_with() {
    let template = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate-{{ randAlphaNum 6 | lower }}\nspec: {parallelism: 1}\n---\n\
        apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: test-{{ randAlphaNum 6 | lower }}\nspec: {parallelism: 2}\n";
    check(
        template,
        &["Job migrate-* /metadata/name", "Job test-* /metadata/name"],
    );
}

const BOMB: &str = "{{ if gt (now | unixEpoch | int) SOON }}";
const DEFUSED: &str = "{{ if lt (now | unixEpoch | int) SOON }}";
const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n\
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: []\n";

/// A template that is another one in an hour.
fn timed(template: &str) -> String {
    let soon = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        + 3600;
    template.replace("SOON", &soon.to_string())
}

#[test]
fn an_object_of_another_time_is_kept_aside_and_told_by_its_content() {
    let others = |outcome: &Outcome| {
        let others = rendering(outcome).others.iter();
        let name = |other: &Other| (other.manifest.object().kind.clone(), other.is_further);
        others.map(name).collect::<Vec<_>>()
    };
    let repository = |binding: &str| {
        let template = format!("{HEAD}---\n{BOMB}\n{binding}{{{{ end }}}}\n");
        chart(&[("all.yaml", &timed(&template))])
    };
    let random = format!("{BINDING}extra: {{{{ uuidv4 }}}}\n");
    let (one, again) = (render(&repository(BINDING)), render(&repository(BINDING)));
    let further = [("ClusterRoleBinding".to_owned(), true)];
    assert_eq!(others(&one), further);
    assert_eq!(rendering(&one).manifests.len(), 1);
    assert_eq!(digest(&one), digest(&again));
    let admin = BINDING.replace("subjects: []", "subjects: [{kind: User, name: x}]");
    assert_ne!(digest(&one), digest(&render(&repository(&admin))));
    assert_ne!(digest(&one), digest(&render(&chart(&[("all.yaml", HEAD)]))));
    let [one, again] = [(); 2].map(|()| render(&repository(&random)));
    assert_eq!(others(&one), further);
    assert_eq!(digest(&one), digest(&again));
}

#[test]
fn an_object_that_goes_with_time_is_marked() {
    let template = format!("{HEAD}---\n{DEFUSED}\n{BINDING}{{{{ end }}}}\n");
    let outcome = render(&chart(&[("all.yaml", &timed(&template))]));
    let missing: Vec<_> = rendering(&outcome)
        .manifests
        .iter()
        .filter(|manifest| {
            manifest
                .unstable()
                .is_some_and(|mark| mark.is_missing_elsewhere)
        })
        .map(|manifest| manifest.object().kind.as_str())
        .collect();
    assert_eq!(missing, ["ClusterRoleBinding"]);
}

#[test]
fn of_a_map_with_a_random_key_the_other_keys_are_compared() {
    let template = |fixed: &str| {
        format!("{HEAD}  {{{{ randAlpha 8 | lower }}}}: x\n  more: {fixed}\nimmutable: true\n")
    };
    let repository = |fixed: &str| chart(&[("all.yaml", &template(fixed))]);
    let (one, again) = (render(&repository("c")), render(&repository("c")));
    let maps = |outcome: &Outcome| {
        let mark = rendering(outcome).manifests[0].unstable().unwrap().clone();
        assert!(mark.pointers.is_empty());
        mark.maps
    };
    let lasting = ["fixed", "more"].map(str::to_owned).into();
    assert_eq!(maps(&one), [("/data".to_owned(), lasting)].into());
    assert_eq!(maps(&one), maps(&again));
    assert_eq!(digest(&one), digest(&again));
    assert_ne!(digest(&one), digest(&render(&repository("d"))));
}

#[test]
fn a_list_of_a_random_length_is_marked_as_uneven() {
    let template =
        format!("{HEAD}list: [a{{{{ if gt (now | unixEpoch | int) SOON }}}}, b{{{{ end }}}}]\n");
    let outcome = render(&chart(&[("all.yaml", &timed(&template))]));
    let mark = rendering(&outcome).manifests[0].unstable().unwrap();
    assert_eq!(mark.uneven, ["/list".to_owned()].into());
    assert_eq!(mark.pointers, mark.uneven);
}

#[test]
fn a_function_in_an_archived_dependency_is_noticed() {
    let inner = chart(&[("a.yaml", &format!("{HEAD}  value: {{{{ uuidv4 }}}}\n"))]);
    let packed = inner.folder.path().join("chart.tgz");
    let done = std::process::Command::new("tar")
        .args(["-czf", packed.to_str().unwrap(), "-C"])
        .arg(inner.folder.path())
        .arg("chart")
        .status();
    assert!(done.unwrap().success());
    let outer = chart(&[]);
    let folder = outer.folder.path().join("chart/charts");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(packed, folder.join("shop-1.0.0.tgz")).unwrap();
    let (one, other) = (render(&outer), render(&outer));
    assert_eq!(unstable(&one), ["ConfigMap a /data/value"]);
    assert_eq!(digest(&one), digest(&other));
}

#[test]
fn unstable_charts_of_the_pull_requests_have_one_digest() {
    let Some(corpora) = figures::corpora() else {
        println!("not run: corpora are not here");
        return;
    };
    let mut seen = 0;
    // A few of the 22 are enough: each takes four runs of Helm.
    let repositories = folders_in(&corpora.join("pulls"));
    for pull in repositories
        .iter()
        .flat_map(|repository| folders_in(repository))
    {
        let meta: Value =
            serde_json::from_slice(&std::fs::read(pull.join("meta.json")).unwrap()).unwrap();
        for root in meta["roots"].as_array().unwrap() {
            let is_meant = |variant: &&Value| {
                variant["unstable"] == true
                    && variant["head"] == "ok"
                    && variant["args"].get(1).is_none()
            };
            let variants = root["renders"].as_array().into_iter().flatten();
            let Some(variant) = variants.clone().find(is_meant).filter(|_| seen < 8) else {
                continue;
            };
            let name = root["path"].as_str().unwrap();
            let tree = Tree::read_directory(&pull.join("head")).unwrap();
            let closure = tree
                .below(&path(name))
                .map(|(path, _)| path.clone())
                .collect();
            let side = AppSide {
                sources: vec![AppSource::here(
                    path(name),
                    RendererInput::Helm(HelmInput {
                        values: variant["values"]
                            .as_str()
                            .iter()
                            .map(|file| path(file))
                            .collect(),
                        ..helm_input()
                    }),
                )],
                closure,
                ..AppSide::default()
            };
            let settings = settings();
            let outcomes = [(); 2].map(|()| render_side(&side, &tree, &settings));
            let chart = format!("{} {name}", pull.display());
            assert!(!unstable(&outcomes[0]).is_empty(), "{chart}");
            assert_eq!(unstable(&outcomes[0]), unstable(&outcomes[1]), "{chart}");
            assert_eq!(digest(&outcomes[0]), digest(&outcomes[1]), "{chart}");
            seen += 1;
        }
    }
    assert!(seen > 0);
}
