//! What a check says while there is no report: it waits, it is being judged, it was replaced. And the
//! troubles that keep a change from being judged at all.

use std::collections::BTreeSet;

use super::model::{NoPreview, Trouble};
use super::{visible, wording};
use crate::config::ConfigError;
use crate::config::repo::FILE_NAME;
use crate::finding::Blame;
use crate::ids::{AppId, ClusterName, PrNumber, RepoPath};

/// Files that a conflict names; the rest is counted.
const CONFLICT_FILES: usize = 10;

/// What a check without a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Accepted, not begun.
    Queued,
    /// Being judged.
    InProgress,
    /// A newer commit of the pull request is judged instead.
    Replaced,
    /// Its pull request was closed before the judgement ended.
    Closed,
}

impl Standing {
    /// The title of the check.
    pub fn title(self) -> &'static str {
        match self {
            Self::Queued => "Waits to be judged",
            Self::InProgress => "Is being judged",
            Self::Replaced => "Not judged: a newer commit replaced this one",
            Self::Closed => "Not judged: the pull request was closed",
        }
    }

    /// The summary of the check.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Queued => "Drydock has seen this commit and will judge it.",
            Self::InProgress => "Drydock renders both sides of the change and judges them.",
            Self::Replaced => "The result stands on the newest commit of the pull request.",
            Self::Closed => "Reopen the pull request to have it judged.",
        }
    }
}

/// How a pull request that shares a commit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Its own result passes.
    Passes,
    /// Its own result is a refusal.
    Refused,
    /// It could not be judged.
    NotJudged,
    /// It has no result yet.
    Waits,
}

/// The sentence that says whose result a check shows when several open pull requests propose its
/// commit: the worst of them.
pub fn shared(shown: PrNumber, others: &[(PrNumber, Sharing)]) -> String {
    let others: Vec<String> = others
        .iter()
        .map(|(number, sharing)| {
            let word = match sharing {
                Sharing::Passes => "passes",
                Sharing::Refused => "is refused",
                Sharing::NotJudged => "could not be judged",
                Sharing::Waits => "waits to be judged",
            };
            format!("{number} {word}")
        })
        .collect();
    format!(
        "> This commit is proposed by more than one pull request, and a check belongs to a commit: \
         it shows the worst result, the one of {shown}. Beside it, {}.\n\n",
        others.join(", ")
    )
}

/// The change and its target touch the same lines.
pub fn conflict(target: &str, paths: &BTreeSet<RepoPath>) -> Trouble {
    let mut names: Vec<String> = paths
        .iter()
        .take(CONFLICT_FILES)
        .map(|path| format!("`{}`", visible::line(path.as_str())))
        .collect();
    if paths.len() > CONFLICT_FILES {
        names.push(format!("{} more", paths.len() - CONFLICT_FILES));
    }
    let target = visible::line(target);
    Trouble {
        what: format!(
            "the change cannot be merged into `{target}`: both changed {}",
            names.join(", ")
        ),
        app: None,
        place: None,
        blame: Blame::Author,
        hint: Some(format!(
            "merge or rebase onto `{target}` and resolve the conflict"
        )),
    }
}

/// A preview is demanded of an application, and no cluster was asked. `cluster` is the one that it
/// goes to; empty without one.
pub fn no_preview(reason: NoPreview, cluster: &ClusterName, app: AppId) -> Trouble {
    let wanting = if cluster.0.is_empty() {
        "the configuration of the target branch demands a preview".to_owned()
    } else {
        format!("cluster `{}` demands a preview", visible::line(&cluster.0))
    };
    let (blame, hint) = match reason {
        NoPreview::NotConnected if cluster.0.is_empty() => (
            Blame::Operator,
            "connect a cluster in Drydock's settings and name it in the configuration".to_owned(),
        ),
        NoPreview::NotConnected => (
            Blame::Operator,
            format!("connect `{}` in Drydock's settings", visible::line(&cluster.0)),
        ),
        NoPreview::Fork => (
            Blame::Maintainer,
            "who has read the change pushes its branch to this repository and opens a pull request from there".to_owned(),
        ),
    };
    Trouble {
        what: format!("{wanting}, but {}", wording::no_preview(reason)),
        app: Some(app),
        place: None,
        blame,
        hint: Some(hint),
    }
}

/// Why no cluster was asked, as a sentence without a final period.
pub fn why_no_preview(reason: NoPreview) -> &'static str {
    wording::no_preview(reason)
}

/// The two sides have no commit in common.
pub fn unrelated(target: &str) -> Trouble {
    let target = visible::line(target);
    Trouble {
        what: format!(
            "the change has no commit in common with `{target}`, or its commits are gone"
        ),
        app: None,
        place: None,
        blame: Blame::Author,
        hint: Some(format!("base the branch on `{target}` and push it again")),
    }
}

/// The configuration of the base cannot be read: it judges, so nothing is judged.
pub fn configuration(errors: &[ConfigError]) -> Vec<Trouble> {
    let path = FILE_NAME.parse::<RepoPath>().unwrap_or_default();
    errors
        .iter()
        .map(|error| Trouble {
            what: format!(
                "the configuration of the target branch is not valid: {}",
                error.message
            ),
            app: None,
            place: Some((path.clone(), error.line, error.column)),
            blame: Blame::Operator,
            hint: Some(match &error.hint {
                Some(meant) => format!("on the target branch, write `{meant}`"),
                None => {
                    "correct it on the target branch: the base judges, not the change".to_owned()
                }
            }),
        })
        .collect()
}

/// Something outside the change kept it from being judged. `what` is one of our own phrases, never
/// the text of an internal error.
pub fn outage(what: &str, blame: Blame) -> Trouble {
    Trouble {
        what: what.to_owned(),
        app: None,
        place: None,
        blame,
        hint: Some("Drydock tries again by itself".to_owned()),
    }
}

const MARKER_START: &str = "<!-- drydock:";
const MARKER_END: &str = " -->";

/// Puts a hidden mark in front of a comment, by which it is found again. Alone it proves nothing: who
/// wrote the comment is checked too.
pub fn mark(body: &str, tag: &str) -> String {
    format!("{MARKER_START}{tag}{MARKER_END}\n{body}")
}

/// The mark that a comment begins with.
pub fn find_mark(body: &str) -> Option<&str> {
    let rest = body.strip_prefix(MARKER_START)?;
    rest.split_once(MARKER_END).map(|(tag, _)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_only_at_the_very_beginning() {
        let body = mark("### text", "abc");
        assert_eq!(find_mark(&body), Some("abc"));
        assert_eq!(find_mark(&format!("quoted\n{body}")), None);
        assert_eq!(find_mark("### text"), None);
    }

    #[test]
    fn a_long_conflict_counts_what_it_does_not_name() {
        let paths = (0..25)
            .map(|n| format!("a/{n:02}.yaml").parse().unwrap())
            .collect();
        let trouble = conflict("main", &paths);
        assert!(
            trouble.what.contains("`a/09.yaml`, 15 more"),
            "{}",
            trouble.what
        );
        assert!(!trouble.what.contains("a/10.yaml"));
    }
}
