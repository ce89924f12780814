//! A repository, a cluster with its objects, and the program between them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::controller::StatusWriter;
use crate::apiserver::{ApiServer, part};
use crate::github::{self, Fault, FaultKind, GitHub, MergeMethod, State};
use crate::process::{Process, write_settings};
use crate::shop::REPOSITORY;

/// Path → content; `None` removes the file.
pub(crate) type Texts = Vec<(String, Option<String>)>;

/// Everything that a story needs.
pub(crate) struct Scene {
    pub(crate) fake: GitHub,
    pub(crate) server: &'static ApiServer,
    /// Where the objects live.
    pub(crate) namespace: String,
    folder: tempfile::TempDir,
    process: Option<Process>,
}

/// Clusters of the operator, each with the one API server behind it.
pub(crate) fn clusters(names: &[&str]) -> String {
    let server = ApiServer::shared();
    let mut text = "clusters:\n".to_owned();
    for name in names {
        write!(
            text,
            "  {name}:\n    preview: {{ kubeconfig: {} }}\n    apply: {{ kubeconfig: {} }}\n    apply_enabled: true\n    allow: {{ repositories: ['{REPOSITORY}'], namespaces: ['shop-*'] }}\n",
            preview_identity(server).display(),
            server.admin().display()
        )
        .unwrap();
    }
    text
}

/// The preview identity of `deploy/`, behind its fence, on the shared server.
pub(crate) fn preview_identity(server: &'static ApiServer) -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| install_previews(server))
}

/// Installs `deploy/target`; gives the kubeconfig of its preview identity.
pub(crate) fn install_previews(server: &ApiServer) -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/target");
    let built = Command::new(part("kustomize"))
        .arg("build")
        .arg(target)
        .output()
        .unwrap();
    server.apply_as("installer", &String::from_utf8(built.stdout).unwrap());
    let account = server.service_account("drydock", "drydock-preview");
    wait_for_fence(server, &account, true);
    account
}

/// Waits until the server refuses (or accepts) real writes of this identity: it begins to enforce a
/// policy, and ends to, a moment after it was told.
pub(crate) fn wait_for_fence(server: &ApiServer, account: &Path, refused: bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let object = "{apiVersion: v1, kind: ConfigMap, metadata: {name: probe}}";
    let denied = || {
        let answer = server.try_kubectl(account, &["-n", "drydock", "create", "-f", "-"], object);
        String::from_utf8_lossy(&answer.stderr).contains("denied")
    };
    while denied() != refused {
        assert!(Instant::now() < deadline, "the fence: {refused}");
        let probe = ["-n", "drydock", "delete", "configmap", "probe"];
        server.kubectl(&[&probe[..], &["--ignore-not-found"]].concat(), "");
    }
}

impl Scene {
    /// The repository holds these files on `main`, and the program runs with these further settings.
    pub(crate) async fn begin(namespace: String, files: &Texts, settings: &str) -> Self {
        let fake = GitHub::start().await;
        let files: Vec<_> = borrowed(files);
        fake.create_repository(REPOSITORY, &files);
        let folder = tempfile::tempdir().unwrap();
        write_settings(folder.path(), &fake);
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(folder.path().join("settings.yaml"))
            .unwrap();
        file.write_all(settings.as_bytes()).unwrap();
        let process = Some(Process::start(folder.path()));
        Self {
            fake,
            server: ApiServer::shared(),
            namespace,
            folder,
            process,
        }
    }

    /// Commits files to a branch.
    pub(crate) fn commit_files(&self, branch: &str, from: Option<&str>, files: &Texts) -> String {
        self.fake.commit(REPOSITORY, branch, from, &borrowed(files))
    }

    /// Delivers an event about a pull request.
    pub(crate) async fn deliver(&self, pull: u64, action: &str) {
        crate::shop::deliver(&self.fake, self.address(), pull, action).await;
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.process.as_ref().unwrap().address
    }

    /// Opens a pull request of a branch, and waits for its check and its comment.
    pub(crate) async fn open_branch(&self, branch: &str, head: &str, conclusion: &str) -> u64 {
        let pull = self.fake.open_pull(REPOSITORY, branch, "main");
        self.deliver(pull, "opened").await;
        self.wait_for_check(head, conclusion).await;
        self.wait_for_comment(pull, "").await;
        pull
    }

    pub(crate) async fn wait_for_check(&self, head: &str, conclusion: &str) -> github::CheckRun {
        self.fake
            .wait_for_conclusion(REPOSITORY, head, conclusion)
            .await
    }

    /// Merges, and tells the program.
    pub(crate) async fn merge(&self, pull: u64) -> String {
        self.merge_by(pull, MergeMethod::Merge).await
    }

    pub(crate) async fn merge_by(&self, pull: u64, method: MergeMethod) -> String {
        let revision = self.fake.merge_pull_by(REPOSITORY, pull, method);
        self.deliver(pull, "closed").await;
        revision
    }

