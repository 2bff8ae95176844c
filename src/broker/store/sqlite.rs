//! A database of SQLite in the original's layout: see `sqlite_connection.rs`. A file that one
//! of the two has written opens in the other.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker_data::{Data, Timestamp};
use rusqlite::hooks::Action;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, TransactionBehavior};

use crate::backend::{Backend, BackendError, Change, Entry, Visit};
use crate::count::{Count, Growth};
use crate::sqlite_connection::{BUSY_TIMEOUT, Connections};
use crate::sqlite_error::SqliteError;
use crate::sqlite_options::SqliteOptions;

const GET: &str = "select value, expiry from store where key = ?";
const CONTAINS: &str = "select 1 from store where key = ?";
const KEYS: &str = "select key from store";
const ENTRIES: &str = "select value, expiry, key from store";
const LEN: &str = "select count(*) from store";
const EXPIRIES: &str = "select key, expiry from store where expiry is not null";
/// A row that is there stays in its place, and its index as it is, which takes half the time of
/// replacing it.
const PUT: &str = "insert into store(key, value, expiry) values(?, ?, ?) on conflict(key) \
                   do update set value = excluded.value, expiry = excluded.expiry";
const ERASE: &str = "delete from store where key = ?";
const CLEAR: &str = "delete from store";

/// How long changes wait for a lock of another process at once: who reads over the same connection
/// gets a turn in between.
const TURN: Duration = Duration::from_millis(50);
/// How many make [`BUSY_TIMEOUT`].
const TURNS: u32 = 100;

/// Keeps entries in a file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
    writing: Mutex<Connection>,
    /// Rows that `writing` has added since it was asked last, less those that it has taken away one
    /// by one.
    rows: Arc<AtomicI64>,
    count: Count,
    /// Held by who waits for `writing`, so that who has just had it comes behind.
    turn: Mutex<()>,
    reading: Option<Mutex<Connection>>,
}

impl Sqlite {
    pub(crate) fn open(options: &SqliteOptions) -> Result<Self, BackendError> {
        let path = options.path.clone();
        let cannot_open = |error| {
            BackendError::new(format!("cannot open the database {}", path.display()), error)
        };
        let Connections { writing, reading } = Connections::open(options).map_err(cannot_open)?;
        let (rows, count) = (Arc::default(), Count::default());
        let counted = count_rows(&writing, &rows).map_err(|error| cannot_open(error.into()))?;
        count.set(Some(counted));
        let (writing, turn) = (Mutex::new(writing), Mutex::default());
        Ok(Self { path, writing, rows, count, turn, reading: reading.map(Mutex::new) })
    }

