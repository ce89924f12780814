//! A real control plane without nodes: etcd and kube-apiserver on random ports of 127.0.0.1, one for
//! each test binary, shared by its tests (a namespace per test). No kubelet and no controllers run:
//! nothing becomes ready, no namespace is ever fully deleted, no default service account appears
//! unless a test makes it.
//!
//! Nothing survives the run: both processes are children of a shell that holds the read end of a
//! pipe. When the test process ends in whatever way, the kernel closes the other end, and the shell
//! kills both and removes the directory.

#![allow(dead_code, reason = "each test binary uses a part of the harness")]

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// How long the API server may take on a busy machine; 3 s on a quiet one.
const START_LIMIT: Duration = Duration::from_secs(120);

/// Where the real parts are: `$DRYDOCK_PARTS/bin`, else `~/.cache/drydock/parts/bin`.
pub fn part(name: &str) -> PathBuf {
    let parts = std::env::var_os("DRYDOCK_PARTS").map_or_else(
        || {
            PathBuf::from(std::env::var_os("HOME").expect("HOME is set"))
                .join(".cache/drydock/parts")
        },
        PathBuf::from,
    );
    let path = parts.join("bin").join(name);
    assert!(
        path.exists(),
        "{name} is missing at {}: `tests/run` installs it",
        path.display()
    );
    path
}

/// The running control plane.
pub struct ApiServer {
    directory: PathBuf,
    url: String,
    authority: Authority,
    users: AtomicU32,
    // Held for its write end: its closing ends the processes.
    _pipe: ChildStdin,
    _shell: Child,
}

