//! `drydock check PATH…`: given files, without Git.

use super::CommandError;
use super::check::CheckArgs;
use crate::report::model::Report;

pub(super) fn judge(_args: &CheckArgs) -> Result<Report, CommandError> {
    Err(CommandError::new("files cannot be judged yet"))
}
