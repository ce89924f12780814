//! `.argocd-source.yaml` and `.argocd-source-<application>.yaml`: files in a source's folder that Argo
//! CD lays over what the Application says of its tool, always and unasked.

mod lay;

use serde_json::{Map, Value};

use super::application::{HOME, Parts};
use super::find_text;
use crate::ids::RepoPath;
use crate::plan::{Doubt, Refusal, RefusalKind};
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
    let mut candidate: Option<Map<String, Value>> = None;
    for (name, meant) in file_names(app) {
        let Some(path) = folder.join(&name) else {
            continue;
        };
        let unclear = |text: &str| (0, RefusalKind::Declaration, text.to_owned());
        let laid = match (read(tree, &path, parts), meant) {
            (Ok(None), _) => continue,
            (Ok(Some(_)), Meant::Elsewhere) => Err(unclear(
                "only an Argo CD that runs in another namespace would read it: take the namespace out of its name",
            )),
            (Ok(Some(found)), Meant::Perhaps)
                if candidate.as_ref().is_some_and(|known| *known != found) =>
            {
                Err(unclear(
                    "the file of the bare name differs, and which of them Argo CD reads depends on the namespace that it runs in: keep one",
                ))
            }
            (Ok(Some(found)), meant) => {
                if meant == Meant::Perhaps {
                    let text = format!(
                        "`{path}` counts here: whether Argo CD reads it depends on the namespace that it runs in"
                    );
                    let content = tree.find_blob(&path).unwrap_or_default();
                    parts.doubts.insert(Doubt::of(text, content));
                    candidate = Some(found.clone());
                }
                lay::lay_over(&mut merged, found)
                    .map_err(|text| unclear(&format!("`{path}`: {text}")))
            }
            (Err(flaw), _) => Err(flaw),
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

/// Whether the Argo CD that deploys an application reads a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meant {
    Always,
    Perhaps,
    Elsewhere,
}

/// Names of the files that may hold for an application, in order, each with whether it does. Outside
/// of the namespace that Argo CD runs in, an application's namespace belongs to its name.
fn file_names(app: &Value) -> Vec<(String, Meant)> {
    let mut names = vec![(".argocd-source.yaml".to_owned(), Meant::Always)];
    if let Some(name) = find_text(app, "/metadata/name") {
        let namespace = find_text(app, "/metadata/namespace").unwrap_or(HOME);
        let (bare, full) = if HOMES.contains(&namespace) {
            (Meant::Always, Meant::Elsewhere)
        } else {
            (Meant::Perhaps, Meant::Perhaps)
        };
        names.push((format!(".argocd-source-{name}.yaml"), bare));
        names.push((format!(".argocd-source-{namespace}_{name}.yaml"), full));
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
