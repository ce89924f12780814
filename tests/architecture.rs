//! The rules that keep the architecture: who imports whom, how large files are, where processes
//! start, where secrets open, where wording lives, and that README speaks of what exists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One source file, with its inline tests cut off.
struct SourceFile {
    path: PathBuf,
    /// Path below `src/`, with `/`.
    name: String,
    production: String,
}

impl SourceFile {
    fn module(&self) -> &str {
        let first = self.name.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Production files of `src/`: modules that exist only for tests are left out.
fn sources() -> Vec<SourceFile> {
    let src = root().join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    let mut test_modules = BTreeSet::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if line.trim() != "#[cfg(test)]" {
                continue;
            }
            let next = lines.peek().map(|line| line.trim()).unwrap_or_default();
            let declared = next
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ");
            if let Some(name) = declared
                .strip_prefix("mod ")
                .and_then(|rest| rest.strip_suffix(';'))
            {
                let stem = path.file_stem().unwrap().to_str().unwrap();
                let folder = if matches!(stem, "mod" | "lib" | "main") {
                    path.parent().unwrap().to_owned()
                } else {
                    path.with_extension("")
                };
                test_modules.insert(folder.join(format!("{name}.rs")));
                test_modules.insert(folder.join(name));
            }
        }
    }
    paths
        .into_iter()
        .filter(|path| !test_modules.iter().any(|module| path.starts_with(module)))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
            SourceFile {
                name: path
                    .strip_prefix(&src)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
                production: text[..end].to_owned(),
                path,
            }
        })
        .collect()
}

