//! Rendered output that is kept: found again by content alone, whole or not at all, without Secrets.

mod bucket;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use drydock::object::Masker;
use drydock::plan::{AppSide, HelmInput, RendererInput};
use drydock::render::{Cache, Outcome, Place, Rendering, Settings, ToolPaths, Tools, render_side};
use drydock::sandbox::Sandbox;

use crate::workbench::{
    CONFIG_MAP, Repository, chart, helm_input, parts, path, rendering, settings,
};

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: canary-of-tests}\ndata: {token: Y2FuYXJ5LW9mLXRlc3Rz}\n";

/// A folder for entries and versions of tools.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn open(&self) -> Cache {
        Cache::open(&Place::Folder(self.path().to_owned()), Cache::DEFAULT_BYTES).unwrap()
    }

    /// The real tools with this cache.
    fn settings(&self) -> Settings {
        self.settings_with(settings().sandbox)
    }

    fn settings_with(&self, sandbox: Sandbox) -> Settings {
        let paths = ToolPaths {
            search: vec![parts().join("bin")],
            ..ToolPaths::default()
        };
        let tools = Tools::find(paths, sandbox.clone()).remembering(self.path().join("tools"));
        let mut settings = Settings::new(Arc::new(tools), sandbox, Masker::new([7; 32]));
        settings.cache = Some(self.open());
        settings
    }

    /// Settings with which no process can be started.
    fn dead_settings(&self) -> Settings {
        let nothing = self.path().join("no-such-program");
        self.settings_with(Sandbox::default().with_executable(nothing))
    }

    fn entries(&self) -> Vec<PathBuf> {
        files_below(&self.path().join("entries"))
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for item in std::fs::read_dir(folder).into_iter().flatten() {
        let path = item.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Everything of a rendering that later stages see.
fn describe(rendering: &Rendering) -> String {
    let manifests: Vec<String> = rendering
        .manifests
        .iter()
        .map(|manifest| {
            format!(
                "{:?} {:?} {:?} {} {} {}",
                manifest.object(),
                manifest.role(),
                manifest.provenance(),
                manifest.digest(),
                manifest.is_masked(),
                manifest.value()
            )
        })
        .collect();
    format!("{} {manifests:#?}", rendering.digest)
}

fn sample_chart() -> Repository {
    let repository = chart(&[
        ("secret.yaml", SECRET),
        (
            "settings.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  version: {{ .Capabilities.KubeVersion.Version | quote }}\n",
        ),
        (
            "hook.yaml",
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations: {helm.sh/hook: pre-upgrade}\n",
        ),
    ]);
    repository.write("chart/more.yaml", "a: 1\n");
    repository
}

#[test]
fn a_second_run_starts_no_process_and_gives_the_same() {
    let repository = sample_chart();
    repository.write("app/kustomization.yaml", "resources: [secret.yaml]\n");
    repository.write("app/secret.yaml", SECRET);
    let folder = Folder::new();
    for side in [repository.helm("chart"), repository.kustomize("app")] {
        let fresh = render_side(&side, &repository.tree(), &settings());
        let cold = render_side(&side, &repository.tree(), &folder.settings());
        let settings = folder.dead_settings();
        let warm = render_side(&side, &repository.tree(), &settings);
        assert_eq!(describe(rendering(&cold)), describe(rendering(&fresh)));
        assert_eq!(describe(rendering(&warm)), describe(rendering(&fresh)));
        assert_eq!(settings.cache.unwrap().counts().found, 1);
        // The same settings without the cache: nothing is rendered with a program that is not there.
        let dead = Settings {
            cache: None,
            ..folder.dead_settings()
        };
        let outcome = render_side(&side, &repository.tree(), &dead);
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    }
}

#[test]
fn what_comes_from_the_cache_cannot_be_unsealed() {
    let repository = sample_chart();
    let (side, tree) = (repository.helm("chart"), repository.tree());
    let folder = Folder::new();
    let cold = render_side(&side, &tree, &folder.settings());
    let warm = render_side(&side, &tree, &folder.settings());
    let secret = |outcome: &Outcome| {
        let found = rendering(outcome).manifests.iter();
        let mut found = found.filter(|manifest| manifest.object().kind == "Secret");
        found.next().unwrap().clone()
    };
    assert!(secret(&cold).unseal().is_some());
    assert!(secret(&warm).unseal().is_none());
    assert!(secret(&warm).is_masked());
}

#[test]
fn everything_that_decides_a_rendering_is_part_of_its_name() {
    let folder = Folder::new();
    let repository = sample_chart();
    let side = repository.helm("chart");
    let look = |what: &str, repository: &Repository, side: &AppSide, settings: Settings| {
        let outcome = render_side(side, &repository.tree(), &settings);
        assert!(outcome.rendering().is_some(), "{what}: {outcome:?}");
        settings.cache.unwrap().counts().found == 1
    };
    assert!(!look("first", &repository, &side, folder.settings()));
    assert!(look("again", &repository, &side, folder.settings()));

    let helm = |change: &dyn Fn(&mut HelmInput)| {
        let mut input = helm_input();
        change(&mut input);
        repository.side("chart", RendererInput::Helm(input))
    };
    let inputs: [(&str, AppSide); 7] = [
        (
            "release",
            helm(&|input| "other".clone_into(&mut input.release)),
        ),
        (
            "namespace",
            helm(&|input| "other".clone_into(&mut input.namespace)),
        ),
        (
            "values",
            helm(&|input| input.values = vec![path("chart/more.yaml")]),
        ),
        (
            "API versions",
            helm(&|input| input.api_versions = vec!["a/v1".to_owned()]),
        ),
        ("CRDs", helm(&|input| input.include_crds = false)),
        ("engine", helm(&|input| input.major = 3)),
        ("closure", {
            let mut side = side.clone();
            side.closure.remove(&path("chart/more.yaml"));
            side
        }),
    ];
    for (what, side) in &inputs {
        assert!(!look(what, &repository, side, folder.settings()), "{what}");
        assert!(look(what, &repository, side, folder.settings()), "{what}");
    }

    let changed = sample_chart();
    changed.write("chart/values.yaml", "# a comment\n");
    assert!(!look(
        "content",
        &changed,
        &changed.helm("chart"),
        folder.settings()
    ));
    let link = sample_chart();
    let file = link.folder.path().join("chart/more.yaml");
    link.write("chart/elsewhere.yaml", "a: 1\n");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("elsewhere.yaml", &file).unwrap();
    let mut of_link = link.helm("chart");
    of_link.closure.clone_from(&side.closure);
    assert!(!look("mode", &link, &of_link, folder.settings()));
    let moved = sample_chart();
    let folders = ["chart", "moved"].map(|name| moved.folder.path().join(name));
    std::fs::rename(&folders[0], &folders[1]).unwrap();
    assert!(!look(
        "path",
        &moved,
        &moved.helm("moved"),
        folder.settings()
    ));

    let mut settings = folder.settings();
    settings.default_version = "1.30".parse().unwrap();
    assert!(!look(
        "version of the cluster",
        &repository,
        &side,
        settings
    ));
    let mut settings = folder.settings();
    settings.masker = Masker::new([8; 32]);
    assert!(!look("masking key", &repository, &side, settings));
    let settings = folder.settings_with(settings_unconfined());
    assert!(!look("confinement", &repository, &side, settings));
    // A tool of another version, as far as anybody can tell.
    for file in files_below(&folder.path().join("tools")) {
        let version = std::fs::read_to_string(&file).unwrap();
        let major = version.split_once('.').unwrap().0;
        std::fs::write(&file, format!("{major}.99.0\n")).unwrap();
    }
    assert!(!look(
        "version of the tool",
        &repository,
        &side,
        folder.settings()
    ));
}

fn settings_unconfined() -> Sandbox {
    settings().sandbox.unconfined()
}

#[test]
fn what_is_broken_or_of_somebody_else_is_rendered_again() {
    let repository = sample_chart();
    let (side, tree) = (repository.helm("chart"), repository.tree());
    let folder = Folder::new();
    let cold = render_side(&side, &tree, &folder.settings());
    let entries = folder.entries();
    let [entry] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    let whole = std::fs::read(entry).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        bytes
    };
    let other_version = String::from_utf8_lossy(&whole[..20]).replace(char::is_numeric, "0");
    let broken: [(&str, Vec<u8>); 7] = [
        ("a flipped byte of the code", flipped(30)),
        ("a flipped byte of the content", flipped(whole.len() - 9)),
        ("cut in the middle", whole[..whole.len() / 2].to_vec()),
        ("cut in the head", whole[..25].to_vec()),
        ("empty", Vec::new()),
        (
            "another version",
            [other_version.as_bytes(), &whole[20..]].concat(),
        ),
        ("something else", b"apiVersion: v1\n".to_vec()),
    ];
    for (what, bytes) in broken {
        std::fs::write(entry, bytes).unwrap();
        let settings = folder.settings();
        let outcome = render_side(&side, &tree, &settings);
        assert_eq!(
            describe(rendering(&outcome)),
            describe(rendering(&cold)),
            "{what}"
        );
        assert_eq!(settings.cache.unwrap().counts().found, 0, "{what}");
        assert_eq!(std::fs::read(entry).unwrap(), whole, "{what}");
    }
}

#[test]
fn an_entry_under_another_name_is_not_believed() {
    let repository = sample_chart();
    let folder = Folder::new();
    let tree = repository.tree();
    let side = repository.helm("chart");
    render_side(&side, &tree, &folder.settings());
    let first = folder.entries();
    let mut input = helm_input();
    "other".clone_into(&mut input.release);
    let other = repository.side("chart", RendererInput::Helm(input));
    let wanted = render_side(&other, &tree, &folder.settings());
    for entry in folder.entries() {
        if entry != first[0] {
            std::fs::copy(&first[0], entry).unwrap();
        }
    }
    let outcome = render_side(&other, &tree, &folder.settings());
    assert_eq!(describe(rendering(&outcome)), describe(rendering(&wanted)));
}

#[test]
fn failures_are_not_kept() {
    let repository = Repository::with(&[("app/kustomization.yaml", "ugly: true\n")]);
    let folder = Folder::new();
    let side = repository.kustomize("app");
    let outcome = render_side(&side, &repository.tree(), &folder.settings());
    assert!(matches!(outcome, Outcome::Failed(_)));
    assert_eq!(folder.entries(), Vec::<PathBuf>::new());
}

#[test]
fn a_working_tree_that_changed_while_it_was_rendered_is_not_kept() {
    let repository = Repository::with(&[
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", CONFIG_MAP),
    ]);
    let folder = Folder::new();
    let (side, listed) = (repository.kustomize("app"), repository.tree());
    repository.write("app/a.yaml", &CONFIG_MAP.replace("a: b", "a: c"));
    let outcome = render_side(&side, &listed, &folder.settings());
    assert_eq!(rendering(&outcome).manifests[0].value()["data"]["a"], "c");
    assert_eq!(folder.entries(), Vec::<PathBuf>::new());
}

#[test]
fn no_byte_of_the_folder_holds_a_secret() {
    let repository = sample_chart();
    let folder = Folder::new();
    render_side(
        &repository.helm("chart"),
        &repository.tree(),
        &folder.settings(),
    );
    let mut seen = Vec::new();
    for file in files_below(folder.path()) {
        let bytes = std::fs::read(file).unwrap();
        let frame = bytes
            .windows(4)
            .position(|four| four == [0x28, 0xb5, 0x2f, 0xfd]);
        if let Some(at) = frame {
            seen.extend(zstd::decode_all(&bytes[at..]).unwrap());
        }
        seen.extend(bytes);
    }
    let text = String::from_utf8_lossy(&seen);
    assert!(text.contains("masked/"), "nothing of the Secret was kept");
    for canary in ["canary-of-tests", "Y2FuYXJ5"] {
        assert!(!text.contains(canary), "{canary}");
    }
}

#[test]
fn a_folder_stays_below_its_bound() {
    let folder = Folder::new();
    let bound = 64 << 10;
    let mut settings = folder.settings();
    settings.cache = Some(Cache::open(&Place::Folder(folder.path().to_owned()), bound).unwrap());
    let repository = Repository::with(&[]);
    for number in 0..40 {
        repository.write(
            "app/a.yaml",
            &format!("{CONFIG_MAP}  number: \"{number}\"\n"),
        );
        repository.write("app/kustomization.yaml", "resources: [a.yaml]\n");
        render_side(&repository.kustomize("app"), &repository.tree(), &settings);
        let sizes = folder
            .entries()
            .into_iter()
            .map(|file| file.metadata().unwrap().len().next_multiple_of(4096));
        assert!(sizes.sum::<u64>() <= bound, "after {number}");
    }
    assert!(folder.entries().len() > 8, "{:?}", folder.entries());
    let last = render_side(&repository.kustomize("app"), &repository.tree(), &settings);
    assert!(last.rendering().is_some());
    assert_eq!(settings.cache.unwrap().counts().found, 1);
}

#[test]
fn a_folder_that_cannot_be_written_changes_nothing() {
    let repository = sample_chart();
    let folder = Folder::new();
    let settings = folder.settings();
    std::fs::remove_dir_all(folder.path().join("entries")).unwrap();
    std::fs::write(folder.path().join("entries"), "in the way").unwrap();
    let (side, tree) = (repository.helm("chart"), repository.tree());
    for _ in 0..5 {
        assert!(render_side(&side, &tree, &settings).rendering().is_some());
    }
}
