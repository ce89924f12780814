//! `drydock completion`: scripts that complete commands and flags.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, CommandError, Exit, output};

/// Arguments of `drydock completion`.
#[derive(Debug, clap::Args)]
pub(super) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionArgs) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "drydock", &mut script);
    output::write(None, &script)?;
    Ok(Exit::Pass)
}
