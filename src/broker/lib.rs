//! Zeek's Broker in Rust, on the wire of the original: endpoints that publish and subscribe, peers,
//! and clients over WebSocket.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod claims;
mod codes;
mod endpoint_id;
mod endpoint_info;
mod failure;
mod filter;
mod handshake;
mod handshake_frame;
mod handshake_state;
mod keepalive;
mod message;
mod node;
mod peering;
#[cfg(test)]
mod peering_bench;
mod peering_event;
mod peering_frames;
mod peering_limits;
mod status;
mod topic;
mod wire;

pub use broker_data as data;
pub use claims::Claims;
pub use codes::{Ec, PeerState, Sc};
pub use endpoint_id::{EndpointId, EndpointIdError};
pub use endpoint_info::{EndpointInfo, NetworkInfo};
pub use failure::Failure;
pub use filter::{Filter, FilterError};
pub use handshake::Role;
pub use message::{Kind, MAX_FRAME_BYTES, Message, MessageError, TTL};
pub use node::{Claim, Node};
pub use peering::{Peering, Reading};
pub use peering_event::{Event, PeeringStatistics};
pub use peering_frames::routing_update;
pub use peering_limits::{
    MAX_HANDSHAKE_BYTES, MAX_HANDSHAKE_FRAME_BYTES, MAX_PING_BYTES, PeeringLimits,
};
pub use status::{ERRORS, Error, NoStatus, STATUSES, Status};
pub use topic::{Topic, TopicTooLong};
