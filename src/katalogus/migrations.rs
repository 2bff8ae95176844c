//! The tables: made in an empty database, or found in one of the original's, which keeps working
//! for the original too.
//!
//! Which of our steps were done stands in `ostler_migration`; `alembic_version` is the original's
//! and is only read, except that a new database gets it with the revision that its tables are of.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::link;
use crate::session::{Connection, Session, query};
use crate::tables::ostler_migration;
use crate::{Access, Database, Repository, StoreError};

/// The revision of the original's tables, that of its version 1.15.
const REVISION: &str = "cd34fdfafdaf";

/// The original's tables.
const ORIGINAL: Migration = Migration {
    name: "original",
    sqlite: include_str!("migrations/original_sqlite.sql"),
    #[cfg(feature = "postgres")]
    postgres: include_str!("migrations/original_postgres.sql"),
};

/// Our own, in the order in which they are applied.
const OURS: [Migration; 1] = [Migration {
    name: "ostler-1",
    sqlite: include_str!("migrations/ostler_sqlite.sql"),
    #[cfg(feature = "postgres")]
    postgres: include_str!("migrations/ostler_postgres.sql"),
}];

struct Migration {
    name: &'static str,
    sqlite: &'static str,
    #[cfg(feature = "postgres")]
    postgres: &'static str,
}

/// Makes and changes the tables of a database.
#[derive(Clone, Debug)]
pub struct Migrator {
    database: Database,
}

/// What is to be done to a database, in this order; empty if nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The file is made.
    File,
    /// The original's tables are made.
    Original,
    /// The original's tables are there, and are taken over as they are.
    Adopt,
    /// One of our own migrations is applied.
    Apply(&'static str),
    /// The repository of the plugins on disk is added.
    Seed,
}

impl Migrator {
    /// For one database.
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    /// What [`Self::apply`] would do. Changes nothing.
    pub fn plan(&self) -> Result<Plan, StoreError> {
        if let Database::Sqlite(path) = &self.database {
            if !path.try_exists().map_err(|error| words(path, &error))? {
                let mut plan = Plan { steps: vec![Step::File, Step::Original] };
                plan.steps.extend(OURS.iter().map(|migration| Step::Apply(migration.name)));
                plan.steps.push(Step::Seed);
                return Ok(plan);
            }
        }
        link::transaction(&self.database, Access::Read, plan)
    }

    /// Does what is to be done, in one transaction, and says what that was. Of several processes
    /// that do this at once, one does it.
    pub fn apply(&self) -> Result<Plan, StoreError> {
        let made = match &self.database {
            Database::Sqlite(path) => make(path)?,
            Database::Postgres(_) => false,
        };
        let mut done = link::transaction(&self.database, Access::Write, |session| {
            lock(session)?;
            let plan = plan(session)?;
            for step in &plan.steps {
                apply(session, *step)?;
            }
            Ok(plan)
        })?;
        if made {
            done.steps.insert(0, Step::File);
        }
        Ok(done)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("make the file"),
            Self::Original => write!(f, "make the tables of revision {REVISION}"),
            Self::Adopt => write!(f, "take over the tables of revision {REVISION} as they are"),
            Self::Apply(name) => write!(f, "apply {name}"),
            Self::Seed => write!(f, "add the repository {}", Repository::LOCAL),
        }
    }
}

/// Whether a database is as this program needs it; for each new connection.
pub(crate) fn check(session: &mut Session<'_>) -> Result<(), StoreError> {
    let missing = StoreError::Unavailable(
        "its tables are missing or older than this program; `katalogus migrate` makes them".into(),
    );
    if !has_table(session, "ostler_migration")? {
        return Err(missing);
    }
    let applied = applied(session)?;
    if OURS.iter().any(|migration| !applied.iter().any(|name| name == migration.name)) {
        return Err(missing);
    }
    Ok(())
}

