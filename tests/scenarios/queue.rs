//! Deliveries come twice, late and out of order; the end is the same.

use drydock::clients::store::PullState;
use drydock::ids::PrNumber;
use drydock::run::recover;
use serde_json::json;

use crate::bot::Bot;
use crate::github::{self, Fault, FaultKind, Files};
use crate::shop::{REPOSITORY, Scaling, deliver, deployment, open, propose, push, serve, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_delivery_changes_nothing() {
    let (fake, bot) = start().await;
    let Scaling { pull, head } = propose(&fake, "\"3\"");
    let payload = fake.pull_payload(REPOSITORY, pull, "opened");
    let guid = github::new_guid();
    fake.deliver(bot.address, "pull_request", &guid, &payload)
        .await;
    fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    bot.idle().await;
    let before = fake.look(|state| state.writes.len());
    // The same one again, another about the same state, and one of a branch that did not move.
    fake.deliver(bot.address, "pull_request", &guid, &payload)
        .await;
    deliver(&fake, bot.address, pull, "edited").await;
    let push = fake.envelope(REPOSITORY, json!({"ref": "refs/heads/main"}));
    fake.deliver(bot.address, "push", &github::new_guid(), &push)
        .await;
    bot.idle().await;
    fake.look(|state| assert_eq!(state.writes.len(), before, "{:#?}", state.writes));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_head_is_reported() {
    // Both heads are there before anybody looks: the sweep of the start must not meet the first alone.
    let fake = serve().await;
    let Scaling { pull, head: first } = propose(&fake, "\"3\"");
    let late = fake.pull_payload(REPOSITORY, pull, "opened");
    let second = push(&fake, "3");
    let bot = Bot::start(&fake).await;
    deliver(&fake, bot.address, pull, "synchronize").await;
    // The delivery about the old head comes last.
    fake.deliver(bot.address, "pull_request", &github::new_guid(), &late)
        .await;
    fake.wait_for_conclusion(REPOSITORY, &second, "success")
        .await;
    bot.idle().await;
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        assert!(
            shop.newest_check(&first).is_none(),
            "nobody asks for the old head any more"
        );
        assert_eq!(shop.comments_of(pull).len(), 1);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judgement_that_a_newer_head_overtook_is_never_published() {
    let (fake, bot) = start().await;
    // The first question of the judgement is answered only after the newer head is there.
    fake.inject(Fault {
        method: "GET",
        path: "/compare/",
        kind: FaultKind::Hold,
    });
    let Scaling { pull, head: first } = open(&fake, bot.address, "\"3\"").await;
    fake.wait("the first judgement began", |state| {
        state.faults.is_empty().then_some(())
    })
    .await;
    let second = push(&fake, "3");
    deliver(&fake, bot.address, pull, "synchronize").await;
    fake.release();
    fake.wait_for_conclusion(REPOSITORY, &second, "success")
        .await;
    bot.idle().await;
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        let replaced = shop.newest_check(&first).unwrap();
        assert_eq!(replaced.conclusion.as_deref(), Some("cancelled"));
        assert!(replaced.annotations.is_empty(), "{replaced:#?}");
        let comments = shop.comments_of(pull);
        assert_eq!((comments.len(), comments[0].edits), (1, 0));
        assert!(comments[0].body.contains("✅"), "{}", comments[0].body);
    });
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_never_makes_a_second_check_or_comment() {
    for (method, path) in [
        ("POST", "/check-runs"),
        ("PATCH", "/check-runs/"),
        ("POST", "/comments"),
    ] {
        let (fake, bot) = start().await;
        fake.inject(Fault {
            method,
            path,
            kind: FaultKind::LoseAnswer,
        });
        let Scaling { head, .. } = open(&fake, bot.address, "\"3\"").await;
        fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
        bot.idle().await;
        fake.look(|state| {
            let shop = state.repository(REPOSITORY);
            assert_eq!(
                (shop.checks.len(), shop.comments.len()),
                (1, 1),
                "{method} {path}"
            );
            assert_eq!(shop.checks[0].annotations.len(), 1, "{method} {path}");
        });
        fake.assert_contract_kept();
        bot.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_github_delays_the_result_and_never_passes_it() {
    let (fake, bot) = start().await;
    let Scaling { pull, head } = propose(&fake, "\"3\"");
    for (method, path) in [
        ("GET", "/compare/"),
        ("PATCH", "/check-runs/"),
        ("POST", "/comments"),
    ] {
        fake.inject(Fault {
            method,
            path,
            kind: FaultKind::Refuse(502),
        });
    }
    deliver(&fake, bot.address, pull, "opened").await;
    fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    bot.idle().await;
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        assert_eq!((shop.checks.len(), shop.comments.len()), (1, 1));
        assert!(state.faults.is_empty());
    });
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pressed_rerun_judges_again() {
    let (fake, bot) = start().await;
    let Scaling { head, .. } = open(&fake, bot.address, "\"3\"").await;
    fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    bot.idle().await;
    for (event, place) in [("check_run", "check_run"), ("check_suite", "check_suite")] {
        let before = fake.look(|state| state.repository(REPOSITORY).checks.len());
        let payload = fake.envelope(
            REPOSITORY,
            json!({"action": "rerequested", place: {"head_sha": head}}),
        );
        fake.deliver(bot.address, event, &github::new_guid(), &payload)
            .await;
        fake.wait("a further check run", |state| {
            let shop = state.repository(REPOSITORY);
            let newest = shop.newest_check(&head)?;
            (shop.checks.len() == before + 1 && newest.conclusion.is_some()).then_some(())
        })
        .await;
        bot.idle().await;
    }
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        assert!(shop.checks.iter().all(|check| check.annotations.len() == 1));
        assert_eq!(shop.comments.len(), 1);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_the_bot_was_down_is_found_at_start() {
    let (fake, bot) = start().await;
    let head = propose(&fake, "3").head;
    let bot = bot.restart(&fake).await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    bot.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_whose_deployment_gave_up_is_taken_up_by_the_next_sweep() {
    let (fake, bot) = start().await;
    let web = deployment("web", "3");
    let files: &Files<'_> = &[("apps/shop/web.yaml", Some(&web))];
    fake.commit(REPOSITORY, "merged", Some("main"), files);
    let pull = fake.open_pull(REPOSITORY, "merged", "main");
    fake.deliver_pull(bot.address, REPOSITORY, pull, "opened")
        .await;
    bot.idle().await;
    let revision = fake.merge_pull(REPOSITORY, pull);
    // What is left when every attempt failed: the pull request is known as merged, nothing more.
    let (pull, store) = (PrNumber(pull), &bot.ctx.store);
    let repository = store.repositories().await.unwrap()[0].id;
    let mut record = store.find_pull(repository, pull).await.unwrap().unwrap();
    record.state = PullState::Merged;
    record.merged_as = Some(revision.parse().unwrap());
    store.record_pull(&record, bot.ctx.now()).await.unwrap();
    recover::sweep(&bot.ctx, recover::Depth::Missing)
        .await
        .unwrap();
    bot.idle().await;
    let deployments = store.deployments(repository, pull).await.unwrap();
    assert_eq!(deployments.len(), 1);
    assert_eq!(deployments[0].state, "settled");
    // What is settled is left alone.
    let queued = store
        .unsettled_merges(repository, "settled", None)
        .await
        .unwrap();
    assert_eq!(queued, []);
}
