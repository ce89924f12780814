//! What a rule in Drydock's dialect sees as `input`: version 1 of the contract.
//!
//! | field | meaning |
//! |---|---|
//! | `version` | 1; fields are added without a new version, never renamed |
//! | `object` | the object as it will be; `null` when the change removes it |
//! | `old` | the object as it was rendered before; `null` when the change adds it |
//! | `operation` | `CREATE`, `UPDATE`, `DELETE` or `UNCHANGED` |
//! | `role` | `object`, `hook`, `crd` or `test` |
//! | `app` | `{id, name, path, renderer, namespace}`, or `null` for files without an application |
//! | `cluster` | `{name}`, or `null` without a destination |
//!
//! `data.objects` holds every object of the same application and side. The state before the change
//! is judged as if nothing happened to it (`old` equals `object`, operation `UNCHANGED`), so that only
//! rules about a transition tell the two apart. The JSON Schema is `fixtures/policy-input.schema.json`.

use regorus::Value;
use serde::{Deserialize, Serialize};

/// The version of the contract.
pub const INPUT_VERSION: u64 = 1;

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// Only after the change.
    Create,
    /// Before and after, different.
    Update,
    /// Only before the change.
    Delete,
    /// Before and after, equal; also every object of the state before.
    Unchanged,
}

impl Operation {
    /// The word of the input.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Unchanged => "UNCHANGED",
        }
    }
}

/// The application an object belongs to, as policies see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppInput {
    /// Full id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Root folder in the repository.
    pub path: String,
    /// `directory`, `kustomize` or `helm`.
    pub renderer: String,
    /// Namespace for objects that name none, where one is declared.
    pub namespace: Option<String>,
}

/// One object to be judged, in the engine's own values (shared, so that cloning is cheap).
#[derive(Debug, Clone)]
pub(in crate::gate) struct Subject {
    /// As it will be.
    pub(in crate::gate) object: Option<Value>,
    /// As it was.
    pub(in crate::gate) old: Option<Value>,
    /// What happens.
    pub(in crate::gate) operation: Operation,
    /// `object`, `hook`, `crd`, `test`.
    pub(in crate::gate) role: String,
}

/// What is the same for all objects of a batch.
#[derive(Debug, Clone)]
pub(in crate::gate) struct Surroundings {
    app: Value,
    cluster: Value,
}

impl Surroundings {
    pub(in crate::gate) fn new(app: Option<&AppInput>, cluster: Option<&str>) -> Self {
        let app = app.map_or(Value::Null, |app| {
            object([
                ("id", Value::from(app.id.as_str())),
                ("name", Value::from(app.name.as_str())),
                ("path", Value::from(app.path.as_str())),
                ("renderer", Value::from(app.renderer.as_str())),
                (
                    "namespace",
                    app.namespace.as_deref().map_or(Value::Null, Value::from),
                ),
            ])
        });
        let cluster = cluster.map_or(Value::Null, |name| object([("name", Value::from(name))]));
        Self { app, cluster }
    }

    /// The input document for one object.
    pub(super) fn input(&self, subject: &Subject) -> Value {
        let or_null = |value: &Option<Value>| value.clone().unwrap_or(Value::Null);
        object([
            ("version", Value::from(INPUT_VERSION)),
            ("object", or_null(&subject.object)),
            ("old", or_null(&subject.old)),
            ("operation", Value::from(subject.operation.word())),
            ("role", Value::from(subject.role.as_str())),
            ("app", self.app.clone()),
            ("cluster", self.cluster.clone()),
        ])
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields
        .into_iter()
        .map(|(key, value)| (Value::from(key), value))
        .collect::<regorus::value::Object>()
        .into_value()
}
