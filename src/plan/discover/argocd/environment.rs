//! The build environment: variables that Argo CD replaces in single values, paths and annotations.

use serde_json::Value;

use super::find_text;

/// Values by name. The revision is not among them: it differs for every commit, so what uses it stays
/// as it is written.
pub(super) struct Environment(Vec<(&'static str, String)>);

impl Environment {
    pub(super) fn of(app: &Value, source: &Value) -> Self {
        let text =
            |value: &Value, pointer| find_text(value, pointer).unwrap_or_default().to_owned();
        Self(vec![
            ("ARGOCD_APP_NAME", text(app, "/metadata/name")),
            (
                "ARGOCD_APP_NAMESPACE",
                text(app, "/spec/destination/namespace"),
            ),
            ("ARGOCD_APP_PROJECT_NAME", text(app, "/spec/project")),
            ("ARGOCD_APP_SOURCE_PATH", text(source, "/path")),
            ("ARGOCD_APP_SOURCE_REPO_URL", text(source, "/repoURL")),
            (
                "ARGOCD_APP_SOURCE_TARGET_REVISION",
                text(source, "/targetRevision"),
            ),
        ])
    }

    /// Replaces `$NAME` and `${NAME}`.
    pub(super) fn replace(&self, text: &str) -> String {
        let mut rest = text;
        let mut result = String::with_capacity(text.len());
        while let Some(at) = rest.find('$') {
            result.push_str(rest.get(..at).unwrap_or_default());
            let behind = rest.get(at + 1..).unwrap_or_default();
            let (name, used) = match behind.strip_prefix('{') {
                Some(inner) => match inner.find('}') {
                    Some(end) => (inner.get(..end).unwrap_or_default(), end + 2),
                    None => ("", 0),
                },
                None => {
                    let end = behind
                        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                        .unwrap_or(behind.len());
                    (behind.get(..end).unwrap_or_default(), end)
                }
            };
            let known = self.0.iter().find(|(known, _)| *known == name);
            match known {
                Some((_, value)) => result.push_str(value),
                None => {
                    result.push('$');
                    result.push_str(behind.get(..used).unwrap_or_default());
                }
            }
            rest = behind.get(used..).unwrap_or_default();
        }
        result.push_str(rest);
        result
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_names_are_replaced_and_others_stay() {
        let environment = Environment::of(
            &json!({"metadata": {"name": "shop"}, "spec": {"project": "p"}}),
            &json!({"path": "charts/shop"}),
        );
        for (text, wanted) in [
            ("a-$ARGOCD_APP_NAME", "a-shop"),
            ("${ARGOCD_APP_NAME}-x", "shop-x"),
            ("$ARGOCD_APP_NAME_X", "$ARGOCD_APP_NAME_X"),
            (
                "$ARGOCD_APP_REVISION ${other} $ 5$",
                "$ARGOCD_APP_REVISION ${other} $ 5$",
            ),
            ("${ARGOCD_APP_SOURCE_PATH", "${ARGOCD_APP_SOURCE_PATH"),
            ("$ARGOCD_APP_SOURCE_PATH/x", "charts/shop/x"),
        ] {
            assert_eq!(environment.replace(text), wanted);
        }
    }
}
