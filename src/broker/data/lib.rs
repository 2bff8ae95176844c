//! The data model of Zeek's Broker: its fifteen types, their total order, and their three forms:
//! text, the binary form of native peers, and the JSON of WebSocket clients. It knows nothing of
//! sockets or topics.

mod access;
mod binary_check;
mod binary_read;
mod binary_write;
mod calendar;
mod convert_error;
mod convert_from;
mod convert_into;
mod data;
mod decode_error;
mod enum_value;
#[doc(hidden)]
pub mod fuzzing;
pub mod json;
mod json_content;
mod json_error;
mod json_object;
mod json_read;
mod json_string;
mod json_time;
mod json_write;
mod order;
mod parse;
mod port;
mod subnet;
mod text;
mod time;
mod types;
pub mod varbyte;
pub mod zeek;
mod zeek_error;
mod zeek_event;
mod zeek_log;
mod zeek_message;

#[cfg(test)]
mod convert_cases;
#[cfg(test)]
mod golden_cases;
#[cfg(test)]
mod json_cases;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod zeek_cases;

pub use convert_error::ConvertError;
pub use convert_into::FromData;
pub use data::{Data, MAX_DEPTH};
pub use decode_error::DecodeError;
pub use enum_value::EnumValue;
pub use json::JsonError;
pub use parse::ParseError;
pub use port::{Port, Protocol};
pub use subnet::Subnet;
pub use time::{Timespan, Timestamp};
pub use types::Type;
pub use zeek::ZeekError;
