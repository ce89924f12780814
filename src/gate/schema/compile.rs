//! From a schema as JSON to a [`Shape`]. Never fails: what a broken schema leaves open is found by
//! the check of the CustomResourceDefinition itself.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::bundle::{Bundle, NameId};
use super::format::Format;
use super::shape::{Bound, Checks, List, Null, Pattern, Rest, Shape, Special, Target, Types};

/// Full name of the definition of `metadata`.
pub(super) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Reads schemas of one origin.
#[derive(Clone, Copy)]
pub(super) struct Compiler<'a> {
    bundle: &'a Bundle,
    locals: Option<&'a HashMap<String, usize>>,
    object_meta: Option<NameId>,
    origin: Origin,
    /// True for the bundle: references are names, and our own words count.
    bundled: bool,
}

/// Whose rules a schema follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A type of Kubernetes itself: a null is an absent field; closed where fields are listed.
    BuiltIn,
    /// A structural schema of a custom resource: closed unless it says otherwise.
    Custom,
    /// A branch of `anyOf` and the like, which narrows and never closes.
    Branch,
}

impl<'a> Compiler<'a> {
    /// For the embedded bundle.
    pub(super) fn bundle(bundle: &'a Bundle) -> Self {
        Self {
            bundle,
            locals: None,
            object_meta: bundle.find_name(OBJECT_META),
            origin: Origin::BuiltIn,
            bundled: true,
        }
    }

    /// For the `openAPIV3Schema` of a CustomResourceDefinition.
    pub(super) fn custom(bundle: &'a Bundle) -> Self {
        Self {
            origin: Origin::Custom,
            bundled: false,
            ..Self::bundle(bundle)
        }
    }

    /// For a document of `/openapi/v3` whose schemas have these numbers.
    pub(super) fn live(bundle: &'a Bundle, locals: &'a HashMap<String, usize>) -> Self {
        Self {
            locals: Some(locals),
            bundled: false,
            ..Self::bundle(bundle)
        }
    }

    /// The same document, for a schema of a custom resource.
    pub(super) fn for_custom(self) -> Self {
        Self {
            origin: Origin::Custom,
            ..self
        }
    }

    /// The shape of one definition of Kubernetes, which may have a meaning by its name.
    pub(super) fn compile_named(self, name: &str, schema: &Value) -> Shape {
        let mut shape = self.compile(schema);
        if name.ends_with(".api.resource.Quantity") {
            shape = Shape {
                special: Special::Quantity,
                ..Shape::default()
            };
        }
        if name.ends_with(".meta.v1.ObjectMeta") {
            shape.special = Special::ObjectMeta;
        }
        shape
    }

    /// The shape of a whole custom resource: `apiVersion`, `kind` and `metadata` are always there,
    /// and `metadata` is judged as Kubernetes judges it.
    pub(super) fn compile_custom_root(self, schema: &Value) -> Shape {
        let mut shape = self.compile(schema);
        self.embed(&mut shape);
        shape
    }

    /// The shape of a schema.
    pub(super) fn compile(self, schema: &Value) -> Shape {
        let Value::Object(schema) = schema else {
            return Shape::default();
        };
        if let Some(target) = self.find_target(schema) {
            let default = schema.get("default").filter(|value| !value.is_null());
            return Shape {
                target: Some(target),
                default: default.cloned(),
                ..Shape::default()
            };
        }
        let mut shape = Shape {
            types: types(schema),
            special: special(schema),
            properties: self.properties(schema),
            required: words(schema.get("required")),
            rest: self.rest(schema),
            items: schema
                .get("items")
                .filter(|items| items.is_object())
                .map(|items| Box::new(self.compile(items))),
            list: list(schema),
            unique: self.bundled && flag(schema, "x-drydock-unique"),
            default: schema.get("default").cloned(),
            checks: self.checks(schema),
            ..Shape::default()
        };
        shape.null = self.null(schema, &shape);
        if flag(schema, "x-kubernetes-embedded-resource") {
            self.embed(&mut shape);
            shape.required = ["apiVersion", "kind"]
                .into_iter()
                .map(Box::from)
                .chain(shape.required)
                .collect();
        }
        shape
    }

    fn find_target(self, schema: &Map<String, Value>) -> Option<Target> {
        let reference = schema.get("$ref").or_else(|| {
            // How Kubernetes' own OpenAPI v3 attaches a default to a reference.
            match schema.get("allOf").and_then(Value::as_array)?.as_slice() {
                [Value::Object(only)] if only.len() == 1 => only.get("$ref"),
                _ => None,
            }
        })?;
        let reference = reference.as_str().unwrap_or_default();
        let found = match self.locals {
            Some(locals) => reference
                .strip_prefix("#/components/schemas/")
                .and_then(|name| locals.get(name))
                .map(|number| Target::Local(*number)),
            None if self.bundled => self.bundle.find_name(reference).map(Target::Bundle),
            None => None,
        };
        Some(found.unwrap_or(Target::Missing))
    }

    fn properties(self, schema: &Map<String, Value>) -> HashMap<Box<str>, Shape> {
        let Some(Value::Object(properties)) = schema.get("properties") else {
            return HashMap::new();
        };
        properties
            .iter()
            .map(|(name, schema)| (name.as_str().into(), self.compile(schema)))
            .collect()
    }

    fn rest(self, schema: &Map<String, Value>) -> Rest {
        if flag(schema, "x-kubernetes-preserve-unknown-fields") {
            return Rest::Open;
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => Rest::Closed,
            Some(each @ Value::Object(_)) => Rest::Each(Box::new(self.compile(each))),
            Some(_) => Rest::Open,
            None => match self.origin {
                Origin::BuiltIn if schema.contains_key("properties") => Rest::Closed,
                Origin::Custom if types(schema).has(Types::OBJECT) => Rest::Closed,
                _ => Rest::Open,
            },
        }
    }

