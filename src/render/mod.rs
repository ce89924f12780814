//! Rendering: an application's files become manifests, by the tool that its deployer uses.
//!
//! Plain files are read natively; Kustomize and Helm run inside [`crate::sandbox`] on a directory
//! that holds the application's closure and nothing else. A side that cannot be rendered is a
//! problem with its place and whose move it is, never an empty result.

mod all;
mod cache;
mod directory;
mod draft;
mod encrypted;
mod helm;
mod known;
mod kustomize;
mod messages;
mod origin;
mod output;
mod prescan;
mod quotations;
mod secrecy;
mod settings;
mod substitute;
mod tools;
mod unstable;
mod workspace;

use std::collections::BTreeSet;

use crate::cluster_facts::KubernetesVersion;
use crate::config::repo::Engine;
use crate::finding::Blame;
use crate::ids::{AppId, Digest, ObjectRef, RepoPath, Side};
use crate::object::Manifest;
use crate::tree::Tree;
use crate::yaml::{Duplicate, Oddity};

pub use all::{render, render_known, render_side};
pub use cache::{Cache, CacheError, Counts, Place};
pub use known::Known;
pub use secrecy::hide_in_refusals;
pub use settings::{Permits, Settings};
pub use tools::{Tool, ToolError, ToolKind, ToolPaths, Tools};

/// One way from files to manifests.
trait Renderer {
    /// Renders one source of an application, or says why not.
    fn render(&self, request: &Request<'_>) -> Result<Output, Vec<Problem>>;
}

/// What a renderer works on.
#[derive(Clone, Copy)]
struct Request<'a> {
    tree: &'a Tree,
    closure: &'a BTreeSet<RepoPath>,
    path: &'a RepoPath,
    version: KubernetesVersion,
    engine: Engine,
    settings: &'a Settings,
    /// True for a render that only shows what differs: templates see another time.
    is_later: bool,
}

/// What a renderer gives, in the order of its files or its tool.
#[derive(Default)]
struct Output {
    manifests: Vec<Manifest>,
    duplicates: Vec<(RepoPath, Duplicate)>,
    oddities: Vec<(RepoPath, Oddity)>,
    placeholders: Vec<Placeholder>,
    others: Vec<Other>,
    fails_elsewhere: Option<String>,
}

/// One application, both sides.
#[derive(Debug, Clone)]
pub struct RenderedApp {
    /// Its identity.
    pub id: AppId,
    /// What came of it before the change.
    pub base: Outcome,
    /// What came of it after the change.
    pub head: Outcome,
}

impl RenderedApp {
    /// The outcome of one side.
    pub fn side(&self, side: Side) -> &Outcome {
        match side {
            Side::Base => &self.base,
            Side::Head => &self.head,
        }
    }
}

/// What came of rendering one side.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The application does not exist on this side.
    Absent,
    /// It rendered.
    Rendered(Rendering),
    /// It could not be rendered. Nothing may be concluded about its objects on this side.
    Failed(Vec<Problem>),
    /// It is nobody's mistake, and cannot be evaluated here: another renderer, a source that is not at
    /// hand. Nothing may be concluded about its objects on this side.
    NotEvaluable(Vec<Problem>),
}

impl Outcome {
    /// The rendering, when there is one.
    pub fn rendering(&self) -> Option<&Rendering> {
        match self {
            Self::Rendered(rendering) => Some(rendering),
            Self::Absent | Self::Failed(_) | Self::NotEvaluable(_) => None,
        }
    }

    /// The manifests: none when absent, `None` when they are not known.
    pub fn manifests(&self) -> Option<&[Manifest]> {
        match self {
            Self::Absent => Some(&[]),
            Self::Rendered(rendering) => Some(&rendering.manifests),
            Self::Failed(_) | Self::NotEvaluable(_) => None,
        }
    }

    /// The same, to say more exactly where they are.
    pub fn problems_mut(&mut self) -> &mut [Problem] {
        match self {
            Self::Absent | Self::Rendered(_) => &mut [],
            Self::Failed(problems) | Self::NotEvaluable(problems) => problems,
        }
    }

    /// Why it could not be rendered; empty when it was, or is absent.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Absent | Self::Rendered(_) => &[],
            Self::Failed(problems) | Self::NotEvaluable(problems) => problems,
        }
    }
}

/// Manifests in the order the tool gave them.
#[derive(Debug, Clone)]
pub struct Rendering {
    /// Every document with its role, chart tests included.
    pub manifests: Vec<Manifest>,
    /// Digest over all manifests, in order of object, independent of the tool's order.
    pub digest: Digest,
    /// Repeated keys in plain files; a tool's output has none.
    pub duplicates: Vec<(RepoPath, Duplicate)>,
    /// Values that readers disagree about, in plain files.
    pub oddities: Vec<(RepoPath, Oddity)>,
    /// Objects with values that are not known here: other values stand for them. What has any must
    /// not be deployed from here.
    pub placeholders: Vec<Placeholder>,
    /// Objects that several sources give, in order: the last one is the manifest, as Argo CD deploys
    /// it, the others are left out.
    pub repeated: Vec<ObjectRef>,
    /// What other renders of the same files gave: never deployed from here, and judged all the same.
    pub others: Vec<Other>,
    /// Why another render of the same files failed, where one did: what it would give is not known.
    pub fails_elsewhere: Option<String>,
}

/// An object as another render of the same files has it.
#[derive(Debug, Clone)]
pub struct Other {
    /// The object.
    pub manifest: Manifest,
    /// True: only other renders give it. False: it is another form of one of the manifests.
    pub is_further: bool,
}

/// An object with values that are not known here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placeholder {
    /// The object.
    pub object: ObjectRef,
    /// Why, as a phrase.
    pub reason: String,
}

/// Why a side could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// One sentence without a final period, free of absolute paths and Secret values.
    pub message: String,
    /// The file, where known.
    pub path: Option<RepoPath>,
    /// Line in it, from 1; 0 when unknown.
    pub line: u32,
    /// Whose move it is.
    pub blame: Blame,
}

impl Problem {
    /// A problem of the author with a whole file or folder.
    fn about(path: &RepoPath, message: String) -> Self {
        Self {
            message,
            path: Some(path.clone()),
            line: 0,
            blame: Blame::Author,
        }
    }
}
