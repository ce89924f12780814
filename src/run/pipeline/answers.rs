//! The worker's answers: whether they are whole, and what they say of each side.

use crate::gate::wire::{ItemAnswer, SideAnswer};
use crate::ids::Side;
use crate::object::Manifest;

use super::pairs::Pair;

/// True when every object that was asked about has an answer, with its schema where `schema` was
/// asked. Anything less says nothing: an object without an answer would look like one without a
/// finding.
pub(super) fn are_complete(pairs: &[Pair<'_>], answers: &[ItemAnswer], schema: bool) -> bool {
    let is_complete = |(pair, answer): (&Pair<'_>, &ItemAnswer)| {
        let has_schema = |side: &SideAnswer| !schema || side.schema.is_some();
        let head = answer
            .head
            .as_ref()
            .is_some_and(|side| pair.head.is_none() || has_schema(side));
        let base = answer.same || pair.base.is_none() || answer.base.is_some();
        head && base
    };
    pairs.len() == answers.len() && pairs.iter().zip(answers).all(is_complete)
}

/// The answer's sides, as (side, manifest, answer): equal states are judged once and count for both.
pub(super) fn sides<'a>(
    pair: &Pair<'a>,
    answer: ItemAnswer,
) -> Vec<(Side, &'a Manifest, SideAnswer)> {
    let mut sides = Vec::new();
    let base = if answer.same {
        answer.head.clone()
    } else {
        answer.base
    };
    if let (Some(manifest), Some(answer)) = (pair.base, base) {
        sides.push((Side::Base, manifest, answer));
    }
    if let (Some(manifest), Some(answer)) = (pair.head.or(pair.base), answer.head) {
        sides.push((Side::Head, manifest, answer));
    }
    sides
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::wire::{SchemaAnswer, SchemaStatus};
    use crate::object::Role;

    #[test]
    fn an_object_without_an_answer_or_without_its_schema_is_not_judged() {
        let value =
            serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
        let pod = Manifest::from_masked(value, Role::Object).unwrap();
        let side = |schema: bool| SideAnswer {
            schema: schema.then(|| SchemaAnswer {
                status: SchemaStatus::Valid,
                findings: Vec::new(),
                note: None,
            }),
            ..SideAnswer::default()
        };
        let item = |base: Option<SideAnswer>, head: Option<SideAnswer>| ItemAnswer {
            base,
            head,
            same: false,
        };
        let (new, gone, kept) = (
            Pair {
                base: None,
                head: Some(&pod),
                is_other: false,
            },
            Pair {
                base: Some(&pod),
                head: None,
                is_other: false,
            },
            Pair {
                base: Some(&pod),
                head: Some(&pod),
                is_other: false,
            },
        );
        let check = |pair: &Pair<'_>, answer: ItemAnswer, schema: bool| {
            are_complete(std::slice::from_ref(pair), &[answer], schema)
        };
        assert!(check(&new, item(None, Some(side(true))), true));
        assert!(check(&new, item(None, Some(side(false))), false));
        assert!(check(
            &gone,
            item(Some(side(true)), Some(side(false))),
            true
        ));
        assert!(!check(&new, item(None, Some(side(false))), true));
        assert!(!check(&new, item(None, None), true));
        assert!(!check(&kept, item(None, Some(side(true))), true));
        assert!(!are_complete(&[new], &[], false));
    }
}
