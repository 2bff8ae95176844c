//! The data model of Zeek's Broker: its fifteen types, their total order, and their three forms:
//! text, the binary form of native peers, and the JSON of WebSocket clients. It knows nothing of
//! sockets or topics.

mod data;

pub use data::Data;
