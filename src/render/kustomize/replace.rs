//! What Kustomize may not run here, replaced by what it would give: charts by their rendering,
//! generators of secrets by placeholders. Only the private folder is changed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::FILE_NAMES;
use super::change::Change;
use super::charts::Chart;
use super::file::{Kustomization, fold};
use super::generators::{self, Replaced};
use super::prepare::read;
use crate::config::repo::Engine;
use crate::ids::RepoPath;
use crate::plan::{InflatedChart, KustomizeInput};
use crate::render::workspace::Workspace;
use crate::render::{Problem, Request, encrypted};
use crate::yaml;

/// Kustomizations inside one another; planning refuses deeper ones.
const DEPTH_LIMIT: usize = 64;

/// Replaces everything of that kind which the root leads to.
pub(super) fn replace_all(
    input: &KustomizeInput,
    request: &Request<'_>,
    workspace: &Workspace,
) -> Result<(), Vec<Problem>> {
    let is_needed = request.closure.iter().any(|path| {
        FILE_NAMES.contains(&path.file_name())
            && workspace.read(path).is_some_and(|text| {
                let text = fold(&text);
                text.contains("helmchart")
                    || text.contains("generators")
                    || request.engine == Engine::Flux && text.contains("secretgenerator")
            })
    });
    if !is_needed {
        return Ok(());
    }
    let mut replacement = Replacement {
        input,
        request,
        workspace,
        seen: BTreeMap::new(),
        changes: Vec::new(),
    };
    replacement.visit(request.path, "", 0)?;
    // Written last: no chart sees what another one gave.
    for change in replacement.changes {
        change.write(workspace)?;
    }
    Ok(())
}

/// What generators of one kustomization give.
#[derive(Default)]
struct Made {
    /// What charts render to, in order.
    charts: Vec<String>,
    /// Objects that no built-in generator makes.
    objects: Vec<Value>,
}

struct Replacement<'a> {
    input: &'a KustomizeInput,
    request: &'a Request<'a>,
    workspace: &'a Workspace,
    /// The namespace with which each folder was reached.
    seen: BTreeMap<RepoPath, String>,
    changes: Vec<Change>,
}

