//! The `git` generator, of folders and of files.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{find_text, is_true};
use super::World;
use super::glob::{FolderGlob, fixed_folder};
use super::params::{Params, add_values, flatten};
use super::pathspec::Pathspec;
use super::problem::{Fault, Stop, Unknown};
use super::template::Language;
use crate::ids::RepoPath;
use crate::plan::gotemplate::{Data, base, dir, normalize};
use crate::tree::EntryKind;
use crate::yaml;

/// A pattern of a generator, and whether it takes out what it matches.
struct Item<'a> {
    pattern: &'a str,
    excludes: bool,
}

/// One generator at work.
pub(super) struct Git<'a> {
    pub(super) language: &'a Language,
    pub(super) world: &'a World<'a>,
    /// Takes what is looked at.
    pub(super) reads: &'a mut BTreeSet<RepoPath>,
}

impl Git<'_> {
    pub(super) fn generate(&mut self, generator: &Value, at: &str) -> Result<Vec<Params>, Stop> {
        let url = find_text(generator, "/repoURL").unwrap_or_default();
        let revision = find_text(generator, "/revision").unwrap_or_default();
        if !(self.world.is_own)(url, revision) {
            return Err(Stop::unknown(
                at,
                Unknown::Elsewhere {
                    url: url.to_owned(),
                    revision: revision.to_owned(),
                },
            ));
        }
        let folders = items(generator, "directories", at)?;
        let files = items(generator, "files", at)?;
        let mut found = if !folders.is_empty() {
            self.folders(generator, &folders, at)?
        } else if !files.is_empty() {
            self.files(generator, &files, at)?
        } else {
            return Err(Stop::field(at, "directories", "a list with a pattern"));
        };
        for params in &mut found {
            add_values(self.language, generator, params, at)?;
        }
        Ok(found)
    }

    fn folders(
        &mut self,
        generator: &Value,
        items: &[Item<'_>],
        at: &str,
    ) -> Result<Vec<Params>, Stop> {
        let mut globs = Vec::new();
        for item in items {
            let glob = FolderGlob::parse(item.pattern).ok_or_else(|| wrong_pattern(item, at))?;
            if !item.excludes {
                self.reads.extend(fixed_folder(item.pattern).parse());
            }
            globs.push((glob, item.excludes));
        }
        let mut found = Vec::new();
        for folder in all_folders(self.world) {
            let matched = |excludes: bool| {
                globs
                    .iter()
                    .any(|(glob, excluding)| *excluding == excludes && glob.matches(&folder))
            };
            if matched(false) && !matched(true) {
                found.push(folder_params(self.language.is_go, generator, &folder));
                self.reads.extend(folder.parse());
            }
        }
        Ok(found)
    }

    fn files(
        &mut self,
        generator: &Value,
        items: &[Item<'_>],
        at: &str,
    ) -> Result<Vec<Params>, Stop> {
        let mut taken: BTreeSet<&RepoPath> = BTreeSet::new();
        // Every exclusion comes behind every inclusion, whatever their order.
        for excludes in [false, true] {
            for item in items.iter().filter(|item| item.excludes == excludes) {
                let pathspec = Pathspec::parse(item.pattern, at)?;
                let entries = self.world.tree.entries().keys();
                let matched = entries.filter(|path| pathspec.matches(path.as_str()));
                if excludes {
                    let gone: BTreeSet<&RepoPath> = matched.collect();
                    taken.retain(|path| !gone.contains(path));
                } else {
                    taken.extend(matched);
                    self.reads.extend(fixed_folder(&pathspec.text).parse());
                }
            }
        }
        let mut found = Vec::new();
        for path in taken {
            self.reads.insert(path.clone());
            found.extend(self.file(generator, path, at)?);
        }
        Ok(found)
    }

    /// The parameter sets of one file: one of a map, one of each map of a list.
    fn file(&self, generator: &Value, path: &RepoPath, at: &str) -> Result<Vec<Params>, Stop> {
        let failed = |reason: String| {
            Stop::fault(
                at,
                Fault::File {
                    path: path.to_string(),
                    reason,
                },
            )
        };
        let bytes = self
            .world
            .tree
            .read(path)
            .map_err(|error| failed(error.to_string()))?;
        let objects = match read(&bytes).map_err(failed)? {
            Data::Null => vec![Params::new()],
            Data::Map(map) => vec![map],
            Data::List(items) => items
                .into_iter()
                .map(|item| match item {
                    Data::Map(map) => Ok(map),
                    Data::Null => Ok(Params::new()),
                    _ => Err(failed("the items of its list must be maps".to_owned())),
                })
                .collect::<Result<_, _>>()?,
            _ => {
                return Err(failed(
                    "it holds neither a map nor a list of maps".to_owned(),
                ));
            }
        };
        let is_go = self.language.is_go;
        let file = path.as_str();
        let folder = dir(file);
        let mut found = Vec::new();
        for object in objects {
            let mut params = if is_go {
                object
            } else {
                flat_texts(&object).map_err(|fault| Stop::fault(at, fault))?
            };
            let name = base(file);
            let more = [
                ("filename", name.to_owned()),
                ("filenameNormalized", normalize(name)),
            ];
            params.extend(path_params(is_go, generator, &folder, &more));
            found.push(params);
        }
        Ok(found)
    }
}

fn items<'a>(generator: &'a Value, key: &str, at: &str) -> Result<Vec<Item<'a>>, Stop> {
    let list = match generator.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(list) => list.as_array(),
    };
    let Some(list) = list else {
        return Err(Stop::field(at, key, "a list"));
    };
    let item = |item: &'a Value| {
        Ok(Item {
            pattern: item
                .get("path")
                .and_then(Value::as_str)
                .ok_or_else(|| Stop::field(at, &format!("{key}.path"), "text"))?,
            excludes: is_true(item, "/exclude"),
        })
    };
    list.iter().map(item).collect()
}

