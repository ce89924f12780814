//! One entry: masked manifests as signed, compressed bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{Digest, ObjectRef, RepoPath};
use crate::object::{Manifest, Masker, Provenance, Role, Unstable};
use crate::render::{Other, Output, Placeholder};

/// What an entry begins with; another version of the format is somebody else's.
const MAGIC: &[u8] = b"drydock rendering 2\n";
const CODE_BYTES: usize = 32;

/// Uncompressed bytes that an entry may have: a tool's output is read up to 64 MiB, and the same
/// objects take less room here.
const CONTENT_LIMIT: u64 = 256 << 20;

/// A good half of the best ratio for a tenth of its time.
const LEVEL: i32 = 3;

/// An output as it is kept.
#[derive(Serialize, Deserialize)]
struct Content<V> {
    manifests: Vec<Kept<V>>,
    placeholders: Vec<Marked>,
    /// What other renders gave, and whether only they did.
    others: Vec<(bool, Kept<V>)>,
    fails_elsewhere: Option<String>,
}

/// An object in which placeholders stand, and why.
#[derive(Serialize, Deserialize)]
struct Marked {
    group: String,
    version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
    reason: String,
}

/// A manifest as it is kept: the masked value, never the original.
#[derive(Serialize, Deserialize)]
struct Kept<V> {
    value: V,
    role: u8,
    path: Option<String>,
    line: u32,
    unstable: Vec<String>,
    uneven: Vec<String>,
    maps: BTreeMap<String, BTreeSet<String>>,
    stem: Option<String>,
    is_missing_elsewhere: bool,
}

const ROLES: [Role; 4] = [Role::Object, Role::Hook, Role::Crd, Role::Test];

/// The bytes of an entry; `None` for output that has more to it than an entry holds.
pub(super) fn write(output: &Output, key: &Digest, masker: &Masker) -> Option<Vec<u8>> {
    // Every field is named, so that a new one is thought of here.
    let Output {
        manifests,
        duplicates,
        oddities,
        placeholders,
        others,
        fails_elsewhere,
    } = output;
    if !duplicates.is_empty() || !oddities.is_empty() {
        return None;
    }
    let content = Content {
        manifests: manifests.iter().map(keep).collect::<Option<_>>()?,
        others: others.iter().map(keep_other).collect::<Option<_>>()?,
        fails_elsewhere: fails_elsewhere.clone(),
        placeholders: placeholders.iter().map(mark).collect(),
    };
    let content = rmp_serde::to_vec(&content).ok()?;
    let content = zstd::encode_all(content.as_slice(), LEVEL).ok()?;
    let code = masker.sign(&[key.to_string().as_bytes(), &content])?;
    Some([MAGIC, &code, &content].concat())
}

fn keep(manifest: &Manifest) -> Option<Kept<&Value>> {
    let Provenance {
        path,
        line,
        document,
        prefix,
    } = manifest.provenance();
    let unstable = manifest.unstable().cloned().unwrap_or_default();
    let role = ROLES.iter().position(|role| *role == manifest.role())?;
    (document.is_none() && prefix.is_empty()).then_some(Kept {
        value: manifest.value(),
        role: u8::try_from(role).ok()?,
        path: path.as_ref().map(|path| path.as_str().to_owned()),
        line: *line,
        unstable: unstable.pointers.iter().cloned().collect(),
        uneven: unstable.uneven.into_iter().collect(),
        maps: unstable.maps,
        stem: unstable.stem,
        is_missing_elsewhere: unstable.is_missing_elsewhere,
    })
}

fn keep_other(other: &Other) -> Option<(bool, Kept<&Value>)> {
    Some((other.is_further, keep(&other.manifest)?))
}

/// The output of an entry; `None` when a byte of it is not as it was written for this key by a
/// holder of the masking key.
pub(super) fn read(bytes: &[u8], key: &Digest, masker: &Masker) -> Option<Output> {
    let (code, content) = bytes.strip_prefix(MAGIC)?.split_at_checked(CODE_BYTES)?;
    if !masker.verify(&[key.to_string().as_bytes(), content], code) {
        return None;
    }
    let mut decoder = zstd::Decoder::new(content).ok()?.take(CONTENT_LIMIT);
    let mut content = Vec::new();
    decoder.read_to_end(&mut content).ok()?;
    let content: Content<Value> = rmp_serde::from_slice(&content).ok()?;
    let manifests = content.manifests.into_iter().map(restore);
    let others = content.others.into_iter().map(|(is_further, kept)| {
        let manifest = restore(kept)?;
        Some(Other {
            manifest,
            is_further,
        })
    });
    Some(Output {
        manifests: manifests.collect::<Option<_>>()?,
        placeholders: content.placeholders.into_iter().map(unmark).collect(),
        others: others.collect::<Option<_>>()?,
        fails_elsewhere: content.fails_elsewhere,
        ..Output::default()
    })
}

