//! The build environment: variables that Argo CD replaces in single values, paths, images and
//! annotations, by the rules of Go's `os.Expand`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::find_text;
use crate::plan::unknown_value;

/// Variables whose values differ for every commit, or are the cluster's.
const UNKNOWN: [&str; 5] = [
    "ARGOCD_APP_REVISION",
    "ARGOCD_APP_REVISION_SHORT",
    "ARGOCD_APP_REVISION_SHORT_8",
    "KUBE_VERSION",
    "KUBE_API_VERSIONS",
];

/// Values by name.
pub(super) struct Environment(Vec<(&'static str, String)>);

/// A text with its variables replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Replaced {
    pub(super) text: String,
    /// Variables whose values are not known here: a text that names the variable stands for each.
    pub(super) unknown: BTreeSet<String>,
    /// Names that are no variables: nothing stands in their place.
    pub(super) undefined: BTreeSet<String>,
}

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

    /// Replaces `$NAME` and `${NAME}`; `$$` is a dollar sign, a name that nobody knows is nothing, and
    /// braces without a name or an end vanish.
    pub(super) fn replace(&self, text: &str) -> Replaced {
        let mut rest = text;
        let mut replaced = Replaced::default();
        while let Some((before, behind)) = rest.split_once('$') {
            replaced.text.push_str(before);
            let (name, used) = read_name(behind);
            match name {
                "" if used == 0 => replaced.text.push('$'),
                "" => {}
                name => self.put(name, &mut replaced),
            }
            rest = behind.get(used..).unwrap_or_default();
        }
        replaced.text.push_str(rest);
        replaced
    }

    fn put(&self, name: &str, replaced: &mut Replaced) {
        if name == "$" {
            replaced.text.push('$');
        } else if let Some((_, value)) = self.0.iter().find(|(known, _)| *known == name) {
            replaced.text.push_str(value);
        } else if UNKNOWN.contains(&name) {
            replaced.text.push_str(&unknown_value(name));
            replaced.unknown.insert(name.to_owned());
        } else {
            replaced.undefined.insert(name.to_owned());
        }
    }
}

/// The name behind a dollar sign, and how many bytes it takes; nothing that takes some is no name.
fn read_name(text: &str) -> (&str, usize) {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_special = |c: char| c.is_ascii_digit() || "*#$@!?-".contains(c);
    if let Some(inner) = text.strip_prefix('{') {
        return match inner.find('}') {
            Some(end) => (inner.get(..end).unwrap_or_default(), end + 2),
            None => ("", 1),
        };
    }
    if text.starts_with(is_special) {
        return (text.get(..1).unwrap_or_default(), 1);
    }
    let end = text.find(|c: char| !is_letter(c)).unwrap_or(text.len());
    (text.get(..end).unwrap_or_default(), end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_replaced_as_go_replaces_them() {
        let environment = Environment::of(
            &json!({"metadata": {"name": "shop"}, "spec": {"project": "p"}}),
            &json!({"path": "charts/shop"}),
        );
        for (text, wanted) in [
            ("a-$ARGOCD_APP_NAME", "a-shop"),
            ("${ARGOCD_APP_NAME}-x", "shop-x"),
            ("$ARGOCD_APP_NAME_X", ""),
            ("de${X}bug", "debug"),
            ("de$1bug $*x", "debug x"),
            ("$$ARGOCD_APP_NAME ${$}", "$ARGOCD_APP_NAME $"),
            ("a ${} b", "a  b"),
            ("a $ 5$ é$é", "a $ 5$ é$é"),
            ("${ARGOCD_APP_SOURCE_PATH", "ARGOCD_APP_SOURCE_PATH"),
            ("$ARGOCD_APP_SOURCE_PATH/x", "charts/shop/x"),
            ("$ARGOCD_APP_NAMESPACE.", "."),
        ] {
            assert_eq!(environment.replace(text).text, wanted, "{text}");
        }
        let replaced = environment.replace("r-${ARGOCD_APP_REVISION} $gone");
        assert_eq!(replaced.text, "r-unknown-value-of-argocd-app-revision ");
        assert_eq!(replaced.unknown, ["ARGOCD_APP_REVISION".to_owned()].into());
        assert_eq!(replaced.undefined, ["gone".to_owned()].into());
    }
}
