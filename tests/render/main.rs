//! Rendering on real parts: the sandbox as the kernel enforces it, hostile content, what rendering
//! hands on, and parity with the real tools.

mod figures;
mod hostile;
mod outcome;
mod parity;
mod sandbox;
mod workbench;
