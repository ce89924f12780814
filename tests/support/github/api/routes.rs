//! Which path of GitHub's description a request is, and what it needs.

/// The template of a path in GitHub's description, and the permission it needs.
pub(super) fn template(method: &str, segments: &[&str]) -> Option<(&'static str, &'static str)> {
    let rest = segments.get(3..).unwrap_or_default();
    Some(match (method, rest) {
        ("GET", []) if segments == ["installation", "repositories"] => {
            ("/installation/repositories", "metadata:read")
        }
        ("GET", ["pulls"]) => ("/repos/{owner}/{repo}/pulls", "pull_requests:read"),
        ("GET", ["pulls", _]) => (
            "/repos/{owner}/{repo}/pulls/{pull_number}",
            "pull_requests:read",
        ),
        ("GET", ["compare", ..]) => ("/repos/{owner}/{repo}/compare/{basehead}", "contents:read"),
        ("POST", ["check-runs"]) => ("/repos/{owner}/{repo}/check-runs", "checks:write"),
        ("PATCH", ["check-runs", _]) => (
            "/repos/{owner}/{repo}/check-runs/{check_run_id}",
            "checks:write",
        ),
        ("GET", ["check-runs", _]) => (
            "/repos/{owner}/{repo}/check-runs/{check_run_id}",
            "checks:read",
        ),
        ("GET", ["commits", _, "check-runs"]) => (
            "/repos/{owner}/{repo}/commits/{ref}/check-runs",
            "checks:read",
        ),
        ("POST", ["issues", _, "comments"]) => (
            "/repos/{owner}/{repo}/issues/{issue_number}/comments",
            "pull_requests:write",
        ),
        ("GET", ["issues", _, "comments"]) => (
            "/repos/{owner}/{repo}/issues/{issue_number}/comments",
            "pull_requests:read",
        ),
        ("PATCH", ["issues", "comments", _]) => (
            "/repos/{owner}/{repo}/issues/comments/{comment_id}",
            "pull_requests:write",
        ),
        ("POST", ["deployments"]) => ("/repos/{owner}/{repo}/deployments", "deployments:write"),
        ("GET", ["deployments"]) => ("/repos/{owner}/{repo}/deployments", "deployments:read"),
        ("POST", ["deployments", _, "statuses"]) => (
            "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
            "deployments:write",
        ),
        ("GET", ["deployments", _, "statuses"]) => (
            "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
            "deployments:read",
        ),
        ("GET", ["collaborators", _, "permission"]) => (
            "/repos/{owner}/{repo}/collaborators/{username}/permission",
            "metadata:read",
        ),
        _ => return None,
    })
}
