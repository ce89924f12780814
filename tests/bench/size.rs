//! What large repositories cost: the peak memory of the main process, children apart, on the
//! repositories of the corpus, and time and memory of planning up to 10,000 applications.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "../support/expected.rs"]
#[expect(dead_code, reason = "only the folder is asked for")]
mod expected;
#[path = "../support/repo.rs"]
#[expect(unreachable_pub, reason = "binaries whose tests are `pub` share it")]
mod repo;

use repo::Repo;

const ROUNDS: usize = 3;

/// What Applications call the repository.
const URL: &str = "https://git.example/acme/deploy";

fn main() {
    if let Some(root) = expected::corpora("repos") {
        println!("Peak memory of the main process (under 256 MiB)");
        let mut names: Vec<_> = std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("tree").is_dir())
            .collect();
        names.sort();
        for folder in names {
            let repo = Repo::new();
            repo.replace_with(&folder.join("tree"));
            repo.commit("everything");
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            for gates in ["render", "render,schema,policy"] {
                let took = least(
                    repo.path(),
                    &["check", "--no-cache", "--all", "--gates", gates],
                );
                println!("  {name:<30} {gates:<22} {took}");
            }
        }
    }
    println!("Planning");
    for (declare, what) in [
        (None, "found by files"),
        (Some(argocd_application as Declare), "declared to Argo CD"),
        (Some(flux_kustomization), "declared to Flux"),
    ] {
        let mut before: Option<(usize, Duration)> = None;
        for apps in [1_000, 10_000] {
            let repo = make_repository(apps, declare);
            let planned = least(
                repo.path(),
                &[
                    "apps",
                    "--no-cache",
                    "--repository-url",
                    URL,
                    "--format",
                    "json",
                ],
            );
            println!("  {apps:>6} applications {what}, all listed              {planned}");
            let changed = least(
                repo.path(),
                &[
                    "check",
                    "--no-cache",
                    "--repository-url",
                    URL,
                    "--base",
                    "HEAD~1",
                    "--head",
                    "HEAD",
                    "--gates",
                    "schema",
                ],
            );
            println!("  {apps:>6} applications {what}, a change to one judged  {changed}");
            if let Some((fewer, time)) = before {
                let ratio =
                    planned.time.as_secs_f64() / time.as_secs_f64() * fewer as f64 / apps as f64;
                println!("  time for one application, {apps} to {fewer}: {ratio:.2} (1 is linear)");
            }
            before = Some((apps, planned.time));
        }
    }
}

/// What one run took.
struct Took {
    time: Duration,
    peak: u64,
}

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>8.2?} {:>5} MiB", self.time, self.peak >> 10)
    }
}

/// The least time and the largest peak of several runs.
fn least(folder: &Path, arguments: &[&str]) -> Took {
    let runs: Vec<Took> = (0..ROUNDS).map(|_| run(folder, arguments)).collect();
    Took {
        time: runs.iter().map(|took| took.time).min().unwrap(),
        peak: runs.iter().map(|took| took.peak).max().unwrap(),
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Took {
    let started = Instant::now();
    let mut process = Command::new(env!("CARGO_BIN_EXE_drydock"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    // The kernel keeps the highest mark for as long as the process lives.
    while let Some(mark) = read_peak(&process) {
        peak = mark;
        std::thread::sleep(Duration::from_millis(1));
    }
    let code = process.wait().unwrap().code();
    let time = started.elapsed();
    assert!(matches!(code, Some(0 | 1)), "{arguments:?}: {code:?}");
    Took { time, peak }
}

/// KiB.
fn read_peak(process: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Of ten applications six are Kustomize overlays on one base, two plain folders, two charts. A
/// second commit changes one of them. `declare`: each is declared, too. Packed, as a clone is.
fn make_repository(apps: usize, declare: Option<Declare>) -> Repo {
    let repo = Repo::new();
    let manifest = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 2\n  selector:\n    matchLabels: {{app: {name}}}\n  \
             template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      containers:\n        - name: main\n          image: example.com/{name}:1.2.3\n"
        )
    };
    for team in 0..apps / 10 {
        let name = format!("team{team:04}");
        repo.write(&format!("{name}/base/web.yaml"), manifest("web"));
        repo.write(
            &format!("{name}/base/kustomization.yaml"),
            "resources: [web.yaml]\n",
        );
        for app in 0..6 {
            let text = format!("resources: [../../base]\nnamePrefix: app{app}-\n");
            repo.write(
                &format!("{name}/overlays/app{app}/kustomization.yaml"),
                text,
            );
        }
        for app in 0..2 {
            repo.write(&format!("{name}/plain{app}/web.yaml"), manifest("plain"));
            let chart = format!("{name}/chart{app}");
            let text = format!("apiVersion: v2\nname: chart{app}\nversion: 0.1.0\n");
            repo.write(&format!("{chart}/Chart.yaml"), text);
            repo.write(&format!("{chart}/values.yaml"), "replicas: 2\n");
            repo.write(&format!("{chart}/templates/web.yaml"), manifest("chart"));
        }
    }
    if let Some(declare) = declare {
        declare_all(&repo, apps, declare);
    }
    repo.commit("everything");
    repo.write("team0000/plain0/web.yaml", manifest("changed"));
    repo.commit("a change to one");
    repo.git(&["repack", "-adq"]);
    repo
}

/// The declaration of one application: its name, its team, its folder.
type Declare = fn(&str, &str, &str) -> String;

/// One file of ten declarations for each team.
fn declare_all(repo: &Repo, apps: usize, declare: Declare) {
    for team in 0..apps / 10 {
        let name = format!("team{team:04}");
        let overlays = (0..6).map(|app| format!("overlays/app{app}"));
        let plain = (0..2).map(|app| format!("plain{app}"));
        let charts = (0..2).map(|app| format!("chart{app}"));
        let text: String = overlays
            .chain(plain)
            .chain(charts)
            .map(|folder| {
                let app = format!("{name}-{}", folder.replace('/', "-"));
                declare(&app, &name, &format!("{name}/{folder}"))
            })
            .collect();
        repo.write(&format!("declared/{name}.yaml"), text);
    }
}

fn argocd_application(app: &str, team: &str, folder: &str) -> String {
    format!(
        "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {app}, namespace: argocd}}\nspec:\n  \
         project: default\n  source: {{repoURL: {URL}, path: {folder}}}\n  destination: {{namespace: {team}}}\n"
    )
}

/// Flux deploys charts by another kind.
fn flux_kustomization(app: &str, team: &str, folder: &str) -> String {
    let source = "sourceRef: {kind: GitRepository, name: deploy";
    if folder.contains("/chart") {
        format!(
            "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {app}, namespace: {team}}}\nspec:\n  \
             interval: 1h\n  chart: {{spec: {{chart: {folder}, {source}, namespace: flux-system}}}}}}\n"
        )
    } else {
        format!(
            "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {app}, namespace: flux-system}}\nspec:\n  \
             interval: 1h\n  prune: true\n  targetNamespace: {team}\n  path: {folder}\n  {source}}}\n"
        )
    }
}
