//! What declarations name elsewhere, judged and listed as what is in the repository.

use super::*;

#[test]
fn charts_that_declarations_name_are_judged_like_those_of_the_repository() {
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    let station = charts(home.path());
    std::fs::write(home.path().join("cache-1.1.0.tgz"), chart("cache", "1.1.0")).unwrap();
    let push = [
        "push",
        "cache-1.1.0.tgz",
        &station.oci("/team"),
        "--plain-http",
    ];
    run("helm", home.path(), &push).unwrap();
    let (served, server, commit) = bases();
    let application = |name: &str, source: String| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  project: default\n  destination: {{server: 'https://kubernetes.default.svc', namespace: {name}}}\n  source: {source}\n"
        )
    };
    let chart_source = |chart: &str, version: &str| {
        format!(
            "{{repoURL: '{}', chart: {chart}, targetRevision: '{version}'}}",
            station.url("")
        )
    };
    repo.write("apps/web.yaml", application("web", chart_source("web", "1.2.0")))
        .write("apps/db.yaml", application("db", chart_source("db", "0.x")))
        .write("apps/none.yaml", application("none", chart_source("none", "1.0.0")))
        .write("apps/git.yaml", application("git", format!("{{repoURL: '{}', path: deploy/base, targetRevision: {commit}}}", server.url(".git"))))
        .write("apps/elsewhere.yaml", application("elsewhere", "{repoURL: 'https://charts.example.com', chart: x, targetRevision: 1.0.0}".to_owned()))
        .write("apps/flux.yaml", format!("apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: team, namespace: flux-system}}\nspec: {{type: oci, url: '{}'}}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: cache, namespace: flux-system}}\nspec:\n  interval: 1m\n  chart: {{spec: {{chart: cache, version: 1.1.0, sourceRef: {{kind: HelmRepository, name: team}}}}}}\n", station.oci("/team")));
    repo.commit("apps");
    let hosts = [station.address.to_string(), server.address.to_string()];
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let check = ["check", "--all", "--gates", "render", "--format", "json"];
    let ran = in_repo(&repo, home.path(), &check, &hosts);
    let report = ran.json();
    let outcome = |name: &str| {
        let apps = report["apps"].as_array().unwrap().iter();
        let found = apps.filter(|app| {
            app["id"]
                .as_str()
                .unwrap()
                .split('#')
                .next()
                .unwrap()
                .ends_with(&format!(":{name}"))
        });
        let found: Vec<_> = found
            .map(|app| {
                (
                    app["outcome"].clone(),
                    app["head"]["objects"].clone(),
                    app["problems"].to_string(),
                )
            })
            .collect();
        assert_eq!(found.len(), 1, "{name}: {report}");
        found[0].clone()
    };
    for (name, objects) in [("web", 1), ("db", 1), ("cache", 1), ("git", 2)] {
        let found = outcome(name);
        assert_eq!(
            (found.0.as_str(), found.1.as_i64()),
            (Some("pass"), Some(objects)),
            "{name}: {report}"
        );
    }
    assert_eq!(outcome("elsewhere").0, "not_evaluable");
    let none = outcome("none");
    assert_eq!(none.0, "fail", "{report}");
    assert!(
        none.2.contains("has no chart of this name") && none.2.contains("apps/none.yaml"),
        "{none:?}"
    );
    let floating: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"] == "render.floating")
        .map(|finding| finding["source"]["path"].as_str().unwrap())
        .collect();
    assert_eq!(floating, ["apps/db.yaml"]);
    assert!(!ran.stdout.contains(".drydock-outside"), "{ran:?}");
    drop(served);
}

#[test]
fn every_command_lists_what_charts_from_outside_declare() {
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    let station = charts(home.path());
    let application = |name: &str, chart: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  project: default\n  \
             destination: {{server: 'https://kubernetes.default.svc', namespace: {name}}}\n  \
             source: {{repoURL: '{}', chart: {chart}, targetRevision: 1.0.0}}\n",
            station.url("")
        )
    };
    let files = [
        (
            "Chart.yaml",
            "apiVersion: v2\nname: parent\nversion: 1.0.0\n".to_owned(),
        ),
        ("templates/child.yaml", application("child", "web")),
    ];
    let files = files.map(|(path, text)| (path.parse().unwrap(), Arc::from(text.as_bytes())));
    let packed = pack(&files.into(), "parent").unwrap();
    let archives = [
        ("web-1.0.0.tgz", chart("web", "1.0.0")),
        ("parent-1.0.0.tgz", packed.clone()),
    ];
    station.put_bytes("/index.yaml", index(home.path(), &archives, ""));
    station.put_bytes("/parent-1.0.0.tgz", packed);
    repo.write("apps/parent.yaml", application("parent", "parent"));
    repo.commit("apps");
    let host = station.address.to_string();
    let list = |args: &[&str], hosts: &[&str]| {
        let args = [&["apps", "--format", "json"], args].concat();
        let ran = in_repo(&repo, home.path(), &args, hosts);
        assert!(!ran.stdout.contains(".drydock-outside"), "{ran:?}");
        let all = ran.json();
        let names = all.as_array().unwrap().iter();
        let mut names: Vec<String> = names
            .map(|app| app["name"].as_str().unwrap().to_owned())
            .filter(|name| ["child", "parent"].contains(&name.as_str()))
            .collect();
        names.sort();
        names
    };
    assert_eq!(list(&[], &[]), ["parent"]);
    assert_eq!(list(&[], &[&host]), ["child", "parent"]);
    let rendered = in_repo(&repo, home.path(), &["render", "--app", "child"], &[&host]);
    assert_eq!(rendered.code, 0, "{rendered:?}");
    assert!(
        rendered.stdout.contains("version: \"1.0.0\""),
        "{rendered:?}"
    );
    drop(station);
    assert_eq!(list(&["--offline"], &[]), ["child", "parent"]);
}

#[test]
fn a_fetched_chart_with_a_file_that_argo_cd_lays_over_the_declaration_is_not_evaluable() {
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    let station = charts(home.path());
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: own\nversion: 1.0.0\n"),
        (
            "templates/cm.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        ),
        (".argocd-source.yaml", "helm: {releaseName: other}\n"),
    ];
    let files = files.map(|(path, text)| (path.parse().unwrap(), Arc::from(text.as_bytes())));
    let packed = pack(&files.into(), "own").unwrap();
    let archives = [("own-1.0.0.tgz", packed.clone())];
    station.put_bytes("/index.yaml", index(home.path(), &archives, ""));
    station.put_bytes("/own-1.0.0.tgz", packed);
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: own, namespace: argocd}}\nspec:\n  project: default\n  \
         destination: {{server: 'https://kubernetes.default.svc', namespace: own}}\n  \
         source: {{repoURL: '{}', chart: own, targetRevision: 1.0.0}}\n",
        station.url("")
    );
    repo.write("apps/own.yaml", application);
    repo.commit("apps");
    let check = ["check", "--all", "--gates", "render", "--format", "json"];
    let ran = in_repo(&repo, home.path(), &check, &[&station.address.to_string()]);
    let report = ran.json();
    let apps = report["apps"].as_array().unwrap();
    let own = apps
        .iter()
        .find(|app| app["problems"].to_string().contains("argocd-source"));
    assert_eq!(own.unwrap()["outcome"], "not_evaluable", "{report}");
}
