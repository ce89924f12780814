//! What is not compared because it differs from render to render: said once for each application.

use std::collections::BTreeSet;

use crate::finding::{Gate, NotVerified};
use crate::render::RenderedApp;

/// Values that are named; the rest is counted.
const NAMED: usize = 5;

/// One line for each application with such values.
pub(super) fn find_unstable(rendered: &[RenderedApp]) -> Vec<NotVerified> {
    rendered.iter().filter_map(describe).collect()
}

fn describe(app: &RenderedApp) -> Option<NotVerified> {
    let manifests = [&app.base, &app.head]
        .into_iter()
        .filter_map(|outcome| outcome.manifests());
    let values: BTreeSet<String> = manifests
        .flatten()
        .filter_map(|manifest| Some((manifest.object(), manifest.unstable()?)))
        .flat_map(|(object, unstable)| {
            let pointers = unstable.pointers.iter();
            let keys = unstable.maps.keys().map(|map| format!("{map}/*"));
            let places = pointers.cloned().chain(keys);
            places.map(move |place| format!("{object} {place}"))
        })
        .collect();
    let count = values.len();
    let named: Vec<&str> = values.iter().map(String::as_str).take(NAMED).collect();
    let more = match count.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let differ = if count == 1 {
        "1 value differs"
    } else {
        &format!("{count} values differ")
    };
    (count > 0).then(|| NotVerified {
        app: Some(app.id.clone()),
        object: None,
        gate: Gate::Render,
        reason: format!(
            "{differ} from render to render (random or time-based) and are not compared: {}{more}",
            named.join(", ")
        ),
    })
}