impl ApiServer {
    /// The control plane of this test binary, started by the first caller.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<ApiServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A control plane of its own, for a test that changes what holds for a whole cluster. It ends
    /// with the test process, too.
    pub fn own() -> &'static Self {
        Box::leak(Box::new(Self::start()))
    }

    /// What was asked with the preview identity of `deploy/` so far, one JSON text per line.
    pub fn asked_by_previews(&self) -> String {
        fs::read_to_string(self.directory.join("audit.log")).unwrap_or_default()
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A kubeconfig of a cluster administrator.
    pub fn admin(&self) -> PathBuf {
        self.directory.join("admin.kubeconfig")
    }

    /// A kubeconfig of a user (client certificate) without any rights of its own.
    pub fn user(&self, name: &str) -> PathBuf {
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(format!("user-{number}.kubeconfig"));
        let (certificate, key) = self.authority.issue(name, None, &[]);
        fs::write(
            &path,
            kubeconfig(
                &self.url,
                &self.authority.pem,
                &client_user(&certificate, &key),
            ),
        )
        .expect("write a kubeconfig");
        path
    }

    /// A kubeconfig of a service account that exists, with a token valid for an hour.
    pub fn service_account(&self, namespace: &str, name: &str) -> PathBuf {
        let token = self.kubectl(&["-n", namespace, "create", "token", name], "");
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(format!("account-{number}.kubeconfig"));
        let user = format!("{{token: {}}}", token.trim());
        fs::write(&path, kubeconfig(&self.url, &self.authority.pem, &user))
            .expect("write a kubeconfig");
        path
    }

    /// Runs kubectl as administrator and gives its output; a failure ends the test with its words.
    pub fn kubectl(&self, args: &[&str], input: &str) -> String {
        let output = self.try_kubectl(&self.admin(), args, input);
        assert!(
            output.status.success(),
            "kubectl {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("kubectl writes UTF-8")
    }

    /// Runs kubectl with any kubeconfig.
    pub fn try_kubectl(&self, kubeconfig: &Path, args: &[&str], input: &str) -> Output {
        let mut child = Command::new(part("kubectl"))
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["--cache-dir"])
            .arg(self.directory.join("kubectl-cache"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start kubectl");
        let mut stdin = child.stdin.take().expect("kubectl has an input");
        // A kubectl that reads no input closes it: that is no failure.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("kubectl ends")
    }

    /// Applies manifests as `kubectl apply --server-side` with this field manager.
    pub fn apply_as(&self, manager: &str, manifests: &str) {
        self.kubectl(
            &[
                "apply",
                "--server-side",
                "--force-conflicts",
                "--field-manager",
                manager,
                "-f",
                "-",
            ],
            manifests,
        );
    }

    /// A new namespace for one test, named after it.
    pub fn namespace(&self, test: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{test}-{number}");
        self.kubectl(&["create", "namespace", &name], "");
        name
    }

    fn start() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("drydock-apiserver-")
            .tempdir()
            .expect("a temporary directory")
            .keep();
        let [etcd, peer, api] = free_ports();
        let authority = Authority::new();
        write_credentials(&directory, &authority, api);
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "control-plane"])
            .env("DIR", &directory)
            .env("ETCD_BIN", part("etcd"))
            .env("API_BIN", part("kube-apiserver"))
            .env("ETCD", etcd.to_string())
            .env("PEER", peer.to_string())
            .env("API", api.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start a shell");
        let pipe = shell.stdin.take().expect("the shell has an input");
        let started = Self {
            url: format!("https://127.0.0.1:{api}"),
            directory,
            authority,
            users: AtomicU32::new(0),
            _pipe: pipe,
            _shell: shell,
        };
        started.wait_until_ready();
        started
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let ready = self.try_kubectl(&self.admin(), &["get", "--raw", "/readyz"], "");
            let usable = ready.status.success()
                && self
                    .try_kubectl(&self.admin(), &["get", "namespace", "default"], "")
                    .status
                    .success();
            if usable {
                return;
            }
            assert!(
                Instant::now() < deadline && !self.directory.join("ended").exists(),
                "the API server did not start: {}",
                tail(&self.directory.join("api.log"))
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Starts both processes and ends them when the input closes. Signals of a terminal reach the whole
/// group: the shell must outlive them to clean up.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
cd "$DIR" || exit 1
"$ETCD_BIN" --data-dir "$DIR/etcd" --unsafe-no-fsync --log-level error \
  --listen-client-urls "http://127.0.0.1:$ETCD" --advertise-client-urls "http://127.0.0.1:$ETCD" \
  --listen-peer-urls "http://127.0.0.1:$PEER" --initial-advertise-peer-urls "http://127.0.0.1:$PEER" \
  --initial-cluster "default=http://127.0.0.1:$PEER" >etcd.log 2>&1 &
E=$!
("$API_BIN" --etcd-servers "http://127.0.0.1:$ETCD" \
  --bind-address 127.0.0.1 --advertise-address 127.0.0.1 --secure-port "$API" --endpoint-reconciler-type none \
  --tls-cert-file server.crt --tls-private-key-file server.key --client-ca-file ca.crt \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file sa.pub \
  --service-account-signing-key-file sa.key --service-cluster-ip-range 10.0.0.0/16 \
  --audit-policy-file audit.yaml --audit-log-path audit.log --audit-log-mode blocking \
  --authorization-mode RBAC --allow-privileged=true >api.log 2>&1 & echo $! >api.pid; wait $!; : >ended) &
read -r _
kill -9 "$(cat api.pid)" "$E"
wait
rm -rf "$DIR"
"#;

/// Every request of the preview identity is written down with its body when it is answered.
const AUDIT: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Request, users: ["system:serviceaccount:drydock:drydock-preview"]}
- {level: None}
"#;

fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}

fn write_credentials(directory: &Path, authority: &Authority, api: u16) {
    let write = |name: &str, text: &str| {
        fs::write(directory.join(name), text).unwrap_or_else(|error| panic!("{name}: {error}"));
    };
    write("audit.yaml", AUDIT);
    write("ca.crt", &authority.pem);
    let (certificate, key) = authority.issue(
        "kube-apiserver",
        None,
        &["127.0.0.1", "localhost", "kubernetes.default.svc"],
    );
    write("server.crt", &certificate);
    write("server.key", &key);
    let signer = KeyPair::generate().expect("a key");
    write("sa.key", &signer.serialize_pem());
    write("sa.pub", &signer.public_key_pem());
    let (certificate, key) = authority.issue("admin", Some("system:masters"), &[]);
    let url = format!("https://127.0.0.1:{api}");
    write(
        "admin.kubeconfig",
        &kubeconfig(&url, &authority.pem, &client_user(&certificate, &key)),
    );
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "test-ca");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate and its key, as PEM.
    fn issue(&self, name: &str, group: Option<&str>, hosts: &[&str]) -> (String, String) {
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(hosts).expect("host names");
        params.distinguished_name.push(DnType::CommonName, name);
        if let Some(group) = group {
            params
                .distinguished_name
                .push(DnType::OrganizationName, group);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

fn client_user(certificate: &str, key: &str) -> String {
    format!(
        "{{client-certificate-data: {}, client-key-data: {}}}",
        STANDARD.encode(certificate),
        STANDARD.encode(key)
    )
}

fn kubeconfig(url: &str, authority: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: {url}, certificate-authority-data: {}}}}}]\nusers: [{{name: u, user: {user}}}]\ncontexts: [{{name: x, context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n",
        STANDARD.encode(authority)
    )
}

fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
