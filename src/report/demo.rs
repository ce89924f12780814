//! What `drydock demo` prints: the story of the sample, its report, what to try next.

use super::model::Report;
use super::text::{self, Colour};
use super::visible;

/// An application of the sample that this machine cannot render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub app: String,
    /// Why, with the line that installs what is missing.
    pub reason: String,
}

const STORY: &str = "\
A harbour runs three applications on one cluster: notices (plain files), shop (Kustomize) and tickets
(Helm). Someone opens a pull request that changes all three. This is what Drydock says about it,
offline, from a recording of the cluster.

";

const NEXT: &str = "
What to try next
  drydock check                                   your own change, against its merge base
  drydock check --kubeconfig FILE --context NAME  the same, previewed on your cluster (nothing is written)
  drydock check --all                             everything your repository declares
  drydock check --format markdown                 what the comment on a pull request says
  drydock apps --why FILE                         which applications a file affects, and why
";

/// The whole output.
pub fn compose(
    report: &Report,
    left_out: &[LeftOut],
    kept: Option<&str>,
    colour: Colour,
) -> String {
    let mut out = STORY.to_owned();
    out.push_str(&text::compose(report, colour));
    if !left_out.is_empty() {
        out.push_str("\nLeft out on this machine\n");
    }
    for item in left_out {
        put!(
            out,
            "  {}: {}\n",
            visible::line(&item.app),
            visible::line(&item.reason)
        );
    }
    out.push_str(NEXT);
    match kept {
        Some(folder) => {
            let folder = visible::line(folder);
            put!(
                out,
                "  edit {folder}/head, then run `drydock demo --keep {folder}` again\n"
            );
        }
        None => out.push_str(
            "  drydock demo --keep DIR                         keeps the sample, to fix it and judge it again\n",
        ),
    }
    out
}
