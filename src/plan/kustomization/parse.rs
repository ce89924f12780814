//! What one kustomization, or one plugin configuration, refers to.

use super::charts;
use super::entry::InflatedChart;
use crate::plan::{BuildFeature, RefusalKind};
use crate::yaml::{self, Budget, Node, Pair};

/// What a file's text says, independent of where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// True for a Component, which no one builds by itself.
    pub(crate) is_component: bool,
    /// Everything that Kustomize would open, in source order.
    pub(crate) references: Vec<Reference>,
    /// Charts that are inflated.
    pub(crate) charts: Vec<Inflated>,
    /// What of it Kustomize does only where an option says so, with its line; charts are not listed.
    pub(crate) asks: Vec<(BuildFeature, u32)>,
    /// True for generators, transformers and configurations of them, which can write to any field.
    pub(crate) transforms: bool,
    /// What it puts before and behind names.
    pub(crate) affixes: Vec<String>,
    /// What must not be built, with its line.
    pub(crate) refusals: Vec<(RefusalKind, u32, String)>,
}

/// A chart that a kustomization inflates, and where it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inflated {
    /// What it says.
    pub(crate) chart: InflatedChart,
    /// From 1.
    pub(crate) line: u32,
    /// Line of its values file.
    pub(crate) values_line: u32,
}

/// Something that Kustomize would open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// As written.
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: u32,
    /// What it may be.
    pub(crate) role: Role,
}

/// What a reference may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A file of objects, or a folder to build.
    Resource,
    /// A folder to build.
    Component,
    /// A file.
    File,
    /// A file whose text is a value.
    Data,
    /// A file of plugin configurations, or a folder that builds to them.
    Plugin,
}

/// Fields that bring code or configuration of what writes.
const WRITING: [&str; 4] = ["generators", "transformers", "configurations", "crds"];

/// Reads a kustomization file. Only the first document counts, as for Kustomize.
pub(crate) fn parse_kustomization(bytes: &[u8]) -> Parsed {
    let (mut parsed, stream) = read(bytes);
    let Some(document) = stream.documents.first() else {
        return parsed;
    };
    parsed.is_component =
        values(&document.root, "kind").any(|kind| kind.as_str() == Some("Component"));
    for pair in document.root.as_mapping().unwrap_or_default() {
        parsed.read_field(pair);
    }
    charts::read(&document.root, &mut parsed);
    parsed
}

/// Reads configurations of generators, transformers or validators.
pub(crate) fn parse_plugins(bytes: &[u8]) -> Parsed {
    let (mut parsed, stream) = read(bytes);
    for document in &stream.documents {
        parsed.read_plugin(&document.root);
    }
    parsed
}

/// The documents, and what could not be read of them as refusals.
fn read(bytes: &[u8]) -> (Parsed, yaml::Stream) {
    let mut parsed = Parsed::default();
    let stream = yaml::read(bytes, &Budget::file());
    for error in &stream.errors {
        let line = error.position.line;
        parsed.refuse(RefusalKind::Unreadable, line, error.message.clone());
    }
    (parsed, stream)
}

impl Parsed {
    pub(super) fn refuse(&mut self, kind: RefusalKind, line: u32, text: impl Into<String>) {
        self.refusals.push((kind, line, text.into()));
    }

    fn refer(&mut self, node: &Node, role: Role) {
        if let Some(text) = node.as_str() {
            self.refer_text(text, node, role);
        }
    }

    pub(super) fn refer_text(&mut self, text: &str, node: &Node, role: Role) {
        if !text.is_empty() {
            self.references.push(Reference {
                text: text.to_owned(),
                line: node.span.start.line,
                role,
            });
        }
    }

    fn read_field(&mut self, pair: &Pair) {
        let items = pair.value.as_sequence().unwrap_or_default();
        let field = fold(&pair.key.text);
        self.transforms |= WRITING.contains(&field.as_str()) && !items.is_empty();
        match field.as_str() {
            "nameprefix" | "namesuffix" => {
                let affix = pair.value.as_str().filter(|affix| !affix.is_empty());
                self.affixes.extend(affix.map(str::to_owned));
            }
            "resources" | "bases" => self.refer_all(items, Role::Resource),
            "components" => self.refer_all(items, Role::Component),
            "crds" | "configurations" => self.refer_all(items, Role::File),
            "generators" | "transformers" | "validators" => {
                for item in items {
                    match item.as_str().and_then(inline) {
                        Some(documents) => self.read_inline_plugins(&documents, item),
                        None => self.refer(item, Role::Plugin),
                    }
                }
            }
            "patches" | "patchesjson6902" | "replacements" => self.refer_paths(items),
            "patchesstrategicmerge" => self.refer_patches(items),
            "openapi" => {
                for path in values(&pair.value, "path") {
                    self.refer(path, Role::File);
                }
            }
            "configmapgenerator" | "secretgenerator" => {
                for item in items {
                    self.read_generator(item);
                }
            }
            _ => {}
        }
    }

    fn refer_all(&mut self, items: &[Node], role: Role) {
        for item in items {
            self.refer(item, role);
        }
    }

    /// Items that may name a file under `path`.
    fn refer_paths(&mut self, items: &[Node]) {
        for item in items {
            for path in values(item, "path") {
                self.refer(path, Role::File);
            }
        }
    }

    /// Items that are a patch, or the name of a file with patches.
    fn refer_patches(&mut self, items: &[Node]) {
        for item in items {
            if item.as_str().and_then(inline).is_none() {
                self.refer(item, Role::File);
            }
        }
    }

