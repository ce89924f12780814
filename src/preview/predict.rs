//! What an apply would make of a live object, where the server was not asked: an estimate from the
//! live object and the two renderings.

use serde_json::{Map, Value};

use super::difference::item_names;

/// The live object after the desired state is laid over it: fields of `desired` win, fields that
/// only `previous` had go, everything else stays as it is.
pub(super) fn predict(live: &Value, previous: Option<&Value>, desired: &Value) -> Value {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => Value::Object(predict_map(
            live,
            previous.and_then(Value::as_object),
            desired,
        )),
        (Value::Array(live), Value::Array(desired)) => {
            let previous = previous.and_then(Value::as_array).map(Vec::as_slice);
            Value::Array(predict_list(live, previous.unwrap_or_default(), desired))
        }
        _ => desired.clone(),
    }
}

fn predict_map(
    live: &Map<String, Value>,
    previous: Option<&Map<String, Value>>,
    desired: &Map<String, Value>,
) -> Map<String, Value> {
    let before = |key: &String| previous.and_then(|previous| previous.get(key));
    let mut result = Map::new();
    for (key, value) in live {
        match desired.get(key) {
            Some(desired) => {
                result.insert(key.clone(), predict(value, before(key), desired));
            }
            None if before(key).is_none() => {
                result.insert(key.clone(), value.clone());
            }
            None => {}
        }
    }
    for (key, value) in desired {
        if !live.contains_key(key) {
            result.insert(key.clone(), value.clone());
        }
    }
    result
}

/// Items with names are laid over each other; a list without names is replaced, as an atomic list is.
fn predict_list(live: &[Value], previous: &[Value], desired: &[Value]) -> Vec<Value> {
    let Some((live_names, desired_names)) = item_names(live, desired) else {
        return desired.to_vec();
    };
    let previous_names = item_names(previous, desired).map_or_else(Vec::new, |(names, _)| names);
    let find = |names: &[String], items: &[Value], name: &String| {
        names
            .iter()
            .position(|other| other == name)
            .and_then(|index| items.get(index))
            .cloned()
    };
    let mut result = Vec::new();
    for (name, value) in live_names.iter().zip(live) {
        match find(&desired_names, desired, name) {
            Some(desired) => {
                let before = find(&previous_names, previous, name);
                result.push(predict(value, before.as_ref(), &desired));
            }
            None if !previous_names.contains(name) => result.push(value.clone()),
            None => {}
        }
    }
    for (name, value) in desired_names.iter().zip(desired) {
        if !live_names.contains(name) {
            result.push(value.clone());
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_stay_and_dropped_fields_go() {
        let live = json!({"spec": {"replicas": 2, "paused": true, "policy": "Always",
            "containers": [{"name": "a", "image": "1", "tty": false}, {"name": "side", "image": "s"}]}});
        let base = json!({"spec": {"replicas": 2, "paused": true, "containers": [{"name": "a", "image": "1"}]}});
        let head = json!({"spec": {"replicas": 3, "containers": [{"name": "a", "image": "2"}]}});
        assert_eq!(
            predict(&live, Some(&base), &head),
            json!({"spec": {"replicas": 3, "policy": "Always",
                "containers": [{"name": "a", "image": "2", "tty": false}, {"name": "side", "image": "s"}]}})
        );
    }
}
