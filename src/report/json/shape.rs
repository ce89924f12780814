//! The objects of the JSON report, field by field in the order they are written.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
pub(super) struct Root<'a> {
    pub(super) schema: &'static str,
    pub(super) verdict: &'static str,
    pub(super) base: Option<String>,
    pub(super) head: Option<String>,
    pub(super) confined: bool,
    pub(super) gates: Gates,
    pub(super) apps: Vec<App<'a>>,
    pub(super) findings: Vec<Finding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) objects: Option<Vec<FileObject<'a>>>,
    pub(super) not_verified: Vec<Unverified<'a>>,
    pub(super) untouched: Vec<LeftOut>,
    pub(super) troubles: Vec<Stopped<'a>>,
    pub(super) judged_with: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
pub(super) struct Gates {
    pub(super) render: &'static str,
    pub(super) schema: &'static str,
    pub(super) policy: &'static str,
    pub(super) preview: &'static str,
}

#[derive(Serialize)]
pub(super) struct App<'a> {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) renderer: &'static str,
    pub(super) sources: Vec<Source<'a>>,
    pub(super) cluster: Option<&'a str>,
    pub(super) namespace: Option<&'a str>,
    pub(super) why: Vec<String>,
    pub(super) declared_by: Option<DeclaredBy<'a>>,
    pub(super) set_change: Option<String>,
    pub(super) outcome: &'static str,
    pub(super) gates: Gates,
    pub(super) base: Option<Rendering>,
    pub(super) head: Option<Rendering>,
    pub(super) problems: Vec<Problem<'a>>,
    pub(super) changes: Vec<Changed<'a>>,
    /// `null` without a preview.
    pub(super) unchanged: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Source<'a> {
    pub(super) repository: Option<&'a str>,
    pub(super) revision: Option<String>,
    pub(super) chart: Option<&'a str>,
    pub(super) path: String,
    pub(super) renderer: &'static str,
}

/// The object that declares an application.
#[derive(Serialize)]
pub(super) struct DeclaredBy<'a> {
    pub(super) app: String,
    pub(super) path: Option<&'a str>,
    pub(super) line: Option<u32>,
    pub(super) set: Option<&'a str>,
    pub(super) on_removal: &'static str,
    pub(super) suspended: bool,
}

#[derive(Serialize)]
pub(super) struct Rendering {
    pub(super) digest: String,
    pub(super) objects: usize,
}

#[derive(Serialize)]
pub(super) struct Problem<'a> {
    pub(super) side: &'static str,
    pub(super) message: &'a str,
    pub(super) path: Option<&'a str>,
    pub(super) line: Option<u32>,
    pub(super) blame: &'static str,
}

#[derive(Serialize)]
pub(super) struct Changed<'a> {
    pub(super) action: &'static str,
    pub(super) object: Object<'a>,
    pub(super) origin: &'static str,
    pub(super) basis: &'static str,
    pub(super) note: Option<&'a str>,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) diff: &'a str,
    pub(super) dangers: Vec<Danger<'a>>,
}

/// `null` on the side where the field is not there.
#[derive(Serialize)]
pub(super) struct Field<'a> {
    pub(super) pointer: &'a str,
    pub(super) before: Option<&'a Value>,
    pub(super) after: Option<&'a Value>,
}

#[derive(Serialize)]
pub(super) struct Danger<'a> {
    pub(super) rule: &'a str,
    pub(super) message: &'a str,
}

#[derive(Serialize)]
pub(super) struct Object<'a> {
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) kind: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) name: &'a str,
}

#[derive(Serialize)]
pub(super) struct Finding<'a> {
    pub(super) id: String,
    pub(super) gate: &'static str,
    pub(super) rule: &'a str,
    pub(super) severity: &'static str,
    pub(super) state: &'static str,
    pub(super) blocks: bool,
    pub(super) app: Option<String>,
    pub(super) object: Option<Object<'a>>,
    pub(super) pointer: Option<&'a str>,
    pub(super) source: Option<Place<'a>>,
    pub(super) message: &'a str,
    pub(super) fix: Option<&'a str>,
    pub(super) url: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) precision: &'static str,
}

#[derive(Serialize)]
pub(super) struct FileObject<'a> {
    pub(super) object: Object<'a>,
    pub(super) source: FilePlace<'a>,
    pub(super) schema: &'static str,
}

#[derive(Serialize)]
pub(super) struct FilePlace<'a> {
    pub(super) path: &'a str,
    pub(super) line: u32,
}

#[derive(Serialize)]
pub(super) struct Unverified<'a> {
    pub(super) app: Option<String>,
    pub(super) object: Option<Object<'a>>,
    pub(super) gate: &'static str,
    pub(super) reason: &'a str,
}

#[derive(Serialize)]
pub(super) struct LeftOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    pub(super) reason: &'static str,
}

#[derive(Serialize)]
pub(super) struct Stopped<'a> {
    pub(super) what: &'a str,
    pub(super) app: Option<String>,
    pub(super) path: Option<&'a str>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    pub(super) blame: &'static str,
    pub(super) hint: Option<&'a str>,
}
