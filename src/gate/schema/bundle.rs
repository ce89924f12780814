//! The embedded schemas of Kubernetes 1.25 to 1.37.
//!
//! The file is made by `fixtures/schemas/build.py`, which describes its format. It is unpacked once
//! per process; a definition is parsed when an object first needs it, and shared by all versions
//! that have it unchanged.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::cluster_facts::KubernetesVersion;

use super::compile::{Compiler, OBJECT_META};
use super::shape::{Shape, Special};

static PACKED: &[u8] = include_bytes!("../../../fixtures/schemas/kubernetes.zst");

/// More than the unpacked size (half a megabyte) can ever be.
const UNPACKED_LIMIT_BYTES: usize = 16 << 20;

/// A definition by its place in the list of names.
pub(super) type NameId = u32;

/// One kind, in every version that serves it.
#[derive(Debug)]
pub(super) struct Kind {
    /// API group, empty for the core group.
    pub(super) group: String,
    /// API version.
    pub(super) version: String,
    /// The kind itself, such as `Deployment`.
    pub(super) name: String,
    /// Its definition.
    pub(super) definition: NameId,
    served: u32,
}

impl Kind {
    fn key(&self) -> (&str, &str, &str) {
        (&self.group, &self.version, &self.name)
    }

    /// Whether this embedded version serves it.
    pub(super) fn is_served(&self, slot: Slot) -> bool {
        self.served & (1 << slot.0) != 0
    }
}

/// The place of a version among the embedded ones, the oldest being 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u8);

impl Slot {
    /// The slot that judges objects for this version: its own, or the newest for a newer version;
    /// `None` for one older than the oldest.
    pub(super) fn find(version: KubernetesVersion) -> Option<Self> {
        let oldest = KubernetesVersion::OLDEST;
        let version = version.min(KubernetesVersion::NEWEST);
        if version < oldest || version.major != oldest.major {
            return None;
        }
        u8::try_from(version.minor - oldest.minor).ok().map(Self)
    }

    /// Every slot, oldest first.
    pub(super) fn all() -> impl DoubleEndedIterator<Item = Self> {
        let count = KubernetesVersion::NEWEST.minor - KubernetesVersion::OLDEST.minor + 1;
        (0..u8::try_from(count).unwrap_or(u8::MAX)).map(Self)
    }

    /// The version it stands for.
    pub(super) fn version(self) -> KubernetesVersion {
        let oldest = KubernetesVersion::OLDEST;
        KubernetesVersion {
            major: oldest.major,
            minor: oldest.minor + u32::from(self.0),
        }
    }

    /// The next newer slot.
    pub(super) fn next(self) -> Option<Self> {
        Self::all().find(|slot| *slot > self)
    }
}

struct Name {
    /// Bit set of versions and the body they use.
    uses: Vec<(u32, usize)>,
}

struct Body {
    text: Box<str>,
    shape: OnceLock<Option<Shape>>,
}

/// All embedded schemas.
pub(super) struct Bundle {
    kinds: Vec<Kind>,
    names: Vec<Name>,
    by_name: HashMap<String, NameId>,
    bodies: Vec<Body>,
}

impl Bundle {
    /// The bundle of this binary; `None` when it is damaged, which a test excludes.
    pub(super) fn embedded() -> Option<&'static Self> {
        static BUNDLE: OnceLock<Option<Bundle>> = OnceLock::new();
        BUNDLE
            .get_or_init(|| {
                let text = zstd::bulk::decompress(PACKED, UNPACKED_LIMIT_BYTES).ok()?;
                Self::parse(std::str::from_utf8(&text).ok()?)
            })
            .as_ref()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != "drydock-schemas 1" {
            return None;
        }
        let versions: Vec<&str> = lines.next()?.split(' ').collect();
        let expected: Vec<String> = Slot::all().map(|slot| slot.version().to_string()).collect();
        if versions != expected {
            return None;
        }
        let count: usize = lines.next()?.parse().ok()?;
        let kind_lines: Vec<&str> = lines.by_ref().take(count).collect();
        let count: usize = lines.next()?.parse().ok()?;
        let mut names = Vec::with_capacity(count);
        let mut by_name = HashMap::with_capacity(count);
        for line in lines.by_ref().take(count) {
            let (name, uses) = line.split_once('\t')?;
            by_name.insert(name.to_owned(), NameId::try_from(names.len()).ok()?);
            names.push(Name {
                uses: uses.split(' ').map(parse_use).collect::<Option<_>>()?,
            });
        }
        let mut kinds = Vec::with_capacity(kind_lines.len());
        for line in kind_lines {
            kinds.push(parse_kind(line, &by_name)?);
        }
        if !kinds.is_sorted_by(|one, two| one.key() < two.key()) {
            return None;
        }
        let count: usize = lines.next()?.parse().ok()?;
        let bodies: Vec<Body> = lines
            .map(|line| Body {
                text: line.into(),
                shape: OnceLock::new(),
            })
            .collect();
        (bodies.len() == count).then_some(Self {
            kinds,
            names,
            by_name,
            bodies,
        })
    }

    /// The kind of this group, version and kind, whichever Kubernetes version serves it.
    pub(super) fn find_kind(&self, group: &str, version: &str, kind: &str) -> Option<&Kind> {
        let wanted = (group, version, kind);
        let place = self.kinds.binary_search_by(|one| one.key().cmp(&wanted));
        self.kinds.get(place.ok()?)
    }

    /// Every kind, ordered by group, version, kind.
    pub(super) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The definition with this full name, such as `io.k8s.api.core.v1.PodSpec`.
    pub(super) fn find_name(&self, name: &str) -> Option<NameId> {
        self.by_name.get(name).copied()
    }

    /// The definition as this version has it; `None` when it has none.
    pub(super) fn find_shape(&self, name: NameId, slot: Slot) -> Option<&Shape> {
        let uses = &self.names.get(name as usize)?.uses;
        let (_, body) = uses.iter().find(|(mask, _)| mask & (1 << slot.0) != 0)?;
        let body = self.bodies.get(*body)?;
        body.shape
            .get_or_init(|| {
                let value: serde_json::Value = serde_json::from_str(&body.text).ok()?;
                let mut shape = Compiler::bundle(self).compile(&value);
                if self.find_name(OBJECT_META) == Some(name) {
                    shape.special = Special::ObjectMeta;
                }
                Some(shape)
            })
            .as_ref()
    }
}

fn parse_use(text: &str) -> Option<(u32, usize)> {
    let (mask, body) = text.split_once(':')?;
    Some((u32::from_str_radix(mask, 16).ok()?, body.parse().ok()?))
}

fn parse_kind(line: &str, by_name: &HashMap<String, NameId>) -> Option<Kind> {
    let mut fields = line.split('\t');
    let kind = Kind {
        group: fields.next()?.to_owned(),
        version: fields.next()?.to_owned(),
        name: fields.next()?.to_owned(),
        definition: *by_name.get(fields.next()?)?,
        served: u32::from_str_radix(fields.next()?, 16).ok()?,
    };
    fields.next().is_none().then_some(kind)
}
