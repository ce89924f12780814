//! A generator's own template over the set's: what it leaves empty comes from the set's.

use serde_json::Value;

/// Fields whose content is one value, whatever stands in it.
const WHOLE: [&str; 1] = ["valuesObject"];

/// `own` with what it lacks from `base`. Empty texts and lists, zeros and `false` count as lacking.
pub(super) fn overlay(own: Option<&Value>, base: &Value) -> Value {
    let mut merged = own.cloned().unwrap_or(Value::Null);
    fill(&mut merged, base);
    merged
}

fn fill(own: &mut Value, base: &Value) {
    match (&mut *own, base) {
        (Value::Object(own), Value::Object(base)) => {
            for (key, value) in base {
                match own.get_mut(key) {
                    Some(held) if WHOLE.contains(&key.as_str()) && !held.is_null() => {}
                    Some(held) => fill(held, value),
                    None => {
                        own.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (held, base) if is_empty(held) => *own = base.clone(),
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}
