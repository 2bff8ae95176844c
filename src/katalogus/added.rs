//! The plugins that were added over HTTP, as the database has them now. Reading one takes long where
//! it has a schema, so each document is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Stop;
use crate::{AddedPlugin, Catalogue, Generation, Json, Listed, Plugin, Session, StoreError};

/// How many documents are remembered at most.
const MAX_KNOWN: usize = 512;

/// What was read of documents.
#[derive(Debug, Default)]
pub(crate) struct Added {
    known: Mutex<HashMap<String, Arc<Listed>>>,
}

impl Added {
    /// The plugin of this id, a boefje rather than a normalizer.
    pub(crate) fn one(
        &self,
        session: &mut Session<'_>,
        id: &str,
    ) -> Result<Option<Arc<Listed>>, Stop> {
        let row = session.added_plugin(id)?;
        Ok(row.map(|row| self.read(row)).transpose()?)
    }

    /// All but those that are hidden by one on disk, the oldest first.
    pub(crate) fn all(
        &self,
        session: &mut Session<'_>,
        catalogue: &Catalogue,
    ) -> Result<Vec<Arc<Listed>>, Stop> {
        let rows = session.added_plugins()?.into_iter();
        let shown = rows.filter(|row| catalogue.plugin(&row.id).is_none());
        Ok(shown.map(|row| self.read(row)).collect::<Result<_, _>>()?)
    }

    fn read(&self, row: AddedPlugin) -> Result<Arc<Listed>, StoreError> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listed) = known().get(&row.document) {
            return Ok(Arc::clone(listed));
        }
        let json = Json::parse(&row.document).map_err(|fault| fault.to_string());
        let plugin = json.and_then(|json| {
            Plugin::from_json(&json, Generation::V1_20).map_err(|fault| fault.to_string())
        });
        let plugin = plugin.map_err(|why| {
            StoreError::Other(format!("ostler_plugin.document of {:?}: {why}", row.id))
        })?;
        let listed = Arc::new(Listed::new(plugin, Generation::V1_20));
        let mut known = known();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(row.document, Arc::clone(&listed));
        Ok(listed)
    }
}
