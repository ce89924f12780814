//! Renderings of one judgement: equal inputs are rendered once, also over several rounds.

use std::collections::BTreeMap;

use crate::finding::Blame;
use crate::ids::Digest;
use crate::plan::AppSide;
use crate::tree::Tree;

use super::all::{Work, digest_inputs, render_work};
use super::{Outcome, Problem, Settings};

/// What was rendered so far, by everything that decides it.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<Digest, Outcome>);

impl Known {
    /// Renders these sides, in their order; what is known already costs nothing. Blocks; works on as
    /// many threads as there are permits.
    pub fn render(&mut self, sides: &[(&AppSide, &Tree)], settings: &Settings) -> Vec<Outcome> {
        let keys: Vec<Digest> = sides
            .iter()
            .map(|(app, tree)| digest_inputs(app, tree, settings))
            .collect();
        let mut work: BTreeMap<Digest, Work<'_>> = BTreeMap::new();
        for (key, (app, tree)) in keys.iter().zip(sides) {
            if !self.0.contains_key(key) {
                work.insert(*key, Work { app, tree });
            }
        }
        let (new, work): (Vec<Digest>, Vec<Work<'_>>) = work.into_iter().unzip();
        for (key, outcome) in new.into_iter().zip(render_work(&work, settings)) {
            if let Some(outcome) = outcome {
                self.0.insert(key, outcome);
            }
        }
        let outcome = |key: &Digest| self.0.get(key).cloned().unwrap_or_else(given_up);
        keys.iter().map(outcome).collect()
    }
}

fn given_up() -> Outcome {
    Outcome::Failed(vec![Problem {
        message: "the rendering was given up before it ended".to_owned(),
        path: None,
        line: 0,
        blame: Blame::Operator,
    }])
}
