//! Approved, changed since, or refused: what may be deployed of a merged commit. Pure.

use crate::ids::Digest;
use crate::render::Outcome as Rendered;
use crate::sync::outcome::Held;
use crate::verdict::AppOutcome;

/// What may be done with one application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is what was approved.
    Deploy,
    /// It differs from what was approved: it has to be judged again first.
    JudgeAgain,
}

/// Compares the merged commit's rendering with the approved digest; the outer `None` means that
/// nothing was approved.
#[expect(
    clippy::option_option,
    reason = "not approved, approved without a head, approved with one"
)]
pub(super) fn compare(approved: Option<Option<Digest>>, merged: &Rendered) -> Decision {
    let merged = match merged {
        Rendered::Absent => Some(None),
        Rendered::Rendered(rendering) => Some(Some(rendering.digest)),
        Rendered::Failed(_) | Rendered::NotEvaluable(_) => None,
    };
    match (approved, merged) {
        (Some(approved), Some(merged)) if approved == merged => Decision::Deploy,
        _ => Decision::JudgeAgain,
    }
}

/// What the second judgement means.
pub(super) fn after_judging(passes: bool, outcome: Option<AppOutcome>) -> Result<(), Held> {
    match outcome {
        Some(AppOutcome::Pass) if passes => Ok(()),
        // Another application of the same merge is refused: nothing of it was approved together.
        Some(AppOutcome::Pass | AppOutcome::Fail) => Err(Held::Refused),
        Some(AppOutcome::NotEvaluable | AppOutcome::Error) | None => Err(Held::Undecided),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Rendering;

    fn rendered(text: &str) -> Rendered {
        Rendered::Rendered(Rendering {
            manifests: Vec::new(),
            digest: Digest::of(text.as_bytes()),
            duplicates: Vec::new(),
            oddities: Vec::new(),
            placeholders: Vec::new(),
            repeated: Vec::new(),
            others: Vec::new(),
            fails_elsewhere: None,
        })
    }

    #[test]
    fn only_the_approved_digest_is_deployed_without_a_second_look() {
        let approved = Some(Some(Digest::of(b"a")));
        assert_eq!(compare(approved, &rendered("a")), Decision::Deploy);
        assert_eq!(compare(approved, &rendered("b")), Decision::JudgeAgain);
        assert_eq!(compare(None, &rendered("a")), Decision::JudgeAgain);
        assert_eq!(compare(approved, &Rendered::Absent), Decision::JudgeAgain);
        assert_eq!(compare(Some(None), &Rendered::Absent), Decision::Deploy);
        assert_eq!(
            compare(Some(None), &Rendered::Failed(Vec::new())),
            Decision::JudgeAgain
        );
    }

    #[test]
    fn a_second_judgement_that_does_not_pass_holds_the_deployment() {
        assert_eq!(after_judging(true, Some(AppOutcome::Pass)), Ok(()));
        assert_eq!(
            after_judging(false, Some(AppOutcome::Pass)),
            Err(Held::Refused)
        );
        assert_eq!(after_judging(true, None), Err(Held::Undecided));
        assert_eq!(
            after_judging(false, Some(AppOutcome::Error)),
            Err(Held::Undecided)
        );
    }
}
