//! Zeek's Broker in Rust, on the wire of the original: endpoints that publish and subscribe, peers,
//! and clients over WebSocket.

pub use broker_data as data;
