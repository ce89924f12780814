//! The `list` generator.

use serde_json::Value;

use super::params::Params;
use super::problem::{Fault, Stop};
use crate::plan::gotemplate::Data;
use crate::yaml;

/// The elements as parameters. Simple templates take texts only, and texts in `values`.
pub(super) fn generate(generator: &Value, is_go: bool, at: &str) -> Result<Vec<Params>, Stop> {
    let mut found = Vec::new();
    let elements = match generator.get("elements") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(elements)) => elements,
        Some(_) => return Err(Stop::field(at, "elements", "a list")),
    };
    for (index, element) in elements.iter().enumerate() {
        let at = format!("{at}/elements/{index}");
        found.push(match Data::of_json(element) {
            Data::Null => Params::new(),
            Data::Map(map) if is_go => map,
            Data::Map(map) => texts_of(map, &at)?,
            _ => return Err(Stop::field(&at, "elements", "a list of maps")),
        });
    }
    match generator.get("elementsYaml") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) if text.is_empty() => {}
        Some(Value::String(text)) => found.extend(read_yaml(text, at)?),
        Some(_) => return Err(Stop::field(at, "elementsYaml", "text")),
    }
    Ok(found)
}

fn texts_of(map: Params, at: &str) -> Result<Params, Stop> {
    let mut texts = Params::new();
    for (key, value) in map {
        match value {
            Data::Map(values) if key == "values" => {
                for (key, value) in values {
                    if !matches!(value, Data::Text(_)) {
                        return Err(Stop::field(at, &format!("values.{key}"), "text"));
                    }
                    texts.insert(format!("values.{key}"), value);
                }
            }
            Data::Text(_) if key != "values" => {
                texts.insert(key, value);
            }
            _ if key == "values" => return Err(Stop::field(at, "values", "a map of texts")),
            _ => return Err(Stop::field(at, &key, "text")),
        }
    }
    Ok(texts)
}

/// Elements in a text, which keep their types in either language.
fn read_yaml(text: &str, at: &str) -> Result<Vec<Params>, Stop> {
    let at = format!("{at}/elementsYaml");
    let stream = yaml::read(text.as_bytes(), &yaml::Budget::file());
    if let Some(error) = stream.errors.first() {
        return Err(Stop::fault(
            &at,
            Fault::Field {
                field: format!("elementsYaml ({})", error.message),
                wanted: "YAML",
            },
        ));
    }
    let document = stream.documents.first().filter(|first| first.index == 0);
    let data = document.map_or(Data::Null, |document| Data::of_json(&document.to_json()));
    let items = match data {
        Data::Null => Vec::new(),
        Data::List(items) => items,
        _ => return Err(Stop::field(&at, "elementsYaml", "a list of maps")),
    };
    let as_params = |item| match item {
        Data::Map(map) => Ok(map),
        Data::Null => Ok(Params::new()),
        _ => Err(Stop::field(&at, "elementsYaml", "a list of maps")),
    };
    items.into_iter().map(as_params).collect()
}
