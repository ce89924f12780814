//! A pull request is judged: a required check always arrives, and one comment says what to do.

use crate::github::{self, Fault, FaultKind, Files, State};
use crate::shop::{REPOSITORY, Scaling, deliver, deployment, open, push, start};

fn comments(state: &State, pull: u64) -> Vec<String> {
    let all = state.repository(REPOSITORY).comments_of(pull);
    all.into_iter()
        .map(|comment| comment.body.clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_turns_the_check_red_on_its_line_and_a_fix_turns_it_green() {
    let (fake, bot) = start().await;
    let Scaling { pull, head } = open(&fake, bot.address, "\"3\"").await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    let note = &check.annotations[0];
    assert_eq!(
        (note["path"].as_str(), note["start_line"].as_u64()),
        (Some("apps/shop/web.yaml"), Some(7))
    );
    assert_eq!(note["annotation_level"], "failure");
    bot.idle().await;
    let first = fake.look(|state| comments(state, pull));
    assert_eq!(first.len(), 1);
    assert!(first[0].contains("replicas"), "{}", first[0]);
    let statuses = fake.look(|state| {
        let writes = state.writes_to("/check-runs").into_iter();
        writes
            .map(|write| write.body["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(statuses, ["queued", "in_progress", "completed"]);

    let fixed = push(&fake, "3");
    deliver(&fake, bot.address, pull, "synchronize").await;
    fake.wait_for_conclusion(REPOSITORY, &fixed, "success")
        .await;
    bot.idle().await;
    let second = fake.look(|state| comments(state, pull));
    assert_eq!(second.len(), 1, "one comment, edited in place");
    assert_ne!(first, second);
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        assert_eq!(
            shop.newest_check(&head).unwrap().conclusion.as_deref(),
            Some("failure")
        );
        assert_eq!(
            (shop.checks.len(), state.writes.len()),
            (2, 8),
            "{:#?}",
            state.writes
        );
    });
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_touches_no_application_passes_without_a_comment() {
    let (fake, bot) = start().await;
    let head = fake.commit(
        REPOSITORY,
        "docs",
        Some("main"),
        &[("README.md", Some("more text\n"))],
    );
    let pull = fake.open_pull(REPOSITORY, "docs", "main");
    deliver(&fake, bot.address, pull, "opened").await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    assert!(check.title.contains("no application"), "{}", check.title);
    bot.idle().await;
    assert_eq!(fake.look(|state| comments(state, pull).len()), 0);
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_with_the_target_is_a_failing_check() {
    let (fake, bot) = start().await;
    let (one, other) = (deployment("web", "4"), deployment("web", "5"));
    let head = fake.commit(
        REPOSITORY,
        "four",
        Some("main"),
        &[("apps/shop/web.yaml", Some(&one))],
    );
    fake.commit(
        REPOSITORY,
        "main",
        None,
        &[("apps/shop/web.yaml", Some(&other))],
    );
    let pull = fake.open_pull(REPOSITORY, "four", "main");
    deliver(&fake, bot.address, pull, "opened").await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    let said = format!("{} {}", check.title, check.summary);
    assert!(
        said.contains("apps/shop/web.yaml") && said.contains("main"),
        "{said}"
    );
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_judged_state_is_the_merge_into_the_tip_of_the_target() {
    let (fake, bot) = start().await;
    let api = deployment("api", "1");
    let head = fake.commit(
        REPOSITORY,
        "api",
        Some("main"),
        &[("apps/api/api.yaml", Some(&api))],
    );
    // The target gets a wrong file after the branch was cut: it is not this change's finding.
    let wrong = deployment("web", "\"9\"");
    fake.commit(
        REPOSITORY,
        "main",
        None,
        &[("apps/shop/web.yaml", Some(&wrong))],
    );
    let pull = fake.open_pull(REPOSITORY, "api", "main");
    deliver(&fake, bot.address, pull, "opened").await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    bot.idle().await;
    let comment = fake.look(|state| comments(state, pull)).remove(0);
    assert!(
        comment.contains("api") && !comment.contains("web"),
        "{comment}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_not_judged_by_the_configuration_it_brings() {
    let (fake, bot) = start().await;
    let wrong = deployment("web", "\"3\"");
    let files: &Files<'_> = &[
        ("apps/shop/web.yaml", Some(&wrong)),
        (
            ".drydock.yaml",
            Some("version: 1\ngates: { schema: off }\n"),
        ),
    ];
    let head = fake.commit(REPOSITORY, "sly", Some("main"), files);
    let pull = fake.open_pull(REPOSITORY, "sly", "main");
    deliver(&fake, bot.address, pull, "opened").await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    assert_eq!(check.annotations[0]["start_line"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_not_judged_by_the_policies_it_brings() {
    let (fake, bot) = start().await;
    let strict = "package main\n\ndeny contains \"no web\" if input.metadata.name == \"web\"\n";
    let lax = strict.replace("\"web\"", "\"nothing\"");
    let path = "policy/web.rego";
    fake.commit(REPOSITORY, "main", None, &[(path, Some(strict))]);
    let web = deployment("web", "3");
    let files: &Files<'_> = &[
        ("apps/more/web.yaml", Some(&web)),
        (path, Some(lax.as_str())),
    ];
    let head = fake.commit(REPOSITORY, "sly", Some("main"), files);
    let pull = fake.open_pull(REPOSITORY, "sly", "main");
    fake.deliver_pull(bot.address, REPOSITORY, pull, "opened")
        .await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    assert!(check.summary.contains("no web"), "{}", check.summary);
    // Neither is its removal.
    let head = fake.commit(REPOSITORY, "sly", None, &[(path, None)]);
    fake.deliver_pull(bot.address, REPOSITORY, pull, "synchronize")
        .await;
    fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_of_the_target_never_passes_and_its_repair_is_noticed() {
    let (fake, bot) = start().await;
    fake.commit(
        REPOSITORY,
        "main",
        None,
        &[(".drydock.yaml", Some("version: 1\ngate: {}\n"))],
    );
    let Scaling { head, .. } = open(&fake, bot.address, "3").await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    assert!(
        check.title.contains("could not be judged") || check.title.contains("Could not be judged"),
        "{}",
        check.title
    );
    assert!(
        check.summary.contains(".drydock.yaml:2") && check.summary.contains("`gates`"),
        "{}",
        check.summary
    );
    bot.idle().await;
    fake.commit(
        REPOSITORY,
        "main",
        None,
        &[(".drydock.yaml", Some("version: 1\n"))],
    );
    let push = fake.envelope(REPOSITORY, serde_json::json!({"ref": "refs/heads/main"}));
    fake.deliver(bot.address, "push", &github::new_guid(), &push)
        .await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retarget_is_judged_against_the_new_target() {
    let (fake, bot) = start().await;
    let (two, three) = (deployment("two", "2"), deployment("web", "\"3\""));
    fake.commit(
        REPOSITORY,
        "release",
        Some("main"),
        &[("apps/shop/web.yaml", Some(&three))],
    );
    let files: &Files<'_> = &[
        ("apps/shop/web.yaml", Some(&three)),
        ("apps/shop/two.yaml", Some(&two)),
    ];
    let head = fake.commit(REPOSITORY, "change", Some("release"), files);
    let pull = fake.open_pull(REPOSITORY, "change", "release");
    deliver(&fake, bot.address, pull, "opened").await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    fake.change_pull(REPOSITORY, pull, |pull| pull.base_ref = "main".to_owned());
    deliver(&fake, bot.address, pull, "edited").await;
    fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_comment_with_our_mark_is_not_taken_for_ours() {
    let (fake, bot) = start().await;
    let wrong = deployment("web", "\"3\"");
    fake.commit(
        REPOSITORY,
        "scale",
        Some("main"),
        &[("apps/shop/web.yaml", Some(&wrong))],
    );
    let pull = fake.open_pull(REPOSITORY, "scale", "main");
    deliver(&fake, bot.address, pull, "opened").await;
    fake.wait("a comment", |state| {
        (!comments(state, pull).is_empty()).then_some(())
    })
    .await;
    bot.idle().await;
    // Someone copies it, and ours is deleted.
    let copied = fake.steal_comment(REPOSITORY, pull, "mallory");
    let right = deployment("web", "3");
    fake.commit(
        REPOSITORY,
        "scale",
        None,
        &[("apps/shop/web.yaml", Some(&right))],
    );
    deliver(&fake, bot.address, pull, "synchronize").await;
    fake.wait("our own comment again", |state| {
        (comments(state, pull).len() == 1).then_some(())
    })
    .await;
    bot.idle().await;
    fake.look(|state| {
        let all = &state.repository(REPOSITORY).comments;
        let theirs = all.iter().find(|comment| comment.by.is_some()).unwrap();
        assert_eq!((all.len(), theirs.body.as_str()), (2, copied.as_str()));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn no_internal_error_text_reaches_github() {
    let (fake, bot) = start().await;
    fake.inject(Fault {
        method: "GET",
        path: "/compare/",
        kind: FaultKind::Refuse(422),
    });
    let web = deployment("web", "3");
    let files: &Files<'_> = &[("apps/shop/web.yaml", Some(&web))];
    let head = fake.commit(REPOSITORY, "unlucky", Some("main"), files);
    let pull = fake.open_pull(REPOSITORY, "unlucky", "main");
    fake.deliver_pull(bot.address, REPOSITORY, pull, "opened")
        .await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    bot.idle().await;
    let told = fake.look(|state| comments(state, pull)).concat();
    let shown = format!("{}{}{}{told}", check.title, check.summary, check.text);
    assert!(shown.contains("GitHub did not give"), "{shown}");
    for internal in ["a fault", "422", "/compare", "127.0.0.1"] {
        assert!(!shown.contains(internal), "{internal}: {shown}");
    }
}
