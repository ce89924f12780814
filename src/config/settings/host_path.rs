//! Which paths of a host may be asked.

use serde::Deserialize;

/// What registries answer below, which no repository's name holds.
const REGISTRY: &str = "v2";

/// How often something may be escaped: beyond it nobody means a path.
const ESCAPE_DEPTH: usize = 4;

/// Whole segments that a path has to begin with; none: every path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HostPath(Vec<String>);

impl HostPath {
    /// True for a path of an address that lies here, with or without the `/v2` of registries. A path
    /// that a server may read as another one lies nowhere.
    pub(super) fn holds(&self, path: &str) -> bool {
        let Some(segments) = read_segments(path) else {
            return false;
        };
        let of_registry = segments
            .split_first()
            .filter(|(first, _)| *first == REGISTRY)
            .map(|(_, rest)| rest);
        segments.starts_with(&self.0) || of_registry.is_some_and(|rest| rest.starts_with(&self.0))
    }
}

impl TryFrom<String> for HostPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let segments = read_segments(&text)
            .filter(|_| text.starts_with('/') && !text.contains(['%', '?', '#', ';', '*', ' ']));
        segments.map(Self).ok_or_else(|| {
            format!("`{text}` is not a path of a host: write it from the host on, such as `/team/charts`")
        })
    }
}

/// The segments of a path, unescaped; `None` where one is empty or leads upwards, or would once more
/// is unescaped.
fn read_segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Vec::new());
    }
    path.split('/').map(read_segment).collect()
}

fn read_segment(text: &str) -> Option<String> {
    let first = unescape(text)?;
    let mut last = first.clone();
    for _ in 0..ESCAPE_DEPTH {
        let next = unescape(&last)?;
        if next == last {
            // Some servers take what follows a semicolon for parameters.
            let name = last.split(';').next().unwrap_or_default().trim();
            let is_plain = !last.contains(['/', '\\']) && !last.contains(char::is_control);
            return (is_plain && !matches!(name, "" | "." | "..")).then_some(first);
        }
        last = next;
    }
    None
}

/// `%xx` once; `None` where that is no text.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let hex = |byte: u8| char::from(byte).to_digit(16);
        match (first, after) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(u8::try_from(high * 16 + low).ok()?);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn allowed(text: &str) -> HostPath {
        HostPath::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn whole_segments_decide() {
        let team = allowed("/team/charts/");
        let holds = |path: &str| {
            let url = Url::parse(&format!("https://a.example{path}")).unwrap();
            team.holds(url.path())
        };
        for inside in [
            "/team/charts",
            "/team/charts/",
            "/team/charts/index.yaml",
            "/team/te%61/../charts/web-1.0.0+1.tgz",
            "/te%61m/charts/a%20b",
            "/v2/team/charts/web/manifests/1.0.0",
            "/team/charts/..a/b..",
        ] {
            assert!(holds(inside), "{inside}");
        }
        for outside in [
            "/",
            "/team",
            "/team/charts-of-others/a",
            "/Team/charts/a",
            "/v2/v2/team/charts/a",
            "/other/team/charts/a",
            // What a parser, a proxy or a server may read as a way out.
            "/team/charts/../secret",
            "/team/charts/%2e%2e/secret",
            "/team/charts/.%2E/secret",
            "/team/charts/..%2fsecret",
            "/team/charts/%2e%2e%2fsecret",
            "/team/charts/%252e%252e/secret",
            "/team/charts/%252e%252e%252fsecret",
            "/team/charts/%25252e%25252e/secret",
            "/team/charts/..;/secret",
            "/team/charts/..;a=b/secret",
            "/team/charts/%2e%2e%3b/secret",
            "/team/charts/..%5csecret",
            "/team/charts/..\\secret",
            "/team/charts//../../secret",
            "/team/charts//secret",
            "//team/charts/a",
            "/v2//team/charts/a",
            "/v2/team/charts/../../secret",
            "/team%2fcharts/a",
            "/team/charts/%00",
            "/team/charts/%ff",
            "/team/charts/%2525252525252525252e",
        ] {
            assert!(!holds(outside), "{outside}");
        }
        assert!(allowed("/").holds("/anything/at/all"));
        assert!(!allowed("/").holds("/team/%2e%2e%2fsecret"));
    }

    #[test]
    fn a_path_of_the_settings_is_written_plainly() {
        for wrong in [
            "",
            "team",
            "/a/../b",
            "/a//b",
            "/a%2fb",
            "/a/*",
            "/a?b",
            "/.",
            "https://a/b",
        ] {
            let error = HostPath::try_from(wrong.to_owned()).unwrap_err();
            assert!(error.contains("such as `/team/charts`"), "{wrong}");
        }
    }
}
