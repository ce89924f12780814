//! The real Helm, with nothing of this machine's configuration.

use std::path::Path;
use std::process::Command;

use crate::binary::parts;

/// Runs Helm in a home of its own; the error is what it printed.
pub(crate) fn helm(home: &Path, args: &[&str]) -> Result<String, String> {
    run("helm", home, args)
}

pub(crate) fn run(program: &str, home: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new(parts().join("bin").join(program))
        .args(args)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/nonexistent")
        .env("HELM_NO_PLUGINS", "1")
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    if output.status.success() {
        Ok(text)
    } else {
        Err(text)
    }
}

/// Writes archives into a folder and lets Helm make their index; `url` stands before their names.
pub(crate) fn index(home: &Path, archives: &[(&str, Vec<u8>)], url: &str) -> String {
    let folder = home.join("packed");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in archives {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let mut args = vec!["repo", "index", "packed"];
    if !url.is_empty() {
        args.extend(["--url", url]);
    }
    helm(home, &args).unwrap();
    std::fs::read_to_string(folder.join("index.yaml")).unwrap()
}
