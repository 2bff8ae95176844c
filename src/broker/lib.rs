//! Zeek's Broker in Rust, on the wire of the original: endpoints that publish and subscribe, peers,
//! key-value stores that they share, and clients over WebSocket.
//!
//! ```
//! use broker::data::Data;
//! use broker::{Endpoint, EndpointOptions, Topic};
//! use ostler_net::Address;
//! use ostler_runtime::Deadline;
//! # use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // One node listens and subscribes.
//! let reader = Endpoint::new(EndpointOptions::default())?;
//! let ports = reader.listen(&Address::parse("127.0.0.1", 0)?)?;
//! let topic = Topic::new("/zeek/event")?;
//! let mut messages = reader.subscribe([topic.clone()]);
//!
//! // Another one peers with it, and publishes once it knows that somebody wants it.
//! let writer = Endpoint::new(EndpointOptions::default())?;
//! let soon = Deadline::after(Duration::from_secs(30));
//! let port = ports.first().copied().unwrap_or_default();
//! assert_eq!(writer.peer("127.0.0.1", port, None, soon).ok(), Some(reader.id()));
//! assert!(writer.await_filter_entry(&topic, soon));
//! writer.publish(&topic, &Data::from(vec![Data::from("alarm"), Data::from(7_u64)]))?;
//!
//! let received = messages.get_before(soon).ok_or("nothing has come")?;
//! assert_eq!(received.topic, topic);
//! assert_eq!(received.data.to_string(), "(alarm, 7)");
//! # Ok(())
//! # }
//! ```
//!
//! Nodes share key-value stores, of which one has the master and the others have clones:
//!
//! ```
//! use std::time::Duration;
//!
//! use broker::data::Data;
//! use broker::{BackendKind, BackendOptions, CloneOptions, Endpoint, EndpointOptions};
//! use ostler_net::Address;
//! use ostler_runtime::Deadline;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let here = Endpoint::new(EndpointOptions::default())?;
//! let ports = here.listen(&Address::parse("127.0.0.1", 0)?)?;
//! let hosts = here.attach_master("hosts", BackendKind::Memory, &BackendOptions::default())?;
//! hosts.put("192.0.2.1", "web", Some(Duration::from_secs(3600)))?;
//! hosts.increment("seen", 1_u64, None)?;
//!
//! // On another node, which peers with that one:
//! let there = Endpoint::new(EndpointOptions::default())?;
//! let copy = there.attach_clone("hosts", CloneOptions::default())?;
//! let soon = Deadline::after(Duration::from_secs(30));
//! there.peer("127.0.0.1", ports[0], None, soon)?;
//! assert!(copy.put_unique("192.0.2.2", "mail", None)?);
//! assert_eq!(copy.get(&Data::from("seen"))?, Data::from(1_u64));
//! copy.get_then("192.0.2.1", |answer| println!("{answer:?}"));
//! assert!(copy.await_idle(soon));
//! # Ok(())
//! # }
//! ```
//!
//! # The original's names
//!
//! | in the original, or on its first slides | here |
//! | --- | --- |
//! | `context`, `spawn<blocking>()`, `endpoint` | [`Endpoint::new`] |
//! | `listen` | [`Endpoint::listen`], [`Endpoint::listen_to`], [`Endpoint::web_socket_listen`] |
//! | `peer`, `peer_nosync`, `peer_async` | [`Endpoint::peer`], which waits; [`Endpoint::peer_nosync`], which does not; [`Endpoint::peer_async`], for later |
//! | `ep0.peer(ep1)` | [`Endpoint::peer_with`] |
//! | `unpeer`, `unpeer_nosync` | [`Endpoint::unpeer`], [`Endpoint::unpeer_nosync`]; [`Endpoint::unpeer_id`], wherever the peer is |
//! | `publish` | [`Endpoint::publish`], which waits for receivers that are behind; [`Endpoint::try_publish`], which does not; [`Endpoint::publish_deadline`] |
//! | `publish(endpoint_info, …)` | [`Endpoint::publish_to`] |
//! | `publish` of several messages, `publish_all` | [`Endpoint::publish`] for each: what waits for a peer is sent together anyway |
//! | `make_publisher` | [`Endpoint::publisher`] |
//! | a publisher's `fd`, `demand`, `free_capacity` | [`Publisher::try_publish_or_wake`] |
//! | blocking `subscribe` and `receive`, `make_subscriber` and `get` | [`Endpoint::subscribe`] and [`Subscriber::get`], [`Subscriber::get_before`], [`Subscriber::get_many`]; a [`Subscriber`] is an iterator |
//! | `poll`, `available`, `fd` | [`Subscriber::poll`], [`Subscriber::available`], [`Subscriber::fd`] |
//! | `subscribe` with functions `init`, `on_next`, `cleanup` | [`Endpoint::subscribe_callback`], whose function brings with it what it works on, which is dropped behind the last call |
//! | `outgoing_connection_status`, `make_status_subscriber` | [`Endpoint::status_subscriber`] |
//! | `hub` | [`Endpoint::hub`] |
//! | `forward`, `filter`, `peers`, `await_peer`, `await_filter_entry` | the same names |
//! | `attach_master`, `attach_clone` | the same names, of [`Endpoint`] |
//! | `store`: `get<blocking>`, `get<nonblocking>(…).then(ok, err)` | [`Store::get`], [`Store::get_then`] |
//! | `store::proxy`, `receive`, `mailbox` | [`StoreProxy`] with [`StoreProxy::receive`], [`StoreProxy::fd`] |
//! | `node_id` | [`Endpoint::id`] |
//! | `shutdown` | [`Endpoint::shutdown`] with a deadline, or dropping the [`Endpoint`] |

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod arrivals;
mod attraction;
mod caf_config;
mod caf_number;
mod caf_syntax;
mod caf_value;
mod claims;
mod client_host;
mod connector;
mod core;
mod counters;
mod endpoint;
mod endpoint_info;
mod endpoint_peers;
mod endpoint_status;
mod endpoint_stores;
mod endpoint_web;
pub mod events;
mod events_settings;
mod exposition;
mod failure;
mod filter;
#[doc(hidden)]
pub mod fuzzing;
mod fuzzing_config;
mod fuzzing_peer;
mod fuzzing_websocket;
mod handshake;
mod handshake_frame;
mod handshake_state;
mod hub;
mod keepalive;
mod leaving;
mod message;
mod newcomers;
mod node;
mod node_effective;
mod node_ini;
mod node_keys;
mod node_message;
pub mod node_options;
mod node_ping;
mod node_places;
pub mod node_program;
pub mod node_settings;
pub mod node_stores;
mod node_tasks;
mod node_tls;
mod node_web;
mod options;
mod overflow;
mod parcel;
mod peer_forms;
mod peer_gate;
mod peer_link;
mod peer_outlet;
mod peer_view;
mod peering;
mod peering_event;
mod peering_frames;
mod peering_limits;
#[cfg(test)]
mod peering_sides;
mod peering_tags;
mod peers;
pub mod pipe;
pub mod pipe_options;
mod pipe_publish;
mod pipe_subscribe;
mod printing;
mod publish_error;
mod publisher;
mod queue;
mod receivers;
mod resolver;
mod route;
mod routing;
pub mod section_peers;
mod status;
mod status_board;
mod store;
mod store_handle;
mod store_health;
mod store_hint;
mod store_host;
mod store_keeper;
mod store_notices;
mod store_options;
mod store_outbox;
mod store_proxy;
#[cfg(test)]
mod store_reader;
mod store_requests;
mod store_role;
mod store_send;
mod store_thread;
mod stores;
mod subscriber;
mod tag;
mod tap;
pub mod throughput;
mod throughput_client;
mod throughput_events;
pub mod throughput_options;
mod throughput_server;
mod tls_advice;
mod tool_settings;
mod topic;
mod wall_clock;
mod websocket_access;
mod websocket_client;
mod websocket_data;
mod websocket_frame;
mod websocket_limits;
mod websocket_link;
mod websocket_notice;
mod websocket_places;
mod websocket_session;
mod websocket_unfinished;
mod websocket_upgrade;
mod wire;
mod worker;

