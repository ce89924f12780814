//! Without a connected cluster: what demands a preview is not judged, everything else is, and says so.

use super::place::{APPS, config_map};
use crate::bot::Bot;
use crate::github::{CheckRun, GitHub};
use crate::shop::REPOSITORY;

/// The check and the comment of a pull request under this configuration, without any cluster.
async fn judge(rules: &str, conclusion: &str) -> (CheckRun, String) {
    let fake = GitHub::start().await;
    let config = format!("{APPS}{rules}");
    let path = "apps/shop/settings.yaml";
    let before = config_map("shop", "settings", "blue");
    fake.create_repository(
        REPOSITORY,
        &[(".drydock.yaml", Some(&config)), (path, Some(&before))],
    );
    let bot = Bot::start(&fake).await;
    bot.idle().await;
    // The change would take the demand away: the base judges.
    let after = config_map("shop", "settings", "green");
    let files = [
        (".drydock.yaml", Some("version: 1\n")),
        (path, Some(&*after)),
    ];
    let head = fake.commit(REPOSITORY, "change", Some("main"), &files);
    let pull = fake.open_pull(REPOSITORY, "change", "main");
    fake.deliver_pull(bot.address, REPOSITORY, pull, "opened")
        .await;
    let check = fake
        .wait_for_conclusion(REPOSITORY, &head, conclusion)
        .await;
    bot.idle().await;
    fake.assert_contract_kept();
    let comment = fake.look(|state| {
        let comments = state.repository(REPOSITORY).comments_of(pull);
        comments[0].body.clone()
    });
    bot.stop().await;
    (check, comment)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_cluster_that_is_not_connected_keeps_the_change_from_passing() {
    let (check, comment) =
        judge("clusters: { production: { protected: true } }\n", "failure").await;
    let title = "Could not be judged: cluster `production` demands a preview, but no cluster is connected to Drydock (for the operator)";
    assert_eq!(check.title, title);
    assert!(
        comment.contains("connect `production` in Drydock's settings"),
        "{comment}"
    );
    assert!(comment.contains("⚠️ not judged"), "{comment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_preview_on_hold_keeps_the_change_from_passing_without_a_cluster() {
    let (check, comment) = judge("preview_unavailable: hold\n", "failure").await;
    assert!(
        check.title.starts_with("Could not be judged: "),
        "{}",
        check.title
    );
    assert!(comment.contains("demands a preview"), "{comment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_the_gate_off_does_not_open_a_protected_cluster() {
    let rules = "clusters: { production: { protected: true } }\ngates: { preview: off }\n";
    let (check, _) = judge(rules, "failure").await;
    assert!(check.title.contains("demands a preview"), "{}", check.title);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_demands_a_preview_its_absence_is_said_and_nothing_reads_as_verified() {
    let (check, comment) = judge("", "success").await;
    assert_eq!(check.title, "Passes · 1 app changes");
    for part in [
        "**Not previewed on a cluster**: no cluster is connected to Drydock.",
        "1 application not verified by preview",
    ] {
        assert!(comment.contains(part), "{part}: {comment}");
    }
    assert!(!comment.contains("| preview |"), "{comment}");
    assert!(!comment.contains("✅ server"), "{comment}");
}
