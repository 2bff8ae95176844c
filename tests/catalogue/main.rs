//! `katalogus` as a program: its command line, its configuration, who may ask, what it tells of itself,
//! and its life. What it answers is in `tests/katalogus`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authority;
mod check;
mod commands;
mod exit;
mod figures;
mod manager;
mod tls;
mod unit;

use std::io::Write as _;

use tempfile::NamedTempFile;

/// A key of 32 bytes, as base64.
const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
/// Another one.
const OTHER_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// A file that only its owner can read, with this line in it.
fn secret(line: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    writeln!(file, "{line}").unwrap();
    file
}

/// Its path.
fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}
