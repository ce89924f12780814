//! Schema gate: judges objects against the schemas of the cluster they go to.
//!
//! A schema comes from the CustomResourceDefinitions of the change, from the OpenAPI documents of the
//! live cluster, or from the embedded bundle, in this order: what merging applies outweighs what the
//! cluster has, and that outweighs what its version usually has. Objects are judged as a strict
//! server judges them: unknown fields are findings, a null field of a built-in kind is an absent one.
//!
//! Pure. An object without a schema is never valid, and what could not be checked is always in the
//! judgement's note.

mod bundle;
mod compile;
mod crd;
mod custom;
mod format;
mod judgement;
mod lists;
mod live;
mod names;
mod narrow;
mod phrase;
mod shape;
mod text;
mod unknown;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::cluster_facts::KubernetesVersion;
use crate::finding::Severity;
use crate::ids::ObjectRef;

pub use judgement::{Judgement, RawFinding, Status};
pub use text::{duplicate_key_finding, oddity_finding};

use bundle::{Bundle, Slot};
use custom::{Custom, Entry, Found};
use live::Live;
use names::NameRule;
use phrase::Path;
use shape::Shape;
use walk::{Family, Walk};

/// The schemas of one destination.
#[derive(Debug)]
pub struct Schemas {
    version: KubernetesVersion,
    custom: Custom,
    live: Option<Live>,
}

/// Where an object's schema comes from.
enum Origin<'s> {
    Shape {
        shape: &'s Shape,
        locals: &'s [Shape],
        family: Family,
        drops_status: bool,
    },
    /// Nothing fits; these findings say why.
    Refused(RawFinding),
    /// No schema, for this reason.
    Unknown(String),
    /// A schema that cannot be used, for this reason.
    Unusable(String),
}

impl Schemas {
    /// The schemas of a cluster of this version. A version newer than the embedded ones is judged by
    /// the newest, and every judgement says so; an older one makes every judgement an error.
    ///
    /// `crds` are the CustomResourceDefinitions of the trees, those of the judged side first: of
    /// several for one kind the first counts. `openapi` are documents of `/openapi/v3` by path, such
    /// as `apis/apps/v1`.
    pub fn new<'v>(
        version: KubernetesVersion,
        crds: impl IntoIterator<Item = &'v Value>,
        openapi: Option<&BTreeMap<String, Arc<Value>>>,
    ) -> Self {
        let custom =
            Bundle::embedded().map_or_else(Custom::default, |bundle| Custom::new(bundle, crds));
        Self {
            version,
            custom,
            live: openapi.map(Live::new),
        }
    }

    /// Adds the JSON Schema of one kind, such as a file of a schema catalogue. A definition of the
    /// same kind and version counts more.
    pub fn add_schema(&mut self, group: &str, version: &str, kind: &str, schema: &Value) {
        if let Some(bundle) = Bundle::embedded() {
            self.custom
                .add_schema(bundle, (group, version, kind), schema);
        }
    }

    /// Judges one object.
    pub fn judge(&self, object: &Value) -> Judgement {
        let Value::Object(fields) = object else {
            let message = format!("the document must be a map, is {}", phrase::kind(object));
            return invalid(vec![whole("schema.type", message)]);
        };
        let missing = missing_type(fields);
        let (Some(api_version), Some(kind)) = (text(fields, "apiVersion"), text(fields, "kind"))
        else {
            return invalid(missing);
        };
        let Some(bundle) = Bundle::embedded() else {
            return unusable("the embedded schemas are damaged".to_owned());
        };
        let Some(slot) = Slot::find(self.version) else {
            return unusable(format!(
                "Kubernetes {} is older than {}, the oldest version with embedded schemas",
                self.version,
                KubernetesVersion::OLDEST
            ));
        };
        let (group, version) = ObjectRef::split_api_version(api_version);
        let gvk = Gvk {
            group: &group,
            version: &version,
            kind,
        };
        let mut judged = self.judge_kind(bundle, slot, &gvk, object);
        let own = bundle.find_kind(&group, &version, kind).is_some();
        let rule = if own {
            NameRule::of(&group, kind)
        } else {
            NameRule::Subdomain
        };
        judged.findings.extend(names::check_name(fields, rule));
        self.finish(judged)
    }

    fn judge_kind(&self, bundle: &Bundle, slot: Slot, gvk: &Gvk<'_>, object: &Value) -> Judgement {
        match self.find_origin(bundle, slot, gvk) {
            Origin::Unknown(why) => Judgement {
                status: Status::NoSchema,
                findings: Vec::new(),
                note: Some(why),
            },
            Origin::Unusable(why) => unusable(why),
            Origin::Refused(finding) => invalid(vec![finding]),
            Origin::Shape {
                shape,
                locals,
                family,
                drops_status,
            } => {
                let mut walk = Walk::new(bundle, slot, locals, family);
                walk.hidden = gvk.is_secret();
                walk.drops_status = drops_status;
                walk.value(shape, object, Path::ROOT);
                let mut findings = walk.findings;
                if gvk.is_definition() {
                    findings.extend(crd::check(object));
                }
                if let Some(known) = bundle.find_kind(gvk.group, gvk.version, gvk.kind) {
                    findings.extend(unknown::warn_deprecated(bundle, slot, known));
                }
                walk.unchecked.sort();
                walk.unchecked.dedup();
                let note = (!walk.unchecked.is_empty()).then(|| walk.unchecked.join("; "));
                Judgement {
                    status: Status::Valid,
                    findings,
                    note,
                }
            }
        }
    }

    fn find_origin<'s>(&'s self, bundle: &'s Bundle, slot: Slot, gvk: &Gvk<'_>) -> Origin<'s> {
        match self.custom.find(gvk.group, gvk.version, gvk.kind) {
            Found::Entry(Entry::Schema {
                shape,
                drops_status,
            }) => {
                return Origin::Shape {
                    shape,
                    locals: &[],
                    family: Family::Custom,
                    drops_status: *drops_status,
                };
            }
            Found::Entry(Entry::Unusable(why)) => return Origin::Unusable(why.clone()),
            Found::Entry(Entry::NotServed) => {
                let served = self.custom.served(gvk.group, gvk.kind);
                return Origin::Refused(unserved(gvk, &served.into_iter().collect::<Vec<_>>()));
            }
            Found::OtherVersions(served) => {
                return Origin::Refused(unserved(gvk, &served.into_iter().collect::<Vec<_>>()));
            }
            Found::Unknown => {}
        }
        let book = self
            .live
            .as_ref()
            .and_then(|live| live.find(bundle, gvk.group, gvk.version));
        if let Some((book, (shape, family))) =
            book.and_then(|book| Some((book, book.find(gvk.kind)?)))
        {
            return Origin::Shape {
                shape,
                locals: &book.shapes,
                family,
                drops_status: true,
            };
        }
        let known = bundle
            .find_kind(gvk.group, gvk.version, gvk.kind)
            .filter(|known| known.is_served(slot));
        if let Some(shape) = known.and_then(|known| bundle.find_shape(known.definition, slot)) {
            return Origin::Shape {
                shape,
                locals: &[],
                family: Family::BuiltIn,
                drops_status: true,
            };
        }
        if let Some(finding) = unknown::judge(bundle, slot, gvk.group, gvk.version, gvk.kind) {
            return Origin::Refused(finding);
        }
        let near = phrase::find_nearest(gvk.kind, self.custom.kinds_of(gvk.group));
        let hint = near.map_or_else(String::new, |near| format!("; the tree defines {near}"));
        Origin::Unknown(format!("no schema is known for {gvk}{hint}"))
    }

    /// Order, status and the note about a newer version.
    fn finish(&self, mut judged: Judgement) -> Judgement {
        judged.findings.sort();
        judged.findings.dedup();
        let wrong = judged
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        if wrong && judged.status != Status::Error {
            judged.status = Status::Invalid;
        }
        if self.version > KubernetesVersion::NEWEST && judged.status != Status::Error {
            let newer = format!(
                "Kubernetes {} is newer than the embedded schemas; judged as {}",
                self.version,
                KubernetesVersion::NEWEST
            );
            judged.note = Some(
                judged
                    .note
                    .map_or(newer.clone(), |note| format!("{newer}; {note}")),
            );
        }
        judged
    }
}

