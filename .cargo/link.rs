//! Links `drydock` at a fixed address.
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

fn main() {
    println!("cargo::rerun-if-changed=.cargo/link.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    // Other C libraries bring start files of their own that do not fit.
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bin=drydock=-no-pie");
    }
}
