//! The places where masters of a node keep their entries: tried without making or changing anything
//! there, and told apart if they cannot be used.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use broker_store::{BackendKind, Found, open};
use ostler_runtime::Exit;
use ostler_runtime::logging::with_cause;
use rustix::fs::{Access, access};
use thiserror::Error;

use crate::node_settings::NodeSettings;
use crate::node_stores::{Storage, StoreRole};

/// Why a place cannot be used.
#[derive(Debug, Error)]
pub(crate) enum PlaceError {
    #[error("{} is something else than {kind}", path.display())]
    Other { path: PathBuf, kind: BackendKind },
    #[error("{} cannot be read and written", path.display())]
    System { path: PathBuf, source: io::Error },
}

impl PlaceError {
    fn exit(&self) -> Exit {
        match self {
            Self::Other { .. } => Exit::Config,
            Self::System { source, .. } => match source.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Exit::NoPermission,
                ErrorKind::NotADirectory | ErrorKind::InvalidFilename => Exit::Config,
                // What is short now, or a disk that does not answer, passes.
                _ => Exit::Unavailable,
            },
        }
    }
}

/// Tries the places of all masters, and says which cannot be used.
pub(crate) fn try_all(settings: &NodeSettings) -> Result<(), Exit> {
    let mut outcome = Ok(());
    for (name, role) in &settings.stores {
        let StoreRole::Master(storage) = role else { continue };
        if let Err(error) = look(storage) {
            log::error!("store {name}: {}", with_cause(&error));
            outcome = outcome.and(Err(error.exit()));
        }
    }
    outcome
}

/// What to end with since this could not be opened. What passes, as a lock or a full disk, is worth
/// another start.
pub(crate) fn exit(storage: &Storage) -> Exit {
    if let Err(error) = look(storage) {
        return error.exit();
    }
    // Words are all that is left of the failure, so there is another attempt, up to what is read when
    // a master is attached.
    let again = open(storage.kind, &storage.options()).and_then(|backend| backend.expiries());
    match again {
        Err(error) if error.is_damage() => Exit::Config,
        _ => Exit::Unavailable,
    }
}

/// Whether the place does, as far as that can be seen from outside.
fn look(storage: &Storage) -> Result<(), PlaceError> {
    let Some(path) = &storage.path else { return Ok(()) };
    let kind = storage.kind;
    let failed = |source| PlaceError::System { path: path.clone(), source };
    let found = kind.look(path).map_err(failed)?;
    if found == Found::Other && (path.is_dir() || !storage.begins_anew()) {
        return Err(PlaceError::Other { path: path.clone(), kind });
    }
    if path.exists() {
        try_access(path).map_err(failed)?;
    }
    // A database has files beside it. A folder has all in itself once it is there, which fjall makes
    // under another name.
    let is_inside = match kind {
        BackendKind::RocksDb => path.exists(),
        BackendKind::Fjall => found == Found::Storage,
        BackendKind::Memory | BackendKind::Sqlite => false,
    };
    if !is_inside {
        try_above(path)?;
    }
    Ok(())
}

/// Tries the folder that a file or folder is to be in, or the next one above it that is there.
fn try_above(path: &Path) -> Result<(), PlaceError> {
    for folder in path.ancestors().skip(1) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match try_access(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            outcome => {
                let path = folder.to_owned();
                return outcome.map_err(|source| PlaceError::System { path, source });
            }
        }
    }
    Ok(())
}

fn try_access(path: &Path) -> io::Result<()> {
    let mut wanted = Access::READ_OK | Access::WRITE_OK;
    if path.metadata()?.is_dir() {
        wanted |= Access::EXEC_OK;
    }
    Ok(access(path, wanted)?)
}
