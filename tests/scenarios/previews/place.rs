//! A repository with one application that goes to `production`, and the program beside a cluster.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use crate::apiserver::ApiServer;
use crate::github::{CheckRun, GitHub};
use crate::process::{Process, write_settings};
use crate::shop::REPOSITORY;

/// What every configuration here begins with.
pub(crate) const APPS: &str =
    "version: 1\napps:\n  - { name: shop, path: apps/shop, cluster: production }\n";

/// Everything that a test of previews needs.
pub(crate) struct Place {
    pub(crate) fake: GitHub,
    pub(crate) namespace: String,
    process: Process,
    _folder: tempfile::TempDir,
}

impl Place {
    /// `rules` stands behind [`APPS`]; `limits` is YAML of the settings.
    pub(crate) async fn start(
        server: &'static ApiServer,
        previews: &Path,
        rules: &str,
        limits: &str,
    ) -> Self {
        let namespace = server.namespace("guarded");
        let fake = GitHub::start().await;
        let config = format!("{APPS}{rules}");
        let settings = config_map(&namespace, "settings", "blue");
        server.apply_as("drydock", &settings);
        fake.create_repository(
            REPOSITORY,
            &[
                (".drydock.yaml", Some(&config)),
                ("apps/shop/settings.yaml", Some(&settings)),
            ],
        );
        let folder = tempfile::tempdir().unwrap();
        write_settings(folder.path(), &fake);
        let clusters = format!(
            "clusters:\n  production:\n    preview: {{ kubeconfig: {} }}\n    apply: {{ kubeconfig: {} }}\n    apply_enabled: true\n    allow: {{ repositories: ['{REPOSITORY}'], namespaces: ['guarded-*'] }}\nlimits: {limits}\n",
            previews.display(),
            server.admin().display()
        );
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(folder.path().join("settings.yaml"))
            .unwrap();
        file.write_all(clusters.as_bytes()).unwrap();
        let process = Process::start(folder.path());
        Self {
            fake,
            namespace,
            process,
            _folder: folder,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// Commits the application's one object with this name and color to a branch.
    pub(crate) fn commit(&self, branch: &str, name: &str, color: &str) -> String {
        let from = (branch != "main").then_some("main");
        let text = config_map(&self.namespace, name, color);
        let files = [("apps/shop/settings.yaml", Some(text.as_str()))];
        self.fake.commit(REPOSITORY, branch, from, &files)
    }

    /// Opens a pull request of a branch, from a fork or not; gives its number.
    pub(crate) async fn open(&self, branch: &str, from_fork: bool) -> u64 {
        let pull = self.fake.open_pull(REPOSITORY, branch, "main");
        self.fake
            .change_pull(REPOSITORY, pull, |pull| pull.from_fork = from_fork);
        self.deliver(pull, "opened").await;
        pull
    }

    pub(crate) async fn deliver(&self, pull: u64, action: &str) {
        let answer = self
            .fake
            .deliver_pull(self.address(), REPOSITORY, pull, action)
            .await;
        assert_eq!(answer, 202);
    }

    /// Waits for the check of a commit.
    pub(crate) async fn check(&self, head: &str, conclusion: &str) -> CheckRun {
        self.fake
            .wait_for_conclusion(REPOSITORY, head, conclusion)
            .await
    }

    /// Waits until the one comment of a pull request says these words; gives it.
    pub(crate) async fn comment(&self, pull: u64, words: &str) -> String {
        let what = format!("a comment with `{words}` on #{pull}");
        self.fake
            .wait(&what, |state| {
                let comments = state.repository(REPOSITORY).comments_of(pull);
                let body = comments.first()?.body.clone();
                body.contains(words).then_some(body)
            })
            .await
    }
}

pub(crate) fn config_map(namespace: &str, name: &str, color: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\ndata:\n  color: {color}\n"
    )
}
