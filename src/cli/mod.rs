//! The command line: flags, one file per command, exit codes.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 passes, 1 the
//! change is refused, 2 it could not be judged.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod apps;
mod cache;
mod check;
mod clusters;
mod completion;
mod demo;
mod doctor;
mod files;
mod inputs;
mod output;
mod outside;
mod policies;
pub mod policy;
mod policy_command;
mod render;
mod serve;

/// Inspects a GitOps pull request in dry dock before it ships.
#[derive(Debug, Parser)]
#[command(
    name = "drydock",
    version,
    about,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Judge a change, or given manifest files
    Check(Box<check::CheckArgs>),
    /// Print what an application's deployer would apply
    Render(Box<render::RenderArgs>),
    /// List the applications of a repository, or say which ones a file affects
    Apps(apps::AppsArgs),
    /// List, lint, test and evaluate policies
    Policy(policy_command::PolicyCommandArgs),
    /// Judge an embedded sample: a pull request on three applications, offline
    Demo(demo::DemoArgs),
    /// Run the GitHub App
    Serve(serve::ServeArgs),
    /// Say whether this machine has what Drydock needs
    Doctor(doctor::DoctorArgs),
    /// Print a completion script for a shell
    Completion(completion::CompletionArgs),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Passed: 0.
    Pass,
    /// The change is refused: 1.
    Refused,
    /// It could not be judged: 2.
    Undecided,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Pass => Self::SUCCESS,
            Exit::Refused => Self::from(1),
            Exit::Undecided => Self::from(2),
        }
    }
}

/// Why a command could not do its work, in words for people.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct CommandError {
    /// What could not be done, and where.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl CommandError {
    /// An error without advice.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: None,
        }
    }

    /// An error with advice.
    pub fn with_hint(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: Some(hint.into()),
        }
    }
}

/// An error with its cause.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text.push_str(": ");
        text.push_str(&source.to_string());
    }
    text
}

/// Parses the arguments of this process and runs the command. Usage errors end the process with 2.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Check(args) => check::run(&args),
        Command::Render(args) => render::run(&args),
        Command::Apps(args) => apps::run(&args),
        Command::Policy(args) => policy_command::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completion(args) => completion::run(&args),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::say(&format!("error: {}", error.what));
            if let Some(hint) = &error.hint {
                output::say(&format!("  hint: {hint}"));
            }
            Exit::Undecided.into()
        }
    }
}
