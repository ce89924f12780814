//! Policy sources of a judgement, each with its mode.

use crate::config::repo::{self, Mode, RepoConfig};
use crate::gate::policy::{
    DEFAULT_MODE, Namespaces, PolicyFile, PolicySource, RegoVersion, embedded,
};
use crate::ids::RepoPath;
use crate::tree::{EntryKind, Tree, TreeError};

/// conftest's default folder, used when the configuration names no source.
const DEFAULT_FOLDER: &str = "policy";

/// One source and what its findings may do.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyInput {
    /// Files and data.
    pub source: PolicySource,
    /// What its findings do, within the gate's own mode.
    pub mode: Mode,
}

/// What the command line adds to the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyChoice {
    /// Sources instead of the configured ones; empty: the configured ones.
    pub sources: Vec<PolicySource>,
    /// conftest packages of configured sources.
    pub namespaces: Namespaces,
    /// Syntax of configured sources.
    pub rego: RegoVersion,
    /// The `data` document of configured sources.
    pub data: serde_json::Value,
}

impl Default for PolicyChoice {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            namespaces: Namespaces::default(),
            rego: RegoVersion::default(),
            data: serde_json::Value::Object(serde_json::Map::new()),
        }
    }
}

impl PolicyInput {
    /// The sources that judge: the chosen ones, else what the configuration names, else `policy/` when
    /// the base has it; and the embedded library. Read from the base tree only.
    pub fn read(
        base: &Tree,
        config: &RepoConfig,
        choice: &PolicyChoice,
    ) -> Result<Vec<Self>, TreeError> {
        let mut inputs = Vec::new();
        if choice.sources.is_empty() {
            for source in configured(base, config) {
                if source.mode != Mode::Off {
                    inputs.push(PolicyInput {
                        source: read_source(base, &source, choice)?,
                        mode: source.mode,
                    });
                }
            }
        } else {
            inputs.extend(choice.sources.iter().map(|source| PolicyInput {
                source: source.clone(),
                mode: Mode::BlockNew,
            }));
        }
        let has_own = !inputs.is_empty();
        inputs.push(PolicyInput {
            source: embedded(!has_own),
            mode: DEFAULT_MODE,
        });
        Ok(inputs)
    }
}

fn configured(base: &Tree, config: &RepoConfig) -> Vec<repo::PolicySource> {
    if let Some(sources) = &config.policies {
        return sources.clone();
    }
    let folder: Option<RepoPath> = DEFAULT_FOLDER.parse().ok();
    let holds_rego = |folder: &RepoPath| {
        base.below(folder)
            .any(|(path, _)| path.as_str().ends_with(".rego"))
    };
    folder
        .filter(holds_rego)
        .map(|path| repo::PolicySource {
            path,
            dialect: repo::Dialect::Auto,
            mode: Mode::BlockNew,
        })
        .into_iter()
        .collect()
}

fn read_source(
    base: &Tree,
    source: &repo::PolicySource,
    choice: &PolicyChoice,
) -> Result<PolicySource, TreeError> {
    let mut read = PolicySource::new(source.path.to_string(), source.dialect.into());
    read.namespaces = choice.namespaces.clone();
    read.data = choice.data.clone();
    let reader = base.reader();
    let single = base.entries().get_key_value(&source.path);
    for (path, entry) in single.into_iter().chain(base.below(&source.path)) {
        // A link is followed inside the tree; one that leads out of it is an error, as a policy that
        // is passed over would look like one that has nothing to say.
        if entry.kind != EntryKind::Submodule && path.as_str().ends_with(".rego") {
            let text = String::from_utf8_lossy(&reader.read(path)?).into_owned();
            read.files.push(PolicyFile {
                path: path.to_string(),
                text,
                rego: choice.rego,
            });
        }
    }
    Ok(read)
}
