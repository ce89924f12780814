//! What is judged is what is deployed.

use super::app::Shop;
use crate::shop::REPOSITORY;

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";

fn template(namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: version, namespace: {namespace}}}\ndata: {{minor: {{{{ .Capabilities.KubeVersion.Minor | quote }}}}}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_deployed_as_it_was_judged_for_the_version_of_its_cluster() {
    // The configuration is wrong about the version, and the cluster knows better.
    let engine = "apply, kubernetes: \"1.30\"";
    let scene = Shop::start("version", engine, "helm").await;
    let template = template(&scene.namespace);
    let before = template.replace("minor", "before");
    let path = "apps/shop/templates/version.yaml";
    let files = [
        ("apps/shop/Chart.yaml", Some(CHART)),
        (path, Some(before.as_str())),
    ];
    scene.fake.commit(REPOSITORY, "main", None, &files);
    let files = [(path, Some(template.as_str()))];
    let head = scene.fake.commit(REPOSITORY, "chart", Some("main"), &files);
    let pull = scene.fake.open_pull(REPOSITORY, "chart", "main");
    scene.deliver(pull, "opened").await;
    scene
        .fake
        .wait_for_conclusion(REPOSITORY, &head, "success")
        .await;
    let revision = scene.merge(pull).await;
    scene.wait_for_deployment(&revision, "success").await;
    let arguments = [
        "-n",
        &scene.namespace,
        "get",
        "configmap",
        "version",
        "-o",
        "jsonpath={.data.minor}",
    ];
    assert_eq!(scene.server.kubectl(&arguments, ""), "36");
    scene.fake.assert_contract_kept();
}
