//! A chart that a kustomization inflates: the fields as Kustomize reads them, from each of the three
//! places where they may stand.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::parse::fold;
use crate::outside::{ChartNeed, Need, shown};

/// Where charts lie when nothing is said.
const HOME: &str = "charts";

/// Fields of one chart, and of a generator those of the globals, as keys are compared.
const FIELDS: [&str; 19] = [
    "name",
    "version",
    "repo",
    "releasename",
    "namespace",
    "additionalvaluesfiles",
    "valuesfile",
    "valuesinline",
    "valuesmerge",
    "includecrds",
    "skiphooks",
    "apiversions",
    "kubeversion",
    "nametemplate",
    "skiptests",
    "debug",
    "devel",
    "charthome",
    "confighome",
];

/// The form before `helmCharts`: what its fields are called since, or that nothing reads them.
const FORMER: [(&str, &str); 13] = [
    ("chartname", "name"),
    ("chartversion", "version"),
    ("chartrepourl", "repo"),
    ("values", "valuesfile"),
    ("valueslocal", "valuesinline"),
    ("valuesmerge", "valuesmerge"),
    ("releasename", "releasename"),
    ("charthome", ""),
    ("helmhome", ""),
    ("chartreponame", ""),
    ("helmbin", ""),
    ("releasenamespace", ""),
    ("extraargs", ""),
];

/// One chart that is inflated. Texts are empty where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "lowercase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the entry"
)]
pub struct InflatedChart {
    /// The chart's name, which is the last part of its folder.
    pub name: String,
    /// Its version or a range of versions.
    pub version: String,
    /// Address of the chart repository or of the folder in a registry.
    pub repo: String,
    /// Name of the release.
    #[serde(rename = "releasename")]
    pub release: String,
    /// Namespace of the release.
    pub namespace: String,
    /// The values file that stands in place of the chart's own, relative to the kustomization.
    #[serde(rename = "valuesfile")]
    pub values_file: String,
    /// Further values files, in order.
    #[serde(rename = "additionalvaluesfiles")]
    pub more_values: Vec<String>,
    /// Values of the entry itself.
    #[serde(rename = "valuesinline")]
    pub inline: Map<String, Value>,
    /// How both come together: `merge`, `override` (the default) or `replace`.
    #[serde(rename = "valuesmerge")]
    pub merge: String,
    /// True renders the `crds/` folder, too.
    #[serde(rename = "includecrds")]
    pub include_crds: bool,
    /// True leaves out hooks.
    #[serde(rename = "skiphooks")]
    pub skip_hooks: bool,
    /// True leaves out chart tests.
    #[serde(rename = "skiptests")]
    pub skip_tests: bool,
    /// Further API versions for `.Capabilities`.
    #[serde(rename = "apiversions")]
    pub api_versions: Vec<String>,
    /// The version of Kubernetes for `.Capabilities`.
    #[serde(rename = "kubeversion")]
    pub kubernetes: String,
    /// A template for the name of the release.
    #[serde(rename = "nametemplate")]
    pub name_template: String,
    /// True makes Helm say more.
    pub debug: bool,
    /// True lets a missing version mean a pre-release, too.
    pub devel: bool,
    /// The folder of charts, relative to the kustomization.
    #[serde(rename = "charthome")]
    pub home: String,
    /// Where Helm would look for its configuration.
    #[serde(rename = "confighome")]
    pub config_home: String,
}

impl InflatedChart {
    /// The charts of a kustomization, in the order of Kustomize: `helmCharts`, then
    /// `helmChartInflationGenerator`. `Err` says what Kustomize would not accept.
    pub fn of_kustomization(kustomization: &Value) -> Vec<Result<Self, String>> {
        match read_lists(kustomization) {
            Ok(charts) => charts,
            Err(why) => vec![Err(why)],
        }
    }

    /// The chart of a configuration of kind `HelmChartInflationGenerator`; its other fields are those
    /// of any object.
    pub fn of_generator(document: &Value) -> Result<Self, String> {
        let name = document.pointer("/metadata/name").and_then(Value::as_str);
        if name.unwrap_or_default().is_empty() {
            return Err("a generator of charts has no `metadata.name`".to_owned());
        }
        let mut fields = folded(document, "a generator")?;
        fields.retain(|key, _| FIELDS.contains(&key.as_str()));
        let chart: Self = read(fields)?;
        Ok(Self {
            home: home_of(&chart.home),
            ..chart
        })
    }

    /// The chart's folder, relative to the kustomization: what lies there is taken as it is.
    pub fn folder(&self) -> String {
        let Self {
            name,
            version,
            repo,
            home,
            ..
        } = self;
        if version.is_empty() || repo.is_empty() {
            format!("{home}/{name}")
        } else {
            format!("{home}/{name}-{version}/{name}")
        }
    }

