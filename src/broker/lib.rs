//! Zeek's Broker in Rust, on the wire of the original: endpoints that publish and subscribe, peers,
//! and clients over WebSocket.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod endpoint_id;
mod filter;
mod message;
mod seam;
mod topic;
mod wire;

pub use broker_data as data;
pub use endpoint_id::{EndpointId, EndpointIdError};
pub use filter::{Filter, FilterError};
pub use message::{Kind, MAX_FRAME_BYTES, Message, MessageError, TTL};
pub use topic::{Topic, TopicTooLong};
