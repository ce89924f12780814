//! Policy gate: Rego policies over objects, through regorus.
//!
//! A source is loaded as a whole: parsed, checked for everything that the engine would evaluate
//! silently differently from OPA ([`Problem`] says what and where), rewritten where a rewriting makes
//! the two equal, and then evaluated per object in its dialect. An obstacle is never a pass: it
//! refuses the source at load, or the object at evaluation.
//!
//! The engine runs inside the confined worker only: a policy is somebody's program, and a program may
//! loop, overflow the stack or eat all memory. Nothing here reads files, the clock or the
//! environment.

mod authoring;
mod builtins;
mod engine;
mod evaluate;
mod input;
mod library;
mod lint;
mod metadata;
mod problem;
mod recursion;
mod results;
mod rewrite;
mod rules;
mod source;
mod sprintf;
mod syntax;

pub use engine::Conditions;
pub use evaluate::{Policies, PolicyAnswer};
pub use input::{AppInput, INPUT_VERSION, Operation};
pub use library::{BUILT_IN, DEFAULT_MODE, built_in, built_in_paths, embedded};
pub use metadata::{Kind, Level, Metadata};
pub use problem::{Code, Problem};
pub use results::PolicyFinding;
pub use rules::{Effect, RuleInfo};
pub use source::{Dialect, Namespaces, PolicyFile, PolicySource, RegoVersion};

pub(in crate::gate) use authoring::{evaluate_query, run_tests};
pub(in crate::gate) use evaluate::{engine_value, unchanged};
pub(in crate::gate) use input::{Subject, Surroundings};

#[cfg(test)]
mod tests;
