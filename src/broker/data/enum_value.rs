//! Labels of enumerations.

use std::fmt;

/// The name of a label of an enumeration, like `Log::WRITER_ASCII`. Any bytes are one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EnumValue(Vec<u8>);

impl EnumValue {
    /// The label with this name.
    pub fn new(name: impl Into<Vec<u8>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name, if it is text in UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The name, owned.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Display for EnumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for EnumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnumValue({:?})", String::from_utf8_lossy(&self.0))
    }
}
