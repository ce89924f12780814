//! Links `drydock` at a fixed address, and gives the program a number that changes with its sources:
//! what an earlier build rendered and kept is not taken for this build's.
//!
//! The confined worker is this program once more, and so is the child of every rendering where the
//! small `drydock-confine` is missing. Linked position-independent, the dynamic loader first rewrites
//! some 190,000 pointers in 540 pages, which is most of the child's life; at a fixed address there is
//! nothing to rewrite, and those pages are shared. Libraries, heap and stack stay at random
//! addresses, and unsafe code is forbidden here; Go links the renderers themselves the same way.

#![expect(
    clippy::print_stdout,
    reason = "Cargo reads what a build script prints"
)]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=.cargo/link.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let mut files = vec![PathBuf::from("Cargo.lock")];
    find_files(Path::new("src"), &mut files);
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        let content = std::fs::read(&file).unwrap_or_default();
        (file, content).hash(&mut hasher);
    }
    println!("cargo::rustc-env=DRYDOCK_SOURCES={:016x}", hasher.finish());
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    // Other C libraries bring start files of their own that do not fit.
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bin=drydock=-no-pie");
    }
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for item in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if item.file_type().is_ok_and(|kind| kind.is_dir()) {
            find_files(&item.path(), files);
        } else {
            files.push(item.path());
        }
    }
}
