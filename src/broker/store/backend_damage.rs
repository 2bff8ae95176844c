//! Which failures of a storage do not pass by themselves.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter;

use crate::backend::BackendError;

impl BackendError {
    /// Whether what is there is to blame, since it is damaged or something else: however often it is
    /// opened, it fails again. A lock, a full disk and whatever else passes are not.
    pub fn is_damage(&self) -> bool {
        let first: &(dyn Error + 'static) = &*self.source;
        iter::successors(Some(first), |&error| error.source()).any(is_damage)
    }
}

fn is_damage(error: &(dyn Error + 'static)) -> bool {
    #[cfg(feature = "sqlite")]
    if let Some(error) = error.downcast_ref::<crate::sqlite_error::SqliteError>() {
        return error.is_damage() || error.is_other_layout();
    }
    #[cfg(feature = "fjall")]
    if crate::fjall::is_damage(error) {
        return true;
    }
    #[cfg(feature = "rocksdb")]
    if crate::rocksdb::is_damage(error) {
        return true;
    }
    #[cfg(any(feature = "fjall", feature = "rocksdb"))]
    if error.is::<crate::sorted_entry::EntryError>() {
        return true;
    }
    // A file that ends too early, or has in it what it should not.
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| matches!(io.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData))
}
