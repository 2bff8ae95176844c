//! Whether a plugin of a repository is enabled for an organisation, where somebody has decided.

use diesel::prelude::*;

use crate::models::MAX_PLUGIN_ID;
use crate::session::{Pk, Session, findable, fits, query};
use crate::tables::{plugin_state, repository};
use crate::{Repository, StoreError};

/// The row of one plugin.
macro_rules! one {
    ($organisation:expr, $repository:expr, $plugin:expr) => {
        plugin_state::plugin_id
            .eq($plugin)
            .and(plugin_state::organisation_pk.eq($organisation.0))
            .and(plugin_state::repository_pk.eq($repository.0))
    };
}

impl Session<'_> {
    /// All decisions of an organisation: plugin, repository, and whether it is enabled.
    pub fn states(&mut self, organisation: Pk) -> Result<Vec<(String, String, bool)>, StoreError> {
        query!(self, connection => plugin_state::table
            .inner_join(repository::table.on(repository::pk.eq(plugin_state::repository_pk)))
            .filter(plugin_state::organisation_pk.eq(organisation.0))
            .select((plugin_state::plugin_id, repository::id, plugin_state::enabled))
            .order(plugin_state::id)
            .load(*connection))
    }

    /// Whether a plugin is enabled; `None` if nobody has decided.
    pub fn state(
        &mut self,
        organisation: Pk,
        repository: Pk,
        plugin_id: &str,
    ) -> Result<Option<bool>, StoreError> {
        if !findable(plugin_id) {
            return Ok(None);
        }
        query!(self, connection => plugin_state::table
            .filter(one!(organisation, repository, plugin_id))
            .select(plugin_state::enabled)
            .first(*connection)
            .optional())
    }

    /// Decides whether a plugin is enabled.
    pub fn set_state(
        &mut self,
        organisation: Pk,
        repository: Pk,
        plugin_id: &str,
        enabled: bool,
    ) -> Result<(), StoreError> {
        self.writes()?;
        fits("plugin_state.plugin_id", plugin_id, MAX_PLUGIN_ID)?;
        // First the row that is nearly always there: an insertion that comes to nothing uses up a
        // number of PostgreSQL's sequence.
        let changed = query!(self, connection => diesel::update(plugin_state::table)
            .filter(one!(organisation, repository, plugin_id))
            .set(plugin_state::enabled.eq(enabled))
            .execute(*connection))?;
        if changed > 0 {
            return Ok(());
        }
        let values = (
            plugin_state::plugin_id.eq(plugin_id),
            plugin_state::enabled.eq(enabled),
            plugin_state::organisation_pk.eq(organisation.0),
            plugin_state::repository_pk.eq(repository.0),
        );
        query!(self, connection => diesel::insert_into(plugin_state::table)
            .values(values)
            .on_conflict((
                plugin_state::plugin_id,
                plugin_state::organisation_pk,
                plugin_state::repository_pk,
            ))
            .do_update()
            .set(plugin_state::enabled.eq(enabled))
            .execute(*connection))?;
        if Some(repository) == self.local()? {
            self.number_config(organisation, plugin_id)?;
        }
        Ok(())
    }

    /// Leaves the plugin to its default again; whether somebody had decided.
    pub fn remove_state(
        &mut self,
        organisation: Pk,
        repository: Pk,
        plugin_id: &str,
    ) -> Result<bool, StoreError> {
        self.writes()?;
        if !findable(plugin_id) {
            return Ok(false);
        }
        let removed = query!(self, connection => diesel::delete(plugin_state::table)
            .filter(one!(organisation, repository, plugin_id))
            .execute(*connection))?;
        if removed > 0 {
            self.forget_config(organisation, plugin_id)?;
        }
        Ok(removed > 0)
    }

    /// The repository of the plugins on disk.
    pub(crate) fn local(&mut self) -> Result<Option<Pk>, StoreError> {
        let pk: Option<i32> = query!(self, connection => repository::table
            .filter(repository::id.eq(Repository::LOCAL))
            .select(repository::pk)
            .first(*connection)
            .optional())?;
        Ok(pk.map(Pk))
    }
}
