//! Configurations, as generation 1.20 shows them: what an organisation has for a boefje on disk or
//! added, which is a row of settings, a state of repository `LOCAL`, or both.
//!
//! The original numbers them. Ours get their number when the first of the two rows comes, and lose
//! it with the last.

use diesel::prelude::*;

use crate::session::{Pk, Session, findable, query};
use crate::tables::{organisation, ostler_config, plugin_state, repository, settings};
use crate::{Config, ConfigFilter, Repository, StoreError};

type Row = (i32, String, String, Option<String>, Option<bool>);

impl Session<'_> {
    /// The configurations that the filter lets through, by number.
    pub fn configs(&mut self, filter: &ConfigFilter) -> Result<Vec<Config>, StoreError> {
        let words = [&filter.organisation_id, &filter.boefje_id];
        if !words.into_iter().flatten().all(|word| findable(word)) {
            return Ok(Vec::new());
        }
        self.number_strangers()?;
        let local = self.local()?.unwrap_or(Pk(0));
        let rows: Vec<Row> = query!(self, connection => {
            let mut rows = ostler_config::table
                .inner_join(
                    organisation::table.on(organisation::pk.eq(ostler_config::organisation_pk)),
                )
                .left_join(
                    settings::table.on(settings::organisation_pk
                        .eq(ostler_config::organisation_pk)
                        .and(settings::plugin_id.eq(ostler_config::boefje_id))),
                )
                .left_join(
                    plugin_state::table.on(plugin_state::organisation_pk
                        .eq(ostler_config::organisation_pk)
                        .and(plugin_state::plugin_id.eq(ostler_config::boefje_id))
                        .and(plugin_state::repository_pk.eq(local.0))),
                )
                .select((
                    ostler_config::number,
                    organisation::id,
                    ostler_config::boefje_id,
                    settings::values.nullable(),
                    plugin_state::enabled.nullable(),
                ))
                .order(ostler_config::number)
                .into_boxed();
            if let Some(id) = &filter.organisation_id {
                rows = rows.filter(organisation::id.eq(id));
            }
            if let Some(id) = &filter.boefje_id {
                rows = rows.filter(ostler_config::boefje_id.eq(id));
            }
            rows.load(*connection)
        })?;
        // A number without rows is left over from a program that knows nothing of numbers.
        Ok(rows
            .into_iter()
            .filter(|(_, _, _, settings, enabled)| settings.is_some() || enabled.is_some())
            .map(|(number, organisation_id, boefje_id, settings, enabled)| Config {
                number,
                organisation_id,
                boefje_id,
                settings,
                enabled,
            })
            .collect())
    }

    /// Gives a configuration its number, if it has none.
    pub(crate) fn number_config(
        &mut self,
        organisation: Pk,
        boefje_id: &str,
    ) -> Result<(), StoreError> {
        let known: Option<i32> = query!(self, connection => ostler_config::table
            .filter(ostler_config::organisation_pk.eq(organisation.0))
            .filter(ostler_config::boefje_id.eq(boefje_id))
            .select(ostler_config::number)
            .first(*connection)
            .optional())?;
        if known.is_some() {
            return Ok(());
        }
        let values = (
            ostler_config::organisation_pk.eq(organisation.0),
            ostler_config::boefje_id.eq(boefje_id),
        );
        query!(self, connection => diesel::insert_into(ostler_config::table)
            .values(values)
            .on_conflict((ostler_config::organisation_pk, ostler_config::boefje_id))
            .do_nothing()
            .execute(*connection))?;
        Ok(())
    }

    /// Takes the number of a configuration away that has lost its last row.
    pub(crate) fn forget_config(
        &mut self,
        organisation: Pk,
        boefje_id: &str,
    ) -> Result<(), StoreError> {
        if self.settings(organisation, boefje_id)?.is_some() {
            return Ok(());
        }
        if let Some(local) = self.local()? {
            if self.state(organisation, local, boefje_id)?.is_some() {
                return Ok(());
            }
        }
        query!(self, connection => diesel::delete(ostler_config::table)
            .filter(ostler_config::organisation_pk.eq(organisation.0))
            .filter(ostler_config::boefje_id.eq(boefje_id))
            .execute(*connection))?;
        Ok(())
    }

    /// Numbers what the original wrote into the same database.
    fn number_strangers(&mut self) -> Result<(), StoreError> {
        let mut strangers: Vec<(i32, String)> = query!(self, connection => settings::table
            .left_join(ostler_config::table.on(ostler_config::organisation_pk
                .eq(settings::organisation_pk)
                .and(ostler_config::boefje_id.eq(settings::plugin_id))))
            .filter(ostler_config::number.nullable().is_null())
            .select((settings::organisation_pk, settings::plugin_id))
            .order(settings::id)
            .load(*connection))?;
        let states: Vec<(i32, String)> = query!(self, connection => plugin_state::table
            .inner_join(repository::table.on(repository::pk
                .eq(plugin_state::repository_pk)
                .and(repository::id.eq(Repository::LOCAL))))
            .left_join(ostler_config::table.on(ostler_config::organisation_pk
                .eq(plugin_state::organisation_pk)
                .and(ostler_config::boefje_id.eq(plugin_state::plugin_id))))
            .filter(ostler_config::number.nullable().is_null())
            .select((plugin_state::organisation_pk, plugin_state::plugin_id))
            .order(plugin_state::id)
            .load(*connection))?;
        strangers.extend(states);
        if !strangers.is_empty() {
            self.writes()?;
        }
        for (organisation, boefje_id) in strangers {
            self.number_config(Pk(organisation), &boefje_id)?;
        }
        Ok(())
    }
}
