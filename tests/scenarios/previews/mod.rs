//! A preview that is demanded cannot be left out, and a preview without a fence is not made.

mod demanded;
mod fence;
mod fork;
mod place;
