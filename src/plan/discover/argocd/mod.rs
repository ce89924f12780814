//! Argo CD: `Application` and `ApplicationSet` objects of what was rendered so far.

mod application;
mod chart;
mod directory;
mod environment;
mod generated;
mod images;
mod kustomize;
mod namesakes;
mod overrides;
mod pattern;
pub mod set;
mod source;
mod tool;
mod value_files;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Scope;
use crate::ids::{AppId, Digest, RepoPath};
use crate::plan::seen::{Seen, SeenObject};
use crate::plan::{AppSide, Refusal, RefusalKind, parallel};

/// Group of Argo CD's kinds.
const GROUP: &str = "argoproj.io";

/// Adds every application that these objects declare.
pub(in crate::plan) fn declare(
    scope: &Scope<'_>,
    seen: &Seen<'_>,
    found: &mut BTreeMap<AppId, AppSide>,
) {
    let of_kind = |kind: &str| -> Vec<&SeenObject<'_>> {
        let objects = seen.objects.iter().filter(|object| {
            let named = object.manifest.object();
            named.group == GROUP && named.kind == kind
        });
        objects.collect()
    };
    let (objects, sets) = (of_kind("Application"), of_kind("ApplicationSet"));
    if objects.is_empty() && sets.is_empty() {
        return;
    }
    let tree = scope.tree.digest();
    let mut composed = parallel::map(scope.tree, &objects, |_, object| {
        let place = Place { object };
        scope.cache.composed.read(place.key(tree), || {
            application::compose(scope, &place, object.manifest.value(), None)
        })
    });
    let budget = set::SetBudget::default();
    for object in sets {
        let place = Place { object };
        composed.extend(generated::compose_all(scope, &place, tree, &budget));
    }
    // Stable: of one name the first stays the first.
    composed.sort_by(|one, other| one.0.cmp(&other.0));
    for of_one_name in composed.chunk_by(|one, other| one.0 == other.0) {
        let sides: Vec<&AppSide> = of_one_name.iter().map(|app| &app.1).collect();
        if let Some(app) = of_one_name.first() {
            namesakes::settle(&app.0, &sides, found);
        }
    }
}

/// The object that declares an application, or generates it.
#[derive(Clone)]
struct Place<'a> {
    object: &'a SeenObject<'a>,
}

impl Place<'_> {
    /// Everything that decides about the application, the configuration aside.
    fn key(&self, tree: Digest) -> Digest {
        let object = self.object;
        let provenance = object.manifest.provenance();
        let text = format!(
            "{tree} {} {} {} {:?} {:?} {}",
            object.manifest.digest(),
            object.parent,
            object.parent_cluster,
            object.namespace,
            provenance.path,
            provenance.line,
        );
        Digest::of(text.as_bytes())
    }

    /// A refusal that points at the object.
    fn refuse(&self, kind: RefusalKind, text: impl Into<String>) -> Refusal {
        let provenance = self.object.manifest.provenance();
        Refusal {
            kind,
            path: provenance.path.clone().unwrap_or_else(RepoPath::root),
            line: provenance.line,
            text: text.into(),
        }
    }
}

/// A text at a pointer; empty texts count as absent, as for Argo CD.
fn find_text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The texts of a list; anything else in it is passed over.
fn texts<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// True for a field that says so.
fn is_true(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// The texts of a mapping.
fn text_map(value: &Value, pointer: &str) -> BTreeMap<String, String> {
    let map = value.pointer(pointer).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}
