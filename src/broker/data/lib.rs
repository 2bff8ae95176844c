//! The data model of Zeek's Broker: its fifteen types, their total order, and their three forms:
//! text, the binary form of native peers, and the JSON of WebSocket clients. It knows nothing of
//! sockets or topics.

mod binary_read;
mod binary_write;
mod data;
mod decode_error;
mod enum_value;
mod order;
mod port;
mod subnet;
mod text;
mod time;
mod types;
pub mod varbyte;

pub use data::{Data, MAX_DEPTH};
pub use decode_error::DecodeError;
pub use enum_value::EnumValue;
pub use port::{Port, Protocol};
pub use subnet::Subnet;
pub use time::{Timespan, Timestamp};
pub use types::Type;
