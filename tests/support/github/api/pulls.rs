//! Pull requests, and how commits relate.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::super::contract::filled;
use super::super::git;
use super::super::state::{Pull, Repository};
use super::{Answer, Received, number};

pub(super) fn call(repository: &Repository, request: &Received<'_>, rest: &[&str]) -> Answer {
    match (request.method, rest) {
        ("GET", ["pulls"]) => {
            let open = repository
                .pulls
                .values()
                .filter(|pull| pull.state == "open");
            let all = open
                .map(|pull| pull_json(request.address, repository, pull))
                .collect();
            Ok((200, request.page(all).into()))
        }
        ("GET", ["pulls", pull]) => {
            let pull = repository
                .pulls
                .get(&number(pull)?)
                .ok_or((404, "Not Found"))?;
            Ok((200, pull_json(request.address, repository, pull)))
        }
        _ => Err((404, "Not Found")),
    }
}

/// The base may be a branch or a commit.
pub(super) fn compare(folder: &std::path::Path, basehead: &str) -> Answer {
    let (base, head) = basehead.split_once("...").ok_or((404, "Not Found"))?;
    let tip = git::find(folder, &format!("refs/heads/{base}"))
        .or_else(|| git::find(folder, base))
        .ok_or((404, "Not Found"))?;
    let merge_base = git::merge_base(folder, &tip, head).ok_or((404, "No common ancestor"))?;
    let fields = json!({"base_commit": {"sha": tip}, "merge_base_commit": {"sha": merge_base}});
    Ok((200, filled("commit-comparison", fields)))
}

pub(in super::super) fn repository_json(address: SocketAddr, repository: &Repository) -> Value {
    let (owner, name) = repository.name.split_once('/').unwrap();
    json!({
        "id": repository.id, "name": name, "full_name": repository.name, "owner": {"login": owner},
        "clone_url": format!("http://{address}/git/{}.git", repository.name), "ssh_url": format!("ssh://git@127.0.0.1:2222/{}.git", repository.name), "default_branch": "main", "archived": false,
    })
}

pub(in super::super) fn pull_json(
    address: SocketAddr,
    repository: &Repository,
    pull: &Pull,
) -> Value {
    let base = repository_json(address, repository);
    let mut head = base.clone();
    if pull.from_fork {
        head["id"] = json!(repository.id + 500_000);
    }
    let merged = pull.merged_as.is_some();
    let mut value = filled(
        "pull-request",
        json!({
            "number": pull.number, "state": pull.state, "draft": false, "merged": merged,
            "merged_at": merged.then_some("2026-01-02T03:04:05Z"), "merge_commit_sha": pull.merged_as,
            "user": {"login": "octocat"},
            "head": {"ref": pull.head_ref, "sha": pull.head, "repo": head},
            "base": {"ref": pull.base_ref, "sha": pull.head, "repo": base},
        }),
    );
    value["labels"] = pull
        .labels
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    value
}
