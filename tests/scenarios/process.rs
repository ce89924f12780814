//! The real program as a process, with settings for the fake GitHub.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::bot::tools_folder;
use crate::github::{self, WEBHOOK_SECRET};

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
        // A write past the limit of [`Self::fill_disk`] fails, as on a full disk, instead of ending the
        // process.
        let script = "trap '' XFSZ; exec \"$0\" serve --settings \"$1\"";
        let mut child = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_drydock")])
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

    /// From now on no file can be written, as on a full disk; `false` gives the room back.
    pub(crate) fn fill_disk(&self, full: bool) {
        use rustix::process::{Pid, Resource, prlimit};
        let pid = Some(Pid::from_child(&self.child));
        let mut limit = rustix::process::getrlimit(Resource::Fsize);
        if full {
            limit.current = Some(0);
        }
        prlimit(pid, Resource::Fsize, limit).unwrap();
    }

    /// SIGTERM; gives the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
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
