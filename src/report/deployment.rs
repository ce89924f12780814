//! After the merge: what became of it, in the comment and, when it failed, in a comment of its own.

use super::markdown::{self, Section};
use super::model::{DeploymentRow, DeploymentState, FailedDeployment};
use super::wording;
use crate::finding::Blame;
use crate::ids::CommitSha;

/// Failures that one comment lists; further ones are counted.
const LISTED: usize = 30;

/// Bytes that the table may add to a comment; with the comment's own 30,000 this stays below the
/// 65,536 that GitHub documents.
const APPENDED_BUDGET: usize = 20_000;

/// One row per application and cluster; nothing before the merge.
pub(super) fn table(rows: &[DeploymentRow]) -> Section {
    Section {
        opening: "\n**After the merge**\n\n| application | cluster | deployed commit | state | since |\n| --- | --- | --- | --- | --- |\n".to_owned(),
        items: rows.iter().map(row).collect(),
        closing: String::new(),
        noun: ("application", "applications"),
        rest: ("| … ", " |"),
        share: 30,
    }
}

/// A comment that was composed before the merge, with the table at its end.
pub fn append(comment: &str, rows: &[DeploymentRow]) -> String {
    let budget = comment.len() + APPENDED_BUDGET;
    markdown::compose(
        comment,
        &[table(rows)],
        "",
        budget,
        "the deployments of this repository list all",
    )
    .text
}

/// A comment that was composed before the merge, with a text about it at its end.
pub fn append_text(comment: &str, text: &str) -> String {
    format!("{comment}\n**After the merge**\n\n{text}")
}

/// Why a merged commit is not deployed, whose move it is, and when it is tried again. `said` is one of
/// our own phrases, never the text of an internal error.
pub fn stuck(commit: &CommitSha, said: &str, blame: Blame, gave_up: bool) -> String {
    let again = if gave_up {
        "Drydock tries again with its next sweep, in some minutes, and when it is restarted; re-running the check `drydock` tries at once."
    } else {
        "Drydock tries again by itself."
    };
    format!(
        "⚠️ The deployment of `{}` is stuck, {}: {said}. Nothing is lost. {again}\n",
        commit.short(),
        wording::whose(blame)
    )
}

fn row(row: &DeploymentRow) -> String {
    let note = row
        .note
        .as_ref()
        .map(|note| format!(": {}", markdown::prose(note)))
        .unwrap_or_default();
    let cluster = if row.cluster.0.is_empty() {
        "–".to_owned()
    } else {
        markdown::code(&row.cluster.0)
    };
    let cells = [
        markdown::code(&row.app.display_name()),
        cluster,
        format!("`{}`", row.commit.short()),
        format!("{}{note}", state(row.state)),
        markdown::code(&row.since),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| markdown::cell(cell)).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn state(state: DeploymentState) -> &'static str {
    match state {
        DeploymentState::Waiting => "waiting",
        DeploymentState::InProgress => "in progress",
        DeploymentState::Deployed => "✅ deployed",
        DeploymentState::Failed => "❌ failed",
        DeploymentState::Held => "⚠️ held",
        DeploymentState::Elsewhere => "not deployed by Drydock",
    }
}

/// The comment that says that nothing was deployed, because the configuration that judges this merge
/// cannot be read.
pub fn without_rules(merged: &CommitSha, base: &CommitSha) -> String {
    format!(
        "### ⚠️ Drydock: nothing of `{}` was deployed\n`{}` at the base commit `{}` cannot be read, so nobody knows where the applications of this merge go.\n\nMend it in a pull request; what this merge changed is deployed with the next merge that touches the same applications.\n",
        merged.short(),
        crate::config::repo::FILE_NAME,
        base.short(),
    )
}

/// The comment that says that a deployment failed: what failed, what is live now, how to go back.
pub fn failed(deployment: &FailedDeployment) -> String {
    let name = markdown::code(&deployment.app.display_name());
    let place = if deployment.cluster.0.is_empty() {
        String::new()
    } else {
        format!(" to {}", markdown::code(&deployment.cluster.0))
    };
    let mut out = format!(
        "### ❌ Drydock: deploying {name}{place} failed\nCommit `{}` did not become live and ready.",
        deployment.commit.short()
    );
    if let Some(page) = &deployment.page {
        put!(out, " {}", markdown::link("Full record", page));
    }
    out.push('\n');
    for (title, lines) in [
        ("What failed", &deployment.failures),
        ("What is live now", &deployment.live),
    ] {
        if !lines.is_empty() {
            put!(out, "\n**{title}**\n");
        }
        for line in lines.iter().take(LISTED) {
            put!(out, "- {}\n", markdown::prose(line));
        }
        if lines.len() > LISTED {
            let more = wording::grouped(lines.len() - LISTED);
            put!(out, "- … {more} more\n");
        }
    }
    let mainline = if deployment.merge { "-m 1 " } else { "" };
    put!(
        out,
        "\nTo go back, open a pull request with:\n\n```sh\ngit revert {mainline}{}\n```\n",
        deployment.commit
    );
    out
}
