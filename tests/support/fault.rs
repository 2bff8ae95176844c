//! The scoreboard of faults: its rows, and how a test enters what it has measured.
//!
//! A row's test asserts what happens, never how long it takes: a slow machine shall not fail it.
//! What it measured goes into the table together with a verdict, which compares with the bound:
//!
//! ```no_run
//! use ostler_tests::fault::Fault;
//! let mut fault = Fault::begin("C01");
//! // … inject, assert …
//! fault.within("the pool is whole", fault.elapsed(), 1.5);
//! ```
//!
//! A test enters nothing unless [`RECORDS`] names a directory, which `cargo run --bin faults` sees to.

use std::fmt::{Display, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ostler_runtime::environment::variable;
use ostler_runtime::now;
use serde_json::{Value, json};

use crate::binaries::workspace;
use crate::process::command;

/// Where records go: one file a row, `ID.json`.
pub const RECORDS: &str = "OSTLER_FAULT_RECORDS";

/// Set to `long`, it has the tests run their long forms.
pub const FORM: &str = "OSTLER_FAULT_FORM";

/// Id, injection and bound, a row a line, parted by tabs; a fourth field says why a row has no test.
const ROWS: &str = include_str!("../faults/rows.tsv");

/// A row of the scoreboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// A letter and two digits, behind `KAT-` for a row of the catalogue, `WRK-` of the
    /// workers, `BRK-` of the broker, `EVT-` of events, `STO-` of stores.
    pub id: &'static str,
    /// What is done.
    pub injection: &'static str,
    /// What must come of it.
    pub bound: &'static str,
    /// Why no test shows it, if none does.
    pub untested: Option<&'static str>,
}

/// All rows, in the order of the scoreboard.
pub fn rows() -> Vec<Row> {
    let row = |line: &'static str| {
        let mut fields = line.split('\t');
        let mut next = || fields.next().filter(|field| !field.is_empty());
        let (id, injection, bound) = (next(), next(), next());
        Row {
            id: id.expect("an id"),
            injection: injection.expect("an injection"),
            bound: bound.expect("a bound"),
            untested: next(),
        }
    };
    ROWS.lines().map(row).collect()
}

/// What the table says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The bound is met.
    Green,
    /// The bound is wrong or cannot be tested as it stands, for a reason that is given.
    Explained,
    /// The bound is missed, or the row's test has failed or was not run.
    Red,
}

impl Verdict {
    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Explained => "explained",
            Self::Red => "red",
        }
    }

    /// From the table.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Green, Self::Explained, Self::Red].into_iter().find(|verdict| verdict.name() == name)
    }
}

/// Whether the long forms are asked for.
pub fn is_long() -> bool {
    variable(FORM).as_deref() == Some("long")
}

/// A row whose test runs. What was measured is entered when it is dropped by a test that passes.
#[derive(Debug)]
pub struct Fault {
    row: Row,
    began: Instant,
    measured: String,
    missed: bool,
    explained: bool,
}

impl Fault {
    /// Begins the row `id`; what an earlier run has entered for it is forgotten.
    pub fn begin(id: &str) -> Self {
        let row = rows().into_iter().find(|row| row.id == id);
        let row = row.unwrap_or_else(|| panic!("the scoreboard has no row {id}"));
        if let Some(file) = record(id) {
            // There may be none.
            let _ = fs::remove_file(file);
        }
        Self { row, began: now(), measured: String::new(), missed: false, explained: false }
    }

    /// Measures from now on.
    pub fn injected(&mut self) {
        self.began = now();
    }

    /// Since [`injected`](Self::injected), or the beginning.
    pub fn elapsed(&self) -> Duration {
        now().duration_since(self.began)
    }

    /// Enters what was seen, where the bound is no figure: the test has asserted it.
    pub fn saw(&mut self, words: impl Display) {
        if !self.measured.is_empty() {
            self.measured.push_str("; ");
        }
        // Writing to a String cannot fail.
        let _ = write!(self.measured, "{words}");
    }

    /// Enters a time, and misses the bound if it is longer than so many seconds.
    pub fn within(&mut self, what: &str, measured: Duration, seconds: f64) {
        let took = measured.as_secs_f64();
        self.figure(format!("{what} after {took:.3} s"), took <= seconds);
    }

    /// Enters a figure in words, and whether it meets the bound.
    pub fn figure(&mut self, words: impl Display, meets: bool) {
        self.saw(words);
        self.missed |= !meets;
    }

    /// Enters why the bound as it stands is not what is shown. The row is then not green.
    pub fn explain(&mut self, why: impl Display) {
        self.saw(why);
        self.explained = true;
    }

    fn verdict(&self) -> Verdict {
        if self.missed {
            Verdict::Red
        } else if self.explained {
            Verdict::Explained
        } else {
            Verdict::Green
        }
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert!(!self.measured.is_empty(), "{} has measured nothing", self.row.id);
        if is_long() {
            let commit = commit();
            self.saw(format_args!("long form, commit {commit}"));
        }
        let (verdict, measured) = (self.verdict(), self.measured.as_str());
        println!("{}: {}: {measured}", self.row.id, verdict.name());
        if let Some(file) = record(self.row.id) {
            let record = json!({ "measured": measured, "verdict": verdict.name() });
            fs::write(file, record.to_string()).expect("the record of a row");
        }
    }
}

/// What stands in the table for `row`, by the records in `directory`: what was measured, and the
/// verdict.
pub fn entry(row: &Row, directory: &Path) -> (String, Verdict) {
    if let Some(why) = row.untested {
        return (why.to_owned(), Verdict::Explained);
    }
    let text = fs::read_to_string(directory.join(format!("{}.json", row.id)));
    let record: Value =
        text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let word = |key| record.get(key).and_then(Value::as_str);
    match (word("measured"), word("verdict").and_then(Verdict::from_name)) {
        (Some(measured), Some(verdict)) => (measured.to_owned(), verdict),
        _ => ("its test has failed, or was not run".to_owned(), Verdict::Red),
    }
}

/// The commit of the sources, as far as git knows.
pub fn commit() -> String {
    let mut git = command("git");
    let output = git.args(["rev-parse", "--short", "HEAD"]).current_dir(workspace()).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.ok().filter(|commit| !commit.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

fn record(id: &str) -> Option<PathBuf> {
    Some(Path::new(&variable(RECORDS)?).join(format!("{id}.json")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scoreboard_has_97_rows_and_those_of_other_daemons_each_with_its_own_id() {
        let rows = rows();
        assert_eq!(rows.iter().filter(|row| !row.id.contains('-')).count(), 97);
        for (number, row) in rows.iter().enumerate() {
            assert!(rows[..number].iter().all(|other| other.id != row.id), "{}", row.id);
        }
    }

    #[test]
    fn a_row_without_a_record_is_red() {
        let directory = tempfile::tempdir().unwrap();
        let row = Row { id: "X01", injection: "", bound: "", untested: None };
        assert_eq!(entry(&row, directory.path()).1, Verdict::Red);
        let explained = Row { untested: Some("why"), ..row };
        assert_eq!(entry(&explained, directory.path()), ("why".to_owned(), Verdict::Explained));
        fs::write(directory.path().join("X01.json"), r#"{"measured":"m","verdict":"green"}"#)
            .unwrap();
        assert_eq!(entry(&row, directory.path()), ("m".to_owned(), Verdict::Green));
    }
}
