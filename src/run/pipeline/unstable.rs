//! Findings about what comes and goes from render to render: it cannot be judged by one of them.

use crate::finding::{Finding, Gate, Severity};
use crate::gate::position;
use crate::ids::AppId;
use crate::object::Manifest;
use crate::render::{RenderedApp, Rendering};

use super::pairs::is_passed_over;

/// The rule about what is not in every render.
pub(super) const COMES_AND_GOES: &str = "render.comes-and-goes";

/// One finding for each object that not every render has, and for each map or list of another shape.
/// They are the same for the same files.
pub(super) fn find(app: &RenderedApp, rendering: &Rendering) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(problem) = &rendering.fails_elsewhere {
        let message = format!(
            "another render of the same files fails, so what a later deployment does is not known: {problem}"
        );
        found.push(of_app(&app.id, message, problem.clone()));
    }
    for manifest in &rendering.manifests {
        let Some(unstable) = manifest.unstable() else {
            continue;
        };
        if is_passed_over(app, manifest) {
            continue;
        }
        if unstable.is_missing_elsewhere {
            let message = "another render of the same files does not give this object, so a later deployment may delete it";
            found.push(of_object(&app.id, manifest, message, String::new()));
        }
        let keys = unstable.maps.keys().map(|pointer| (pointer, "other keys"));
        let rest = unstable.uneven.iter();
        let rest = rest.map(|pointer| (pointer, "another length or another kind of value"));
        for (pointer, what) in keys.chain(rest) {
            found.push(of_shape(&app.id, manifest, pointer, what));
        }
    }
    for other in rendering.others.iter().filter(|other| other.is_further) {
        if is_passed_over(app, &other.manifest) {
            continue;
        }
        let message = "another render of the same files gives this object, so a later deployment may create it";
        // What it is belongs to it: an older one that changes is a new one.
        let subject = other.manifest.digest().to_string();
        found.push(of_object(&app.id, &other.manifest, message, subject));
    }
    found
}

fn of_app(app: &AppId, message: String, subject: String) -> Finding {
    Finding {
        gate: Gate::Render,
        rule: COMES_AND_GOES.to_owned(),
        severity: Severity::Error,
        app: Some(app.clone()),
        object: None,
        pointer: None,
        source: None,
        message,
        fix: Some("do not let it depend on the time or on chance whether it renders".to_owned()),
        url: None,
        subject,
    }
}

fn of_object(app: &AppId, manifest: &Manifest, message: &str, subject: String) -> Finding {
    Finding {
        object: Some(manifest.object().clone()),
        source: position::place("", true, manifest),
        fix: Some(
            "do not let it depend on the time or on chance whether the object exists".to_owned(),
        ),
        ..of_app(app, message.to_owned(), subject)
    }
}

fn of_shape(app: &AppId, manifest: &Manifest, pointer: &str, what: &str) -> Finding {
    let place = if pointer.is_empty() {
        "the object"
    } else {
        pointer
    };
    Finding {
        gate: Gate::Render,
        rule: "render.unstable-shape".to_owned(),
        severity: Severity::Warning,
        app: Some(app.clone()),
        object: Some(manifest.object().clone()),
        pointer: Some(pointer.to_owned()),
        source: position::place(pointer, true, manifest),
        message: format!("`{place}` has {what} in another render of the same files"),
        fix: Some("let only single values depend on the time or on chance".to_owned()),
        url: None,
        subject: what.to_owned(),
    }
}
