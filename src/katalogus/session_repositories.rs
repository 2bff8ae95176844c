//! Repositories.

use diesel::prelude::*;

use crate::session::{Pk, Session, findable, fits, query};
use crate::tables::repository;
use crate::{Repository, StoreError};

type Row = (i32, String, String, String);

impl Session<'_> {
    /// All repositories, the oldest first.
    pub fn repositories(&mut self) -> Result<Vec<Repository>, StoreError> {
        let rows: Vec<Row> = query!(self, connection => repository::table
            .select((repository::pk, repository::id, repository::name, repository::base_url))
            .order(repository::pk)
            .load(*connection))?;
        Ok(rows.into_iter().map(|row| read(row).1).collect())
    }

    /// One repository.
    pub fn repository(&mut self, id: &str) -> Result<Option<(Pk, Repository)>, StoreError> {
        if !findable(id) {
            return Ok(None);
        }
        let row: Option<Row> = query!(self, connection => repository::table
            .filter(repository::id.eq(id))
            .select((repository::pk, repository::id, repository::name, repository::base_url))
            .first(*connection)
            .optional())?;
        Ok(row.map(read))
    }

    /// Adds a repository. A taken id is a [`StoreError::Duplicate`], which ends the transaction.
    pub fn add_repository(&mut self, new: &Repository) -> Result<Pk, StoreError> {
        self.writes()?;
        fits("repository.id", &new.id, Repository::MAX_ID)?;
        fits("repository.name", &new.name, Repository::MAX_NAME)?;
        fits("repository.base_url", &new.base_url, Repository::MAX_URL)?;
        let values = (
            repository::id.eq(&new.id),
            repository::name.eq(&new.name),
            repository::base_url.eq(&new.base_url),
        );
        let added = query!(self, connection => diesel::insert_into(repository::table)
            .values(values)
            .returning(repository::pk)
            .get_result(*connection));
        self.unique(added, "repository_id", || format!("(id)=({})", new.id)).map(Pk)
    }

    /// Removes a repository with the states of its plugins; whether there was one.
    ///
    /// One that is linked with an organisation stays: [`StoreError::Referenced`].
    pub fn remove_repository(&mut self, id: &str) -> Result<bool, StoreError> {
        self.writes()?;
        if !findable(id) {
            return Ok(false);
        }
        let removed = query!(self, connection => diesel::delete(repository::table)
            .filter(repository::id.eq(id))
            .execute(*connection))?;
        Ok(removed > 0)
    }
}

fn read((pk, id, name, base_url): Row) -> (Pk, Repository) {
    (Pk(pk), Repository { id, name, base_url })
}
