//! The renderers' programs: where they are, which version they have, what to do when one is missing.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use semver::Version;

use crate::sandbox::{Cancel, Job, Limits, Sandbox, SandboxError};

mod memory;

use memory::Memory;

/// A program that renders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToolKind {
    /// Kustomize 5.
    Kustomize,
    /// Helm 4.
    Helm4,
    /// Helm 3.
    Helm3,
}

impl ToolKind {
    /// Every tool.
    pub const ALL: [Self; 3] = [Self::Kustomize, Self::Helm4, Self::Helm3];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kustomize => "Kustomize 5",
            Self::Helm4 => "Helm 4",
            Self::Helm3 => "Helm 3",
        }
    }

    /// The line that installs the version that Drydock is tested with.
    pub fn install_line(self) -> &'static str {
        match self {
            Self::Kustomize => "go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2",
            Self::Helm4 => "go install helm.sh/helm/v4/cmd/helm@v4.3.1",
            // Beside a Helm 4, whose file has the same name.
            Self::Helm3 => {
                "GOBIN=$HOME/helm3 go install helm.sh/helm/v3/cmd/helm@v3.22.0 && mv ~/helm3/helm ~/go/bin/helm3"
            }
        }
    }

    fn major(self) -> u64 {
        match self {
            Self::Kustomize => 5,
            Self::Helm4 => 4,
            Self::Helm3 => 3,
        }
    }

    /// File names it may have, the more telling one first.
    fn file_names(self) -> &'static [&'static str] {
        match self {
            Self::Kustomize => &["kustomize"],
            Self::Helm4 => &["helm4", "helm"],
            Self::Helm3 => &["helm3", "helm"],
        }
    }

    fn version_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Kustomize => &["version"],
            Self::Helm4 | Self::Helm3 => &["version", "--template", "{{.Version}}"],
        }
    }
}

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct ToolPaths {
    /// The Kustomize binary; looked up when absent.
    pub kustomize: Option<PathBuf>,
    /// The Helm 4 binary; looked up when absent.
    pub helm: Option<PathBuf>,
    /// The Helm 3 binary; looked up when absent.
    pub helm3: Option<PathBuf>,
    /// Folders to look in, in order: what `PATH` says.
    pub search: Vec<PathBuf>,
}

impl ToolPaths {
    fn candidates(&self, kind: ToolKind) -> Vec<PathBuf> {
        let given = match kind {
            ToolKind::Kustomize => &self.kustomize,
            ToolKind::Helm4 => &self.helm,
            ToolKind::Helm3 => &self.helm3,
        };
        if let Some(path) = given {
            return vec![path.clone()];
        }
        let found = |name: &&str| {
            let paths = self.search.iter().map(|folder| folder.join(name));
            paths.into_iter().find(|path| path.is_file())
        };
        kind.file_names().iter().filter_map(found).collect()
    }
}

/// A program that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Which.
    pub kind: ToolKind,
    /// Its version, as it says itself; part of every evaluation's key.
    pub version: Version,
    /// Its file, symbolic links resolved.
    pub path: PathBuf,
    /// True when it needs the system's libraries.
    pub dynamic: bool,
}

/// Why a tool cannot be used. The operator's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// Not found.
    #[error(
        "{} is not on this machine: `{}` installs it",
        kind.name(),
        kind.install_line()
    )]
    Missing {
        /// Which.
        kind: ToolKind,
    },
    /// Found in another major version only.
    #[error(
        "{} is needed and version {found} was found: `{}` installs it",
        kind.name(),
        kind.install_line()
    )]
    OtherVersion {
        /// Which.
        kind: ToolKind,
        /// What is there.
        found: Version,
    },
    /// Found, and cannot be run.
    #[error("{} at `{file}` cannot be run: {reason}", kind.name())]
    Unusable {
        /// Which.
        kind: ToolKind,
        /// Where.
        file: String,
        /// What happened.
        reason: String,
    },
    /// It could not be confined.
    #[error("{0}")]
    Sandbox(SandboxError),
}

/// The tools of this machine. A version is asked for once, when the tool is first needed.
#[derive(Debug)]
pub struct Tools {
    paths: ToolPaths,
    sandbox: Sandbox,
    memory: Option<Memory>,
    found: [OnceLock<Result<Tool, ToolError>>; 3],
}

impl Tools {
    /// Nothing is started yet.
    pub fn find(paths: ToolPaths, sandbox: Sandbox) -> Self {
        Self {
            paths,
            sandbox,
            memory: None,
            found: [const { OnceLock::new() }; 3],
        }
    }

    /// Keeps in this folder which version a tool's file gave, and asks again only when the file is
    /// another one.
    #[must_use]
    pub fn remembering(mut self, folder: PathBuf) -> Self {
        self.memory = Some(Memory::new(folder));
        self
    }

