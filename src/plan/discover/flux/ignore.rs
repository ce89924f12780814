//! Which files of a repository Flux's source-controller puts into an artifact: the patterns of
//! `.sourceignore` files and of `spec.ignore`, which read as those of `.gitignore`.

/// Patterns that hold everywhere unless a later one says otherwise.
const DEFAULTS: [&str; 24] = [
    ".git/",
    ".gitignore",
    ".gitmodules",
    ".gitattributes",
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];

/// Patterns in order; the last one that fits a path decides.
#[derive(Debug, Clone)]
pub(super) struct Rules(Vec<Pattern>);

#[derive(Debug, Clone)]
struct Pattern {
    /// The folder that it holds below.
    folder: Vec<String>,
    keeps: bool,
    /// True when it means folders alone.
    of_folders: bool,
    parts: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        let mut rules = Self(Vec::new());
        rules.add(&DEFAULTS.join("\n"), "");
        rules
    }
}

impl Rules {
    /// Adds the patterns of a text that holds below `folder`.
    pub(super) fn add(&mut self, text: &str, folder: &str) {
        let folder: Vec<String> = folder
            .split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        for line in text.lines() {
            if !line.starts_with('#') && !line.trim().is_empty() {
                self.0.push(Pattern::parse(line, &folder));
            }
        }
    }

    /// True when the file is left out.
    pub(super) fn exclude(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        let decides = self.0.iter().rev().find(|pattern| pattern.fits(&path));
        decides.is_some_and(|pattern| !pattern.keeps)
    }
}

impl Pattern {
    fn parse(line: &str, folder: &[String]) -> Self {
        let (keeps, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let line = if line.ends_with("\\ ") {
            line
        } else {
            line.trim_end_matches(' ')
        };
        let (of_folders, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        Self {
            folder: folder.to_vec(),
            keeps,
            of_folders,
            parts: line.split('/').map(str::to_owned).collect(),
        }
    }

    /// True when it means this file, or a folder above it.
    fn fits(&self, path: &[&str]) -> bool {
        let inside = path.len() > self.folder.len()
            && self
                .folder
                .iter()
                .zip(path)
                .all(|(one, other)| one == other);
        let Some(path) = path.get(self.folder.len()..).filter(|_| inside) else {
            return false;
        };
        match self.parts.as_slice() {
            [name] => path.iter().enumerate().any(|(place, part)| {
                glob(name, part) && !(self.of_folders && place + 1 == path.len())
            }),
            parts => self.fits_parts(parts, path),
        }
    }

    fn fits_parts(&self, parts: &[String], mut path: &[&str]) -> bool {
        let mut fits = false;
        let mut anywhere = false;
        for (place, part) in parts.iter().enumerate() {
            let is_last = place + 1 == parts.len();
            match part.as_str() {
                "" => anywhere = false,
                "**" if is_last => break,
                "**" => anywhere = true,
                part if part.contains("**") => return false,
                part => {
                    let place = if anywhere {
                        path.iter().position(|name| glob(part, name))
                    } else {
                        path.first().filter(|name| glob(part, name)).map(|_| 0)
                    };
                    let Some(place) = place else {
                        return false;
                    };
                    let skipped = anywhere;
                    anywhere = false;
                    path = path.get(place + 1..).unwrap_or_default();
                    fits = skipped || !path.is_empty() || is_last;
                }
            }
        }
        // A file is no folder, whatever its name.
        fits && !(self.of_folders && path.is_empty())
    }
}

/// Shell patterns over one name: `*`, `?`, `[a-z]`, `[^a-z]`, `\` before a letter that means itself. A
/// pattern that is broken fits nothing.
fn glob(pattern: &str, name: &str) -> bool {
    if !pattern.contains(['*', '?', '[', '\\']) {
        return pattern == name;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut place) = (0, 0);
    // Where to go on when the last `*` takes one letter more.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(at) {
            None if place == name.len() => return true,
            None => None,
            Some('*') => {
                retry = Some((at, place));
                at += 1;
                continue;
            }
            Some(_) => name
                .get(place)
                .and_then(|letter| take(pattern.get(at..).unwrap_or_default(), *letter)),
        };
        match (step, retry) {
            (Some(length), _) => {
                at += length;
                place += 1;
            }
            (None, Some((star, taken))) if taken < name.len() => {
                retry = Some((star, taken + 1));
                at = star + 1;
                place = taken + 1;
            }
            (None, _) => return false,
        }
    }
}

/// How long the first element of a pattern is, when it fits the letter.
fn take(pattern: &[char], letter: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', wanted, ..] => (*wanted == letter).then_some(2),
        ['[', rest @ ..] => {
            let (negated, rest, before) = match rest {
                ['^', rest @ ..] => (true, rest, 2),
                rest => (false, rest, 1),
            };
            let end = rest.iter().skip(1).position(|letter| *letter == ']')? + 1;
            let set = rest.get(..end)?;
            (in_set(set, letter) != negated).then_some(before + end + 1)
        }
        [wanted, ..] => (*wanted == letter).then_some(1),
        [] => None,
    }
}

fn in_set(mut set: &[char], letter: char) -> bool {
    loop {
        match set {
            [] => return false,
            [low, '-', high, rest @ ..] => {
                if (*low..=*high).contains(&letter) {
                    return true;
                }
                set = rest;
            }
            [one, rest @ ..] => {
                if *one == letter {
                    return true;
                }
                set = rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(text: &str, path: &str) -> bool {
        let mut rules = Rules::default();
        rules.add(text, "");
        rules.exclude(path)
    }

    #[test]
    fn an_artifact_leaves_out_what_flux_leaves_out_by_default() {
        for path in [
            ".github/workflows/a.yaml",
            "a/.sops.yaml",
            "docs/x.png",
            ".gitignore",
        ] {
            assert!(left_out("", path), "{path}");
        }
        for path in [
            "apps/a.yaml",
            ".github.yaml",
            "a/cloudbuild.yml",
            ".sourceignore",
        ] {
            assert!(!left_out("", path), "{path}");
        }
    }

    #[test]
    fn the_last_pattern_that_fits_decides() {
        let only = "# exclude all\n/*\n!/deploy/apps\n";
        assert!(left_out(only, "README.md"));
        assert!(left_out(only, "deploy/other/a.yaml"));
        assert!(!left_out(only, "deploy/apps/x/a.yaml"));
        assert!(left_out("a/\n", "b/a/c.yaml"));
        assert!(!left_out("a/\n", "b/a"));
        assert!(left_out("/a/**/x-*.yaml", "a/b/c/x-1.yaml"));
        assert!(!left_out("/a/**/x-*.yaml", "b/a/x-1.yaml"));
        assert!(left_out("*.y[a-c]ml", "b/x.yaml"));
        assert!(!left_out("!*.png", "x.png"));
    }

    #[test]
    fn a_pattern_of_a_folder_holds_below_it_alone() {
        let mut rules = Rules::default();
        rules.add("secret.yaml\n", "apps/a");
        assert!(rules.exclude("apps/a/b/secret.yaml"));
        assert!(!rules.exclude("apps/secret.yaml"));
    }
}
