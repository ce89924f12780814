//! One expansion: generators give parameter sets, templates make applications of them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{find_text, is_true, texts};
use super::compose::is_dns_name;
use super::git::Git;
use super::interpolate::interpolate;
use super::params::{Params, flatten};
use super::problem::{Fault, NotEvaluable, SetProblem, Stop, Unknown};
use super::selector::Selector;
use super::template::Language;
use super::{SetPolicy, World, clusters, list, overlay};
use crate::ids::RepoPath;
use crate::plan::gotemplate::MissingKey;

/// Parameter sets that one set may give: ten times the largest that people report.
pub(super) const SETS: usize = 10_000;

/// Generators in the order in which the controller runs those of one object.
const KINDS: [&str; 10] = [
    "list",
    "clusters",
    "git",
    "scmProvider",
    "clusterDecisionResource",
    "pullRequest",
    "matrix",
    "merge",
    "plugin",
    "oci",
];

/// Runs of generators and parameter sets that one set may take in all.
const STEPS: usize = 200_000;

/// What all sets of a repository may come to.
const TOGETHER: &str = "is left of the 20,000 applications and of the work of all sets together";

/// Entries of a tree that are looked at in the time of one step.
const ENTRIES_PER_STEP: usize = 500;

/// How deep a generator stands; combinations stand at the first two levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Top,
    Nested,
    Terminal,
}

/// One expansion at work.
pub(super) struct Expander<'a> {
    world: &'a World<'a>,
    pub(super) policy: &'a SetPolicy,
    pub(super) language: Language,
    pub(super) reads: BTreeSet<RepoPath>,
    pub(super) not_evaluable: Vec<NotEvaluable>,
    pub(super) problems: Vec<SetProblem>,
    /// Work done so far, in parameter sets and tree entries looked at.
    spent: usize,
}

impl<'a> Expander<'a> {
    pub(super) fn new(set: &Value, world: &'a World<'a>, policy: &'a SetPolicy) -> Self {
        let mut problems = Vec::new();
        let mut missing = MissingKey::Default;
        for (index, option) in texts(set, "/spec/goTemplateOptions").enumerate() {
            missing = match option {
                "missingkey=default" | "missingkey=invalid" => MissingKey::Default,
                "missingkey=zero" => MissingKey::Zero,
                "missingkey=error" => MissingKey::Error,
                other => {
                    problems.push(SetProblem {
                        at: format!("/spec/goTemplateOptions/{index}"),
                        fault: Fault::Option(other.to_owned()),
                    });
                    missing
                }
            };
        }
        Self {
            world,
            policy,
            language: Language::new(is_true(set, "/spec/goTemplate"), missing, world.budget),
            reads: BTreeSet::new(),
            not_evaluable: Vec::new(),
            problems,
            spent: 0,
        }
    }

    /// The applications of all generators.
    pub(super) fn run(&mut self, set: &Value) -> Vec<Value> {
        let generators = set.pointer("/spec/generators").and_then(Value::as_array);
        let base = set.pointer("/spec/template").unwrap_or(&Value::Null);
        let mut found = Vec::new();
        let mut names = BTreeSet::new();
        for (index, generator) in generators.into_iter().flatten().enumerate() {
            if !self.world.budget.has_any() {
                self.note(Stop::fault("", Fault::Limit(TOGETHER)));
                break;
            }
            let at = format!("/spec/generators/{index}");
            if find_kinds(generator, Level::Top).next().is_none() {
                self.note(Stop::fault(&at, Fault::NoGenerator));
            }
            for kind in find_kinds(generator, Level::Top) {
                let sets = match self.generate(generator, kind, Level::Top, &Params::new(), &at) {
                    Ok(sets) => sets,
                    Err(stop) => {
                        self.note(stop);
                        continue;
                    }
                };
                let own = generator.get(kind).and_then(|kind| kind.get("template"));
                let template = overlay::overlay(own, base);
                for params in sets {
                    match self.application(set, &template, &params, &at) {
                        Ok(application) => self.keep(application, &mut names, &mut found, &at),
                        Err(stop) => self.note(stop),
                    }
                }
            }
        }
        found
    }

    fn note(&mut self, stop: Stop) {
        match stop {
            Stop::Unknown(unknown) => self.not_evaluable.push(unknown),
            Stop::Problem(problem) => self.problems.push(problem),
        }
    }

