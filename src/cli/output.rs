//! Standard output, standard error, and files: the one place where commands write.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::CommandError;

/// Writes a result to a file, or to standard output. A reader that went away is not an error: it has
/// what it wanted.
pub(super) fn write(file: Option<&Path>, bytes: &[u8]) -> Result<(), CommandError> {
    let Some(file) = file else {
        let mut stdout = std::io::stdout().lock();
        let result = stdout.write_all(bytes).and_then(|()| stdout.flush());
        return match result {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(CommandError::new(format!(
                "standard output could not be written: {error}"
            ))),
            Ok(()) => Ok(()),
        };
    };
    std::fs::write(file, bytes).map_err(|error| {
        CommandError::with_hint(
            format!("`{}` could not be written: {error}", file.display()),
            "give `--output` a file in a folder that exists and may be written",
        )
    })
}

/// Writes one line to standard error. Nothing can be done when that fails.
pub(super) fn say(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _unwritable = writeln!(stderr, "{line}");
}

/// Whether results may carry colour: a terminal, and `NO_COLOR` unset or empty.
pub(super) fn wants_colour(to_file: bool) -> bool {
    !to_file
        && std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether progress may be shown.
pub(super) fn wants_progress() -> bool {
    std::io::stderr().is_terminal()
}
