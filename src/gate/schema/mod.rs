//! Schema gate: objects against the schemas of the cluster they go to.
