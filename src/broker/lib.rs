//! Zeek's Broker in Rust, on the wire of the original: endpoints that publish and subscribe, peers,
//! and clients over WebSocket.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod attraction;
mod caf_config;
mod caf_number;
mod caf_syntax;
mod caf_value;
mod claims;
mod client_host;
mod codes;
mod connector;
mod core;
mod counters;
mod endpoint;
mod endpoint_id;
mod endpoint_info;
mod endpoint_status;
mod endpoint_web;
mod exposition;
mod failure;
mod filter;
#[doc(hidden)]
pub mod fuzzing;
mod fuzzing_config;
mod fuzzing_peer;
#[doc(hidden)]
pub mod fuzzing_websocket;
mod handshake;
mod handshake_frame;
mod handshake_state;
mod hub;
mod keepalive;
mod leaving;
mod message;
mod node;
mod node_effective;
mod node_ini;
mod node_keys;
mod node_message;
pub mod node_options;
mod node_ping;
pub mod node_program;
pub mod node_settings;
mod node_tasks;
mod node_tls;
mod node_web;
mod options;
mod overflow;
mod parcel;
mod peer_link;
mod peer_outlet;
mod peer_view;
mod peering;
#[cfg(test)]
mod peering_bench;
mod peering_event;
mod peering_frames;
mod peering_limits;
mod peers;
pub mod pipe;
pub mod pipe_options;
mod pipe_publish;
mod pipe_subscribe;
mod publish_error;
mod publisher;
mod queue;
mod resolver;
mod route;
mod routing;
mod status;
mod status_board;
mod subscriber;
mod tap;
pub mod throughput;
mod throughput_client;
mod throughput_events;
pub mod throughput_options;
mod throughput_server;
mod tls_advice;
mod tool_settings;
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
mod worker;

pub use broker_data as data;
pub use caf_config::CafConfig;
pub use caf_value::CafValue;
pub use claims::Claims;
pub use codes::{Ec, PeerState, Sc};
pub use endpoint::Endpoint;
pub use endpoint_id::{EndpointId, EndpointIdError};
pub use endpoint_info::{EndpointInfo, NetworkInfo};
pub use failure::Failure;
pub use filter::{Filter, FilterError};
pub use handshake::Role;
pub use hub::Hub;
pub use keepalive::Reading;
pub use message::{Kind, MAX_FRAME_BYTES, Message, MessageError, TTL};
pub use node::{Claim, Node};
pub use options::{EndpointOptions, Tls};
pub use overflow::{Overflow, UnknownOverflow};
pub use peering::Peering;
pub use peering_event::{Event, PeeringStatistics};
pub use peering_frames::routing_update;
pub use peering_limits::{
    MAX_HANDSHAKE_BYTES, MAX_HANDSHAKE_FRAME_BYTES, MAX_PING_BYTES, PeeringLimits,
};
pub use peers::PeerInfo;
pub use publish_error::PublishError;
pub use publisher::Publisher;
pub use queue::QueueLimits;
pub use status::{ERRORS, Error, NoStatus, STATUSES, Status};
pub use status_board::{Happening, StatusSubscriber};
pub use subscriber::{Received, Subscriber};
pub use tap::Tap;
pub use topic::{Topic, TopicTooLong};
pub use websocket_access::WebSocketAccess;
pub use websocket_limits::WebSocketLimits;
pub use websocket_notice::ErrorCode;
pub use websocket_session::{WebSocketEvent, WebSocketSession};
pub use worker::Worker;
