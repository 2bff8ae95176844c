//! The scoreboard of faults: one test a row, with the row's id at the start of its name.
//!
//! `rows.tsv` holds the rows, [`ostler_tests::fault`] enters what the tests have measured, and
//! `cargo run -p ostler-tests --bin faults` prints the table.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use ostler_tests::fault::rows;

mod broker;
mod catalogue;
mod children;
mod configuration;
mod events;
mod load;
mod network;
mod overload;
mod resources;
mod security;
mod signals;
mod soak;
mod stores;
mod tls;
mod workers;

/// All sources below a directory.
fn sources(directory: &Path) -> String {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(name) if name == "rs" => fs::read_to_string(path).unwrap(),
        _ => String::new(),
    };
    entries.map(text).collect()
}

#[test]
fn every_row_has_its_one_test_or_the_reason_why_there_is_none() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("faults"));
    for row in rows() {
        let start = format!("\nfn {}_", row.id.to_lowercase().replace('-', "_"));
        let wanted = usize::from(row.untested.is_none());
        assert_eq!(sources.matches(&start).count(), wanted, "{}", row.id);
    }
}
