//! A `HelmRelease`: a chart from a folder, a repository or a registry, with its values.

use sha2::{Digest as _, Sha256};

use super::World;
use super::artifact::Artifact;
use super::edits::{read_common_metadata, read_edits};
use super::fields::{Fields, Wrong};
use super::kustomization::{clean, find_cluster, is_kept, refuse, with_files, with_wrong};
use super::objects::{Object, Objects, SOURCE, Used};
use super::source::{Reference, Source, oci_revision, resolve, spec_of};
use super::values;
use crate::config::repo::Engine;
use crate::ids::{AppId, DeclaredBy, Digest, RepoPath};
use crate::plan::discover::{CHART, Scope, helm};
use crate::plan::kustomization::Closure;
use crate::plan::{AppSide, AppSource, HelmInput, Hooks, OnRemoval, RefusalKind, RendererInput};

/// The longest name of a release; longer ones end in a digest.
const NAME_LIMIT: usize = 53;
const DIGEST_LENGTH: usize = 12;

/// The application that this object declares.
pub(super) fn build(
    world: &World<'_, '_>,
    objects: &Objects<'_>,
    object: &Object<'_>,
) -> (AppId, AppSide) {
    let wrong = Wrong::default();
    let spec = Fields::of(spec_of(object), "spec", &wrong);
    let namespace = match (spec.text("targetNamespace"), object.namespace) {
        (Some(target), _) => target,
        (None, "") => &world.scope.defaults.namespace,
        (None, own) => own,
    };
    let mut values = values::read(objects, object, &spec);
    let Used { mut digests, files } = std::mem::take(&mut values.used);
    let cluster = find_cluster(object, &spec);
    let mut input = HelmInput {
        major: world.scope.helm_major(&cluster),
        inline: values.inline,
        parameters: values.single,
        unknown: values.unknown,
        post: read_post_renderers(&spec),
        common_metadata: read_common_metadata(&spec),
        ..read_actions(world.scope, &spec, &release_name(object, &spec), namespace)
    };
    if spec.inside("upgrade").flag("preserveValues") {
        let text = "the values of the release before (`preserveValues`)";
        input.unknown.insert(text.to_owned());
    }
    let mut chart = Chart::find(world, objects, object, &spec);
    digests.append(&mut chart.digests);
    input.values = chart.values;
    chart.source.renderer = RendererInput::Helm(input);
    let on_removal = if is_kept(objects, object, &spec) {
        OnRemoval::Kept
    } else {
        OnRemoval::Deleted
    };
    let suspended = spec.flag("suspend");
    let side = AppSide {
        sources: vec![chart.source],
        cluster,
        namespace: Some(namespace.to_owned()),
        engine: Engine::Flux,
        closure: chart.closure.files,
        refusals: chart.closure.refusals.into_iter().collect(),
        declaration: Some(object.declaration(&digests, on_removal, suspended)),
        creates_namespace: spec.inside("install").flag("createNamespace"),
        assumed: chart.assumed,
        ..AppSide::default()
    };
    let side = with_files(side, &files);
    let id = object.id(DeclaredBy::FluxHelmRelease);
    (id, with_wrong(side, object, wrong))
}

/// The name that the declaration gives, else its own behind the target namespace.
fn release_name(object: &Object<'_>, spec: &Fields<'_>) -> String {
    let name = match (spec.text("releaseName"), spec.text("targetNamespace")) {
        (Some(name), _) => return name.to_owned(),
        (None, Some(namespace)) => format!("{namespace}-{}", object.name()),
        (None, None) => object.name().to_owned(),
    };
    if name.len() <= NAME_LIMIT {
        return name;
    }
    let digest = hex::encode(Sha256::digest(name.as_bytes()));
    let start = name.get(..NAME_LIMIT - DIGEST_LENGTH - 1).unwrap_or(&name);
    let end = digest.get(..DIGEST_LENGTH).unwrap_or(&digest);
    format!("{start}-{end}")
}

