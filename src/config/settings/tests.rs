use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::*;

fn invalid(text: &str) -> String {
    parse(text.as_bytes(), Path::new("s.yaml"))
        .unwrap_err()
        .to_string()
}

const LEAST: &str =
    "github: {app_id: 1, private_key_file: a.pem, webhook_secrets_file: b}\nrepositories: [o/*]\n";

#[test]
fn the_example_file_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/settings.example.yaml");
    let settings = load(&path).unwrap();
    assert_eq!(settings.github.app_id, 123_456);
    let folder = path.parent().unwrap();
    assert_eq!(
        settings.github.private_key_file,
        folder.join("secrets/github-app.pem")
    );
    let staging = &settings.clusters["staging"];
    assert_eq!(staging.preview.context.as_deref(), Some("preview"));
    let apply = staging.apply.as_ref().unwrap();
    assert_eq!(apply.context.as_deref(), Some("apply"));
    assert_eq!(apply.kubeconfig, Some(folder.join("clusters/staging.yaml")));
    assert!(settings.clusters["production"].apply.is_none());
    assert_eq!(settings.clusters["production"].fence_namespace, "drydock");
    assert_eq!(settings.limits, Limits::default());
    assert_eq!(
        settings.tools.helm.as_deref(),
        Some(Path::new("/usr/local/bin/helm"))
    );
}

