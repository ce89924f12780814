//! `drydock doctor`: whether this machine has what Drydock needs.

use super::{CommandError, Exit, inputs, output};
use crate::object::Masker;
use crate::render::ToolKind;

/// Arguments of `drydock doctor`.
#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {}

pub(super) fn run(_args: &DoctorArgs) -> Result<Exit, CommandError> {
    let sandbox = inputs::sandbox(false);
    let settings = inputs::render_settings(&sandbox, &Masker::random(), None);
    let mut lines = Vec::new();
    let mut complete = true;
    match sandbox.probe() {
        Ok(()) => lines.push(
            "ok       confinement: Landlock and the system-call filter are in force".to_owned(),
        ),
        Err(error) => {
            complete = false;
            lines.push(format!("missing  confinement: {error}"));
        }
    }
    if !sandbox.has_launcher() {
        let line = "missing  drydock-confine beside drydock: every rendering starts slower";
        lines.push(line.to_owned());
    }
    for kind in ToolKind::ALL {
        match settings.tools.find_one(kind) {
            Ok(tool) => lines.push(format!(
                "ok       {}: {} at {}",
                kind.name(),
                tool.version,
                tool.path.display()
            )),
            // Helm 3 serves only those whose deployer still uses it.
            Err(error) => {
                complete &= kind == ToolKind::Helm3;
                let why = match kind {
                    ToolKind::Helm3 => " (only where your deployer still uses it)",
                    ToolKind::Helm4 | ToolKind::Kustomize => "",
                };
                lines.push(format!("missing  {error}{why}"));
            }
        }
    }
    output::write(None, (lines.join("\n") + "\n").as_bytes())?;
    Ok(if complete {
        Exit::Pass
    } else {
        Exit::Undecided
    })
}
