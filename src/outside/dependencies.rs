//! The charts that a chart depends on: what `Chart.yaml` and its lock say together.
//!
//! Versions come from the lock, as `helm dependency build` takes them; a lock that was made for other
//! dependencies is a problem. Without a lock, a range is whatever fits today.

use serde_json::Value;

use super::{ChartNeed, Need};
use crate::ids::{Digest, RepoPath};
use crate::yaml::{self, Budget, Node, NodeKind};

/// The texts of the files that speak of dependencies; `None`: no such file.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChartTexts<'a> {
    /// `Chart.yaml`.
    pub chart: Option<&'a [u8]>,
    /// `Chart.lock`.
    pub lock: Option<&'a [u8]>,
    /// `requirements.yaml`, of charts of version 1. Helm takes it before `Chart.yaml`.
    pub requirements: Option<&'a [u8]>,
    /// `requirements.lock`. Helm takes it before `Chart.lock`.
    pub requirements_lock: Option<&'a [u8]>,
}

/// One dependency and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The chart's name.
    pub name: String,
    /// The version of the lock; without a lock what the chart wants, which may be a range.
    pub version: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Line in `Chart.yaml` or `requirements.yaml`, from 1; 0 where only the lock names it.
    pub line: u32,
}

/// Where a dependency comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From outside.
    Outside(Need),
    /// A chart in this repository.
    InTree(RepoPath),
    /// It names no repository: it must lie in `charts/`.
    Vendored,
    /// It cannot be fetched.
    Unusable(DependencyProblem),
}

/// Why a dependency, or all of them, cannot be fetched. The author's to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum DependencyProblem {
    /// A file that cannot be read.
    #[error("`{file}` cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: &'static str,
        /// Line, from 1.
        line: u32,
        /// Why.
        reason: String,
    },
    /// The lock was made for other dependencies.
    #[error("`{lock}` does not fit the dependencies of `{chart}`; run `helm dependency update`")]
    OutOfSync {
        /// The lock.
        lock: &'static str,
        /// The file with the dependencies.
        chart: &'static str,
    },
    /// `@name` or `alias:name`: a repository of somebody's own Helm configuration.
    #[error("`{name}` is a repository of somebody's own Helm configuration; write its address")]
    Alias {
        /// As it was written.
        name: String,
    },
    /// `file://` that leads out of the repository, or to an absolute path.
    #[error("`{path}` leads out of the repository")]
    Leaves {
        /// As it was written.
        path: String,
    },
    /// Neither an address nor a path.
    #[error("`{repository}` is not the address of a chart repository")]
    NoAddress {
        /// As it was written.
        repository: String,
    },
}

/// The dependencies of the chart in `folder`, in the order of the lock, else of the chart; empty when
/// it has none.
pub fn parse(
    texts: ChartTexts<'_>,
    folder: &RepoPath,
) -> Result<Vec<Dependency>, DependencyProblem> {
    let chart = texts
        .chart
        .map(|text| read("Chart.yaml", text))
        .transpose()?;
    let requirements = texts
        .requirements
        .map(|text| read("requirements.yaml", text))
        .transpose()?;
    let own = match &requirements {
        Some(root) if root.find("dependencies").is_some() => listed("requirements.yaml", root)?,
        _ => chart
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), |root| listed("Chart.yaml", root))?,
    };
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let is_first_version = chart
        .as_ref()
        .and_then(|root| text_of(root, "apiVersion"))
        .is_none_or(|version| version == "v1");
    let lock = match (texts.requirements_lock, texts.lock) {
        (Some(text), _) => Some(("requirements.lock", text)),
        (None, Some(text)) => Some(("Chart.lock", text)),
        (None, None) => None,
    };
    let Some((file, text)) = lock else {
        return Ok(own.iter().map(|item| item.resolve(folder)).collect());
    };
    let root = read(file, text)?;
    let locked = listed(file, &root)?;
    let digest = text_of(&root, "digest").unwrap_or_default();
    let fits = digest == hash(&Value::Array(vec![as_json(&own), as_json(&locked)]))
        || is_first_version
            && digest == hash(&serde_json::json!({ "dependencies": as_json(&own) }));
    if !fits {
        let chart = if requirements.is_some() {
            "requirements.yaml"
        } else {
            "Chart.yaml"
        };
        return Err(DependencyProblem::OutOfSync { lock: file, chart });
    }
    let line_of = |name: &str| {
        own.iter()
            .find(|item| item.name == name)
            .map_or(0, |item| item.line)
    };
    Ok(locked
        .iter()
        .map(|item| Dependency {
            line: line_of(&item.name),
            ..item.resolve(folder)
        })
        .collect())
}

/// One entry of a list of dependencies.
struct Listed {
    name: String,
    version: String,
    repository: String,
    line: u32,
    /// The entry as Helm writes it to digest it.
    json: Value,
}

impl Listed {
    fn resolve(&self, folder: &RepoPath) -> Dependency {
        Dependency {
            name: self.name.clone(),
            version: self.version.clone(),
            origin: self.origin(folder),
            line: self.line,
        }
    }

