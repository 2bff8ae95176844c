//! Organisations.

use diesel::prelude::*;

use crate::session::{Pk, Session, findable, fits, query};
use crate::tables::{organisation, ostler_organisation};
use crate::{Organisation, StoreError};

/// A row, and what there is beside it.
type Row = (i32, String, String, Option<bool>);

/// Organisations with what we keep beside them.
macro_rules! organisations {
    () => {
        organisation::table.left_join(
            ostler_organisation::table
                .on(ostler_organisation::organisation_pk.eq(organisation::pk)),
        )
    };
}

/// Their columns.
macro_rules! columns {
    () => {
        (
            organisation::pk,
            organisation::id,
            organisation::name,
            ostler_organisation::deduplicate.nullable(),
        )
    };
}

impl Session<'_> {
    /// All organisations, the oldest first.
    pub fn organisations(&mut self) -> Result<Vec<Organisation>, StoreError> {
        let rows: Vec<Row> = query!(self, connection => organisations!()
            .select(columns!())
            .order(organisation::pk)
            .load(*connection))?;
        Ok(rows.into_iter().map(|row| read(row).1).collect())
    }

    /// One organisation.
    pub fn organisation(&mut self, id: &str) -> Result<Option<(Pk, Organisation)>, StoreError> {
        if !findable(id) {
            return Ok(None);
        }
        let row: Option<Row> = query!(self, connection => organisations!()
            .filter(organisation::id.eq(id))
            .select(columns!())
            .first(*connection)
            .optional())?;
        Ok(row.map(read))
    }

    /// Adds an organisation. A taken id is a [`StoreError::Duplicate`], which ends the transaction.
    pub fn add_organisation(&mut self, new: &Organisation) -> Result<Pk, StoreError> {
        self.writes()?;
        check(new)?;
        let values = (organisation::id.eq(&new.id), organisation::name.eq(&new.name));
        let added = query!(self, connection => diesel::insert_into(organisation::table)
            .values(values)
            .returning(organisation::pk)
            .get_result(*connection));
        let pk = Pk(self.unique(added, "organisation_id", || format!("(id)=({})", new.id))?);
        self.set_deduplicate(pk, new.deduplicate)?;
        Ok(pk)
    }

    /// Finds an organisation, or adds it; two who do that at once both find it.
    pub fn ensure_organisation(&mut self, new: &Organisation) -> Result<Pk, StoreError> {
        if let Some((pk, _)) = self.organisation(&new.id)? {
            return Ok(pk);
        }
        self.writes()?;
        check(new)?;
        let values = (organisation::id.eq(&new.id), organisation::name.eq(&new.name));
        let added: Option<i32> = query!(self, connection => diesel::insert_into(organisation::table)
                .values(values)
                .on_conflict(organisation::id)
                .do_nothing()
                .returning(organisation::pk)
                .get_result(*connection)
                .optional())?;
        if let Some(pk) = added {
            self.set_deduplicate(Pk(pk), new.deduplicate)?;
            return Ok(Pk(pk));
        }
        // Somebody else has added it meanwhile.
        let found = self.organisation(&new.id)?;
        found.map(|(pk, _)| pk).ok_or(StoreError::Referenced)
    }

    /// Changes the name and the rest of an organisation; whether there is one with this id.
    pub fn update_organisation(&mut self, new: &Organisation) -> Result<bool, StoreError> {
        self.writes()?;
        check(new)?;
        let Some((pk, old)) = self.organisation(&new.id)? else { return Ok(false) };
        if old.name != new.name {
            query!(self, connection => diesel::update(organisation::table)
                .filter(organisation::pk.eq(pk.0))
                .set(organisation::name.eq(&new.name))
                .execute(*connection))?;
        }
        if old.deduplicate != new.deduplicate {
            self.set_deduplicate(pk, new.deduplicate)?;
        }
        Ok(true)
    }

    /// Removes an organisation with its settings and states; whether there was one.
    ///
    /// One that is linked with a repository stays: [`StoreError::Referenced`].
    pub fn remove_organisation(&mut self, id: &str) -> Result<bool, StoreError> {
        self.writes()?;
        if !findable(id) {
            return Ok(false);
        }
        let removed = query!(self, connection => diesel::delete(organisation::table)
            .filter(organisation::id.eq(id))
            .execute(*connection))?;
        Ok(removed > 0)
    }

    /// Keeps others from changing this organisation's rows until the transaction ends, if they ask
    /// for the same; whether the organisation is still there. To be called before reading what is
    /// then changed.
    pub fn lock_organisation(&mut self, organisation: Pk) -> Result<bool, StoreError> {
        self.writes()?;
        self.usable()?;
        let result = match &mut self.connection {
            // There is one who writes at a time.
            crate::session::Connection::Sqlite(connection) => organisation::table
                .filter(organisation::pk.eq(organisation.0))
                .select(organisation::pk)
                .first::<i32>(*connection)
                .optional(),
            #[cfg(feature = "postgres")]
            crate::session::Connection::Postgres(connection) => organisation::table
                .filter(organisation::pk.eq(organisation.0))
                .select(organisation::pk)
                .for_update()
                .first::<i32>(*connection)
                .optional(),
        };
        Ok(self.outcome(result)?.is_some())
    }

    /// Only what differs from the default has a row.
    fn set_deduplicate(&mut self, pk: Pk, deduplicate: bool) -> Result<(), StoreError> {
        if deduplicate {
            query!(self, connection => diesel::delete(ostler_organisation::table)
                .filter(ostler_organisation::organisation_pk.eq(pk.0))
                .execute(*connection))?;
        } else {
            let values = (
                ostler_organisation::organisation_pk.eq(pk.0),
                ostler_organisation::deduplicate.eq(false),
            );
            query!(self, connection => diesel::insert_into(ostler_organisation::table)
                .values(values)
                .on_conflict(ostler_organisation::organisation_pk)
                .do_update()
                .set(ostler_organisation::deduplicate.eq(false))
                .execute(*connection))?;
        }
        Ok(())
    }
}

fn read((pk, id, name, deduplicate): Row) -> (Pk, Organisation) {
    (Pk(pk), Organisation { id, name, deduplicate: deduplicate.unwrap_or(true) })
}

fn check(new: &Organisation) -> Result<(), StoreError> {
    fits("organisation.id", &new.id, Organisation::MAX_ID)?;
    fits("organisation.name", &new.name, Organisation::MAX_NAME)
}
