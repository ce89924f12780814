//! What a confined process can and cannot do. The process is this test binary itself, started as a
//! tool: `probe` does what the job's environment says and reports what the kernel answered.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drydock::sandbox::{Cancel, Finished, Job, Limits, Sandbox, SandboxError, Worker};

/// The part that runs inside: not a test of its own, and nothing at all when no job asks.
#[test]
fn probe() {
    let Ok(what) = std::env::var("PROBE") else {
        return;
    };
    let show = |result: std::io::Result<String>| match result {
        Ok(text) => format!("did it: {text}"),
        Err(error) => format!("refused: {:?}", error.raw_os_error()),
    };
    let answer = match what.as_str() {
        "tcp" => show(std::net::TcpListener::bind("127.0.0.1:0").map(|_| String::new())),
        "udp" => show(std::net::UdpSocket::bind("127.0.0.1:0").map(|_| String::new())),
        "unix" => show(std::os::unix::net::UnixStream::pair().map(|_| String::new())),
        "start" => show(
            std::process::Command::new("/proc/self/exe")
                .arg("--help")
                .status()
                .map(|_| String::new()),
        ),
        "thread" => show(
            std::thread::Builder::new()
                .spawn(|| "ran".to_owned())
                .map(|thread| thread.join().unwrap()),
        ),
        "read-outside" => show(std::fs::read_to_string("/etc/passwd")),
        "list-outside" => show(std::fs::read_dir("/").map(|_| String::new())),
        "read-inside" => show(std::fs::read_to_string("inside.txt")),
        "read-link" => show(std::fs::read_to_string("link.txt")),
        "write-inside" => show(std::fs::write("inside.txt", "x").map(|()| String::new())),
        "write-outside" => {
            show(std::fs::write("/tmp/drydock-probe-was-here", "x").map(|()| String::new()))
        }
        "empty-outside" => show(
            std::fs::OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(std::env::var("VICTIM").unwrap())
                .map(|_| String::new()),
        ),
        "write-private" => {
            let path = Path::new(&std::env::var("TMPDIR").unwrap()).join("x");
            show(std::fs::write(&path, "private").and_then(|()| std::fs::read_to_string(&path)))
        }
        "kill-parent" => show(
            rustix::process::kill_process(
                rustix::process::getppid().unwrap(),
                rustix::process::Signal::TERM,
            )
            .map_err(Into::into)
            .map(|()| String::new()),
        ),
        "environment" => {
            let mut names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
            names.sort();
            names.join(" ")
        }
        "files" => {
            // The open folder of this very listing is one of them.
            std::fs::read_dir("/proc/self/fd").map_or_else(
                |error| format!("refused: {error}"),
                |files| files.count().to_string(),
            )
        }
        "flood" => loop {
            let _ = std::io::stdout().write_all(&[b'x'; 1 << 12]);
        },
        "noise" => {
            for _ in 0..1000 {
                let _ = std::io::stderr().write_all(&[b'y'; 1 << 10]);
            }
            "made noise".to_owned()
        }
        "hang" => loop {
            std::thread::park();
        },
        "memory" => {
            let mut all: Vec<Vec<u8>> = Vec::new();
            loop {
                all.push(vec![1_u8; 16 << 20]);
            }
        }
        other => panic!("no probe {other}"),
    };
    println!("<<{answer}>>");
}

struct Bench {
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Bench {
    /// The two ways to start a tool: through the small program beside `drydock`, and through
    /// `drydock` itself. Whatever holds for one holds for the other.
    fn both() -> [Self; 2] {
        let (launcher, whole) = (Self::new(), Self::new());
        assert!(launcher.sandbox.has_launcher());
        let sandbox = whole.sandbox.clone().without_launcher();
        [launcher, Self { sandbox, ..whole }]
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("inside.txt"), "inside").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.txt")).unwrap();
        let sandbox =
            Sandbox::default().with_executable(PathBuf::from(env!("CARGO_BIN_EXE_drydock")));
        Self { sandbox, folder }
    }

