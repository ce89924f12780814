//! Which rules of a source are evaluated, and in which convention.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::engine::{self, Conditions, Loaded};
use super::metadata::{self, Kind, Level, Metadata};
use super::problem::{Code, Problem};
use super::source::{Dialect, PolicySource};
use super::syntax::{HeadKind, Parsed, Visit, head, static_path, visit_rule};

/// What a rule's results are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// `deny`, `violation`: errors, unless METADATA says otherwise.
    Deny,
    /// `warn`: warnings.
    Warn,
}

/// One rule that is evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleInfo {
    /// Its id in findings and modes: `drydock.<area>.<rule>` in Drydock's dialect, `<package>.<rule>`
    /// in conftest's.
    pub id: String,
    /// The source it comes from.
    pub source: String,
    /// Its convention: [`Dialect::Drydock`] or [`Dialect::Conftest`].
    pub dialect: Dialect,
    /// What its results are.
    pub effect: Effect,
    /// Its package, without `data`.
    pub package: String,
    /// Its name, such as `deny` or `violation_no_root`.
    pub name: String,
    /// The file of its first definition.
    pub path: String,
    /// The line of its first definition, from 1.
    pub line: u32,
    /// What its METADATA says.
    pub metadata: Metadata,
}

impl RuleInfo {
    /// The path that the engine evaluates.
    pub(super) fn query(&self) -> String {
        rule_path(&self.package, &self.name)
    }

    /// How grave its findings are.
    pub fn severity(&self) -> Level {
        match self.effect {
            Effect::Deny => self.metadata.severity.unwrap_or(Level::Error),
            Effect::Warn => self
                .metadata
                .severity
                .unwrap_or(Level::Warning)
                .min(Level::Warning),
        }
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        self.metadata.kind.unwrap_or_default()
    }
}

/// `data.<package>.<name>` as the engine reads it: segments that are no identifiers in brackets.
pub(super) fn rule_path(package: &str, name: &str) -> String {
    let mut path = "data".to_owned();
    for segment in package.split('.').chain([name]) {
        let plain = segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !segment.starts_with(|first: char| first.is_ascii_digit());
        if plain {
            path.push('.');
            path.push_str(segment);
        } else {
            let _ = write!(path, "[\"{segment}\"]");
        }
    }
    path
}

/// A source ready to judge.
#[derive(Clone)]
pub(super) struct Ruleset {
    pub(super) loaded: Loaded,
    pub(super) rules: Vec<RuleInfo>,
    /// conftest packages that define `exception`.
    pub(super) exceptions: Vec<String>,
    /// True when a rule looks at `data.objects`.
    pub(super) reads_objects: bool,
    /// Packages with rules that nothing evaluates, because they were not asked for.
    pub(super) ignored: Vec<String>,
}

/// Loads a source and finds its rules; an obstacle anywhere in it refuses all of it.
pub(super) fn load(
    source: &PolicySource,
    conditions: Conditions,
    tests: bool,
) -> Result<Ruleset, Vec<Problem>> {
    if source.dialect == Dialect::Gatekeeper {
        return Err(vec![Problem::of_file(
            &source.name,
            Code::Unsupported,
            "Gatekeeper templates are not supported by this version; name the Rego files of a conftest or Drydock source instead",
        )]);
    }
    let mut loaded = engine::load(source, conditions, tests)?;
    let mut finder = Finder {
        source,
        rules: Vec::new(),
        exceptions: Vec::new(),
        ignored: Vec::new(),
        problems: Vec::new(),
    };
    for parsed in loaded.files.iter().filter(|parsed| !parsed.file.is_test()) {
        finder.file(parsed);
    }
    finder.finish(&loaded.files);
    if !finder.problems.is_empty() {
        finder.problems.sort();
        return Err(finder.problems);
    }
    for rule in &finder.rules {
        loaded
            .prepare(&rule.query())
            .map_err(|problem| vec![problem])?;
    }
    let reads_objects = loaded.files.iter().any(reads_objects);
    Ok(Ruleset {
        loaded,
        rules: finder.rules,
        exceptions: finder.exceptions,
        reads_objects,
        ignored: finder.ignored,
    })
}

struct Finder<'a> {
    source: &'a PolicySource,
    rules: Vec<RuleInfo>,
    exceptions: Vec<String>,
    ignored: Vec<String>,
    problems: Vec<Problem>,
}

