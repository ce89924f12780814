use std::os::unix::fs::symlink;

use drydock::clients::git::{GitError, Repository};
use drydock::finding::{Blame, Retry};
use drydock::tree::{EntryKind, TreeError};

use crate::{Made, path};

#[test]
fn a_commit_is_listed_as_git_lists_it() {
    let made = Made::new();
    made.write("a/b/c.yaml", "one");
    made.write("z.yaml", "two");
    symlink("a/b", made.path().join("link")).unwrap();
    let commit = made.commit("first");
    let repository = Repository::open(&made.path().join("a")).unwrap();
    let tree = repository.tree(&commit).unwrap();
    let listed: Vec<String> = tree
        .entries()
        .iter()
        .map(|(path, entry)| {
            let mode = match entry.kind {
                EntryKind::Symlink => "120000",
                _ => "100644",
            };
            format!("{mode} blob {}\t{path}", entry.blob)
        })
        .collect();
    assert_eq!(listed.join("\n"), made.git(&["ls-tree", "-r", "HEAD"]));
    assert_eq!(tree.read(&path("link/c.yaml")).unwrap(), b"one");
}

#[test]
fn a_clean_worktree_equals_its_commit() {
    let made = Made::new();
    made.write("a/b.yaml", "one");
    made.write(".gitignore", "*.log\nbuild/\n");
    symlink("a", made.path().join("link")).unwrap();
    let commit = made.commit("first");
    made.write("x.log", "ignored");
    made.write("build/out.yaml", "ignored");
    let repository = Repository::open(made.path()).unwrap();
    let worktree = repository.worktree().unwrap();
    assert_eq!(
        worktree.entries(),
        repository.tree(&commit).unwrap().entries()
    );
}

#[test]
fn a_worktree_shows_edits_deletions_and_untracked_files() {
    let made = Made::new();
    made.write("edited", "before");
    made.write("deleted", "x");
    made.write("became-link", "x");
    made.commit("first");
    // The same length within the same second: only a racy check or the nanoseconds see it.
    made.write("edited", "behind");
    made.write(".hidden/new.yaml", "new");
    made.write("nested/inner.yaml", "other repository");
    Made::git(&made, &["init", "-q", "nested"]);
    std::fs::remove_file(made.path().join("deleted")).unwrap();
    std::fs::remove_file(made.path().join("became-link")).unwrap();
    symlink("edited", made.path().join("became-link")).unwrap();
    let tree = Repository::open(made.path()).unwrap().worktree().unwrap();
    let names: Vec<_> = tree.entries().keys().map(ToString::to_string).collect();
    assert_eq!(names, [".hidden/new.yaml", "became-link", "edited"]);
    assert_eq!(tree.read(&path("edited")).unwrap(), b"behind");
    assert_eq!(
        tree.entries()[&path("edited")].blob,
        made.git(&["hash-object", "edited"])
    );
    assert_eq!(
        tree.entries()[&path("became-link")].kind,
        EntryKind::Symlink
    );
}

#[test]
fn a_tracked_file_behind_a_new_link_is_not_read() {
    let made = Made::new();
    made.write("a/b.yaml", "one");
    made.commit("first");
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("b.yaml"), "outside").unwrap();
    std::fs::remove_dir_all(made.path().join("a")).unwrap();
    symlink(outside.path(), made.path().join("a")).unwrap();
    let tree = Repository::open(made.path()).unwrap().worktree().unwrap();
    assert_eq!(tree.entries().len(), 1);
    let error = tree.read(&path("a/b.yaml")).unwrap_err();
    assert!(matches!(error, TreeError::LinkEscapes { .. }), "{error}");
}

#[test]
fn names_that_look_alike_are_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let made = Made::new();
    for byte in [0xfe, 0xff] {
        let name = std::ffi::OsString::from_vec(vec![b'a', byte]);
        std::fs::write(made.path().join(name), "x").unwrap();
    }
    let commit = made.commit("first");
    let error = Repository::open(made.path())
        .unwrap()
        .tree(&commit)
        .unwrap_err();
    assert!(error.to_string().contains("two files"), "{error}");
}

#[test]
fn files_left_out_of_a_sparse_checkout_are_read_from_the_object_database() {
    let made = Made::new();
    made.write("in/a.yaml", "a");
    made.write("out/b.yaml", "b");
    made.commit("first");
    made.git(&["sparse-checkout", "set", "--no-cone", "in"]);
    let tree = Repository::open(made.path()).unwrap().worktree().unwrap();
    assert!(!made.path().join("out/b.yaml").exists());
    assert_eq!(tree.read(&path("out/b.yaml")).unwrap(), b"b");
}

