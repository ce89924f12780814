//! The operator's settings: a trusted file, read once at start.
