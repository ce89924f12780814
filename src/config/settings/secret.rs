//! Secrets in files of their own.

use std::path::Path;

use secrecy::{SecretBox, SecretString};

use super::SettingsError;

/// Shorter webhook secrets can be guessed.
const MIN_SECRET_CHARS: usize = 16;

fn read(path: &Path, expected: &'static str) -> Result<String, SettingsError> {
    let bytes = std::fs::read(path).map_err(|source| SettingsError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    String::from_utf8(bytes).map_err(|_| refuse(path, expected))
}

fn refuse(path: &Path, expected: &'static str) -> SettingsError {
    SettingsError::NotASecret {
        path: path.to_owned(),
        expected,
    }
}

pub(super) fn read_pem(path: &Path) -> Result<SecretString, SettingsError> {
    const EXPECTED: &str = "a private key in PEM form";
    let text = read(path, EXPECTED)?;
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        Ok(SecretString::from(text))
    } else {
        Err(refuse(path, EXPECTED))
    }
}

pub(super) fn read_lines(path: &Path) -> Result<Vec<SecretString>, SettingsError> {
    const EXPECTED: &str = "one or two secrets of at least 16 characters, each on its own line";
    let text = read(path, EXPECTED)?;
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let long = |line: &&str| line.chars().count() >= MIN_SECRET_CHARS;
    if matches!(lines.len(), 1 | 2) && lines.iter().all(long) {
        Ok(lines.into_iter().map(SecretString::from).collect())
    } else {
        Err(refuse(path, EXPECTED))
    }
}

pub(super) fn read_line(path: &Path) -> Result<SecretString, SettingsError> {
    const EXPECTED: &str = "a password or token on one line";
    let text = read(path, EXPECTED)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(refuse(path, EXPECTED));
    }
    Ok(SecretString::from(text))
}

pub(super) fn read_key(path: &Path) -> Result<SecretBox<[u8; 32]>, SettingsError> {
    const EXPECTED: &str = "a key of 64 hexadecimal digits";
    let text = read(path, EXPECTED)?;
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| refuse(path, EXPECTED))?;
    Ok(SecretBox::new(Box::new(key)))
}
