//! The `drydock-confine` command: a child that confines itself and becomes a tool.
//!
//! `drydock` can do the same by starting itself again and does so where this program is missing. This
//! one holds nothing but that path, so that it starts in a fraction of the time.

use std::process::ExitCode;

fn main() -> ExitCode {
    drydock::sandbox::become_tool(std::env::args_os())
}
