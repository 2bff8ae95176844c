//! What Rust has out of values.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::convert_error::ConvertError;
use crate::data::Data;
use crate::enum_value::EnumValue;
use crate::port::Port;
use crate::subnet::Subnet;
use crate::time::{Timespan, Timestamp};
use crate::types::Type;

/// A type that values can be turned into. It holds for options, vectors, sets, maps and tuples of
/// such types too, which `TryFrom` cannot be implemented for.
pub trait FromData: Sized {
    /// The value, if it is of the type and within its range.
    fn from_data(value: Data) -> Result<Self, ConvertError>;
}

impl Data {
    /// The value as a type of Rust's: `data.get::<Vec<(u16, String)>>()`.
    pub fn get<T: FromData>(self) -> Result<T, ConvertError> {
        T::from_data(self)
    }

    /// The string, if it is one and text in UTF-8.
    pub(crate) fn into_text(self) -> Option<String> {
        self.get().ok()
    }

    /// That the value should have been of the type.
    fn not(self, expected: Type) -> ConvertError {
        ConvertError::Type { expected, found: self.data_type() }
    }
}

impl FromData for Data {
    fn from_data(value: Data) -> Result<Self, ConvertError> {
        Ok(value)
    }
}

/// The types that one variant becomes, and how.
macro_rules! into {
    ($($variant:ident($value:ident) => $type:ty: $convert:expr;)*) => {$(
        impl FromData for $type {
            fn from_data(value: Data) -> Result<Self, ConvertError> {
                match value {
                    Data::$variant($value) => $convert,
                    other => Err(other.not(Type::$variant)),
                }
            }
        }

        impl TryFrom<Data> for $type {
            type Error = ConvertError;

            fn try_from(value: Data) -> Result<Self, ConvertError> {
                Self::from_data(value)
            }
        }
    )*};
}

into! {
    Boolean(value) => bool: Ok(value);
    Count(value) => u64: Ok(value);
    Count(value) => u32: value.try_into().map_err(|_| ConvertError::Range);
    Count(value) => u16: value.try_into().map_err(|_| ConvertError::Range);
    Count(value) => usize: value.try_into().map_err(|_| ConvertError::Range);
    Integer(value) => i64: Ok(value);
    Integer(value) => i32: value.try_into().map_err(|_| ConvertError::Range);
    Integer(value) => i16: value.try_into().map_err(|_| ConvertError::Range);
    Real(value) => f64: Ok(value);
    String(value) => Vec<u8>: Ok(value);
    String(value) => String: String::from_utf8(value).map_err(|_| ConvertError::Utf8);
    Address(value) => IpAddr: Ok(value.to_canonical());
    Subnet(value) => Subnet: Ok(value);
    Port(value) => Port: Ok(value);
    Timestamp(value) => Timestamp: Ok(value);
    Timestamp(value) => SystemTime: value.try_into();
    Timespan(value) => Timespan: Ok(value);
    Timespan(value) => Duration: value.try_into();
    Enum(value) => EnumValue: Ok(value);
}

impl FromData for () {
    fn from_data(value: Data) -> Result<Self, ConvertError> {
        match value {
            Data::None => Ok(()),
            other => Err(other.not(Type::None)),
        }
    }
}

impl<T: FromData> FromData for Option<T> {
    /// `nil` is nothing.
    fn from_data(value: Data) -> Result<Self, ConvertError> {
        match value {
            Data::None => Ok(None),
            other => other.get().map(Some),
        }
    }
}

impl<T: FromData> FromData for Vec<T> {
    fn from_data(value: Data) -> Result<Self, ConvertError> {
        match value {
            Data::Vector(values) => values.into_iter().map(Data::get).collect(),
            other => Err(other.not(Type::Vector)),
        }
    }
}

impl<T: FromData + Ord> FromData for BTreeSet<T> {
    fn from_data(value: Data) -> Result<Self, ConvertError> {
        match value {
            Data::Set(values) => values.into_iter().map(Data::get).collect(),
            other => Err(other.not(Type::Set)),
        }
    }
}

impl<K: FromData + Ord, V: FromData> FromData for BTreeMap<K, V> {
    fn from_data(value: Data) -> Result<Self, ConvertError> {
        let entries = match value {
            Data::Table(entries) => entries.into_iter(),
            other => return Err(other.not(Type::Table)),
        };
        entries.map(|(key, value)| Ok((key.get()?, value.get()?))).collect()
    }
}

/// Vectors of as many elements become tuples.
macro_rules! into_tuples {
    ($($count:literal: $($name:ident)+;)*) => {$(
        impl<$($name: FromData),+> FromData for ($($name,)+) {
            #[expect(non_snake_case, reason = "each value is named as its type")]
            fn from_data(value: Data) -> Result<Self, ConvertError> {
                let Data::Vector(values) = value else { return Err(value.not(Type::Vector)) };
                let [$($name),+] = <[Data; $count]>::try_from(values).map_err(|values| {
                    ConvertError::Length { expected: $count, found: values.len() }
                })?;
                Ok(($($name.get()?,)+))
            }
        }
    )*};
}

into_tuples! {
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}
