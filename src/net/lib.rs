//! Requests over TCP and Unix sockets, served by a fixed set of threads.
//!
//! The crate reads requests, hands their bodies to a [`Service`] and writes the answers; it knows
//! nothing of what the bytes mean, and nothing of children. Where a request ends is said by the
//! service ([`Service::progress`]); unless it says otherwise, a request is an unsigned 64-bit
//! big-endian length and that many bytes.
//!
//! ```text
//! acceptor    accepts, admits or refuses, hands fresh connections on; answers what is there
//!             already itself when nobody else waits
//! parked      polls the connections that wait for bytes or for room, and their deadlines
//! conn:1..n   read and write without blocking; no thread ever waits for a client
//! ```
//!
//! # What is promised
//!
//! - A connection is in exactly one place at a time: in the work channel, with a `conn` thread,
//!   parked, or owned by a [`Reply`]. There are never more than [`Limits::max_connections`] of
//!   them, and the work channel has room for all, so handing one on never blocks.
//! - Silence costs a descriptor and no thread: whoever waits for a client parks its connection.
//! - Every wait has a total deadline ([`Limits`]): for the header, for the whole request, for
//!   writing the answer, for an idle kept connection, and for the bytes that follow an answer.
//! - An answer is written with one call where the socket has room for it, and its body is never
//!   copied.
//! - Bytes that follow the request do not destroy the answer: they are read and thrown away for
//!   a moment before the socket is closed.
//! - A panic of the service costs its connection, not the thread.
//! - A service may take a connection out of the server, to go on in another protocol
//!   ([`Reply::upgrade`]): its place and its limits are free from then on.
//! - A [`Listener`] may have its connections speak TLS ([`tls`]): the same threads, limits and
//!   deadlines, the handshake being a part of reading the request.
//! - A proxy at one of the [`Limits::trusted`] addresses, or at a Unix socket, may say before
//!   anything else, also before a handshake, for whom it has connected (the PROXY protocol,
//!   version 2, in `proxy_header`). From there on the connection is that client's: its address is
//!   shown and counted, or exempt if it is trusted itself. Who is trusted and says nothing of the
//!   kind is the client itself, and from anybody else such a header is no request.
//!
//! Beside requests there are [`Links`]: connections in both directions that live long, accepted or
//! made, with threads of their own ([`Protocol`] says what their bytes mean).
//!
//! # What is refused
//!
//! - Bodies longer than [`Limits::max_request`], as soon as their header says so, and whatever the
//!   service finds malformed.
//! - Connections beyond [`Limits::max_connections`], told so and closed at once, unless one that
//!   waits for its client makes room: of those that have not been
//!   [authenticated](Reply::authenticated) one that has been refused already, else of an address
//!   that has too many, else the one silent longest; else the kept one idle longest.
//! - Of the connections from one address that have not been authenticated, those that came first,
//!   where there are more than [`Limits::max_unauthenticated`] for longer than a second.
//!   [`Limits::trusted`] addresses and Unix sockets are exempt.
//! - Answers that nobody reads, the oldest first, where they come to more than
//!   [`Limits::max_pending_answers`] bytes.
//! - From a proxy, a header that is none: closed and counted.
//! - On a TLS listener, whatever does not speak TLS 1.2 or 1.3: told so by an alert, closed and
//!   counted.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod acceptor;
mod address;
mod answer;
mod caller;
mod connection;
pub mod ending;
mod frame;
#[doc(hidden)]
pub mod fuzzing;
mod fuzzing_proxy;
mod guesses;
mod guests;
mod incoming;
mod inherited;
mod limits;
mod line;
mod link;
mod link_adopt;
#[cfg(test)]
mod link_behaviour;
mod link_call;
#[cfg(test)]
mod link_disorder;
mod link_doors;
mod link_end;
mod link_hub;
mod link_inner;
mod link_limits;
mod link_listener;
#[cfg(test)]
mod link_loopback;
mod link_outbox;
#[cfg(test)]
mod link_outbox_cases;
mod link_protocol;
mod link_state;
mod link_statistics;
mod link_turn;
mod link_unconsumed;
mod link_wire;
mod link_write;
mod links;
mod listener;
#[cfg(test)]
mod loopback;
pub mod opening;
mod origin;
#[cfg(test)]
mod overload;
mod parked;
mod place;
mod progress;
mod proxy_header;
mod reply;
mod server;
mod service;
mod session;
mod session_socket;
pub mod settings;
pub mod settings_shown;
mod shared;
mod slab;
mod socket;
mod spare;
mod statistics;
mod stream;
pub mod tls;
mod tls_authorities;
mod tls_client;
mod tls_fault;
mod tls_key;
#[cfg(feature = "encrypted-keys")]
mod tls_old_key;
mod upgraded;
mod worker;

pub use address::{Address, AddressError, Peer};
pub use answer::{Answer, Body, Head};
pub use guesses::Guesses;
pub use limits::Limits;
pub use link::{Ending, Link, Refused};
pub use link_limits::LinkLimits;
pub use link_listener::LinkListener;
pub use link_protocol::{Closed, Protocol, Turn};
pub use link_statistics::LinkStatistics;
pub use links::{Admit, Links};
pub use listener::{BindError, Listener};
pub use origin::{Network, NetworkError, Origin};
pub use progress::{Bookmark, Progress};
pub use reply::Reply;
pub use server::{Drained, Meter, Server};
pub use service::{Refusal, Service};
pub use statistics::Statistics;
pub use upgraded::Upgraded;
