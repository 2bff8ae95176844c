//! RocksDB, a log-structured engine in C++.

use rocksdb::{DB, ErrorKind, IteratorMode, Options, WriteBatch, WriteOptions};

use crate::engine::{Batch, Durability, Engine, EngineOptions, Fault, Visit};

/// What no key is after: they are shorter, or begin with a smaller byte.
const AFTER_ALL: [u8; 64] = [0xff; 64];

/// What RocksDB tells of itself, which is nobody's entries, is in so many files of this size at most.
const LOG_FILES: usize = 4;
const MAX_LOG_BYTES: usize = 1 << 20;

/// A folder of RocksDB.
pub(crate) struct RocksDb {
    database: DB,
    sync: bool,
}

impl Engine for RocksDb {
    type Bytes = Vec<u8>;

    fn open(options: &EngineOptions) -> Result<Self, Fault> {
        std::fs::create_dir_all(&options.path)?;
        let mut settings = Options::default();
        settings.create_if_missing(true);
        // By itself it writes one without an end, and keeps a thousand of earlier times.
        settings.set_keep_log_file_num(LOG_FILES);
        settings.set_max_log_file_size(MAX_LOG_BYTES);
        let database = DB::open(&settings, &options.path)?;
        Ok(Self { database, sync: options.durability == Durability::Machine })
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.database.get(key)?)
    }

    fn contains(&self, key: &[u8]) -> Result<bool, Fault> {
        Ok(self.database.get_pinned(key)?.is_some())
    }

    fn each(&self, visit: &mut Visit<'_>) -> Result<(), Fault> {
        for pair in self.database.iterator(IteratorMode::Start) {
            let (key, value) = pair?;
            visit(&key, &value)?;
        }
        Ok(())
    }

    fn write(&self, batch: Batch) -> Result<(), Fault> {
        let mut write = WriteBatch::default();
        if batch.clears {
            write.delete_range([].as_slice(), AFTER_ALL.as_slice());
        }
        for (key, value) in batch.values {
            match value {
                Some(value) => write.put(key, value),
                None => write.delete(key),
            }
        }
        let mut options = WriteOptions::default();
        options.set_sync(self.sync);
        Ok(self.database.write_opt(write, &options)?)
    }
}

/// Whether what is in a folder cannot be read any more.
pub(crate) fn is_damage(error: &(dyn std::error::Error + 'static)) -> bool {
    let kind = error.downcast_ref::<rocksdb::Error>().map(rocksdb::Error::kind);
    matches!(kind, Some(ErrorKind::Corruption | ErrorKind::InvalidArgument))
}
