//! Who holds tasks: a process is alive as long as it has a lock on a file of its own.
//!
//! The kernel lets go of a lock when its process ends, however that comes about; numbers of processes
//! come again, and differ from one container to the next.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FlockOperation, flock};
use uuid::Uuid;

use crate::service_error::ServiceError;

/// The name of this process among those who hold tasks. It has one as soon as it takes a task.
pub(crate) struct Holder {
    folder: PathBuf,
    own: Mutex<Option<Own>>,
}

struct Own {
    name: String,
    /// Locked as long as it is open.
    _file: File,
}

impl Holder {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, own: Mutex::default() }
    }

    /// Its name.
    pub(crate) fn name(&self) -> Result<String, ServiceError> {
        self.own_name().map_err(|error| ServiceError::Local {
            file: self.folder.display().to_string(),
            words: error.to_string(),
        })
    }

    /// The file is locked before anybody hears of it.
    fn own_name(&self) -> io::Result<String> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &*own {
            return Ok(own.name.clone());
        }
        fs::create_dir_all(&self.folder)?;
        let name = Uuid::new_v4().to_string();
        let path = self.folder.join(&name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        *own = Some(Own { name: name.clone(), _file: file });
        Ok(name)
    }

    /// Whether another one is gone. What cannot be told counts as alive.
    pub(crate) fn is_gone(&self, name: &str) -> bool {
        match File::open(self.folder.join(name)) {
            Ok(file) => flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Takes away what is left of one that is gone and holds nothing any more.
    pub(crate) fn forget(&self, name: &str) {
        remove(&self.folder.join(name));
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let own = self.own.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(own) = own {
            remove(&self.folder.join(own.name));
        }
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            log::warn!("{}: {error}", path.display());
        }
        _ => {}
    }
}