impl Finder<'_> {
    fn dialect(&self, package: &[String]) -> Dialect {
        match self.source.dialect {
            Dialect::Auto if package.first().is_some_and(|root| root == "drydock") => {
                Dialect::Drydock
            }
            Dialect::Auto => Dialect::Conftest,
            chosen => chosen,
        }
    }

    fn file(&mut self, parsed: &Parsed) {
        let blocks = match metadata::read(&parsed.file.path, &parsed.file.text) {
            Ok(blocks) => blocks,
            Err(problems) => {
                self.problems.extend(problems);
                return;
            }
        };
        let dialect = self.dialect(&parsed.package);
        let package = parsed.package_name();
        let asked = match dialect {
            Dialect::Drydock => !is_library(&parsed.package),
            _ => self.source.namespaces.holds(&package),
        };
        for rule in &parsed.module.policy {
            let head = head(rule);
            let name = head.name().to_owned();
            if head.path.len() != 1 {
                continue;
            }
            if dialect == Dialect::Conftest && name == "exception" && asked {
                if !self.exceptions.contains(&package) {
                    self.exceptions.push(package.clone());
                }
                continue;
            }
            let Some(effect) = effect(dialect, &name) else {
                continue;
            };
            if !asked {
                if !self.ignored.contains(&package) {
                    self.ignored.push(package.clone());
                }
                continue;
            }
            if let Some(message) = wrong_shape(dialect, &name, head.kind) {
                self.problems
                    .push(parsed.problem(head.span, Code::Shape, message));
                continue;
            }
            self.add(parsed, dialect, effect, name, head.span.line, &blocks);
        }
    }

    fn add(
        &mut self,
        parsed: &Parsed,
        dialect: Dialect,
        effect: Effect,
        name: String,
        line: u32,
        blocks: &metadata::Blocks,
    ) {
        let package = parsed.package_name();
        let metadata = blocks.of_rule(line);
        if let Some(rule) = self
            .rules
            .iter_mut()
            .find(|rule| rule.package == package && rule.name == name)
        {
            rule.metadata = rule.metadata.clone().within(&metadata);
            return;
        }
        let id = metadata.id.clone().unwrap_or_else(|| match dialect {
            Dialect::Drydock => package.replace('_', "-"),
            _ => format!("{package}.{name}"),
        });
        self.rules.push(RuleInfo {
            id,
            source: self.source.name.clone(),
            dialect,
            effect,
            package,
            name,
            path: parsed.file.path.clone(),
            line,
            metadata,
        });
    }

    /// A source, and a package in Drydock's dialect, must have something to evaluate.
    fn finish(&mut self, files: &[Parsed]) {
        for parsed in files.iter().filter(|parsed| !parsed.file.is_test()) {
            let package = parsed.package_name();
            if self.dialect(&parsed.package) == Dialect::Drydock
                && !is_library(&parsed.package)
                && self.problems.is_empty()
                && !self.rules.iter().any(|rule| rule.package == package)
            {
                self.problems.push(Problem::of_file(
                    &parsed.file.path,
                    Code::Empty,
                    format!("package `{package}` has neither a `deny` nor a `warn` rule; a library belongs below `drydock.lib`"),
                ));
            }
        }
        if self.rules.is_empty() && self.problems.is_empty() {
            let message = if files.is_empty() {
                "there is no Rego file here: name a file or folder that holds one (a pull request is judged by those of its base commit)".to_owned()
            } else if self.ignored.is_empty() {
                "there is no policy in this source: no package has a `deny`, `warn` or `violation` rule".to_owned()
            } else {
                format!(
                    "no policy of this source is evaluated: packages {} were not asked for (name them with --policy-namespace, or ask for all)",
                    self.ignored.join(", ")
                )
            };
            self.problems
                .push(Problem::of_file(&self.source.name, Code::Empty, message));
        }
        self.rules
            .sort_by(|a, b| (&a.package, &a.name).cmp(&(&b.package, &b.name)));
        self.ignored.sort();
    }
}

fn is_library(package: &[String]) -> bool {
    package.get(1).is_some_and(|area| area == "lib")
}

/// What a rule of this name is in a dialect.
fn effect(dialect: Dialect, name: &str) -> Option<Effect> {
    let suffixed = |base: &str| {
        name.strip_prefix(base).is_some_and(|rest| {
            rest.is_empty()
                || (rest.starts_with('_')
                    && rest.split('_').skip(1).all(|part| {
                        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())
                    }))
        })
    };
    match dialect {
        Dialect::Drydock => match name {
            "deny" | "violation" => Some(Effect::Deny),
            "warn" => Some(Effect::Warn),
            _ => None,
        },
        _ if suffixed("deny") || suffixed("violation") => Some(Effect::Deny),
        _ if suffixed("warn") => Some(Effect::Warn),
        _ => None,
    }
}

/// Why a rule of this form would never give a result.
fn wrong_shape(dialect: Dialect, name: &str, kind: HeadKind) -> Option<String> {
    if dialect == Dialect::Drydock {
        return match (name, kind) {
            ("violation", _) => Some("Drydock's rules are called `deny` and `warn`".to_owned()),
            (_, HeadKind::Set) => None,
            _ => Some(format!(
                "`{name}` must be written `{name} contains message if {{ … }}`"
            )),
        };
    }
    match kind {
        HeadKind::Set | HeadKind::Value => None,
        HeadKind::Condition => Some(format!(
            "`{name} if …` is true or false and gives no message: write `{name} contains message if {{ … }}`"
        )),
        HeadKind::Function(_) => Some(format!(
            "`{name}` is a function, which nothing calls: write `{name} contains message if {{ … }}`"
        )),
        HeadKind::Default => Some(format!(
            "`default {name}` makes it a single value, which gives no message"
        )),
    }
}

fn reads_objects(parsed: &Parsed) -> bool {
    struct Reads(bool);
    impl Visit for Reads {
        fn expression(&mut self, expr: &regorus::unstable::Expr) {
            if let Some((path, whole)) = static_path(expr)
                && path.first().is_some_and(|root| root == "data")
                && path.get(1).map_or(!whole, |name| name == "objects")
            {
                self.0 = true;
            }
        }
    }
    let imported = parsed.module.imports.iter().any(|import| {
        static_path(&import.refr).is_some_and(|(path, _)| {
            path.first().is_some_and(|root| root == "data")
                && path.get(1).is_some_and(|name| name == "objects")
        })
    });
    let mut reads = Reads(imported);
    for rule in &parsed.module.policy {
        visit_rule(rule, &mut reads);
    }
    reads.0
}
