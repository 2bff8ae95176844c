//! Storage of each kind that this build has.

use crate::backend::{Backend, BackendError};
use crate::backend_kind::BackendKind;
use crate::backend_options::{BackendOptions, OptionError, Unread};
use crate::memory::Memory;

/// This crate was built without a kind of storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was built without the feature {0}")]
#[cfg(not(all(feature = "fjall", feature = "rocksdb", feature = "sqlite")))]
struct NotBuilt(BackendKind);

/// Opens storage of a kind, and makes what is not there yet, the folders above it included.
///
/// Fails if this crate was built without this kind, if an option does not do (see
/// [`BackendOptions`]), or if what is there cannot be used.
pub fn open(kind: BackendKind, options: &BackendOptions) -> Result<Box<dyn Backend>, BackendError> {
    match kind {
        BackendKind::Memory => {
            Unread::new(options).finish().map_err(|error| refused(kind, error))?;
            Ok(Box::new(Memory::default()))
        }
        #[cfg(feature = "sqlite")]
        BackendKind::Sqlite => {
            let options = crate::sqlite_options::SqliteOptions::read(options)
                .map_err(|error| refused(kind, error))?;
            Ok(Box::new(crate::sqlite::Sqlite::open(&options)?))
        }
        #[cfg(feature = "fjall")]
        BackendKind::Fjall => sorted::<crate::fjall::Fjall>(kind, options),
        #[cfg(feature = "rocksdb")]
        BackendKind::RocksDb => sorted::<crate::rocksdb::RocksDb>(kind, options),
        #[cfg(not(all(feature = "fjall", feature = "rocksdb", feature = "sqlite")))]
        _ => Err(BackendError::new(format!("cannot use the backend {kind}"), NotBuilt(kind))),
    }
}

#[cfg(any(feature = "fjall", feature = "rocksdb"))]
fn sorted<E: crate::engine::Engine + 'static>(
    kind: BackendKind,
    options: &BackendOptions,
) -> Result<Box<dyn Backend>, BackendError> {
    let options =
        crate::engine::EngineOptions::read(options).map_err(|error| refused(kind, error))?;
    Ok(Box::new(crate::sorted::Sorted::<E>::open(options)?))
}

fn refused(kind: BackendKind, error: OptionError) -> BackendError {
    BackendError::new(format!("cannot open the backend {kind}"), error)
}
