//! The limit of writes: bare commits of the same row, one after another on one connection, with
//! nothing around them.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use ostler_runtime::now;

use crate::failure::Failure;
use crate::interrupt;
use crate::load::{Bounds, Outcome, units};

/// As the catalogue has its database: an acknowledged write survives the loss of power.
const SETUP: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    CREATE TABLE IF NOT EXISTS settings (id INTEGER PRIMARY KEY, \"values\" TEXT NOT NULL);";

/// Commits as fast as one connection can.
pub(crate) fn run(directory: &Path, bounds: Bounds, value: &str) -> Result<Outcome, Failure> {
    commit(directory, bounds, value)
        .map_err(|error| Failure::Program(format!("bare commits: {error}")))
}

fn commit(
    directory: &Path,
    bounds: Bounds,
    value: &str,
) -> Result<Outcome, Box<dyn std::error::Error>> {
    let file = directory.join("bare.db");
    let mut connection = SqliteConnection::establish(&file.to_string_lossy())?;
    connection.batch_execute(SETUP)?;
    let mut outcome = Outcome::default();
    let start = now();
    let mut last = start;
    for number in 0..bounds.count {
        if last >= start + bounds.time || interrupt::asked() {
            break;
        }
        let written = diesel::sql_query(
            "INSERT INTO settings (id, \"values\") VALUES (?, ?) \
             ON CONFLICT (id) DO UPDATE SET \"values\" = excluded.\"values\"",
        );
        let row = i64::try_from(number % 8)?;
        // A row that does not change is not written at all.
        let value = format!("{value}{number}");
        written.bind::<BigInt, _>(row).bind::<Text, _>(value).execute(&mut connection)?;
        let done = now();
        outcome.right += 1;
        outcome.latencies.push(units(last, done));
        last = done;
    }
    outcome.elapsed = start.elapsed();
    Ok(outcome)
}
