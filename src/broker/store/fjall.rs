//! fjall, a log-structured engine in Rust.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Slice};

use crate::backend_look::FJALL;
use crate::engine::{Batch, Durability, Engine, EngineOptions, Fault, Visit};

/// What the entries are called among what fjall has in a folder.
const ENTRIES: &str = "entries";

/// The most bytes of a value.
const MAX_VALUE: usize = u32::MAX as usize;

/// Why a folder cannot be used, beyond what fjall says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum FolderError {
    #[error("there is something in it, and it is not of fjall")]
    Foreign,
    #[error("it is in use already")]
    Locked,
    #[error("writing it in the background has failed, as the log says")]
    Poisoned,
    #[error("a value is longer than {MAX_VALUE} bytes")]
    LongValue,
}

/// A folder of fjall.
pub(crate) struct Fjall {
    database: Database,
    entries: Keyspace,
    mode: PersistMode,
}

impl Fjall {
    fn open_at(path: &Path, durability: Durability) -> Result<Self, Fault> {
        let database = Database::builder(path).open().map_err(fault)?;
        let entries = database.keyspace(ENTRIES, KeyspaceCreateOptions::default).map_err(fault)?;
        let mode = match durability {
            Durability::Process => PersistMode::Buffer,
            Durability::Machine => PersistMode::SyncAll,
        };
        Ok(Self { database, entries, mode })
    }
}

impl Engine for Fjall {
    type Bytes = Slice;

    fn open(options: &EngineOptions) -> Result<Self, Fault> {
        if is_new(&options.path)? {
            make(&options.path)?;
        }
        Self::open_at(&options.path, options.durability)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Slice>, Fault> {
        self.entries.get(key).map_err(fault)
    }

    fn contains(&self, key: &[u8]) -> Result<bool, Fault> {
        self.entries.contains_key(key).map_err(fault)
    }

    fn each(&self, visit: &mut Visit<'_>) -> Result<(), Fault> {
        for pair in self.entries.iter() {
            let (key, value) = pair.into_inner().map_err(fault)?;
            visit(&key, &value)?;
        }
        Ok(())
    }

    fn write(&self, batch: Batch) -> Result<(), Fault> {
        let mut write = self.database.batch().durability(Some(self.mode));
        if batch.clears {
            for pair in self.entries.iter() {
                let key = pair.key().map_err(fault)?;
                // A batch has each key once: all of it happens at one time.
                if !batch.values.contains_key(key.as_ref()) {
                    write.remove(&self.entries, key);
                }
            }
        }
        for (key, value) in batch.values {
            match value {
                Some(value) if value.len() > MAX_VALUE => return Err(FolderError::LongValue.into()),
                Some(value) => write.insert(&self.entries, key, value),
                None => write.remove(&self.entries, key),
            }
        }
        write.commit().map_err(fault)
    }
}

/// Whether there is nothing yet.
fn is_new(path: &Path) -> Result<bool, Fault> {
    let mut files = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        files => files?,
    };
    match files.next() {
        None => Ok(true),
        Some(_) if path.join(FJALL).try_exists()? => Ok(false),
        Some(_) => Err(FolderError::Foreign.into()),
    }
}

/// Makes a folder. fjall does not go on with one that was left half made, so it is made beside its
/// place and moved there when it is whole.
fn make(path: &Path) -> Result<(), Fault> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    let above = above.unwrap_or(Path::new("."));
    fs::create_dir_all(above)?;
    let beside = tempfile::Builder::new().prefix(".fjall-").tempdir_in(above)?;
    drop(Fjall::open_at(beside.path(), Durability::Machine)?);
    fs::rename(beside.path(), path)?;
    // There is nothing left to remove.
    let _ = beside.keep();
    File::open(above)?.sync_all()?;
    Ok(())
}

/// fjall's own words are those of a debugger; where there is a cause, it says more.
fn fault(error: fjall::Error) -> Fault {
    match error {
        fjall::Error::Io(error) => error.into(),
        fjall::Error::Locked => FolderError::Locked.into(),
        fjall::Error::Poisoned => FolderError::Poisoned.into(),
        other => other.into(),
    }
}

/// Whether a folder is of something else, or what is in it cannot be read any more.
pub(crate) fn is_damage(error: &(dyn Error + 'static)) -> bool {
    if let Some(FolderError::Foreign) = error.downcast_ref() {
        return true;
    }
    match error.downcast_ref::<fjall::Error>() {
        // What the system says of it stands behind it.
        Some(fjall::Error::Storage(error)) => error.source().is_none(),
        Some(fjall::Error::Io(_) | fjall::Error::Locked | fjall::Error::Poisoned) | None => false,
        Some(_) => true,
    }
}
