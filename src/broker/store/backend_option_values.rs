//! The values of options, read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use broker_data::{Data, Type};

use crate::backend_options::{OptionError, Unread};

impl Unread<'_> {
    pub(crate) fn path(&mut self) -> Result<PathBuf, OptionError> {
        match self.0.remove("path") {
            Some(Data::String(path)) if !path.is_empty() => Ok(OsStr::from_bytes(path).into()),
            Some(Data::String(_)) | None => Err(OptionError::Missing("path")),
            Some(other) => Err(ill_typed("path", Type::String, other)),
        }
    }

    pub(crate) fn synchronous(&mut self) -> Result<Option<&'static str>, OptionError> {
        let choices = ["OFF", "NORMAL", "FULL", "EXTRA"];
        self.choice("synchronous", "Broker::SQLITE_SYNCHRONOUS_", &choices)
    }

    /// Which of `choices` stands after `prefix` in a label.
    pub(crate) fn choice(
        &mut self,
        name: &'static str,
        prefix: &'static str,
        choices: &[&'static str],
    ) -> Result<Option<&'static str>, OptionError> {
        let label = match self.0.remove(name) {
            Some(Data::Enum(label)) => label,
            Some(other) => return Err(ill_typed(name, Type::Enum, other)),
            None => return Ok(None),
        };
        let rest = label.as_bytes().strip_prefix(prefix.as_bytes());
        match choices.iter().find(|choice| Some(choice.as_bytes()) == rest) {
            Some(choice) => Ok(Some(choice)),
            None => Err(OptionError::Choice {
                name,
                prefix,
                choices: choices.join(","),
                found: label.to_string(),
            }),
        }
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, OptionError> {
        match self.0.remove(name) {
            Some(Data::Boolean(value)) => Ok(Some(*value)),
            Some(other) => Err(ill_typed(name, Type::Boolean, other)),
            None => Ok(None),
        }
    }
}

fn ill_typed(name: &'static str, expected: Type, found: &Data) -> OptionError {
    OptionError::Kind { name, expected, found: found.data_type() }
}
