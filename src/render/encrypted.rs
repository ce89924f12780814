//! Values that SOPS encrypted: placeholders that keep the keys and show nothing.
//!
//! Only what carries SOPS's own mark is replaced. Everything else of the object stays as it is: a
//! `sops` block beside readable fields hides none of them from the gates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::ids::Digest;

/// How every placeholder begins: 21 bytes, so that its base64 begins alike, too.
const MARK: &str = "encrypted-not-shown--";

/// [`MARK`] in base64.
const MARK_BASE64: &str = "ZW5jcnlwdGVkLW5vdC1zaG93bi0t";

/// How an encrypted value begins.
const CIPHERTEXT: &str = "ENC[AES256_GCM,";

/// A text that stands for an encrypted value: it changes when the ciphertext does, and says nothing
/// else. SOPS leaves the ciphertext of an unchanged value alone.
pub(super) fn placeholder(ciphertext: &[u8]) -> String {
    let digest = Digest::of(ciphertext).to_string();
    let digits: String = digest
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(12)
        .collect();
    format!("{MARK}{digits}")
}

/// True when a text holds a placeholder, plain or in base64.
pub(super) fn has_placeholder(text: &str) -> bool {
    text.contains(MARK) || text.contains(MARK_BASE64)
}

/// True for a document that SOPS wrote. Objects of the SOPS operator are not meant: the cluster
/// decrypts those, and their ciphertext is what is deployed.
pub(super) fn is_encrypted(value: &Value) -> bool {
    let is_operators = value
        .get("apiVersion")
        .and_then(Value::as_str)
        .is_some_and(|version| version.starts_with("isindir.github.com/"));
    let is_marked = value
        .get("sops")
        .and_then(Value::as_object)
        .is_some_and(|sops| sops.contains_key("mac") || sops.contains_key("lastmodified"));
    is_marked && !is_operators
}

/// Replaces every encrypted value of a document, and leaves out what SOPS adds.
pub(super) fn cover(value: &mut Value) {
    let is_secret = value.get("kind").and_then(Value::as_str) == Some("Secret")
        && value.get("apiVersion").and_then(Value::as_str) == Some("v1");
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    fields.shift_remove("sops");
    for (key, field) in fields {
        cover_value(field, is_secret && key == "data");
    }
}

fn cover_value(value: &mut Value, in_base64: bool) {
    match value {
        Value::String(text) => {
            if let Some(covered) = cover_text(text, in_base64) {
                *value = covered;
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| cover_value(item, in_base64)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| cover_value(field, in_base64)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands for an encrypted text, of the type it had; `None` for any other text.
fn cover_text(text: &str, in_base64: bool) -> Option<Value> {
    let inside = text.strip_prefix(CIPHERTEXT)?.strip_suffix(']')?;
    let of_type = |wanted: &str| inside.ends_with(&format!(",type:{wanted}"));
    let plain = placeholder(text.as_bytes());
    Some(match () {
        () if of_type("bool") => Value::Bool(true),
        () if of_type("int") || of_type("float") => Value::from(0),
        () if in_base64 => Value::String(STANDARD.encode(plain)),
        () => Value::String(plain),
    })
}

/// A dotenv file that SOPS wrote, with placeholders for its values; `None` for any other text.
pub(super) fn cover_dotenv(text: &str) -> Option<String> {
    let is_dotenv = text.lines().any(|line| line.starts_with("sops_mac="));
    is_dotenv.then(|| {
        let lines = text.lines().filter(|line| !line.starts_with("sops_"));
        let covered = lines.map(|line| match line.split_once('=') {
            Some((key, value)) if value.starts_with(CIPHERTEXT) && !line.starts_with('#') => {
                format!("{key}={}\n", placeholder(value.as_bytes()))
            }
            _ if line.starts_with('#') => String::new(),
            _ => format!("{line}\n"),
        });
        covered.collect()
    })
}

/// The keys of a document that SOPS wrote, with placeholders for their values, as text.
pub(super) fn cover_pairs(value: &Value) -> Vec<(String, String)> {
    let fields = value.as_object().map(Map::iter).into_iter().flatten();
    let pairs = fields.filter(|(key, _)| *key != "sops");
    let text = |value: &Value| match value {
        Value::String(text) if !text.starts_with(CIPHERTEXT) => text.clone(),
        value => placeholder(value.to_string().as_bytes()),
    };
    pairs
        .map(|(key, value)| (key.clone(), text(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "ENC[AES256_GCM,data:q+8=,iv:aa=,tag:bb==,type:str]";

    #[test]
    fn the_mark_is_the_same_in_base64() {
        let text = placeholder(b"x");
        assert!(has_placeholder(&format!("a: {text}")));
        let encoded = STANDARD.encode(&text);
        assert!(encoded.starts_with(MARK_BASE64), "{encoded}");
        assert!(has_placeholder(&encoded));
        assert_ne!(text, placeholder(b"y"));
    }

    #[test]
    fn only_encrypted_values_are_covered_and_only_the_block_goes() {
        let mut value = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
            "data": {"k": TEXT}, "stringData": {"p": TEXT, "q": "open"},
            "sops": {"mac": TEXT, "lastmodified": "2026-01-01T00:00:00Z"},
        });
        assert!(is_encrypted(&value));
        cover(&mut value);
        assert_eq!(value.get("sops"), None);
        assert_eq!(value["stringData"]["q"], "open");
        let plain = value["stringData"]["p"].as_str().unwrap();
        assert!(plain.starts_with(MARK));
        assert_eq!(value["data"]["k"], STANDARD.encode(plain));
    }

    #[test]
    fn a_block_beside_readable_fields_hides_none() {
        let mut value = json!({
            "kind": "Pod", "apiVersion": "v1", "spec": {"hostNetwork": true, "note": "ENC[x]"},
            "sops": {"mac": "x"},
        });
        cover(&mut value);
        assert_eq!(
            value["spec"],
            json!({"hostNetwork": true, "note": "ENC[x]"})
        );
    }

    #[test]
    fn numbers_and_booleans_keep_their_type() {
        let typed = |name: &str| TEXT.replace("type:str", &format!("type:{name}"));
        let mut value = json!({"spec": {"a": typed("int"), "b": [typed("bool")]}});
        cover(&mut value);
        assert_eq!(value["spec"], json!({"a": 0, "b": [true]}));
    }

    #[test]
    fn an_object_of_the_operator_is_not_covered() {
        let value = json!({
            "apiVersion": "isindir.github.com/v1alpha3", "kind": "SopsSecret", "sops": {"mac": "x"}
        });
        assert!(!is_encrypted(&value));
        assert!(!is_encrypted(&json!({"kind": "X", "sops": "on"})));
    }

    #[test]
    fn a_dotenv_file_keeps_its_keys() {
        let text =
            format!("A={TEXT}\nB=open\n#ENC[AES256_GCM,x]\nsops_mac={TEXT}\nsops_version=3\n");
        let covered = cover_dotenv(&text).unwrap();
        assert!(covered.starts_with(&format!("A={MARK}")), "{covered}");
        assert!(covered.ends_with("\nB=open\n"), "{covered}");
        assert_eq!(cover_dotenv("A=b\n"), None);
    }
}
