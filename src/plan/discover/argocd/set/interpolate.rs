//! A generator filled in with the parameters of the one before it in a matrix.

use serde_json::{Map, Value};

use super::params::Params;
use super::problem::Stop;
use super::template::Language;

/// Generators whose `values` are filled in a second time, when their own parameters are known.
const WITH_VALUES: [&str; 7] = [
    "clusters",
    "git",
    "scmProvider",
    "clusterDecisionResource",
    "pullRequest",
    "plugin",
    "oci",
];

/// The same generator with its templates filled in. Of `values`, what needs the generator's own
/// parameters stays.
pub(super) fn interpolate(
    language: &Language,
    kind: &str,
    generator: &Value,
    params: &Params,
    at: &str,
) -> Result<Value, Stop> {
    let Value::Object(fields) = generator else {
        return language.fill_value(generator, params, at);
    };
    let mut filled = Map::with_capacity(fields.len());
    for (key, value) in fields {
        let value = match (key.as_str(), value) {
            ("values", Value::Object(values)) if WITH_VALUES.contains(&kind) => {
                let mut known = Map::with_capacity(values.len());
                for (key, value) in values {
                    let value = match value {
                        Value::String(text) => {
                            Value::String(language.fill_known(text, params, at)?)
                        }
                        other => other.clone(),
                    };
                    known.insert(key.clone(), value);
                }
                Value::Object(known)
            }
            ("generators", Value::Array(children)) => Value::Array(
                children
                    .iter()
                    .map(|child| interpolate_child(language, child, params, at))
                    .collect::<Result<_, _>>()?,
            ),
            (_, value) => language.fill_value(value, params, at)?,
        };
        filled.insert(key.clone(), value);
    }
    Ok(Value::Object(filled))
}

fn interpolate_child(
    language: &Language,
    child: &Value,
    params: &Params,
    at: &str,
) -> Result<Value, Stop> {
    let Value::Object(kinds) = child else {
        return Ok(child.clone());
    };
    let mut filled = Map::with_capacity(kinds.len());
    for (kind, generator) in kinds {
        filled.insert(
            kind.clone(),
            interpolate(language, kind, generator, params, at)?,
        );
    }
    Ok(Value::Object(filled))
}
