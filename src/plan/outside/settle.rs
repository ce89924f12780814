//! Sources whose files came: where they stand, and what of their declarations is read there.

use super::mount_of;
use super::sources::{is_fetched, need_of};
use crate::config::repo::Engine;
use crate::ids::RepoPath;
use crate::plan::cache::Cache;
use crate::plan::discover::{build_fetched, clean, collect_chart};
use crate::plan::kustomization::{Closure, Walk, find_files};
use crate::plan::{
    AppSide, HelmInput, KustomizeInput, Refusal, RefusalKind, RendererInput, Waiting, remote,
};
use crate::tree::Tree;

/// Points every source that was fetched to where it stands, with the files that rendering it reads.
pub(super) fn settle(side: &mut AppSide, tree: &Tree) {
    let declaration = side.declaration.as_ref();
    let path = declaration.and_then(|found| found.path.clone());
    let line = declaration.map_or(0, |found| found.line);
    for source in &mut side.sources {
        let Some(mount) = need_of(source).map(|need| mount_of(&need)) else {
            continue;
        };
        let Some(folder) = mount.join(source.path.as_str()) else {
            continue;
        };
        if is_fetched(&source.path) || !tree.is_folder(&folder) {
            continue;
        }
        let mut place = Place {
            tree,
            engine: side.engine,
            mount,
            folder,
            declared: (path.clone().unwrap_or_default(), line),
            found: Closure::default(),
        };
        place.refuse_overrides();
        let mut waiting = source.waiting.clone();
        // What Argo CD finds in a folder, unless the source says it.
        if let Some(input) = waiting.kustomize.take()
            && !find_files(tree, &place.folder).is_empty()
        {
            source.renderer = RendererInput::Kustomize(input);
        }
        match &mut source.renderer {
            RendererInput::Helm(input) => place.read_chart(input, &waiting),
            RendererInput::Kustomize(input) => place.read_kustomization(input, &waiting),
            // Which files count is a matter of options that were read without the folder.
            RendererInput::Directory { .. } => continue,
        }
        source.waiting = Waiting::default();
        source.path = place.folder;
        side.closure.extend(place.found.files);
        side.refusals.extend(place.found.refusals);
    }
}

/// A fetched source of a declaration.
struct Place<'a> {
    tree: &'a Tree,
    engine: Engine,
    /// The root of what was fetched.
    mount: RepoPath,
    /// The folder in it that is rendered.
    folder: RepoPath,
    /// File and line of the declaration.
    declared: (RepoPath, u32),
    found: Closure,
}

