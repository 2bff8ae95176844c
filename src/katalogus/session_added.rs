//! Plugins that were added over HTTP.

use diesel::prelude::*;

use crate::models::MAX_PLUGIN_ID;
use crate::session::{Session, findable, fits, query};
use crate::tables::{ostler_config, ostler_plugin, plugin_state, repository, settings};
use crate::{AddedPlugin, PluginKind, Repository, StoreError};

type Row = (String, String, String);

impl Session<'_> {
    /// All of them, the oldest first.
    pub fn added_plugins(&mut self) -> Result<Vec<AddedPlugin>, StoreError> {
        let rows: Vec<Row> = query!(self, connection => ostler_plugin::table
            .select((ostler_plugin::kind, ostler_plugin::id, ostler_plugin::document))
            .order(ostler_plugin::pk)
            .load(*connection))?;
        rows.into_iter().map(read).collect()
    }

    /// One of them. A boefje and a normalizer may have the same id; then it is the boefje.
    pub fn added_plugin(&mut self, id: &str) -> Result<Option<AddedPlugin>, StoreError> {
        if !findable(id) {
            return Ok(None);
        }
        let row: Option<Row> = query!(self, connection => ostler_plugin::table
            .filter(ostler_plugin::id.eq(id))
            .select((ostler_plugin::kind, ostler_plugin::id, ostler_plugin::document))
            .order(ostler_plugin::kind)
            .first(*connection)
            .optional())?;
        row.map(read).transpose()
    }

    /// Keeps others from adding and changing plugins until the transaction ends, if they ask for
    /// the same. To be called before looking whether a plugin may be added.
    pub fn lock_added_plugins(&mut self) -> Result<(), StoreError> {
        self.writes()?;
        self.usable()?;
        match &mut self.connection {
            // There is one who writes at a time.
            crate::session::Connection::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            crate::session::Connection::Postgres(connection) => {
                let sql = "LOCK TABLE ostler_plugin IN SHARE ROW EXCLUSIVE MODE";
                let result = diesel::connection::SimpleConnection::batch_execute(*connection, sql);
                self.outcome(result)
            }
        }
    }

    /// Adds a plugin. A taken id is a [`StoreError::Duplicate`], which ends the transaction.
    pub fn add_plugin(&mut self, new: &AddedPlugin) -> Result<(), StoreError> {
        self.writes()?;
        check(new)?;
        let values = (
            ostler_plugin::kind.eq(new.kind.name()),
            ostler_plugin::id.eq(&new.id),
            ostler_plugin::document.eq(&new.document),
        );
        let added = query!(self, connection => diesel::insert_into(ostler_plugin::table)
            .values(values)
            .execute(*connection));
        self.unique(added, "ostler_plugin_id", || {
            format!("(kind, id)=({}, {})", new.kind.name(), new.id)
        })?;
        Ok(())
    }

    /// Replaces the document of a plugin; whether there is one of this kind and id.
    pub fn update_plugin(&mut self, new: &AddedPlugin) -> Result<bool, StoreError> {
        self.writes()?;
        check(new)?;
        let changed = query!(self, connection => diesel::update(ostler_plugin::table)
            .filter(ostler_plugin::kind.eq(new.kind.name()))
            .filter(ostler_plugin::id.eq(&new.id))
            .set(ostler_plugin::document.eq(&new.document))
            .execute(*connection))?;
        Ok(changed > 0)
    }

    /// Removes a plugin, and the settings and states that organisations have for it; whether there
    /// was one.
    pub fn remove_plugin(&mut self, kind: PluginKind, id: &str) -> Result<bool, StoreError> {
        self.writes()?;
        if !findable(id) {
            return Ok(false);
        }
        let removed = query!(self, connection => diesel::delete(ostler_plugin::table)
            .filter(ostler_plugin::kind.eq(kind.name()))
            .filter(ostler_plugin::id.eq(id))
            .execute(*connection))?;
        if removed > 0 {
            self.remove_configs(id)?;
        }
        Ok(removed > 0)
    }

    /// Removes what all organisations have for one plugin of the repository `LOCAL`.
    pub fn remove_configs(&mut self, plugin_id: &str) -> Result<(), StoreError> {
        self.writes()?;
        if !findable(plugin_id) {
            return Ok(());
        }
        query!(self, connection => diesel::delete(settings::table)
            .filter(settings::plugin_id.eq(plugin_id))
            .execute(*connection))?;
        query!(self, connection => diesel::delete(plugin_state::table)
            .filter(plugin_state::plugin_id.eq(plugin_id))
            .filter(plugin_state::repository_pk.eq_any(
                repository::table
                    .filter(repository::id.eq(Repository::LOCAL))
                    .select(repository::pk),
            ))
            .execute(*connection))?;
        query!(self, connection => diesel::delete(ostler_config::table)
            .filter(ostler_config::boefje_id.eq(plugin_id))
            .execute(*connection))?;
        Ok(())
    }
}

fn read((kind, id, document): Row) -> Result<AddedPlugin, StoreError> {
    let kind = PluginKind::named(&kind)
        .ok_or_else(|| StoreError::Other(format!("ostler_plugin.kind: {kind:?} is unknown")))?;
    Ok(AddedPlugin { kind, id, document })
}

fn check(new: &AddedPlugin) -> Result<(), StoreError> {
    fits("ostler_plugin.id", &new.id, MAX_PLUGIN_ID)?;
    fits("ostler_plugin.document", &new.document, AddedPlugin::MAX_DOCUMENT)
}
