//! `.argocd-source.yaml` and `.argocd-source-<application>.yaml`: files in a source's folder that Argo
//! CD lays over what the Application says of its tool, always and unasked.

mod lay;

use serde_json::{Map, Value};

use super::application::{HOME, Parts};
use super::find_text;
use crate::ids::RepoPath;
use crate::plan::{Refusal, RefusalKind};
use crate::tree::Tree;
use crate::yaml::{self, Budget};

/// Namespaces that Argo CD itself runs in, by its own manifests and by its best known distribution: there,
/// an application goes by its bare name.
const HOMES: [&str; 2] = [HOME, "openshift-gitops"];

/// The source with the files of its folder laid over it. What cannot be read is refused, and its file
/// is left out.
pub(super) fn apply(
    tree: &Tree,
    app: &Value,
    source: &Value,
    folder: &RepoPath,
    parts: &mut Parts,
) -> Value {
    let mut merged = source.clone();
    for (name, is_certain) in file_names(app) {
        let Some(path) = folder.join(&name) else {
            continue;
        };
        let read = read(tree, &path, parts);
        let laid = match read {
            Ok(None) => continue,
            Ok(Some(_)) if !is_certain => Err((
                0,
                RefusalKind::Declaration,
                "whether Argo CD reads it depends on the namespace that Argo CD runs in".to_owned(),
            )),
            Ok(Some(found)) => lay::lay_over(&mut merged, found)
                .map_err(|text| (0, RefusalKind::Declaration, format!("`{path}`: {text}"))),
            Err(flaw) => Err(flaw),
        };
        if let Err((line, kind, text)) = laid {
            parts.refusals.insert(Refusal {
                kind,
                path,
                line,
                text,
            });
        }
    }
    merged
}

/// Names of the files that may hold for an application, in order, each with whether it does. Outside
/// of the namespace that Argo CD runs in, an application's namespace belongs to its name.
fn file_names(app: &Value) -> Vec<(String, bool)> {
    let mut names = vec![(".argocd-source.yaml".to_owned(), true)];
    if let Some(name) = find_text(app, "/metadata/name") {
        let namespace = find_text(app, "/metadata/namespace").unwrap_or(HOME);
        let is_home = HOMES.contains(&namespace);
        names.push((format!(".argocd-source-{name}.yaml"), is_home));
        names.push((format!(".argocd-source-{namespace}_{name}.yaml"), false));
    }
    names
}

type Flaw = (u32, RefusalKind, String);

/// The map in a file; `None` where no file stands.
fn read(
    tree: &Tree,
    path: &RepoPath,
    parts: &mut Parts,
) -> Result<Option<Map<String, Value>>, Flaw> {
    if tree.entries().contains_key(path) {
        parts.files.insert(path.clone());
    }
    if !tree.claims_file(path) {
        return Ok(None);
    }
    let real = tree
        .resolve(path)
        .map_err(|_| (0, RefusalKind::UnsafeEntry, path.to_string()))?;
    parts.files.insert(real);
    let unreadable = |line, text| (line, RefusalKind::Unreadable, text);
    let bytes = tree
        .read(path)
        .map_err(|error| unreadable(0, error.to_string()))?;
    let stream = yaml::read(&bytes, &Budget::file());
    if let Some(error) = stream.errors.first() {
        return Err(unreadable(error.position.line, error.message.clone()));
    }
    let mut documents = stream.documents.iter().map(yaml::Document::to_json);
    match (documents.next(), documents.next()) {
        (Some(Value::Object(map)), None) => Ok(Some(map)),
        _ => Err(unreadable(0, "it is not one map".to_owned())),
    }
}
