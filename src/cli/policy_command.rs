//! `drydock policy`: lists, lints, tests and evaluates policies.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::policy::{self, PolicyError, Selection};
use super::{CommandError, Exit, inputs, output};
use crate::gate::policy::{Dialect, Kind, PolicySource, RegoVersion};
use crate::run::judge::JudgeError;
use crate::yaml;

/// Arguments of `drydock policy`.
#[derive(Debug, Args)]
pub(super) struct PolicyCommandArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// List the rules that judge: the given ones, else the built-in ones
    List(Common),
    /// Say what keeps policies from being used, or from meaning what they say
    Lint(Common),
    /// Run the tests of policies, and their allows- and denies- cases
    Test(Common),
    /// Evaluate a query
    Eval(Eval),
}

#[derive(Debug, Args)]
struct Common {
    /// Policy files or folders
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, Args)]
struct Shared {
    /// Rego version of the files
    #[arg(long, value_name = "VERSION", default_value = "v1", value_parser = ["v0", "v1"])]
    rego_version: String,
    /// Convention in which they are written
    #[arg(long, value_name = "DIALECT", default_value = "auto", value_parser = ["auto", "drydock", "conftest"])]
    dialect: String,
    /// Data files or folders
    #[arg(long, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t = PolicyFormat::Text)]
    format: PolicyFormat,
}

#[derive(Debug, Args)]
struct Eval {
    /// The query, such as data.main.deny
    query: String,
    /// Policy files or folders
    #[arg(long = "policy", value_name = "PATH")]
    policies: Vec<PathBuf>,
    /// The input document, YAML or JSON (`-` reads standard input)
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    #[command(flatten)]
    shared: Shared,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PolicyFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

pub(super) fn run(args: &PolicyCommandArgs) -> Result<Exit, CommandError> {
    let sandbox = inputs::sandbox(false);
    match &args.command {
        PolicyCommand::List(common) => {
            let sources = if common.paths.is_empty() {
                vec![crate::gate::policy::built_in(&[
                    Kind::Danger,
                    Kind::Style,
                    Kind::Transition,
                ])]
            } else {
                vec![load(&common.paths, &common.shared)?]
            };
            let listing = policy::list(&sandbox, sources).map_err(|error| refused(&error))?;
            print(&common.shared, || listing.text(), || listing.json())?;
            Ok(Exit::Pass)
        }
        PolicyCommand::Lint(common) => {
            let source = load(required(&common.paths)?, &common.shared)?;
            let problems = policy::lint(&sandbox, vec![source]).map_err(|error| refused(&error))?;
            let json = || policy::errors_json(&JudgeError::Refused(problems.clone()));
            print(&common.shared, || policy::lint_text(&problems), json)?;
            Ok(if problems.is_empty() {
                Exit::Pass
            } else {
                Exit::Refused
            })
        }
        PolicyCommand::Test(common) => {
            let selection = select(required(&common.paths)?, &common.shared);
            let report =
                policy::test(&sandbox, &selection, inputs::now_ns(None)?).map_err(|error| {
                    match error {
                        PolicyError::Source(error) => CommandError::new(error.to_string()),
                        PolicyError::Judge(error) => refused(&error),
                    }
                })?;
            print(&common.shared, || report.text(), || report.json())?;
            Ok(if report.passed() {
                Exit::Pass
            } else {
                Exit::Refused
            })
        }
        PolicyCommand::Eval(eval) => evaluate(&sandbox, eval),
    }
}

fn evaluate(sandbox: &crate::sandbox::Sandbox, eval: &Eval) -> Result<Exit, CommandError> {
    let source = if eval.policies.is_empty() {
        let mut source = PolicySource::new("query", Dialect::Auto);
        source.data = policy::load_data(&eval.shared.data)
            .map_err(|error| CommandError::new(error.to_string()))?;
        source
    } else {
        load(&eval.policies, &eval.shared)?
    };
    let input = eval.input.as_deref().map(read_input).transpose()?;
    let (value, prints, code) =
        policy::eval(sandbox, source, &eval.query, input, inputs::now_ns(None)?);
    for line in prints {
        output::say(&line);
    }
    let text = serde_json::to_string_pretty(&value)
        .map_err(|error| CommandError::new(format!("the result could not be written: {error}")))?;
    output::write(None, (text + "\n").as_bytes())?;
    Ok(if code == 0 {
        Exit::Pass
    } else {
        Exit::Undecided
    })
}

fn read_input(path: &std::path::Path) -> Result<Value, CommandError> {
    let bytes = inputs::read_file_or_stdin(path)?;
    Ok(inputs::read_yaml(path, &bytes)?
        .documents
        .first()
        .map_or(Value::Null, yaml::Document::to_json))
}

fn required(paths: &[PathBuf]) -> Result<&[PathBuf], CommandError> {
    if paths.is_empty() {
        return Err(CommandError::with_hint(
            "no policies are named",
            "name files or folders after the command, such as `policies`",
        ));
    }
    Ok(paths)
}

fn select(paths: &[PathBuf], shared: &Shared) -> Selection {
    Selection {
        paths: paths.to_vec(),
        dialect: crate::config::repo::Dialect::find(&shared.dialect).map(Dialect::from),
        namespaces: crate::gate::policy::Namespaces::All,
        rego: RegoVersion::find(&shared.rego_version).unwrap_or_default(),
        data: shared.data.clone(),
    }
}

fn load(paths: &[PathBuf], shared: &Shared) -> Result<PolicySource, CommandError> {
    policy::load_source(&select(paths, shared))
        .map_err(|error| CommandError::new(error.to_string()))
}

fn refused(error: &JudgeError) -> CommandError {
    match error {
        JudgeError::Refused(problems) => CommandError::with_hint(
            policy::lint_text(problems).trim_end().to_owned(),
            "these policies judge nothing until this is mended",
        ),
        other => CommandError::new(other.to_string()),
    }
}

fn print(
    shared: &Shared,
    text: impl Fn() -> String,
    json: impl Fn() -> Value,
) -> Result<(), CommandError> {
    let text = match shared.format {
        PolicyFormat::Text => text(),
        PolicyFormat::Json => serde_json::to_string_pretty(&json())
            .map(|text| text + "\n")
            .map_err(|error| {
                CommandError::new(format!("the result could not be written: {error}"))
            })?,
    };
    output::write(None, text.as_bytes())
}
