//! A check belongs to a commit, a result to a pull request: the worst one is shown.

use crate::github;
use crate::review::{REPOSITORY, deployment, start};

#[tokio::test(flavor = "multi_thread")]
async fn two_pull_requests_of_one_commit_show_the_worst_result() {
    let (fake, bot) = start().await;
    let wrong = deployment("web", "\"3\"");
    fake.commit(
        REPOSITORY,
        "release",
        Some("main"),
        &[("apps/shop/web.yaml", Some(&wrong))],
    );
    // Into `release` the finding is an old one, into `main` it is new.
    let more = deployment("more", "1");
    let head = fake.commit(
        REPOSITORY,
        "change",
        Some("release"),
        &[("apps/more/more.yaml", Some(&more))],
    );
    let good = fake.open_pull(REPOSITORY, "change", "release");
    fake.deliver_pull(bot.address, REPOSITORY, good, "opened")
        .await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    bot.idle().await;
    let bad = fake.open_pull(REPOSITORY, "change", "main");
    fake.deliver_pull(bot.address, REPOSITORY, bad, "opened")
        .await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    assert!(
        check.summary.contains(&format!("#{good} passes")),
        "{}",
        check.summary
    );
    bot.idle().await;
    // The good one is judged again: the commit's check stays red.
    fake.deliver_pull(bot.address, REPOSITORY, good, "edited")
        .await;
    bot.idle().await;
    let newest = |state: &github::State| {
        state
            .repository(REPOSITORY)
            .newest_check(&head)
            .unwrap()
            .conclusion
            .clone()
    };
    assert_eq!(fake.look(newest).as_deref(), Some("failure"));
    // Without the bad one it is green.
    fake.change_pull(REPOSITORY, bad, |pull| pull.state = "closed");
    fake.deliver_pull(bot.address, REPOSITORY, bad, "closed")
        .await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    fake.assert_contract_kept();
}
