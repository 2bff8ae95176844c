//! Databases that a test is run on: a file, and a server of its own.

use katalogus::{Abort, Access, Database, Migrator, Organisation, Pk, Session};
use katalogus::{Store, StoreError, StoreSettings};
use ostler_runtime::Deadline;
use ostler_tests::{PATIENCE, Postgres};
use tempfile::TempDir;

/// A database.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) uri: String,
    pub(crate) kept: Kept,
}

/// What it lies in.
pub(crate) enum Kept {
    Directory(#[expect(dead_code, reason = "removed when it is dropped")] TempDir),
    Server(Box<Postgres>),
}

impl Place {
    /// One of each kind, empty.
    pub(crate) fn each() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    /// One of each kind, with tables.
    pub(crate) fn each_with_tables() -> [Self; 2] {
        Self::each().map(Self::with_tables)
    }

    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let uri = format!("sqlite:///{}", directory.path().join("kat.db").display());
        Self { name: "SQLite", uri, kept: Kept::Directory(directory) }
    }

    pub(crate) fn postgres() -> Self {
        let server = Postgres::new();
        let uri = server.database();
        Self { name: "PostgreSQL", uri, kept: Kept::Server(Box::new(server)) }
    }

    pub(crate) fn with_tables(self) -> Self {
        Migrator::new(&self.database()).apply().unwrap();
        self
    }

    pub(crate) fn database(&self) -> Database {
        self.uri.parse().unwrap()
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&StoreSettings::new(self.database())).unwrap()
    }
}

/// The end of a test's patience.
pub(crate) fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

/// Reads.
pub(crate) fn read<T: Send + 'static>(
    store: &Store,
    work: impl FnMut(&mut Session<'_>) -> Result<T, Abort> + Send + 'static,
) -> Result<T, StoreError> {
    store.call(Access::Read, soon(), work)
}

/// Writes.
pub(crate) fn write<T: Send + 'static>(
    store: &Store,
    work: impl FnMut(&mut Session<'_>) -> Result<T, Abort> + Send + 'static,
) -> Result<T, StoreError> {
    store.call(Access::Write, soon(), work)
}

pub(crate) fn organisation(id: &str) -> Organisation {
    Organisation { id: id.into(), name: id.to_uppercase(), deduplicate: true }
}

/// Adds an organisation.
pub(crate) fn add(store: &Store, id: &str) -> Pk {
    let new = organisation(id);
    write(store, move |session| Ok(session.add_organisation(&new)?)).unwrap()
}