impl Replacement<'_> {
    fn visit(
        &mut self,
        folder: &RepoPath,
        namespace: &str,
        depth: usize,
    ) -> Result<(), Vec<Problem>> {
        let file = find_file(folder, self.workspace);
        let Some(file) = file.filter(|_| depth < DEPTH_LIMIT) else {
            return Ok(());
        };
        let kustomization = read(&file, self.workspace)?;
        let own = match kustomization.text("namespace") {
            "" => namespace.to_owned(),
            own => own.to_owned(),
        };
        match self.seen.get(folder) {
            Some(before) if *before == own => return Ok(()),
            Some(_) if !kustomization.charts().is_empty() => {
                let message = "two kustomizations with different namespaces inflate its charts: give each chart its own `namespace`";
                return Err(vec![Problem::about(&file, message.to_owned())]);
            }
            Some(_) => {}
            None => {
                self.seen.insert(folder.clone(), own.clone());
                self.change(&file, kustomization.clone(), &own)?;
            }
        }
        for field in ["resources", "bases", "components"] {
            let items = kustomization.items(field).iter();
            let texts = items.filter_map(Value::as_str);
            for target in texts.filter_map(|text| folder.join(text)) {
                if self.workspace.is_folder(&target) {
                    self.visit(&target, &own, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn change(
        &mut self,
        file: &RepoPath,
        mut kustomization: Kustomization,
        namespace: &str,
    ) -> Result<(), Vec<Problem>> {
        let folder = file.parent();
        let before = kustomization.clone();
        let mut made = Made::default();
        for entry in kustomization.charts() {
            let entry = entry.map_err(|why| vec![Problem::about(file, why)])?;
            let own = match entry.namespace.as_str() {
                "" => namespace,
                own => own,
            };
            made.charts.push(self.inflate(&entry, file, &folder, own)?);
        }
        for field in ["helmCharts", "helmChartInflationGenerator", "helmGlobals"] {
            kustomization.take(field);
        }
        self.replace_generators(file, &folder, &mut kustomization, &mut made)?;
        if self.request.engine == Engine::Flux {
            self.cover_sources(&folder, &kustomization)?;
        }
        // What a folder of configurations gives leaves the kustomization itself as it was.
        if kustomization != before || !made.charts.is_empty() || !made.objects.is_empty() {
            self.changes.push(Change {
                file: file.clone(),
                kustomization,
                charts: made.charts,
                objects: made.objects,
            });
        }
        Ok(())
    }

    fn inflate(
        &self,
        entry: &InflatedChart,
        file: &RepoPath,
        root: &RepoPath,
        namespace: &str,
    ) -> Result<String, Vec<Problem>> {
        let chart = Chart {
            file,
            root,
            entry,
            namespace,
            input: self.input,
        };
        chart.inflate(self.request, self.workspace)
    }

    /// Replaces the known generators by what they give.
    fn replace_generators(
        &self,
        file: &RepoPath,
        folder: &RepoPath,
        kustomization: &mut Kustomization,
        made: &mut Made,
    ) -> Result<(), Vec<Problem>> {
        let mut generators = kustomization.items("generators").to_vec();
        let mut is_changed = false;
        for item in &mut generators {
            let Some(text) = item.as_str() else { continue };
            let inline = text.contains([':', '\n']);
            if let Some(documents) = inline
                .then(|| generators::read_configurations(text))
                .flatten()
            {
                let replaced = generators::replace(documents, file, folder, self.workspace)?;
                if replaced.is_changed {
                    *item = self.take(replaced, file, folder, made)?;
                    is_changed = true;
                }
                continue;
            }
            let Some(target) = folder.join(text) else {
                continue;
            };
            if self.workspace.is_folder(&target) {
                self.replace_below(&target, folder, made, 0)?;
            } else if let Some(replaced) = self.replace_file(&target, folder)? {
                *item = self.take(replaced, &target, folder, made)?;
                is_changed = true;
            }
        }
        if is_changed {
            generators.retain(|item| item.as_str() != Some(""));
            if generators.is_empty() {
                kustomization.take("generators");
            } else {
                kustomization.set("generators", generators);
            }
        }
        Ok(())
    }

    /// What is left of the configurations of one item or file, as text; empty for none.
    fn take(
        &self,
        replaced: Replaced,
        file: &RepoPath,
        folder: &RepoPath,
        made: &mut Made,
    ) -> Result<Value, Vec<Problem>> {
        made.objects.extend(replaced.objects);
        for entry in &replaced.charts {
            // A configuration gets no namespace from the kustomization.
            made.charts
                .push(self.inflate(entry, file, folder, &entry.namespace)?);
        }
        Ok(Value::from(match replaced.configurations.as_slice() {
            [] => String::new(),
            several => yaml::write_all(several),
        }))
    }

    fn replace_file(
        &self,
        file: &RepoPath,
        folder: &RepoPath,
    ) -> Result<Option<Replaced>, Vec<Problem>> {
        let text = self.workspace.read(file).unwrap_or_default();
        let documents = generators::read_configurations(&text).unwrap_or_default();
        let replaced = generators::replace(documents, file, folder, self.workspace)?;
        Ok(Some(replaced).filter(|replaced| replaced.is_changed))
    }

    /// Configurations that a folder builds to: its files are replaced where they stand.
    fn replace_below(
        &self,
        below: &RepoPath,
        folder: &RepoPath,
        made: &mut Made,
        depth: usize,
    ) -> Result<(), Vec<Problem>> {
        let file = find_file(below, self.workspace);
        let Some(file) = file.filter(|_| depth < DEPTH_LIMIT) else {
            return Ok(());
        };
        let kustomization = read(&file, self.workspace)?;
        for item in kustomization.items("resources") {
            let Some(target) = item.as_str().and_then(|text| below.join(text)) else {
                continue;
            };
            if self.workspace.is_folder(&target) {
                self.replace_below(&target, folder, made, depth + 1)?;
            } else if let Some(replaced) = self.replace_file(&target, folder)? {
                let left = self.take(replaced, &target, folder, made)?;
                let text = left.as_str().unwrap_or_default();
                self.workspace.write(&target, text)?;
            }
        }
        Ok(())
    }

    /// Flux decrypts the files of Secret generators before it builds.
    fn cover_sources(
        &self,
        folder: &RepoPath,
        kustomization: &Kustomization,
    ) -> Result<(), Vec<Problem>> {
        for generator in kustomization.items("secretGenerator") {
            for field in ["files", "envs"] {
                let sources = generator.get(field).and_then(Value::as_array);
                let sources = sources.into_iter().flatten().filter_map(Value::as_str);
                for source in sources {
                    let name = if field == "files" {
                        generators::split_source(source).1
                    } else {
                        source
                    };
                    let path = folder.join(name).unwrap_or_default();
                    let text = self.workspace.read(&path).unwrap_or_default();
                    if let Some(covered) = cover_source(&text, field == "envs") {
                        self.workspace.write(&path, &covered)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What stands for a file that SOPS encrypted; `None` for any other.
fn cover_source(text: &str, has_pairs: bool) -> Option<String> {
    let dotenv = encrypted::cover_dotenv(text);
    if has_pairs {
        return dotenv;
    }
    let documents = generators::read_documents(text).unwrap_or_default();
    let is_encrypted = dotenv.is_some() || documents.iter().any(encrypted::is_encrypted);
    is_encrypted.then(|| encrypted::placeholder(text.as_bytes()))
}

fn find_file(folder: &RepoPath, workspace: &Workspace) -> Option<RepoPath> {
    FILE_NAMES
        .iter()
        .filter_map(|name| folder.join(name))
        .find(|path| workspace.is_file(path))
}