    /// Of two applications with one name the first stays.
    fn keep(
        &mut self,
        application: Value,
        names: &mut BTreeSet<String>,
        found: &mut Vec<Value>,
        at: &str,
    ) {
        let name = find_text(&application, "/metadata/name").unwrap_or_default();
        if !is_dns_name(name) {
            self.note(Stop::fault(at, Fault::Name(name.to_owned())));
        } else if !names.insert(name.to_owned()) {
            self.note(Stop::fault(at, Fault::DuplicateName(name.to_owned())));
        } else if found.len() >= SETS {
            self.note(Stop::fault("", Fault::Limit("10,000 applications")));
        } else if !self.world.budget.take_application() {
            self.note(Stop::fault("", Fault::Limit(TOGETHER)));
        } else {
            found.push(application);
        }
    }

    /// The parameter sets of the only generator of a combination's child.
    pub(super) fn child(
        &mut self,
        generator: &Value,
        level: Level,
        outer: &Params,
        at: &str,
    ) -> Result<Vec<Params>, Stop> {
        let level = match level {
            Level::Top => Level::Nested,
            Level::Nested | Level::Terminal => Level::Terminal,
        };
        let mut kinds = find_kinds(generator, level);
        match (kinds.next(), kinds.next()) {
            (Some(kind), None) => self.generate(generator, kind, level, outer, at),
            (None, _) => Err(Stop::fault(at, Fault::NoChild)),
            (Some(_), Some(_)) => Err(Stop::fault(at, Fault::ManyGenerators)),
        }
    }

    /// The parameter sets of one generator that its selector lets pass.
    fn generate(
        &mut self,
        generator: &Value,
        kind: &'static str,
        level: Level,
        outer: &Params,
        at: &str,
    ) -> Result<Vec<Params>, Stop> {
        let selector = match generator.get("selector").filter(|value| !value.is_null()) {
            Some(selector) => Some(Selector::parse(selector).map_err(|reason| {
                Stop::fault(&format!("{at}/selector"), Fault::Selector(reason))
            })?),
            None => None,
        };
        let at = format!("{at}/{kind}");
        let fields = generator.get(kind).unwrap_or(&Value::Null);
        let filled;
        let fields = if outer.is_empty() {
            fields
        } else {
            filled = interpolate(&self.language, kind, fields, outer, &at)?;
            &filled
        };
        self.spend(kind, &at)?;
        let mut sets = self.run_kind(fields, kind, level, &at)?;
        self.spent = self.spent.saturating_add(sets.len());
        if !self.world.budget.take_runs(sets.len()) {
            return Err(Stop::fault(&at, Fault::Limit(TOGETHER)));
        }
        if sets.len() > SETS {
            return Err(Stop::fault(&at, Fault::Limit("10,000 parameter sets")));
        }
        if let Some(selector) = selector {
            let mut kept = Vec::new();
            for params in sets {
                let labels = flatten(&params).map_err(|fault| Stop::fault(&at, fault))?;
                if selector.matches(&labels) {
                    kept.push(params);
                }
            }
            sets = kept;
        }
        Ok(sets)
    }

    /// Bounds the work of combinations that give little: each run of a child counts.
    fn spend(&mut self, kind: &str, at: &str) -> Result<(), Stop> {
        let looked_at = match kind {
            "git" => self.world.tree.entries().len() / ENTRIES_PER_STEP,
            _ => 0,
        };
        self.spent = self.spent.saturating_add(1 + looked_at);
        if self.spent > STEPS {
            return Err(Stop::fault(at, Fault::Limit("200,000 steps")));
        }
        if !self.world.budget.take_runs(1 + looked_at) {
            return Err(Stop::fault(at, Fault::Limit(TOGETHER)));
        }
        Ok(())
    }

    fn run_kind(
        &mut self,
        fields: &Value,
        kind: &'static str,
        level: Level,
        at: &str,
    ) -> Result<Vec<Params>, Stop> {
        match kind {
            "list" => list::generate(fields, self.language.is_go, at),
            "clusters" => {
                if self.world.clusters.is_empty() {
                    self.note(Stop::unknown(at, Unknown::Clusters));
                }
                clusters::generate(&self.language, self.world.clusters, fields, at)
            }
            "git" => Git {
                language: &self.language,
                world: self.world,
                reads: &mut self.reads,
            }
            .generate(fields, at),
            "matrix" => self.matrix(fields, level, at),
            "merge" => self.merge(fields, level, at),
            service => Err(Stop::unknown(at, Unknown::Service(service))),
        }
    }
}

/// The kinds of an object in `generators` that count at this level.
fn find_kinds(generator: &Value, level: Level) -> impl Iterator<Item = &'static str> {
    KINDS.into_iter().filter(move |kind| {
        let combines = matches!(*kind, "matrix" | "merge");
        !(combines && level == Level::Terminal)
            && generator.get(kind).is_some_and(|fields| !fields.is_null())
    })
}
