use super::*;
use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

/// A directory tree with these files.
fn tree_of(files: &[(&str, &str)], links: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let full = dir.path().join(name);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, content).unwrap();
    }
    for (name, target) in links {
        let full = dir.path().join(name);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        symlink(target, full).unwrap();
    }
    let tree = Tree::read_directory(dir.path()).unwrap();
    (dir, tree)
}

#[test]
fn links_inside_the_tree_are_followed() {
    let (_dir, tree) = tree_of(
        &[("real/deep/a.yaml", "a"), ("real/b.yaml", "b")],
        &[("x/folder", "../real"), ("x/file", "folder/deep/../b.yaml")],
    );
    assert_eq!(tree.read(&path("x/folder/deep/a.yaml")).unwrap(), b"a");
    assert_eq!(tree.read(&path("x/file")).unwrap(), b"b");
    assert!(tree.is_folder(&path("x/folder/deep")));
    assert!(!tree.is_folder(&path("x/file")));
    let names: Vec<_> = tree
        .list_folder(&path("x/folder"))
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(
        names,
        [
            ("b.yaml".to_owned(), Child::Entry(EntryKind::File)),
            ("deep".to_owned(), Child::Folder)
        ]
    );
}

#[test]
fn links_out_of_the_tree_and_circles_are_refused() {
    let (_dir, tree) = tree_of(
        &[("a/f", "x")],
        &[
            ("a/up", "../../etc/passwd"),
            ("a/absolute", "/etc/passwd"),
            ("a/round", "round"),
            ("a/ping", "pong"),
            ("a/pong", "ping"),
            ("a/back", "../../tmp/../a/f"),
        ],
    );
    for name in ["a/up", "a/absolute", "a/round", "a/ping", "a/back"] {
        let error = tree.read(&path(name)).unwrap_err();
        assert!(
            matches!(error, TreeError::LinkEscapes { .. }),
            "{name}: {error}"
        );
        let dir = tempfile::tempdir().unwrap();
        let paths = BTreeSet::from([path(name)]);
        assert!(tree.materialise(&paths, dir.path()).is_err(), "{name}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_materialised_tree_holds_regular_files_only() {
    let (_dir, tree) = tree_of(
        &[("real/a.yaml", "a")],
        &[("x/link.yaml", "../real/a.yaml"), ("folder", "real")],
    );
    let dir = tempfile::tempdir().unwrap();
    let paths = ["x/link.yaml", "folder", "folder/a.yaml"].map(path).into();
    tree.materialise(&paths, dir.path()).unwrap();
    for name in ["x/link.yaml", "folder/a.yaml"] {
        let full = dir.path().join(name);
        assert!(std::fs::symlink_metadata(&full).unwrap().is_file());
        assert_eq!(std::fs::read(full).unwrap(), b"a");
    }
    assert!(
        std::fs::symlink_metadata(dir.path().join("folder"))
            .unwrap()
            .is_dir()
    );
}

#[test]
fn a_file_above_the_limit_is_not_read() {
    let large = "x".repeat(usize::try_from(Tree::FILE_LIMIT).unwrap() + 1);
    let (_dir, tree) = tree_of(&[("large", &large)], &[]);
    assert!(matches!(
        tree.read(&path("large")),
        Err(TreeError::TooLarge { .. })
    ));
}

#[test]
fn folders_are_listed_without_what_only_shares_their_prefix() {
    let (_dir, tree) = tree_of(
        &[("a/b/c", ""), ("a/b.d", ""), ("a-b", ""), ("ab/c", "")],
        &[],
    );
    let names: Vec<_> = tree.list_folder(&path("a")).unwrap().into_keys().collect();
    assert_eq!(names, ["b", "b.d"]);
    let root: Vec<_> = tree
        .list_folder(&RepoPath::root())
        .unwrap()
        .into_keys()
        .collect();
    assert_eq!(root, ["a", "a-b", "ab"]);
    assert_eq!(tree.below(&path("a")).count(), 2);
}

#[test]
fn blob_ids_are_those_of_git() {
    assert_eq!(
        blob_id(b"hello\n").unwrap(),
        "ce013625030ba8dba906f756967f9e9ca394464a"
    );
}
