//! Clusters and what Drydock may touch there.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use super::Patterns;
use crate::config::argocd::ArgoDestination;
use crate::ids::RepoName;

/// One cluster. Preview and apply have credentials of their own, so that planning cannot write.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Text")]
pub struct ClusterSettings {
    /// The credentials that preview: read and dry run, behind the fence. From `preview`, what it
    /// leaves out from `kubeconfig` and `context` of the cluster itself.
    pub preview: Access,
    /// The credentials that apply; `None` unless `apply_enabled` is true.
    pub apply: Option<Access>,
    /// What may be previewed and applied; everything else is refused.
    pub allow: Allow,
    /// How Argo CD's Applications name the cluster. Default: by the same name.
    pub argocd: ArgoDestination,
    /// Namespace of the fence that proves that preview cannot write. Default `drydock`.
    pub fence_namespace: String,
}

/// How to reach and enter a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// A kubeconfig file. Default: the service account of the pod in which Drydock runs.
    #[serde(default)]
    pub kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig. Default: its current one.
    #[serde(default)]
    pub context: Option<String>,
    /// File with a bearer token, read again when it changes, in place of the kubeconfig's own
    /// credentials. Default: none.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
}

/// Who may touch which objects. The default allows nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// Repositories whose changes are previewed here and deployed to here, as patterns of
    /// `owner/name`. Default: none may deploy, and every repository that is served is previewed.
    #[serde(default)]
    pub repositories: Option<Patterns>,
    /// Namespaces, as patterns. Default: none.
    #[serde(default, deserialize_with = "parse_namespaces")]
    pub namespaces: Patterns,
    /// Kinds, as patterns of `Kind` for the core group and `Kind.group` for others. Default: every
    /// kind.
    #[serde(default, deserialize_with = "parse_kinds")]
    pub kinds: Option<Patterns>,
    /// Objects without a namespace, as far as `kinds` names them. Default false.
    #[serde(default)]
    pub cluster_scoped: bool,
}

/// A pattern that can match no namespace would silently allow nothing.
fn parse_namespaces<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patterns, D::Error> {
    let patterns = Patterns::deserialize(deserializer)?;
    let wanted = "a namespace has lower-case letters, digits and `-`";
    let of_name = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
    };
    refuse_hopeless(&patterns, wanted, of_name)?;
    Ok(patterns)
}

fn parse_kinds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Patterns>, D::Error> {
    let patterns = Option::<Patterns>::deserialize(deserializer)?;
    let wanted = "write `Kind` for the core group and `Kind.group` for others";
    let of_name = |character: char| character.is_ascii_alphanumeric() || "-.".contains(character);
    if let Some(patterns) = &patterns {
        refuse_hopeless(patterns, wanted, of_name)?;
    }
    Ok(patterns)
}

fn refuse_hopeless<E: serde::de::Error>(
    patterns: &Patterns,
    wanted: &str,
    of_name: impl Fn(char) -> bool,
) -> Result<(), E> {
    let fits = |text: &&String| {
        // The one place where a wildcard says "not".
        let plain = text.replace("[!", "[");
        !plain.is_empty() && plain.chars().all(|c| of_name(c) || "*?[]{},".contains(c))
    };
    match patterns.texts().iter().find(|text| !fits(text)) {
        Some(text) => Err(E::custom(format!("`{text}` matches nothing: {wanted}"))),
        None => Ok(()),
    }
}

impl Allow {
    /// True when changes of this repository may be previewed in the cluster.
    pub fn previews(&self, repository: &RepoName) -> bool {
        let named = self.repositories.as_ref();
        named.is_none_or(|named| named.matches(&repository.to_string()))
    }

    /// True when merges of this repository may be deployed to the cluster.
    pub fn deploys(&self, repository: &RepoName) -> bool {
        let named = self.repositories.as_ref();
        named.is_some_and(|named| named.matches(&repository.to_string()))
    }

    /// True when an object of this kind may be touched in this namespace (`None`: outside of all).
    pub fn permits(&self, group: &str, kind: &str, namespace: Option<&str>) -> bool {
        let name = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}.{group}")
        };
        let kind_fits = self.kinds.as_ref().is_none_or(|kinds| kinds.matches(&name));
        let place_fits = match namespace {
            Some(namespace) => self.namespaces.matches(namespace),
            None => self.cluster_scoped,
        };
        kind_fits && place_fits
    }
}

/// The keys as the file has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    #[serde(default)]
    preview: Access,
    apply: Option<Access>,
    #[serde(default)]
    apply_enabled: bool,
    #[serde(default)]
    allow: Allow,
    #[serde(default)]
    argocd: ArgoDestination,
    fence_namespace: Option<String>,
}

impl TryFrom<Text> for ClusterSettings {
    type Error = String;

    fn try_from(text: Text) -> Result<Self, String> {
        let complete = |access: Access| Access {
            kubeconfig: access.kubeconfig.or_else(|| text.kubeconfig.clone()),
            context: access.context.or_else(|| text.context.clone()),
            token_file: access.token_file,
        };
        let preview = complete(text.preview);
        let apply = match (text.apply_enabled, text.apply) {
            (false, _) => None,
            (true, Some(access)) => Some(complete(access)),
            (true, None) => return Err("`apply_enabled` needs credentials in `apply`".to_owned()),
        };
        if apply.is_some() && text.allow.repositories.is_none() {
            let message =
                "`apply_enabled` needs `allow.repositories`: whose merges are deployed here";
            return Err(message.to_owned());
        }
        if apply.as_ref() == Some(&preview) {
            return Err("`preview` and `apply` need credentials of their own".to_owned());
        }
        Ok(Self {
            preview,
            apply,
            allow: text.allow,
            argocd: text.argocd,
            fence_namespace: text.fence_namespace.unwrap_or_else(|| "drydock".to_owned()),
        })
    }
}

impl ClusterSettings {
    pub(super) fn files_mut(&mut self) -> impl IntoIterator<Item = &mut PathBuf> {
        let accesses = [Some(&mut self.preview), self.apply.as_mut()];
        accesses
            .into_iter()
            .flatten()
            .flat_map(|access| [&mut access.kubeconfig, &mut access.token_file])
            .flatten()
    }
}
