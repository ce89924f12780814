//! Which applications the real pull requests touch.
