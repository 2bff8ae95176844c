//! Rights: whether this process is root's, how it becomes somebody else's, and that nobody else
//! looks into it.
//!
//! The kernel keeps rights for each thread, and a new thread has those of the one that starts it.
//! So the change is made while there is one thread only, and holds for all that come; or it is made
//! on a thread of its own, and ends with that.

use std::io;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use crate::Exit;
use crate::accounts::{Account, Accounts};
use crate::files::open_regular;
use crate::threads::Thread;

/// Whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Becomes the configured user for good if this process is root's, and takes the files `own` along;
/// a warning tells which of the files `needed` that user cannot read. To be called before any
/// thread is started. Why it cannot be done is in the log.
pub fn give_up<'a>(
    user: Option<&str>,
    own: &[PathBuf],
    needed: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Exit> {
    let Some(user) = user.filter(|_| is_root()) else {
        if is_root() {
            log::warn!("running as root, which nothing here needs: set `user`");
        }
        return Ok(());
    };
    become_user(user, own).map_err(|error| {
        log::error!("cannot become {user}: {error}");
        Exit::NoPermission
    })?;
    for path in needed {
        if let Err(error) = open_regular(path) {
            log::warn!("{user} cannot read {}: {error}", path.display());
        }
    }
    Ok(())
}

/// Becomes the user `name`, with that user's groups, for good, and takes the files `own` along. To be
/// called before any thread is started.
pub fn become_user(name: &str, own: &[PathBuf]) -> io::Result<()> {
    let account = Accounts::read()?.user(name).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, format!("there is no user {name}"))
    })?;
    for path in own {
        chown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
    }
    take_rights(&account)
}

/// What `body` returns on a thread with the rights of `account`, which ends with it; this process
/// keeps its own. Only root can do that.
pub fn with_rights_of<T: Send + 'static>(
    account: &Account,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let account = account.clone();
    let (result, returned) = mpsc::channel();
    let thread = Thread::spawn(&format!("as {}", account.name), move || {
        // Whoever waits for it is still there.
        let _ = result.send(take_rights(&account).map(|()| body()));
    })?;
    thread.join();
    returned.recv().unwrap_or_else(|_| Err(io::Error::other("the thread has panicked")))
}

/// Gives this thread the rights of `account`, for good.
fn take_rights(account: &Account) -> io::Result<()> {
    set_thread_groups(&account.groups)?;
    set_thread_res_gid(account.gid, account.gid, account.gid)?;
    set_thread_res_uid(account.uid, account.uid, account.uid)?;
    Ok(())
}

/// Keeps this process's memory, which holds keys and passwords, from core files and from every
/// other process but root's, its own children and others of the same user included.
///
/// A process that becomes another user or another program begins anew with what the system grants,
/// so this is to be called after that.
pub fn close_memory() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
