//! A repository with one application, a cluster with its objects, and the program between them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::app::App;
use super::controller::StatusWriter;
use crate::apiserver::{ApiServer, part};
use crate::github::{self, GitHub, State};
use crate::restart::{Process, write_settings};
use crate::review::REPOSITORY;

const CONFIG: &str = ".drydock.yaml";
const ROOT: &str = "apps/shop/kustomization.yaml";

/// Everything that a story needs.
pub(crate) struct Scene {
    pub(crate) fake: GitHub,
    pub(crate) server: &'static ApiServer,
    pub(crate) namespace: String,
    renderer: &'static str,
    folder: tempfile::TempDir,
    process: Option<Process>,
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
    /// The application is live as [`App::BEFORE`] says, and on `main`; `renderer` is `directory` or
    /// `kustomize`.
    pub(crate) async fn start(test: &str, engine: &str, renderer: &'static str) -> Self {
        let server = ApiServer::shared();
        let namespace = server.namespace(&format!("shop-{test}"));
        server.kubectl(
            &[
                "-n",
                &namespace,
                "apply",
                "--server-side",
                "--field-manager",
                "drydock",
                "-f",
                "-",
            ],
            &App::BEFORE.objects(&namespace),
        );
        let fake = GitHub::start().await;
        let config = format!(
            "version: 1\nclusters:\n  staging: {{ engine: {engine} }}\nsync: {{ on_merge: trigger }}\napps:\n  - {{ name: shop, path: apps/shop, renderer: {renderer}, cluster: staging }}\n"
        );
        let mut files = App::BEFORE.files(&namespace);
        files.push((CONFIG.to_owned(), Some(config)));
        if renderer == "kustomize" {
            files.push((ROOT.to_owned(), Some(App::BEFORE.root(&namespace))));
        }
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_deref()))
            .collect();
        fake.create_repository(REPOSITORY, &files);
        let folder = tempfile::tempdir().unwrap();
        write_settings(folder.path(), &fake);
        let clusters = format!(
            "clusters:\n  staging:\n    preview: {{ kubeconfig: {} }}\n    apply: {{ kubeconfig: {} }}\n    apply_enabled: true\n    allow: {{ namespaces: ['shop-*'] }}\n",
            preview_identity(server).display(),
            server.admin().display()
        );
        let mut settings = std::fs::OpenOptions::new()
            .append(true)
            .open(folder.path().join("settings.yaml"))
            .unwrap();
        settings.write_all(clusters.as_bytes()).unwrap();
        let process = Some(Process::start(folder.path()));
        Self {
            fake,
            server,
            namespace,
            renderer,
            folder,
            process,
        }
    }

    /// Commits the application to a branch.
    pub(crate) fn commit(&self, branch: &str, from: Option<&str>, app: &App) -> String {
        let mut files = app.files(&self.namespace);
        if self.renderer == "kustomize" {
            files.push((ROOT.to_owned(), Some(app.root(&self.namespace))));
        }
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_deref()))
            .collect();
        self.fake.commit(REPOSITORY, branch, from, &files)
    }

    pub(crate) async fn deliver(&self, pull: u64, action: &str) {
        let address = self.process.as_ref().unwrap().address;
        assert_eq!(
            self.fake
                .deliver_pull(address, REPOSITORY, pull, action)
                .await,
            202
        );
    }

    /// Opens a pull request that wants `app`, and waits for its check.
    pub(crate) async fn open(&self, branch: &str, app: &App, conclusion: &str) -> u64 {
        let head = self.commit(branch, Some("main"), app);
        let pull = self.fake.open_pull(REPOSITORY, branch, "main");
        self.deliver(pull, "opened").await;
        self.fake
            .wait_for_conclusion(REPOSITORY, &head, conclusion)
            .await;
        self.wait_for_comment(pull, "").await;
        pull
    }

    /// Merges, and tells the program.
    pub(crate) async fn merge(&self, pull: u64) -> String {
        let revision = self.fake.merge_pull(REPOSITORY, pull);
        self.deliver(pull, "closed").await;
        revision
    }

    /// Waits until the one comment of a pull request says `words`.
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

    /// Waits until the newest deployment to staging of this commit is in this state.
    pub(crate) async fn wait_for_deployment(&self, revision: &str, wanted: &str) {
        let what = format!("{wanted} of {revision}");
        self.fake
            .wait(&what, |state| {
                let all = &state.repository(REPOSITORY).deployments;
                let ours = all.iter().find(|one| one.sha == revision)?;
                assert_eq!(ours.environment, "staging");
                (ours.statuses.last()?.0 == wanted).then_some(())
            })
            .await;
    }

    pub(crate) fn look<T>(&self, read: impl FnOnce(&github::Repository) -> T) -> T {
        self.fake
            .look(|state: &State| read(state.repository(REPOSITORY)))
    }

    /// The live objects are exactly these: nothing that an apply would change, and `old` as said.
    pub(crate) fn assert_live(&self, app: &App) {
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
            &app.objects(&self.namespace),
        );
        let text = String::from_utf8_lossy(&diff.stdout).into_owned();
        let words = String::from_utf8_lossy(&diff.stderr).into_owned();
        assert!(diff.status.success(), "{text}{words}");
        let listed = self.server.kubectl(
            &["-n", &self.namespace, "get", "configmaps", "-o", "name"],
            "",
        );
        assert_eq!(listed.contains("configmap/old"), app.old, "{listed}");
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

    /// The operator allows other namespaces only.
    pub(crate) fn forbid(&mut self) {
        self.kill();
        let path = self.folder.path().join("settings.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("shop-*", "other-*")).unwrap();
        self.restart();
    }

    /// Plays the controller of Deployments until it is dropped.
    pub(crate) fn status_writer(&self) -> StatusWriter {
        StatusWriter::start(self.server, &self.namespace)
    }
}
