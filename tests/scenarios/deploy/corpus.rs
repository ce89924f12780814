//! The whole way of real pull requests: a violation is added, mended, merged, reverted; undisturbed, and
//! killed after every kind of write.

use std::path::{Path, PathBuf};

use super::scene::{Scene, Texts, clusters};
use crate::apiserver::ApiServer;

/// A pull request of the corpora, and one application in it.
struct Case {
    pull: &'static str,
    root: &'static str,
    renderer: &'static str,
    /// Paths of the other applications in it.
    beside: &'static str,
    /// A file, a line of it, and what a violation makes of that line.
    violation: (&'static str, &'static str, &'static str),
    /// Words of the difference to the live cluster.
    shown: &'static [&'static str],
}

const PLAIN: Case = Case {
    pull: "kubernetes-examples/284",
    root: "staging/selenium",
    renderer: "directory",
    beside: "",
    violation: (
        "staging/selenium/selenium-hub-deployment.yaml",
        "  replicas: 1\n",
        "  replicas: \"1\"\n",
    ),
    shown: &[
        "selenium/hub:3.11",
        "selenium/hub:3.141",
        "node-chrome-debug",
    ],
};

const KUSTOMIZE: Case = Case {
    pull: "microservices-demo/1196",
    root: "kustomize",
    renderer: "kustomize",
    beside: "kustomize/tests/**, release/**",
    violation: (
        "kustomize/base/adservice.yaml",
        "        - containerPort: 9555\n",
        "        - containerPort: many\n",
    ),
    shown: &[
        "adservice:v0.4.0",
        "adservice:v0.4.1",
        "tls-redis",
        "tcp-redis",
    ],
};

/// Where the pull request is stored; `None`, and said so, on a machine without it.
fn find(case: &Case) -> Option<PathBuf> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/pulls");
    if corpora.is_dir() {
        return Some(corpora.join(case.pull));
    }
    eprintln!("not run: corpora are not here");
    None
}

/// Every file below a folder, by its path there.
fn read_tree(folder: &Path, below: &str, into: &mut Texts) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read_tree(&entry.path(), &format!("{name}/"), into);
        } else {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            into.push((name, Some(text)));
        }
    }
}

/// One side of a pull request.
fn read_side(folder: &Path, side: &str) -> Texts {
    let mut files = Texts::new();
    read_tree(&folder.join(side), "", &mut files);
    files.sort();
    files
}

/// From one side to the other, with what is gone as removals.
fn change(from: &Texts, to: &Texts) -> Texts {
    let gone = from
        .iter()
        .filter(|(path, _)| !to.iter().any(|(kept, _)| kept == path));
    let removed = gone.map(|(path, _)| (path.clone(), None));
    to.iter().cloned().chain(removed).collect()
}

/// What a side renders to: its documents, or what the corpora recorded of Kustomize.
fn manifests(case: &Case, folder: &Path, side: &str, files: &Texts) -> String {
    if case.renderer == "kustomize" {
        let name = format!("expected/{side}__{}.yaml", case.root.replace('/', "__"));
        return std::fs::read_to_string(folder.join(name)).unwrap();
    }
    let below = format!("{}/", case.root);
    let ours = files.iter().filter(|(path, _)| path.starts_with(&below));
    let texts: Vec<&str> = ours.filter_map(|(_, text)| text.as_deref()).collect();
    texts.join("\n---\n")
}

async fn story(case: &Case, test: &str, kills: bool) {
    let Some(folder) = find(case) else { return };
    let (base, head) = (read_side(&folder, "base"), read_side(&folder, "head"));
    let before = manifests(case, &folder, "base", &base);
    let after = manifests(case, &folder, "head", &head);
    let server = ApiServer::shared();
    let namespace = server.namespace(&format!("shop-{test}"));
    let apply = ["apply", "--server-side", "--field-manager", "drydock"];
    let args = [&["-n", &namespace], &apply[..], &["-f", "-"]].concat();
    server.kubectl(&args, &before);
    let config = format!(
        "version: 1\nclusters:\n  staging: {{ engine: apply }}\nsync: {{ on_merge: trigger }}\ndiscovery: {{ exclude: [{}] }}\napps:\n  - {{ name: demo, path: {}, renderer: {}, namespace: {namespace}, cluster: staging }}\n",
        case.beside, case.root, case.renderer
    );
    let mut files = base.clone();
    files.push((".drydock.yaml".to_owned(), Some(config)));
    let mut scene = Scene::begin(namespace, &files, &clusters(&["staging"])).await;
    scene.assert_applied(&before);

    let (file, right, wrong) = case.violation;
    let mut violated = change(&base, &head);
    let text = violated.iter_mut().find(|(path, _)| path == file).unwrap();
    let mended = text.1.clone().unwrap();
    let line = mended[..mended.find(right).unwrap()].lines().count() + 1;
    text.1 = Some(mended.replacen(right, wrong, 1));
    let bad = scene.commit_files("change", Some("main"), &violated);
    let pull = refuse(&mut scene, &bad, kills).await;
    let refused = assert_refused(&scene, case, pull, &bad, line).await;

    let good = scene.commit_files("change", None, &vec![(file.to_owned(), Some(mended))]);
    scene.deliver(pull, "synchronize").await;
    scene.wait_for_check(&good, "success").await;
    let passed = scene.wait_for_comment(pull, "✅").await;
    assert_eq!(passed.id, refused, "the same comment");
    scene.assert_applied(&before);

    let revision = deploy(&mut scene, pull, kills).await;
    let told = scene.wait_for_comment(pull, "✅ deployed").await;
    assert_eq!(told.id, refused);
    scene.assert_applied(&after);

    let _controller = scene.status_writer();
    let undone = scene.commit_files("revert", Some("main"), &change(&head, &base));
    let back = scene.open_branch("revert", &undone, "success").await;
    let reverted = scene.merge(back).await;
    scene.wait_for_deployment(&reverted, "success").await;
    scene.wait_for_comment(back, "✅ deployed").await;
    scene.assert_applied(&before);
    assert_one_of_each(&scene, &[&bad, &good, &undone], &[&revision, &reverted]);
    scene.fake.assert_contract_kept();
}

