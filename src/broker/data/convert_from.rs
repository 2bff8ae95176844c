//! Values out of what Rust has.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use crate::convert_error::ConvertError;
use crate::data::Data;
use crate::enum_value::EnumValue;
use crate::port::Port;
use crate::subnet::Subnet;
use crate::time::{Timespan, Timestamp};

/// The variant that takes each type, for those that nothing is lost of. A `u8` is none of them:
/// many are bytes, which are a string.
macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Data {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Boolean, u16 => Count, u32 => Count, u64 => Count,
    i8 => Integer, i16 => Integer, i32 => Integer, i64 => Integer, f32 => Real, f64 => Real,
    &str => String, String => String, &[u8] => String, Vec<u8> => String,
    IpAddr => Address, Ipv4Addr => Address, Ipv6Addr => Address, Subnet => Subnet, Port => Port,
    Timestamp => Timestamp, Timespan => Timespan, EnumValue => Enum,
}

impl From<()> for Data {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl<T: Into<Data>> From<Option<T>> for Data {
    /// Nothing is `nil`.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

impl<T: Into<Data>> From<Vec<T>> for Data {
    fn from(values: Vec<T>) -> Self {
        Self::Vector(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Data>, const N: usize> From<[T; N]> for Data {
    fn from(values: [T; N]) -> Self {
        Self::Vector(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Data>> From<BTreeSet<T>> for Data {
    fn from(values: BTreeSet<T>) -> Self {
        Self::Set(values.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<Data>, V: Into<Data>> From<BTreeMap<K, V>> for Data {
    fn from(entries: BTreeMap<K, V>) -> Self {
        Self::Table(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl TryFrom<Duration> for Data {
    type Error = ConvertError;

    fn try_from(duration: Duration) -> Result<Self, ConvertError> {
        Timespan::try_from(duration).map(Self::Timespan)
    }
}

impl TryFrom<SystemTime> for Data {
    type Error = ConvertError;

    fn try_from(time: SystemTime) -> Result<Self, ConvertError> {
        Timestamp::try_from(time).map(Self::Timestamp)
    }
}

/// Tuples are vectors, as Zeek's records are.
macro_rules! from_tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Into<Data>),+> From<($($name,)+)> for Data {
            #[expect(non_snake_case, reason = "each value is named as its type")]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                Self::Vector(vec![$($name.into()),+])
            }
        }
    )*};
}

from_tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}
