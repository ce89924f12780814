//! The order of the stages: judge, review, deploy, publish, recover.

pub mod judge;
pub mod observe;
pub mod pipeline;
