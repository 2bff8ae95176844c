//! Why a store does not do what it is asked for.

use std::time::Duration;

use broker_data::{Data, Ec, Type};
use thiserror::Error;

use crate::backend::BackendError;
use crate::subject::Subject;

/// See the module.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The key stands for nothing, or the value has no such index.
    #[error("no such key{0}")]
    NoSuchKey(Subject),
    /// The operation does not fit the type of the value.
    #[error("a value of type {found} cannot be used as {wanted}{of}")]
    TypeClash {
        /// What it would have to be.
        wanted: &'static str,
        /// What it is.
        found: Type,
        /// What was asked for.
        of: Subject,
    },
    /// A number would leave the range of its type.
    #[error("a {0} would be beyond the greatest or the least{1}")]
    Overflow(Type, Subject),
    /// A key with its value that could not be told to others, or not be read by them.
    #[error("{0}{1}")]
    Unfit(&'static str, Subject),
    /// The answer did not come in time. What was asked for may have come about.
    #[error("no answer came in time{0}")]
    Timeout(Subject),
    /// The clone has not heard of its master for so long that what it has may be wrong, or has never
    /// had an answer.
    #[error("the clone of {0} has no news of its master")]
    Stale(String),
    /// The clone has no master, and may keep nothing (more) for it.
    #[error("the clone of {0} has no master that could be told")]
    NoMaster(String),
    /// Another node has a master of this name.
    #[error("there is another master of {0}")]
    MasterExists(String),
    /// More waits than may: to be written, or to be acknowledged by clones or a master.
    #[error("too much waits in the store {name}, after {waited:?}")]
    Full {
        /// The store.
        name: String,
        /// How long room was waited for.
        waited: Duration,
    },
    /// The storage behind a master failed. A change that was taken before that was known is tried
    /// again: it may come about though this is the answer, also that of `put_unique`.
    #[error("the storage of the store {name} failed: {why}")]
    Backend {
        /// The store.
        name: String,
        /// What happened.
        why: String,
    },
    /// The endpoint has ended, or the store.
    #[error("the store {0} has ended")]
    Ended(String),
    /// The store of this name that was attached before has not ended in time.
    #[error("the store {0} that was attached before has not ended yet")]
    Ends(String),
    /// No store can have this name.
    #[error("no store can be called {0}")]
    Name(String),
    /// A thread or a descriptor could not be had.
    #[error("the store cannot be run: {0}")]
    Os(#[from] std::io::Error),
}

impl StoreError {
    /// What the original calls it.
    pub fn ec(&self) -> Ec {
        match self {
            Self::NoSuchKey(_) => Ec::NoSuchKey,
            Self::TypeClash { .. } => Ec::TypeClash,
            Self::Overflow(..) | Self::Unfit(..) => Ec::InvalidData,
            Self::Timeout(_) | Self::Full { .. } | Self::Ends(_) => Ec::RequestTimeout,
            Self::Stale(_) => Ec::StaleData,
            Self::NoMaster(_) => Ec::NoSuchMaster,
            Self::MasterExists(_) => Ec::MasterExists,
            Self::Backend { .. } => Ec::BackendFailure,
            Self::Ended(_) => Ec::ShuttingDown,
            Self::Name(_) => Ec::InvalidTopicKey,
            Self::Os(_) => Ec::CannotOpenResource,
        }
    }

    /// The storage behind the store `name` failed.
    pub fn backend(name: &str, error: &BackendError) -> Self {
        Self::Backend { name: name.to_owned(), why: error.with_cause() }
    }

    /// The same of this operation of the store `store`, if it does not say of which it is. What fails by
    /// itself, whatever was asked for, stays as it is.
    #[must_use]
    pub fn of(mut self, store: &str, operation: &'static str, key: Option<&Data>) -> Self {
        if let Self::NoSuchKey(of)
        | Self::TypeClash { of, .. }
        | Self::Overflow(_, of)
        | Self::Unfit(_, of)
        | Self::Timeout(of) = &mut self
            && !of.is_known()
        {
            *of = Subject::new(store, operation, key);
        }
        self
    }

    /// A value is not what it would have to be.
    pub(crate) fn clash(wanted: &'static str, found: Type) -> Self {
        Self::TypeClash { wanted, found, of: Subject::default() }
    }

    /// Nothing is there.
    pub(crate) fn no_such_key() -> Self {
        Self::NoSuchKey(Subject::default())
    }

    /// What others would not take, or not read.
    pub(crate) fn unfit(why: &'static str) -> Self {
        Self::Unfit(why, Subject::default())
    }
}
