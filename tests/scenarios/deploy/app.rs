//! The application of the stories, before and after.

/// The application's sources, by file below `apps/shop/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    pub(crate) color: &'static str,
    /// On line 7 of `web.yaml`.
    pub(crate) replicas: &'static str,
    /// Whether the second ConfigMap is there.
    pub(crate) old: bool,
    pub(crate) port: &'static str,
}

impl App {
    /// What is live before the pull request.
    pub(crate) const BEFORE: Self = Self {
        color: "blue",
        replicas: "2",
        old: true,
        port: "80",
    };
    /// What the pull request wants.
    pub(crate) const AFTER: Self = Self {
        color: "green",
        replicas: "3",
        old: false,
        port: "80",
    };

    pub(crate) fn files(&self, namespace: &str) -> Vec<(String, Option<String>)> {
        let settings = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: {namespace}\ndata:\n  color: {}\n",
            self.color
        );
        let web = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: {namespace}\nspec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      serviceAccountName: web\n      containers:\n        - name: web\n          image: registry.example/web:1.4.2\n",
            self.replicas
        );
        let service = format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: {namespace}\nspec:\n  selector:\n    app: web\n  ports:\n    - port: {}\n",
            self.port
        );
        let account = format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n  namespace: {namespace}\n"
        );
        let old = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: old\n  namespace: {namespace}\ndata:\n  a: b\n"
        );
        let file = |name: &str, text: Option<String>| (format!("apps/shop/{name}.yaml"), text);
        vec![
            file("settings", Some(settings)),
            file("account", Some(account)),
            file("service", Some(service)),
            file("web", Some(web)),
            file("old", self.old.then_some(old)),
        ]
    }

    /// Every object, as one stream.
    pub(crate) fn objects(&self, namespace: &str) -> String {
        let texts: Vec<String> = self
            .files(namespace)
            .into_iter()
            .filter_map(|(_, text)| text)
            .collect();
        texts.join("---\n")
    }

    pub(super) fn root(&self, namespace: &str) -> String {
        let names = self
            .files(namespace)
            .into_iter()
            .filter(|(_, text)| text.is_some());
        let list: Vec<String> = names
            .map(|(path, _)| format!("  - {}\n", path.replace("apps/shop/", "")))
            .collect();
        format!("resources:\n{}", list.concat())
    }
}
