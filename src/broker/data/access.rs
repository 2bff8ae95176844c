//! Values looked at without taking them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::data::Data;
use crate::enum_value::EnumValue;
use crate::port::Port;
use crate::subnet::Subnet;
use crate::time::{Timespan, Timestamp};
use crate::types::Type;

/// What a value of one type is.
macro_rules! access {
    ($($(#[$doc:meta])* $name:ident: $variant:ident => $type:ty, $value:ident: $convert:expr;)*) => {
        impl Data {$(
            $(#[$doc])*
            pub fn $name(&self) -> Option<$type> {
                match self {
                    Self::$variant($value) => $convert,
                    _ => None,
                }
            }
        )*}
    };
}

access! {
    /// The boolean.
    as_boolean: Boolean => bool, value: Some(*value);
    /// The count.
    as_count: Count => u64, value: Some(*value);
    /// The integer.
    as_integer: Integer => i64, value: Some(*value);
    /// The real.
    as_real: Real => f64, value: Some(*value);
    /// The string's bytes.
    as_bytes: String => &[u8], value: Some(value);
    /// The string, if it is text in UTF-8.
    as_str: String => &str, value: std::str::from_utf8(value).ok();
    /// The address, one of IPv4 in its plain form.
    as_address: Address => IpAddr, value: Some(value.to_canonical());
    /// The network.
    as_subnet: Subnet => Subnet, value: Some(*value);
    /// The port.
    as_port: Port => Port, value: Some(*value);
    /// The point in time.
    as_timestamp: Timestamp => Timestamp, value: Some(*value);
    /// The span of time.
    as_timespan: Timespan => Timespan, value: Some(*value);
    /// The label.
    as_enum: Enum => &EnumValue, value: Some(value);
    /// The set's elements.
    as_set: Set => &BTreeSet<Data>, value: Some(value);
    /// The table's entries.
    as_table: Table => &BTreeMap<Data, Data>, value: Some(value);
    /// The vector's elements.
    as_vector: Vector => &[Data], value: Some(value);
}

impl Data {
    /// Whether the value is of the type.
    pub fn is(&self, data_type: Type) -> bool {
        self.data_type() == data_type
    }

    /// Whether there is no value.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Whether a value is a vector of elements of these types. `_` stands for any type, and `..` at the
/// end for more elements.
///
/// ```
/// use broker_data::{Data, contains};
///
/// let record = Data::from((80_u64, "http", [1.5, 2.5]));
/// assert!(contains!(record, Count, String, _));
/// assert!(contains!(record, Count, ..));
/// assert!(!contains!(record, Count, String));
/// assert!(!contains!(record, Count, Address, Vector));
/// ```
///
/// Where the types differ in what is done, a `match` does it:
///
/// ```
/// # use broker_data::Data;
/// fn described(value: &Data) -> String {
///     match value {
///         Data::Address(address) => format!("host {address}"),
///         Data::String(name) => format!("name {}", String::from_utf8_lossy(name)),
///         other => format!("a {}", other.data_type()),
///     }
/// }
/// # assert_eq!(described(&Data::Count(1)), "a count");
/// ```
#[macro_export]
macro_rules! contains {
    ($value:expr $(, $($pattern:tt)*)?) => {
        $crate::contains!(@ $value; []; $($($pattern)*)?)
    };
    (@ $value:expr; [$($done:tt)*]; $(,)?) => {
        $value.as_vector().is_some_and(|elements| matches!(elements, [$($done)*]))
    };
    (@ $value:expr; [$($done:tt)*]; .. $(,)?) => {
        $value.as_vector().is_some_and(|elements| matches!(elements, [$($done)* ..]))
    };
    (@ $value:expr; [$($done:tt)*]; _ $(, $($more:tt)*)?) => {
        $crate::contains!(@ $value; [$($done)* _,]; $($($more)*)?)
    };
    (@ $value:expr; [$($done:tt)*]; $type:ident $(, $($more:tt)*)?) => {
        $crate::contains!(@ $value; [$($done)* $crate::Data::$type { .. },]; $($($more)*)?)
    };
}