#[test]
fn a_short_file_has_the_documented_defaults() {
    let settings = parse(LEAST.as_bytes(), Path::new("s.yaml")).unwrap();
    assert_eq!(settings.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(settings.github.api_url.as_str(), "https://api.github.com/");
    assert_eq!(settings.github.web_url.as_str(), "https://github.com/");
    assert!(matches!(&settings.store, Store::Sqlite(path) if path.ends_with("drydock.db")));
    assert_eq!(settings.limits.job_deadline, Duration::from_secs(900));
    assert!(settings.page_url.is_none() && settings.clusters.is_empty());
    assert!(settings.serves(&"o/a".parse().unwrap()));
    assert!(!settings.serves(&"p/a".parse().unwrap()));
}

#[test]
fn what_is_wrong_is_named_with_file_line_and_column() {
    let unknown = invalid(&format!("{LEAST}lissten: x\n"));
    assert!(
        unknown.starts_with("s.yaml:3:1: unknown field `lissten`"),
        "{unknown}"
    );
    for (text, message) in [
        (
            "limits: {lanes: 0}",
            "`lanes` and `renderers` must be at least 1",
        ),
        ("limits: {lane: 1}", "unknown field `lane`"),
        (
            "argocd: {kustomize_build_options: --enable-hlem}",
            "`--enable-hlem` is no option of `kustomize build`",
        ),
        (
            "clusters: {a: {argocd: {kustomize_build_options: -o x}}}",
            "`-o` would change what Argo CD renders",
        ),
        (
            "store: mysql://u:c4n4ry@h",
            "a store is `sqlite:PATH` or `postgres://…`",
        ),
        (
            "page_url: ftp://x/",
            "`ftp://x/` is not an http or https address",
        ),
        (
            "clusters: {a: {apply_enabled: true}}",
            "`apply_enabled` needs credentials in `apply`",
        ),
        (
            "clusters: {a: {apply_enabled: true, apply: {}, allow: {repositories: [a/b]}}}",
            "credentials of their own",
        ),
        (
            "clusters: {a: {kubeconfig: k, apply_enabled: true, apply: {context: c}}}",
            "`apply_enabled` needs `allow.repositories`",
        ),
        (
            "clusters: {a: {allow: {namespaces: ['a[']}}}",
            "`a[` is not a pattern",
        ),
        (
            "clusters: {a: {allow: {namespaces: ['!kube-system']}}}",
            "`!kube-system` matches nothing: a namespace has lower-case",
        ),
        (
            "clusters: {a: {allow: {namespaces: ['']}}}",
            "`` matches nothing",
        ),
        (
            "clusters: {a: {allow: {kinds: [apps/Deployment]}}}",
            "`apps/Deployment` matches nothing: write `Kind` for",
        ),
        (
            "limits: {fence_age_seconds: 3601}",
            "`fence_age_seconds` must be at most 3600",
        ),
        (
            "outside: {hosts: [{host: a.example, credentials: {username: u, password_file: p}}]}",
            "`credentials` need `paths`, what they may be used for: write folders",
        ),
        (
            "outside: {hosts: [{host: a.example, paths: [team/../charts]}]}",
            "`team/../charts` is not a path of a host",
        ),
        ("clusters: {a: {contxt: b}}", "unknown field `contxt`"),
    ] {
        let error = invalid(&format!("{LEAST}{text}\n"));
        assert!(error.starts_with("s.yaml:3:"), "{error}");
        assert!(error.contains(message), "{error}");
        assert!(!error.contains("c4n4ry"), "{error}");
    }
    assert!(invalid("repositories: []\n").contains("missing field `github`"));
    let owner = LEAST.replace("o/*", "o");
    assert!(invalid(&owner).contains("`o` matches nothing: write `owner/name`"));
    assert!(invalid(&format!("{LEAST}repositories: []\n")).contains("duplicate"));
    assert!(matches!(
        load(Path::new("no/such/file.yaml")),
        Err(SettingsError::Unreadable { .. })
    ));
}

#[test]
fn only_what_is_allowed_may_be_touched() {
    let text = format!(
        "{LEAST}clusters: {{a: {{allow: {{namespaces: ['team-*'], kinds: [ConfigMap, '*.apps']}}}}, b: {{}}}}\n"
    );
    let settings = parse(text.as_bytes(), Path::new("s.yaml")).unwrap();
    let allow = &settings.clusters["a"].allow;
    assert!(allow.permits("", "ConfigMap", Some("team-x")));
    assert!(allow.permits("apps", "Deployment", Some("team-x")));
    assert!(!allow.permits("", "Secret", Some("team-x")));
    assert!(!allow.permits("", "ConfigMap", Some("kube-system")));
    assert!(!allow.permits("apps", "Deployment", None));
    assert!(
        !settings.clusters["b"]
            .allow
            .permits("", "ConfigMap", Some("default"))
    );
}

#[test]
fn a_pattern_may_have_its_wildcard_anywhere() {
    let permits = |patterns: &str, namespace: &str| {
        let text = format!("{LEAST}clusters: {{a: {{allow: {{namespaces: [{patterns}]}}}}}}\n");
        let settings = parse(text.as_bytes(), Path::new("s.yaml")).unwrap();
        let allow = settings.clusters["a"].allow.clone();
        allow.permits("", "ConfigMap", Some(namespace))
    };
    for (patterns, yes, no) in [
        ("shop", "shop", "shop-eu"),
        ("'shop-*'", "shop-eu", "shop"),
        ("'*-shop'", "eu-shop", "eu-shop-2"),
        ("'team-*-prod'", "team-a-prod", "team-a-test"),
        ("'{shop,cart}-?'", "cart-1", "cart-10"),
        ("'eu-[!a]'", "eu-b", "eu-a"),
        ("'*'", "kube-system", ""),
        ("other, 'a-*'", "a-b", "b-a"),
    ] {
        assert!(permits(patterns, yes), "{patterns} {yes}");
        assert!(no.is_empty() || !permits(patterns, no), "{patterns} {no}");
    }
}

#[test]
fn secrets_are_read_from_their_files_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "s.yaml",
        &format!("{LEAST}masker_key_file: key\nstore: postgres://u:c4n4ry@h/d\n"),
    );
    write(
        "a.pem",
        "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n",
    );
    write("b", "c4n4ry-c4n4ry-new\n\nc4n4ry-c4n4ry-old\n");
    write("key", &format!("{}\n", "ab".repeat(32)));
    let settings = load(&folder.path().join("s.yaml")).unwrap();
    let secrets = settings.github.read_webhook_secrets().unwrap();
    assert_eq!(secrets.len(), 2);
    assert_eq!(secrets[0].expose_secret(), "c4n4ry-c4n4ry-new");
    assert!(settings.github.read_private_key().is_ok());
    let key = settings.read_masker_key().unwrap().unwrap();
    assert_eq!(key.expose_secret(), &[0xAB; 32]);
    let shown = format!("{settings:?} {secrets:?} {key:?}");
    assert!(!shown.contains("c4n4ry"), "{shown}");
    write("b", "short\n");
    let refused = settings
        .github
        .read_webhook_secrets()
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("must hold one or two secrets"),
        "{refused}"
    );
    write("a.pem", "c4n4ry");
    assert!(
        !settings
            .github
            .read_private_key()
            .unwrap_err()
            .to_string()
            .contains("c4n4ry")
    );
    write("key", "c4n4ry");
    assert!(settings.read_masker_key().is_err());
}

#[test]
fn the_settings_of_the_shipped_installation_can_be_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/base/settings.yaml");
    let bytes = std::fs::read(path).unwrap();
    let documents = crate::yaml::read(&bytes, &crate::yaml::Budget::file()).documents;
    let value = documents[0].to_json();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.yaml");
    std::fs::write(&file, value["data"]["settings.yaml"].as_str().unwrap()).unwrap();
    let settings = load(&file).unwrap();
    assert!(settings.clusters.contains_key("production"));
}
