//! R: resources.
