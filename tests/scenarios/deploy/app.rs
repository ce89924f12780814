//! The application of the stories, before and after.

use super::scene::{Scene, Texts, clusters};
use crate::apiserver::ApiServer;

const CONFIG: &str = ".drydock.yaml";
const ROOT: &str = "apps/shop/kustomization.yaml";

/// A scene with this application in it.
pub(crate) struct Shop {
    scene: Scene,
    renderer: &'static str,
}

impl std::ops::Deref for Shop {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl std::ops::DerefMut for Shop {
    fn deref_mut(&mut self) -> &mut Scene {
        &mut self.scene
    }
}

impl Shop {
    /// The application is live as [`App::BEFORE`] says, and on `main`; `renderer` is `directory` or
    /// `kustomize`.
    pub(crate) async fn start(test: &str, engine: &str, renderer: &'static str) -> Self {
        Self::start_with(test, engine, renderer, "").await
    }

    /// The same with further settings.
    pub(crate) async fn start_with(
        test: &str,
        engine: &str,
        renderer: &'static str,
        settings: &str,
    ) -> Self {
        let server = ApiServer::shared();
        let namespace = server.namespace(&format!("shop-{test}"));
        server.apply_as("drydock", &App::BEFORE.objects(&namespace));
        let config = format!(
            "version: 1\nclusters:\n  staging: {{ engine: {engine} }}\nsync: {{ on_merge: trigger }}\napps:\n  - {{ name: shop, path: apps/shop, renderer: {renderer}, cluster: staging }}\n"
        );
        let mut files = App::BEFORE.sources(&namespace, renderer);
        files.push((CONFIG.to_owned(), Some(config)));
        let settings = format!("{}{settings}", clusters(&["staging"]));
        let scene = Scene::begin(namespace, &files, &settings).await;
        Self { scene, renderer }
    }

    /// Commits the application to a branch.
    pub(crate) fn commit(&self, branch: &str, from: Option<&str>, app: &App) -> String {
        let files = app.sources(&self.namespace, self.renderer);
        self.commit_files(branch, from, &files)
    }

    /// Opens a pull request that wants `app`, and waits for its check.
    pub(crate) async fn open(&self, branch: &str, app: &App, conclusion: &str) -> u64 {
        let head = self.commit(branch, Some("main"), app);
        self.open_branch(branch, &head, conclusion).await
    }

    /// The live objects are exactly these: nothing that an apply would change, and `old` as said.
    pub(crate) fn assert_live(&self, app: &App) {
        self.assert_applied(&app.objects(&self.namespace));
        let listed = self.server.kubectl(
            &["-n", &self.namespace, "get", "configmaps", "-o", "name"],
            "",
        );
        assert_eq!(listed.contains("configmap/old"), app.old, "{listed}");
    }
}

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

    pub(crate) fn files(&self, namespace: &str) -> Texts {
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

    fn sources(&self, namespace: &str, renderer: &str) -> Texts {
        let mut files = self.files(namespace);
        if renderer == "kustomize" {
            files.push((ROOT.to_owned(), Some(self.root(namespace))));
        }
        files
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

    fn root(&self, namespace: &str) -> String {
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
