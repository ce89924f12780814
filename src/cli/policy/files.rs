//! Policy files on disk, as the command line names them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::gate::policy::{Dialect, Namespaces, PolicyFile, PolicySource, RegoVersion};
use crate::yaml;

/// What the command line says about policies.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Files and folders with policies.
    pub paths: Vec<PathBuf>,
    /// Convention; `None` finds it out per package.
    pub dialect: Option<Dialect>,
    /// conftest packages to evaluate.
    pub namespaces: Namespaces,
    /// Syntax of all files.
    pub rego: RegoVersion,
    /// Files and folders with data: sub-folders become keys.
    pub data: Vec<PathBuf>,
}

/// Why policies could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or folder that does not exist or cannot be read.
    #[error("`{path}` could not be read: {reason}")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A folder or list without any Rego file.
    #[error("no Rego file in {0}")]
    NoPolicy(String),
    /// A data file that is neither YAML nor JSON.
    #[error("`{path}` is not YAML: {reason}")]
    Data {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A symbolic link, which is not followed.
    #[error("`{0}` is a symbolic link; name the file itself")]
    Link(String),
}

/// Reads a selection as one source, named by its paths.
pub fn load_source(selection: &Selection) -> Result<PolicySource, SourceError> {
    let names: Vec<String> = selection.paths.iter().map(|path| show(path)).collect();
    let mut source =
        PolicySource::new(names.join(", "), selection.dialect.unwrap_or(Dialect::Auto));
    source.namespaces = selection.namespaces.clone();
    for path in find_files(&selection.paths, &|path| has_extension(path, &["rego"]))? {
        source.files.push(PolicyFile {
            text: read(&path)?,
            path: show(&path),
            rego: selection.rego,
        });
    }
    if source.files.is_empty() {
        return Err(SourceError::NoPolicy(names.join(", ")));
    }
    source.data = load_data(&selection.data)?;
    Ok(source)
}

/// Every file below `paths` in a folder called `cases`, in path order.
pub(super) fn find_cases(paths: &[PathBuf]) -> Result<Vec<PathBuf>, SourceError> {
    find_files(paths, &|path| {
        has_extension(path, &["yaml", "yml", "json"])
            && path
                .parent()
                .and_then(Path::file_name)
                .is_some_and(|folder| folder == "cases")
    })
}

/// Reads data trees: the keys of a file stand below the names of the folders that lead to it.
pub fn load_data(paths: &[PathBuf]) -> Result<Value, SourceError> {
    let mut data = Value::Object(Map::new());
    for root in paths {
        let files = find_files(std::slice::from_ref(root), &|path| {
            has_extension(path, &["yaml", "yml", "json"])
        })?;
        for file in files {
            let value = read_yaml(&file)?;
            let folders: Vec<String> = file
                .parent()
                .and_then(|folder| folder.strip_prefix(root).ok())
                .map(|folder| {
                    folder
                        .components()
                        .map(|part| part.as_os_str().to_string_lossy().into_owned())
                        .collect()
                })
                .unwrap_or_default();
            let nested = folders.into_iter().rev().fold(value, |inner, key| {
                Value::Object(Map::from_iter([(key, inner)]))
            });
            merge(&mut data, nested);
        }
    }
    Ok(data)
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// The first document of a file.
pub(super) fn read_yaml(path: &Path) -> Result<Value, SourceError> {
    let text = read(path)?;
    let stream = yaml::read(text.as_bytes(), &yaml::Budget::default());
    if let Some(error) = stream.errors.first() {
        return Err(SourceError::Data {
            path: show(path),
            reason: format!("{} (line {})", error.message, error.position.line),
        });
    }
    Ok(stream
        .documents
        .first()
        .map_or(Value::Null, yaml::Document::to_json))
}

fn read(path: &Path) -> Result<String, SourceError> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceError {
    SourceError::Unreadable {
        path: show(path),
        reason: error.to_string(),
    }
}

pub(super) fn show(path: &Path) -> String {
    path.display().to_string()
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| extensions.contains(&extension))
}

/// Files below the paths that fit, in path order, each once; a file that is named itself is taken
/// when it fits.
fn find_files(
    paths: &[PathBuf],
    fits: &dyn Fn(&Path) -> bool,
) -> Result<Vec<PathBuf>, SourceError> {
    let mut found = BTreeSet::new();
    let mut open: Vec<PathBuf> = paths.to_vec();
    while let Some(path) = open.pop() {
        let kind = fs::symlink_metadata(&path)
            .map_err(|error| unreadable(&path, &error))?
            .file_type();
        if kind.is_symlink() {
            if paths.contains(&path) {
                return Err(SourceError::Link(show(&path)));
            }
        } else if kind.is_dir() {
            for entry in fs::read_dir(&path).map_err(|error| unreadable(&path, &error))? {
                open.push(entry.map_err(|error| unreadable(&path, &error))?.path());
            }
        } else if fits(&path) {
            found.insert(path);
        }
    }
    Ok(found.into_iter().collect())
}