    fn null(self, schema: &Map<String, Value>, shape: &Shape) -> Null {
        if self.origin == Origin::BuiltIn || self.bundled {
            return Null::Absent;
        }
        let listed = schema
            .get("type")
            .and_then(Value::as_array)
            .is_some_and(|types| types.iter().any(|word| word == "null"));
        let untyped = shape.types.is_any() && shape.special == Special::Plain;
        if untyped || listed || flag(schema, "nullable") || shape.default.is_some() {
            Null::Allowed
        } else {
            Null::Refused
        }
    }

    /// Adds what every object has.
    fn embed(self, shape: &mut Shape) {
        for name in ["apiVersion", "kind"] {
            shape
                .properties
                .entry(name.into())
                .or_insert_with(|| Shape {
                    types: Types::STRING,
                    ..Shape::default()
                });
        }
        let Some(object_meta) = self.object_meta else {
            return;
        };
        let declared = shape.properties.remove("metadata");
        let whole = Shape {
            target: Some(Target::Bundle(object_meta)),
            ..Shape::default()
        };
        // What the schema adds, such as a pattern of the name, still holds.
        let metadata = match declared {
            Some(mut declared) if declared.target.is_none() => {
                declared.rest = Rest::Open;
                declared.null = Null::Absent;
                Shape {
                    checks: Some(Box::new(Checks {
                        all_of: vec![whole, declared],
                        ..Checks::default()
                    })),
                    ..Shape::default()
                }
            }
            _ => whole,
        };
        shape.properties.insert("metadata".into(), metadata);
    }

    fn checks(self, schema: &Map<String, Value>) -> Option<Box<Checks>> {
        const WORDS: [&str; 18] = [
            "enum",
            "format",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "pattern",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "uniqueItems",
            "not",
            "allOf",
            "x-drydock-format",
        ];
        let any = WORDS
            .into_iter()
            .chain(["anyOf", "oneOf"])
            .any(|word| schema.contains_key(word));
        if !any {
            return None;
        }
        let count = |word: &str| schema.get(word).and_then(Value::as_u64);
        // `anyOf: [integer, string]` only repeats what int-or-string says.
        let branches = |word: &str| -> Vec<Shape> {
            if word != "allOf" && special(schema) == Special::IntOrString {
                return Vec::new();
            }
            self.branches(schema.get(word))
        };
        Some(Box::new(Checks {
            allowed: schema.get("enum").and_then(Value::as_array).cloned(),
            format: self.format(schema),
            minimum: bound(schema, "minimum", "exclusiveMinimum"),
            maximum: bound(schema, "maximum", "exclusiveMaximum"),
            multiple_of: schema.get("multipleOf").and_then(Value::as_f64),
            pattern: schema
                .get("pattern")
                .and_then(Value::as_str)
                .map(Pattern::new),
            length: (count("minLength"), count("maxLength")),
            items: (count("minItems"), count("maxItems")),
            fields: (count("minProperties"), count("maxProperties")),
            unique: flag(schema, "uniqueItems"),
            all_of: branches("allOf"),
            any_of: branches("anyOf"),
            one_of: branches("oneOf"),
            not: schema
                .get("not")
                .map(|not| Box::new(self.for_branch().compile(not))),
        }))
    }

    fn format(self, schema: &Map<String, Value>) -> Option<Format> {
        let word = |key: &str| schema.get(key).and_then(Value::as_str);
        let own = word("x-drydock-format").filter(|_| self.bundled);
        own.and_then(Format::parse_own)
            .or_else(|| word("format").and_then(Format::parse))
    }

    fn for_branch(self) -> Self {
        Self {
            origin: Origin::Branch,
            ..self
        }
    }

    fn branches(self, list: Option<&Value>) -> Vec<Shape> {
        list.and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|branch| self.for_branch().compile(branch))
            .collect()
    }
}

fn flag(schema: &Map<String, Value>, word: &str) -> bool {
    schema.get(word) == Some(&Value::Bool(true))
}

fn words(list: Option<&Value>) -> Box<[Box<str>]> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(Box::from)
        .collect()
}

fn types(schema: &Map<String, Value>) -> Types {
    match schema.get("type") {
        Some(Value::String(word)) => Types::parse(word).unwrap_or_default(),
        Some(Value::Array(words)) => words
            .iter()
            .filter_map(|word| Types::parse(word.as_str()?))
            .fold(Types::default(), Types::with),
        _ => Types::default(),
    }
}

fn special(schema: &Map<String, Value>) -> Special {
    let format = schema.get("format").and_then(Value::as_str);
    if flag(schema, "x-kubernetes-int-or-string") || format == Some("int-or-string") {
        Special::IntOrString
    } else if flag(schema, "x-kubernetes-quantity") {
        Special::Quantity
    } else {
        Special::Plain
    }
}

fn list(schema: &Map<String, Value>) -> List {
    match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => List::Set,
        Some("map") => List::Keyed(words(schema.get("x-kubernetes-list-map-keys"))),
        _ => List::Atomic,
    }
}

/// A bound in either way of writing an exclusive one: as a flag beside it, or as a number.
fn bound(schema: &Map<String, Value>, word: &str, exclusive: &str) -> Option<Bound> {
    if let Some(Value::Number(number)) = schema.get(exclusive) {
        return Some(Bound {
            number: number.clone(),
            exclusive: true,
        });
    }
    match schema.get(word) {
        Some(Value::Number(number)) => Some(Bound {
            number: number.clone(),
            exclusive: flag(schema, exclusive),
        }),
        _ => None,
    }
}
