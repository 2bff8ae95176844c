//! The types of values, with their tags in the binary form and their names in JSON.

use std::fmt;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Type {
    /// `Data::None`.
    None = 0,
    /// `Data::Boolean`.
    Boolean = 1,
    /// `Data::Count`.
    Count = 2,
    /// `Data::Integer`.
    Integer = 3,
    /// `Data::Real`.
    Real = 4,
    /// `Data::String`.
    String = 5,
    /// `Data::Address`.
    Address = 6,
    /// `Data::Subnet`.
    Subnet = 7,
    /// `Data::Port`.
    Port = 8,
    /// `Data::Timestamp`.
    Timestamp = 9,
    /// `Data::Timespan`.
    Timespan = 10,
    /// `Data::Enum`.
    Enum = 11,
    /// `Data::Set`.
    Set = 12,
    /// `Data::Table`.
    Table = 13,
    /// `Data::Vector`.
    Vector = 14,
}

impl Type {
    /// Every type, in the order of the tags.
    pub const ALL: [Self; 15] = [
        Self::None,
        Self::Boolean,
        Self::Count,
        Self::Integer,
        Self::Real,
        Self::String,
        Self::Address,
        Self::Subnet,
        Self::Port,
        Self::Timestamp,
        Self::Timespan,
        Self::Enum,
        Self::Set,
        Self::Table,
        Self::Vector,
    ];

    /// The byte before a value in the binary form.
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The type with this tag.
    pub fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.get(usize::from(tag)).copied()
    }

    /// The name in `@data-type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Boolean => "boolean",
            Self::Count => "count",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::String => "string",
            Self::Address => "address",
            Self::Subnet => "subnet",
            Self::Port => "port",
            Self::Timestamp => "timestamp",
            Self::Timespan => "timespan",
            Self::Enum => "enum-value",
            Self::Set => "set",
            Self::Table => "table",
            Self::Vector => "vector",
        }
    }

    /// The type with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "boolean" => Self::Boolean,
            "count" => Self::Count,
            "integer" => Self::Integer,
            "real" => Self::Real,
            "string" => Self::String,
            "address" => Self::Address,
            "subnet" => Self::Subnet,
            "port" => Self::Port,
            "timestamp" => Self::Timestamp,
            "timespan" => Self::Timespan,
            "enum-value" => Self::Enum,
            "set" => Self::Set,
            "table" => Self::Table,
            "vector" => Self::Vector,
            _ => return None,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
