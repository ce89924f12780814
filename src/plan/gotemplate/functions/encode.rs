//! Encodings and digests of texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use super::super::error::failed;
use super::{Function, Param, fixed, text};

pub(super) fn find(name: &str) -> Option<Function> {
    const ONE: &[Param] = &[Param::Text];
    Some(match name {
        "b64enc" => fixed(ONE, |heap, args| heap.text(STANDARD.encode(text(args, 0)?))),
        "b64dec" => fixed(ONE, |heap, args| {
            // Go skips line breaks in what it decodes, and prints its error as the result.
            let encoded: String = text(args, 0)?
                .chars()
                .filter(|c| !matches!(c, '\r' | '\n'))
                .collect();
            match STANDARD.decode(encoded) {
                Ok(bytes) => heap.text(String::from_utf8_lossy(&bytes)),
                Err(_) => failed("the text is not base64"),
            }
        }),
        "b32enc" => fixed(ONE, |heap, args| {
            heap.text(base32(text(args, 0)?.as_bytes()))
        }),
        "b32dec" => fixed(ONE, |heap, args| match from_base32(text(args, 0)?) {
            Some(bytes) => heap.text(String::from_utf8_lossy(&bytes)),
            None => failed("the text is not base32"),
        }),
        "sha1sum" => fixed(ONE, |heap, args| {
            heap.text(hex::encode(sha1::Sha1::digest(text(args, 0)?)))
        }),
        "sha256sum" => fixed(ONE, |heap, args| {
            heap.text(hex::encode(sha2::Sha256::digest(text(args, 0)?)))
        }),
        "sha512sum" => fixed(ONE, |heap, args| {
            heap.text(hex::encode(sha2::Sha512::digest(text(args, 0)?)))
        }),
        "adler32sum" => fixed(ONE, |heap, args| {
            let (mut low, mut high) = (1_u32, 0_u32);
            for byte in text(args, 0)?.bytes() {
                low = (low + u32::from(byte)) % 65_521;
                high = (high + low) % 65_521;
            }
            heap.text(((high << 16) | low).to_string())
        }),
        _ => return None,
    })
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut bits = 0_u64;
        for index in 0..5 {
            bits = bits << 8 | u64::from(chunk.get(index).copied().unwrap_or_default());
        }
        let used = (chunk.len() * 8).div_ceil(5);
        for index in 0..8_usize {
            let digit = usize::try_from(bits >> (35 - 5 * index) & 31).unwrap_or_default();
            match ALPHABET.get(digit) {
                Some(letter) if index < used => out.push(char::from(*letter)),
                _ => out.push('='),
            }
        }
    }
    out
}

fn from_base32(encoded: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = encoded
        .bytes()
        .filter(|b| !matches!(b, b'\r' | b'\n'))
        .collect();
    if !letters.len().is_multiple_of(8) {
        return None;
    }
    let mut out = Vec::new();
    for chunk in letters.chunks(8) {
        let used = chunk.iter().position(|letter| *letter == b'=').unwrap_or(8);
        if chunk.iter().skip(used).any(|letter| *letter != b'=') {
            return None;
        }
        let mut bits = 0_u64;
        for index in 0..8 {
            let digit = if index < used {
                let letter = chunk.get(index)?;
                ALPHABET.iter().position(|known| known == letter)?
            } else {
                0
            };
            bits = bits << 5 | u64::try_from(digit).ok()?;
        }
        out.extend(bits.to_be_bytes().iter().skip(3).take(used * 5 / 8));
    }
    Some(out)
}