pub use arrivals::Arrivals;
pub use broker_data as data;
pub use broker_data::{Ec, EndpointId, EndpointIdError, PeerState, Sc};
pub use broker_store::{
    BackendKind, BackendOptions, ChannelLimits, CloneOptions, EntityId, StoreError,
    StoreStatistics, Subject,
};
pub use caf_config::CafConfig;
pub use caf_value::CafValue;
pub use claims::Claims;
pub use endpoint::Endpoint;
pub use endpoint_info::{EndpointInfo, NetworkInfo};
pub use endpoint_peers::AwaitedPeer;
pub use events::{EventCounts, Events, EventsError};
pub use events_settings::EventsSettings;
pub use failure::Failure;
pub use filter::{Filter, FilterError};
pub use handshake::Role;
pub use hub::Hub;
pub use keepalive::Reading;
pub use message::{Kind, MAX_FRAME_BYTES, Message, MessageError, TTL};
pub use newcomers::{Newcomer, Told};
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
pub use store::Store;
pub use store_options::StoreLimits;
pub use store_proxy::{Response, StoreProxy};
pub use subscriber::{Received, Subscriber};
pub use tap::Tap;
pub use topic::{Topic, TopicTooLong};
pub use websocket_access::WebSocketAccess;
pub use websocket_limits::WebSocketLimits;
pub use websocket_notice::ErrorCode;
pub use websocket_session::{WebSocketEvent, WebSocketSession};
pub use worker::Worker;
