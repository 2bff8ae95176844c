//! Settings as they are kept: encrypted, checked against the schema of their boefje, and never
//! shown in an error.

use std::sync::Arc;

use crate::api::Core;
use crate::api_added::added;
use crate::failure::{Failure, Stop};
use crate::{Catalogue, Cipher, Generation, Json, Kind, Object, Pk, Session, SettingsSchema};

/// Reads and writes the settings of one plugin of one organisation.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) organisation: String,
    pub(crate) plugin: String,
    pub(crate) generation: Generation,
    cipher: Arc<Cipher>,
    catalogue: Arc<Catalogue>,
}

impl Kept {
    /// Settings of whatever plugin.
    pub(crate) fn new(core: &Core, organisation: String, plugin: String) -> Self {
        let (cipher, catalogue) = (Arc::clone(&core.cipher), core.plugins.current());
        Self { organisation, plugin, generation: core.generation, cipher, catalogue }
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
        match text.and_then(|text| Json::parse(&text).ok()) {
            Some(Json::Object(settings)) => Ok(settings),
            _ => {
                let (organisation, plugin) = (self.organisation.clone(), self.plugin.clone());
                Err(Failure::Undecryptable { organisation, plugin })
            }
        }
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
        if let Some(local) = self.catalogue.boefje(&self.plugin) {
            if let Some(schema) = local.schema() {
                self.judge(schema.as_ref().ok(), settings)?;
            }
            return Ok(());
        }
        if self.generation == Generation::V1_15 {
            return Ok(());
        }
        let schema = added(session, &self.plugin)?.and_then(|plugin| match plugin.kind {
            Kind::Boefje(boefje) => boefje.schema,
            Kind::Normalizer => None,
        });
        if let Some(schema) = schema {
            self.judge(SettingsSchema::compile(&schema).ok().as_ref(), settings)?;
        }
        Ok(())
    }

    fn judge(&self, schema: Option<&SettingsSchema>, settings: &Object) -> Result<(), Failure> {
        let Some(schema) = schema else { return Err(Failure::NoSchema(self.plugin.clone())) };
        schema.check(&Json::Object(settings.clone())).map_err(|reason| {
            let (organisation, plugin) = (self.organisation.clone(), self.plugin.clone());
            Failure::Unfit { organisation, plugin, reason }
        })
    }

    /// Whether there is a boefje that could have settings.
    pub(crate) fn has_boefje(&self, session: &mut Session<'_>) -> Result<bool, Stop> {
        if self.catalogue.boefje(&self.plugin).is_some() {
            return Ok(true);
        }
        let added = added(session, &self.plugin)?;
        Ok(added.is_some_and(|plugin| matches!(plugin.kind, Kind::Boefje(_))))
    }

    /// Whether this plugin is on disk or was added.
    pub(crate) fn is_listed(&self, session: &mut Session<'_>, plugin: &str) -> Result<bool, Stop> {
        if self.catalogue.plugin(plugin).is_some() {
            return Ok(true);
        }
        Ok(self.generation == Generation::V1_20 && added(session, plugin)?.is_some())
    }

    /// Whether it is a normalizer, and no boefje has the same id.
    pub(crate) fn is_normalizer(&self) -> bool {
        let catalogue = &self.catalogue;
        catalogue.boefje(&self.plugin).is_none() && catalogue.normalizer(&self.plugin).is_some()
    }
}
