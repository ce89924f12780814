//! A database that cannot be written: nothing is acknowledged, nothing is lost, and it is said.

use std::process::Command;

use crate::github::{self, GitHub};
use crate::process::{Process, write_settings};
use crate::shop::{REPOSITORY, Scaling, propose, serve};

/// A running program that knows the repository, and a pull request of which it was told while the disk
/// was full.
struct Full {
    fake: GitHub,
    folder: tempfile::TempDir,
    process: Process,
    scaling: Scaling,
    guid: String,
}

async fn deliver(full: &Full) -> u16 {
    let payload = full
        .fake
        .pull_payload(REPOSITORY, full.scaling.pull, "opened");
    let bot = full.process.address;
    full.fake
        .deliver(bot, "pull_request", &full.guid, &payload)
        .await
}

async fn refuse() -> Full {
    let fake = serve().await;
    let folder = tempfile::tempdir().unwrap();
    write_settings(folder.path(), &fake);
    let process = Process::start(folder.path());
    process.fill_disk(true);
    let scaling = propose(&fake, "3");
    let full = Full {
        fake,
        folder,
        process,
        scaling,
        guid: github::new_guid(),
    };
    assert_eq!(deliver(&full).await, 503);
    let (status, text) = github::get(full.process.address, "/readyz").await;
    assert_eq!(status, 503);
    for said in ["the database cannot be written", "for the operator", "full"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    full.fake.look(|state| assert!(state.writes.is_empty()));
    full
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_disk_refused_is_judged_after_githubs_redelivery() {
    let full = refuse().await;
    full.process.fill_disk(false);
    assert_eq!(deliver(&full).await, 202);
    full.fake
        .wait_for_conclusion(REPOSITORY, &full.scaling.head, "success")
        .await;
    let (status, text) = github::get(full.process.address, "/readyz").await;
    assert_eq!((status, text.as_str()), (200, "ready\n"));
    full.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_disk_refused_is_found_by_the_next_start() {
    let full = refuse().await;
    full.process.kill();
    let _process = Process::start(full.folder.path());
    full.fake
        .wait_for_conclusion(REPOSITORY, &full.scaling.head, "success")
        .await;
    full.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_database_that_can_be_written_is_refused() {
    let fake = serve().await;
    let folder = tempfile::tempdir().unwrap();
    write_settings(folder.path(), &fake);
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" serve --settings \"$1\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_drydock")])
        .arg(folder.path().join("settings.yaml"));
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = run.await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("data/drydock.db"), "{text}");
    assert!(text.contains("free some room"), "{text}");
}
