//! All that a database holds as lines of JSON, to be kept or to be read into another one: SQLite and
//! PostgreSQL, in both directions.
//!
//! ```text
//! {"format":"ostler-katalogus","version":1}
//! {"organisation":{"pk":1,"id":"acme","name":"Acme"}}
//! {"settings":{"id":1,"values":"{\"TOP\": 5}","plugin_id":"alpha","organisation_pk":1}}
//! {"end":2}
//! ```
//!
//! Settings are written as they are stored, so the keys must go along with an encrypted export. The
//! last line counts the rows, and tells a whole export from one that was cut off. What is exported is
//! one state of the database, and what is imported is there at once or not at all.

use std::io::{self, BufRead, Read as _, Write};

use thiserror::Error;

use crate::link;
use crate::session::Session;
use crate::transfer_tables::{RowError, TABLES};
use crate::{Access, Database, Json, Object, Repository, StoreError};

/// The first line, without which nothing is imported.
const HEAD: &str = r#"{"format":"ostler-katalogus","version":1}"#;
/// The key of the last line.
const END: &str = "end";
/// Bytes of one line, at most.
const MAX_LINE_BYTES: u64 = 4 << 20;

/// What to do with rows that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Import nothing if there are any, but for the repository that each database begins with.
    Refuse,
    /// Remove them.
    Replace,
}

/// Why an export or import was not done.
#[derive(Debug, Error)]
pub enum TransferError {
    /// What is beside the database.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A line is not as it should be, or the database refuses it.
    #[error("line {line}: {words}")]
    Line {
        /// Which one, from 1.
        line: u64,
        /// What is wrong.
        words: String,
    },
    /// The database holds rows that were not to be replaced.
    #[error("the database is not empty: it has rows in {0}")]
    NotEmpty(&'static str),
}

/// Writes all that a database holds. How many rows that was.
pub fn export(database: &Database, out: &mut impl Write) -> Result<u64, TransferError> {
    link::transaction(database, Access::Read, |session| {
        crate::migrations::check(session)?;
        writeln!(out, "{HEAD}")?;
        let mut rows: u64 = 0;
        for table in TABLES {
            let mut page = (table.page)(session, i32::MIN)?;
            while let Some((last, _)) = page.last() {
                let last = *last;
                for (_, row) in page {
                    let mut line = Object::new();
                    line.insert(table.name, row);
                    writeln!(out, "{}", Json::from(line).compact())?;
                    rows = rows.saturating_add(1);
                }
                page = (table.page)(session, last)?;
            }
        }
        writeln!(out, "{{\"{END}\":{rows}}}")?;
        out.flush()?;
        Ok(rows)
    })
}

/// Reads what [`export`] wrote into a database whose tables are there. How many rows that was.
pub fn import(
    database: &Database,
    input: &mut impl BufRead,
    existing: Existing,
) -> Result<u64, TransferError> {
    link::transaction(database, Access::Write, |session| {
        crate::migrations::check(session)?;
        if existing == Existing::Refuse {
            refuse_rows(session)?;
        }
        for table in TABLES.iter().rev() {
            (table.clear)(session)?;
        }
        let mut lines = Lines { input, number: 0 };
        if lines.next()?.as_deref() != Some(HEAD) {
            return Err(lines.wrong(format!("it is not {HEAD}")));
        }
        let mut rows: u64 = 0;
        loop {
            let Some(line) = lines.next()? else {
                return Err(lines.wrong("the export was cut off: its last line is missing"));
            };
            let (name, value) =
                member(&line).ok_or_else(|| lines.wrong("it is no JSON object with one member"))?;
            if name == END {
                if value != Json::Integer(rows.to_string().into()) {
                    return Err(lines.wrong(format!("there are {rows} rows before it")));
                }
                if lines.next()?.is_some() {
                    return Err(lines.wrong("something follows the last line"));
                }
                break;
            }
            let table = TABLES.iter().find(|table| table.name == name);
            let table = table.ok_or_else(|| lines.wrong(format!("{name:?} is no table")))?;
            let Json::Object(row) = value else { return Err(lines.wrong("the row is no object")) };
            (table.insert)(session, &row).map_err(|error| match error {
                RowError::Column(column) => {
                    lines.wrong(format!("{name}.{column} is missing or of another type"))
                }
                RowError::Store(StoreError::Unavailable(words) | StoreError::Other(words)) => {
                    lines.wrong(format!("{name}: {words}"))
                }
                RowError::Store(error) => lines.wrong(format!("{name}: {error}")),
            })?;
            rows = rows.saturating_add(1);
        }
        number_on(session)?;
        Ok(rows)
    })
}

fn refuse_rows(session: &mut Session<'_>) -> Result<(), TransferError> {
    for table in TABLES {
        let page = (table.page)(session, i32::MIN)?;
        let seeded = table.name == "repository"
            && page.iter().all(|(_, row)| row.get("id") == Some(&Repository::LOCAL.into()));
        if !page.is_empty() && !seeded {
            return Err(TransferError::NotEmpty(table.name));
        }
    }
    Ok(())
}

/// New rows get numbers after those that were imported. SQLite sees to that by itself.
#[cfg_attr(not(feature = "postgres"), expect(clippy::unnecessary_wraps, reason = "one signature"))]
fn number_on(session: &mut Session<'_>) -> Result<(), StoreError> {
    match &mut session.connection {
        crate::session::Connection::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        crate::session::Connection::Postgres(connection) => {
            let sql: Vec<String> = TABLES
                .iter()
                .filter_map(|table| Some((table.name, table.serial?)))
                .map(|(table, column)| {
                    format!(
                        "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), \
                         coalesce(max({column}), 0) + 1, false) FROM {table}"
                    )
                })
                .collect();
            let sql = sql.join(";");
            let result = diesel::connection::SimpleConnection::batch_execute(*connection, &sql);
            session.outcome(result)
        }
    }
}

/// The only member of a JSON object.
fn member(line: &str) -> Option<(String, Json)> {
    let Ok(Json::Object(object)) = Json::parse(line) else { return None };
    let mut members = object.iter();
    let (name, value) = members.next()?;
    members.next().is_none().then(|| (name.to_owned(), value.clone()))
}

/// Lines with their numbers.
struct Lines<'a, R> {
    input: &'a mut R,
    number: u64,
}

impl<R: BufRead> Lines<'_, R> {
    /// The next line without its end.
    fn next(&mut self) -> Result<Option<String>, TransferError> {
        self.number = self.number.saturating_add(1);
        let mut line = String::new();
        let read = self.input.by_ref().take(MAX_LINE_BYTES).read_line(&mut line);
        match read {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(self.wrong("it is not UTF-8"));
            }
            Err(error) => return Err(error.into()),
        }
        if line.ends_with('\n') {
            line.pop();
        } else if u64::try_from(line.len()).is_ok_and(|length| length >= MAX_LINE_BYTES) {
            return Err(self.wrong(format!("it has more than {MAX_LINE_BYTES} bytes")));
        }
        Ok(Some(line))
    }

    fn wrong(&self, words: impl Into<String>) -> TransferError {
        TransferError::Line { line: self.number, words: words.into() }
    }
}
