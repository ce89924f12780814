//! Deployment: engines that bring a merged change to its cluster and watch it to the end.
//!
//! Three modules are pure and shared by all engines: [`health`] says how far one object has come,
//! [`watch`] turns observations and time into the next step, [`outcome`] names every end. An engine
//! never decides whether a change may be deployed: `run::deploy` does, before it starts one.

pub mod health;
pub mod outcome;
pub mod watch;