    /// The connection for changes.
    fn writing(&self) -> MutexGuard<'_, Connection> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        locked(&self.writing)
    }

    /// Reads what `reads` does.
    fn read<T>(
        &self,
        reads: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, BackendError> {
        let connection = self.reading.as_ref().map_or_else(|| self.writing(), locked);
        reads(&connection).map_err(|error| self.failed("read from", error))
    }

    fn all<T, C: FromIterator<T>>(
        &self,
        query: &str,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<C, BackendError> {
        self.read(|connection| connection.prepare_cached(query)?.query_map([], row)?.collect())
    }

    /// Makes changes, unless another process has the database locked for a [`TURN`].
    fn write_in_turn(&self, changes: &[Change]) -> rusqlite::Result<()> {
        let mut connection = self.writing();
        connection.busy_timeout(TURN)?;
        let outcome = write(&mut connection, changes, &self.rows);
        connection.busy_timeout(BUSY_TIMEOUT)?;
        self.count.grows(outcome?);
        Ok(())
    }

    fn failed(&self, doing: &str, error: rusqlite::Error) -> BackendError {
        let what = format!("cannot {doing} the database {}", self.path.display());
        BackendError::new(what, SqliteError::from(error))
    }
}

impl Backend for Sqlite {
    fn get(&self, key: &Data) -> Result<Option<Entry>, BackendError> {
        let key = encoded(key);
        self.read(|connection| connection.prepare_cached(GET)?.query_one([key], entry).optional())
    }

    fn contains(&self, key: &Data) -> Result<bool, BackendError> {
        let key = encoded(key);
        self.read(|connection| connection.prepare_cached(CONTAINS)?.exists([key]))
    }

    fn keys(&self) -> Result<BTreeSet<Data>, BackendError> {
        self.all(KEYS, |row| data(row, 0))
    }

    fn each(&self, visit: &mut Visit<'_>) -> Result<(), BackendError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(ENTRIES)?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                if visit(data(row, 2)?, entry(row)?).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn len(&self) -> Result<u64, BackendError> {
        Ok(self.count.known().unwrap_or_default())
    }

    fn expiries(&self) -> Result<Vec<(Data, Timestamp)>, BackendError> {
        self.all(EXPIRIES, |row| Ok((data(row, 0)?, Timestamp::from_nanos(row.get(1)?))))
    }

    fn apply(&self, changes: &mut Vec<Change>) -> Result<(), BackendError> {
        let mut outcome = self.write_in_turn(changes);
        for _ in 1..TURNS {
            if !outcome.as_ref().is_err_and(is_busy) {
                break;
            }
            outcome = self.write_in_turn(changes);
        }
        outcome.map_err(|error| self.failed("write to", error))?;
        changes.clear();
        Ok(())
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// How many rows there are. From now on `rows` has those that come and go.
fn count_rows(connection: &Connection, rows: &Arc<AtomicI64>) -> rusqlite::Result<u64> {
    let rows = Arc::clone(rows);
    connection.update_hook(Some(move |action, _: &str, _: &str, _| match action {
        Action::SQLITE_INSERT => {
            rows.fetch_add(1, Ordering::Relaxed);
        }
        Action::SQLITE_DELETE => {
            rows.fetch_sub(1, Ordering::Relaxed);
        }
        _ => {}
    }))?;
    connection.query_one(LEN, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// Makes changes in one transaction, which ends with them all or is rolled back.
fn write(
    connection: &mut Connection,
    changes: &[Change],
    rows: &AtomicI64,
) -> rusqlite::Result<Growth> {
    // What was rolled back before does not count.
    rows.store(0, Ordering::Relaxed);
    let mut clears = false;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut put = transaction.prepare_cached(PUT)?;
    let mut erase = transaction.prepare_cached(ERASE)?;
    let (mut key_bytes, mut value_bytes) = (Vec::new(), Vec::new());
    for change in changes {
        key_bytes.clear();
        match change {
            Change::Put { key, entry } => {
                value_bytes.clear();
                key.encode(&mut key_bytes);
                entry.value.encode(&mut value_bytes);
                let expiry = entry.expiry.map(Timestamp::nanos);
                put.execute((key_bytes.as_slice(), value_bytes.as_slice(), expiry))?;
            }
            Change::Erase { key } => {
                key.encode(&mut key_bytes);
                erase.execute([key_bytes.as_slice()])?;
            }
            Change::Clear => {
                transaction.prepare_cached(CLEAR)?.execute([])?;
                clears = true;
                rows.store(0, Ordering::Relaxed);
            }
        }
    }
    drop((put, erase));
    transaction.commit()?;
    Ok(Growth { clears, keys: rows.load(Ordering::Relaxed) })
}

fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // Whatever panicked has left no transaction behind.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn encoded(value: &Data) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

/// The entry in the first two columns.
fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let expiry: Option<i64> = row.get(1)?;
    Ok(Entry { value: data(row, 0)?, expiry: expiry.map(Timestamp::from_nanos) })
}

fn data(row: &Row<'_>, column: usize) -> rusqlite::Result<Data> {
    row.get(column).map(|Decoded(value)| value)
}

/// A value that was a blob.
struct Decoded(Data);

impl FromSql for Decoded {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Data::decode(value.as_blob()?).map(Self).map_err(FromSqlError::other)
    }
}
