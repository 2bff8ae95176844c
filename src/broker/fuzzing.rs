//! The fuzz targets of this crate: see `tests/fuzz/README.md`. No part of the interface.

pub use crate::fuzzing_config::broker_config;
pub use crate::fuzzing_peer::{broker_message, broker_peer};
pub use crate::fuzzing_websocket::{websocket, websocket_text};