impl Place<'_> {
    fn refuse(&mut self, kind: RefusalKind, text: &str) {
        let (path, line) = self.declared.clone();
        self.found.refusals.insert(Refusal {
            kind,
            path,
            line,
            text: text.to_owned(),
        });
    }

    /// Files that Argo CD would lay over the declaration. For whom they hold is not asked: nothing that
    /// is fetched should have any.
    fn refuse_overrides(&mut self) {
        if self.engine != Engine::ArgoCd {
            return;
        }
        let names = self.tree.list_folder(&self.folder).unwrap_or_default();
        let is_override =
            |name: &String| name.starts_with(".argocd-source") && name.ends_with(".yaml");
        for name in names.into_keys().filter(is_override) {
            let text = format!("`{name}` of what was fetched");
            self.refuse(RefusalKind::OtherRenderer, &text);
        }
    }

    /// A chart; value files of its declaration take the place of its own values.
    fn read_chart(&mut self, input: &mut HelmInput, waiting: &Waiting) {
        self.found.files = collect_chart(self.tree, &self.folder);
        let mut values = Vec::new();
        for text in &waiting.values {
            let path = self.mount.join(clean(text).as_str());
            match path.filter(|path| self.tree.is_file(path)) {
                Some(path) => values.push(path),
                None if waiting.may_miss => {}
                None => self.refuse(RefusalKind::Missing, text),
            }
        }
        if values.is_empty() {
            return;
        }
        if let Some(own) = self.folder.join("values.yaml") {
            self.found.files.remove(&own);
        }
        self.found.files.extend(values.iter().cloned());
        values.append(&mut input.values);
        input.values = values;
    }

    fn read_kustomization(&mut self, input: &mut KustomizeInput, waiting: &Waiting) {
        if self.engine == Engine::Flux {
            let (generated, found) = build_fetched(self.tree, &self.mount, &self.folder);
            input.generated = generated;
            self.found = found;
        } else {
            self.walk(&self.folder.clone());
        }
        let components = std::mem::take(&mut input.edits.components);
        for text in components {
            if self.read_component(&text, waiting) {
                input.edits.components.push(text);
            }
        }
        self.found.refuse_disabled(input);
        for patch in &input.edits.patches {
            let Some(text) = patch.get("path").and_then(serde_json::Value::as_str) else {
                continue;
            };
            match self
                .find_inside(text)
                .filter(|path| self.tree.is_file(path))
            {
                Some(path) => {
                    self.found.files.insert(path);
                }
                None => self.refuse(RefusalKind::Missing, text),
            }
        }
    }

    /// True for a component that is there, or has to be. It stands in what was fetched, beside the
    /// folder, never on another host.
    fn read_component(&mut self, text: &str, waiting: &Waiting) -> bool {
        if remote::is_repository(text) || remote::looks_remote(text) {
            self.refuse(RefusalKind::RemoteReference, text);
            return true;
        }
        let Some(path) = self.find_inside(text) else {
            self.refuse(RefusalKind::LeavesRepository, text);
            return true;
        };
        match self.tree.is_folder(&path) {
            true => self.walk(&path),
            false if waiting.may_miss => return false,
            false => self.refuse(RefusalKind::Missing, text),
        }
        true
    }

    /// A path from the folder on that stays in what was fetched.
    fn find_inside(&self, text: &str) -> Option<RepoPath> {
        let path = self.folder.join(text)?;
        path.is_within(&self.mount).then_some(path)
    }

    fn walk(&mut self, folder: &RepoPath) {
        let found = Walk::run(self.tree, &self.tree.reader(), &Cache::default(), folder);
        self.found.files.extend(found.files);
        self.found.refusals.extend(found.refusals);
        self.found.asks.extend(found.asks);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::outside::Files;
    use crate::plan::{AppSource, BuildFeature};

    const ADDRESS: &str = "https://git.example/team/app.git";

    /// A source in another repository, and the tree with these files of it.
    fn fetched(renderer: RendererInput, waiting: Waiting, files: &[&str]) -> (AppSide, Tree) {
        let source = AppSource {
            repository: Some(ADDRESS.to_owned()),
            waiting,
            ..AppSource::here("deploy".parse().unwrap(), renderer)
        };
        let mount = mount_of(&need_of(&source).unwrap());
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        let place = |file: &&str| {
            let text = if file.ends_with("kustomization.yaml") {
                ""
            } else {
                text
            };
            (mount.join(file).unwrap(), Arc::from(text.as_bytes()))
        };
        let files: Files = files.iter().map(place).collect();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("beside")).unwrap();
        std::fs::write(folder.path().join("beside/kustomization.yaml"), "").unwrap();
        let tree = Tree::read_directory(folder.path()).unwrap();
        let side = AppSide {
            sources: vec![source],
            ..AppSide::default()
        };
        (side, tree.with_files(files).unwrap())
    }

    fn plain() -> RendererInput {
        RendererInput::Directory { files: [].into() }
    }

    #[test]
    fn a_folder_with_a_kustomization_is_built_as_its_installation_builds() {
        let input = KustomizeInput {
            open_load_restrictor: true,
            helm_major: 3,
            ..KustomizeInput::default()
        };
        let waiting = Waiting {
            kustomize: Some(input.clone()),
            ..Waiting::default()
        };
        let files = ["deploy/kustomization.yaml"];
        let (mut side, tree) = fetched(plain(), waiting.clone(), &files);
        settle(&mut side, &tree);
        assert_eq!(side.sources[0].renderer, RendererInput::Kustomize(input));
        assert_eq!(side.sources[0].waiting, Waiting::default());
        assert_eq!(side.closure.len(), 1);
        // A source that says it is plain files stays so, and one without a kustomization, too.
        for (waiting, files) in [
            (Waiting::default(), ["deploy/kustomization.yaml"]),
            (waiting, ["deploy/a.yaml"]),
        ] {
            let (mut side, tree) = fetched(plain(), waiting, &files);
            settle(&mut side, &tree);
            assert_eq!(side.sources[0].renderer, plain());
        }
    }

    #[test]
    fn what_the_options_do_not_enable_is_refused_in_a_fetched_folder_too() {
        for (disabled, expected) in [
            (vec![BuildFeature::Charts], vec![RefusalKind::BuildOption]),
            (vec![BuildFeature::Plugins], vec![]),
        ] {
            let input = KustomizeInput {
                disabled: disabled.into_iter().collect(),
                ..KustomizeInput::default()
            };
            let files = ["deploy/kustomization.yaml", "deploy/charts/x/Chart.yaml"];
            let renderer = RendererInput::Kustomize(input);
            let (mut side, tree) = fetched(renderer, Waiting::default(), &files);
            let mount = mount_of(&need_of(&side.sources[0]).unwrap());
            let text = "helmCharts:\n- {name: x, releaseName: r}\n";
            let file = mount.join(files[0]).unwrap();
            let tree = tree
                .with_files(Files::from([
                    (file.clone(), Arc::from(text.as_bytes())),
                    (mount.join(files[1]).unwrap(), Arc::from(b"".as_slice())),
                ]))
                .unwrap();
            settle(&mut side, &tree);
            let kinds: Vec<_> = side.refusals.iter().map(|refusal| refusal.kind).collect();
            assert_eq!(kinds, expected);
            assert!(side.refusals.iter().all(|refusal| refusal.path == file));
        }
    }

    #[test]
    fn components_of_a_fetched_folder_are_read_and_stay_in_what_was_fetched() {
        let check = |component: &str, may_miss: bool| {
            let mut input = KustomizeInput::default();
            input.edits.components = vec![component.to_owned()];
            let waiting = Waiting {
                may_miss,
                ..Waiting::default()
            };
            let files = ["deploy/kustomization.yaml", "extra/kustomization.yaml"];
            let (mut side, tree) = fetched(RendererInput::Kustomize(input), waiting, &files);
            settle(&mut side, &tree);
            let RendererInput::Kustomize(input) = &side.sources[0].renderer else {
                panic!("{side:?}");
            };
            let kinds: Vec<_> = side.refusals.iter().map(|refusal| refusal.kind).collect();
            (side.closure.len(), kinds, input.edits.components.len())
        };
        assert_eq!(check("../extra", false), (2, vec![], 1));
        assert_eq!(check("../none", false), (1, vec![RefusalKind::Missing], 1));
        assert_eq!(check("../none", true), (1, vec![], 0));
        for (component, kind) in [
            ("../../../beside", RefusalKind::LeavesRepository),
            ("../../../../beside", RefusalKind::LeavesRepository),
            ("https://git.example/other//x", RefusalKind::RemoteReference),
        ] {
            assert_eq!(check(component, true), (1, vec![kind], 1), "{component}");
        }
    }
}
