//! `# METADATA` comment blocks: the engine does not read them, so this does.
//!
//! A block is YAML in comment lines right above a `package` line or a rule. What a rule's own block
//! does not say, the package's block says.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problem::{Code, Problem};
use crate::finding::Severity;
use crate::yaml;

/// What a policy is about; the built-in library's default mode follows from it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// How a manifest ought to be written.
    #[default]
    Style,
    /// What this change destroys or exposes.
    Danger,
    /// What may not change from the old object to the new one.
    Transition,
}

impl Kind {
    /// The word of METADATA and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Style => "style",
            Self::Danger => "danger",
            Self::Transition => "transition",
        }
    }

    /// The kind of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Style, Self::Danger, Self::Transition]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// What a METADATA block says, as far as Drydock uses it; other keys are allowed and ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// `title`: the message of a result that gives none.
    pub title: Option<String>,
    /// `description`: what the rule is for, as `drydock policy list` shows it.
    pub description: Option<String>,
    /// `custom.id`: replaces the id made from the package.
    pub id: Option<String>,
    /// `custom.severity`: `error`, `warning` or `info`.
    pub severity: Option<Level>,
    /// `custom.fix`: what to do.
    pub fix: Option<String>,
    /// `custom.docs`: where to read more.
    pub docs: Option<String>,
    /// `custom.kind`: what the rule is about, such as the danger of a change.
    pub kind: Option<Kind>,
}

/// A severity that travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Worth a look; never blocks.
    Warning,
    /// Wrong; blocks where the mode lets it.
    Error,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Info => Self::Info,
            Level::Warning => Self::Warning,
            Level::Error => Self::Error,
        }
    }
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

impl Metadata {
    /// This, and what `outer` says where this says nothing.
    #[must_use]
    pub fn within(self, outer: &Self) -> Self {
        Self {
            title: self.title.or_else(|| outer.title.clone()),
            description: self.description.or_else(|| outer.description.clone()),
            id: self.id.or_else(|| outer.id.clone()),
            severity: self.severity.or(outer.severity),
            fix: self.fix.or_else(|| outer.fix.clone()),
            docs: self.docs.or_else(|| outer.docs.clone()),
            kind: self.kind.or(outer.kind),
        }
    }
}

/// The blocks of one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    /// The block above `package`.
    pub(super) package: Metadata,
    /// Line of the rule below (from 1), and its block.
    rules: Vec<(u32, Metadata)>,
}

impl Blocks {
    /// What is said about the rule that begins at this line.
    pub(super) fn of_rule(&self, line: u32) -> Metadata {
        self.rules
            .iter()
            .find(|(at, _)| *at == line)
            .map(|(_, metadata)| metadata.clone())
            .unwrap_or_default()
            .within(&self.package)
    }
}

/// Reads every block of a file.
pub(super) fn read(path: &str, text: &str) -> Result<Blocks, Vec<Problem>> {
    let mut blocks = Blocks::default();
    let mut problems = Vec::new();
    let mut block: Option<(u32, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let comment = line.trim_start().strip_prefix('#');
        match (&mut block, comment) {
            (None, Some(comment)) if comment.trim() == "METADATA" => {
                block = Some((number, String::new()));
            }
            (Some((_, yaml)), Some(comment)) => {
                yaml.push_str(comment.strip_prefix(' ').unwrap_or(comment));
                yaml.push('\n');
            }
            (Some(_), None) if line.trim().is_empty() => {}
            (Some((start, yaml)), None) => {
                match parse(path, *start, yaml) {
                    Ok(metadata) if line.trim_start().starts_with("package") => {
                        blocks.package = metadata;
                    }
                    Ok(metadata) => blocks.rules.push((number, metadata)),
                    Err(problem) => problems.push(problem),
                }
                block = None;
            }
            (None, _) => {}
        }
    }
    if problems.is_empty() {
        Ok(blocks)
    } else {
        Err(problems)
    }
}

fn parse(path: &str, line: u32, text: &str) -> Result<Metadata, Problem> {
    let problem = |below: u32, message: String| Problem {
        path: path.to_owned(),
        line: line + below,
        column: 0,
        code: Code::Metadata,
        message,
    };
    let stream = yaml::read(text.as_bytes(), &yaml::Budget::default());
    if let Some(error) = stream.errors.first() {
        let message = format!("the METADATA block is not YAML: {}", error.message);
        return Err(problem(error.position.line, message));
    }
    let value = stream
        .documents
        .first()
        .map_or(Value::Null, yaml::Document::to_json);
    if !value.is_object() {
        return Err(problem(0, "the METADATA block says nothing".to_owned()));
    }
    let word = |pointer: &str| match value.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(_) => {
            let name = pointer.trim_start_matches('/').replace('/', ".");
            Err(problem(0, format!("`{name}` must be text")))
        }
    };
    let severity = match word("/custom/severity")?.as_deref() {
        None => None,
        Some("error") => Some(Level::Error),
        Some("warning") => Some(Level::Warning),
        Some("info") => Some(Level::Info),
        Some(other) => {
            let message = format!("severity `{other}` is none of error, warning, info");
            return Err(problem(0, message));
        }
    };
    let kind = match word("/custom/kind")? {
        None => None,
        Some(kind) => Some(Kind::find(&kind).ok_or_else(|| {
            problem(
                0,
                format!("kind `{kind}` is none of danger, transition, style"),
            )
        })?),
    };
    Ok(Metadata {
        title: word("/title")?,
        description: word("/description")?,
        id: word("/custom/id")?,
        severity,
        fix: word("/custom/fix")?,
        docs: word("/custom/docs")?,
        kind,
    })
}
