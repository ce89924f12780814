//! What a renderer is given: a tool with everything that its deployer tells it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cluster_facts::KubernetesVersion;
use crate::config::repo::RendererKind;
use crate::ids::RepoPath;

/// A tool with all its inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RendererInput {
    /// YAML and JSON files, read natively.
    Directory {
        /// The files, read in path order.
        files: BTreeSet<RepoPath>,
    },
    /// `kustomize build`.
    Kustomize(KustomizeInput),
    /// `helm template`.
    Helm(HelmInput),
}

impl RendererInput {
    /// Which tool.
    pub fn kind(&self) -> RendererKind {
        match self {
            Self::Directory { .. } => RendererKind::Directory,
            Self::Kustomize(_) => RendererKind::Kustomize,
            Self::Helm(_) => RendererKind::Helm,
        }
    }
}

/// The inputs of `kustomize build`. The default is a bare build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KustomizeInput {
    /// True lets bases and files lie outside the root (never outside the checkout), as Flux does.
    pub open_load_restrictor: bool,
    /// The kustomization that the deployer writes where the folder holds none: its `resources`, relative
    /// to the folder, in order. `None`: the folder has a kustomization.
    pub generated: Option<Vec<String>>,
    /// What the deployer changes in the kustomization before it builds.
    pub edits: KustomizeEdits,
    /// Variables in the edits whose values are not known: [`unknown_value`] stands for each.
    pub unknown: BTreeSet<String>,
    /// What Flux replaces in the built objects.
    pub substitution: Option<Substitution>,
    /// The Helm of charts that the kustomization inflates: 3, or anything else for 4.
    pub helm_major: u8,
    /// The version of Kubernetes that such charts are told; `None`: the destination's.
    pub kubernetes: Option<KubernetesVersion>,
    /// The API versions that such charts are told; empty: what the destination serves, where that is
    /// known.
    pub api_versions: Vec<String>,
    /// API versions that such charts are told in any case.
    pub more_api_versions: Vec<String>,
    /// What the deployer's options do not let Kustomize do. Empty by default.
    pub disabled: BTreeSet<BuildFeature>,
    /// True sets the label `app.kubernetes.io/managed-by` (`--enable-managedby-label`).
    pub managed_by_label: bool,
}

/// What Kustomize does only where an option says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuildFeature {
    /// Inflating charts.
    Charts,
    /// Generators and transformers that are no part of it.
    Plugins,
    /// Such of them as are programs named by an annotation.
    Exec,
}

impl BuildFeature {
    /// The option.
    pub fn option(self) -> &'static str {
        match self {
            Self::Charts => "--enable-helm",
            Self::Plugins => "--enable-alpha-plugins",
            Self::Exec => "--enable-exec",
        }
    }
}

/// What stands for a value that is not known. Lower-case letters, digits and `-` only, so that it fits
/// wherever a name, a label or a host does.
pub fn unknown_value(name: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(letter).collect();
    format!("unknown-value-of-{}", name.trim_matches('-'))
        .trim_end_matches('-')
        .to_owned()
}

/// What a deployer changes in the root kustomization before it builds: Argo CD's `kustomize` options
/// (as `kustomize edit` writes them), Flux's fields. Empty changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the declaration"
)]
pub struct KustomizeEdits {
    /// Replaces `namePrefix`.
    pub name_prefix: Option<String>,
    /// Replaces `nameSuffix`.
    pub name_suffix: Option<String>,
    /// Replaces `namespace`.
    pub namespace: Option<String>,
    /// Image overrides: entries of `images`. An entry replaces one of the same name.
    pub images: Vec<Value>,
    /// Entries of `replicas`; an entry replaces one of the same name.
    pub replicas: Vec<Value>,
    /// Entries added to `patches`, in order.
    pub patches: Vec<Value>,
    /// Entries added to `components`, in order.
    pub components: Vec<String>,
    /// Labels, added to `commonLabels`, or to `labels` without selectors.
    pub labels: BTreeMap<String, String>,
    /// True sets the labels in selectors, too (`commonLabels`), as Argo CD does by default.
    pub labels_in_selectors: bool,
    /// True sets the labels in pod templates, too (`includeTemplates`).
    pub labels_in_templates: bool,
    /// True lets `labels` replace labels of the same key in the kustomization; otherwise one is an error.
    pub force_labels: bool,
    /// Added to `commonAnnotations`.
    pub annotations: BTreeMap<String, String>,
    /// True lets `annotations` replace annotations of the same key in the kustomization; otherwise one
    /// is an error.
    pub force_annotations: bool,
    /// Labels and annotations that Flux sets on every built object (`commonMetadata`); they win over
    /// the object's own.
    pub common_metadata: CommonMetadata,
}

