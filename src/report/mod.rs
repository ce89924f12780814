//! All wording: one report, printed for the terminal, the check, the comment, JSON, Markdown and
//! GitHub workflow commands. Pure: equal input, equal bytes. Nothing else in Drydock makes sentences
//! for people.

pub mod model;
