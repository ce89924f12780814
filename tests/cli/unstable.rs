//! Charts that make random values, in a change.

use std::process::Command;

use crate::binary::{parts, run};
use crate::repo::Repo;

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";

fn template(replicas: u8) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData:\n  password: {{{{ randAlphaNum 20 }}}}\n---\n\
         apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate-{{{{ randAlphaNum 6 | lower }}}}\nspec:\n  parallelism: 1\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  replicas: {replicas}\n  template:\n    metadata:\n      \
         annotations: {{made: {{{{ now | date \"2006-01-02\" | quote }}}}, roll: {{{{ uuidv4 | quote }}}}}}\n"
    )
}

#[test]
fn only_the_real_change_shows_and_random_values_are_named_once() {
    let repo = Repo::new();
    repo.write("shop/Chart.yaml", CHART);
    repo.write("shop/templates/all.yaml", template(2));
    repo.commit("base");
    repo.write("shop/templates/all.yaml", template(3));
    repo.commit("head");
    let cache = tempfile::tempdir().unwrap();
    let judge = |more: &[&str]| {
        let args = [
            "check", "--base", "HEAD~1", "--gates", "render", "--format", "json",
        ];
        run(Command::new(env!("CARGO_BIN_EXE_drydock"))
            .args(args)
            .args(more)
            .current_dir(repo.path())
            .env("PATH", parts().join("bin"))
            .env("XDG_CACHE_HOME", cache.path()))
    };
    let cold = judge(&["--head", "HEAD"]);
    assert_eq!(cold.code, 0, "{cold:?}");
    let report = cold.json();
    let changes = report["apps"][0]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0]["object"]["kind"], "Deployment");
    let fields = changes[0]["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 1, "{fields:#?}");
    assert_eq!(fields[0]["pointer"], "/spec/replicas");
    let diff = changes[0]["diff"].as_str().unwrap();
    let changed = diff.lines().filter(|line| line.starts_with(['+', '-']));
    let changed: Vec<&str> = changed.filter(|line| line.contains(": ")).collect();
    assert_eq!(changed, ["-  replicas: 2", "+  replicas: 3"]);
    let told = report["not_verified"].as_array().unwrap();
    let told: Vec<&str> = told
        .iter()
        .filter_map(|line| line["reason"].as_str())
        .filter(|reason| reason.contains("render to render"))
        .collect();
    assert_eq!(
        told,
        [
            "4 values differ from render to render (random or time-based) and are not compared: \
             Deployment d /spec/template/metadata/annotations/made, Deployment d /spec/template/metadata/annotations/roll, \
             Job migrate-* /metadata/name, Secret s /stringData/password"
        ]
    );
    // Another process, where one side or both come from the cache, and one without: the same report,
    // though every password is another one.
    assert_eq!(judge(&["--head", "HEAD"]).stdout, cold.stdout);
    assert_eq!(judge(&["--head", "HEAD", "--no-cache"]).stdout, cold.stdout);
    let entries = cache.path().join("drydock/renders/entries");
    let kept = std::fs::read_dir(&entries).unwrap().count();
    assert_eq!(kept, 2);
    std::fs::remove_dir_all(
        std::fs::read_dir(&entries)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path(),
    )
    .unwrap();
    assert_eq!(judge(&["--head", "HEAD"]).stdout, cold.stdout);
}