    /// The files of a ConfigMap or Secret generator: `path` or `key=path`.
    fn read_generator(&mut self, item: &Node) {
        let lists = ["files", "envs"];
        for key in lists {
            for list in values(item, key) {
                for source in list.as_sequence().unwrap_or_default() {
                    let Some(text) = source.as_str() else {
                        continue;
                    };
                    let path = match text.split_once('=') {
                        Some((_, path)) if key == "files" => path,
                        _ => text,
                    };
                    self.refer_text(path, source, Role::Data);
                }
            }
        }
        for path in values(item, "env") {
            self.refer(path, Role::Data);
        }
    }

    fn read_inline_plugins(&mut self, documents: &[Node], place: &Node) {
        let mut inner = Self::default();
        for document in documents {
            inner.read_plugin(document);
        }
        // Lines of a text in a text start again at 1: the item's own line is the honest place.
        let line = place.span.start.line;
        let references = inner.references.into_iter();
        self.references
            .extend(references.map(|reference| Reference { line, ..reference }));
        let charts = inner.charts.into_iter();
        self.charts.extend(charts.map(|found| Inflated {
            line,
            values_line: line,
            ..found
        }));
        let asks = inner.asks.into_iter();
        self.asks.extend(asks.map(|(feature, _)| (feature, line)));
        let refusals = inner.refusals.into_iter();
        self.refusals
            .extend(refusals.map(|(kind, _, text)| (kind, line, text)));
    }

    fn read_plugin(&mut self, root: &Node) {
        let text = |key: &str| root.find(key).and_then(|pair| pair.value.as_str());
        let kind = text("kind").unwrap_or_default();
        if kind.ends_with("List")
            && let Some(items) = root.find("items").and_then(|pair| pair.value.as_sequence())
        {
            for item in items {
                self.read_plugin(item);
            }
            return;
        }
        match text("apiVersion") {
            Some("builtin") => self.read_builtin(kind, root),
            // Placeholders stand for what these decrypt: nothing is run.
            Some(version) if is_secrets_generator(version, kind) => self.read_encrypted(root),
            Some(version) => self.refuse(
                RefusalKind::RunsProgram,
                root.span.start.line,
                format!("{version} {kind}"),
            ),
            None => {}
        }
    }

    /// The files of a generator that decrypts them, wherever it names them.
    fn read_encrypted(&mut self, root: &Node) {
        let line = root.span.start.line;
        self.asks.push((BuildFeature::Plugins, line));
        let annotations =
            || values(root, "metadata").flat_map(|metadata| values(metadata, "annotations"));
        let function = FUNCTIONS
            .into_iter()
            .find_map(|key| annotations().flat_map(|found| values(found, key)).last())
            .and_then(Node::as_str);
        if function.is_some_and(|text| text.contains("exec")) {
            self.asks.push((BuildFeature::Exec, line));
        }
        let more =
            values(root, "secretFrom").flat_map(|list| list.as_sequence().unwrap_or_default());
        for source in std::iter::once(root).chain(more) {
            for key in ["files", "binaryFiles", "envs"] {
                for list in values(source, key) {
                    for item in list.as_sequence().unwrap_or_default() {
                        let text = item.as_str().unwrap_or_default();
                        let path = match text.split_once('=') {
                            Some((_, path)) if key != "envs" => path,
                            _ => text,
                        };
                        self.refer_text(path, item, Role::File);
                    }
                }
            }
        }
    }

    /// The plugins that are part of Kustomize and read files.
    fn read_builtin(&mut self, kind: &str, root: &Node) {
        match kind {
            "ConfigMapGenerator" | "SecretGenerator" => self.read_generator(root),
            "PatchTransformer" | "PatchJson6902Transformer" => {
                self.refer_paths(std::slice::from_ref(root));
            }
            "PatchStrategicMergeTransformer" => {
                for paths in values(root, "paths") {
                    self.refer_patches(paths.as_sequence().unwrap_or_default());
                }
            }
            "ReplacementTransformer" => {
                for replacements in values(root, "replacements") {
                    self.refer_paths(replacements.as_sequence().unwrap_or_default());
                }
            }
            "ValueAddTransformer" => {
                for path in values(root, "targetFilePath") {
                    self.refer(path, Role::File);
                }
            }
            "HelmChartInflationGenerator" => charts::read_generator(root, self),
            _ => {}
        }
    }
}

/// Annotations that name the program or container of a plugin, in the order Kustomize looks.
const FUNCTIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];

/// KSOPS and SopsSecretGenerator.
fn is_secrets_generator(version: &str, kind: &str) -> bool {
    match kind {
        "ksops" => version.starts_with("viaduct.ai/"),
        "SopsSecretGenerator" => version.starts_with("goabout.com/"),
        _ => false,
    }
}

/// Every value of a key, whatever its case: Kustomize decodes through Go's JSON reader, for which
/// `Resources` and even `reſources` are `resources`.
pub(super) fn values<'a>(node: &'a Node, key: &'a str) -> impl Iterator<Item = &'a Node> {
    let key = fold(key);
    node.as_mapping()
        .unwrap_or_default()
        .iter()
        .filter(move |pair| fold(&pair.key.text) == key)
        .map(|pair| &pair.value)
}

/// Go's folding of keys: ASCII case, and the two other letters that fold to ASCII.
pub(super) fn fold(key: &str) -> String {
    key.chars()
        .map(|letter| match letter {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// The documents of a text that is YAML of objects; `None` for the name of a file.
fn inline(text: &str) -> Option<Vec<Node>> {
    if !text.contains([':', '\n']) {
        return None;
    }
    let stream = yaml::read(text.as_bytes(), &Budget::file());
    let all_maps = stream
        .documents
        .iter()
        .all(|document| document.root.as_mapping().is_some());
    (stream.errors.is_empty() && !stream.documents.is_empty() && all_maps).then(|| {
        stream
            .documents
            .into_iter()
            .map(|document| document.root)
            .collect()
    })
}
