//! The command itself, observed: what it refuses by file and line, and what it does where the kernel
//! does not confine.

use std::path::Path;
use std::process::Command;

use super::case::{Case, PLAIN, kustomization};
use super::trace;
use crate::workbench::parts;

/// Writes the case into a repository of its own and runs `drydock render` there, under `strace` with
/// these options. Gives exit code, output, errors.
fn render(case: &Case, strace: &[&str], arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    case.write(folder.path(), |text| {
        text.replace("@URL@", "http://127.0.0.1:9")
    });
    let git = Command::new("git")
        .args(["init", "-q", "."])
        .current_dir(folder.path())
        .status();
    assert!(git.unwrap().success());
    let output = Command::new("strace")
        .args(["-f", "-qq", "-E"])
        .arg(format!("PATH={}", parts().join("bin").display()))
        .args(strace)
        .arg(Path::new(env!("CARGO_BIN_EXE_drydock")))
        // Kept output would need no tool.
        .args(["render", "--no-cache", "--path", "app"])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("`strace` is installed: tests/parts/install");
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn plain() -> Case {
    kustomization("plain", "resources: [plain.yaml]\n").file("app/plain.yaml", PLAIN)
}

/// `strace` answers this call for the kernel.
fn render_where(call: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let name = call.split(':').next().unwrap();
    let (shown, inject) = (format!("trace={name}"), format!("inject={call}"));
    let options = ["-o", "/dev/null", "-e", &shown, "-e", &inject];
    render(&plain(), &options, arguments)
}

#[test]
fn a_kernel_that_does_not_confine_is_refused_with_what_to_do() {
    for call in [
        "landlock_create_ruleset:error=ENOSYS",
        "landlock_create_ruleset:error=EOPNOTSUPP",
        "landlock_restrict_self:error=EPERM",
        "seccomp:error=EINVAL",
    ] {
        let (code, printed, said) = render_where(call, &[]);
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{call}: {said}");
        for words in [
            "cannot confine",
            "Linux 6.2",
            "lsm=",
            "container profile",
            "--unconfined",
        ] {
            assert!(said.contains(words), "{call}: no `{words}` in {said}");
        }
    }
}

#[test]
fn only_the_operators_word_leaves_the_confinement_out() {
    let call = "landlock_create_ruleset:error=ENOSYS";
    let (code, printed, said) = render_where(call, &["--unconfined"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(printed.contains("name: plain"), "{printed}");
}

#[test]
fn the_command_names_file_and_line_and_starts_nothing() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let calls = trace::calls();
    let options = [
        "--seccomp-bpf",
        "-s",
        "256",
        "-o",
        log.path().to_str().unwrap(),
        "-e",
        &calls,
    ];
    let refused = kustomization(
        "x",
        "namePrefix: x-\nresources:\n- git::@URL@/org/repo?ref=--upload-pack=touch\n",
    );
    let (code, printed, said) = render(&refused, &options, &[]);
    assert_eq!((code, printed.as_str()), (Some(1), ""), "{said}");
    assert!(
        said.starts_with("error: app/kustomization.yaml:3: "),
        "{said}"
    );
    let events = trace::read(&std::fs::read_to_string(log.path()).unwrap());
    assert_eq!(
        events[""].programs,
        ["drydock".to_owned()].into(),
        "{events:?}"
    );
    assert!(events[""].violations.is_empty(), "{events:?}");

    let (code, printed, said) = render(&plain(), &options, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(printed.contains("name: plain"), "{printed}");
    let events = trace::read(&std::fs::read_to_string(log.path()).unwrap());
    let programs = ["drydock", "drydock-confine", "kustomize"].map(str::to_owned);
    assert_eq!(events[""].programs, programs.into(), "{events:?}");
    assert!(events[""].violations.is_empty(), "{events:?}");
}
