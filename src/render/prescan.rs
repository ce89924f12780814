//! What planning refused, as problems: nothing starts when there is one.

use crate::finding::Blame;
use crate::plan::{BuildFeature, MAX_DECLARATIONS, MAX_PARENTS, Refusal, RefusalKind};

use super::Problem;

/// The refusals as problems, in their order.
pub(super) fn build_problems(refusals: &[Refusal]) -> Vec<Problem> {
    refusals.iter().map(build_problem).collect()
}

fn build_problem(refusal: &Refusal) -> Problem {
    Problem {
        message: describe(refusal.kind, &refusal.text),
        path: Some(refusal.path.clone()),
        line: refusal.line,
        blame: match refusal.kind {
            RefusalKind::NotSupplied(blame) => blame,
            _ => Blame::Author,
        },
    }
}

fn describe(kind: RefusalKind, text: &str) -> String {
    match kind {
        RefusalKind::RemoteReference => format!(
            "`{text}` is fetched from another host, and rendering has no network: keep a copy in the repository, or pin it to a commit and allow the host (`outside.hosts` of the settings, `--allow-host`)"
        ),
        RefusalKind::LeavesRepository => format!("`{text}` leads out of the repository"),
        RefusalKind::UnsafeEntry => format!(
            "`{text}` is a submodule or a symbolic link that leads out of the repository: keep the files themselves in it"
        ),
        RefusalKind::KustomizeHelm => format!(
            "`{text}` makes Kustomize render a chart that cannot be rendered here: a chart needs a name, a release name of its own, and a repository by http, https or oci where it is not in this one"
        ),
        RefusalKind::RemoteChart => format!(
            "the {text} is fetched from another host, and rendering has no network: keep the chart in the repository, or allow the host (`outside.hosts` of the settings, `--allow-host`)"
        ),
        RefusalKind::BuildOption => {
            let effect = if text == BuildFeature::Exec.option() {
                "Kustomize leaves out without a word what this program would generate"
            } else {
                "Kustomize fails here"
            };
            format!(
                "{effect} without `{text}`, which the `kustomize.buildOptions` of the Argo CD that deploys it do not have: set it there, or keep the rendered objects in the repository"
            )
        }
        RefusalKind::RunsProgram => {
            format!("`{text}` runs a program or container while rendering, which is never allowed")
        }
        RefusalKind::Cycle => format!("`{text}` refers back to itself"),
        RefusalKind::Missing => format!("`{text}` does not exist"),
        RefusalKind::Unreadable => format!("it cannot be read: {text}"),
        RefusalKind::MissingDependency => format!(
            "the chart dependency `{text}` is not in the repository: `helm dependency build` puts it into `charts/`, to be committed, or allow the host (`outside.hosts` of the settings, `--allow-host`)"
        ),
        RefusalKind::NotSupplied(_) => text.to_owned(),
        RefusalKind::TooLarge => format!("{text}: more than rendering accepts"),
        RefusalKind::Orphaned => format!(
            "`{text}` was deployed before this change and stays, but no application reads it any more, so nobody would judge it: delete it, or leave its folder as it was found"
        ),
        RefusalKind::Declaration => format!("the declaration cannot be used: {text}"),
        RefusalKind::TooDeep => format!(
            "`{text}` is declared by applications that declare each other more than ten levels deep"
        ),
        RefusalKind::TooMany => format!(
            "`{text}` declares more applications than are followed: {MAX_DECLARATIONS} in all, and {MAX_PARENTS} of them may declare further ones"
        ),
        RefusalKind::OtherRenderer => {
            format!("{text} makes its manifests, which is never run here")
        }
        RefusalKind::OtherGenerator => {
            format!(
                "{text} decides which applications there are, and its answer is not in the repository"
            )
        }
        RefusalKind::Checkout => {
            format!(
                "{text}, so that its deployer does not read what stands in the repository: take the attribute away for this file"
            )
        }
        RefusalKind::Elsewhere => format!("its source is not at hand: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_remote_base_names_file_line_and_reference() {
        let refusal = Refusal {
            kind: RefusalKind::RemoteReference,
            path: "app/kustomization.yaml".parse().unwrap(),
            line: 4,
            text: "https://example.com/base".to_owned(),
        };
        let problems = build_problems(&[refusal]);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, 4);
        assert_eq!(problems[0].blame, Blame::Author);
        assert!(problems[0].message.contains("https://example.com/base"));
    }
}
