//! What is where storage is to be, looked at from outside: whoever opens storage may make or change
//! files, and wait for locks.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::backend_kind::BackendKind;

/// What a database of SQLite begins with.
const SQLITE: [u8; 16] = *b"SQLite format 3\0";
/// The file that stands in every folder of fjall.
pub(crate) const FJALL: &str = "version";
/// The one in every folder of RocksDB.
const ROCKSDB: &str = "CURRENT";

/// What is where storage is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing yet, or what is as good: an empty file or folder.
    Nothing,
    /// Storage of this kind, by what it looks like.
    Storage,
    /// Something else.
    Other,
}

impl BackendKind {
    /// What is at `path`, where storage of this kind is to be. Nothing is made, changed or locked.
    pub fn look(self, path: &Path) -> io::Result<Found> {
        let is_folder = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(error),
            Ok(there) if there.is_dir() => true,
            Ok(there) if there.is_file() => false,
            Ok(_) => return Ok(Found::Other),
        };
        match self {
            Self::Sqlite if !is_folder => database(path),
            Self::Fjall if is_folder => match folder(path, FJALL)? {
                Some(found) => Ok(found),
                None => Ok(Found::Other),
            },
            // It makes itself at home among other files.
            Self::RocksDb if is_folder => Ok(folder(path, ROCKSDB)?.unwrap_or(Found::Nothing)),
            _ => Ok(Found::Other),
        }
    }
}

fn database(path: &Path) -> io::Result<Found> {
    let mut head = Vec::new();
    File::open(path)?.take(SQLITE.len() as u64).read_to_end(&mut head)?;
    Ok(match head {
        head if head.is_empty() => Found::Nothing,
        head if head == SQLITE => Found::Storage,
        _ => Found::Other,
    })
}

/// What is in a folder, if it has this file or none.
fn folder(path: &Path, marker: &str) -> io::Result<Option<Found>> {
    if path.join(marker).try_exists()? {
        return Ok(Some(Found::Storage));
    }
    let is_empty = fs::read_dir(path)?.next().is_none();
    Ok(is_empty.then_some(Found::Nothing))
}