fn plan(session: &mut Session<'_>) -> Result<Plan, StoreError> {
    let mut steps = Vec::new();
    let ours = has_table(session, "ostler_migration")?;
    if has_table(session, "alembic_version")? {
        let found = revisions(session)?;
        if found != [REVISION] {
            return Err(StoreError::Other(format!(
                "alembic_version is {}, and this program works on {REVISION}, the tables of \
                 version 1.15; the original's own migrations go there",
                if found.is_empty() { "empty".into() } else { found.join(", ") }
            )));
        }
        if !ours {
            steps.push(Step::Adopt);
        }
    } else if has_table(session, "organisation")? {
        return Err(StoreError::Other(
            "it has a table organisation but no alembic_version, so it is not known what it is"
                .into(),
        ));
    } else {
        steps.push(Step::Original);
    }
    let applied = if ours { applied(session)? } else { Vec::new() };
    if let Some(name) = applied.iter().find(|name| !OURS.iter().any(|ours| ours.name == **name)) {
        return Err(StoreError::Other(format!(
            "{name} was applied to it, which this program does not know; a newer one has worked on \
             it"
        )));
    }
    for migration in &OURS {
        if !applied.iter().any(|name| name == migration.name) {
            steps.push(Step::Apply(migration.name));
        }
    }
    if steps.contains(&Step::Original) || session.local()?.is_none() {
        steps.push(Step::Seed);
    }
    Ok(Plan { steps })
}

fn apply(session: &mut Session<'_>, step: Step) -> Result<(), StoreError> {
    match step {
        Step::File | Step::Adopt => Ok(()),
        Step::Original => run(session, &ORIGINAL),
        Step::Apply(name) => {
            execute(
                session,
                "CREATE TABLE IF NOT EXISTS ostler_migration (name VARCHAR(64) NOT NULL, \
                 CONSTRAINT ostler_migration_pkey PRIMARY KEY (name))",
            )?;
            for migration in OURS.iter().filter(|migration| migration.name == name) {
                run(session, migration)?;
            }
            query!(session, connection => diesel::insert_into(ostler_migration::table)
                .values(ostler_migration::name.eq(name))
                .execute(*connection))?;
            Ok(())
        }
        Step::Seed => {
            let local = Repository {
                id: Repository::LOCAL.into(),
                name: "Local Plugin Repository".into(),
                base_url: "http://dev/null".into(),
            };
            session.add_repository(&local).map(|_| ())
        }
    }
}

/// Makes an empty file that only its owner reads: settings are secrets, and SQLite gives the files
/// beside it the same permissions. Whether it was not there before.
fn make(path: &Path) -> Result<bool, StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(words(path, &error)),
    }
}

fn words(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

fn run(session: &mut Session<'_>, migration: &Migration) -> Result<(), StoreError> {
    let sql = match &session.connection {
        Connection::Sqlite(_) => migration.sqlite,
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => migration.postgres,
    };
    execute(session, sql)
}

fn execute(session: &mut Session<'_>, sql: &str) -> Result<(), StoreError> {
    query!(session, connection => connection.batch_execute(sql))
}

/// One process at a time; SQLite's transaction is that already.
#[cfg_attr(not(feature = "postgres"), expect(clippy::unnecessary_wraps, reason = "one signature"))]
fn lock(session: &mut Session<'_>) -> Result<(), StoreError> {
    match &mut session.connection {
        Connection::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection) => {
            // Any number that nobody else takes: "ostler" in ASCII.
            let result = connection.batch_execute("SELECT pg_advisory_xact_lock(122614399165810)");
            session.outcome(result)
        }
    }
}

fn has_table(session: &mut Session<'_>, name: &str) -> Result<bool, StoreError> {
    let sql = match &session.connection {
        Connection::Sqlite(_) => {
            format!("EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{name}')")
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => format!("to_regclass('{name}') IS NOT NULL"),
    };
    query!(session, connection =>
        diesel::select(diesel::dsl::sql::<Bool>(&sql)).get_result(*connection))
}

fn applied(session: &mut Session<'_>) -> Result<Vec<String>, StoreError> {
    query!(session, connection => ostler_migration::table
        .select(ostler_migration::name)
        .load(*connection))
}

fn revisions(session: &mut Session<'_>) -> Result<Vec<String>, StoreError> {
    diesel::table! {
        alembic_version (version_num) {
            version_num -> Text,
        }
    }
    query!(session, connection => alembic_version::table
        .select(alembic_version::version_num)
        .load(*connection))
}