/// What install and upgrade do. A chart's CRDs count when either of them applies them: `Create` on
/// install alone, which is the default, never changes one that is there.
fn read_actions(scope: &Scope<'_>, spec: &Fields<'_>, release: &str, namespace: &str) -> HelmInput {
    let install = spec.inside("install");
    let upgrade = spec.inside("upgrade");
    let installs = match install.text("crds") {
        None => !install.flag("skipCRDs"),
        policy => policy != Some("Skip"),
    };
    let upgrades = upgrade.text("crds").is_some_and(|policy| policy != "Skip");
    let both = |key: &str| install.flag(key) && upgrade.flag(key);
    let input = scope.helm_input(release, namespace);
    HelmInput {
        include_crds: input.include_crds && (installs || upgrades),
        skip_schema_validation: both("disableSchemaValidation"),
        hooks: if both("disableHooks") {
            Hooks::LeaveOut
        } else {
            Hooks::Run
        },
        ..input
    }
}

fn read_post_renderers(spec: &Fields<'_>) -> Vec<crate::plan::KustomizeEdits> {
    let renderers = spec.items("postRenderers").into_iter();
    renderers
        .map(|item| read_edits(&item.inside("kustomize")))
        .collect()
}

/// The chart of a release.
struct Chart {
    source: AppSource,
    /// Value files in place of the chart's own values.
    values: Vec<RepoPath>,
    closure: Closure,
    digests: Vec<Digest>,
    assumed: Option<String>,
}

impl Chart {
    fn find(
        world: &World<'_, '_>,
        objects: &Objects<'_>,
        object: &Object<'_>,
        spec: &Fields<'_>,
    ) -> Self {
        let reference = spec.inside("chartRef");
        let template = spec.inside("chart").inside("spec");
        match (reference.exists(), template.exists()) {
            (false, true) => Self::of_template(world, objects, object, &template, object.namespace),
            (true, false) => {
                let reference = Reference::read(&reference, object.namespace);
                Self::of_reference(world, objects, object, &reference)
            }
            (given, _) => {
                let what = if given {
                    "is given beside `chart`"
                } else {
                    "is not given, nor is `chart`"
                };
                spec.note("chartRef", what);
                Self::nothing()
            }
        }
    }

    fn nothing() -> Self {
        let input = RendererInput::Helm(HelmInput::new("", ""));
        Self {
            source: AppSource::here(RepoPath::root(), input),
            values: Vec::new(),
            closure: Closure::default(),
            digests: Vec::new(),
            assumed: None,
        }
    }

    /// A chart that is not in this repository.
    fn elsewhere(repository: String, chart: Option<&str>, revision: Option<&str>) -> Self {
        let mut found = Self::nothing();
        found.source.repository = Some(repository);
        found.source.chart = chart.map(str::to_owned);
        found.source.revision = revision.map(str::to_owned);
        found
    }

    fn unknown(object: &Object<'_>, text: String) -> Self {
        let mut found = Self::elsewhere(text.clone(), None, None);
        let refusal = refuse(object, RefusalKind::Elsewhere, text);
        found.closure.refusals.insert(refusal);
        found
    }

    /// The chart that a `HelmChart`, or the template for one, describes.
    fn of_template(
        world: &World<'_, '_>,
        objects: &Objects<'_>,
        object: &Object<'_>,
        chart: &Fields<'_>,
        namespace: &str,
    ) -> Self {
        let reference = Reference::read(&chart.inside("sourceRef"), namespace);
        if chart.text("valuesFile").is_some() {
            // Versions of Flux that know it take it, others pass it over.
            chart.note("valuesFile", "is gone since v2: use `valuesFiles`");
        }
        let name = chart.text("chart").unwrap_or_default();
        let version = chart.text("version");
        if reference.kind == "HelmRepository" {
            let kind = (SOURCE, "HelmRepository");
            let found = objects.find(object, kind, &reference.namespace, &reference.name);
            let wrong = Wrong::default();
            let url =
                found.and_then(|found| Fields::of(spec_of(found), "spec", &wrong).text("url"));
            return match url {
                Some(url) => {
                    let mut remote = Self::elsewhere(url.to_owned(), Some(name), version);
                    remote.digests.extend(found.map(Object::deciding_digest));
                    remote.with_values_files(chart)
                }
                None => Self::unknown(
                    object,
                    format!(
                        "chart `{name}` of the {}, which no object of the repository declares",
                        reference.describe()
                    ),
                ),
            };
        }
        let folder = clean(name);
        let resolved = resolve(world, objects, object, &reference, &folder);
        let mut found = match resolved.source {
            Source::Own(artifact, _) => Self::of_folder(world, object, &artifact, &folder, chart),
            Source::Elsewhere {
                repository,
                revision,
            } => {
                let mut found = Self::elsewhere(repository, None, revision.as_deref());
                found.source.path = folder;
                found.with_values_files(chart)
            }
            Source::Unknown(text) => Self::unknown(object, text),
        };
        found.digests.extend(resolved.digest);
        found.assumed = resolved.assumed;
        found
    }

