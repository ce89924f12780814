//! HTTP: webhook intake and operator pages.