/// Opens the pull request; killed once its check is written, and once its comment is.
async fn refuse(scene: &mut Scene, head: &str, kills: bool) -> u64 {
    if !kills {
        return scene.open_branch("change", head, "failure").await;
    }
    // What comes after the check is the look for a comment.
    scene.hang("GET", "/comments");
    let pull = scene
        .fake
        .open_pull(crate::shop::REPOSITORY, "change", "main");
    scene.deliver(pull, "opened").await;
    scene.wait_until_it_hangs().await;
    scene.wait_for_check(head, "failure").await;
    scene.kill();
    scene.hang("POST", "/comments");
    scene.restart();
    scene.kill_when_it_hangs().await;
    scene.wait_for_comment(pull, "").await;
    pull
}

/// The check is red on the line of the violation; the comment shows what would change in the cluster.
async fn assert_refused(scene: &Scene, case: &Case, pull: u64, head: &str, line: usize) -> u64 {
    let check = scene.wait_for_check(head, "failure").await;
    if case.renderer == "directory" {
        assert!(!check.annotations.is_empty(), "{check:#?}");
    } else {
        // Of what a kustomization renders, only the file is known: it is named, and no line is marked.
        assert!(check.annotations.is_empty(), "{check:#?}");
        assert!(check.summary.contains(case.violation.0), "{check:#?}");
    }
    for note in &check.annotations {
        assert_eq!(note["path"], case.violation.0, "{note}");
        assert_eq!(note["start_line"], line, "{note}");
    }
    let comment = scene.wait_for_comment(pull, "").await;
    for shown in case.shown {
        assert!(comment.body.contains(shown), "{shown}: {}", comment.body);
    }
    comment.id
}

/// Merges; killed once the deployment is written, once everything is applied, and once the end is told.
async fn deploy(scene: &mut Scene, pull: u64, kills: bool) -> String {
    if !kills {
        let _controller = scene.status_writer();
        let revision = scene.merge(pull).await;
        scene.wait_for_deployment(&revision, "success").await;
        return revision;
    }
    scene.hang("POST", "/deployments");
    let revision = scene.merge(pull).await;
    scene.wait_until_it_hangs().await;
    scene.kill();
    let before = scene.versions();
    scene.restart();
    scene.wait_for_change(&before).await;
    scene.kill();
    // Statuses: in progress was told already, so that the next is the end.
    scene.hang("POST", "/statuses");
    scene.restart();
    let _controller = scene.status_writer();
    scene.kill_when_it_hangs().await;
    scene.wait_for_deployment(&revision, "success").await;
    revision
}

/// One check for each commit, one comment for each pull request, one deployment for each merge, told
/// successful once.
fn assert_one_of_each(scene: &Scene, heads: &[&str], revisions: &[&str]) {
    scene.look(|shop| {
        let checked: Vec<&str> = shop.checks.iter().map(|one| one.head.as_str()).collect();
        assert_eq!(checked, heads);
        assert_eq!(shop.comments.len(), 2);
        let deployed: Vec<&str> = shop
            .deployments
            .iter()
            .map(|one| one.sha.as_str())
            .collect();
        assert_eq!(deployed, revisions);
        for deployment in &shop.deployments {
            let ends = deployment.statuses.iter();
            let ends = ends.filter(|(state, _)| state == "success");
            assert_eq!(ends.count(), 1, "{:?}", deployment.statuses);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_pull_request_goes_the_whole_way_and_back() {
    story(&PLAIN, "plain", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_pull_request_of_a_kustomization_goes_the_whole_way_and_back() {
    story(&KUSTOMIZE, "kustomize", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_pull_request_survives_a_kill_after_every_kind_of_write() {
    story(&PLAIN, "plain-killed", true).await;
}
