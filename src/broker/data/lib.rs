//! The data model of Zeek's Broker: its fifteen types, their total order, and their three forms:
//! text, the binary form of native peers, and the JSON of WebSocket clients. It knows nothing of
//! sockets or topics.
//!
//! What Rust has becomes a value and comes back; what a peer sends is read with every length and
//! depth bounded:
//!
//! ```
//! use std::time::Duration;
//!
//! use broker_data::{Data, Timespan, contains, json, zeek};
//!
//! let took = Timespan::try_from(Duration::from_millis(1500))?;
//! let event = Data::from(zeek::Event::new("Backup::finished", vec!["client1".into(), took.into()]));
//!
//! let mut bytes = Vec::new();
//! event.encode(&mut bytes);
//! assert_eq!(Data::decode(&bytes)?, event);
//!
//! let event = zeek::Event::try_from(event)?;
//! let arguments = Data::Vector(event.arguments);
//! assert!(contains!(arguments, String, Timespan));
//! assert_eq!(arguments.to_string(), "(client1, 1500000000ns)");
//! let (client, took): (String, Duration) = arguments.get()?;
//! assert_eq!((client.as_str(), took.as_secs_f64()), ("client1", 1.5));
//!
//! let mut text = Vec::new();
//! json::write_message(b"backups", &Data::Timespan(took.try_into()?), &mut text)?;
//! let expected = br#"{"type":"data-message","topic":"backups","@data-type":"timespan","data":"1500ms"}"#;
//! assert_eq!(text, expected);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod binary_check;
mod binary_read;
mod binary_write;
mod budget;
mod calendar;
mod codes;
mod convert_error;
mod convert_from;
mod convert_into;
mod data;
mod decode_error;
mod endpoint_id;
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
mod weight;
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

pub use budget::MAX_MEMORY;
pub use codes::{Ec, PeerState, Sc};
pub use convert_error::ConvertError;
pub use convert_into::FromData;
pub use data::{Data, MAX_DEPTH};
pub use decode_error::DecodeError;
pub use endpoint_id::{EndpointId, EndpointIdError};
pub use enum_value::EnumValue;
pub use json::JsonError;
pub use parse::ParseError;
pub use port::{Port, Protocol};
pub use subnet::Subnet;
pub use time::{Timespan, Timestamp};
pub use types::Type;
pub use zeek::ZeekError;
