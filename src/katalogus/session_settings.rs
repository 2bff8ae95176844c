//! The settings of a plugin for an organisation, as they are stored: JSON text, or what the cipher
//! made of it.

use diesel::prelude::*;

use crate::StoreError;
use crate::models::{MAX_PLUGIN_ID, MAX_SETTINGS};
use crate::session::{Pk, Session, findable, fits, query};
use crate::tables::settings;

/// The row of one plugin.
macro_rules! one {
    ($organisation:expr, $plugin:expr) => {
        settings::organisation_pk.eq($organisation.0).and(settings::plugin_id.eq($plugin))
    };
}

impl Session<'_> {
    /// The settings of one plugin.
    pub fn settings(
        &mut self,
        organisation: Pk,
        plugin_id: &str,
    ) -> Result<Option<String>, StoreError> {
        if !findable(plugin_id) {
            return Ok(None);
        }
        query!(self, connection => settings::table
            .filter(one!(organisation, plugin_id))
            .select(settings::values)
            .first(*connection)
            .optional())
    }

    /// The settings of all plugins: plugin and settings.
    pub fn all_settings(&mut self, organisation: Pk) -> Result<Vec<(String, String)>, StoreError> {
        query!(self, connection => settings::table
            .filter(settings::organisation_pk.eq(organisation.0))
            .select((settings::plugin_id, settings::values))
            .order(settings::id)
            .load(*connection))
    }

    /// Replaces the settings of one plugin.
    pub fn set_settings(
        &mut self,
        organisation: Pk,
        plugin_id: &str,
        values: &str,
    ) -> Result<(), StoreError> {
        self.writes()?;
        fits("settings.plugin_id", plugin_id, MAX_PLUGIN_ID)?;
        fits("settings.values", values, MAX_SETTINGS)?;
        // First the row that is nearly always there: an insertion that comes to nothing uses up a
        // number of PostgreSQL's sequence.
        let changed = query!(self, connection => diesel::update(settings::table)
            .filter(one!(organisation, plugin_id))
            .set(settings::values.eq(values))
            .execute(*connection))?;
        if changed > 0 {
            return Ok(());
        }
        let row = (
            settings::values.eq(values),
            settings::plugin_id.eq(plugin_id),
            settings::organisation_pk.eq(organisation.0),
        );
        query!(self, connection => diesel::insert_into(settings::table)
            .values(row)
            .on_conflict((settings::organisation_pk, settings::plugin_id))
            .do_update()
            .set(settings::values.eq(values))
            .execute(*connection))?;
        self.number_config(organisation, plugin_id)
    }

    /// Removes the settings of one plugin; whether there were any.
    pub fn remove_settings(
        &mut self,
        organisation: Pk,
        plugin_id: &str,
    ) -> Result<bool, StoreError> {
        self.writes()?;
        if !findable(plugin_id) {
            return Ok(false);
        }
        let removed = query!(self, connection => diesel::delete(settings::table)
            .filter(one!(organisation, plugin_id))
            .execute(*connection))?;
        if removed > 0 {
            self.forget_config(organisation, plugin_id)?;
        }
        Ok(removed > 0)
    }
}
