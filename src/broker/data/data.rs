//! One value of Broker's data model.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::enum_value::EnumValue;
use crate::port::Port;
use crate::subnet::Subnet;
use crate::time::{Timespan, Timestamp};
use crate::types::Type;

/// How deep values may lie in one another when they are read, in any form. The outermost counts,
/// so 127 vectors around a count are read and 128 are not.
pub const MAX_DEPTH: usize = 128;

/// A value. The variants stand in the order of their tags, which is also the order of values of
/// different types. No value equals one of another type: count 1 is neither integer 1 nor real 1.
#[derive(Clone, Debug, Default)]
pub enum Data {
    /// No value, `nil`.
    #[default]
    None,
    /// True or false.
    Boolean(bool),
    /// An unsigned number.
    Count(u64),
    /// A signed number.
    Integer(i64),
    /// A floating point number. In the order of values, its bits count: see `f64::total_cmp`.
    Real(f64),
    /// Bytes, usually text in UTF-8.
    String(Vec<u8>),
    /// An address. One of IPv4 that is written in IPv6 (`::ffff:1.2.3.4`) equals its plain form.
    Address(IpAddr),
    /// A network.
    Subnet(Subnet),
    /// A port with its protocol.
    Port(Port),
    /// A point in time.
    Timestamp(Timestamp),
    /// A span of time; Zeek's interval.
    Timespan(Timespan),
    /// The name of a label of an enumeration.
    Enum(EnumValue),
    /// Values, each once.
    Set(BTreeSet<Data>),
    /// Values by their keys.
    Table(BTreeMap<Data, Data>),
    /// Values one after the other; also a Zeek record.
    Vector(Vec<Data>),
}

impl Data {
    /// The value's type.
    pub fn data_type(&self) -> Type {
        match self {
            Self::None => Type::None,
            Self::Boolean(_) => Type::Boolean,
            Self::Count(_) => Type::Count,
            Self::Integer(_) => Type::Integer,
            Self::Real(_) => Type::Real,
            Self::String(_) => Type::String,
            Self::Address(_) => Type::Address,
            Self::Subnet(_) => Type::Subnet,
            Self::Port(_) => Type::Port,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Timespan(_) => Type::Timespan,
            Self::Enum(_) => Type::Enum,
            Self::Set(_) => Type::Set,
            Self::Table(_) => Type::Table,
            Self::Vector(_) => Type::Vector,
        }
    }
}
