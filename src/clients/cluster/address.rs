//! Addresses of objects in a cluster's API.

use std::fmt::Write as _;

use crate::cluster_facts::ServedKind;
use crate::ids::ObjectRef;

/// The path of a collection: `/apis/apps/v1/namespaces/shop/deployments`.
pub(super) fn collection(served: &ServedKind, namespace: Option<&str>) -> String {
    let mut path = if served.group.is_empty() {
        format!("/api/{}", served.version)
    } else {
        format!("/apis/{}/{}", served.group, served.version)
    };
    if let (true, Some(namespace)) = (served.namespaced, namespace) {
        path.push_str("/namespaces/");
        path.push_str(&encode(namespace));
    }
    path.push('/');
    path.push_str(&served.plural);
    path
}

/// The path of one object.
pub(super) fn object(served: &ServedKind, object: &ObjectRef) -> String {
    let mut path = collection(served, object.namespace.as_deref());
    path.push('/');
    path.push_str(&encode(&object.name));
    path
}

/// What a request is about, as people say it: `deployments.apps in namespace shop`.
pub(super) fn describe(served: &ServedKind, namespace: Option<&str>) -> String {
    let mut text = served.plural.clone();
    if !served.group.is_empty() {
        text.push('.');
        text.push_str(&served.group);
    }
    if let (true, Some(namespace)) = (served.namespaced, namespace) {
        let _ = write!(text, " in namespace `{namespace}`");
    }
    text
}

/// Percent-encodes one path segment: a name from a repository must not become another address.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    // `.` and `..` would be resolved away by a proxy.
    match encoded.as_str() {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => encoded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_repository_cannot_become_another_address() {
        let served = ServedKind {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            plural: "deployments".into(),
            namespaced: true,
        };
        let named = |namespace: &str, name: &str| ObjectRef {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            namespace: Some(namespace.into()),
            name: name.into(),
        };
        assert_eq!(
            object(&served, &named("shop", "web")),
            "/apis/apps/v1/namespaces/shop/deployments/web"
        );
        assert_eq!(
            object(&served, &named("a/../b", "..")),
            "/apis/apps/v1/namespaces/a%2F..%2Fb/deployments/%2E%2E"
        );
        assert_eq!(
            object(&served, &named("a", "x?dryRun=None#")),
            "/apis/apps/v1/namespaces/a/deployments/x%3FdryRun%3DNone%23"
        );
    }
}
