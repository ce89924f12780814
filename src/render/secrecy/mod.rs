//! What no message may say: the Secret values of what was rendered.
//!
//! Tools repeat the author's text when they refuse it, and charts put values into what they say
//! themselves. So when a rendering fails, everything it read that is secret is gathered ([`collect`])
//! and hidden in every message ([`texts`]). Nothing of this happens where nothing failed.

mod collect;
mod lines;
mod names;
mod texts;

use crate::ids::RepoPath;
use crate::object::Masker;
use crate::plan::{AppSide, RendererInput};
use crate::tree::Tree;

use super::{Output, Problem, Renderer, Request};
use collect::Collector;

/// Longest message in characters: the longest real one of a tool is about 700; what is longer
/// repeats the author's file.
const LONGEST: usize = 1000;

/// A renderer whose messages tell no secret.
pub(super) struct Discreet<'a> {
    /// The renderer.
    pub(super) renderer: &'a dyn Renderer,
    /// What it is told.
    pub(super) input: &'a RendererInput,
}

impl Renderer for Discreet<'_> {
    fn render(&self, request: &Request<'_>) -> Result<Output, Vec<Problem>> {
        let gather = || {
            let mut collector = Collector::new(request.tree, &request.settings.masker);
            collector.add_files(request.closure);
            collector.add_input(self.input);
            collector.finish()
        };
        match self.renderer.render(request) {
            Ok(mut output) => {
                if let Some(message) = &mut output.fails_elsewhere {
                    *message = shorten(&gather().hide(message));
                }
                Ok(output)
            }
            Err(mut problems) => {
                let texts = gather();
                for problem in &mut problems {
                    problem.message = shorten(&texts.hide(&problem.message));
                }
                Err(problems)
            }
        }
    }
}

/// Hides the Secret values of an application's files and declaration in what planning says about why
/// it cannot be rendered.
pub fn hide_in_refusals(app: &mut AppSide, tree: &Tree, masker: &Masker) {
    if app.refusals.is_empty() {
        return;
    }
    let mut collector = Collector::new(tree, masker);
    collector.add_files(&app.closure);
    // What is refused may be missing from the closure that was walked up to it.
    let named = app.refusals.iter().map(|refusal| &refusal.path);
    let further: Vec<&RepoPath> = named.filter(|path| !app.closure.contains(*path)).collect();
    collector.add_files(further);
    for source in &app.sources {
        collector.add_input(&source.renderer);
    }
    let texts = collector.finish();
    for refusal in &mut app.refusals {
        refusal.text = shorten(&texts.hide(&refusal.text));
    }
}

fn shorten(message: &str) -> String {
    if message.chars().count() <= LONGEST {
        return message.to_owned();
    }
    message.chars().take(LONGEST).chain(['…']).collect()
}
