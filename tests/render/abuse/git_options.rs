//! References that would make Git, or what Git starts, run a command.

use super::case::{Case, kustomization};

const REMOTE: &str = "fetched from another host";
const NOWHERE: &str = "does not exist";

/// Name, reference, what the problem says of it. The reference stands in the second line.
const RESOURCES: &[(&str, &str, &str)] = &[
    (
        "file-upload-pack",
        "file://@OUTSIDE@?ref=--upload-pack=touch%20@MARK@",
        REMOTE,
    ),
    (
        "git-file-upload-pack",
        "git::file://@OUTSIDE@?ref=--upload-pack=touch%20@MARK@",
        REMOTE,
    ),
    (
        "upper-case-file",
        "FILE://@OUTSIDE@?ref=--upload-pack=touch%20@MARK@",
        REMOTE,
    ),
    (
        "file-with-submodules",
        "file://@OUTSIDE@?submodules=true&timeout=100000",
        REMOTE,
    ),
    ("file-with-folder", "file://@OUTSIDE@//.?ref=main", REMOTE),
    (
        "ssh-proxy-command",
        "ssh://-oProxyCommand=touch%20@MARK@/org/repo",
        REMOTE,
    ),
    (
        "ssh-upload-pack",
        "ssh://git@127.0.0.1/org/repo.git?ref=--upload-pack=touch%20@MARK@",
        REMOTE,
    ),
    (
        "scp-upload-pack",
        "git@127.0.0.1:org/repo.git?ref=--upload-pack=touch%20@MARK@",
        REMOTE,
    ),
    (
        "scp-host-option",
        "git@-oProxyCommand=touch%20@MARK@:org/repo.git",
        REMOTE,
    ),
    (
        "git-scp",
        "git::git@127.0.0.1:org/repo?ref=--upload-pack=touch%20@MARK@",
        REMOTE,
    ),
    (
        "http-upload-pack",
        "@URL@/org/repo.git?ref=--upload-pack=touch%20@MARK@",
        REMOTE,
    ),
    (
        "git-http",
        "git::@URL@/org/repo?ref=-c%20core.sshCommand=touch%20@MARK@",
        REMOTE,
    ),
    (
        "host-and-version",
        "github.com/org/repo?version=--upload-pack=touch%20@MARK@",
        REMOTE,
    ),
    (
        "azure-path",
        "https://user@127.0.0.1/org/_git/repo/../../..?ref=-x",
        REMOTE,
    ),
    ("ext-transport", "ext::sh -c touch% @MARK@", NOWHERE),
    (
        "git-ext-transport",
        "git::ext::sh -c touch% @MARK@",
        NOWHERE,
    ),
    ("leading-dash", "--upload-pack=touch%20@MARK@", NOWHERE),
    ("percent-encoded", "file%3A%2F%2F@OUTSIDE@", NOWHERE),
    (
        "leading-space",
        "\" file://@OUTSIDE@?ref=--upload-pack=touch%20@MARK@\"",
        REMOTE,
    ),
];

pub(super) fn cases() -> Vec<Case> {
    let resource = |(name, reference, says): &(&'static str, &str, &'static str)| {
        kustomization(name, &format!("resources:\n- {reference}\n"))
            .refused("app/kustomization.yaml:2", says)
    };
    let mut cases: Vec<Case> = RESOURCES.iter().map(resource).collect();
    for (name, field) in [("component", "components"), ("legacy-base", "bases")] {
        let text = format!("{field}:\n- file://@OUTSIDE@?ref=--upload-pack=touch%20@MARK@\n");
        cases.push(kustomization(name, &text).refused("app/kustomization.yaml:2", REMOTE));
    }
    let hidden =
        "namePrefix: x-\nre\u{17f}ources:\n- file://@OUTSIDE@?ref=--upload-pack=touch%20@MARK@\n";
    cases.push(
        kustomization("long-s-in-the-key", hidden).refused("app/kustomization.yaml:3", REMOTE),
    );
    let second = "resources:\n- plain.yaml\n- base\n";
    let base = "resources:\n- file://@OUTSIDE@?ref=--upload-pack=touch%20@MARK@\n";
    cases.push(
        kustomization("in-a-base", second)
            .plain()
            .file("app/base/kustomization.yaml", base)
            .refused("app/base/kustomization.yaml:2", REMOTE),
    );
    cases
}
