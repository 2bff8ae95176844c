//! Files whose change makes a child out of date: the burp binary and the client's configuration.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The files as they were when the child was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watched(Vec<(PathBuf, Option<Mark>)>);

/// Which file it is, how long, and when it or its place was last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Watched {
    pub(crate) fn new<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        Self(paths.into_iter().map(|path| (path.to_owned(), mark(path))).collect())
    }

    /// Whether one of them is another one now. A file that vanished is not counted: a child that
    /// runs is better than one that cannot be started.
    pub(crate) fn changed(&self) -> bool {
        self.0.iter().any(|(path, was)| mark(path).is_some_and(|is| Some(is) != *was))
    }
}

fn mark(path: &Path) -> Option<Mark> {
    let data = fs::metadata(path).ok()?;
    Some(Mark {
        device: data.dev(),
        inode: data.ino(),
        bytes: data.len(),
        modified: (data.mtime(), data.mtime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_replaced_or_written_has_changed_and_one_that_vanished_has_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("burp.conf");
        fs::write(&path, "a").unwrap();
        let watched = Watched::new([path.as_path()]);
        assert!(!watched.changed());
        fs::write(&path, "ab").unwrap();
        assert!(watched.changed());
        fs::remove_file(&path).unwrap();
        assert!(!watched.changed());
    }
}