fn wrong_pattern(item: &Item<'_>, at: &str) -> Stop {
    Stop::fault(at, Fault::Pattern(item.pattern.to_owned()))
}

/// Every folder that no name with a leading dot leads to, as a walk of the tree meets them.
fn all_folders(world: &World<'_>) -> Vec<String> {
    let mut folders: BTreeSet<Vec<&str>> = BTreeSet::new();
    for (path, entry) in world.tree.entries() {
        let mut parts: Vec<&str> = path.as_str().split('/').collect();
        if entry.kind != EntryKind::Submodule {
            parts.pop();
        }
        if let Some(hidden) = parts.iter().position(|part| part.starts_with('.')) {
            parts.truncate(hidden);
        }
        while !parts.is_empty() && folders.insert(parts.clone()) {
            parts.pop();
        }
    }
    folders.into_iter().map(|parts| parts.join("/")).collect()
}

fn folder_params(is_go: bool, generator: &Value, folder: &str) -> Params {
    path_params(is_go, generator, folder, &[])
}

/// What templates may say of a folder, under `path` or below the prefix.
fn path_params(is_go: bool, generator: &Value, folder: &str, more: &[(&str, String)]) -> Params {
    let prefix = find_text(generator, "/pathParamPrefix");
    let name = base(folder);
    let mut texts = vec![
        ("basename", name.to_owned()),
        ("basenameNormalized", normalize(name)),
    ];
    texts.extend(more.iter().cloned());
    let mut params = Params::new();
    if is_go {
        let mut path: Params = texts
            .into_iter()
            .map(|(key, text)| (key.to_owned(), Data::Text(text)))
            .collect();
        path.insert("path".to_owned(), Data::Text(folder.to_owned()));
        let segments = folder.split('/').map(str::to_owned).collect();
        path.insert("segments".to_owned(), Data::Texts(segments));
        match prefix {
            Some(prefix) => {
                let inner = Params::from([("path".to_owned(), Data::Map(path))]);
                params.insert(prefix.to_owned(), Data::Map(inner));
            }
            None => {
                params.insert("path".to_owned(), Data::Map(path));
            }
        }
        return params;
    }
    let path = prefix.map_or_else(|| "path".to_owned(), |prefix| format!("{prefix}.path"));
    for (key, text) in texts {
        params.insert(format!("{path}.{key}"), Data::Text(text));
    }
    for (index, part) in folder.split('/').enumerate() {
        if !part.is_empty() {
            params.insert(format!("{path}[{index}]"), Data::Text(part.to_owned()));
        }
    }
    params.insert(path, Data::Text(folder.to_owned()));
    params
}

/// The first document of a file.
fn read(bytes: &[u8]) -> Result<Data, String> {
    let stream = yaml::read(bytes, &yaml::Budget::file());
    match stream.documents.first() {
        Some(first) if first.index == 0 => Ok(Data::of_json(&first.to_json())),
        _ => match stream.errors.first() {
            Some(error) => Err(format!("line {}: {}", error.position.line, error.message)),
            None => Ok(Data::Null),
        },
    }
}

fn flat_texts(object: &Params) -> Result<Params, Fault> {
    let flat = flatten(object)?;
    Ok(flat
        .into_iter()
        .map(|(key, text)| (key, Data::Text(text)))
        .collect())
}
