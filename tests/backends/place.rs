//! Where the storage of a test lies.

use std::path::PathBuf;

use broker_store::{Backend, Change};
use ostler_tests::backends::Way;

/// A folder that ends with the test, and a path in it at which there is nothing yet, nor above it.
pub(crate) struct Place {
    pub(crate) way: Way,
    pub(crate) path: PathBuf,
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new(way: Way) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not yet/there/entries");
        Self { way, path, folder }
    }

    pub(crate) fn open(&self) -> Box<dyn Backend> {
        self.way.open(&self.path).unwrap_or_else(|error| {
            panic!("{:?}: {}", self.way, error.with_cause());
        })
    }

    /// Why it cannot be opened.
    pub(crate) fn refusal(&self) -> String {
        match self.way.open(&self.path) {
            Ok(_) => panic!("{:?}: it was opened", self.way),
            Err(error) => error.with_cause(),
        }
    }
}

/// Makes changes that do not fail.
pub(crate) fn apply(backend: &dyn Backend, changes: impl Into<Vec<Change>>) {
    let mut changes = changes.into();
    backend.apply(&mut changes).unwrap_or_else(|error| panic!("{}", error.with_cause()));
    assert_eq!(changes, [], "they were not taken out");
}
