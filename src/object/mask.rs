//! Secret values become equality tags.
//!
//! A tag is `masked/` and 25 hexadecimal digits of an HMAC-SHA256 over the plain value. Its 32
//! characters are valid base64, so a schema that wants base64 in `data` stays content. Base64 in
//! `data` and plain text in `stringData` give the same tag when they mean the same bytes. What is
//! wrong stays wrong in the same way: broken base64 becomes `masked:` and digits, which is no base64
//! either; a number becomes another number; any boolean becomes `true`.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The annotation in which kubectl keeps a copy of the whole object, Secret values included. It is
/// left out of every object.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

const PREFIX: &str = "masked/";
const BROKEN_PREFIX: &str = "masked:";
const TAG_DIGITS: usize = 25;

/// What a core Secret may show: everything else in it is masked, so that a misspelt or misplaced
/// `stringData` is, too.
const SHOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];

/// Fields of a reference to a Secret.
const REFERENCE: [&str; 10] = [
    "apiGroup",
    "apiVersion",
    "group",
    "key",
    "kind",
    "name",
    "namespace",
    "optional",
    "targetPath",
    "valuesKey",
];
const SHOWN_METADATA: [&str; 13] = [
    "name",
    "generateName",
    "namespace",
    "labels",
    "finalizers",
    "ownerReferences",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
];

/// Go's base64 reader: padding needed, unused bits ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Makes tags under one key. Equal values have equal tags under the same key, whatever object and
/// field they stand in; without the key a tag says nothing about its value.
#[derive(Clone)]
pub struct Masker {
    key: [u8; 32],
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Masker")
    }
}

impl Masker {
    /// With the installation's key: tags stay comparable from run to run.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// With a key of this process: tags compare within it only.
    pub fn random() -> Self {
        let mut key = [0; 32];
        if getrandom::fill(&mut key).is_err() {
            // The standard library's hash seeds come from the system, too.
            let mut hasher = Sha256::new();
            for round in 0_u8..8 {
                use std::hash::{BuildHasher as _, RandomState};
                hasher.update(RandomState::new().hash_one(round).to_be_bytes());
            }
            key = hasher.finalize().into();
        }
        Self { key }
    }

    fn code(&self, domain: Domain, bytes: &[u8]) -> [u8; 32] {
        let Some(mac) = self.begin(domain, &[bytes]) else {
            // HMAC takes keys of any length; a constant tag hides just as well.
            return [0; 32];
        };
        mac.finalize().into_bytes().into()
    }

    fn begin(&self, domain: Domain, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(&[domain as u8]);
        for part in parts {
            mac.update(part);
        }
        Some(mac)
    }

    /// Tells this key from another, and nothing else about it.
    pub fn identity(&self) -> [u8; 32] {
        self.code(Domain::Identity, &[])
    }

    /// A code that only a holder of the key can make for these bytes, one after the other: what
    /// carries it was written by an equal of this program, and is whole. The first part has to be of
    /// one length always.
    pub fn sign(&self, parts: &[&[u8]]) -> Option<[u8; 32]> {
        let mac = self.begin(Domain::Signature, parts)?;
        Some(mac.finalize().into_bytes().into())
    }

    /// True when the code is the one that [`Masker::sign`] makes. Takes the same time either way.
    pub fn verify(&self, parts: &[&[u8]], code: &[u8]) -> bool {
        self.begin(Domain::Signature, parts)
            .is_some_and(|mac| mac.verify_slice(code).is_ok())
    }

    fn tag(&self, prefix: &str, domain: Domain, bytes: &[u8]) -> Value {
        let digits = hex::encode(self.code(domain, bytes));
        Value::String(
            prefix
                .chars()
                .chain(digits.chars().take(TAG_DIGITS))
                .collect(),
        )
    }

    fn number(&self, text: &str) -> Value {
        let code = self.code(Domain::Number, text.as_bytes());
        let number = code
            .iter()
            .take(6)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Value::from(number)
    }

    /// Replaces everything below `value`; the shape and the keys stay.
    fn cover(&self, value: &mut Value, encoding: Encoding) {
        match value {
            Value::Null => {}
            Value::Bool(bool) => *bool = true,
            Value::Number(number) => *value = self.number(&number.to_string()),
            Value::String(text) => *value = self.cover_text(text, encoding),
            Value::Array(items) => {
                for item in items {
                    self.cover(item, encoding);
                }
            }
            Value::Object(map) => {
                for (_, value) in map {
                    self.cover(value, encoding);
                }
            }
        }
    }

    fn cover_text(&self, text: &str, encoding: Encoding) -> Value {
        if encoding == Encoding::Plain {
            return self.tag(PREFIX, Domain::Bytes, text.as_bytes());
        }
        let unbroken: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        match BASE64.decode(unbroken) {
            Ok(bytes) => self.tag(PREFIX, Domain::Bytes, &bytes),
            Err(_) => self.tag(BROKEN_PREFIX, Domain::Broken, text.as_bytes()),
        }
    }

