//! Which applications have to be rendered to know what they declare. Most are told by their files:
//! what names the group of no declaration, and makes none out of parts, declares nothing.

mod chart;
mod kustomization;

use std::collections::BTreeSet;

use super::extend::Planner;
use super::hidden::{any_in, has, may_hide_letters, may_hold};
use super::{AppSide, AppSource, RendererInput, Substitution, parallel};
use crate::ids::{AppId, RepoPath};
use crate::tree::{Reader, Tree};

/// Words that every declaration holds.
const WORDS: [&[u8]; 4] = [
    b"argoproj.io/",
    b"toolkit.fluxcd.io/",
    b"extensions.fluxcd.io/",
    b"fluxcd.controlplane.io/",
];

/// Letters of the hash behind a name that a generator gives.
const HASH: usize = 10;

/// True for a text that names the group of a declaration.
fn names_group(bytes: &[u8]) -> bool {
    WORDS.iter().any(|word| has(bytes, word))
}

impl Planner<'_> {
    /// The applications whose rendering may declare others, or that may hold a ConfigMap or Secret of
    /// one of the wanted names.
    pub fn find_declaring(
        &self,
        tree: &Tree,
        apps: &[(&AppId, &AppSide)],
        wanted: &BTreeSet<String>,
    ) -> BTreeSet<AppId> {
        if !self.config.discovery.argocd && !self.config.discovery.flux {
            return BTreeSet::new();
        }
        let names = find_names(wanted);
        let may = parallel::map(tree, apps, |reader, (_, side)| {
            let look = Look {
                planner: self,
                tree,
                reader,
                side,
            };
            look.may_declare() || !names.is_empty() && look.may_hold(&names)
        });
        let declaring = apps.iter().zip(may).filter(|(_, may)| *may);
        declaring.map(|((id, _), _)| (*id).clone()).collect()
    }
}

/// The names, and those that generators would make them of.
fn find_names(wanted: &BTreeSet<String>) -> BTreeSet<&str> {
    let is_hash = |hash: &str| {
        hash.len() == HASH && hash.chars().all(|letter| letter.is_ascii_alphanumeric())
    };
    let stems = wanted.iter().filter_map(|name| {
        let (stem, hash) = name.rsplit_once('-')?;
        is_hash(hash).then_some(stem)
    });
    wanted.iter().map(String::as_str).chain(stems).collect()
}

/// A look at one application's files.
struct Look<'a> {
    planner: &'a Planner<'a>,
    tree: &'a Tree,
    reader: &'a Reader<'a>,
    side: &'a AppSide,
}

impl Look<'_> {
    fn may_declare(&self) -> bool {
        // What a chart from elsewhere holds is known when it is rendered, what a refused application
        // would declare is not known at all.
        !self.side.refusals.is_empty()
            || self
                .side
                .sources
                .iter()
                .any(|source| source.repository.is_some())
            || self.side.closure.iter().any(|path| {
                // An archive is not searched for words.
                path.as_str().ends_with(".tgz") || self.names_group(path)
            })
            || self
                .side
                .sources
                .iter()
                .any(|source| self.makes_group(source))
    }

    fn names_group(&self, path: &RepoPath) -> bool {
        let (tree, reader, cache) = (self.tree, self.reader, &self.planner.cache);
        // What cannot be read fails where it is rendered.
        let found = if self.is_text(path) {
            cache.words.read(tree, reader, path, names_group)
        } else {
            let read = |bytes: &[u8]| may_hold(bytes, &names_group);
            cache.declarations.read(tree, reader, path, read)
        };
        found.is_ok_and(|found| *found)
    }

    /// True for what no deployer reads as YAML: templates have a reading of their own, and of a chart's
    /// other files most are never put out.
    fn is_text(&self, path: &RepoPath) -> bool {
        let is_chart = |source: &AppSource| matches!(source.renderer, RendererInput::Helm(_));
        let is_yaml = || {
            let name = path.as_str();
            [".yaml", ".yml", ".json"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        chart::is_template(path) && self.inflates()
            || self.side.sources.iter().all(is_chart) && !is_yaml()
    }

    /// True where templates are rendered as such.
    fn inflates(&self) -> bool {
        self.side
            .sources
            .iter()
            .any(|source| match source.renderer {
                RendererInput::Helm(_) => true,
                RendererInput::Kustomize(_) => self.inflates_charts(),
                RendererInput::Directory { .. } => false,
            })
    }

    /// True where a source may make the group of a declaration out of parts.
    fn makes_group(&self, source: &AppSource) -> bool {
        match &source.renderer {
            RendererInput::Directory { .. } => false,
            RendererInput::Helm(input) => {
                input
                    .post
                    .iter()
                    .any(|edits| kustomization::edits_may(edits, None))
                    || self.makes_group_of_chart(Some(input))
            }
            RendererInput::Kustomize(input) => self.makes_group_of_kustomization(input),
        }
    }

    /// True where a ConfigMap or Secret of one of these names may be made.
    fn may_hold(&self, names: &BTreeSet<&str>) -> bool {
        let holds = |bytes: &[u8]| names.iter().any(|name| has(bytes, name.as_bytes()));
        let files = || {
            self.side
                .closure
                .iter()
                .filter_map(|path| Some((path, self.reader.read(path).ok()?)))
        };
        files().any(|(path, bytes)| {
            if self.is_text(path) {
                holds(&bytes)
            } else {
                may_hold(&bytes, &holds)
            }
        }) || files().any(|(_, bytes)| holds_values(&bytes))
            && self
                .side
                .sources
                .iter()
                .any(|source| match &source.renderer {
                    RendererInput::Directory { .. } => false,
                    // A release's own name is part of what charts call their objects.
                    RendererInput::Helm(_) => true,
                    RendererInput::Kustomize(input) => self.makes_name(input, names),
                })
    }
}

/// True where ConfigMaps or Secrets may come from a text.
fn holds_values(bytes: &[u8]) -> bool {
    ["onfigMap", "ecret", "onfigmap"]
        .iter()
        .any(|word| has(bytes, word.as_bytes()))
        || may_hide_letters(bytes)
}

/// True for a text of an edit that names the group of a declaration, or that hides or replaces letters.
fn is_odd(text: &str, substitution: Option<&Substitution>) -> bool {
    let bytes = text.as_bytes();
    names_group(bytes) || may_hide_letters(bytes) || substitution.is_some() && text.contains('$')
}

fn any_odd(value: &serde_json::Value, substitution: Option<&Substitution>) -> bool {
    any_in(value, &|text| is_odd(text, substitution))
}

#[cfg(test)]
mod tests;