    fn job(&self, what: &str) -> Job {
        Job {
            tool: std::env::current_exe().unwrap().canonicalize().unwrap(),
            arguments: [
                "--exact",
                "sandbox::probe",
                "--nocapture",
                "--test-threads=1",
            ]
            .map(OsString::from)
            .to_vec(),
            environment: vec![("PROBE", what.into())],
            private: &[],
            checkout: Some(self.folder.path().canonicalize().unwrap()),
            libraries: true,
            limits: Limits::default(),
        }
    }

    fn run(&self, job: &Job) -> Result<Finished, SandboxError> {
        self.sandbox.run(job, &Cancel::default())
    }

    fn ask(&self, what: &str) -> String {
        answer_of(&self.run(&self.job(what)).unwrap())
    }
}

fn answer_of(finished: &Finished) -> String {
    let text = String::from_utf8_lossy(&finished.stdout).into_owned();
    let answer = text
        .split_once("<<")
        .and_then(|(_, rest)| rest.split_once(">>"));
    answer
        .unwrap_or_else(|| panic!("no answer: {text} {}", finished.stderr))
        .0
        .to_owned()
}

const NOT_PERMITTED: &str = "refused: Some(1)";
const ACCESS_DENIED: &str = "refused: Some(13)";

#[test]
fn a_confined_process_opens_no_socket() {
    for bench in Bench::both() {
        for what in ["tcp", "udp", "unix"] {
            assert_eq!(bench.ask(what), NOT_PERMITTED, "{what}");
        }
    }
}

#[test]
fn a_confined_process_starts_threads_and_no_process() {
    for bench in Bench::both() {
        assert_eq!(bench.ask("start"), NOT_PERMITTED);
        assert_eq!(bench.ask("thread"), "did it: ran");
    }
}

#[test]
fn a_confined_process_reads_its_folder_and_nothing_else() {
    for bench in Bench::both() {
        assert_eq!(bench.ask("read-inside"), "did it: inside");
        for what in ["read-outside", "list-outside", "read-link"] {
            assert_eq!(bench.ask(what), ACCESS_DENIED, "{what}");
        }
    }
}

#[test]
fn a_confined_process_writes_its_private_folder_and_nothing_else() {
    for bench in Bench::both() {
        assert_eq!(bench.ask("write-private"), "did it: private");
        assert_eq!(bench.ask("write-inside"), ACCESS_DENIED);
        assert_eq!(bench.ask("write-outside"), ACCESS_DENIED);
        let victim = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(victim.path(), "still here").unwrap();
        let mut job = bench.job("empty-outside");
        job.environment
            .push(("VICTIM", victim.path().as_os_str().to_owned()));
        assert_eq!(answer_of(&bench.run(&job).unwrap()), ACCESS_DENIED);
        assert_eq!(
            std::fs::read_to_string(victim.path()).unwrap(),
            "still here"
        );
    }
}

#[test]
fn a_confined_process_sends_no_signal_to_others() {
    for bench in Bench::both() {
        assert_eq!(bench.ask("kill-parent"), NOT_PERMITTED);
    }
}

#[test]
fn nothing_of_the_parents_environment_is_passed_on() {
    for bench in Bench::both() {
        assert_eq!(
            bench.ask("environment"),
            "GOGC GOMEMLIMIT HOME KUBECONFIG LC_ALL NO_PROXY PATH PROBE TMPDIR TZ"
        );
    }
}

#[test]
fn no_open_file_is_passed_on() {
    for bench in Bench::both() {
        // A descriptor that survives `exec`, as a careless parent would leave one. Unconfined, because
        // confined the listing itself is refused.
        let leaked = std::fs::File::open("/etc/passwd").unwrap();
        rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
        let sandbox = bench.sandbox.clone().unconfined();
        let finished = sandbox
            .run(&bench.job("files"), &Cancel::default())
            .unwrap();
        drop(leaked);
        assert_eq!(answer_of(&finished), "4");
    }
}

