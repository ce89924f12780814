//! Strangers, crowds and large results.

use std::fmt::Write as _;

use crate::github::{self, Files};
use crate::shop::{REPOSITORY, deployment, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_from_a_fork_is_judged_by_its_exact_commit() {
    let (fake, bot) = start().await;
    let wrong = deployment("web", "\"3\"");
    let files: &Files<'_> = &[("apps/shop/web.yaml", Some(&wrong))];
    let head = fake.commit(REPOSITORY, "theirs", Some("main"), files);
    let pull = fake.open_pull(REPOSITORY, "theirs", "main");
    fake.change_pull(REPOSITORY, pull, |pull| pull.from_fork = true);
    fake.deliver_pull(bot.address, REPOSITORY, pull, "opened")
        .await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    assert_eq!(check.annotations[0]["start_line"], 7);
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_findings_than_one_request_takes_are_all_annotated() {
    let (fake, bot) = start().await;
    let mut many = String::new();
    for number in 0..130 {
        let name = format!("web-{number}");
        write!(many, "---\n{}", deployment(&name, "\"3\"")).unwrap();
    }
    let files: &Files<'_> = &[("apps/many/many.yaml", Some(&many))];
    let head = fake.commit(REPOSITORY, "many", Some("main"), files);
    let pull = fake.open_pull(REPOSITORY, "many", "main");
    fake.deliver_pull(bot.address, REPOSITORY, pull, "opened")
        .await;
    fake.wait("every finding on its line", |state| {
        let check = state.repository(REPOSITORY).newest_check(&head)?;
        (check.annotations.len() == 130).then_some(())
    })
    .await;
    bot.idle().await;
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        assert_eq!(shop.checks.len(), 1);
        let comment = &shop.comments[0].body;
        assert!(comment.len() <= 30_200, "{}", comment.len());
        assert!(comment.contains("130 findings block"), "{comment:.300}");
    });
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_not_served_is_left_alone() {
    let (fake, bot) = start().await;
    let web = deployment("web", "2");
    fake.create_repository("other/shop", &[("apps/web.yaml", Some(&web))]);
    let wrong = deployment("web", "\"3\"");
    fake.commit(
        "other/shop",
        "x",
        Some("main"),
        &[("apps/web.yaml", Some(&wrong))],
    );
    let pull = fake.open_pull("other/shop", "x", "main");
    let status = fake
        .deliver_pull(bot.address, "other/shop", pull, "opened")
        .await;
    assert_eq!(status, 202);
    bot.idle().await;
    assert!(fake.look(|state| state.writes.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pull_requests_at_once_each_get_their_check() {
    let (fake, bot) = start().await;
    let mut heads = Vec::new();
    for number in 0..12 {
        let branch = format!("b{number}");
        let web = deployment("web", &(number + 3).to_string());
        let files: &Files<'_> = &[("apps/shop/web.yaml", Some(&web))];
        heads.push(fake.commit(REPOSITORY, &branch, Some("main"), files));
        let pull = fake.open_pull(REPOSITORY, &branch, "main");
        let payload = fake.pull_payload(REPOSITORY, pull, "opened");
        let again = fake.pull_payload(REPOSITORY, pull, "synchronize");
        for payload in [payload, again] {
            let guid = github::new_guid();
            fake.deliver(bot.address, "pull_request", &guid, &payload)
                .await;
        }
    }
    for head in &heads {
        fake.wait_for_conclusion(REPOSITORY, head, "success").await;
    }
    bot.idle().await;
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        assert_eq!((shop.checks.len(), shop.comments.len()), (12, 12));
    });
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_closed_during_its_judgement_leaves_no_pending_check() {
    let (fake, bot) = start().await;
    let web = deployment("web", "3");
    let files: &Files<'_> = &[("apps/shop/web.yaml", Some(&web))];
    let head = fake.commit(REPOSITORY, "gone", Some("main"), files);
    let pull = fake.open_pull(REPOSITORY, "gone", "main");
    fake.deliver_pull(bot.address, REPOSITORY, pull, "opened")
        .await;
    fake.wait("the check", |state| {
        state.repository(REPOSITORY).newest_check(&head).map(drop)
    })
    .await;
    fake.change_pull(REPOSITORY, pull, |pull| pull.state = "closed");
    fake.deliver_pull(bot.address, REPOSITORY, pull, "closed")
        .await;
    bot.idle().await;
    fake.look(|state| {
        let check = state.repository(REPOSITORY).newest_check(&head).unwrap();
        assert_eq!(check.status, "completed");
    });
}
