//! Planning and rendering on real parts: the sandbox as the kernel enforces it, the corpora, and
//! parity with the real tools.

mod planning;
mod sandbox;
