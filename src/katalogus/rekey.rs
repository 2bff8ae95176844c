//! Other keys for the settings at rest: all rows in one transaction, or none.

use diesel::prelude::*;
use thiserror::Error;

use crate::cipher::{Cipher, CipherError};
use crate::link;
use crate::models::MAX_SETTINGS;
use crate::session::{Session, fits, query};
use crate::tables::{organisation, settings};
use crate::{Access, Database, StoreError};

/// Rows that are held in memory at once.
const PAGE: i64 = 1000;

/// Why no row was changed.
#[derive(Debug, Error)]
pub enum RekeyError {
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// One row. No secret is named.
    #[error("the settings of plugin {plugin_id} for organisation {organisation_id}: {fault}")]
    Row {
        /// Whose settings they are.
        organisation_id: String,
        /// For which plugin.
        plugin_id: String,
        /// What is wrong with them.
        fault: RowFault,
    },
}

/// What is wrong with settings.
#[derive(Debug, Error)]
pub enum RowFault {
    /// The old keys do not read them.
    #[error("the old keys do not read them: {0}")]
    Decode(CipherError),
    /// The new keys do not write them, or do not read what they wrote.
    #[error("the new keys do not write them: {0}")]
    Encode(CipherError),
    /// They are too long with the new keys.
    #[error("{0}")]
    Length(StoreError),
}

/// Writes all settings anew, which `old` reads and `new` is to read. How many rows that was.
///
/// If one of them cannot be read or written, nothing is changed. Whoever changes settings meanwhile
/// waits until the end.
pub fn rekey(database: &Database, old: &Cipher, new: &Cipher) -> Result<u64, RekeyError> {
    link::transaction(database, Access::Write, |session| {
        crate::migrations::check(session)?;
        lock(session)?;
        let (mut rows, mut after) = (0u64, i32::MIN);
        loop {
            let page: Vec<(i32, String, String, String)> = query!(session, connection => settings::table
                    .inner_join(
                        organisation::table.on(organisation::pk.eq(settings::organisation_pk)),
                    )
                    .filter(settings::id.gt(after))
                    .order(settings::id)
                    .limit(PAGE)
                    .select((settings::id, settings::values, settings::plugin_id, organisation::id))
                    .load(*connection))?;
            if page.is_empty() {
                return Ok(rows);
            }
            for (id, values, plugin_id, organisation_id) in page {
                after = id;
                let values = reencode(&values, old, new).map_err(|fault| RekeyError::Row {
                    organisation_id,
                    plugin_id,
                    fault,
                })?;
                query!(session, connection => diesel::update(settings::table)
                    .filter(settings::id.eq(id))
                    .set(settings::values.eq(&values))
                    .execute(*connection))?;
                rows = rows.saturating_add(1);
            }
        }
    })
}

fn reencode(stored: &str, old: &Cipher, new: &Cipher) -> Result<String, RowFault> {
    let text = old.decode(stored).map_err(RowFault::Decode)?;
    let stored = new.encode(&text).map_err(RowFault::Encode)?;
    new.decode(&stored).map_err(RowFault::Encode)?;
    fits("settings.values", &stored, MAX_SETTINGS).map_err(RowFault::Length)?;
    Ok(stored)
}

/// Keeps others from changing settings until the end; SQLite's transaction does that already.
#[cfg_attr(not(feature = "postgres"), expect(clippy::unnecessary_wraps, reason = "one signature"))]
fn lock(session: &mut Session<'_>) -> Result<(), StoreError> {
    match &mut session.connection {
        crate::session::Connection::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        crate::session::Connection::Postgres(connection) => {
            let sql = "LOCK TABLE settings IN SHARE ROW EXCLUSIVE MODE";
            let result = diesel::connection::SimpleConnection::batch_execute(*connection, sql);
            session.outcome(result)
        }
    }
}
