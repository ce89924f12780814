//! Archives in `charts/`, which Helm unpacks in memory.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::case::{CHART, Case, PLAIN, chart};

const REGULAR: u8 = b'0';

/// One entry of a tape archive, as its format has it: names may say anything.
fn entry(name: &str, kind: u8, link: &str, content: &[u8], size: u64) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{size:011o}"));
    put(136, "00000000000");
    put(148, "        ");
    put(157, link);
    put(257, "ustar");
    put(263, "00");
    header[156] = kind;
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let padding = vec![0; (512 - content.len() % 512) % 512];
    [&header, content, &padding].concat()
}

fn file(name: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    entry(name, REGULAR, "", content, content.len() as u64)
}

fn gzip(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for part in parts {
        encoder.write_all(part).unwrap();
    }
    encoder.finish().unwrap()
}

/// A dependency `x` with these entries beside its own.
fn archive(more: &[Vec<u8>]) -> Vec<u8> {
    let own = [
        file("x/Chart.yaml", CHART.replace("shop", "x")),
        file("x/templates/a.yaml", PLAIN.replace("plain", "inner")),
    ];
    gzip(&[&own, more, &[vec![0; 1024]]].concat())
}

fn with(name: &'static str, bytes: Vec<u8>) -> Case {
    chart(name, PLAIN)
        .file(
            "chart/Chart.yaml",
            format!("{CHART}dependencies:\n- {{name: x, version: 1.0.0}}\n"),
        )
        .file("chart/charts/x-1.0.0.tgz", bytes)
}

const ARCHIVE: &str = "chart/charts/x-1.0.0.tgz";

pub(super) fn cases() -> Vec<Case> {
    let one = |name, part: Vec<u8>| with(name, archive(&[part]));
    let link =
        |name, kind, target: &str| one(name, entry("x/templates/b.yaml", kind, target, b"", 0));
    let zeros = vec![0; 4 << 20];
    let many_zeros: Vec<Vec<u8>> = (0..30)
        .map(|number| file(&format!("x/templates/{number}"), &zeros))
        .collect();
    let large = file("x/templates/large.yaml", vec![0; 32 << 20]);
    let inner = archive(&[file("x/templates/large.yaml", vec![0; 32 << 20])]);
    let nested = file("x/charts/y-1.0.0.tgz", inner);
    let many: Vec<Vec<u8>> = (0..200_000)
        .map(|number| file(&format!("x/files/{number}"), ""))
        .collect();
    let lying = entry("x/templates/b.yaml", REGULAR, "", b"a", 0o77_777_777_777);
    vec![
        one("slip-by-parents", file("x/../../../slipped.yaml", PLAIN))
            .refused(ARCHIVE, "illegally references parent directory"),
        one("slip-by-absolute-path", file("/tmp/slipped.yaml", PLAIN)).harmless("\"inner\""),
        one("slip-by-drive", file("x/C:\\slipped.yaml", PLAIN)).harmless("\"inner\""),
        link("link-to-passwd", b'2', "/etc/passwd").harmless("\"inner\""),
        link("hard-link-to-passwd", b'1', "/etc/passwd").harmless("\"inner\""),
        link("device", b'3', "").harmless("\"inner\""),
        link("fifo", b'6', "").harmless("\"inner\""),
        with("bomb-of-many-files", archive(&many_zeros))
            .refused(ARCHIVE, "decompressed chart is larger than"),
        one("bomb-of-one-file", large).refused(ARCHIVE, ""),
        one("bomb-in-an-archive", nested).refused(ARCHIVE, ""),
        with("two-hundred-thousand-entries", archive(&many)).bounded("\"inner\""),
        one("size-that-lies", lying).refused(ARCHIVE, "decompressed chart is larger than"),
        with("cut-short", archive(&[]).into_iter().take(60).collect())
            .refused(ARCHIVE, "unexpected EOF"),
        with("no-archive", b"#!/bin/sh\ntouch @MARK@\n".to_vec())
            .refused(ARCHIVE, "gzip: invalid header"),
        with("twice-packed", gzip(&[archive(&[])])).refused(ARCHIVE, "unexpected EOF"),
    ]
}
