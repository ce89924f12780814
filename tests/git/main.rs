//! The Git client against repositories that the real `git` made, and a real Git server.

mod fetching;
mod merging;
mod server;
mod trees;

use std::path::Path;
use std::process::Command;

/// A repository made by the real `git`.
pub(crate) struct Made {
    pub(crate) dir: tempfile::TempDir,
}

impl Made {
    pub(crate) fn new() -> Self {
        let made = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        made.git(&["init", "-q", "-b", "main"]);
        made
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let full = self.path().join(name);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, content).unwrap();
    }

    /// Runs git and gives its output without the last line end.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let (ok, output) = self.try_git(arguments);
        assert!(ok, "git {arguments:?}: {output}");
        output
    }

    pub(crate) fn try_git(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
            .args([
                "-c",
                "commit.gpgsign=false",
                "-c",
                "core.hooksPath=/dev/null",
            ])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git is installed");
        let mut text = String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned();
        if !output.status.success() {
            text.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        (output.status.success(), text)
    }

    /// Commits everything and gives the id.
    pub(crate) fn commit(&self, message: &str) -> drydock::ids::CommitSha {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }
}

pub(crate) fn path(text: &str) -> drydock::ids::RepoPath {
    text.parse().unwrap()
}
