//! The real process is killed between any two writes; after the next start there is one of each.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::bot::tools_folder;
use crate::github::{self, Fault, FaultKind, WEBHOOK_SECRET};
use crate::review::{REPOSITORY, deployment};

/// `drydock serve`, killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

pub(crate) fn write_settings(folder: &Path, fake: &github::GitHub) {
    std::fs::write(folder.join("app.pem"), github::private_key_pem()).unwrap();
    std::fs::write(folder.join("secret"), WEBHOOK_SECRET).unwrap();
    let tool = |name: &str| tools_folder().join(name).display().to_string();
    let settings = format!(
        "listen: 127.0.0.1:0
store: sqlite:data/drydock.db
repositories: [demo/*]
github:
  api_url: {}
  app_id: {}
  private_key_file: app.pem
  webhook_secrets_file: secret
tools: {{ kustomize: {}, helm: {} }}
",
        fake.api(),
        fake.app_id(),
        tool("kustomize"),
        tool("helm"),
    );
    std::fs::write(folder.join("settings.yaml"), settings).unwrap();
}

impl Process {
    pub(crate) fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_drydock"))
            .args(["serve", "--settings"])
            .arg(folder.join("settings.yaml"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = Vec::new();
        let address = loop {
            let Some(line) = lines.next() else {
                panic!("it ended: {}", seen.join("\n"));
            };
            let line = line.unwrap();
            let value: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if value["message"] == "listening" {
                break value["address"].as_str().unwrap().parse().unwrap();
            }
            seen.push(line);
        };
        // The rest is read, so that the process never waits for a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// kill -9, and gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; gives the exit code.
    fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_any_two_writes_ends_in_one_check_and_one_comment() {
    // Each: the write is done, its answer never comes, and the process dies waiting for it.
    let writes = [
        ("POST", "/check-runs"),
        ("PATCH", "/check-runs/"),
        ("POST", "/comments"),
    ];
    for (method, path) in writes {
        let fake = github::GitHub::start().await;
        let web = deployment("web", "2");
        fake.create_repository(REPOSITORY, &[("apps/shop/web.yaml", Some(&web))]);
        let folder = tempfile::tempdir().unwrap();
        write_settings(folder.path(), &fake);
        let process = Process::start(folder.path());
        fake.inject(Fault {
            method,
            path,
            kind: FaultKind::NeverAnswer,
        });
        let wrong = deployment("web", "\"3\"");
        let head = fake.commit(
            REPOSITORY,
            "scale",
            Some("main"),
            &[("apps/shop/web.yaml", Some(&wrong))],
        );
        let pull = fake.open_pull(REPOSITORY, "scale", "main");
        assert_eq!(
            fake.deliver_pull(process.address, REPOSITORY, pull, "opened")
                .await,
            202
        );
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
        fake.deliver_pull(process.address, REPOSITORY, pull, "edited")
            .await;
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
    let fake = github::GitHub::start().await;
    let web = deployment("web", "2");
    fake.create_repository(REPOSITORY, &[("apps/shop/web.yaml", Some(&web))]);
    let folder = tempfile::tempdir().unwrap();
    write_settings(folder.path(), &fake);
    let process = Process::start(folder.path());
    // Nothing gets further than the first question.
    fake.inject(Fault {
        method: "GET",
        path: "/pulls/",
        kind: FaultKind::NeverAnswer,
    });
    let right = deployment("web", "3");
    let head = fake.commit(
        REPOSITORY,
        "scale",
        Some("main"),
        &[("apps/shop/web.yaml", Some(&right))],
    );
    let pull = fake.open_pull(REPOSITORY, "scale", "main");
    assert_eq!(
        fake.deliver_pull(process.address, REPOSITORY, pull, "opened")
            .await,
        202
    );
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
