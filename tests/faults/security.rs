//! A: security.
