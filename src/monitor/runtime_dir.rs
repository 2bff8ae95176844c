//! A directory for files that live as long as the daemon: private, and removed at the end.

use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ostler_runtime::environment::variable;

/// Made on its first use, since most transports need no file.
#[derive(Debug)]
pub(crate) struct RuntimeDir {
    parent: PathBuf,
    made: Mutex<Option<PathBuf>>,
}

impl RuntimeDir {
    /// Under `parent`; without one, where systemd says (`RUNTIME_DIRECTORY`), else where temporary
    /// files go.
    pub(crate) fn new(parent: Option<&Path>) -> Self {
        let given = || variable("RUNTIME_DIRECTORY").map(PathBuf::from);
        let parent = parent.map(Path::to_owned).or_else(given).unwrap_or_else(std::env::temp_dir);
        Self { parent, made: Mutex::new(None) }
    }

    /// The directory, mode 0700, under a name that nobody can have made before. It is made anew if
    /// somebody has tidied it up.
    pub(crate) fn path(&self) -> io::Result<PathBuf> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = made.as_ref().filter(|path| path.is_dir()) {
            return Ok(path.clone());
        }
        let unguessable = RandomState::new().build_hasher().finish();
        let name = format!("bui-monitor-{}-{unguessable:016x}", std::process::id());
        let path = self.parent.join(name);
        DirBuilder::new().mode(0o700).create(&path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        *made = Some(path.clone());
        Ok(path)
    }
}

impl Drop for RuntimeDir {
    fn drop(&mut self) {
        if let Some(path) = self.made.get_mut().unwrap_or_else(PoisonError::into_inner) {
            let _ = fs::remove_dir_all(path);
        }
    }
}
