//! What a storage is told when it is opened, in the original's form: values by name, labels of
//! Zeek's enumerations for what has to be chosen.

use std::collections::BTreeMap;

use broker_data::{Data, Type};
use thiserror::Error;

/// Options by name.
///
/// | name | value | of |
/// | --- | --- | --- |
/// | `path` | string, required | `sqlite`: the file; `fjall` and `rocksdb`: the folder |
/// | `synchronous` | `Broker::SQLITE_SYNCHRONOUS_OFF`, `…_NORMAL`, `…_FULL` or `…_EXTRA` | all but `memory` |
/// | `journal_mode` | `Broker::SQLITE_JOURNAL_MODE_DELETE` or `…_WAL` | `sqlite` |
/// | `failure_mode` | `Broker::SQLITE_FAILURE_MODE_FAIL` (the default) or `…_DELETE` | `sqlite` |
/// | `integrity_check` | boolean, no by default | `sqlite` |
///
/// Without `synchronous` it is `FULL`: what was written outlasts a loss of power. With `sqlite` the
/// labels mean what they mean to SQLite. The others wait for the disk with `FULL` and `EXTRA`; with
/// `NORMAL` and `OFF` what was written outlasts the process, but not a loss of power.
pub type BackendOptions = BTreeMap<String, Data>;

/// An option does not do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OptionError {
    /// There must be a value.
    #[error("the option {0:?} is missing")]
    Missing(&'static str),
    /// This kind of storage has no such option.
    #[error("there is no option {0:?}")]
    Unknown(String),
    /// A value is of another type.
    #[error("the option {name:?} must be of type {expected}, not {found}")]
    Kind {
        /// The option.
        name: &'static str,
        /// The type of its values.
        expected: Type,
        /// The type that was found.
        found: Type,
    },
    /// A label is none of those there are.
    #[error("the option {name:?} must be {prefix}{{{choices}}}, not {found}")]
    Choice {
        /// The option.
        name: &'static str,
        /// What each of its labels begins with.
        prefix: &'static str,
        /// What may follow.
        choices: String,
        /// The label that was found.
        found: String,
    },
}

/// Options that have not been asked for yet.
#[derive(Debug)]
pub(crate) struct Unread<'a>(pub(crate) BTreeMap<&'a str, &'a Data>);

impl<'a> Unread<'a> {
    pub(crate) fn new(options: &'a BackendOptions) -> Self {
        Self(options.iter().map(|(name, value)| (name.as_str(), value)).collect())
    }

    /// What was not asked for is no option.
    pub(crate) fn finish(self) -> Result<(), OptionError> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(OptionError::Unknown(name.to_owned())),
        }
    }
}