/// Code without comments, so that documentation may name anything.
fn code(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

const LEAVES: &[&str] = &[
    "ids",
    "event",
    "finding",
    "cluster_facts",
    "yaml",
    "object",
    "tree",
    "outside",
];

/// Module → what it may import, as the table of the crate documentation says.
fn import_table() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let with = |more: &[&'static str]| LEAVES.iter().chain(more).copied().collect::<BTreeSet<_>>();
    BTreeMap::from([
        ("ids", with(&[])),
        ("event", with(&[])),
        ("finding", with(&[])),
        ("cluster_facts", with(&[])),
        ("yaml", with(&[])),
        ("object", with(&[])),
        ("tree", with(&[])),
        ("outside", with(&[])),
        ("config", with(&[])),
        ("clients", with(&["config"])),
        ("sandbox", BTreeSet::from(["ids", "finding"])),
        ("plan", with(&["config"])),
        ("render", with(&["config", "plan", "sandbox"])),
        ("observe", with(&["config", "plan", "render"])),
        ("gate", with(&["config", "plan", "render", "observe"])),
        (
            "intent",
            with(&["config", "plan", "render", "observe", "gate"]),
        ),
        (
            "preview",
            with(&["config", "plan", "render", "observe", "gate", "intent"]),
        ),
        (
            "verdict",
            with(&[
                "config", "plan", "render", "observe", "gate", "intent", "preview",
            ]),
        ),
        ("sync", with(&["config", "clients", "render", "intent"])),
        (
            "report",
            with(&[
                "config", "plan", "render", "observe", "gate", "intent", "preview", "verdict",
                "sync",
            ]),
        ),
        ("server", with(&["config", "report"])),
    ])
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let table = import_table();
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(allowed) = table.get(file.module()) else {
            continue;
        };
        for (number, line) in file.production.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for rest in line.split("crate::").skip(1) {
                let imported: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                if imported != file.module()
                    && !imported.is_empty()
                    && !allowed.contains(imported.as_str())
                {
                    wrong.push(format!("{}:{} imports {imported}", file.name, number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn report_takes_only_outcomes_from_sync() {
    for file in sources().iter().filter(|file| file.module() == "report") {
        for rest in code(&file.production).split("crate::sync").skip(1) {
            assert!(
                rest.starts_with("::outcome"),
                "{}: crate::sync{}",
                file.name,
                &rest[..20.min(rest.len())]
            );
        }
    }
}

#[test]
fn pure_stages_know_no_clock_environment_files_or_tasks() {
    let pure = ["observe", "gate", "intent", "preview", "verdict", "report"];
    let pure_files = ["sync/outcome.rs", "sync/watch.rs", "sync/health.rs"];
    let forbidden = [
        "async ",
        ".await",
        "std::env",
        "std::fs",
        "process::Command",
        "process::exit",
        "SystemTime::now",
        "Instant::now",
        "tokio::",
        "std::net",
    ];
    let mut wrong = Vec::new();
    for file in sources() {
        if !pure.contains(&file.module()) && !pure_files.contains(&file.name.as_str()) {
            continue;
        }
        let code = code(&file.production);
        wrong.extend(
            forbidden
                .iter()
                .filter(|word| code.contains(*word))
                .map(|word| format!("{}: {word}", file.name)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn processes_start_only_in_the_sandbox() {
    for file in sources().iter().filter(|file| file.module() != "sandbox") {
        let code = code(&file.production);
        for word in ["process::Command", "tokio::process", "CommandExt"] {
            assert!(!code.contains(word), "{}: {word}", file.name);
        }
    }
}

#[test]
fn sealed_secrets_open_in_the_built_in_apply_and_in_render_only() {
    let allowed = ["object", "clients/cluster", "cli/render.rs", "sync/apply"];
    for file in sources() {
        if code(&file.production).contains(".unseal(") {
            assert!(
                allowed.iter().any(|start| file.name.starts_with(start)),
                "{}",
                file.name
            );
        }
    }
}

#[test]
fn files_are_about_one_thing() {
    let mut sizes: Vec<(usize, String)> = sources()
        .iter()
        .map(|file| (file.production.lines().count(), file.name.clone()))
        .collect();
    sizes.sort();
    let (largest, name) = sizes.last().unwrap();
    assert!(*largest <= 500, "{name} has {largest} lines");
    let (median, name) = &sizes[sizes.len() / 2];
    assert!(
        *median <= 150,
        "the median file, {name}, has {median} lines"
    );
}

#[test]
fn no_module_is_named_after_nothing() {
    for file in sources() {
        for part in file.name.trim_end_matches(".rs").split('/') {
            let empty_names = [
                "utils", "util", "common", "types", "manager", "helpers", "misc", "service",
            ];
            assert!(!empty_names.contains(&part), "{}", file.name);
        }
    }
}

#[test]
fn test_switches_stay_out_of_production_code() {
    for file in sources() {
        for (number, line) in file.production.lines().enumerate() {
            let switch = line.contains("cfg(test)") || line.contains("cfg!(test)");
            let next = file.production.lines().nth(number + 1).unwrap_or_default();
            assert!(
                !switch || next.contains("mod "),
                "{}:{}",
                file.name,
                number + 1
            );
        }
    }
}

#[test]
fn wording_for_people_is_made_in_report_only() {
    let literals = [
        "<details>",
        "</details>",
        "<summary>",
        "<sub>",
        "```",
        "### ",
        "| --- |",
        "|---|",
        "<html",
        "<div",
        "**",
    ];
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| file.module() != "report") {
        for (number, line) in file.production.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // Patterns of paths use `**` too; a literal is wording only when words stand beside it.
            let bold = code.contains("**")
                && !code.contains("/**")
                && !code.contains("**/")
                && !code.contains("\"**\"");
            for literal in literals {
                let found = if literal == "**" {
                    bold && code.contains('"')
                } else {
                    code.contains(literal)
                };
                if found {
                    wrong.push(format!("{}:{}: {literal}", file.name, number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    for file in sources() {
        let text = std::fs::read_to_string(&file.path).unwrap();
        assert!(
            text.starts_with("//!") || file.name == "main.rs",
            "{} has no module documentation",
            file.name
        );
        assert!(!code(&text).contains("TODO"), "{} has a TODO", file.name);
    }
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line == "[dev-dependencies]";
        } else if inside && !line.trim().is_empty() && !line.starts_with('#') {
            assert!(
                line.contains(" # ") || line.ends_with('['),
                "no reason: {line}"
            );
        }
    }
}

#[test]
fn commands_in_readme_exist() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut seen = 0;
    for line in readme.lines().map(str::trim) {
        let Some(rest) = line
            .strip_prefix("drydock ")
            .or_else(|| line.strip_prefix("$ drydock "))
        else {
            continue;
        };
        let words: Vec<&str> = rest
            .split_whitespace()
            .take_while(|word| !word.starts_with('#'))
            .collect();
        let mut args: Vec<&str> = words
            .iter()
            .copied()
            .take_while(|word| !word.starts_with('-') && !word.contains('/'))
            .take(2)
            .collect();
        if !matches!(args.first(), Some(&"policy")) {
            args.truncate(1);
        }
        args.push("--help");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_drydock"))
            .args(&args)
            .output()
            .unwrap();
        let help = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "README: {line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            let flag = flag.split('=').next().unwrap();
            assert!(
                help.contains(flag),
                "README: {line}: {flag} is not in the help"
            );
        }
        seen += 1;
    }
    assert!(seen >= 5, "README shows only {seen} commands");
}

#[test]
fn the_top_level_holds_only_what_it_should() {
    let expected = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "policies",
        "tests",
        "fixtures",
        "deploy",
        "README.md",
        "target",
        "LICENSE",
    ];
    for entry in std::fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name.starts_with('.') || expected.contains(&name.as_str()),
            "{name} stands at the top level"
        );
    }
}
