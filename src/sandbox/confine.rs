//! What a child does to itself before it becomes anything else. Order matters: each step can still
//! do what the next one forbids.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus,
    Scope,
};
use rustix::process::{Resource, Rlimit, Signal};

use super::filter::{self, Subject};
use super::job::{Becomes, Orders};

/// Tried in this order; the first that the kernel knows completely is enforced completely. Before
/// version 3 (Linux 6.2) Landlock does not guard `truncate`, so that files outside could be emptied:
/// that is not accepted.
const VERSIONS: [ABI; 5] = [ABI::V9, ABI::V6, ABI::V5, ABI::V4, ABI::V3];

/// Folders of shared libraries, for tools that are linked dynamically.
const LIBRARIES: [&str; 5] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/etc/ld.so.cache",
];

/// Leaves the parent's session, dies with the parent, accepts the limits, gives up inherited files.
pub(super) fn limit(orders: &Orders) -> Result<(), String> {
    rustix::process::setsid().map_err(|error| format!("setsid: {error}"))?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("parent death signal: {error}"))?;
    // The parent may have died before the line above; nobody would read the result.
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if parent != Some(orders.parent) {
        return Err("the parent is gone".to_owned());
    }
    for (resource, soft, hard) in [
        (Resource::Core, 0, 0),
        (Resource::As, orders.memory, orders.memory),
        // The first limit sends a signal that can be handled, the second ends the process.
        (
            Resource::Cpu,
            orders.processor,
            orders.processor.saturating_add(2),
        ),
        (Resource::Fsize, orders.file, orders.file),
        (Resource::Nofile, orders.open_files, orders.open_files),
    ] {
        let allowed = rustix::process::getrlimit(resource).maximum;
        let at_most = |wanted: u64| Some(allowed.map_or(wanted, |most| wanted.min(most)));
        let wanted = Rlimit {
            current: at_most(soft),
            maximum: at_most(hard),
        };
        rustix::process::setrlimit(resource, wanted)
            .map_err(|error| format!("limit {resource:?}: {error}"))?;
    }
    close_fds::set_fds_cloexec(3, &[]);
    Ok(())
}

/// Why a child does not become what it was told to.
pub(super) enum Refusal {
    /// The kernel does not offer the confinement.
    Unavailable(String),
    /// Something of the job is wrong.
    NotStarted(String),
}

/// Enforces Landlock and the system-call filter on this process, completely or not at all.
pub(super) fn confine(orders: &Orders) -> Result<(), Refusal> {
    let places = open_places(orders).map_err(Refusal::NotStarted)?;
    let mut reason = String::new();
    for version in VERSIONS {
        match restrict_files(version, &places) {
            Ok(()) => return restrict_calls(orders).map_err(Refusal::Unavailable),
            Err(why) => reason = why,
        }
    }
    Err(Refusal::Unavailable(reason))
}

/// What a place may be used for.
#[derive(Clone, Copy)]
enum Use {
    Read,
    Write,
    Start,
    Library,
    LibraryFile,
}

impl Use {
    fn rights(self) -> BitFlags<AccessFs> {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let growth = AccessFs::MakeReg | AccessFs::MakeDir;
        match self {
            Self::Read => read,
            // Files can be made and grow; none can go, so that what they take can be counted.
            Self::Write => read | AccessFs::WriteFile | AccessFs::Truncate | growth,
            Self::Start => AccessFs::ReadFile | AccessFs::Execute,
            Self::Library => read | AccessFs::Execute,
            Self::LibraryFile => AccessFs::ReadFile.into(),
        }
    }
}

fn open_places(orders: &Orders) -> Result<Vec<(PathFd, Use)>, String> {
    let mut places = Vec::new();
    let mut push = |path: &Path, usage| {
        let name = || path.file_name().unwrap_or_default().to_string_lossy();
        let opened = PathFd::new(path).map_err(|_| format!("`{}` cannot be opened", name()))?;
        places.push((opened, usage));
        Ok::<(), String>(())
    };
    if let Some(folder) = &orders.readable {
        push(folder, Use::Read)?;
    }
    if let Some(folder) = &orders.writable {
        push(folder, Use::Write)?;
    }
    if let Becomes::Tool { path, .. } = &orders.becomes {
        push(path, Use::Start)?;
    }
    if orders.libraries {
        for path in LIBRARIES.iter().map(Path::new) {
            if path.is_dir() {
                push(path, Use::Library)?;
            } else if path.is_file() {
                push(path, Use::LibraryFile)?;
            }
        }
    }
    Ok(places)
}

fn restrict_files(version: ABI, places: &[(PathFd, Use)]) -> Result<(), String> {
    let mut rules = create_ruleset(version)
        .map_err(|_| "Landlock is switched off, or older than its third version".to_owned())?;
    for (place, usage) in places {
        rules = rules
            .add_rule(PathBeneath::new(place, usage.rights()))
            .map_err(|error| format!("Landlock: {error}"))?;
    }
    let status = rules
        .restrict_self()
        .map_err(|error| format!("Landlock: {error}"))?;
    if status.ruleset == RulesetStatus::FullyEnforced && status.no_new_privs {
        Ok(())
    } else {
        Err("Landlock is not fully enforced".to_owned())
    }
}

fn create_ruleset(version: ABI) -> Result<RulesetCreated, landlock::RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(version))?;
    let network = AccessNet::from_all(version);
    if !network.is_empty() {
        rules = rules.handle_access(network)?;
    }
    let scopes = Scope::from_all(version);
    if !scopes.is_empty() {
        rules = rules.scope(scopes)?;
    }
    rules.create()
}

fn restrict_calls(orders: &Orders) -> Result<(), String> {
    let subject = match orders.becomes {
        Becomes::Tool { .. } => Subject::Tool,
        Becomes::Worker | Becomes::Nothing => Subject::Worker,
    };
    let program = filter::build_program(subject, std::process::id());
    seccompiler::apply_filter(&program).map_err(|error| format!("seccomp: {error}"))
}