fn mark(placeholder: &Placeholder) -> Marked {
    let ObjectRef {
        group,
        version,
        kind,
        namespace,
        name,
    } = placeholder.object.clone();
    Marked {
        group,
        version,
        kind,
        namespace,
        name,
        reason: placeholder.reason.clone(),
    }
}

fn unmark(marked: Marked) -> Placeholder {
    Placeholder {
        object: ObjectRef {
            group: marked.group,
            version: marked.version,
            kind: marked.kind,
            namespace: marked.namespace,
            name: marked.name,
        },
        reason: marked.reason,
    }
}

fn restore(kept: Kept<Value>) -> Option<Manifest> {
    let role = *ROLES.get(usize::from(kept.role))?;
    let path: Option<RepoPath> = kept.path.map(|path| path.parse()).transpose().ok()?;
    let manifest = Manifest::from_masked(kept.value, role).ok()?;
    let manifest = manifest.with_unstable(Unstable {
        pointers: kept.unstable.into_iter().collect(),
        uneven: kept.uneven.into_iter().collect(),
        maps: kept.maps,
        stem: kept.stem,
        is_missing_elsewhere: kept.is_missing_elsewhere,
    });
    Some(manifest.with_provenance(Provenance {
        path,
        line: kept.line,
        ..Provenance::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{IngestSource, ingest};
    use crate::yaml::Budget;

    const KEY: Digest = Digest::ZERO;

    fn masker() -> Masker {
        Masker::new([7; 32])
    }

    fn output(text: &str) -> Output {
        let source = IngestSource::ToolOutput;
        let read = ingest(text.as_bytes(), &source, &masker(), &Budget::tool_output());
        assert_eq!(read.errors, []);
        let place = |manifest: Manifest| {
            manifest.with_provenance(Provenance {
                path: Some("chart/templates/a.yaml".parse().unwrap()),
                line: 7,
                ..Provenance::default()
            })
        };
        Output {
            placeholders: vec![Placeholder {
                object: read.manifests[0].object().clone(),
                reason: "a reason".to_owned(),
            }],
            manifests: read.manifests.into_iter().map(place).collect(),
            ..Output::default()
        }
    }

    #[test]
    fn every_value_comes_back_exactly() {
        let written = output(
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {helm.sh/hook: test}}, \
             numbers: [0.1, 1e-7, 5e-324, 1.7976931348623157e308, 0.30000000000000004, -0.0, 18446744073709551615, -9223372036854775808], \
             z: 1, a: {c: null, b: true}, text: \"\\u0000é\"}\n---\n\
             {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: b}}\n---\n\
             {apiVersion: v1, kind: Secret, metadata: {name: c}, data: {k: eA==}}",
        );
        let bytes = write(&written, &KEY, &masker()).unwrap();
        let read = read(&bytes, &KEY, &masker()).unwrap();
        assert_eq!(read.manifests.len(), 3);
        assert_eq!(read.placeholders, written.placeholders);
        for (one, other) in written.manifests.iter().zip(&read.manifests) {
            // As texts: equal values may still be of different orders.
            assert_eq!(one.value().to_string(), other.value().to_string());
            assert_eq!(one.object(), other.object());
            assert_eq!(one.digest(), other.digest());
            assert_eq!(one.role(), other.role());
            assert_eq!(one.is_masked(), other.is_masked());
            assert_eq!(one.provenance().path, other.provenance().path);
            assert_eq!(one.provenance().line, other.provenance().line);
        }
        assert!(read.manifests[2].unseal().is_none());
    }

    #[test]
    fn no_byte_of_an_entry_can_be_another() {
        let written = output("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}");
        let bytes = write(&written, &KEY, &masker()).unwrap();
        assert!(read(&bytes, &KEY, &masker()).is_some());
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert!(read(&broken, &KEY, &masker()).is_none(), "byte {at}");
            assert!(read(&bytes[..at], &KEY, &masker()).is_none(), "cut at {at}");
        }
        let longer = [bytes.as_slice(), b"x"].concat();
        assert!(read(&longer, &KEY, &masker()).is_none());
        assert!(read(&bytes, &KEY, &Masker::new([8; 32])).is_none());
        assert!(read(&bytes, &Digest::of(b"another"), &masker()).is_none());
    }
}
