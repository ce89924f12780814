//! Policies named on the command line.

use std::path::Path;

use serde_json::{Map, Value};

use super::check::PolicyArgs;
use super::{CommandError, inputs};
use crate::gate::policy::{Dialect, Namespaces, PolicyFile, PolicySource, RegoVersion};
use crate::run::pipeline::PolicyChoice;
use crate::yaml::{self, Budget};

/// What the flags say.
pub(super) fn choose(args: &PolicyArgs) -> Result<PolicyChoice, CommandError> {
    let namespaces = match (args.all_policy_namespaces, args.policy_namespace.is_empty()) {
        (true, _) => Namespaces::All,
        (false, true) => Namespaces::Main,
        (false, false) => Namespaces::Named(args.policy_namespace.clone()),
    };
    let rego = RegoVersion::find(&args.rego_version).unwrap_or_default();
    let data = read_data(&args.data)?;
    let dialect =
        crate::config::repo::Dialect::find(&args.dialect).map_or(Dialect::Auto, Dialect::from);
    let mut sources = Vec::new();
    for path in &args.policies {
        let mut source = PolicySource::new(path.display().to_string(), dialect);
        source.namespaces = namespaces.clone();
        source.data = data.clone();
        for file in inputs::walk(std::slice::from_ref(path), &["rego"])? {
            let text = String::from_utf8_lossy(&inputs::read_file(&file)?).into_owned();
            source.files.push(PolicyFile {
                path: shown(&file),
                text,
                rego,
            });
        }
        sources.push(source);
    }
    Ok(PolicyChoice {
        sources,
        namespaces,
        rego,
        data,
    })
}

/// A path as reports show it: without a leading `./`.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// One `data` document of all files: an object's keys join, folders become keys.
pub(super) fn read_data(paths: &[std::path::PathBuf]) -> Result<Value, CommandError> {
    let mut data = Map::new();
    for root in paths {
        for file in inputs::walk(std::slice::from_ref(root), &["json", "yaml", "yml"])? {
            let stream = yaml::read(&inputs::read_file(&file)?, &Budget::file());
            let wrong = |what: &str| {
                CommandError::new(format!("`{}` is no data document: {what}", file.display()))
            };
            if let Some(error) = stream.errors.first() {
                return Err(wrong(&error.message));
            }
            let Some(Value::Object(object)) = stream.documents.first().map(yaml::Document::to_json)
            else {
                return Err(wrong("it does not hold an object"));
            };
            let folders = file.strip_prefix(root).ok().and_then(Path::parent);
            let mut place = &mut data;
            for folder in folders.into_iter().flat_map(Path::components) {
                let key = folder.as_os_str().to_string_lossy().into_owned();
                let entry = place
                    .entry(key)
                    .or_insert_with(|| Value::Object(Map::new()));
                let Value::Object(inner) = entry else {
                    return Err(wrong("a folder and a key have the same name"));
                };
                place = inner;
            }
            for (key, value) in object {
                if place.insert(key.clone(), value).is_some() {
                    return Err(wrong(&format!("the key `{key}` stands in two data files")));
                }
            }
        }
    }
    Ok(Value::Object(data))
}
