//! No controllers run behind the API server of the tests: this plays those of Deployments and of
//! Services with a load balancer.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::apiserver::{ApiServer, part};

/// Reports what a namespace holds as healthy, as soon as it changes.
pub(crate) struct StatusWriter {
    _controllers: [Controller; 2],
}

impl StatusWriter {
    pub(super) fn start(server: &'static ApiServer, namespace: &str) -> Self {
        let deployments = Controller::start(
            server,
            namespace,
            "deployment",
            "{.metadata.generation} {.spec.replicas}",
            |fields| {
                let [generation, replicas] = fields else {
                    return None;
                };
                let replicas = if replicas.is_empty() { "1" } else { replicas };
                Some(format!(
                    "{{\"observedGeneration\":{generation},\"replicas\":{replicas},\"updatedReplicas\":{replicas},\"readyReplicas\":{replicas},\"availableReplicas\":{replicas}}}"
                ))
            },
        );
        let services = Controller::start(server, namespace, "service", "{.spec.type}", |fields| {
            let balanced = fields == ["LoadBalancer"];
            let address = "{\"loadBalancer\":{\"ingress\":[{\"ip\":\"192.0.2.1\"}]}}";
            balanced.then(|| address.to_owned())
        });
        Self {
            _controllers: [deployments, services],
        }
    }
}

/// Writes the status of one kind whenever the fields it watches change.
struct Controller {
    watch: Child,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Controller {
    fn start(
        server: &'static ApiServer,
        namespace: &str,
        kind: &'static str,
        fields: &str,
        status: fn(&[&str]) -> Option<String>,
    ) -> Self {
        let line = format!("jsonpath={{.metadata.name}} {fields}{{\"\\n\"}}");
        let mut watch = Command::new(part("kubectl"))
            .arg("--kubeconfig")
            .arg(server.admin())
            .args(["-n", namespace, "get", kind, "--watch", "-o", &line])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
        let namespace = namespace.to_owned();
        let thread = std::thread::spawn(move || {
            let mut written: BTreeMap<String, String> = BTreeMap::new();
            for line in lines.map_while(Result::ok) {
                let Some((name, fields)) = line.split_once(' ') else {
                    continue;
                };
                if written.get(name).is_some_and(|known| known == fields) {
                    continue;
                }
                let fields_of: Vec<&str> = fields.split(' ').collect();
                if let Some(status) = status(&fields_of) {
                    let patch = format!("{{\"status\":{status}}}");
                    let what = ["--subresource=status", "--type=merge", "-p", &patch];
                    let mut args = vec!["-n", &namespace, "patch", kind, name];
                    args.extend(what);
                    server.kubectl(&args, "");
                }
                written.insert(name.to_owned(), fields.to_owned());
            }
        });
        Self {
            watch,
            thread: Some(thread),
        }
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.watch.kill();
        let _ = self.watch.wait();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
