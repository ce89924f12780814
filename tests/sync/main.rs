//! The built-in engine on a real API server. No kubelet and no controllers run there: a status
//! writer of this harness plays them, and one test without it ends in the honest time-out.

#[path = "../support/apiserver.rs"]
mod apiserver;
mod built_in;
mod memory;
