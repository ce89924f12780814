//! No controllers run behind the API server of the tests: this plays the one of Deployments.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::apiserver::{ApiServer, part};

/// Reports every Deployment of a namespace as rolled out, as soon as it changes.
pub(crate) struct StatusWriter {
    watch: Child,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl StatusWriter {
    pub(super) fn start(server: &'static ApiServer, namespace: &str) -> Self {
        let line = "jsonpath={.metadata.name} {.metadata.generation} {.spec.replicas}{\"\\n\"}";
        let mut watch = Command::new(part("kubectl"))
            .arg("--kubeconfig")
            .arg(server.admin())
            .args(["-n", namespace, "get", "deployments", "--watch", "-o", line])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
        let namespace = namespace.to_owned();
        let thread = std::thread::spawn(move || {
            let mut written = None;
            for line in lines.map_while(Result::ok) {
                let parts: Vec<&str> = line.split(' ').collect();
                let [name, generation, replicas] = parts[..] else {
                    continue;
                };
                if written.as_deref() == Some(generation) {
                    continue;
                }
                let status = format!(
                    "{{\"status\":{{\"observedGeneration\":{generation},\"replicas\":{replicas},\"updatedReplicas\":{replicas},\"readyReplicas\":{replicas},\"availableReplicas\":{replicas}}}}}"
                );
                server.kubectl(
                    &[
                        "-n",
                        &namespace,
                        "patch",
                        "deployment",
                        name,
                        "--subresource=status",
                        "--type=merge",
                        "-p",
                        &status,
                    ],
                    "",
                );
                written = Some(generation.to_owned());
            }
        });
        Self {
            watch,
            thread: Some(thread),
        }
    }
}

impl Drop for StatusWriter {
    fn drop(&mut self) {
        let _ = self.watch.kill();
        let _ = self.watch.wait();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
