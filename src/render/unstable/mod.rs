//! Values that differ from render to render: random passwords, certificates, the time.
//!
//! A chart whose templates name such a function is rendered again and the results are compared; what
//! differs is marked in the manifests, and kept out of digest and comparison from then on. Time moves
//! too slowly to show, so the other renders see it shifted.

mod compare;
mod functions;

use super::{Output, Problem, Renderer, Request};

pub(super) use functions::shift_time;

/// A renderer whose output may differ from run to run.
pub(super) struct Repeated<R>(pub(super) R);

impl<R: Renderer> Renderer for Repeated<R> {
    fn render(&self, request: &Request<'_>) -> Result<Output, Vec<Problem>> {
        let mut output = self.0.render(request)?;
        let rounds = functions::count_rounds(request.tree, request.closure);
        let mut marks = compare::Marks::new(&output.manifests);
        for _ in 0..rounds {
            let again = Request {
                is_later: true,
                ..*request
            };
            // A chart that fails at another time or by chance has rendered: that is what counts.
            if let Ok(other) = self.0.render(&again) {
                marks.add(&output.manifests, &other.manifests);
            }
        }
        output.manifests = marks.apply(output.manifests);
        Ok(output)
    }
}
