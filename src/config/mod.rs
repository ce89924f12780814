//! Configuration: `.drydock.yaml` of a repository (untrusted text, always read at the base commit)
//! and the operator's settings (trusted). Unknown keys are errors with file, line and column.

pub mod repo;
pub mod settings;
