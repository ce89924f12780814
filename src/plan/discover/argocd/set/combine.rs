//! The generators that combine others: `matrix` and `merge`.

use serde_json::{Value, json};

use super::expander::{Expander, Level, SETS};
use super::params::{Params, merge, unite};
use super::problem::{Fault, Stop};
use crate::plan::gotemplate::Data;

impl Expander<'_> {
    /// Every pair of two generators; the second may use what the first gives.
    pub(super) fn matrix(
        &mut self,
        generator: &Value,
        level: Level,
        at: &str,
    ) -> Result<Vec<Params>, Stop> {
        let children = children(generator, at)?;
        let [first, second] = children else {
            return Err(Stop::fault(
                at,
                Fault::Children {
                    wanted: "two",
                    found: children.len(),
                },
            ));
        };
        let firsts = self.child(first, level, &Params::new(), &format!("{at}/generators/0"))?;
        let mut found = Vec::new();
        for first in firsts {
            let seconds = self.child(second, level, &first, &format!("{at}/generators/1"))?;
            for second in seconds {
                let pair = if self.language.is_go {
                    let mut pair = second;
                    merge(&mut pair, &first, true).map(|()| pair)
                } else {
                    unite(&first, &second)
                };
                found.push(pair.map_err(|fault| Stop::fault(at, fault))?);
                if found.len() > SETS {
                    return Err(Stop::fault(at, Fault::Limit("10,000 parameter sets")));
                }
            }
        }
        Ok(found)
    }

    /// The sets of the first generator, each with what later ones give for the same keys.
    pub(super) fn merge(
        &mut self,
        generator: &Value,
        level: Level,
        at: &str,
    ) -> Result<Vec<Params>, Stop> {
        let children = children(generator, at)?;
        if children.len() < 2 {
            return Err(Stop::fault(
                at,
                Fault::Children {
                    wanted: "two or more",
                    found: children.len(),
                },
            ));
        }
        let mut keys: Vec<&str> = super::texts(generator, "/mergeKeys").collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Err(Stop::field(at, "mergeKeys", "a list with a key"));
        }
        let mut sides = Vec::new();
        for (index, child) in children.iter().enumerate() {
            let at = format!("{at}/generators/{index}");
            let sets = self.child(child, level, &Params::new(), &at)?;
            sides.push(keyed(&keys, sets).map_err(|fault| Stop::fault(&at, fault))?);
        }
        let mut sides = sides.into_iter();
        let mut found = sides.next().unwrap_or_default();
        for side in sides {
            for (key, params) in &mut found {
                let Some((_, more)) = side.iter().find(|(other, _)| other == key) else {
                    continue;
                };
                if self.language.is_go {
                    merge(params, more, true).map_err(|fault| Stop::fault(at, fault))?;
                } else {
                    params.extend(more.clone());
                }
            }
        }
        Ok(found.into_iter().map(|(_, params)| params).collect())
    }
}

fn children<'a>(generator: &'a Value, at: &str) -> Result<&'a [Value], Stop> {
    match generator.get("generators").and_then(Value::as_array) {
        Some(children) => Ok(children),
        None => Err(Stop::field(at, "generators", "a list")),
    }
}

/// Each set with the text of its merge keys, which no other has.
fn keyed(keys: &[&str], sets: Vec<Params>) -> Result<Vec<(String, Params)>, Fault> {
    let mut found: Vec<(String, Params)> = Vec::with_capacity(sets.len());
    let mut seen = std::collections::BTreeSet::new();
    for params in sets {
        let values: Vec<Value> = keys
            .iter()
            .map(|key| json!([key, params.get(*key).map_or(Value::Null, to_json)]))
            .collect();
        let key = Value::Array(values).to_string();
        if !seen.insert(key.clone()) {
            return Err(Fault::NotUnique(key));
        }
        found.push((key, params));
    }
    Ok(found)
}

fn to_json(data: &Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(bool) => json!(bool),
        Data::Number(number) => json!(number),
        Data::Text(text) => json!(text),
        Data::List(items) => items.iter().map(to_json).collect(),
        Data::Texts(texts) => json!(texts),
        Data::Map(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), to_json(value)))
            .collect(),
        Data::TextMap(map) => json!(map),
    }
}
