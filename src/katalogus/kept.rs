//! Settings as they are kept: encrypted, checked against the schema of their boefje, and never
//! shown in an error.

use std::sync::Arc;

use crate::added::Added;
use crate::api::Core;
use crate::catalogue::Schema;
use crate::failure::{Failure, Stop};
use crate::{Catalogue, Cipher, Generation, Json, Listed, Object, Pk, PluginKind, Session};

/// Reads and writes the settings of one plugin of one organisation.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) organisation: String,
    pub(crate) plugin: String,
    pub(crate) generation: Generation,
    cipher: Arc<Cipher>,
    added: Arc<Added>,
    catalogue: Arc<Catalogue>,
}

impl Kept {
    /// Settings of whatever plugin.
    pub(crate) fn new(core: &Core, organisation: String, plugin: String) -> Self {
        let (cipher, added) = (Arc::clone(&core.cipher), Arc::clone(&core.added));
        let (generation, catalogue) = (core.generation, core.plugins.current());
        Self { organisation, plugin, generation, cipher, added, catalogue }
    }

    /// Those of another plugin or organisation.
    pub(crate) fn beside(&self, organisation: &str, plugin: &str) -> Self {
        let (organisation, plugin) = (organisation.to_owned(), plugin.to_owned());
        Self { organisation, plugin, ..self.clone() }
    }

    /// The organisation, locked until the transaction ends, so that what is read now is still so
    /// when it is written. Where nothing is written without one, it is an error if there is none.
    pub(crate) fn lock(&self, session: &mut Session<'_>) -> Result<Pk, Stop> {
        let pk = self.generation.known_organisation(session, &self.organisation)?;
        if session.lock_organisation(pk)? {
            return Ok(pk);
        }
        Err(Failure::NoOrganisation(self.organisation.clone()).into())
    }

    /// What is there.
    pub(crate) fn read(&self, session: &mut Session<'_>, pk: Pk) -> Result<Option<Object>, Stop> {
        let stored = session.settings(pk, &self.plugin)?;
        Ok(stored.map(|stored| self.decode(&stored)).transpose()?)
    }

    /// What a row holds.
    pub(crate) fn decode(&self, stored: &str) -> Result<Object, Failure> {
        let text = self.cipher.decode(stored).ok();
        if let Some(Json::Object(settings)) = text.and_then(|text| Json::parse(&text).ok()) {
            return Ok(settings);
        }
        let (organisation, plugin) = (self.organisation.clone(), self.plugin.clone());
        Err(Failure::Undecryptable { organisation, plugin })
    }

    /// What a row is to hold.
    pub(crate) fn encode(&self, settings: Object) -> Result<String, Failure> {
        let text = Json::Object(settings).dumps();
        self.cipher.encode(&text).map_err(|_| {
            let (organisation, plugin) = (self.organisation.clone(), self.plugin.clone());
            Failure::Unencryptable { organisation, plugin }
        })
    }

    /// Checks and writes.
    pub(crate) fn write(
        &self,
        session: &mut Session<'_>,
        pk: Pk,
        settings: &Object,
    ) -> Result<(), Stop> {
        self.check(session, settings)?;
        let stored = self.encode(settings.clone())?;
        Ok(session.set_settings(pk, &self.plugin, &stored)?)
    }

    /// Whether the schema of the boefje, if there is one, takes these settings.
    pub(crate) fn check(&self, session: &mut Session<'_>, settings: &Object) -> Result<(), Stop> {
        let listed = match self.catalogue.boefje(&self.plugin) {
            Some(local) => Some(Arc::clone(local)),
            None => self.added(session)?,
        };
        let schema = match listed.as_ref().map(|listed| listed.schema()) {
            None | Some(Schema::None) => return Ok(()),
            Some(Schema::Valid(schema)) => schema,
            Some(Schema::Invalid(_)) => return Err(Failure::NoSchema(self.plugin.clone()).into()),
        };
        schema.check(&Json::Object(settings.clone())).map_err(|reason| {
            let (organisation, plugin) = (self.organisation.clone(), self.plugin.clone());
            Failure::Unfit { organisation, plugin, reason }.into()
        })
    }

    /// What the plugin is, if it is on disk or was added.
    pub(crate) fn kind(&self, session: &mut Session<'_>) -> Result<Option<PluginKind>, Stop> {
        if let Some(local) = self.catalogue.plugin(&self.plugin) {
            return Ok(Some(local.plugin().kind.of()));
        }
        Ok(self.added(session)?.map(|listed| listed.plugin().kind.of()))
    }

    fn added(&self, session: &mut Session<'_>) -> Result<Option<Arc<Listed>>, Stop> {
        match self.generation {
            Generation::V1_15 => Ok(None),
            Generation::V1_20 => self.added.one(session, &self.plugin),
        }
    }

    /// Whether the plugin is enabled where nobody has decided.
    pub(crate) fn enabled_by_default(&self) -> bool {
        self.catalogue.plugin(&self.plugin).is_some_and(|listed| listed.plugin().enabled)
    }
}
