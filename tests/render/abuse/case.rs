//! One hostile tree, and what has to come of it.

use std::path::Path;

/// How a case ends well.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// Not rendered: a problem at this place (`path` or `path:line`, empty for none) that says this.
    Refused(&'static str, &'static str),
    /// The tool itself makes the attack harmless: rendered, and the rendering holds this.
    Harmless(&'static str),
    /// Much, but no more: stopped at the limits or, on a fast machine, rendered with this in it.
    Bounded(&'static str),
}

/// What stands in a tree.
pub(super) enum Entry {
    File(Vec<u8>),
    Link(String),
    Submodule,
}

/// A tree, its root, and its end. In texts, `@OUTSIDE@` is a folder beside the checkout that holds
/// secrets, `@URL@` a server that must see no connection, `@MARK@` a file that must never appear.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) root: &'static str,
    pub(super) entries: Vec<(String, Entry)>,
    pub(super) expected: Expected,
    /// What a tool may do with it where planning refuses nothing; as a rule it refuses, too.
    pub(super) alone: Option<Expected>,
}

/// A case whose root is `app`.
pub(super) fn case(name: &'static str) -> Case {
    Case {
        name,
        root: "app",
        entries: Vec::new(),
        expected: Expected::Refused("", "nothing was said of what is expected"),
        alone: None,
    }
}

/// A kustomization in `app` with this text.
pub(super) fn kustomization(name: &'static str, text: &str) -> Case {
    case(name).file("app/kustomization.yaml", text)
}

/// A chart in `chart` with this template, which is `templates/a.yaml`.
pub(super) fn chart(name: &'static str, template: &str) -> Case {
    let mut case = case(name)
        .file("chart/Chart.yaml", CHART)
        .file("chart/templates/a.yaml", template);
    case.root = "chart";
    case
}

pub(super) const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";

/// A manifest without harm.
pub(super) const PLAIN: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\ndata:\n  a: b\n";

/// A ConfigMap whose only value is a template's action.
pub(super) fn value(action: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  value: {{{{ {action} }}}}\n"
    )
}

impl Case {
    pub(super) fn file(mut self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let entry = Entry::File(text.as_ref().to_vec());
        self.entries.push((path.to_owned(), entry));
        self
    }

    pub(super) fn link(mut self, path: &str, target: &str) -> Self {
        let entry = Entry::Link(target.to_owned());
        self.entries.push((path.to_owned(), entry));
        self
    }

    pub(super) fn submodule(mut self, path: &str) -> Self {
        self.entries.push((path.to_owned(), Entry::Submodule));
        self
    }

    pub(super) fn plain(self) -> Self {
        self.file("app/plain.yaml", PLAIN)
    }

    pub(super) fn refused(mut self, place: &'static str, says: &'static str) -> Self {
        self.expected = Expected::Refused(place, says);
        self
    }

    pub(super) fn harmless(mut self, shows: &'static str) -> Self {
        self.expected = Expected::Harmless(shows);
        self
    }

    pub(super) fn bounded(mut self, shows: &'static str) -> Self {
        self.expected = Expected::Bounded(shows);
        self
    }

    /// Where the tool alone renders it without harm.
    pub(super) fn alone_harmless(mut self, shows: &'static str) -> Self {
        self.alone = Some(Expected::Harmless(shows));
        self
    }

    /// False for plain manifests, which no tool reads, and where the attack lies in how the tool is
    /// called.
    pub(super) fn has_tool(&self) -> bool {
        if self.entries.iter().any(|(path, _)| path == ".drydock.yaml") {
            return false;
        }
        let kustomization = format!("{}/kustomization", self.root).to_lowercase();
        let is_root = |path: &str| path.to_lowercase().starts_with(&kustomization);
        self.root == "chart" || self.entries.iter().any(|(path, _)| is_root(path))
    }

    /// Writes the tree, placeholders replaced.
    pub(super) fn write(&self, folder: &Path, replace: impl Fn(&str) -> String) {
        for (path, entry) in &self.entries {
            let full = folder.join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            match entry {
                Entry::Submodule => {}
                Entry::Link(target) => {
                    std::os::unix::fs::symlink(replace(target), full).unwrap();
                }
                Entry::File(bytes) => match std::str::from_utf8(bytes) {
                    Ok(text) if text.len() < 100_000 => std::fs::write(full, replace(text)),
                    _ => std::fs::write(full, bytes),
                }
                .unwrap(),
            }
        }
    }
}