    /// Masks every Secret in `value`, however deep it stands (in a list, in another object's
    /// template). True when there was one.
    pub(super) fn mask(&self, value: &mut Value) -> bool {
        match value {
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |found, item| self.mask(item) | found),
            Value::Object(map) => {
                if is_kind(map, "Secret") {
                    let shows_all = shows_all(map);
                    self.mask_secret(map);
                    return !shows_all;
                }
                let is_list = is_kind(map, "SecretList");
                let mut found = false;
                for (key, value) in map.iter_mut() {
                    // The items of a SecretList may leave out what they are.
                    if is_list
                        && key == "items"
                        && let Some(items) = value.as_array_mut()
                    {
                        for item in items.iter_mut().filter_map(Value::as_object_mut) {
                            self.mask_secret(item);
                        }
                        found = true;
                    } else {
                        found |= self.mask(value);
                    }
                }
                found
            }
            _ => false,
        }
    }

    /// The texts in `value` that masking replaces, as they are written, in order.
    pub fn find_hidden(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        if is_affected(value) {
            let mut masked = value.clone();
            self.mask(&mut masked);
            find_replaced(value, &masked, &mut found);
        }
        found
    }

    fn mask_secret(&self, map: &mut Map<String, Value>) {
        let in_core_group = map
            .get("apiVersion")
            .and_then(Value::as_str)
            .is_none_or(|version| !version.contains('/'));
        let is_reference = is_reference(map);
        for (key, value) in map.iter_mut() {
            if is_reference && is_of_reference(key, value) {
                continue;
            }
            if key.eq_ignore_ascii_case("data") {
                self.cover(value, Encoding::Base64);
            } else if key == "metadata" {
                self.mask_metadata(value);
            } else if key.eq_ignore_ascii_case("stringData")
                || in_core_group && !SHOWN.contains(&key.as_str())
            {
                self.cover(value, Encoding::Plain);
            } else {
                self.mask(value);
            }
        }
    }

    fn mask_metadata(&self, value: &mut Value) {
        let Some(metadata) = value.as_object_mut() else {
            self.cover(value, Encoding::Plain);
            return;
        };
        for (key, value) in metadata {
            if !SHOWN_METADATA.contains(&key.as_str()) {
                self.cover(value, Encoding::Plain);
            }
        }
    }
}

fn find_replaced(plain: &Value, masked: &Value, found: &mut Vec<String>) {
    match (plain, masked) {
        (Value::Array(plain), Value::Array(masked)) => {
            for (plain, masked) in plain.iter().zip(masked) {
                find_replaced(plain, masked, found);
            }
        }
        (Value::Object(plain), Value::Object(masked)) => {
            for (key, plain) in plain {
                if let Some(masked) = masked.get(key) {
                    find_replaced(plain, masked, found);
                }
            }
        }
        (Value::String(text), masked) if plain != masked => found.push(text.clone()),
        (Value::Number(number), masked) if plain != masked => found.push(number.to_string()),
        _ => {}
    }
}

/// Keeps values of different sorts from having the same tag.
#[derive(Debug, Clone, Copy)]
enum Domain {
    Bytes = 0,
    Broken = 1,
    Number = 2,
    Identity = 3,
    Signature = 4,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Base64,
    Plain,
}

/// Compares loosely: an API server refuses `secret`, but its author's password is one all the same.
fn is_kind(map: &Map<String, Value>, kind: &str) -> bool {
    map.get("kind")
        .and_then(Value::as_str)
        .is_some_and(|text| text.trim().eq_ignore_ascii_case(kind))
}

/// True for a reference that has nothing else in it.
fn shows_all(map: &Map<String, Value>) -> bool {
    is_reference(map) && map.iter().all(|(key, value)| is_of_reference(key, value))
}

/// True for what names a Secret and is none: `valuesFrom` of a `HelmRelease`, for one.
fn is_reference(map: &Map<String, Value>) -> bool {
    let is_content = |key: &String| {
        ["metadata", "data", "stringData"]
            .iter()
            .any(|content| key.eq_ignore_ascii_case(content))
    };
    map.get("name").is_some_and(Value::is_string) && !map.keys().any(is_content)
}

/// True for what a reference says about the Secret that it names, rather than holds of it.
fn is_of_reference(key: &str, value: &Value) -> bool {
    REFERENCE.contains(&key) && !value.is_array() && !value.is_object()
}

/// Leaves out what no part of Drydock looks at: the last-applied copy wherever it stands, and
/// `managedFields` of the object.
pub(super) fn clean(value: &mut Value) {
    drop_last_applied(value);
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
        let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
        if metadata.get("annotations").is_some_and(is_empty) {
            metadata.shift_remove("annotations");
        }
    }
}

/// True when [`clean`] or [`Masker::mask`] would change the value: most objects are spared a copy.
pub(super) fn is_affected(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_affected),
        Value::Object(map) => {
            map.contains_key(LAST_APPLIED)
                || map.contains_key("managedFields")
                || is_kind(map, "Secret")
                || is_kind(map, "SecretList")
                || map.values().any(is_affected)
        }
        _ => false,
    }
}

/// True when [`Masker::mask`] found something in the value, also after it did its work.
pub(super) fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_secret),
        Value::Object(map) => {
            is_kind(map, "Secret") && !shows_all(map)
                || is_kind(map, "SecretList") && map.get("items").is_some_and(Value::is_array)
                || map.values().any(holds_secret)
        }
        _ => false,
    }
}

fn drop_last_applied(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(drop_last_applied),
        Value::Object(map) => {
            map.shift_remove(LAST_APPLIED);
            map.values_mut().for_each(drop_last_applied);
        }
        _ => {}
    }
}

/// True for the text of a tag.
pub fn is_tag(text: &str) -> bool {
    text.strip_prefix(PREFIX)
        .or_else(|| text.strip_prefix(BROKEN_PREFIX))
        .is_some_and(|digits| {
            digits.len() == TAG_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}
