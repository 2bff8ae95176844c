//! Settings, and what is enabled: the catalogue's own database, used in process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use katalogus::{
    Access, Catalogue, Cipher, Database, Json, Kind, Migrator, Object, Plugin, Plugins, Repository,
    Store, StoreError, StoreSettings,
};
use ostler_runtime::Deadline;

use crate::local::Local;
use crate::service_error::ServiceError;
use crate::services::Settings;

/// How long a look into the database may take.
const MAX_CALL: Duration = Duration::from_secs(15);
/// How long the first look at the plugins is waited for, which may import them.
const MAX_FIRST_LOOK: Duration = Duration::from_secs(60);

/// See the module.
pub(crate) struct LocalCatalogue {
    path: PathBuf,
    store: Store,
    cipher: Cipher,
    plugins: Arc<Plugins>,
}

impl LocalCatalogue {
    /// Opens the database, or makes it.
    pub(crate) fn open(
        path: PathBuf,
        plugins: Arc<Plugins>,
        cipher: Cipher,
    ) -> Result<Self, ServiceError> {
        let settings =
            StoreSettings { readers: 1, ..StoreSettings::new(Database::Sqlite(path.clone())) };
        let opened = Migrator::new(&settings.database).apply().and_then(|_| Store::open(&settings));
        match opened {
            Ok(store) => Ok(Self { path, store, cipher, plugins }),
            Err(error) => Err(told(&path, &words(error))),
        }
    }

    /// The plugins on disk, once they have been looked at.
    pub(crate) fn plugins(&self) -> Result<Arc<Catalogue>, ServiceError> {
        if self.plugins.wait_begun(Deadline::after(MAX_FIRST_LOOK)) {
            return Ok(self.plugins.current());
        }
        let seconds = MAX_FIRST_LOOK.as_secs();
        Err(told(&self.path, &format!("the plugins were not looked at within {seconds} s")))
    }

    /// The normalizers that an organisation has enabled.
    pub(crate) fn normalizers(&self, organization: &str) -> Result<Vec<Plugin>, ServiceError> {
        let catalogue = self.plugins()?;
        let id = organization.to_owned();
        let states =
            self.store.call(Access::Read, Deadline::after(MAX_CALL), move |session| match session
                .organisation(&id)?
            {
                Some((pk, _)) => Ok(session.states(pk)?),
                None => Ok(Vec::new()),
            });
        let states = states.map_err(|error| told(&self.path, &words(error)))?;
        let is_enabled = |plugin: &Plugin| {
            let decided = states
                .iter()
                .find(|(id, repository, _)| *id == plugin.id && repository == Repository::LOCAL);
            decided.map_or(plugin.enabled, |(_, _, enabled)| *enabled)
        };
        let normalizers = catalogue.local().iter().map(|listed| listed.plugin());
        Ok(normalizers
            .filter(|plugin| plugin.kind == Kind::Normalizer && is_enabled(plugin))
            .cloned()
            .collect())
    }
}

impl Settings for Local {
    fn settings(&self, organization: &str, boefje: &str) -> Result<Object, ServiceError> {
        let catalogue = &self.catalogue;
        let (id, plugin) = (organization.to_owned(), boefje.to_owned());
        let stored =
            catalogue.store.call(Access::Read, Deadline::after(MAX_CALL), move |session| {
                match session.organisation(&id)? {
                    Some((pk, _)) => Ok(session.settings(pk, &plugin)?),
                    None => Ok(None),
                }
            });
        let failed = |words: &str| told(&catalogue.path, words);
        let Some(stored) = stored.map_err(|error| failed(&words(error)))? else {
            return Ok(Object::new());
        };
        let text = catalogue.cipher.decode(&stored).map_err(|error| {
            failed(&format!("the settings of {boefje} for {organization}: {error}"))
        })?;
        match Json::parse_any_number(text.as_bytes()) {
            Ok(Json::Object(settings)) => Ok(settings),
            _ => Err(failed(&format!("the settings of {boefje} for {organization} are no object"))),
        }
    }
}

fn told(path: &std::path::Path, words: &str) -> ServiceError {
    ServiceError::Local { file: path.display().to_string(), words: words.to_owned() }
}

/// The file is named already.
fn words(error: StoreError) -> String {
    match error {
        StoreError::Unavailable(words) => words,
        error => error.to_string(),
    }
}
