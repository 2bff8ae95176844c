//! L: load.