/// Group, version and kind of an object.
struct Gvk<'o> {
    group: &'o str,
    version: &'o str,
    kind: &'o str,
}

impl Gvk<'_> {
    fn is_secret(&self) -> bool {
        self.group.is_empty() && self.kind == "Secret"
    }

    fn is_definition(&self) -> bool {
        self.group == "apiextensions.k8s.io" && self.kind == "CustomResourceDefinition"
    }
}

impl std::fmt::Display for Gvk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            group,
            version,
            kind,
        } = self;
        let slash = if group.is_empty() { "" } else { "/" };
        f.write_str(&phrase::shorten(&format!("{group}{slash}{version} {kind}")))
    }
}

/// The error about a version that a definition of the tree does not serve.
fn unserved(gvk: &Gvk<'_>, served: &[&str]) -> RawFinding {
    let message = format!(
        "its definition does not serve version `{}` of {}",
        phrase::shorten(gvk.version),
        gvk.kind
    );
    let fix = match served {
        [] => None,
        [only] => Some(format!("write `apiVersion: {}/{only}`", gvk.group)),
        several => Some(format!("served are {}", several.join(", "))),
    };
    RawFinding {
        pointer: "/apiVersion".to_owned(),
        rule: "schema.unserved-api",
        message,
        fix,
        subject: gvk.version.to_owned(),
        severity: Severity::Error,
        at_key: false,
    }
}

/// A text that is there and not empty.
fn text<'o>(fields: &'o Map<String, Value>, key: &str) -> Option<&'o str> {
    fields
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

fn missing_type(fields: &Map<String, Value>) -> Vec<RawFinding> {
    ["apiVersion", "kind"]
        .into_iter()
        .filter(|key| text(fields, key).is_none())
        .map(|key| match fields.get(key) {
            None | Some(Value::Null) => whole("schema.required", format!("`{key}` is required")),
            Some(value) => RawFinding {
                pointer: format!("/{key}"),
                ..whole(
                    "schema.type",
                    format!(
                        "`{key}` must be a string that is not empty, is {}",
                        phrase::kind(value)
                    ),
                )
            },
        })
        .collect()
}

/// An error about the object as a whole.
fn whole(rule: &'static str, message: String) -> RawFinding {
    RawFinding {
        pointer: String::new(),
        rule,
        subject: message.clone(),
        message,
        fix: None,
        severity: Severity::Error,
        at_key: true,
    }
}

fn invalid(findings: Vec<RawFinding>) -> Judgement {
    Judgement {
        status: Status::Invalid,
        findings,
        note: None,
    }
}

fn unusable(why: String) -> Judgement {
    Judgement {
        status: Status::Error,
        findings: Vec::new(),
        note: Some(why),
    }
}
