//! Field paths as servers write them, as JSON pointers.

use serde_json::Value;

/// `spec.ports[0].nodePort`, `.data.a`, `spec.containers[name="c"].env` as a pointer into `object`.
/// A path that is a pointer already stays as it is; an empty one is the object itself.
pub(super) fn to_pointer(path: &str, object: &Value) -> String {
    if path.is_empty() || path.starts_with('/') {
        return path.to_owned();
    }
    let mut pointer = String::new();
    for step in read_steps(path) {
        let segment = match step {
            Step::Field(name) => name.replace('~', "~0").replace('/', "~1"),
            Step::Index(index) => index.to_string(),
            Step::Keyed(key, value) => {
                let items = object.pointer(&pointer).and_then(Value::as_array);
                let position = items.and_then(|items| {
                    items
                        .iter()
                        .position(|item| item.get(&key).and_then(Value::as_str) == Some(&value))
                });
                // An item that cannot be found ends the path at its list.
                let Some(position) = position else {
                    return pointer;
                };
                position.to_string()
            }
        };
        pointer.push('/');
        pointer.push_str(&segment);
    }
    pointer
}

enum Step {
    Field(String),
    Index(usize),
    Keyed(String, String),
}

fn read_steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
        } else if let Some(after) = rest.strip_prefix('[') {
            let Some((inside, after)) = after.split_once(']') else {
                break;
            };
            steps.push(match (inside.parse(), inside.split_once('=')) {
                (Ok(index), _) => Step::Index(index),
                (Err(_), Some((key, value))) => {
                    Step::Keyed(key.to_owned(), value.trim_matches('"').to_owned())
                }
                // A map's key with dots in it: `labels[app.kubernetes.io/name]`.
                (Err(_), None) => Step::Field(inside.to_owned()),
            });
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            steps.push(Step::Field(name.to_owned()));
            rest = after;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn server_paths_become_pointers() {
        let object = json!({"spec": {"containers": [{"name": "a"}, {"name": "c"}]}});
        for (path, pointer) in [
            ("spec.ports[0].nodePort", "/spec/ports/0/nodePort"),
            (".spec.replicas", "/spec/replicas"),
            (".spec.containers[name=\"c\"].env", "/spec/containers/1/env"),
            (".spec.containers[name=\"x\"].env", "/spec/containers"),
            ("metadata.labels[a.b/c]", "/metadata/labels/a.b~1c"),
            ("/spec/replica", "/spec/replica"),
            ("", ""),
        ] {
            assert_eq!(to_pointer(path, &object), pointer, "{path}");
        }
    }
}
