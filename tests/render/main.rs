//! Rendering on real parts: the sandbox as the kernel enforces it, and parity with the real tools.

mod figures;
mod parity;
mod sandbox;
