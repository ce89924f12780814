use drydock::clients::git::{GitError, Merge, Repository};
use drydock::tree::Revision;

use crate::{Made, path};

/// Ten lines, one of them replaced.
fn lines(changed: usize, to: &str) -> String {
    (0..10)
        .map(|at| {
            if at == changed {
                format!("{to}\n")
            } else {
                format!("line {at}\n")
            }
        })
        .collect()
}

/// main and topic, forked from one commit.
fn forked(base: impl Fn(&Made), main: impl Fn(&Made), topic: impl Fn(&Made)) -> Made {
    let made = Made::new();
    base(&made);
    made.commit("base");
    made.git(&["checkout", "-q", "-b", "topic"]);
    topic(&made);
    made.commit("topic");
    made.git(&["checkout", "-q", "main"]);
    main(&made);
    made.commit("main");
    made
}

fn merge_topic(made: &Made) -> Merge {
    let repository = Repository::open(made.path()).unwrap();
    let (main, topic) = (repository.resolve("main"), repository.resolve("topic"));
    repository
        .merge_into(&main.unwrap(), &topic.unwrap())
        .unwrap()
}

#[test]
fn a_clean_merge_is_the_one_git_makes() {
    let made = forked(
        |made| {
            made.write("a", &lines(99, ""));
            made.write("old/name.yaml", &lines(1, "x"));
            made.write("gone", "x");
        },
        |made| {
            made.write("a", &lines(1, "main"));
            made.write("old/name.yaml", &lines(8, "main"));
            made.write("only-main", "m");
        },
        |made| {
            made.write("a", &lines(8, "topic"));
            std::fs::create_dir_all(made.path().join("new")).unwrap();
            std::fs::rename(
                made.path().join("old/name.yaml"),
                made.path().join("new/name.yaml"),
            )
            .unwrap();
            std::fs::remove_file(made.path().join("gone")).unwrap();
        },
    );
    let repository = Repository::open(made.path()).unwrap();
    let main = repository.resolve("main").unwrap();
    let topic = repository.resolve("topic").unwrap();
    let expected = made.git(&["merge-tree", "--write-tree", "main", "topic"]);
    let merged = repository.merge_into(&main, &topic).unwrap();
    let Merge::Clean { tree } = merged else {
        panic!("{merged:?}")
    };
    assert_eq!(
        tree.revision(),
        &Revision::Commit(expected.parse().unwrap())
    );
    let text = String::from_utf8(tree.read(&path("a")).unwrap()).unwrap();
    assert!(text.contains("main") && text.contains("topic"));
    assert!(tree.is_file(&path("new/name.yaml")) && !tree.is_file(&path("gone")));

    let base = repository.merge_base(&main, &topic).unwrap().unwrap();
    let again = repository.merge_with_base(&base, &main, &topic).unwrap();
    let Merge::Clean { tree: again } = again else {
        panic!("{again:?}")
    };
    assert_eq!(again.digest(), tree.digest());
}

#[test]
fn a_conflict_names_its_files() {
    let made = forked(
        |made| {
            made.write("a.yaml", &lines(99, ""));
            made.write("removed.yaml", &lines(99, ""));
        },
        |made| {
            made.write("a.yaml", &lines(5, "main"));
            std::fs::remove_file(made.path().join("removed.yaml")).unwrap();
        },
        |made| {
            made.write("a.yaml", &lines(5, "topic"));
            made.write("removed.yaml", &lines(5, "topic"));
        },
    );
    let (ok, _) = made.try_git(&["merge-tree", "--write-tree", "main", "topic"]);
    assert!(!ok);
    let merged = merge_topic(&made);
    let Merge::Conflict { paths } = merged else {
        panic!("{merged:?}")
    };
    assert_eq!(
        paths.into_iter().collect::<Vec<_>>(),
        [path("a.yaml"), path("removed.yaml")]
    );
}

#[test]
fn a_merge_driver_of_the_repository_never_runs() {
    let made = forked(
        |made| {
            made.write(".gitattributes", "* merge=evil\n");
            made.write("a", &lines(99, ""));
        },
        |made| made.write("a", &lines(5, "main")),
        |made| made.write("a", &lines(5, "topic")),
    );
    let witness = made.path().join("ran");
    made.git(&[
        "config",
        "merge.evil.driver",
        &format!("touch {}", witness.display()),
    ]);
    let merged = merge_topic(&made);
    assert!(matches!(merged, Merge::Conflict { .. }));
    assert!(!witness.exists());
}

#[test]
fn criss_cross_histories_merge_as_git_merges_them() {
    let made = forked(
        |made| made.write("a", &lines(99, "")),
        |made| made.write("a", &lines(1, "main")),
        |made| made.write("a", &lines(8, "topic")),
    );
    made.git(&["branch", "main0"]);
    made.git(&["merge", "-q", "-m", "one", "topic"]);
    made.git(&["checkout", "-q", "topic"]);
    made.git(&["merge", "-q", "-m", "two", "main0"]);
    made.write("b", "topic");
    made.commit("more");
    let merged = merge_topic(&made);
    let expected = made.git(&["merge-tree", "--write-tree", "main", "topic"]);
    assert!(
        matches!(&merged, Merge::Clean { tree } if tree.revision().to_string() == expected),
        "{merged:?}"
    );
}

#[test]
fn unrelated_histories_are_an_error_and_not_a_merge() {
    let made = Made::new();
    let main = made.commit("main");
    made.git(&["checkout", "-q", "--orphan", "other"]);
    let other = made.commit("other");
    let error = Repository::open(made.path())
        .unwrap()
        .merge_into(&main, &other)
        .unwrap_err();
    assert!(matches!(error, GitError::Unrelated { .. }), "{error}");
}
