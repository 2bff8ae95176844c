//! What is asked of the store.

use crate::{Session, StoreError};

/// What a task does to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// It reads: one unchanging view of the database, beside whoever writes. If it calls a method of
    /// the session that writes, that ends with [`StoreError::ReadOnly`].
    Read,
    /// It may write.
    Write,
}

/// A piece of work in one transaction.
pub trait Task: Send {
    /// Does the work.
    ///
    /// It may be run several times, each time in a new transaction, so it changes nothing but the
    /// session and its own outcome, and starts that anew. It must not wait for anything else.
    ///
    /// After a statement has failed (with anything but [`StoreError::ReadOnly`], `TooLong` and
    /// `Unstorable`, which are found before one is run) the transaction is lost, whatever `run`
    /// returns; so a task that expects a row to be there already asks for it first.
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Abort>;

    /// Called exactly once: after the commit, after the roll-back, or when it could not be run. On
    /// success what was written is on disk.
    ///
    /// It is called on a thread of the store, or on the caller's if the task was not taken; it must
    /// neither wait nor call [`crate::Store::call`].
    fn done(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// Why a task leaves its transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Abort {
    /// The task has its answer, and nothing shall have been written: the outcome is a success.
    Rollback,
    /// The task was to read, and found that it must write: it is run again with [`Access::Write`].
    NeedsWrite,
    /// A statement failed.
    Store(StoreError),
}

impl From<StoreError> for Abort {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ReadOnly => Self::NeedsWrite,
            error => Self::Store(error),
        }
    }
}
