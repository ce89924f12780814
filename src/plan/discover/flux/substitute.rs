//! `postBuild`: the variables that Flux replaces in what it built.

use serde_json::Value;

use super::fields::Fields;
use super::objects::{Object, Objects, Used};
use crate::plan::Substitution;

/// How a value begins that SOPS encrypted.
const ENCRYPTED: &str = "ENC[";

/// What is replaced; the objects that decide it are added to `used`. `None`: nothing is.
pub(super) fn read(
    objects: &Objects<'_>,
    from: &Object<'_>,
    spec: &Fields<'_>,
    used: &mut Used,
) -> Option<Substitution> {
    let post = spec.inside("postBuild");
    let mut found = Substitution::default();
    if !post.exists() {
        return None;
    }
    for item in post.items("substituteFrom") {
        let kind = item.text("kind").unwrap_or_default();
        let name = item.text("name").unwrap_or_default();
        if !matches!(kind, "ConfigMap" | "Secret") || name.is_empty() {
            item.note("kind", "and `name` are those of no ConfigMap or Secret");
            continue;
        }
        match objects.find_values(from, kind, name) {
            Some(object) => {
                used.take(object);
                found.take(object, kind == "Secret");
            }
            None => found.open |= !item.flag("optional") || objects.may_miss(from, kind, name),
        }
    }
    for (name, value) in post.map("substitute") {
        found.unknown.remove(&name);
        found.variables.insert(name, on_one_line(&value));
    }
    for name in found.variables.keys().chain(&found.unknown) {
        if !is_name(name) {
            let text =
                format!("has the variable `{name}`, and Flux takes letters, digits and `_` alone");
            spec.note("postBuild", &text);
        }
    }
    found.always = post.text("substituteStrategy") == Some("Always");
    let is_empty = found.variables.is_empty() && found.unknown.is_empty() && !found.open;
    let replaces = found.always || !is_empty;
    replaces.then_some(found)
}

impl Substitution {
    /// Adds the variables of one object: later ones win.
    fn take(&mut self, object: &Object<'_>, is_secret: bool) {
        let fields: &[&str] = if is_secret {
            &["data", "stringData"]
        } else {
            &["data"]
        };
        let maps = fields.iter().filter_map(|field| object.value().get(field));
        for (name, value) in maps.filter_map(Value::as_object).flatten() {
            let value = value.as_str().unwrap_or_default();
            if is_secret || value.starts_with(ENCRYPTED) {
                self.variables.remove(name);
                self.unknown.insert(name.clone());
            } else {
                self.unknown.remove(name);
                self.variables.insert(name.clone(), on_one_line(value));
            }
        }
    }
}

fn on_one_line(value: &str) -> String {
    value.replace('\n', "")
}

fn is_name(name: &str) -> bool {
    let is_start = |letter: char| letter == '_' || letter.is_ascii_alphabetic();
    name.starts_with(is_start)
        && name
            .chars()
            .all(|letter| is_start(letter) || letter.is_ascii_digit())
}
