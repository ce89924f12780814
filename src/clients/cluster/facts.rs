//! What a cluster is: version, served kinds, schemas. Read once per client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;

use super::ClusterError;
use super::wire::{Call, Connection};
use crate::cluster_facts::{ClusterFacts, ServedKind};

/// Asks for the aggregated form, and takes the old one where a server has no other.
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// What was read so far.
#[derive(Default)]
pub(super) struct FactsCache(Mutex<Option<Read>>);

struct Read {
    facts: Arc<ClusterFacts>,
    /// Address of each OpenAPI document, by path such as `apis/apps/v1`.
    documents: BTreeMap<String, String>,
}

impl FactsCache {
    pub(super) async fn forget(&self) {
        *self.0.lock().await = None;
    }

    /// The facts with the documents of `groups`; what is missing is fetched while the lock is held,
    /// so that many questions at once fetch it once.
    pub(super) async fn fetch(
        &self,
        connection: &Connection,
        groups: &BTreeSet<(String, String)>,
    ) -> Result<Arc<ClusterFacts>, ClusterError> {
        let mut cache = self.0.lock().await;
        let mut read = match cache.take() {
            Some(read) => read,
            None => Read {
                facts: Arc::new(fetch_kinds(connection).await?),
                documents: fetch_index(connection).await?,
            },
        };
        let mut found = Vec::new();
        for (group, version) in groups {
            let path = ClusterFacts::openapi_path(group, version);
            if read.facts.openapi.contains_key(&path) {
                continue;
            }
            if let Some(address) = read.documents.get(&path) {
                let document = fetch_json(connection, address, "application/json").await?;
                found.push((path, Arc::new(document)));
            }
        }
        if !found.is_empty() {
            let mut facts = ClusterFacts::clone(&read.facts);
            facts.openapi.extend(found);
            read.facts = Arc::new(facts);
        }
        let facts = Arc::clone(&read.facts);
        *cache = Some(read);
        Ok(facts)
    }
}

async fn fetch_kinds(connection: &Connection) -> Result<ClusterFacts, ClusterError> {
    let version = fetch_json(connection, "/version", "application/json").await?;
    let version = version
        .get("gitVersion")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok());
    let mut kinds = BTreeSet::new();
    let core = fetch_json(connection, "/api", AGGREGATED).await?;
    let groups = fetch_json(connection, "/apis", AGGREGATED).await?;
    if is_aggregated(&core) && is_aggregated(&groups) {
        read_aggregated(&core, &mut kinds);
        read_aggregated(&groups, &mut kinds);
    } else {
        fetch_each_version(connection, &groups, &mut kinds).await?;
    }
    Ok(ClusterFacts {
        version,
        kinds,
        openapi: BTreeMap::new(),
    })
}

async fn fetch_json(
    connection: &Connection,
    uri: &str,
    accept: &'static str,
) -> Result<Value, ClusterError> {
    let call = Call {
        accept,
        ..Call::get(uri, format!("read `{uri}`"))
    };
    let reply = connection.send(&call).await?;
    if reply.code != 200 {
        return Err(connection.unexpected(&call, &reply));
    }
    serde_json::from_slice(&reply.body).map_err(|error| ClusterError::Unexpected {
        cluster: connection.cluster.clone(),
        code: reply.code,
        what: call.what.clone(),
        message: format!("no JSON: {error}"),
    })
}

/// Addresses of the OpenAPI documents; none where the server publishes none.
async fn fetch_index(connection: &Connection) -> Result<BTreeMap<String, String>, ClusterError> {
    let call = Call::get("/openapi/v3", "read `/openapi/v3`");
    let reply = connection.send(&call).await?;
    if matches!(reply.code, 403 | 404) {
        return Ok(BTreeMap::new());
    }
    if reply.code != 200 {
        return Err(connection.unexpected(&call, &reply));
    }
    let index: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let paths = index.get("paths").and_then(Value::as_object);
    Ok(paths
        .into_iter()
        .flatten()
        .filter_map(|(path, entry)| {
            let address = entry.get("serverRelativeURL")?.as_str()?;
            address
                .starts_with("/openapi/v3/")
                .then(|| (path.clone(), address.to_owned()))
        })
        .collect())
}

fn is_aggregated(document: &Value) -> bool {
    text(document, "kind") == "APIGroupDiscoveryList"
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn read_aggregated(document: &Value, kinds: &mut BTreeSet<ServedKind>) {
    for group in list(document, "items") {
        let name = group.pointer("/metadata/name").and_then(Value::as_str);
        for version in list(group, "versions") {
            for resource in list(version, "resources") {
                let kind = resource.pointer("/responseKind/kind");
                kinds.insert(ServedKind {
                    group: name.unwrap_or_default().to_owned(),
                    version: text(version, "version").to_owned(),
                    kind: kind.and_then(Value::as_str).unwrap_or_default().to_owned(),
                    plural: text(resource, "resource").to_owned(),
                    namespaced: text(resource, "scope") == "Namespaced",
                });
            }
        }
    }
}

/// The old discovery: one request per group and version. A group whose own server does not answer
/// is left out, as in the aggregated form.
async fn fetch_each_version(
    connection: &Connection,
    groups: &Value,
    kinds: &mut BTreeSet<ServedKind>,
) -> Result<(), ClusterError> {
    let mut versions = vec!["v1".to_owned()];
    for group in list(groups, "groups") {
        versions.extend(
            list(group, "versions").map(|version| text(version, "groupVersion").to_owned()),
        );
    }
    for version in versions {
        let (group, name) = crate::ids::ObjectRef::split_api_version(&version);
        let uri = format!("/{}", ClusterFacts::openapi_path(&group, &name));
        match fetch_json(connection, &uri, "application/json").await {
            Ok(document) => read_resources(&document, &group, &name, kinds),
            Err(ClusterError::Unexpected { code: 503, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn read_resources(document: &Value, group: &str, version: &str, kinds: &mut BTreeSet<ServedKind>) {
    for resource in list(document, "resources") {
        let plural = text(resource, "name");
        if plural.contains('/') {
            continue;
        }
        kinds.insert(ServedKind {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text(resource, "kind").to_owned(),
            plural: plural.to_owned(),
            namespaced: resource.get("namespaced").and_then(Value::as_bool) == Some(true),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_of_discovery_give_the_same_kinds() {
        let mut aggregated = BTreeSet::new();
        read_aggregated(
            &json!({"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": "apps"},
                "versions": [{"version": "v1", "resources": [
                    {"resource": "deployments", "responseKind": {"kind": "Deployment"}, "scope": "Namespaced",
                     "subresources": [{"subresource": "scale"}]}]}]}]}),
            &mut aggregated,
        );
        let mut old = BTreeSet::new();
        read_resources(
            &json!({"resources": [
                {"name": "deployments", "kind": "Deployment", "namespaced": true},
                {"name": "deployments/scale", "kind": "Scale", "namespaced": true}]}),
            "apps",
            "v1",
            &mut old,
        );
        assert_eq!(aggregated, old);
        assert_eq!(aggregated.len(), 1);
    }
}
