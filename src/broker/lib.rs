//! Zeek's Broker in Rust, on the wire of the original: endpoints that publish and subscribe, peers,
//! and clients over WebSocket.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod codes;
mod endpoint_id;
mod endpoint_info;
mod filter;
mod message;
mod overflow;
mod status;
mod topic;
mod websocket_access;
mod websocket_client;
mod websocket_data;
mod websocket_frame;
mod websocket_limits;
mod websocket_link;
mod websocket_notice;
mod websocket_session;
mod websocket_upgrade;
mod wire;

pub use broker_data as data;
pub use codes::{Ec, PeerState, Sc};
pub use endpoint_id::{EndpointId, EndpointIdError};
pub use endpoint_info::{EndpointInfo, NetworkInfo};
pub use filter::{Filter, FilterError};
pub use message::{Kind, MAX_FRAME_BYTES, Message, MessageError, TTL};
pub use overflow::{Overflow, UnknownOverflow};
pub use status::{ERRORS, Error, NoStatus, STATUSES, Status};
pub use topic::{Topic, TopicTooLong};
pub use websocket_access::WebSocketAccess;
pub use websocket_limits::WebSocketLimits;
pub use websocket_notice::ErrorCode;
pub use websocket_session::{WebSocketEvent, WebSocketSession};
