//! Hostile content, given to the tools as if planning had refused nothing: the sandbox alone has to
//! hold.

use std::net::TcpListener;
use std::process::Command;

use drydock::plan::RendererInput;
use drydock::render::{Outcome, render_side};
use drydock::sandbox::Limits;

use crate::workbench::{CONFIG_MAP, Repository, chart, helm_input, problems, rendering, settings};

/// Kustomize on one resource reference.
fn reference(text: &str) -> (Repository, Outcome) {
    let repository =
        Repository::with(&[("app/kustomization.yaml", &format!("resources:\n- {text}\n"))]);
    let outcome = repository.render(&repository.kustomize("app"));
    (repository, outcome)
}

#[test]
fn a_git_reference_with_an_injected_option_runs_no_command() {
    let outside = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(arguments)
            .current_dir(outside.path())
            .status();
        assert!(status.unwrap().success());
    };
    run(&["init", "--quiet", "."]);
    run(&[
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "x",
    ]);
    let marker = outside.path().join("it-ran");
    for scheme in ["file://", "git::file://"] {
        let url = format!(
            "{scheme}{}?ref=--upload-pack=touch%20{}",
            outside.path().display(),
            marker.display()
        );
        let (_, outcome) = reference(&url);
        problems(&outcome);
    }
    assert!(!marker.exists());
}

#[test]
fn an_http_base_is_not_fetched() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/base.yaml", listener.local_addr().unwrap());
    let (_, outcome) = reference(&url);
    problems(&outcome);
    assert_eq!(
        listener.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}

#[test]
fn a_sibling_of_the_checkout_is_not_read() {
    let sibling = Repository::with(&[
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", CONFIG_MAP),
    ]);
    let name = sibling
        .folder
        .path()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    for text in [
        format!("../../{name}"),
        sibling.folder.path().display().to_string(),
    ] {
        problems(&reference(&text).1);
    }
}

#[test]
fn a_symbolic_link_out_of_the_repository_is_not_materialised() {
    let repository = chart(&[("a.yaml", CONFIG_MAP)]);
    std::os::unix::fs::symlink(
        "/proc/self/environ",
        repository.folder.path().join("chart/templates/b.yaml"),
    )
    .unwrap();
    let outcome = repository.render(&repository.helm("chart"));
    let message = &problems(&outcome)[0].message;
    assert!(message.contains("symbolic link"), "{message}");
}

#[test]
fn kustomize_runs_no_program_container_or_chart() {
    let generator = "apiVersion: example.com/v1\nkind: Any\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec:\n        path: ./run\n";
    for (kustomization, extra) in [
        ("generators: [generator.yaml]\n", generator.to_owned()),
        (
            "transformers: [generator.yaml]\nresources: [a.yaml]\n",
            generator.replace(
                "exec:\n        path: ./run",
                "container:\n        image: example.com/image",
            ),
        ),
        (
            "helmCharts:\n- name: x\n  repo: https://example.com\nhelmGlobals:\n  configHome: ./plugins\n",
            generator.to_owned(),
        ),
    ] {
        let repository = Repository::with(&[
            ("app/kustomization.yaml", kustomization),
            ("app/generator.yaml", &extra),
            ("app/a.yaml", CONFIG_MAP),
            ("app/run", "#!/bin/sh\ntouch /tmp/drydock-generator-ran\n"),
        ]);
        problems(&repository.render(&repository.kustomize("app")));
    }
    assert!(!std::path::Path::new("/tmp/drydock-generator-ran").exists());
}

#[test]
fn charts_see_no_host_file_name_service_cluster_or_environment() {
    let repository = chart(&[(
        "all.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  file: {{ .Files.Get \"../../../../../../etc/passwd\" | quote }}\n  address: {{ getHostByName \"localhost\" | quote }}\n  lookup: {{ lookup \"v1\" \"Secret\" \"default\" \"x\" | toJson | quote }}\n",
    )]);
    for major in [4, 3] {
        let mut input = helm_input();
        input.major = major;
        let outcome = repository.render(&repository.side("chart", RendererInput::Helm(input)));
        let data = &rendering(&outcome).manifests[0].value()["data"];
        assert_eq!(
            *data,
            serde_json::json!({ "file": "", "address": "", "lookup": "{}" }),
            "Helm {major}"
        );
    }
    let repository = chart(&[("env.yaml", "a: {{ env \"HOME\" }}\n")]);
    problems(&repository.render(&repository.helm("chart")));
}

#[test]
fn content_that_eats_memory_or_time_ends_at_the_limits_and_is_the_authors() {
    let level = |level: u32| {
        let alias = format!("*a{}", level - 1);
        format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 10].join(","))
    };
    let first =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    let levels: Vec<String> = (1..10).map(level).collect();
    let bomb = format!("{first}{}", levels.concat());
    let kustomize = Repository::with(&[
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", &bomb),
    ]);
    let repeat = chart(&[("a.yaml", "{{ repeat 2000000000 \"x\" }}\n")]);
    let loops = chart(&[(
        "a.yaml",
        "{{- define \"x\" }}{{ range $i, $_ := until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end -}}\n{{ include \"x\" . }}\n",
    )]);
    let settings = drydock::render::Settings {
        limits: Limits {
            time: std::time::Duration::from_secs(5),
            ..Limits::default()
        },
        ..settings()
    };
    for (repository, side) in [
        (&kustomize, kustomize.kustomize("app")),
        (&repeat, repeat.helm("chart")),
        (&loops, loops.helm("chart")),
    ] {
        let outcome = render_side(&side, &repository.tree(), &settings);
        let problem = &problems(&outcome)[0];
        assert_eq!(
            problem.blame,
            drydock::finding::Blame::Author,
            "{problem:?}"
        );
    }
}

#[test]
fn a_plugin_in_the_repository_is_not_loaded() {
    let repository = chart(&[("a.yaml", CONFIG_MAP)]);
    repository.write("chart/plugins/x/plugin.yaml", "name: x\nversion: 1.0.0\nusage: x\ndescription: x\ncommand: touch /tmp/drydock-plugin-ran\n");
    rendering(&repository.render(&repository.helm("chart")));
    assert!(!std::path::Path::new("/tmp/drydock-plugin-ran").exists());
}
