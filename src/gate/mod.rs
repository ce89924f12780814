//! The gates: schema and policy judge manifests, the ratchet tells new findings from old. Pure.

pub mod policy;
pub mod position;
pub mod schema;