    /// What is fetched where nothing lies in [`Self::folder`]; `None` for a chart that has to be there,
    /// `Err` for what no chart is fetched from.
    pub fn need(&self) -> Option<Result<Need, String>> {
        let repository = self.repo.trim_end_matches('/');
        if self.repo.is_empty() {
            return None;
        }
        if !["http://", "https://", "oci://"]
            .iter()
            .any(|scheme| repository.starts_with(scheme))
        {
            let address = shown(&self.repo);
            return Some(Err(format!("{address}, no address of a chart repository,")));
        }
        // Without a version Helm takes the newest, pre-releases only where it is told so.
        let version = match self.version.as_str() {
            "" if self.devel => ">0.0.0-0",
            version => version,
        };
        Some(Ok(Need::Chart(ChartNeed {
            repository: repository.to_owned(),
            name: self.name.clone(),
            version: version.to_owned(),
            digest: None,
        })))
    }
}

fn read_lists(kustomization: &Value) -> Result<Vec<Result<InflatedChart, String>>, String> {
    let former = list(kustomization, "helmChartInflationGenerator")?;
    let globals = match find(kustomization, "helmGlobals") {
        None => None,
        Some(globals) => Some(folded(globals, "`helmGlobals`")?),
    };
    let global = |key: &str, before: &str| match &globals {
        Some(globals) => Ok(match globals.get(&fold(key)) {
            None => "",
            Some(value) => value
                .as_str()
                .ok_or_else(|| format!("`{key}` is not text"))?,
        }),
        None => Ok::<_, String>(
            former
                .iter()
                .rev()
                .find_map(|entry| text(entry, before))
                .unwrap_or_default(),
        ),
    };
    let home = home_of(global("chartHome", "chartHome")?);
    let config_home = global("configHome", "helmHome")?.to_owned();
    let of_globals = |chart: InflatedChart| InflatedChart {
        home: home.clone(),
        config_home: config_home.clone(),
        ..chart
    };
    let now = list(kustomization, "helmCharts")?.iter().map(read_entry);
    let before = former.iter().map(|entry| read_entry(&renew(entry)?));
    let all = now.chain(before);
    Ok(all.map(|chart| chart.map(of_globals)).collect())
}

fn home_of(text: &str) -> String {
    if text.is_empty() { HOME } else { text }.to_owned()
}

/// A field, whatever the case of its key: Go reads keys in byte order, and the last one counts.
fn find<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    let mut named: Vec<_> = value
        .as_object()?
        .iter()
        .filter(|(key, value)| fold(key) == fold(field) && !value.is_null())
        .collect();
    named.sort_by_key(|(key, _)| *key);
    named.pop().map(|(_, value)| value)
}

fn list<'a>(value: &'a Value, field: &str) -> Result<&'a [Value], String> {
    match find(value, field) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(format!("`{field}` is not a list")),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    let found = find(value, field).and_then(Value::as_str);
    found.filter(|text| !text.is_empty())
}

/// The fields under their keys as these are compared, without those that are null.
fn folded(value: &Value, what: &str) -> Result<Map<String, Value>, String> {
    let fields = value.as_object();
    let fields = fields.ok_or_else(|| format!("{what} is not a map"))?;
    let keys = fields.keys();
    Ok(keys
        .filter_map(|key| Some((fold(key), find(value, key)?.clone())))
        .collect())
}

/// Kustomize refuses fields that it does not know.
fn read_entry(entry: &Value) -> Result<InflatedChart, String> {
    let fields = folded(entry, "a chart")?;
    let is_known = |key: &&String| {
        FIELDS.contains(&key.as_str()) && !["charthome", "confighome"].contains(&key.as_str())
    };
    match fields.keys().find(|key| !is_known(key)) {
        Some(key) => Err(format!("`{key}` is no field of a chart")),
        None => read(fields),
    }
}

fn read(fields: Map<String, Value>) -> Result<InflatedChart, String> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        let error = error.to_string();
        // What is of another type is repeated in front, and may be secret.
        match error.rsplit_once(", expected ") {
            Some((_, expected)) => format!("a field of a chart is not {expected}"),
            None => error,
        }
    })
}

/// An entry of the former list as one of `helmCharts`.
fn renew(entry: &Value) -> Result<Value, String> {
    let mut fields = Map::new();
    for (key, value) in folded(entry, "a chart")? {
        match FORMER.iter().find(|(before, _)| *before == key) {
            Some((_, "")) => {}
            Some((_, now)) => {
                fields.insert((*now).to_owned(), value);
            }
            None => return Err(format!("`{key}` is no field of a chart")),
        }
    }
    Ok(Value::Object(fields))
}
