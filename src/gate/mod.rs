//! The gates: schema and policy judge manifests, the ratchet tells new findings from old.
//!
//! Pure: no files, no clock, no environment, no processes. Policies are other people's programs, so
//! both gates run in a confined child of this binary, [`serve_worker`], and speak in the frames of
//! [`wire`].

pub mod policy;
pub mod position;
pub mod ratchet;
pub mod schema;
pub mod wire;
mod worker;

pub use worker::serve_worker;
