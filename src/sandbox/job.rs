//! What is to be run, and the line of arguments that carries it into the child.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first argument of a child: what makes `main` hand over to [`super::become_child`].
pub(super) const MARK: &str = "__confined";

/// The file name of the small program that confines itself and becomes a tool.
pub(super) const LAUNCHER: &str = "drydock-confine";

/// Parent and child are files of their own and have to be of one version: orders of another one may
/// mean something else.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a job may use. Every limit ends the job with an error, never with a shortened result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Address space in bytes. Default 2 GiB; below 1 GiB no Go program starts reliably, because the
    /// Go runtime reserves its heap arenas in advance.
    pub memory: u64,
    /// Wall-clock time. Default 60 s. Processor time is limited to twice as much, because tools
    /// collect garbage on a second core.
    pub time: Duration,
    /// Bytes of standard output. Default 64 MiB, the largest rendering that is judged.
    pub output: usize,
    /// Bytes of standard error that are kept; the rest is read and dropped. Default 64 KiB.
    pub errors: usize,
    /// Bytes of the largest file it writes. Default 64 MiB; renderers write next to nothing.
    pub file: u64,
    /// Bytes of everything in its private folder. Default 128 MiB. Looked at every 20 ms, so that a
    /// process can write a little more before it is stopped.
    pub folder: u64,
    /// Open files. Default 1024.
    pub open_files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 2 << 30,
            time: Duration::from_mins(1),
            output: 64 << 20,
            errors: 64 << 10,
            file: 64 << 20,
            folder: 128 << 20,
            open_files: 1024,
        }
    }
}

/// One run of a tool.
#[derive(Debug, Clone)]
pub struct Job {
    /// The tool's file: an absolute path without symbolic links.
    pub tool: PathBuf,
    /// Its arguments, each passed as it is.
    pub arguments: Vec<OsString>,
    /// Variables beside the scrubbed environment.
    pub environment: Vec<(&'static str, OsString)>,
    /// Variables that name a folder of their own below the private folder: (variable, sub-folder).
    pub private: &'static [(&'static str, &'static str)],
    /// The folder it may read, and its working folder; `None` lets it read nothing.
    pub checkout: Option<PathBuf>,
    /// Read and execute system libraries too, which a dynamically linked tool needs to start.
    pub libraries: bool,
    /// What it may use.
    pub limits: Limits,
}

impl Job {
    /// What errors call the tool.
    pub fn tool_name(&self) -> String {
        self.tool
            .file_name()
            .unwrap_or(self.tool.as_os_str())
            .to_string_lossy()
            .into_owned()
    }
}

/// What the child becomes once it is confined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Becomes {
    /// Nothing: it ends with success.
    Nothing,
    /// The tool at this path.
    Tool {
        path: PathBuf,
        arguments: Vec<OsString>,
    },
    /// The worker function of this binary.
    Worker,
}

/// The job as the child sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) parent: u32,
    pub(super) unconfined: bool,
    pub(super) memory: u64,
    pub(super) processor: u64,
    pub(super) file: u64,
    pub(super) open_files: u64,
    pub(super) readable: Option<PathBuf>,
    pub(super) writable: Option<PathBuf>,
    pub(super) libraries: bool,
    pub(super) becomes: Becomes,
}

impl Orders {
    /// Limits and identity of the parent; may read and write nothing and becomes nothing.
    pub(super) fn new(limits: &Limits, unconfined: bool) -> Self {
        Self {
            parent: std::process::id(),
            unconfined,
            memory: limits.memory,
            processor: limits.time.as_secs().saturating_mul(2).max(1),
            file: limits.file,
            open_files: limits.open_files,
            readable: None,
            writable: None,
            libraries: false,
            becomes: Becomes::Nothing,
        }
    }