    /// Waits until a comment of a pull request says `words`.
    pub(crate) async fn wait_for_comment(&self, pull: u64, words: &str) -> github::Comment {
        let what = format!("a comment with `{words}` on #{pull}");
        self.fake
            .wait(&what, |state| {
                let comments = state.repository(REPOSITORY).comments_of(pull);
                let found = comments
                    .into_iter()
                    .find(|comment| comment.body.contains(words));
                found.cloned()
            })
            .await
    }

    /// Waits until the deployment of this commit to staging is in this state.
    pub(crate) async fn wait_for_deployment(&self, revision: &str, wanted: &str) {
        self.wait_for_deployment_to("staging", revision, wanted)
            .await;
    }

    pub(crate) async fn wait_for_deployment_to(
        &self,
        environment: &str,
        revision: &str,
        wanted: &str,
    ) {
        let what = format!("{wanted} of {revision} in {environment}");
        self.fake
            .wait(&what, |state| {
                let all = &state.repository(REPOSITORY).deployments;
                let ours = |one: &&github::Deployment| {
                    one.sha == revision && one.environment == environment
                };
                let found = all.iter().find(ours)?;
                (found.statuses.last()?.0 == wanted).then_some(())
            })
            .await;
    }

    pub(crate) fn look<T>(&self, read: impl FnOnce(&github::Repository) -> T) -> T {
        self.fake
            .look(|state: &State| read(state.repository(REPOSITORY)))
    }

    /// The entries of the program's cache of renderings, by path.
    pub(crate) fn kept_renderings(&self) -> BTreeMap<String, Vec<u8>> {
        let mut folders = vec![self.folder.path().join("data/renders/entries")];
        let mut found = BTreeMap::new();
        while let Some(folder) = folders.pop() {
            for item in std::fs::read_dir(folder).unwrap() {
                let path = item.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.display().to_string(), std::fs::read(path).unwrap());
                }
            }
        }
        found
    }

    /// An apply of these manifests would change nothing.
    pub(crate) fn assert_applied(&self, manifests: &str) {
        let diff = self.server.try_kubectl(
            &self.server.admin(),
            &[
                "-n",
                &self.namespace,
                "diff",
                "--server-side",
                "--field-manager",
                "drydock",
                "-f",
                "-",
            ],
            manifests,
        );
        let text = String::from_utf8_lossy(&diff.stdout).into_owned();
        let words = String::from_utf8_lossy(&diff.stderr).into_owned();
        assert!(diff.status.success(), "{text}{words}");
    }

    /// A ConfigMap is still there.
    pub(crate) fn assert_kept(&self, name: &str) {
        self.server
            .kubectl(&["-n", &self.namespace, "get", "configmap", name], "");
    }

    /// What a write would change: the resource versions of everything.
    pub(crate) fn versions(&self) -> String {
        let what = "configmaps,services,serviceaccounts,deployments";
        let columns = "custom-columns=K:.kind,N:.metadata.name,V:.metadata.resourceVersion";
        self.server
            .kubectl(&["-n", &self.namespace, "get", what, "-o", columns], "")
    }

    /// Waits until any object differs from this view of [`Scene::versions`].
    pub(crate) async fn wait_for_change(&self, before: &str) {
        let deadline = Instant::now() + Duration::from_secs(90);
        while self.versions() == before {
            assert!(Instant::now() < deadline, "nothing was ever written");
            tokio::task::yield_now().await;
        }
    }

    /// Waits with `kubectl wait`, which watches.
    pub(crate) fn wait_live(&self, what: &str, condition: &str) {
        let condition = format!("--for={condition}");
        self.server.kubectl(
            &[
                "-n",
                &self.namespace,
                "wait",
                &condition,
                what,
                "--timeout=90s",
            ],
            "",
        );
    }

    /// Kills the program with signal 9; GitHub meets no more faults.
    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
        self.fake.clear_faults();
    }

    pub(crate) fn restart(&mut self) {
        self.process = Some(Process::start(self.folder.path()));
    }

    /// The operator changes the settings, and starts the program again.
    pub(crate) fn change_settings(&mut self, from: &str, to: &str) {
        self.kill();
        let path = self.folder.path().join("settings.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        self.restart();
    }

    /// The next request of this kind is done, but its answer never comes.
    pub(crate) fn hang(&self, method: &'static str, path: &'static str) {
        self.fake.inject(Fault {
            method,
            path,
            kind: FaultKind::NeverAnswer,
        });
    }

    /// Waits until the program hangs, kills it with signal 9, and starts it again.
    pub(crate) async fn kill_when_it_hangs(&mut self) {
        self.wait_until_it_hangs().await;
        self.kill();
        self.restart();
    }

    pub(crate) async fn wait_until_it_hangs(&self) {
        let met = |state: &State| state.faults.is_empty().then_some(());
        self.fake.wait("the program hangs", met).await;
    }

    /// Plays the controller of Deployments until it is dropped.
    pub(crate) fn status_writer(&self) -> StatusWriter {
        self.status_writer_in(&self.namespace)
    }

    pub(crate) fn status_writer_in(&self, namespace: &str) -> StatusWriter {
        StatusWriter::start(self.server, namespace)
    }
}

fn borrowed(files: &Texts) -> Vec<(&str, Option<&str>)> {
    files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_deref()))
        .collect()
}
