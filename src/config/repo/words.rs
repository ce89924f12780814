//! The closed words of the configuration.

/// Who applies an application's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Drydock's own server-side apply.
    Apply,
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
    /// A person or pipeline with kubectl.
    Kubectl,
}

impl Engine {
    /// The word of configuration, flags and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::ArgoCd => "argocd",
            Self::Flux => "flux",
            Self::Kubectl => "kubectl",
        }
    }

    /// The engine of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Apply, Self::ArgoCd, Self::Flux, Self::Kubectl]
            .into_iter()
            .find(|engine| engine.word() == word)
    }
}

/// How a gate or policy source treats what it finds; ordered, the strictest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Not evaluated.
    Off,
    /// Evaluated and recorded, not shown on the pull request.
    Shadow,
    /// Shown, never blocks.
    Warn,
    /// Only what the change introduces blocks.
    BlockNew,
    /// Every finding blocks.
    Block,
}

impl Mode {
    /// The word of configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::Warn => "warn",
            Self::BlockNew => "block_new",
            Self::Block => "block",
        }
    }

    /// The mode of a word.
    pub fn find(word: &str) -> Option<Self> {
        [
            Self::Off,
            Self::Shadow,
            Self::Warn,
            Self::BlockNew,
            Self::Block,
        ]
        .into_iter()
        .find(|mode| mode.word() == word)
    }
}

/// In which Rego convention a policy source is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Found out per package: `drydock.*` is Drydock's own, else conftest.
    Auto,
    /// Drydock's own input contract.
    Drydock,
    /// conftest's `deny`, `warn`, `violation`.
    Conftest,
    /// Gatekeeper templates and constraints (part 6).
    Gatekeeper,
}

impl Dialect {
    /// The word of configuration and flags.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Drydock => "drydock",
            Self::Conftest => "conftest",
            Self::Gatekeeper => "gatekeeper",
        }
    }

    /// The dialect of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Auto, Self::Drydock, Self::Conftest, Self::Gatekeeper]
            .into_iter()
            .find(|dialect| dialect.word() == word)
    }
}

/// Which tool turns files into manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RendererKind {
    /// Plain files, read natively.
    Directory,
    /// `kustomize build`.
    Kustomize,
    /// `helm template`.
    Helm,
}

impl RendererKind {
    /// The word of configuration and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Kustomize => "kustomize",
            Self::Helm => "helm",
        }
    }

    /// The renderer of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Directory, Self::Kustomize, Self::Helm]
            .into_iter()
            .find(|renderer| renderer.word() == word)
    }
}

/// What the bot does after a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnMerge {
    /// Nothing.
    Off,
    /// Watches and reports.
    Observe,
    /// Starts the deployment.
    Trigger,
}

impl OnMerge {
    /// The word of configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Observe => "observe",
            Self::Trigger => "trigger",
        }
    }

    /// The value of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Off, Self::Observe, Self::Trigger]
            .into_iter()
            .find(|on_merge| on_merge.word() == word)
    }
}

/// What happens when a preview that was asked for could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// Said in the report.
    Warn,
    /// The check does not pass.
    Hold,
}

impl Unavailable {
    /// The word of configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Hold => "hold",
        }
    }

    /// The value of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Warn, Self::Hold]
            .into_iter()
            .find(|unavailable| unavailable.word() == word)
    }
}