    /// The arguments that carry them.
    pub(super) fn to_arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![MARK.into(), format!("version={VERSION}").into()];
        for (key, number) in [
            ("parent", u64::from(self.parent)),
            ("unconfined", u64::from(self.unconfined)),
            ("memory", self.memory),
            ("processor", self.processor),
            ("file", self.file),
            ("open-files", self.open_files),
            ("libraries", u64::from(self.libraries)),
        ] {
            arguments.push(format!("{key}={number}").into());
        }
        let mut push_path = |key: &str, path: &Path| {
            let mut argument = OsString::from(format!("{key}="));
            argument.push(path);
            arguments.push(argument);
        };
        if let Some(path) = &self.readable {
            push_path("readable", path);
        }
        if let Some(path) = &self.writable {
            push_path("writable", path);
        }
        match &self.becomes {
            Becomes::Nothing => {}
            Becomes::Worker => arguments.push("worker=1".into()),
            Becomes::Tool {
                path,
                arguments: tool_arguments,
            } => {
                push_path("tool", path);
                arguments.push("--".into());
                arguments.extend(tool_arguments.iter().cloned());
            }
        }
        arguments
    }

    /// Reads what [`Self::to_arguments`] wrote, without the mark. Anything else is refused: a
    /// child that understands half its orders would be half confined.
    pub(super) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut orders = Self::new(&Limits::default(), false);
        let mut tool = None;
        let mut arguments = arguments;
        if arguments.next() != Some(format!("version={VERSION}").into()) {
            return Err(format!(
                "`drydock` and what it starts are of different versions ({VERSION} was started): install `drydock` and `{LAUNCHER}` from one build"
            ));
        }
        for argument in arguments.by_ref() {
            if argument == "--" {
                break;
            }
            let (key, value) = split(&argument).ok_or("an argument has no value")?;
            let number = || {
                value
                    .to_str()
                    .and_then(|text| text.parse::<u64>().ok())
                    .ok_or_else(|| format!("`{key}` is no number"))
            };
            match key {
                "parent" => {
                    orders.parent = u32::try_from(number()?).map_err(|error| error.to_string())?;
                }
                "unconfined" => orders.unconfined = number()? == 1,
                "memory" => orders.memory = number()?,
                "processor" => orders.processor = number()?,
                "file" => orders.file = number()?,
                "open-files" => orders.open_files = number()?,
                "libraries" => orders.libraries = number()? == 1,
                "readable" => orders.readable = Some(PathBuf::from(value)),
                "writable" => orders.writable = Some(PathBuf::from(value)),
                "worker" => orders.becomes = Becomes::Worker,
                "tool" => tool = Some(PathBuf::from(value)),
                unknown => return Err(format!("`{unknown}` is not known")),
            }
        }
        if let Some(path) = tool {
            orders.becomes = Becomes::Tool {
                path,
                arguments: arguments.collect(),
            };
        }
        Ok(orders)
    }
}

fn split(argument: &OsStr) -> Option<(&str, OsString)> {
    let bytes = argument.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'=')?;
    let (key, value) = bytes.split_at_checked(at)?;
    Some((
        std::str::from_utf8(key).ok()?,
        OsString::from_vec(value.get(1..)?.to_vec()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_way_through_arguments() {
        let mut orders = Orders::new(&Limits::default(), true);
        orders.readable = Some(PathBuf::from(OsString::from_vec(b"/a=\xff b".to_vec())));
        orders.writable = Some(PathBuf::from("/tmp/x"));
        orders.becomes = Becomes::Tool {
            path: PathBuf::from("/bin/tool"),
            arguments: vec!["--".into(), "a=b".into(), "".into()],
        };
        let read = Orders::parse(orders.to_arguments().into_iter().skip(1));
        assert_eq!(read, Ok(orders));
    }

    #[test]
    fn orders_that_are_not_understood_are_refused() {
        let parse = |arguments: &[&str]| Orders::parse(arguments.iter().map(OsString::from));
        let version = format!("version={VERSION}");
        assert!(parse(&[&version, "memory=1"]).is_ok());
        for wrong in ["memory", "memory=much", "memmory=1"] {
            assert!(parse(&[&version, wrong]).is_err());
        }
    }

    #[test]
    fn orders_of_another_version_are_refused() {
        for wrong in ["memory=1", "version=0.0.0"] {
            let refused = Orders::parse([OsString::from(wrong)].into_iter()).unwrap_err();
            assert!(refused.contains("different versions"), "{refused}");
        }
    }
}
