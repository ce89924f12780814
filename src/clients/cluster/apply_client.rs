//! The client of the built-in apply: the only one that writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::connect::Credentials;
use super::reader::Reader;
use super::request::{compose_body, patch};
use super::status::{Status, classify};
use super::wire::Call;
use super::{Answer, Apply, ClusterError, address};
use crate::cluster_facts::{ClusterFacts, ServedKind};
use crate::ids::{ClusterName, ObjectRef};
use crate::object::{Manifest, Masker};

/// Objects per page of a list.
const PAGE: u32 = 500;

/// Writes for real. Only the syncer holds one. Cheap to clone.
#[derive(Clone)]
pub struct ApplyClient {
    reader: Reader,
}

/// What came of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// The server accepted it; finalizers may keep the object for a while.
    Accepted,
    /// It was gone already.
    Absent,
    /// It is not the object that was looked at: its uid or resource version differs.
    Changed,
    /// Admission refuses it; the server's message.
    Refused(String),
}

impl ApplyClient {
    /// Builds a client; the first request is sent by the first question.
    pub async fn connect(
        credentials: &Credentials,
        cluster: &ClusterName,
        masker: Arc<Masker>,
    ) -> Result<Self, ClusterError> {
        let reader = Reader::connect(credentials, cluster, masker).await?;
        Ok(Self { reader })
    }

    /// As [`super::PreviewClient::facts`].
    pub async fn facts(
        &self,
        groups: &BTreeSet<(String, String)>,
    ) -> Result<Arc<ClusterFacts>, ClusterError> {
        self.reader.facts(groups).await
    }

    /// Forgets what was read; needed after a CustomResourceDefinition was applied.
    pub async fn refresh_facts(&self) {
        self.reader.forget_facts().await;
    }

    /// The live object, masked; `None` when it does not exist.
    pub async fn read(
        &self,
        served: &ServedKind,
        object: &ObjectRef,
    ) -> Result<Option<Manifest>, ClusterError> {
        self.reader.read(served, object).await
    }

    /// Every live object of a kind that the label selector matches, in the server's order; all
    /// namespaces when `namespace` is `None`.
    pub async fn list(
        &self,
        served: &ServedKind,
        namespace: Option<&str>,
        label_selector: &str,
    ) -> Result<Vec<Manifest>, ClusterError> {
        let mut found = Vec::new();
        let mut next = String::new();
        loop {
            let call = Call::get(
                format!(
                    "{}?limit={PAGE}&labelSelector={}&continue={}",
                    address::collection(served, namespace),
                    address::encode(label_selector),
                    address::encode(&next)
                ),
                format!("list {}", address::describe(served, namespace)),
            );
            let reply = self.reader.connection.send(&call).await?;
            if reply.code != 200 {
                return Err(self.reader.connection.unexpected(&call, &reply));
            }
            next = self.read_page(&call, &reply, served, &mut found)?;
            if next.is_empty() {
                return Ok(found);
            }
        }
    }

    /// Adds a page's objects and gives the token of the next one; empty at the end.
    fn read_page(
        &self,
        call: &Call,
        reply: &super::wire::Reply,
        served: &ServedKind,
        found: &mut Vec<Manifest>,
    ) -> Result<String, ClusterError> {
        let unreadable = |message: String| ClusterError::Unexpected {
            cluster: self.reader.connection.cluster.clone(),
            code: reply.code,
            what: call.what.clone(),
            message,
        };
        let mut page: Value = serde_json::from_slice(&reply.body)
            .map_err(|error| unreadable(format!("no JSON at column {}", error.column())))?;
        let next = page
            .pointer("/metadata/continue")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let items = page.get_mut("items").map(Value::take);
        let Some(Value::Array(items)) = items else {
            return Err(unreadable("the list has no items".to_owned()));
        };
        for mut item in items {
            // Items of a list do not repeat what the list says.
            if let Some(fields) = item.as_object_mut() {
                let api_version = if served.group.is_empty() {
                    served.version.clone()
                } else {
                    format!("{}/{}", served.group, served.version)
                };
                fields.insert("apiVersion".into(), Value::String(api_version));
                fields.insert("kind".into(), Value::String(served.kind.clone()));
            }
            let manifest = Manifest::from_api(item, &self.reader.masker)
                .map_err(|error| unreadable(error.to_string()))?;
            found.push(manifest);
        }
        Ok(next)
    }

    /// Applies an object for real, its Secret values unsealed.
    pub async fn apply(&self, apply: &Apply<'_>) -> Result<Answer, ClusterError> {
        // Tags must never be written where values belong.
        let Some(original) = apply.manifest.unseal() else {
            return Err(ClusterError::SecretNotAtHand(apply.object.clone()));
        };
        let body = compose_body(apply, original);
        let call = patch(apply, &body, "");
        let reply = self.reader.connection.send(&call).await?;
        classify(&self.reader.connection, &call, reply, &self.reader.masker)
    }

    /// Deletes exactly the object that was looked at: the server compares uid and resource version.
    /// Dependents are deleted by the garbage collector afterwards.
    pub async fn delete(
        &self,
        served: &ServedKind,
        object: &ObjectRef,
        uid: &str,
        resource_version: Option<&str>,
    ) -> Result<Deleted, ClusterError> {
        let mut preconditions = json!({"uid": uid});
        if let (Some(version), Some(map)) = (resource_version, preconditions.as_object_mut()) {
            map.insert("resourceVersion".into(), Value::String(version.to_owned()));
        }
        let body = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": preconditions,
        });
        let call = Call {
            method: Method::DELETE,
            uri: address::object(served, object),
            what: format!(
                "delete {}",
                address::describe(served, object.namespace.as_deref())
            ),
            accept: "application/json",
            body: Some(("application/json", body.to_string().into_bytes())),
        };
        let reply = self.reader.connection.send(&call).await?;
        let status = Status::parse(&reply.body);
        match reply.code {
            200 | 202 => Ok(Deleted::Accepted),
            404 => Ok(Deleted::Absent),
            409 => Ok(Deleted::Changed),
            403 if !status.is_authorisation() => Ok(Deleted::Refused(status.short_message())),
            422 => Ok(Deleted::Refused(status.short_message())),
            _ => Err(self.reader.connection.unexpected(&call, &reply)),
        }
    }
}
