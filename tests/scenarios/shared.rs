//! A check belongs to a commit, a result to a pull request: the worst one is shown.

use crate::github;
use crate::shop::{REPOSITORY, deliver, deployment, start};

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
    deliver(&fake, bot.address, good, "opened").await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    bot.idle().await;
    let bad = fake.open_pull(REPOSITORY, "change", "main");
    deliver(&fake, bot.address, bad, "opened").await;
    let check = fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    assert!(
        check.summary.contains(&format!("#{good} passes")),
        "{}",
        check.summary
    );
    bot.idle().await;
    // The good one is judged again: the commit's check stays red.
    deliver(&fake, bot.address, good, "edited").await;
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
    deliver(&fake, bot.address, bad, "closed").await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_being_made_again_does_not_pass_for_another_pull_request() {
    let (fake, bot) = start().await;
    let base = deployment("web", "2");
    let files: &github::Files<'_> = &[("apps/shop/web.yaml", Some(&base))];
    fake.commit(REPOSITORY, "release", Some("main"), files);
    let more = deployment("more", "1");
    let files: &github::Files<'_> = &[("apps/more/more.yaml", Some(&more))];
    let head = fake.commit(REPOSITORY, "change", Some("release"), files);
    for base in ["release", "main"] {
        let pull = fake.open_pull(REPOSITORY, "change", base);
        fake.deliver_pull(bot.address, REPOSITORY, pull, "opened")
            .await;
        bot.idle().await;
    }
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    let before = fake.look(|state| state.repository(REPOSITORY).checks.len());
    // Meanwhile `main` forbids what the change brings; nobody tells.
    let policy = "package main\n\ndeny contains \"no more\" if input.metadata.name == \"more\"\n";
    let files: &github::Files<'_> = &[("policy/more.rego", Some(policy))];
    fake.commit(REPOSITORY, "main", None, files);
    let payload = fake.envelope(
        REPOSITORY,
        serde_json::json!({"action": "rerequested", "check_run": {"head_sha": head}}),
    );
    let guid = github::new_guid();
    fake.deliver(bot.address, "check_run", &guid, &payload)
        .await;
    bot.idle().await;
    fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    // A completed check run is never changed: each result stays visible.
    fake.look(|state| {
        let made = state.repository(REPOSITORY).checks.iter().skip(before);
        let conclusions: Vec<_> = made.map(|check| check.conclusion.as_deref()).collect();
        assert!(!conclusions.contains(&Some("success")), "{conclusions:?}");
    });
    fake.assert_contract_kept();
}
