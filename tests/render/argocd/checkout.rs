//! Files that Git writes as another text when a deployer checks them out.

use super::*;

fn with(text: &str) -> Repository {
    let repository = Repository::with(&[("plain/a.yaml", text)]);
    let text = application("web", &here("plain", ""));
    repository.write("apps/web.yaml", &text);
    repository
}

#[test]
fn attributes_that_rewrite_a_file_refuse_whoever_reads_it() {
    for (attributes, line) in [
        ("*.yaml working-tree-encoding=UTF-7\n", Some(1)),
        (
            "# it\n*.yaml working-tree-encoding=UTF-16 filter=crypt\n",
            Some(2),
        ),
        // A reader of YAML takes both line ends for the same.
        ("*.yaml eol=crlf\n", None),
        (
            "*.yaml eol=lf text=auto diff=yaml linguist-generated\n",
            None,
        ),
        (
            "*.yaml working-tree-encoding=UTF-8 ident filter=lfs\n",
            None,
        ),
        (
            "*.yaml working-tree-encoding=UTF-7\na.yaml -working-tree-encoding\n",
            None,
        ),
        ("other.yaml working-tree-encoding=UTF-7\n", None),
    ] {
        let repository = with(CONFIG_MAP);
        repository.write("plain/.gitattributes", attributes);
        let declared = declare(&repository);
        let side = find(&declared, "web");
        let found = side.refusals.first().map(|refusal| refusal.line);
        assert_eq!(found, line, "{attributes}: {:?}", side.refusals);
        let is_read = files(side).contains(&"plain/.gitattributes");
        assert_eq!(is_read, line.is_some(), "{attributes}");
    }
    let repository = with(&format!("# $Id$\n{CONFIG_MAP}"));
    repository.write(".gitattributes", "[attr]marked ident\n*.yaml marked\n");
    let declared = declare(&repository);
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::Checkout]);
}

#[test]
fn a_file_that_is_checked_out_as_another_text_cannot_be_evaluated() {
    let repository = with(CONFIG_MAP);
    repository.write(".gitattributes", "*.yaml working-tree-encoding=UTF-7\n");
    let outcome = repository.render(find(&declare(&repository), "web"));
    let Outcome::NotEvaluable(problems) = outcome else {
        panic!("it was rendered: {outcome:?}");
    };
    assert!(problems[0].message.contains("take the attribute away"));
}

#[test]
fn a_filter_that_argo_cd_does_not_set_up_is_told_when_it_is_new() {
    let plain = with(CONFIG_MAP);
    let filtered = with(CONFIG_MAP);
    filtered.write(".gitattributes", "*.yaml filter=git-crypt\n");
    let declared = declare(&filtered);
    assert!(find(&declared, "web").refusals.is_empty());
    let found = doubts(&plain, &filtered);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("`plain/a.yaml -filter`"), "{found:?}");
    let changed = with(&CONFIG_MAP.replace("k: v", "k: w"));
    changed.write(".gitattributes", "*.yaml filter=git-crypt\n");
    assert!(doubts(&filtered, &changed).is_empty());
}

#[test]
fn other_line_ends_count_in_files_that_are_taken_as_they_are() {
    let repository = Repository::with(&[
        (
            "plain/kustomization.yaml",
            "configMapGenerator: [{name: a, files: [a.txt]}]\n",
        ),
        ("plain/a.txt", "a\n"),
        (".gitattributes", "* eol=crlf\n"),
    ]);
    let text = application("web", &here("plain", ""));
    repository.write("apps/web.yaml", &text);
    let found = doubts(&Repository::with(&[]), &repository);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("`plain/a.txt` with other line ends"));
}

#[test]
fn flux_checks_out_what_stands_in_the_repository() {
    let repository = Repository::with(&[
        ("plain/a.yaml", CONFIG_MAP),
        (
            ".gitattributes",
            "*.yaml working-tree-encoding=UTF-7 filter=crypt\n",
        ),
        (
            "cluster/web.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web, namespace: flux-system}\nspec: {path: ./plain, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}\n",
        ),
    ]);
    let declared = declare(&repository);
    let mut flux = declared.apps.iter();
    let (_, side) = flux
        .find(|(id, _)| id.kind == DeclaredBy::FluxKustomization && id.name == "web")
        .unwrap();
    assert!(side.refusals.is_empty(), "{:?}", side.refusals);
    assert!(files(side).contains(&"plain/a.yaml"));
    assert!(side.doubts.is_empty());
}
