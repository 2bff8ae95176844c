//! Rights: whether this process is root's, how it becomes somebody else's, and that nobody else
//! looks into it.
//!
//! The kernel keeps rights for each thread, and a new thread has those of the one that starts it.
//! So the change is made while there is one thread only, and holds for all that come; or it is made
//! on a thread of its own, and ends with that.

use std::io;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::sync::mpsc;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use crate::accounts::{Account, Accounts};
use crate::threads::Thread;

/// Whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
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