    fn origin(&self, folder: &RepoPath) -> Origin {
        let repository = self.repository.as_str();
        if repository.is_empty() {
            return Origin::Vendored;
        }
        if repository.starts_with('@') || repository.starts_with("alias:") {
            let name = repository.to_owned();
            return Origin::Unusable(DependencyProblem::Alias { name });
        }
        if let Some(path) = repository.strip_prefix("file://") {
            return folder.join(path).map_or_else(
                || {
                    let path = repository.to_owned();
                    Origin::Unusable(DependencyProblem::Leaves { path })
                },
                Origin::InTree,
            );
        }
        let scheme = repository.split("://").next().unwrap_or_default();
        if !matches!(scheme, "http" | "https" | "oci") || !repository.contains("://") {
            let repository = super::shown(repository).to_string();
            return Origin::Unusable(DependencyProblem::NoAddress { repository });
        }
        Origin::Outside(Need::Chart(ChartNeed {
            repository: repository.trim_end_matches('/').to_owned(),
            name: self.name.clone(),
            version: self.version.clone(),
            digest: None,
        }))
    }
}

fn read(file: &'static str, text: &[u8]) -> Result<Node, DependencyProblem> {
    let stream = yaml::read(text, &Budget::file());
    if let Some(error) = stream.errors.first() {
        return Err(DependencyProblem::Unreadable {
            file,
            line: error.position.line,
            reason: error.message.clone(),
        });
    }
    Ok(stream.documents.into_iter().next().map_or_else(
        || Node {
            span: yaml::Span::default(),
            kind: NodeKind::Null,
        },
        |document| document.root,
    ))
}

fn text_of<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.find(key).and_then(|pair| pair.value.as_str())
}

fn listed(file: &'static str, root: &Node) -> Result<Vec<Listed>, DependencyProblem> {
    let Some(pair) = root.find("dependencies") else {
        return Ok(Vec::new());
    };
    let malformed = |node: &Node, reason: &str| DependencyProblem::Unreadable {
        file,
        line: node.span.start.line,
        reason: reason.to_owned(),
    };
    let items = match &pair.value.kind {
        NodeKind::Sequence(items) => items,
        NodeKind::Null => return Ok(Vec::new()),
        _ => return Err(malformed(&pair.value, "`dependencies` is not a list")),
    };
    items
        .iter()
        .map(|item| {
            let NodeKind::Mapping(pairs) = &item.kind else {
                return Err(malformed(item, "a dependency is not a map"));
            };
            let texts = ["name", "version", "repository", "condition", "alias"];
            for pair in pairs.iter().filter(|pair| texts.contains(&&*pair.key.text)) {
                if !matches!(pair.value.kind, NodeKind::String(_) | NodeKind::Null) {
                    return Err(malformed(
                        &pair.value,
                        "a name, version or address is not a text",
                    ));
                }
            }
            let text = |key: &str| sanitized(text_of(item, key).unwrap_or_default());
            let (name, version, repository) = (text("name"), text("version"), text("repository"));
            if name.is_empty() {
                return Err(malformed(item, "a dependency has no name"));
            }
            let json = digested(item, &name, &version, &repository);
            let line = item.span.start.line;
            Ok(Listed {
                name,
                version,
                repository,
                line,
                json,
            })
        })
        .collect()
}

/// The entry in the order and with the omissions of Helm's own type.
fn digested(item: &Node, name: &str, version: &str, repository: &str) -> Value {
    let mut map = serde_json::Map::new();
    let mut put = |key: &str, value: Value, is_kept: bool| {
        if is_kept {
            map.insert(key.to_owned(), value);
        }
    };
    put("name", name.into(), true);
    put("version", version.into(), !version.is_empty());
    put("repository", repository.into(), true);
    let condition = sanitized(text_of(item, "condition").unwrap_or_default());
    put(
        "condition",
        condition.as_str().into(),
        !condition.is_empty(),
    );
    let value = |key: &str| item.find(key).map(|pair| pair.value.to_json());
    for key in ["tags", "enabled", "import-values"] {
        let value = value(key).unwrap_or_default();
        let is_kept = match &value {
            Value::Array(items) => !items.is_empty(),
            Value::Bool(enabled) => *enabled,
            _ => false,
        };
        put(key, sorted(value), is_kept);
    }
    let alias = text_of(item, "alias").unwrap_or_default();
    put("alias", alias.into(), !alias.is_empty());
    Value::Object(map)
}

/// Go writes the keys of a map in order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().collect();
            pairs.sort_by(|one, other| one.0.cmp(&other.0));
            pairs
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        value => value,
    }
}

/// Helm turns every white space into a blank and drops what does not print.
fn sanitized(text: &str) -> String {
    text.chars()
        .filter_map(|character| match character {
            space if space.is_whitespace() => Some(' '),
            control if control.is_control() => None,
            character => Some(character),
        })
        .collect()
}

fn as_json(items: &[Listed]) -> Value {
    items.iter().map(|item| item.json.clone()).collect()
}

/// The digest as Helm writes it; Go escapes what HTML would read.
fn hash(value: &Value) -> String {
    let text = value
        .to_string()
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    format!("sha256:{}", Digest::of(text.as_bytes()))
}