#[test]
fn output_over_the_limit_stops_the_process() {
    for bench in Bench::both() {
        let mut job = bench.job("flood");
        job.limits.output = 1 << 20;
        let error = bench.run(&job).unwrap_err();
        assert!(
            matches!(error, SandboxError::OutputLimit { mebibytes: 1, .. }),
            "{error}"
        );
    }
}

#[test]
fn noise_on_standard_error_is_cut_and_does_no_harm() {
    for bench in Bench::both() {
        let mut job = bench.job("noise");
        job.limits.errors = 100;
        let finished = bench.run(&job).unwrap();
        assert_eq!(answer_of(&finished), "made noise");
        assert_eq!(finished.stderr.len(), 100);
    }
}

#[test]
fn a_process_that_hangs_is_stopped_at_its_time_limit() {
    for bench in Bench::both() {
        let mut job = bench.job("hang");
        job.limits.time = Duration::from_secs(1);
        let started = Instant::now();
        let error = bench.run(&job).unwrap_err();
        assert!(
            matches!(error, SandboxError::TimeLimit { seconds: 1, .. }),
            "{error}"
        );
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_process_that_eats_memory_ends_at_its_limit() {
    for bench in Bench::both() {
        let mut job = bench.job("memory");
        job.limits.memory = 1 << 30;
        let error = bench.run(&job).unwrap_err();
        assert!(
            matches!(
                error,
                SandboxError::MemoryLimit {
                    mebibytes: 1024,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn a_cancelled_job_stops() {
    for bench in Bench::both() {
        let cancel = Cancel::default();
        let job = bench.job("hang");
        let sandbox = bench.sandbox.clone();
        let switch = cancel.clone();
        let waiting = std::thread::spawn(move || sandbox.run(&job, &switch));
        cancel.cancel();
        let error = waiting.join().unwrap().unwrap_err();
        assert!(matches!(error, SandboxError::Cancelled { .. }), "{error}");
    }
}

#[test]
fn a_missing_tool_says_so_without_a_path_of_the_machine() {
    for bench in Bench::both() {
        let mut job = bench.job("thread");
        job.tool = bench.folder.path().join("no-such-tool");
        let message = bench.run(&job).unwrap_err().to_string();
        assert!(message.contains("no-such-tool"), "{message}");
        assert!(
            !message.contains(bench.folder.path().to_str().unwrap()),
            "{message}"
        );
    }
}

#[test]
fn the_kernel_here_confines_completely() {
    for bench in Bench::both() {
        bench.sandbox.probe().unwrap();
    }
}

#[test]
fn a_worker_that_ends_is_an_error_and_stays_one() {
    // An executable that is not Drydock: it ends at once.
    let sandbox = Sandbox::default().with_executable(PathBuf::from("/bin/true"));
    let mut worker = Worker::start(&sandbox, &Limits::default()).unwrap();
    worker.send(b"question").unwrap();
    let error = worker.receive().unwrap_err();
    assert!(matches!(error, SandboxError::WorkerDied { .. }), "{error}");
    assert_eq!(worker.receive().unwrap_err(), error);
}

#[test]
fn the_small_program_starts_tools_only() {
    let launcher = env!("CARGO_BIN_EXE_drydock-confine");
    let start = |arguments: &[String]| {
        let output = std::process::Command::new(launcher)
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), output.stdout.len(), said)
    };
    let (code, _, said) = start(&[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("started by `drydock`"), "{said}");

    let orders = |rest: &str| {
        let version = format!("version={}", env!("CARGO_PKG_VERSION"));
        let parent = format!("parent={}", std::process::id());
        ["__confined", &version, &parent, rest].map(str::to_owned)
    };
    let (code, written, said) = start(&orders("worker=1"));
    assert_eq!((code, written), (Some(122), 0), "{said}");
    assert!(said.contains("cannot become the worker"), "{said}");

    let mut another = orders("unconfined=0");
    another[1] = "version=0.0.0".to_owned();
    let (code, _, said) = start(&another);
    assert_eq!(code, Some(122), "{said}");
    assert!(said.contains("from one build"), "{said}");
}
