//! The order of the stages: judge, review, deploy, publish, recover.
pub mod observe;
