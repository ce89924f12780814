//! Values that differ from render to render: random passwords, certificates, the time.
//!
//! A chart whose templates name such a function is rendered again and the results are compared; what
//! differs is marked in the manifests, and kept out of digest and comparison from then on. Time moves
//! too slowly to show, so the other renders see it shifted. What they give besides is kept, so that it
//! is judged, too: a deployment at another time deploys it.

mod compare;
mod functions;

use super::{Output, Problem, Renderer, Request};
use crate::finding::Blame;
use crate::object::Manifest;

pub(super) use functions::shift_time;

/// A renderer whose output may differ from run to run.
pub(super) struct Repeated<R>(pub(super) R);

impl<R: Renderer> Renderer for Repeated<R> {
    fn render(&self, request: &Request<'_>) -> Result<Output, Vec<Problem>> {
        let mut output = self.0.render(request)?;
        let rounds = functions::count_rounds(request.tree, request.closure);
        let again = Request {
            is_later: true,
            ..*request
        };
        let mut marks = compare::Marks::new(&output.manifests);
        for _ in 0..rounds {
            match render_again(&self.0, &again)? {
                Ok(other) => marks.add(&output.manifests, other),
                Err(problem) => output.fails_elsewhere = Some(problem.message),
            }
        }
        // What differs in an object that only other renders have shows in one more of them.
        let mut further = compare::Marks::new(marks.further());
        if !marks.further().is_empty()
            && let Ok(other) = render_again(&self.0, &again)?
        {
            further.add(marks.further(), other);
        }
        (output.manifests, output.others) = marks.apply(output.manifests, further);
        Ok(output)
    }
}

/// Another render. Where a chart fails then, by its author's doing, it has rendered all the same: the
/// inner problem says why it does not.
fn render_again<R: Renderer>(
    renderer: &R,
    request: &Request<'_>,
) -> Result<Result<Vec<Manifest>, Problem>, Vec<Problem>> {
    match renderer.render(request) {
        Ok(output) => Ok(Ok(output.manifests)),
        Err(problems) => match problems.first() {
            Some(first) if problems.iter().all(|one| one.blame == Blame::Author) => {
                Ok(Err(first.clone()))
            }
            _ => Err(problems),
        },
    }
}