    /// Value files inside a chart from elsewhere are read when it is here.
    fn with_values_files(mut self, fields: &Fields<'_>) -> Self {
        let files = fields.texts("valuesFiles").into_iter();
        self.source.waiting.values = files.map(str::to_owned).collect();
        self.source.waiting.may_miss = fields.flag("ignoreMissingValuesFiles");
        self
    }

    fn of_reference(
        world: &World<'_, '_>,
        objects: &Objects<'_>,
        object: &Object<'_>,
        reference: &Reference,
    ) -> Self {
        let kind = (SOURCE, reference.kind.as_str());
        let found = objects.find(object, kind, &reference.namespace, &reference.name);
        let wrong = Wrong::default();
        let spec = Fields::of(found.and_then(spec_of), "spec", &wrong);
        let mut chart = match (found, reference.kind.as_str()) {
            (Some(found), "HelmChart") => {
                Self::of_template(world, objects, object, &spec, found.namespace)
            }
            (Some(_), "OCIRepository") => {
                // The last part of the URL is the chart, as Helm splits it.
                let url = spec.text("url").unwrap_or_default().trim_end_matches('/');
                let (repository, name) = url.rsplit_once('/').unwrap_or((url, ""));
                Self::elsewhere(repository.to_owned(), Some(name), oci_revision(&spec))
            }
            (Some(_), _) => Self::unknown(object, reference.describe()),
            (None, _) => Self::unknown(
                object,
                format!(
                    "{}, which no object of the repository declares",
                    reference.describe()
                ),
            ),
        };
        chart.digests.extend(found.map(Object::deciding_digest));
        chart
    }

    /// A chart in this repository. Its value files stand below the root of the repository, and take the
    /// place of the chart's own values.
    fn of_folder(
        world: &World<'_, '_>,
        object: &Object<'_>,
        artifact: &Artifact,
        folder: &RepoPath,
        chart: &Fields<'_>,
    ) -> Self {
        let mut found = Self::nothing();
        let tree = &artifact.tree;
        let is_chart = folder.join(CHART).is_some_and(|path| tree.is_file(&path));
        if !is_chart {
            let text = format!("{folder}/{CHART}");
            let refusal = refuse(object, RefusalKind::Missing, text);
            found.closure.refusals.insert(refusal);
            return found;
        }
        let inner = Scope {
            tree,
            cache: world.scope.cache,
            destination: world.scope.destination.clone(),
            defaults: world.scope.defaults,
            exclude: world.scope.exclude.clone(),
            argocd: world.scope.argocd.clone(),
            config: world.scope.config,
        };
        let (_, closure) = helm::read(&inner, &tree.reader(), folder);
        found.source.path = folder.clone();
        found.closure = closure;
        for text in chart.texts("valuesFiles") {
            let path = clean(text);
            if tree.is_file(&path) {
                found.values.push(path);
            } else if !chart.flag("ignoreMissingValuesFiles") {
                let refusal = refuse(object, RefusalKind::Missing, text.to_owned());
                found.closure.refusals.insert(refusal);
            }
        }
        if let Some(own) = folder.join("values.yaml")
            && !found.values.is_empty()
        {
            found.closure.files.remove(&own);
        }
        found.closure.files.extend(found.values.iter().cloned());
        found
    }
}
