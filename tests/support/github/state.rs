use std::collections::BTreeMap;

use serde_json::Value;

/// Everything the fake knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// Token → repository ids and permissions it was narrowed to.
    pub(super) tokens: BTreeMap<String, (Option<Vec<u64>>, Value)>,
    /// Every write, in order; tokens are not writes.
    pub(crate) writes: Vec<Write>,
    /// What broke GitHub's description.
    pub(crate) violations: Vec<String>,
    pub(crate) faults: Vec<Fault>,
    pub(super) released: bool,
    next: u64,
}

#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) pulls: BTreeMap<u64, Pull>,
    pub(crate) checks: Vec<CheckRun>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) deployments: Vec<Deployment>,
}

#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) state: &'static str,
    pub(crate) head: String,
    pub(crate) head_ref: String,
    pub(crate) base_ref: String,
    pub(crate) from_fork: bool,
    pub(crate) merged_as: Option<String>,
    pub(crate) labels: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct CheckRun {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) head: String,
    pub(crate) external_id: String,
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) text: String,
    pub(crate) annotations: Vec<Value>,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) body: String,
    /// `None`: the App.
    pub(crate) by: Option<String>,
    pub(crate) edits: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    pub(crate) id: u64,
    pub(crate) sha: String,
    pub(crate) environment: String,
    pub(crate) payload: Value,
    /// State and description, oldest first.
    pub(crate) statuses: Vec<(String, String)>,
}

/// A write as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// What happens to the next request whose method and path fit.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) method: &'static str,
    /// Part of the path.
    pub(crate) path: &'static str,
    pub(crate) kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Done, but the answer breaks off.
    LoseAnswer,
    /// Done, but no answer ever comes.
    NeverAnswer,
    /// Done, but answered only once the test releases it.
    Hold,
    /// Not done; this status is answered.
    Refuse(u16),
}

impl State {
    pub(crate) const APP_ID: u64 = 4242;
    pub(crate) const SLUG: &'static str = "drydock-of-tests";
    pub(crate) const INSTALLATION: u64 = 77;

    pub(super) fn new() -> Self {
        Self {
            repositories: BTreeMap::new(),
            tokens: BTreeMap::new(),
            writes: Vec::new(),
            violations: Vec::new(),
            faults: Vec::new(),
            released: false,
            next: 1000,
        }
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn add_repository(&mut self, id: u64, name: &str) {
        let repository = Repository {
            id,
            name: name.to_owned(),
            pulls: BTreeMap::new(),
            checks: Vec::new(),
            comments: Vec::new(),
            deployments: Vec::new(),
        };
        self.repositories.insert(name.to_owned(), repository);
    }

    pub(crate) fn repository(&self, name: &str) -> &Repository {
        &self.repositories[name]
    }

    pub(crate) fn repository_mut(&mut self, name: &str) -> &mut Repository {
        self.repositories.get_mut(name).expect("a known repository")
    }

    pub(super) fn take_fault(&mut self, method: &str, path: &str) -> Option<FaultKind> {
        let at = self
            .faults
            .iter()
            .position(|fault| fault.method == method && path.contains(fault.path))?;
        Some(self.faults.remove(at).kind)
    }

    /// Writes whose path contains `part`.
    pub(crate) fn writes_to(&self, part: &str) -> Vec<&Write> {
        self.writes
            .iter()
            .filter(|write| write.path.contains(part))
            .collect()
    }
}

impl Repository {
    /// The check run that branch protection looks at: the newest of a commit.
    pub(crate) fn newest_check(&self, sha: &str) -> Option<&CheckRun> {
        self.checks.iter().rev().find(|check| check.head == sha)
    }

    pub(crate) fn comments_of(&self, pull: u64) -> Vec<&Comment> {
        self.comments
            .iter()
            .filter(|comment| comment.pull == pull && comment.by.is_none())
            .collect()
    }
}

impl Pull {
    pub(super) fn new(number: u64, head: String, branch: &str, base: &str) -> Self {
        Self {
            number,
            state: "open",
            head,
            head_ref: branch.to_owned(),
            base_ref: base.to_owned(),
            from_fork: false,
            merged_as: None,
            labels: Vec::new(),
        }
    }
}
