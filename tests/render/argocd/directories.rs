//! Which files of a folder Argo CD reads, and what it reads of them.

use std::os::unix::fs::symlink;

use drydock::tree::{Entry, EntryKind, Revision, Tree};

use super::*;

fn with(path: &str, options: &str, names: &[&str]) -> Repository {
    let repository = Repository::with(&[]);
    for name in names {
        repository.write(name, CONFIG_MAP);
    }
    repository.write("apps/web.yaml", &application("web", &here(path, options)));
    repository
}

#[test]
fn patterns_are_those_of_the_library_that_argo_cd_uses() {
    let names = ["plain/a.yaml", "plain/sub/a.yaml", "plain/q.yaml"];
    for (exclude, wanted) in [
        ("**/a.yaml", vec!["plain/a.yaml", "plain/q.yaml"]),
        ("[a-zA-Z]*.yaml", names.to_vec()),
        ("[^q]*.yaml", vec!["plain/a.yaml", "plain/sub/a.yaml"]),
        ("{a,q}.yaml", vec!["plain/sub/a.yaml"]),
    ] {
        let options = format!("    directory: {{recurse: true, exclude: '{exclude}'}}\n");
        let declared = declare(&with("plain", &options, &names));
        let mut wanted = wanted;
        wanted.sort_unstable();
        assert_eq!(files(find(&declared, "web")), wanted, "{exclude}");
    }
    let options = "    directory: {recurse: true, exclude: '{*a,a}.yaml'}\n";
    let declared = declare(&with("plain", options, &names));
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::Declaration]);
}

#[test]
fn a_pattern_of_thousands_of_alternatives_is_refused_at_once() {
    let names: Vec<String> = (0..100_000).map(|at| format!("{at:06}")).collect();
    let options = format!("    directory: {{include: '{{{}}}*'}}\n", names.join(","));
    let declared = declare(&with("plain", &options, &["plain/a.yaml"]));
    let side = find(&declared, "web");
    assert_eq!(kinds(side), [RefusalKind::Declaration]);
    assert_eq!(files(side), ["plain/a.yaml"]);
}

#[test]
fn a_folder_behind_a_link_is_read_and_a_link_itself_is_not() {
    let repository = with("link/sub", "", &["real/sub/a.yaml"]);
    symlink("real", repository.folder.path().join("link")).unwrap();
    let declared = declare(&repository);
    let side = find(&declared, "web");
    // The link decides as much as what is behind it.
    assert_eq!(files(side), ["link", "real/sub/a.yaml"]);
    assert!(repository.render(side).manifests().is_some());
    let repository = with("link", "", &["real/a.yaml"]);
    symlink("real", repository.folder.path().join("link")).unwrap();
    let declared = declare(&repository);
    let side = find(&declared, "web");
    assert_eq!(kinds(side), [RefusalKind::Declaration]);
    assert!(files(side).contains(&"real/a.yaml"));
}

#[test]
fn a_marked_file_is_not_deployed_and_decides_what_is_deployed() {
    let base = with("plain", "", &["plain/a.yaml", "plain/b.yaml"]);
    let head = with("plain", "", &["plain/a.yaml"]);
    head.write(
        "plain/b.yaml",
        &format!("# +argocd:skip-file-rendering\n{CONFIG_MAP}"),
    );
    let declared = declare(&head);
    let side = find(&declared, "web");
    let RendererInput::Directory { files: read } = &side.sources[0].renderer else {
        panic!("{:?}", side.sources);
    };
    assert_eq!(
        read.iter().map(|path| path.as_str()).collect::<Vec<_>>(),
        ["plain/a.yaml"]
    );
    assert!(files(side).contains(&"plain/b.yaml"));
    assert!(touched(&base, &head).iter().any(|id| id.contains("web")));
    // It is told while it is new.
    let found = doubts(&base, &head);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("`plain/b.yaml` is left out by its mark"));
    let other = with("plain", "", &["plain/a.yaml", "plain/c.yaml"]);
    let marked = format!("# +argocd:skip-file-rendering\n{CONFIG_MAP}");
    other.write("plain/b.yaml", &marked);
    assert!(doubts(&head, &other).is_empty());
    other.write("plain/b.yaml", &format!("{marked}# more\n"));
    assert_eq!(doubts(&head, &other).len(), 1);
}

#[test]
fn a_folder_without_manifests_renders_to_nothing_and_is_named_unless_it_may_be_empty() {
    let base = with("plain", "", &["plain/a.yaml"]);
    let head = with("plain", "", &[]);
    head.write("plain/README.md", "nothing\n");
    let declared = declare(&head);
    let side = find(&declared, "web");
    // What was deployed shows as deleted.
    assert!(touched(&base, &head).iter().any(|id| id.contains("web")));
    assert_eq!(head.render(side).manifests().map(<[_]>::len), Some(0));
    let found = doubts(&base, &head);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("`syncPolicy.automated.allowEmpty: true`"));
    let text = application("web", &here("plain", ""));
    let meant = "  syncPolicy: {automated: {allowEmpty: true}}\n";
    head.write("apps/web.yaml", &format!("{text}{meant}"));
    let declared = declare(&head);
    let side = find(&declared, "web");
    assert!(side.refusals.is_empty() && side.doubts.is_empty());
    assert_eq!(head.render(side).manifests().map(<[_]>::len), Some(0));
}

#[test]
fn a_submodule_that_would_be_read_is_refused() {
    for (options, wanted) in [
        (
            "    directory: {recurse: true}\n",
            vec![RefusalKind::UnsafeEntry],
        ),
        ("", vec![]),
    ] {
        let repository = with("plain", options, &["plain/a.yaml"]);
        let mut entries = repository.tree().entries().clone();
        let submodule = Entry {
            kind: EntryKind::Submodule,
            blob: "1".repeat(40),
        };
        entries.insert(path("plain/sub"), submodule);
        let root = repository.folder.path().to_owned();
        let tree = Tree::of_directory(Revision::Worktree, entries, root);
        let declared = declare_all(&tree, &RepoConfig::default(), &defaults(), &settings());
        let side = find(&declared, "web");
        assert_eq!(kinds(side), wanted);
        assert_eq!(files(side).contains(&"plain/sub"), !wanted.is_empty());
    }
}
