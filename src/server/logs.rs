//! Structured logs on stderr. Every line passes a filter that blanks what looks like a credential,
//! whatever part of the program or of a library wrote it.

use std::borrow::Cow;
use std::io::Write;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Beginnings of GitHub's credentials.
const PREFIXES: [&str; 6] = ["ghs_", "ghu_", "ghr_", "gho_", "ghp_", "github_pat_"];

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For a person at a terminal.
    Text,
}

/// Starts logging; `filter` is a directive of `tracing-subscriber`, such as `info`. Returns false
/// when the process logs already.
pub fn install(format: LogFormat, filter: &str) -> bool {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Redacted)
        .with_ansi(false);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init().is_ok(),
        LogFormat::Text => builder.try_init().is_ok(),
    }
}

struct Redacted;

impl<'a> MakeWriter<'a> for Redacted {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(Vec::new())
    }
}

/// Collects one event and writes it, redacted, when it is complete: a credential that two writes
/// share is still found.
struct Line(Vec<u8>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.0);
        let _ = std::io::stderr().lock().write_all(redact(&text).as_bytes());
    }
}

/// Replaces what looks like a credential: GitHub's prefixes followed by a run of `[A-Za-z0-9_.-]`,
/// three base64url parts joined by dots (JWT), and the word after `Bearer` or `Basic`.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut rest = text;
    let mut previous = "";
    while let Some(start) = rest.find(is_word) {
        let (_, from_word) = rest.split_at(start);
        let end = from_word
            .find(|character| !is_word(character))
            .unwrap_or(from_word.len());
        let (word, after) = from_word.split_at(end);
        let offset = text.len() - from_word.len();
        let follows_scheme = matches!(previous, "Bearer" | "Basic" | "bearer" | "basic");
        if looks_secret(word) || (follows_scheme && word.len() >= 16) {
            out.push_str(text.get(copied..offset).unwrap_or_default());
            out.push_str("[redacted]");
            copied = offset + word.len();
        }
        previous = word;
        rest = after;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_.-+/=".contains(character)
}

fn looks_secret(word: &str) -> bool {
    // A credential may stand after something that joins words, as in `token=ghs_…`.
    let parts = word.split(['=', '/', '+']);
    parts.into_iter().any(|part| {
        let known = PREFIXES.iter().any(|prefix| {
            part.strip_prefix(prefix)
                .is_some_and(|rest| rest.len() >= 16)
        });
        let jwt = part.starts_with("eyJ") && part.split('.').count() == 3;
        known || jwt
    })
}