#[test]
fn revisions_resolve_as_git_resolves_them() {
    let made = Made::new();
    let first = made.commit("first");
    let second = made.commit("second");
    made.git(&["tag", "-a", "v1", "-m", "v1", "HEAD~1"]);
    let repository = Repository::open(made.path()).unwrap();
    for (text, expected) in [
        ("HEAD", &second),
        ("main", &second),
        ("HEAD~1", &first),
        ("v1", &first),
        (&second.as_str()[..10], &second),
    ] {
        assert_eq!(&repository.resolve(text).unwrap(), expected, "{text}");
    }
    let error = repository.resolve("no-such-branch").unwrap_err();
    assert!(error.to_string().contains("no-such-branch"));
    assert_eq!(error.blame(), Blame::Operator);
    assert_eq!(error.retry(), Retry::No);
}

#[test]
fn the_default_branch_is_what_origin_says_else_main_else_the_only_one() {
    let made = Made::new();
    let first = made.commit("first");
    made.git(&["checkout", "-q", "-b", "topic"]);
    let second = made.commit("second");
    let branch = || {
        let branch = Repository::open(made.path())
            .unwrap()
            .default_branch()
            .unwrap();
        (branch.name, branch.commit)
    };
    assert_eq!(branch(), ("main".to_owned(), first.clone()));
    made.git(&["update-ref", "refs/remotes/origin/trunk", first.as_str()]);
    made.git(&[
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/trunk",
    ]);
    assert_eq!(branch(), ("origin/trunk".to_owned(), first));
    made.git(&["symbolic-ref", "-d", "refs/remotes/origin/HEAD"]);
    made.git(&["branch", "-q", "-D", "main"]);
    made.git(&["update-ref", "-d", "refs/remotes/origin/trunk"]);
    assert_eq!(branch(), ("topic".to_owned(), second));
    // With another one, or none checked out, a change would be compared with itself.
    let unknown = || Repository::open(made.path()).unwrap().default_branch();
    made.git(&["branch", "-q", "other"]);
    assert_eq!(unknown(), Err(GitError::NoDefaultBranch));
    made.git(&["branch", "-q", "-D", "other"]);
    made.git(&["checkout", "-q", "--detach"]);
    assert_eq!(unknown(), Err(GitError::NoDefaultBranch));
    made.git(&["checkout", "-q", "topic"]);
    made.git(&["update-ref", "refs/remotes/origin/topic", "HEAD"]);
    assert_eq!(unknown(), Err(GitError::NoDefaultBranch));
    let empty = Made::new();
    let error = Repository::open(empty.path()).unwrap().default_branch();
    assert_eq!(error, Err(GitError::NoDefaultBranch));
}

#[test]
fn a_submodule_is_listed_and_never_read() {
    let made = Made::new();
    let commit = made.commit("first");
    made.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{commit},vendor/sub"),
    ]);
    made.git(&["commit", "-q", "-m", "submodule"]);
    let repository = Repository::open(made.path()).unwrap();
    let tree = repository
        .tree(&repository.resolve("HEAD").unwrap())
        .unwrap();
    for name in ["vendor/sub", "vendor/sub/kustomization.yaml"] {
        let error = tree.read(&path(name)).unwrap_err();
        assert_eq!(error, TreeError::Submodule(path("vendor/sub")), "{name}");
    }
}

#[test]
fn a_tree_with_a_path_that_climbs_is_refused() {
    let made = Made::new();
    made.write("f", "x");
    made.commit("first");
    let inner = made.git(&["write-tree"]);
    let raw: Vec<u8> = [b"40000 ..\0".as_slice(), &hex_bytes(&inner)].concat();
    std::fs::write(made.path().join("raw"), raw).unwrap();
    let evil = made.git(&["hash-object", "-t", "tree", "-w", "--literally", "raw"]);
    let commit = made
        .git(&["commit-tree", &evil, "-m", "evil"])
        .parse()
        .unwrap();
    let error = Repository::open(made.path())
        .unwrap()
        .tree(&commit)
        .unwrap_err();
    assert!(matches!(error, GitError::Tree { .. }), "{error}");
    assert_eq!(error.blame(), Blame::Author);
}

fn hex_bytes(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
