//! The real process is killed between any two writes; after the next start there is one of each.

use std::process::Command;

use crate::github::{self, Fault, FaultKind};
use crate::process::{Process, write_settings};
use crate::shop::{REPOSITORY, Scaling, deliver, open, serve};

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_any_two_writes_ends_in_one_check_and_one_comment() {
    // Each: the write is done, its answer never comes, and the process dies waiting for it.
    let writes = [
        ("POST", "/check-runs"),
        ("PATCH", "/check-runs/"),
        ("POST", "/comments"),
    ];
    for (method, path) in writes {
        let fake = serve().await;
        let folder = tempfile::tempdir().unwrap();
        write_settings(folder.path(), &fake);
        let process = Process::start(folder.path());
        fake.inject(Fault {
            method,
            path,
            kind: FaultKind::NeverAnswer,
        });
        let Scaling { pull, head } = open(&fake, process.address, "\"3\"").await;
        fake.wait("the write is done", |state| {
            state.faults.is_empty().then_some(())
        })
        .await;
        process.kill();
        let process = Process::start(folder.path());
        fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
        fake.wait("the comment", |state| {
            let shop = state.repository(REPOSITORY);
            (!shop.comments_of(pull).is_empty()).then_some(())
        })
        .await;
        // A further look at the same state adds nothing.
        deliver(&fake, process.address, pull, "edited").await;
        assert_eq!(process.terminate(), Some(0), "a graceful end");
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
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_right_after_the_acknowledgement_still_yields_a_check() {
    let fake = serve().await;
    let folder = tempfile::tempdir().unwrap();
    write_settings(folder.path(), &fake);
    let process = Process::start(folder.path());
    // Nothing gets further than the first question.
    fake.inject(Fault {
        method: "GET",
        path: "/pulls/",
        kind: FaultKind::NeverAnswer,
    });
    let Scaling { head, .. } = open(&fake, process.address, "3").await;
    process.kill();
    fake.clear_faults();
    let process = Process::start(folder.path());
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn without_a_webhook_secret_it_refuses_to_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.pem"), github::private_key_pem()).unwrap();
    std::fs::write(folder.path().join("blank"), "  \n").unwrap();
    for (file, said) in [
        ("blank", "must hold one or two secrets"),
        ("gone", "cannot be read"),
    ] {
        let text = format!(
            "repositories: [demo/*]\ngithub: {{ app_id: 1, private_key_file: app.pem, webhook_secrets_file: {file} }}\n"
        );
        std::fs::write(folder.path().join("s.yaml"), text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_drydock"))
            .args(["serve", "--settings"])
            .arg(folder.path().join("s.yaml"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(said), "{text}");
    }
}
