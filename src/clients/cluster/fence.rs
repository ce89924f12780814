//! The proof that the preview identity cannot write.

use http::Method;
use serde_json::json;

use super::ClusterError;
use super::address::encode;
use super::status::Status;
use super::wire::{Call, Connection};

/// Name of the ValidatingAdmissionPolicy in `deploy/`, and the first words of its messages.
pub const FENCE_POLICY: &str = "drydock-dry-run-only";

/// Name of the one object that the proof tries to make.
const PROOF_OBJECT: &str = "drydock-fence-proof";

/// What the proof showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fence {
    /// The policy refused a real write: what this identity sends cannot change anything.
    Holds,
    /// It did not. Nothing may be previewed with this identity; the reason as a sentence.
    Missing(String),
}

/// Sends one fixed create *without* dry run. This is the only write that the preview identity ever
/// sends, and it must fail: with 403, by the policy and not by missing rights, which would say
/// nothing about the verbs that the identity does hold.
pub(super) async fn prove(connection: &Connection, namespace: &str) -> Result<Fence, ClusterError> {
    let body = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": PROOF_OBJECT, "namespace": namespace},
    });
    let call = Call {
        method: Method::POST,
        uri: format!("/api/v1/namespaces/{}/configmaps", encode(namespace)),
        what: format!("prove the fence in namespace `{namespace}`"),
        accept: "application/json",
        body: Some(("application/json", body.to_string().into_bytes())),
    };
    let reply = connection.send(&call).await?;
    let status = Status::parse(&reply.body);
    Ok(match reply.code {
        403 if refused_by_policy(&status) => Fence::Holds,
        403 => Fence::Missing(format!(
            "the identity may not create ConfigMaps in namespace `{namespace}`, so the fence could not be tried"
        )),
        200..=299 | 409 => Fence::Missing(format!(
            "a real write was accepted (ConfigMap {namespace}/{PROOF_OBJECT}): the admission policy `{FENCE_POLICY}` is not in force for this identity"
        )),
        code => Fence::Missing(format!(
            "the proof got {code} in place of a refusal: {}",
            status.short_message()
        )),
    })
}

fn refused_by_policy(status: &Status) -> bool {
    let by_policy = format!("ValidatingAdmissionPolicy '{FENCE_POLICY}'");
    // Authorisation refuses without causes, so a user name cannot imitate the policy.
    status.message.contains(&by_policy)
        && status
            .details
            .as_ref()
            .is_some_and(|details| !details.causes.is_empty())
}