/// Labels and annotations set on every object after the build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommonMetadata {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Flux's `postBuild`: variables in the text of each built object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Substitution {
    /// Values by name.
    pub variables: BTreeMap<String, String>,
    /// Names whose values come from a Secret or from an object that is not in the trees: each is
    /// replaced by a placeholder that names it.
    pub unknown: BTreeSet<String>,
    /// True where a source of variables is not known as a whole, so that a name that is in neither set
    /// may have a value there.
    pub open: bool,
    /// True replaces expressions also where there is no variable at all (`substituteStrategy: Always`).
    pub always: bool,
}

/// The inputs of `helm template`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmInput {
    /// Release name.
    pub release: String,
    /// Release namespace.
    pub namespace: String,
    /// Value files, in order; later ones win.
    pub values: Vec<RepoPath>,
    /// Values of the declaration itself, in order, after the files.
    pub inline: Vec<Value>,
    /// Single values (`--set`, `--set-string`), in order, after all others.
    pub parameters: Vec<HelmParameter>,
    /// Single values that are the content of a file (`--set-file`): name and file, last of all.
    pub file_parameters: Vec<(String, RepoPath)>,
    /// Helm 3 or 4.
    pub major: u8,
    /// False leaves out the chart's `crds/` folder.
    pub include_crds: bool,
    /// True leaves out chart tests.
    pub skip_tests: bool,
    /// True skips the check of values against the chart's `values.schema.json`.
    pub skip_schema_validation: bool,
    /// Further API versions for `.Capabilities`.
    pub api_versions: Vec<String>,
    /// The version that the declaration itself gives; `None`: the destination's.
    pub kubernetes: Option<KubernetesVersion>,
    /// Edits that Flux makes to the rendered objects, in order (`postRenderers`).
    pub post: Vec<KustomizeEdits>,
    /// Labels and annotations that Flux sets on every rendered object (`commonMetadata`).
    pub common_metadata: CommonMetadata,
    /// What the deployer does with hooks.
    pub hooks: Hooks,
    /// Where else values come from that are not known here (Secrets, objects that are not in the trees),
    /// each as a phrase that names it. The chart is rendered without them.
    pub unknown: BTreeSet<String>,
}

/// What a deployer does with chart hooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hooks {
    /// It runs them.
    #[default]
    Run,
    /// It leaves them out (Flux's `disableHooks` on install and upgrade).
    LeaveOut,
}

/// One single value of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmParameter {
    /// Its path, such as `image.tag`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// True keeps it a string (`--set-string`).
    pub force_string: bool,
}

impl HelmInput {
    /// A release of a chart with its own values, by Helm 4, CRDs included.
    pub fn new(release: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            release: release.into(),
            namespace: namespace.into(),
            values: Vec::new(),
            inline: Vec::new(),
            parameters: Vec::new(),
            file_parameters: Vec::new(),
            major: 4,
            include_crds: true,
            skip_tests: false,
            skip_schema_validation: false,
            api_versions: Vec::new(),
            kubernetes: None,
            post: Vec::new(),
            common_metadata: CommonMetadata::default(),
            hooks: Hooks::default(),
            unknown: BTreeSet::new(),
        }
    }
}
