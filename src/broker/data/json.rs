//! Values in JSON, as WebSocket clients send and receive them: `{"@data-type":T,"data":V}`, and in
//! a message beside `"topic"`.
//!
//! Reals are written in the shortest form that reads back alike, times with as many digits as they
//! need, and bytes that are not UTF-8 as escaped surrogates (0xff is `\udcff`), the rule of
//! Python's `surrogateescape`. The text is valid JSON always. It is read in any order of fields;
//! unknown ones are ignored, and of a field that comes twice the first counts. As by the original,
//! control characters in strings and topics are taken though JSON would have them escaped.

pub use crate::json_error::{JsonError, Malformed};
pub use crate::json_read::{Message, read, read_message};
pub use crate::json_write::{write, write_message, write_message_within};