    /// One tool, or why it cannot be used.
    pub fn find_one(&self, kind: ToolKind) -> Result<&Tool, ToolError> {
        let [kustomize, helm4, helm3] = &self.found;
        let cell = match kind {
            ToolKind::Kustomize => kustomize,
            ToolKind::Helm4 => helm4,
            ToolKind::Helm3 => helm3,
        };
        cell.get_or_init(|| self.look_up(kind))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The Helm of this major version; anything but 3 means 4.
    pub fn find_helm(&self, major: u8) -> Result<&Tool, ToolError> {
        self.find_one(if major == 3 {
            ToolKind::Helm3
        } else {
            ToolKind::Helm4
        })
    }

    fn look_up(&self, kind: ToolKind) -> Result<Tool, ToolError> {
        let mut error = ToolError::Missing { kind };
        for candidate in self.paths.candidates(kind) {
            match self.inspect(kind, &candidate) {
                Ok(tool) if tool.version.major == kind.major() => return Ok(tool),
                Ok(tool) => {
                    error = ToolError::OtherVersion {
                        kind,
                        found: tool.version,
                    };
                }
                Err(reason) => error = reason,
            }
        }
        Err(error)
    }

    fn inspect(&self, kind: ToolKind, path: &Path) -> Result<Tool, ToolError> {
        let file = path.display().to_string();
        let unusable = |reason: String| ToolError::Unusable {
            kind,
            file: file.clone(),
            reason,
        };
        let path = path
            .canonicalize()
            .map_err(|error| unusable(error.kind().to_string()))?;
        let linking = read_linking(&path).map_err(|error| unusable(error.kind().to_string()))?;
        let dynamic = match linking {
            Linking::Static => false,
            Linking::Dynamic => true,
            Linking::NoBinary => {
                return Err(unusable(
                    "it is a script, and the sandbox starts programs only".to_owned(),
                ));
            }
        };
        let known = self
            .memory
            .as_ref()
            .and_then(|memory| memory.find(kind, &path));
        let version = match known {
            Some(version) => version,
            None => {
                let said = self.ask_version(kind, &path, dynamic)?;
                let version =
                    said.ok_or_else(|| unusable("it does not say its version".to_owned()))?;
                if let Some(memory) = &self.memory {
                    memory.keep(kind, &path, &version);
                }
                version
            }
        };
        Ok(Tool {
            kind,
            version,
            path,
            dynamic,
        })
    }

    fn ask_version(
        &self,
        kind: ToolKind,
        path: &Path,
        dynamic: bool,
    ) -> Result<Option<Version>, ToolError> {
        let job = Job {
            tool: path.to_owned(),
            arguments: kind.version_arguments().iter().map(Into::into).collect(),
            environment: Vec::new(),
            private: &[],
            checkout: None,
            libraries: dynamic,
            limits: Limits {
                time: Duration::from_secs(30),
                output: 64 << 10,
                ..Limits::default()
            },
        };
        let finished = self
            .sandbox
            .run(&job, &Cancel::default())
            .map_err(ToolError::Sandbox)?;
        let said = String::from_utf8_lossy(&finished.stdout);
        Ok(parse_version(&said).filter(|_| finished.succeeded()))
    }
}

/// Reads `v5.8.2`, `kustomize/v5.8.2`, `v3.22.0+g144`, and `v4.3`: what a Helm says that `go install`
/// built, which stamps no patch version on it.
fn parse_version(text: &str) -> Option<Version> {
    let last = text.trim().rsplit('/').next()?;
    let version = last.strip_prefix('v').unwrap_or(last);
    Version::parse(version)
        .or_else(|_| Version::parse(&format!("{version}.0+unstamped")))
        .ok()
}

#[derive(Debug, PartialEq, Eq)]
enum Linking {
    Static,
    Dynamic,
    NoBinary,
}

/// Looks into a file's ELF header: a program that names an interpreter is linked dynamically.
fn read_linking(path: &Path) -> std::io::Result<Linking> {
    const INTERPRETER: u32 = 3;
    let mut file = File::open(path)?;
    let mut header = Vec::new();
    (&mut file).take(64).read_to_end(&mut header)?;
    let number = |at: usize, size: usize| -> u64 {
        let bytes = header.get(at..at + size).unwrap_or_default();
        bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    if !header.starts_with(b"\x7fELF") || header.len() < 64 {
        return Ok(Linking::NoBinary);
    }
    let (offset, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    file.seek(SeekFrom::Start(offset))?;
    let mut table = Vec::new();
    file.take(size * count).read_to_end(&mut table)?;
    let step = usize::try_from(size).unwrap_or(usize::MAX).max(1);
    let interpreted = table
        .chunks(step)
        .any(|entry| entry.starts_with(&INTERPRETER.to_le_bytes()));
    Ok(if interpreted {
        Linking::Dynamic
    } else {
        Linking::Static
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_tools_write_them() {
        for (text, version) in [
            ("v5.8.2\n", "5.8.2"),
            ("kustomize/v5.8.2", "5.8.2"),
            ("v3.22.0+g144", "3.22.0+g144"),
            ("v4.3", "4.3.0+unstamped"),
        ] {
            assert_eq!(parse_version(text).unwrap().to_string(), version);
        }
        assert_eq!(parse_version("(devel)"), None);
    }

    #[test]
    fn a_missing_tool_names_the_line_that_installs_it() {
        let tools = Tools::find(ToolPaths::default(), Sandbox::default());
        let message = tools.find_one(ToolKind::Helm4).unwrap_err().to_string();
        assert!(message.contains("go install helm.sh/helm/v4"), "{message}");
    }

    #[test]
    fn this_very_test_is_linked_dynamically_and_a_script_is_no_program() {
        let own = std::env::current_exe().unwrap();
        assert_eq!(read_linking(&own).unwrap(), Linking::Dynamic);
        let script = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(script.path(), "#!/bin/sh\n").unwrap();
        assert_eq!(read_linking(script.path()).unwrap(), Linking::NoBinary);
    }
}
