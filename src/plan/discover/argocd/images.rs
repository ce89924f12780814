//! Image overrides as Argo CD writes them: one text each.

use serde_json::{Map, Value, json};

/// The entry of a kustomization's `images` for `[name=]new[:tag][@digest]`, as `kustomize edit set
/// image` makes it; `None` for an empty text.
pub(super) fn parse_image(text: &str) -> Option<Value> {
    let (name, new) = match text.split_once('=') {
        Some((name, new)) => (name, new),
        None => (split(text).0, text),
    };
    let (new_name, tag, digest) = split(new);
    if name.is_empty() {
        return None;
    }
    let mut entry = Map::new();
    entry.insert("name".to_owned(), json!(name));
    if !new_name.is_empty() && new_name != name {
        entry.insert("newName".to_owned(), json!(new_name));
    }
    if let Some(tag) = tag.filter(|_| digest.is_none()) {
        entry.insert("newTag".to_owned(), json!(tag));
    }
    if let Some(digest) = digest {
        entry.insert("digest".to_owned(), json!(digest));
    }
    Some(Value::Object(entry))
}

/// Name, tag and digest. A colon in front of the last slash belongs to a port.
fn split(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    match rest.get(slash..).and_then(|last| last.find(':')) {
        Some(at) => {
            let (name, tag) = rest.split_at(slash + at);
            (name, tag.strip_prefix(':'), digest)
        }
        None => (rest, None, digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_read_as_kustomize_edit_reads_it() {
        for (text, wanted) in [
            ("shop:1.2", json!({"name": "shop", "newTag": "1.2"})),
            (
                "shop=reg.example:5000/shop:1.2",
                json!({"name": "shop", "newName": "reg.example:5000/shop", "newTag": "1.2"}),
            ),
            (
                "reg.example:5000/shop@sha256:ab",
                json!({"name": "reg.example:5000/shop", "digest": "sha256:ab"}),
            ),
            ("shop=other", json!({"name": "shop", "newName": "other"})),
        ] {
            assert_eq!(parse_image(text), Some(wanted), "{text}");
        }
        assert_eq!(parse_image(""), None);
    }
}
