//! S: signals, start, stop and reload.
