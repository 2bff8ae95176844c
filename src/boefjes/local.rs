//! A machine of its own: queue, raw files, objects and settings in a folder, without any other
//! service.
//!
//! ```text
//! DIR/boefjes.db     queue, raw files, what is known of runs, objects        (SQLite)
//! DIR/katalogus.db   settings, and what is enabled, as `katalogus` keeps it  (SQLite)
//! DIR/holders/       a locked file for each process that has taken tasks
//! ```
//!
//! Any number of processes work on one folder at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use katalogus::encryption::Encryption;
use katalogus::{Cipher, Plugins};

use crate::local_catalogue::LocalCatalogue;
use crate::local_database::LocalDatabase;
use crate::local_holder::Holder;
use crate::service_error::ServiceError;
use crate::services::Services;

const DATABASE: &str = "boefjes.db";
const CATALOGUE: &str = "katalogus.db";
const HOLDERS: &str = "holders";

/// All four services. Each has a file of its own beside this one.
pub(crate) struct Local {
    pub(crate) database: LocalDatabase,
    pub(crate) catalogue: LocalCatalogue,
    pub(crate) holder: Holder,
}

/// How a machine of its own is kept.
#[derive(Debug)]
pub struct LocalSettings {
    /// The folder, which is made if it is not there.
    pub folder: PathBuf,
    /// What decrypts the settings of boefjes.
    pub cipher: Cipher,
    /// How long whoever writes waits for another process that does, at most.
    pub max_lock_wait: Duration,
}

/// Whether a folder is a machine of its own already: what only reads makes none. An error says what is
/// not there.
pub(crate) fn is_there(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    match folder.join(DATABASE).try_exists() {
        Ok(true) => Ok(()),
        Ok(false) if folder.is_dir() => Err(format!(
            "{shown}: there is no {DATABASE} in this folder, so that nothing was run here"
        )),
        Ok(false) => Err(format!("{shown}: there is no such folder")),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

impl LocalSettings {
    /// How long is waited for another process, if nothing else is said.
    pub const MAX_LOCK_WAIT: Duration = Duration::from_secs(10);

    /// The defaults for a folder, with settings as they are.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let (folder, cipher) = (folder.into(), Cipher::identity());
        Self { folder, cipher, max_lock_wait: Self::MAX_LOCK_WAIT }
    }
}

impl Services {
    /// Those of this machine, in this folder. How settings are encrypted the environment says, as it
    /// says it to the catalogue.
    pub fn local(folder: &Path, plugins: Arc<Plugins>) -> Result<Self, ServiceError> {
        let told = |words: String| ServiceError::Local {
            file: folder.join(CATALOGUE).display().to_string(),
            words,
        };
        let encryption = Encryption::of_environment().map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            told(words.join("; "))
        })?;
        let cipher = encryption.cipher().map_err(|error| told(error.to_string()))?;
        Self::local_with(LocalSettings { cipher, ..LocalSettings::new(folder) }, plugins)
    }

    /// The same, with all that can be said of it.
    pub fn local_with(
        settings: LocalSettings,
        plugins: Arc<Plugins>,
    ) -> Result<Self, ServiceError> {
        let folder = &settings.folder;
        let local = Arc::new(Local {
            database: LocalDatabase::open(folder.join(DATABASE), settings.max_lock_wait)?,
            catalogue: LocalCatalogue::open(folder.join(CATALOGUE), plugins, settings.cipher)?,
            holder: Holder::new(folder.join(HOLDERS)),
        });
        Ok(Self {
            scheduler: Arc::clone(&local) as _,
            bytes: Arc::clone(&local) as _,
            octopoes: Arc::clone(&local) as _,
            settings: local,
        })
    }
}
